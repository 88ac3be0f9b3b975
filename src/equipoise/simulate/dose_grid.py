"""Which dose each design of phase I hands over under each truth, and what becomes of the phase II trial then.

Phase I is simulated through the log. Phase II at each dose is simulated once and weighted by how often the dose is handed over: given the dose its
patients do not depend on phase I's.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from equipoise.simulate.disease import ArmCourse
from equipoise.simulate.phase1_plan import Phase1Plan
from equipoise.simulate.phase1_summary import Phase1Summary
from equipoise.trial.design import Quantity


@dataclass(frozen=True)
class DoseCell:
    """One design of phase I under one truth."""

    truth: str
    design: str
    plan: Phase1Plan


@dataclass(frozen=True)
class Delivered:
    """What an arm is given in phase II, in its planned cycles, of the drug whose dose was found. ``stops``: the probability of stopping it for a
    cumulative toxicity; ``amount``: the mean given; ``share``: of what is planned at that dose; ``planned``: in full."""

    stops: float
    amount: float
    planned: float

    @property
    def share(self) -> float:
        """Of what is planned at that dose."""
        return self.amount / self.planned


def delivered(plan: Phase1Plan, level: int, cycles: int, course: ArmCourse | None) -> Delivered:
    """What is given at a level (from 1) in so many cycles, exactly: each dose on its day, to who is free of progression and of the cumulative
    toxicities that stop it. Without a ``course`` nobody progresses."""
    drug, dose = plan.drug, plan.trial.dose_levels[level - 1].dose
    first, length = min(drug.days), drug.cycle_length.days
    days = [c * length + d - first for c in range(cycles) for d in sorted(drug.days)]
    stopping = [t for t in plan.truth.cumulative if t.then == "stops"]
    stops, amount, borne = 0.0, 0.0, 1.0
    for k, day in enumerate(days, 1):
        treated = 1.0 if course is None else float(course.event_free[day])
        amount += treated * borne * dose
        after = math.exp(-sum(plan.hazard(t, level, k) for t in stopping))
        stops += treated * (borne - after)
        borne = after
    return Delivered(stops, amount, dose * len(days))


@dataclass(frozen=True)
class AfterPhase1:
    """What becomes of phase II, over all that phase I may hand over; where it hands over none there is no phase II, and nothing is declared.

    ``declare``: by what efficacy is taken to hang on. ``declare_at``: of the trials that are given each level, from 1. ``handed_and_declared``: of
    all trials, those that hand over each level and whose phase II then declares; they add up to ``declare``. ``stops``, ``amount``, ``share``: as ``Delivered``, of trials that have a phase II.
    """

    declare: Mapping[str, Quantity]
    declare_at: Mapping[str, Sequence[Quantity]]
    handed_and_declared: Mapping[str, Sequence[Quantity]]
    stops: Quantity
    amount: Quantity
    share: Quantity


def mixed(handed: Sequence[int], of_level: Sequence[Quantity]) -> Quantity:
    """The mean over replicates of what belongs to the level that each handed over (0: none, worth 0), with its standard error: from phase I's
    replicates, and from phase II's own."""
    n = len(handed)
    values = [of_level[h - 1].value if h else 0.0 for h in handed]
    middle = math.fsum(values) / n
    first = math.fsum((v - middle) ** 2 for v in values) / max(n - 1, 1) / n
    # What is the same at several levels was simulated once: its error is one error, and not several that even out.
    weights: dict[Quantity, float] = {}
    for k, q in enumerate(of_level, 1):
        weights[q] = weights.get(q, 0.0) + handed.count(k) / n
    second = math.fsum((p * (q.mc_error or 0.0)) ** 2 for q, p in weights.items())
    return Quantity(middle, math.sqrt(first + second))


def joint(handed: Sequence[int], level: int, declares: Quantity) -> Quantity:
    """The share of all replicates that hand over a level and then declare, with its standard error: of how often the level is handed over, and of
    phase II's own replicates."""
    n = len(handed)
    p = sum(h == level for h in handed) / n
    first = p * (1 - p) / n * declares.value**2
    return Quantity(p * declares.value, math.sqrt(first + (p * (declares.mc_error or 0.0)) ** 2))


def after_phase1(
    handed: Sequence[int], given: Sequence[Delivered], declare: Mapping[str, Sequence[Quantity]]
) -> AfterPhase1:
    """Phase II by what phase I handed over, replicate by replicate; by level what is given there, and how often it declares."""
    with_dose = [h for h in handed if h] or [1]
    return AfterPhase1(
        {name: mixed(handed, each) for name, each in declare.items()},
        declare,
        {name: [joint(handed, k, q) for k, q in enumerate(each, 1)] for name, each in declare.items()},
        mixed(with_dose, [Quantity(d.stops) for d in given]),
        mixed(with_dose, [Quantity(d.amount) for d in given]),
        mixed(with_dose, [Quantity(d.share) for d in given]),
    )


@dataclass(frozen=True)
class DoseGridRow:
    """A cell with what came of it."""

    cell: DoseCell
    summary: Phase1Summary
    after: AfterPhase1
