"""Events expected by a day in a trial that enrols at known rates, with exponential times: for planning."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from equipoise.numerics.times.enrolment import Enrolment


@dataclass(frozen=True)
class Arm:
    """One arm: its share of the patients, hazard of the event and of dropping out (a month)."""

    share: float
    hazard: float
    dropout: float = 0.0


def expected_events(time: float, accrual: float, enrolment: Enrolment, arms: Sequence[Arm]) -> float:
    """Events expected by ``time`` when patients enter over months 0 … ``accrual``, evenly in each piece of the enrolment.

    A patient who entered at s has had the event with probability h / (h + c) · (1 - exp(-(h + c)(time - s))), c the hazard of
    dropping out (Lachin & Foulkes 1986, doi:10.2307/2531201).
    """
    total = 0.0
    for start, end, rate in enrolment.pieces(min(time, accrual)):
        for a in arms:
            h = a.hazard + a.dropout
            late, early = math.exp(-h * (time - end)), math.exp(-h * (time - start))
            total += rate * a.share * a.hazard / h * (end - start - (late - early) / h)
    return total


def time_of_events(events: float, accrual: float, enrolment: Enrolment, arms: Sequence[Arm]) -> float:
    """The month by which ``events`` are expected; infinite if they never are."""
    from scipy.optimize import brentq

    ever = sum(enrolment.by(accrual) * a.share * a.hazard / (a.hazard + a.dropout) for a in arms)
    if events >= ever:
        return math.inf
    high = accrual + 1.0
    while expected_events(high, accrual, enrolment, arms) < events:
        high *= 2
    return float(brentq(lambda t: expected_events(t, accrual, enrolment, arms) - events, 0.0, high, xtol=1e-10))


def accrual_for(
    events: float, enrolment: Enrolment, arms: Sequence[Arm], follow_up: float | None = None, end: float | None = None
) -> float:
    """Months of accrual with so many events expected ``follow_up`` months after it, or by month ``end``; infinite if there are none.

    By a month that is stated the events grow with the accrual up to that month: infinite where even that is too short.
    """
    from scipy.optimize import brentq

    def gap(accrual: float) -> float:
        return (
            expected_events(
                accrual + follow_up if end is None and follow_up is not None else end or 0.0, accrual, enrolment, arms
            )
            - events
        )

    high = end
    if high is None:
        high = enrolment.time_of(events)
        while gap(high) < 0:
            high *= 2
            if high > 1e5:
                return math.inf
    elif gap(high) < 0:
        return math.inf
    return float(brentq(gap, 1e-9, high, xtol=1e-9))
