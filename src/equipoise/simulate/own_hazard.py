"""The hazard that a design's own truth makes of an arm: all events are deaths, which are known on their day."""

from __future__ import annotations

import math
from collections.abc import Callable

from equipoise.simulate.day_table import HORIZON
from equipoise.simulate.scenario import Piece, PieceHazards
from equipoise.trial.design import Truth
from equipoise.trial.duration import DAYS_PER_MONTH, Duration
from equipoise.trial.trial import Trial

#: A hazard that is not constant is written as pieces of so many days.
_PIECE = 7
#: Where nothing says the control arm's median: events come while the trial goes on.
_MEDIAN_MONTHS = 6.0


def own_hazard(trial: Trial, truth: Truth, *, tested: bool) -> PieceHazards:
    """Constant, or in weekly pieces where the design's reference is a Weibull curve of another shape."""
    unit = trial.monitored.monitoring.days_per_unit
    cumulative, constant = _cumulative(trial, truth, tested=tested)
    if constant:
        died: tuple[Piece, ...] = (Piece(per_month=cumulative(DAYS_PER_MONTH / unit)),)
    else:
        days = range(0, HORIZON, _PIECE)
        steps = [cumulative((d + _PIECE) / unit) - cumulative(d / unit) for d in days]
        rates = [s * DAYS_PER_MONTH / _PIECE for s in steps]
        ends = [Duration(float(d + _PIECE), f"{d + _PIECE} days") for d in days]
        died = (*(Piece(until=e, per_month=r) for e, r in zip(ends, rates, strict=True)), Piece(per_month=rates[-1]))
    nothing = (Piece(per_month=0.0),)
    return PieceHazards(progression=nothing, death_before=died, death_after=nothing)


def _cumulative(trial: Trial, truth: Truth, *, tested: bool) -> tuple[Callable[[float], float], bool]:
    """The cumulative hazard by a time in the design's unit, and whether it is constant."""
    design = trial.monitored.design
    if "median" in truth:
        rate = math.log(2) / truth["median"]
        return (lambda t: rate * t), True
    ratio = truth["hazard_ratio"] if tested else 1.0
    reference = getattr(design, "survival", None)
    if reference is not None:
        return (lambda t: ratio * float(reference.cumulative(t))), reference.shape == 1
    shape = float(getattr(design, "shape", 1.0))
    stated = getattr(design, "question", None)
    hazard = math.log(2) / _median(trial) if stated is None else math.exp(stated.control) * truth["drift"]
    return (lambda t: ratio * hazard * t**shape), shape == 1


def _median(trial: Trial) -> float:
    """The control arm's median in the design's unit: of its pace, or of history's curve."""
    m = trial.monitored
    pace = getattr(m.design, "pace", None)
    if pace is not None:
        return float(pace.median)
    curves = trial.history.curves if trial.history is not None else ()
    months = next((c.median.months for c in curves if c.endpoint == m.endpoint.name), _MEDIAN_MONTHS)
    return months * DAYS_PER_MONTH / m.monitoring.days_per_unit
