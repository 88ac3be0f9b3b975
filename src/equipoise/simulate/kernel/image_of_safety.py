"""Safety rules beside the design as plain numbers: filled by asking each rule."""

from __future__ import annotations

from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from equipoise.decide.watch import watch_of
from equipoise.decide.watch.survival import watched_endpoint
from equipoise.decide.watch.toxicity import boundary_of
from equipoise.simulate.accrual import horizon
from equipoise.simulate.kernel import places as at
from equipoise.simulate.kernel.image_of_endpoint import numbers_of_time
from equipoise.simulate.kernel.layout import DAYS_OF_EVENTS, NO_DAY, OF_LOOK
from equipoise.simulate.plan import Plan
from equipoise.simulate.treated import first_dose
from equipoise.trial.duration import DAYS_PER_MONTH
from equipoise.trial.evidence import ToxicityEvidence
from equipoise.trial.safety import EachSoMany, SafetyRule

_DOES = {"caution": at.CAUTIONS, "pause": at.PAUSES_TRIAL, "stop": at.STOPS_TRIAL}


def safety_numbers(plan: Plan) -> dict[int, float]:
    """Single numbers."""
    rules = plan.trial.safety
    looks = max((len(rule.planned) for rule in rules if rule.on_endpoint), default=0)
    return {
        at.SAFETY_RULES: len(rules),
        at.SAFETY_SIDE: _side(plan),
        at.SAFETY_ACTS: any(rule.does != "caution" for rule in rules),
        at.SAFETY_PAUSES: any(rule.does == "pause" for rule in rules),
        at.SAFETY_SURVIVAL: any(rule.on_endpoint for rule in rules),
        at.SAFETY_PLACES: DAYS_OF_EVENTS + plan.trial.target_enrolment + max(plan.trial.target_enrolment, OF_LOOK * looks),
    }  # fmt: skip


def safety_tables(plan: Plan) -> dict[int, Any]:
    """Tables."""
    side, rules = _side(plan), plan.trial.safety
    return {
        at.WATCHED: [_watched(plan, rule) for rule in rules],
        at.SPEAKS: [_speaks(rule, side) for rule in rules],
        at.EARLY: [_early(rule, side) for rule in rules],
        at.SINCE: [_since(plan, rule, a.name) for rule in rules for a in plan.trial.arms],
        at.MONTHS: _months(horizon(plan.trial)),
        at.TIME_OF: [_time_of(plan, rule) for rule in rules],
        at.THRESHOLD: [_thresholds(rule, side) for rule in rules],
    }


def _side(plan: Plan) -> int:
    """As many numbers as a rule may look at, from 0; deaths may be more than were planned."""
    most = max((rule.planned[-1] for rule in plan.trial.safety), default=0)
    return 1 + max(most, plan.trial.target_enrolment if any(r.on_endpoint for r in plan.trial.safety) else 0)


def _watched(plan: Plan, rule: SafetyRule) -> list[int]:
    names = [a.name for a in plan.trial.arms]
    when = at.MONTHLY if rule.looks == "monthly" else at.AFTER_EVENTS
    return [
        names.index(rule.arms[0]),
        names.index(rule.arms[1]) if rule.between is not None else -1,
        rule.on_endpoint,
        rule.within.days if rule.within is not None else NO_DAY,
        rule.planned[-1],
        rule.looks.each if isinstance(rule.looks, EachSoMany) else when,
        _DOES[rule.does],
        rule.review.days if rule.review is not None else 0,
    ]


def _since(plan: Plan, rule: SafetyRule, arm: str) -> tuple[int, int]:
    dose = first_dose(plan.trial, arm) if rule.of_the_treated else None
    # A dose is recorded on its day, and nothing on the day of entry.
    return (0, 0) if dose is None else (dose, max(dose, 1))


def _speaks(rule: SafetyRule, side: int) -> NDArray[np.int64]:
    """The least that speaks at each number, from 0, or of a rule on survival the next number; NO_DAY where it does not look."""
    found = np.full(side, NO_DAY, dtype=np.int64)
    design: Any = rule.design
    if rule.on_endpoint:
        for n in range(rule.planned[-1]):
            found[n] = rule.next_planned(n)
    elif design.takes is ToxicityEvidence:
        for n, least, _ in boundary_of(design):
            found[n] = least
    else:
        for n, least in watch_of(rule).boundary(rule) or ():
            found[n] = least
    return found


def _early(rule: SafetyRule, side: int) -> NDArray[np.int64]:
    found = np.full(side, -1, dtype=np.int64)
    design: Any = rule.design
    if design.takes is ToxicityEvidence:
        for n, _, early in boundary_of(design):
            found[n] = early
    return found


def _time_of(plan: Plan, rule: SafetyRule) -> list[int]:
    endpoint = watched_endpoint(rule, plan.trial.endpoints) if rule.on_endpoint else None
    numbers = numbers_of_time(endpoint)
    return [int(numbers[k]) for k in range(at.OF_PROGRESSION, at.AT_DEATH + 1)]


def _thresholds(rule: SafetyRule, side: int) -> NDArray[np.float64]:
    """The log hazard ratio from which on a rule on survival speaks at so many deaths."""
    found = np.zeros(side)
    design: Any = rule.design
    if rule.on_endpoint:
        for deaths in range(rule.planned[0], side):
            found[deaths] = design.log_threshold(deaths, deaths >= rule.planned[-1])
    return found


def _months(last: int) -> list[int]:
    days: list[int] = []
    for month in count(1):
        days.append(round(month * DAYS_PER_MONTH))
        if days[-1] > last:
            return days
    raise AssertionError("months go on")
