"""Safety rules beside the design as plain numbers: filled by asking each rule."""

from __future__ import annotations

from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from equipoise.decide.watch import watch_of
from equipoise.simulate.accrual import horizon
from equipoise.simulate.kernel import places as at
from equipoise.simulate.kernel.layout import NO_DAY
from equipoise.simulate.plan import Plan
from equipoise.simulate.virtual_patient import first_dose
from equipoise.trial.duration import DAYS_PER_MONTH
from equipoise.trial.safety import SafetyRule


def safety_numbers(plan: Plan) -> dict[int, float]:
    """Single numbers."""
    return {at.SAFETY_RULES: len(plan.trial.safety), at.SAFETY_SIDE: _side(plan)}


def safety_tables(plan: Plan) -> dict[int, Any]:
    """Tables."""
    return {
        at.WATCHED: [_watched(plan, rule) for rule in plan.trial.safety],
        at.SPEAKS: [_speaks(rule, _side(plan)) for rule in plan.trial.safety],
        at.MONTHS: _months(horizon(plan.trial)),
    }


def _side(plan: Plan) -> int:
    return 1 + max((rule.design.looks[-1].n for rule in plan.trial.safety), default=0)


def _watched(plan: Plan, rule: SafetyRule) -> list[int]:
    names = [a.name for a in plan.trial.arms]
    tested, control = names.index(rule.arms[0]), names.index(rule.arms[1]) if rule.between is not None else -1
    dose = first_dose(plan.trial, rule.arms[0]) if rule.of_the_treated else None
    # A dose is recorded on its day, and nothing on the day of entry.
    lag, seen_after = (0, 0) if dose is None else (dose, max(dose, 1))
    within = rule.within.days if rule.within is not None else NO_DAY
    return [tested, control, lag, seen_after, within, rule.design.looks[-1].n, int(rule.looks == "monthly")]


def _speaks(rule: SafetyRule, side: int) -> NDArray[np.int64]:
    """The least that speaks at each number, from 0; NO_DAY where it does not look."""
    found = np.full(side, NO_DAY, dtype=np.int64)
    for n, least in watch_of(rule).boundary(rule) or ():
        found[n] = least
    return found


def _months(last: int) -> list[int]:
    days: list[int] = []
    for month in count(1):
        days.append(round(month * DAYS_PER_MONTH))
        if days[-1] > last:
            return days
    raise AssertionError("months go on")
