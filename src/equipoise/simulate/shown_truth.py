"""What a scenario makes true of a trial in the names of its design: the truth at which exact and simulated behaviour are held together."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from equipoise.simulate.disease import ArmCourse
from equipoise.simulate.plan import Plan
from equipoise.simulate.truth import rate_shown, shown_of
from equipoise.trial.design import Truth
from equipoise.trial.evidence import (
    ArmsEvidence,
    Evidence,
    ExposureEvidence,
    HazardRatioEvidence,
    PairEvidence,
    ReferenceStatistic,
    StatisticEvidence,
    TwoArmEvidence,
    TwoArmExposureEvidence,
)

#: Cumulative hazards between which two courses are compared, and how far their ratio may wander and still be one ratio.
_FROM, _TO, _STEADY = 0.05, 2.0, 0.02


def truth_shown(plan: Plan) -> Truth | None:
    """The scenario's truth by the design's own names; None where it has no such truth, or one that has no closed form here."""
    takes = plan.trial.monitored.design.takes
    if issubclass(takes, Evidence):
        return _named(rate=_rate(plan, plan.trial.monitored.tested.name))
    if takes is TwoArmEvidence:
        return _two_rates(plan)
    if takes is PairEvidence:
        return _pair(plan)
    if takes is ArmsEvidence:
        return _arms(plan)
    return _of_times(plan, takes)


def _named(**values: float | None) -> Truth | None:
    return {k: v for k, v in values.items() if v is not None} if None not in values.values() else None


def _rate(plan: Plan, arm: str) -> float | None:
    return rate_shown(arm, plan.courses[arm], plan.trial, plan.scenario)


def _two_rates(plan: Plan) -> Truth | None:
    m = plan.trial.monitored
    assert m.control is not None, "the doorway asks for one"
    tested, control = _rate(plan, m.tested.name), _rate(plan, m.control.name)
    if m.by_cohort:
        return _named(tested=tested, control=control)
    return {"risk_ratio": tested / control} if tested is not None and control else None


def _pair(plan: Plan) -> Truth | None:
    m, arm = plan.trial.monitored, plan.trial.monitored.tested.name
    assert m.toxicity is not None, "the doorway asks for one"
    toxic = shown_of(m.toxicity, None, plan.scenario.arms[arm], plan.courses[arm], plan.trial, plan.scenario)
    return _named(response=_rate(plan, arm), toxicity=toxic)


def _arms(plan: Plan) -> Truth | None:
    """One arm of some rate and all others alike."""
    rates = [_rate(plan, a.name) for a in plan.trial.tested_arms]
    known = sorted(r for r in rates if r is not None)
    if len(known) < len(rates) or known[-2] - known[0] > 1e-9:
        return None
    return {"rate": known[0], "best": known[-1]}


def _of_times(plan: Plan, takes: type) -> Truth | None:
    m = plan.trial.monitored
    tested = _hazard(plan, m.tested.name, exact=takes not in (StatisticEvidence, HazardRatioEvidence))
    if tested is None:
        return None
    if takes in (StatisticEvidence, HazardRatioEvidence, TwoArmExposureEvidence):
        assert m.control is not None, "the doorway asks for one"
        control = _hazard(plan, m.control.name, exact=False)
        ratio = _ratio(tested, control) if control is not None else None
        if takes is not TwoArmExposureEvidence or ratio is None or control is None:
            return _named(hazard_ratio=ratio)
        stated = math.exp(m.design.question.control) * _time(plan, len(control)) ** m.design.shape  # type: ignore[attr-defined]
        return _named(hazard_ratio=ratio, drift=_ratio(control, stated))
    t = _time(plan, len(tested))
    if issubclass(takes, ReferenceStatistic):
        reference = np.asarray(m.design.survival.cumulative(t))  # type: ignore[attr-defined]
        return _named(hazard_ratio=_ratio(tested, reference))
    if takes is ExposureEvidence:
        hazard = _ratio(tested, t)
        return {"median": math.log(2) / hazard} if hazard else None
    return None


def _time(plan: Plan, n: int) -> NDArray[np.float64]:
    """Days 0 … n - 1 in the design's unit of time."""
    return np.arange(n) / plan.trial.monitored.monitoring.days_per_unit


def _hazard(plan: Plan, arm: str, *, exact: bool) -> NDArray[np.float64] | None:
    """Cumulative hazard of the monitored event by day; None where it is not of death, or progression and death.

    ``exact``: and where progression, which scans show later than it comes, is part of it.
    """
    of, course = plan.trial.monitored.times, plan.courses[arm]
    assert of is not None, "the doorway asks for one"
    if set(of.events) == {"death"}:
        survival = course.alive
    elif of.progression_or_death and not (exact and _progresses(course)):
        survival = course.event_free
    else:
        return None
    toxic = plan.toxicity[arm].survival[: len(survival)]
    hazard: NDArray[np.float64] = -np.log(np.maximum(survival * toxic, 1e-300))
    return hazard


def _progresses(course: ArmCourse) -> bool:
    return any(float(c.progressing.sum()) > 1e-9 for c in course.strata)


def _ratio(a: NDArray[np.float64], b: NDArray[np.float64]) -> float | None:
    """What a is of b, if it is nearly the same wherever there is anything to see."""
    n = min(len(a), len(b))
    a, b = a[:n], b[:n]
    seen = (b > _FROM) & (b < _TO) & (a < _TO)
    if not seen.any():
        return None
    ratio = a[seen] / b[seen]
    middle = float(np.median(ratio))
    return middle if float(np.ptp(ratio)) <= _STEADY * middle else None
