"""Enrolment in pieces: slower (or faster) rates at first, then one that stays."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Enrolment:
    """``rate`` patients a unit of time; before, ``ramp``: (until this time, at this rate), times growing.

    10 a month for 3 months, 25 up to month 6, then 41.67:

    >>> e = Enrolment(41.67, ((3.0, 10.0), (6.0, 25.0)))
    >>> e.by(4.0), e.time_of(55.0), e.time_of(105.0 + 41.67)
    (55.0, 4.0, 7.0)
    """

    rate: float
    ramp: tuple[tuple[float, float], ...] = ()

    def pieces(self, until: float = math.inf) -> list[tuple[float, float, float]]:
        """(from, to, rate) of each piece before ``until``; the last may be without end."""
        starts = [0.0, *(t for t, _ in self.ramp)]
        ends = [*(t for t, _ in self.ramp), math.inf]
        rates = [*(r for _, r in self.ramp), self.rate]
        return [(a, min(b, until), r) for a, b, r in zip(starts, ends, rates, strict=True) if a < until]

    def by(self, time: float) -> float:
        """Patients entered by a time, not rounded."""
        return math.fsum((b - a) * r for a, b, r in self.pieces(time))

    def time_of(self, n: float) -> float:
        """When so many have entered."""
        entered = 0.0
        for a, b, r in self.pieces():
            if math.isinf(b) or entered + (b - a) * r >= n:
                return a + (n - entered) / r
            entered += (b - a) * r
        raise AssertionError("the last piece is without end")

    def rate_at(self, time: float) -> float:
        """Patients a unit of time, just after ``time``."""
        return next(r for a, b, r in self.pieces() if a <= time < b)
