"""What all patients of a plan share of exposure: the drug, the reference course, and each patient's response to one milligram, by day.

Concentrations are linear in the doses. So all that is needed of a patient is the area under his concentration by the end of each day after one
milligram: a dose adds its multiple from its day on (superposition), and the day's mean concentration is a difference.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from equipoise.drug import chain
from equipoise.drug.disposition import Course, Doses, macro
from equipoise.drug.dosing import NEEDS, Basis, Dose
from equipoise.drug.patients import Patients, population, typical
from equipoise.simulate.day_table import HORIZON
from equipoise.simulate.exposure_truth import ExposureTruth, Relation
from equipoise.simulate.scenario import AdverseEventTruth
from equipoise.simulate.toxicities import may_count
from equipoise.trial.drug import Drug
from equipoise.trial.problem import BadInput, Problem, near
from equipoise.trial.trial import Trial
from equipoise.trial.what_counts import WhatCounts

F = NDArray[np.float64]
#: 'cumulative', 'direct', or the half-time of an effect compartment [days].
Measure = str | float
#: After so many half-lives 1e-13 is left.
_GONE = 43.0
#: Patients of a replicate whose response is worked out at a time.
BATCH = 128


def unit_area(patients: Patients) -> F:
    """Area under the concentration by the end of day 0 … HORIZON after 1 mg on day 0 [ug·day/mL], shape (patients, days).

    After so many half-lives that nothing is left it is the area for ever, and is not worked out.
    """
    constants = macro(*patients.disposition())
    gone = (
        int(min(max(_GONE * float(constants.half_life().max()), 30.0), HORIZON))
        if patients.drug.chain is None
        else HORIZON
    )
    days = np.arange(gone + 1.0)
    length = patients.drug.infusion.hours / 24.0
    if patients.drug.chain is not None:
        one = chain.course(patients, patients.drug.chain, [0.0], np.ones((patients.n, 1)), length, days)
        return one.area
    area = Course(constants, Doses.of(0.0, np.ones((patients.n, 1)), length)).area(days)
    return np.concatenate([area, np.repeat(area[:, -1:], HORIZON - gone, axis=1)], axis=1)


def measured(measure: Measure, area: F) -> F:
    """The exposure of each day 0 … HORIZON, last axis, by the area by the end of each: that itself, the day's mean, or what the effect
    compartment with this half-time has of it at the day's end, the concentration being the day's mean."""
    if measure == "cumulative":
        return area
    mean = np.diff(area, prepend=0.0)
    if measure == "direct":
        return mean
    assert isinstance(measure, float)
    stays = math.exp(-math.log(2) / measure)
    mean[..., 0] = 0.0
    found: F = lfilter([1 - stays], [1.0, -stays], mean, axis=-1)
    return found


def settled_from(unit: F) -> int:
    """From which day on a dose changes nothing but the area, which stays: of the responses to a milligram, shape (measures, days)."""
    changes = (np.diff(unit[0]) != 0) | (unit[1:, 1:] != 0).any(axis=0)
    return int(np.flatnonzero(changes)[-1]) + 2 if changes.any() else 1


def measure_of(relation: Relation) -> Measure:
    """What of the exposure a relation asks for."""
    if relation.metric == "effect compartment" and relation.half_time is not None:
        return relation.half_time.exact_days
    return relation.metric


@dataclass(frozen=True)
class Scaled:
    """A relation with its reference: ``unit`` of exposure that is 1, and the sum of f over the reference course's days (of rates by day)."""

    relation: Relation
    unit: float
    total: float
    days: int

    @classmethod
    def of(cls, relation: Relation, area: F, days: int) -> Scaled:
        """By the area of the reference patient over ``days`` of the reference course; ``area`` to the horizon."""
        if relation.metric == "cumulative":
            return cls(relation, float(area[-1]), 1.0, days)
        by_day = measured(measure_of(relation), area)[1 : days + 1]
        unit = float(by_day.mean())
        return cls(relation, unit, float(relation.of(by_day / unit).sum()), days)

    def effect(self, by_day: Any) -> Any:
        """f of each day's exposure; of rates by day 1 in the mean of the reference course."""
        found = self.relation.of(by_day / self.unit)
        return found if self.relation.metric == "cumulative" else found * (self.days / self.total)


