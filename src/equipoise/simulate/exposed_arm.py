"""Virtual patients of one arm by themselves, without a trial around them: what each was given, what came of it, and where he stood at a landmark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from equipoise.simulate.day_table import HORIZON
from equipoise.simulate.from_scenario import FromScenario
from equipoise.simulate.plan import Plan
from equipoise.simulate.virtual_patient import fate
from equipoise.trial.design import Quantity
from equipoise.trial.trial import Trial

F = NDArray[np.float64]
#: Events of this grade or worse are severe; in a first window they limit the dose.
SEVERE = 3


@dataclass(frozen=True)
class ArmPatients:
    """Arrays over patients. ``milligrams`` of the drug; ``area`` [ug·day/mL]; ``first_severe``: the day of the first severe event by exposure,
    beyond the horizon for none; ``severe``: by term, whether ever; ``stopped`` by a rule; ``lowered``; ``died`` of an event by exposure;
    ``free``: alive and free of progression at the landmark; ``control_free``: so the same patients on the control arm."""

    milligrams: F
    area: F
    first_severe: F
    severe: dict[str, NDArray[np.bool_]]
    stopped: NDArray[np.bool_]
    lowered: NDArray[np.bool_]
    died: NDArray[np.bool_]
    free: NDArray[np.bool_]
    control_free: NDArray[np.bool_]

    @property
    def n(self) -> int:
        """How many."""
        return self.area.size

    def contrast(self) -> Quantity:
        """The share free on the arm less that on the control arm."""
        return mean_of(self.free.astype(float) - self.control_free)

    def utility(self, price: float) -> Quantity:
        """The share free at the landmark, less ``price`` for each patient who had to stop the drug."""
        return mean_of(self.free - price * self.stopped)

    def within(self, days: int) -> Quantity:
        """Share with a severe event by exposure within so many days."""
        return mean_of(self.first_severe <= days)


def mean_of(values: NDArray[np.float64] | NDArray[np.bool_]) -> Quantity:
    """Mean with its Monte-Carlo standard error."""
    x = np.asarray(values, float)
    return Quantity(float(x.mean()), float(x.std(ddof=1) / np.sqrt(x.size)) if x.size > 1 else None)


def at_schedule(trial: Trial, drug: str, dose: float, days: Sequence[int] | None = None, cycles: int | None = None) -> Trial:  # fmt: skip
    """The trial with another dose of a drug and, where they are said, other days and no more than so many cycles of it."""
    change = {"dose": dose} | ({"days": tuple(days)} if days else {})
    change |= {"cycles": cycles, "may_continue": False} if cycles is not None else {}
    arms = tuple(
        a.model_copy(update={"regimen": tuple(t.model_copy(update=change) if t.drug == drug else t for t in a.regimen)})
        for a in trial.arms
    )
    return trial.model_copy(update={"arms": arms})


def arm_patients(plan: Plan, n: int, landmark: int) -> ArmPatients:
    """The first ``n`` patients of replicate 0 on the arm that gives the drug of [exposure], and the same on the first control arm."""
    exposed = plan.exposed
    assert exposed is not None, "asked of a scenario with [exposure]"
    trial = plan.trial
    arm = next(a.name for a in trial.arms if a.name in exposed.arms)
    control = next((a.name for a in trial.control_arms if a.name not in exposed.arms), arm)
    source = FromScenario(plan, 0, detail=False)
    terms = [e.term for e in exposed.truth.events]
    rows, index = list[tuple[float, ...]](), 0
    while len(rows) < n:
        who, at = source.candidate(index), index
        index += 1
        if who is None or who.failed:
            continue
        found = source.treated(at, who, arm, trial.sites[0].name, trial.start)
        assert found is not None
        draws = source.draws_of(at)
        course, beside = (plan.courses[a].strata[who.stratum] for a in (arm, control))
        own = fate(trial, plan.scenario, course, plan.toxicity[arm], plan.leaving, draws, found.first, found.dies)
        other = fate(trial, plan.scenario, beside, plan.toxicity[control], plan.leaving, draws)
        severe = [e for e in found.events if e.kind == "adverse event" and e.data["term"] in terms and e.data["grade"] >= SEVERE]  # fmt: skip
        rows.append(
            (
                found.milligrams, float(found.exposure[0, -1]), min((e.day for e in severe), default=HORIZON + 1), float(found.stopped is not None),
                float(found.lowered), float(own.toxic and own.death == found.dies), float(min(found.first, own.death) > landmark),
                float(min(beside.first.day(draws["patient"][4]), other.death) > landmark), *(float(any(e.data["term"] == t for e in severe)) for t in terms),
            )
        )  # fmt: skip
    table = np.array(rows)
    yes = table[:, 3:] > 0
    return ArmPatients(
        table[:, 0], table[:, 1], table[:, 2], {t: yes[:, 5 + i] for i, t in enumerate(terms)}, yes[:, 0], yes[:, 1], yes[:, 2], yes[:, 3], yes[:, 4]
    )  # fmt: skip
