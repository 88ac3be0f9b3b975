"""What a look is taken on and what warns of its controls, as plain numbers: filled by asking the design and the check."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from equipoise.decide.trial_rule import cautions, on_caution_of
from equipoise.numerics.times.by_day import StatisticByDay
from equipoise.numerics.times.one_sample import one_sample_logrank
from equipoise.simulate.accrual import horizon
from equipoise.simulate.kernel import places as at
from equipoise.simulate.kernel.layout import NEVER
from equipoise.simulate.plan import Plan
from equipoise.trial.evidence import Evidence, ReferenceStatistic, TwoArmEvidence
from equipoise.trial.trial import Trial
from equipoise.trial.when import Enrolled

_FORMS = {"expected": at.EXPECTED, "hazard": at.HAZARD, "log-log": at.LOG_LOG, "survival": at.SURVIVAL}


def look_numbers(plan: Plan) -> dict[int, float]:
    """Single numbers."""
    trial, needs = plan.trial, _needs(plan)
    monitored = trial.monitored
    excludes = monitored.policy == "exclude"
    form = one_arm_statistic(plan)
    on = {"events": at.ON_EVENTS, "patients enrolled": at.ON_ENROLLED}
    return {
        at.LOOKS_ON: on.get(monitored.looks[0].unit, at.ON_PATIENTS),
        at.STATISTIC: _FORMS[form.form] if form is not None else at.LOG_RANK,
        at.COUNTED_TO: form.last if form is not None else 0,
        at.BOTH_RATES: monitored.by_cohort and monitored.design.takes is TwoArmEvidence,
        at.LOOKS: len(plan.design.looks),
        at.SIDE: max(n for n, _ in needs) + 1,
        at.CONTROL_SIDE: max(m for _, m in needs) + 1,
        at.EARLIER: monitored.design_looks_back or excludes,
        at.LOOKS_BACK: monitored.design_looks_back,
        at.SIZED: monitored.sized,
        at.BY_TIMES: _history_hazard(trial) is not None,
        at.TAKES_OVER: trial.control_check is not None
        and trial.history is not None
        and on_caution_of(trial).takes_over,
    }


def look_tables(plan: Plan) -> dict[int, Any]:
    """Tables."""
    short, long = _times_that_agree(plan)
    return {
        at.NEED: _needs(plan),
        at.NOT_BEFORE: _not_before(plan),
        at.CAUTION: _cautions(plan),
        at.TOO_SHORT: short,
        at.TOO_LONG: long,
        at.ENROLS: _enrols(plan),
        at.FOLLOW: _follow(plan),
        at.REFERENCE: form.reference if (form := one_arm_statistic(plan)) is not None else [],
    }


def one_arm_statistic(plan: Plan) -> StatisticByDay | None:
    """What a design on one arm's times reads from them, by day; None for another design."""
    m = plan.trial.monitored
    if m.design.takes is not ReferenceStatistic:
        return None
    found: StatisticByDay = m.design.by_day(m.monitoring.days_per_unit, max(NEVER, horizon(plan.trial)))  # type: ignore[attr-defined]
    return found


def _follow(plan: Plan) -> list[tuple[int, int]]:
    """Of a look on patients enrolled, the days for which the last of them and the first of all are followed."""
    m = plan.trial.monitored
    each = [look.when(m.monitoring.days_per_unit) for look in m.looks]
    return [(w.days, w.first) if isinstance(w, Enrolled) else (0, 0) for w in each]


def _needs(plan: Plan) -> list[tuple[int, int]]:
    m = plan.trial.monitored
    if not m.by_cohort:
        return [(look.n, 0) for look in m.looks]
    planned = [m.planned(look.number) for look in plan.design.looks]
    control = m.control.name if m.control is not None else ""
    return [(p[m.tested.name], p.get(control, 0)) for p in planned]


def _not_before(plan: Plan) -> list[int]:
    """The first day, from the trial's start, on which each look may be taken."""
    said = plan.trial.monitored.monitoring.not_before
    return [d.days for d in said] or [0] * len(plan.design.looks)


def _cautions(plan: Plan) -> NDArray[np.bool_]:
    """Whether the control arm's check of a count raises a caution: shape (n + 1, successes + 1)."""
    most = max(n for _, n in _needs(plan))
    found = np.zeros((most + 1, most + 1), dtype=np.bool_)
    for n in range(1, most + 1):
        found[n, : n + 1] = cautions(plan.trial, n)
    return found


def _enrols(plan: Plan) -> NDArray[np.int64]:
    """How many patients the last look is on after so many (first index) with so many successes at the one before."""
    monitored, side = plan.trial.monitored, max(n for n, _ in _needs(plan)) + 1
    if not monitored.sized or len(plan.design.looks) == 1:
        return np.zeros(0, dtype=np.int64)
    found = np.zeros((side, side), dtype=np.int64)
    last = len(plan.design.looks)
    for n in range(monitored.look(last - 1).n + 1):
        for x in range(n + 1):
            found[n, x] = monitored.enrols(last, Evidence(last - 1, monitored.tested.name, n, x))
    return found


def _history_hazard(trial: Trial) -> float | None:
    """The hazard a day of the curve that a check of times holds the controls against; None without such a check."""
    check, times = trial.control_check, trial.monitored.times
    if check is None or check.method != "one-sample log-rank" or trial.history is None or times is None:
        return None
    curve = next((c for c in trial.history.curves if c.endpoint == times.name), None)
    return math.log(2) / curve.median.exact_days if curve is not None else None


def _times_that_agree(plan: Plan) -> tuple[list[int], list[int]]:
    """For each number of events the days at risk of all controls together up to which, and from which on, the check warns."""
    hazard, check = _history_hazard(plan.trial), plan.trial.control_check
    if hazard is None or check is None:
        return [], []
    most = plan.trial.target_enrolment
    longest = most * (horizon(plan.trial) + 1)

    def warns(events: int, days: int) -> bool:
        others = [0] * (max(events, 1) - 1)
        event = [int(events > 0), *([1] * len(others))]
        found = one_sample_logrank([days, *others], event, [days * hazard, *others])
        return found.p_two_sided < check.alpha

    def first(low: int, high: int, wanted: bool, events: int) -> int:
        """The first of ``low`` … with that answer, which changes once; ``high`` if there is none."""
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if warns(events, middle) == wanted else (middle + 1, high)
        return low

    # Too many events for few days, up to where as many are expected; too few for many, from there on.
    as_expected = [min(math.floor(events / hazard), longest) for events in range(most + 1)]
    short = [first(1, days + 1, False, events) - 1 for events, days in enumerate(as_expected)]
    long = [first(days + 1, longest + 1, True, events) for events, days in enumerate(as_expected)]
    return short, long
