"""A waiting time in whole days, as a table: any hazard, however shaped, is drawn by looking up one uniform number.

What a log records are days. So all that a simulation needs of a waiting time T is S(d) = P(T > d) at whole days d,
and the day on which it ends is the first d with S(d) ≤ u: exact for every hazard, without a logarithm or a power, and
so the same on every machine and in a compiled kernel.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

#: Virtual patients are followed for at most this long [days].
HORIZON = 5 * 365


@dataclass(frozen=True, eq=False)
class DayTable:
    """S(d) at d = 0 … HORIZON, shape (HORIZON + 1,), falling from 1 on; what is left at the end never happens."""

    survival: NDArray[np.float64]
    _falling: list[float] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        s = self.survival
        if s.shape != (HORIZON + 1,) or s[0] != 1 or (np.diff(s) > 0).any() or s[-1] < 0:
            raise ValueError(f"survival: falls from 1 over {HORIZON + 1} days")
        object.__setattr__(self, "_falling", (-s).tolist())

    def day(self, u: float) -> int:
        """The first day d ≥ 1 with S(d) ≤ u; HORIZON + 1 if there is none."""
        return max(bisect_left(self._falling, -u), 1)

    @property
    def density(self) -> NDArray[np.float64]:
        """P(T = d) at d = 0 … HORIZON; the first is 0."""
        return -np.diff(self.survival, prepend=1.0)


def days() -> NDArray[np.float64]:
    """0 … HORIZON."""
    return np.arange(HORIZON + 1, dtype=np.float64)


def never() -> DayTable:
    """What does not happen."""
    return DayTable(np.ones(HORIZON + 1))


def yearly(probability: float) -> DayTable:
    """A constant hazard by which it happens within a year (365.25 days) with this probability."""
    return DayTable((1.0 - probability) ** (days() / 365.25))


def exponential(mean: float) -> DayTable:
    """An exponential time with this mean [days]; at a mean of 0 it is over at once."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return DayTable(np.where(days() == 0, 1.0, np.exp(-days() / mean) if mean > 0 else 0.0))