@dataclass(frozen=True, eq=False)
class Exposed:
    """The drug of a scenario's exposure, the arms that give it, and the relations with their references."""

    truth: ExposureTruth
    drug: Drug
    arms: frozenset[str]
    events: tuple[Scaled, ...]
    progression: Scaled | None
    covariates: Mapping[str, float]

    @cached_property
    def measures(self) -> tuple[Measure, ...]:
        """What of the exposure is asked for, the cumulative first."""
        relations = [*self.events, *([self.progression] if self.progression is not None else [])]
        return tuple(
            dict.fromkeys(["cumulative", *(measure_of(s.relation) for s in relations if s.relation.shape != "none")])
        )

    @classmethod
    def of(cls, trial: Trial, truth: ExposureTruth, drug: Drug) -> Exposed:
        """Calibrate the relations on the reference course of the reference patient. Raises BadInput."""
        one = typical(drug, truth.covariates)
        r = truth.reference
        amount = float(np.ravel(Dose(r.dose, r.unit).milligrams(one.covariates))[0])
        unit, area = unit_area(one)[0], np.zeros(HORIZON + 1)
        for c in range(r.cycles):
            for d in r.days:
                at = c * r.every.days + d - 1
                area[at:] += amount * unit[: HORIZON + 1 - at]
        days = r.cycles * r.every.days
        scaled = [Scaled.of(e, area, days) for e in truth.events]
        progression = Scaled.of(truth.progression, area, days) if truth.progression is not None else None
        giving = frozenset(a.name for a in trial.arms if any(t.drug == truth.drug for t in a.regimen))
        return cls(truth, drug, giving, tuple(scaled), progression, truth.covariates)

    def milligrams(self, dose: float, unit: str, covariates: Mapping[str, float]) -> float:
        """What a dose as recorded comes to in a patient."""
        return float(np.ravel(Dose(dose, _basis(unit)).milligrams(covariates))[0])


class Responses:
    """The patients of one replicate: their responses to a milligram, and the covariates that their doses ask for; made in batches."""

    def __init__(self, exposed: Exposed, seed: int, replicate: int) -> None:
        self.exposed, self.seed, self.replicate = exposed, seed, replicate
        self._batches: dict[int, tuple[Patients, F]] = {}

    def of(self, index: int) -> tuple[F, dict[str, float]]:
        """Of patient ``index`` (from 0): shape (measures, days) as ``Exposed.measures``, and his covariates."""
        batch, row = divmod(index, BATCH)
        if batch not in self._batches:
            e = self.exposed
            made = population(e.drug, BATCH, self.seed, e.covariates, self.replicate, batch * BATCH)
            area = unit_area(made)
            self._batches[batch] = made, np.stack([measured(m, area) for m in e.measures], axis=1)
        patients, units = self._batches[batch]
        return units[row if units.shape[0] > 1 else 0], {
            k: float(v[row if v.size > 1 else 0]) for k, v in patients.covariates.items()
        }

    def patient(self, index: int) -> Patients:
        """Patient ``index`` alone, with his own parameters."""
        batch, row = divmod(index, BATCH)
        self.of(index)
        made, _ = self._batches[batch]
        own = {k: v[row : row + 1] if v.size > 1 else v for k, v in made.parameters.items()}
        return Patients(made.drug, {k: v[row : row + 1] if v.size > 1 else v for k, v in made.covariates.items()}, own)


def _basis(unit: str) -> Basis:
    return unit  # type: ignore[return-value]


def model_of(trial: Trial, truth: ExposureTruth) -> Drug | None:
    """The drug's model: as the scenario states it, or the trial file."""
    return truth.stated or next((d for d in trial.drugs if d.id == truth.drug), None)


