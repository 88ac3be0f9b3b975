"""Events expected by a day in a trial that enrols at an even pace, with exponential times: for planning."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Arm:
    """One arm: patients a month, hazard of the event and of dropping out (a month)."""

    rate: float
    hazard: float
    dropout: float = 0.0


def expected_events(time: float, accrual: float, arms: Sequence[Arm]) -> float:
    """Events expected by ``time`` when patients enter evenly over months 0 … ``accrual``.

    A patient who entered at s has had the event with probability h / (h + c) · (1 - exp(-(h + c)(time - s))), c the hazard of
    dropping out (Lachin & Foulkes 1986, doi:10.2307/2531201).
    """
    entered = min(time, accrual)
    total = 0.0
    for a in arms:
        h = a.hazard + a.dropout
        late, early = math.exp(-h * (time - entered)), math.exp(-h * time)
        total += a.rate * a.hazard / h * (entered - (late - early) / h)
    return total


def time_of_events(events: float, accrual: float, arms: Sequence[Arm]) -> float:
    """The month by which ``events`` are expected; infinite if they never are."""
    from scipy.optimize import brentq

    ever = sum(a.rate * accrual * a.hazard / (a.hazard + a.dropout) for a in arms)
    if events >= ever:
        return math.inf
    high = accrual + 1.0
    while expected_events(high, accrual, arms) < events:
        high *= 2
    return float(brentq(lambda t: expected_events(t, accrual, arms) - events, 0.0, high, xtol=1e-10))
