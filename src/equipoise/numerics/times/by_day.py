"""A one-arm statistic of times in whole days, as plain numbers: what a compiled simulator reads of a design."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

#: (expected - observed) / sqrt(expected); the Nelson–Aalen or Kaplan–Meier estimate at a landmark against the reference's.
Form = Literal["expected", "hazard", "log-log", "survival"]


@dataclass(frozen=True, eq=False)
class StatisticByDay:
    """``last``: the last day on which an event counts. ``reference``: of 'expected' the reference's cumulative hazard by each day, held
    from ``last`` on; else one number, the reference's cumulative hazard or survival at the landmark."""

    form: Form
    last: int
    reference: NDArray[np.float64]


def last_day(time: float, days_per_unit: float) -> int:
    """The last whole day that is not after a time: day / ``days_per_unit`` ≤ ``time``."""
    day = int(time * days_per_unit) + 1
    while day / days_per_unit > time:
        day -= 1
    return day