def exposure_problems(
    trial: Trial, truth: ExposureTruth, drawn: Mapping[str, Sequence[AdverseEventTruth]]
) -> list[Problem]:
    """What the scenario's exposure needs of the trial. ``drawn``: of each arm the adverse events that the scenario draws without exposure."""
    found = []
    given = {t.drug: t for a in trial.arms for t in a.regimen}
    giving = [a.name for a in trial.arms if any(t.drug == truth.drug for t in a.regimen)]
    if not giving:
        found.append(
            Problem(
                "unknown-drug", "exposure.drug", repr(truth.drug), f"a drug that an arm gives: {', '.join(given) or 'none is given'}",
                near(truth.drug, list(given)),
            )
        )  # fmt: skip
    drug = model_of(trial, truth)
    if drug is None:
        allowed = "the name of a bundled drug, or [[drugs]] in the trial file with this id"
        found.append(Problem("no-model", "exposure.model", repr(truth.model) if truth.model else "nothing", allowed))
    else:
        found += _who_is_dosed(truth, drug)
    units = {t.unit for t in given.values() if t.drug == truth.drug}
    for unit in sorted(u for u in units if u is not None and u != truth.reference.unit):
        found.append(Problem("unit", "exposure.reference.unit", repr(truth.reference.unit), f"{unit!r}, in which the arms give {truth.drug}"))  # fmt: skip
    late = [d for d in truth.reference.days if d > truth.reference.every.days]
    if late:
        found.append(Problem("schedule", "exposure.reference.days", f"day {', '.join(map(str, late))}", f"days of the cycle, 1 to {truth.reference.every.days}"))  # fmt: skip
    if truth.reference.cycles * truth.reference.every.days > HORIZON:
        found.append(Problem("schedule", "exposure.reference.cycles", f"{truth.reference.cycles} cycles", f"at most {HORIZON} days in all"))  # fmt: skip
    if truth.modifications and trial.dose_modifications:
        found.append(
            Problem(
                "twice", "exposure.modifications", "beside [[dose_modifications]] of the trial file", "one of the two"
            )
        )
    for i, rule in enumerate(truth.modifications):
        for j, name in enumerate(rule.drugs):
            if name not in given:
                found.append(
                    Problem(
                        "unknown-drug",
                        f"exposure.modifications[{i}].drugs[{j}]",
                        repr(name),
                        f"one of {', '.join(given)}",
                        near(name, list(given)),
                    )
                )
    for i, event in enumerate(truth.events):
        for arm in giving:
            if event.term.casefold() in {e.term.casefold() for e in drawn.get(arm, ())}:
                found.append(
                    Problem("event-twice", f"exposure.events[{i}].term", repr(event.term), f"no event of arms.{arm}.adverse_events: one of the two")
                )  # fmt: skip
    return [*found, *_untriggered(trial, truth, drawn, giving)]


def _who_is_dosed(truth: ExposureTruth, drug: Drug) -> list[Problem]:
    """A covariate that the model or the dose asks for, and has not, or has and must not be."""
    try:
        one = typical(drug, truth.covariates)
    except BadInput as bad:
        return [
            Problem(p.code, f"exposure.covariates.{p.where}", p.given, p.allowed, p.next_step) for p in bad.problems
        ]
    needed = NEEDS[truth.reference.unit]
    if needed and needed not in one.covariates:
        return [Problem("missing", f"exposure.covariates.{needed}", "nothing", f"required: a dose in {truth.reference.unit} asks for it")]  # fmt: skip
    return []


def _untriggered(
    trial: Trial, truth: ExposureTruth, drawn: Mapping[str, Sequence[AdverseEventTruth]], giving: Sequence[str]
) -> list[Problem]:
    """Dose modifications of the drug that no event of this scenario can trigger; and those that an event would which knows nothing of doses."""
    reached = [{"term": e.term, "grade": g.grade, "serious": g.grade > 3} for e in truth.events for g in e.grades]
    beside = {e.term: e for arm in giving for e in drawn.get(arm, ())}
    found = []
    rules = {f"dose_modifications[{i}] of the trial file": r for i, r in enumerate(trial.dose_modifications)}
    rules |= {f"exposure.modifications[{i}]": r for i, r in enumerate(truth.modifications)}
    for where, rule in rules.items() if giving else ():
        if not rule.of_drug(truth.drug):
            continue
        blind = [e.term for e in beside.values() if may_count(e, rule.counts)]
        silent = [e.term for e in beside.values() if e.probability == 0 and _named(rule.counts, e.term)]
        if blind:
            found.append(
                Problem(
                    "untimed-event", where, f"{', '.join(blind)}, in adverse_events of an arm that gives {truth.drug}",
                    "events under [[exposure.events]]: only these are drawn before the dose that they modify", "state it there, with shape = 'none' if exposure has no say",
                )
            )  # fmt: skip
        elif not silent and not any(_may(rule.counts, d) for d in reached):
            allowed = f"an event that this scenario draws: {', '.join(e.term for e in truth.events) or 'none'}"
            step = (
                "state it in [[exposure.events]], or in the arm's adverse_events with probability = 0: it does not come"
            )
            found.append(Problem("no-trigger", where, str(rule.counts), allowed, step))
    return found


def _named(counts: WhatCounts, term: str) -> bool:
    return term.casefold() in {t.casefold() for t in counts.terms}


def _may(counts: WhatCounts, event: Mapping[str, object]) -> bool:
    """True if an event with this term and grade may count, whatever else is recorded of it."""
    return counts.model_copy(update={"organ_class": None, "serious": None, "related": None}).counts(event)
