"""The whole trial, phase I and II, in one log: the dose is found, set, and given in phase II, which ends with its last decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from typing import Any

from equipoise.conduct.allocation import allocation_of
from equipoise.simulate.phase1_plan import Phase1Plan
from equipoise.simulate.phase1_rows import Phase1Row
from equipoise.simulate.phase1_run import SimulatedPhase1, opened, run_onto
from equipoise.simulate.plan import Plan
from equipoise.simulate.processes import uncollected
from equipoise.simulate.run import SimulatedTrial, onward
from equipoise.simulate.scenario import Scenario
from equipoise.trial.log import Log
from equipoise.trial.problem import BadInput, Problem, near
from equipoise.trial.trial import Trial


@dataclass(frozen=True, eq=False)
class WholePlan:
    """Phase I, and phase II at each level that it may hand over (from 1)."""

    phase1: Phase1Plan
    phase2: Mapping[int, Plan]

    @classmethod
    def of(cls, trial: Trial, scenario: Scenario, seed: int) -> WholePlan:
        """Check that the scenario fits both parts, at every dose. Raises BadInput with every problem, each once."""
        problems: list[Problem] = []
        if not trial.in_parts:
            raise BadInput(trial.id, [Problem("no-parts", "phase", repr(trial.phase), "'I/II', with [phase1]")])
        if trial.phase1 is not None and trial.phase1.counts_for_phase2:
            allowed = "false: nothing says what patients of phase I have of phase II's endpoint; --part 1 and --part 2 simulate each part"
            problems.append(Problem("not-simulable", "phase1.counts_for_phase2", "true", allowed))
        labels = list(trial.level_numbers)
        for label in scenario.by_dose:
            if label not in labels:
                problems.append(
                    Problem(
                        "unknown-level",
                        f"by_dose.{label}",
                        repr(label),
                        f"a level: {', '.join(labels)}",
                        near(label, labels),
                    )
                )
        for label, truth in scenario.by_dose.items():
            problems += [
                Problem(
                    "unknown-arm", f"by_dose.{label}.arms.{arm}", repr(arm), f"an arm: {', '.join(trial.arm_by_name)}"
                )
                for arm in truth.arms
                if arm not in trial.arm_by_name
            ]
        first: Phase1Plan | None = None
        phase2: dict[int, Plan] = {}
        known: dict[str, Plan] = {}
        try:
            first = Phase1Plan.of(trial, scenario, seed)
        except BadInput as bad:
            problems += bad.problems
        for number, label in enumerate(labels if not problems else [], 1):
            at = at_dose(scenario, label)
            try:
                before = known.get(at.model_dump_json())
                plan = Plan.of(
                    trial.handed_over(label, from_first=True),
                    at,
                    seed,
                    courses=before.courses if before is not None else None,
                )
                phase2[number] = known.setdefault(at.model_dump_json(), plan) if before is None else plan
            except BadInput as bad:
                problems += [p for p in bad.problems if p not in problems]
        if problems or first is None:
            raise BadInput(f"scenario {scenario.id}", problems)
        return cls(first, phase2)


def at_dose(scenario: Scenario, label: str) -> Scenario:
    """What is true of phase II at a level."""
    own = scenario.by_dose.get(label)
    return (
        scenario if own is None else scenario.model_copy(update={"arms": {**scenario.arms, **own.arms}, "by_dose": {}})
    )


@dataclass(frozen=True)
class SimulatedWhole:
    """One replicate; ``phase2`` is None where phase I handed over no dose."""

    phase1: SimulatedPhase1
    phase2: SimulatedTrial | None
    log: Log
    ended: date


def run_whole(plan: WholePlan, replicate: int, *, detail: bool = False) -> SimulatedWhole:
    """Conduct one trial from its first patient of phase I to the last decision of phase II, in one log.

    Patients of phase II are those of phase II alone, day by day, moved to where it begins.
    """
    trial = plan.phase1.trial
    seed = plan.phase1.seed
    allocation = allocation_of(trial, seed, replicate) if trial.randomisation is not None else None
    conduct = opened(plan.phase1, allocation)
    first = run_onto(plan.phase1, conduct, replicate)
    if not first.handed_over:
        return SimulatedWhole(first, None, conduct.log, first.ended)
    start = first.ended + timedelta(days=max(plan.phase1.truth.phase2_after.days, 1))
    first.loop.go_on(first.ended + timedelta(days=1), start - timedelta(days=1))
    second = onward(
        moved(plan.phase2[first.handed_over], start), conduct, replicate, start, detail=detail, futures=first.loop.due
    )
    return SimulatedWhole(first, second, conduct.log, second.ended)


def moved(plan: Plan, start: date) -> Plan:
    """A plan whose trial begins on another day, with its sites as long after it as they were."""
    by = start - plan.trial.start
    sites = tuple(s.model_copy(update={"activation": s.activation + by}) for s in plan.trial.sites)
    return replace(plan, trial=plan.trial.model_copy(update={"start": start, "sites": sites}))


@dataclass(frozen=True)
class WholeRow:
    """What came of one replicate: of phase I its row; ``action``: phase II's last decision, '' for none; ``looks``: how many were taken;
    ``randomised``: in phase II; ``days``: from the first of phase I to the end; ``phase2_days``: of phase II, 0 for none."""

    phase1: Phase1Row
    action: str
    declared: bool
    looks: int
    randomised: int
    days: int
    phase2_days: int

    def as_json(self) -> dict[str, Any]:
        """As a line of a file."""
        return asdict(self)

    @classmethod
    def of(cls, plan: WholePlan, found: SimulatedWhole) -> WholeRow:
        """The row of a simulated trial."""
        first, second = found.phase1, found.phase2
        action = second.looks[-1].decision.action.name if second is not None and second.looks else ""
        start = plan.phase1.trial.first_day
        return cls(
            Phase1Row.of(plan.phase1, first), action, action == "declare", 0 if second is None else len(second.looks),
            0 if second is None else second.randomised, (found.ended - start).days,
            0 if second is None else (second.ended - first.ended).days,
        )  # fmt: skip


def whole_rows(plan: WholePlan, first: int, n: int) -> Sequence[WholeRow]:
    """Rows of replicates ``first`` …"""
    found = []
    for replicate in range(first, first + n):
        with uncollected():
            found.append(WholeRow.of(plan, run_whole(plan, replicate)))
    return found
