"""Tallies of replicates: exact sums and counts, which add up to the same in any order and fill no memory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from equipoise.simulate.lines import NONE, SOMETIMES, Lines
from equipoise.trial.design import Quantity


@dataclass
class Moments:
    """How many there were, their sum and their sum of squares; of whole numbers, so exact."""

    n: int = 0
    total: int = 0
    squares: int = 0


@dataclass
class Tally:
    """Of each column of lines its moments, and of those in COUNTED how often each value came; ``n`` replicates."""

    n: int = 0
    moments: dict[str, Moments] = field(default_factory=dict)
    counts: dict[str, NDArray[np.int64]] = field(default_factory=dict)

    def add(self, lines: Lines) -> None:
        """Count these replicates too."""
        for name, values in lines.items():
            there = values[values != NONE] if name in SOMETIMES else values
            m = self.moments.setdefault(name, Moments())
            m.n += len(there)
            if name in COUNTED:
                counts = np.bincount(there)
                self._count(name, counts)
                value = np.arange(len(counts))
                m.total += int(value @ counts)
                m.squares += int((value * value) @ counts)
            else:
                m.total += int(there.sum())
                m.squares += _squares(there)
        self.n += len(next(iter(lines.values())))

    def merge(self, other: Tally) -> None:
        """Count all that ``other`` counted."""
        self.n += other.n
        for name, m in other.moments.items():
            mine = self.moments.setdefault(name, Moments())
            mine.n, mine.total, mine.squares = mine.n + m.n, mine.total + m.total, mine.squares + m.squares
        for name, c in other.counts.items():
            self._count(name, c)

    def _count(self, name: str, more: NDArray[np.int64]) -> None:
        mine = self.counts.get(name, np.zeros(0, dtype=np.int64))
        size = max(len(mine), len(more))
        self.counts[name] = np.pad(mine, (0, size - len(mine))) + np.pad(more, (0, size - len(more)))

    def mean(self, name: str, unit: float = 1.0) -> Quantity:
        """The mean of a column in ``unit`` with its Monte-Carlo standard error sd / sqrt(n); NaN for one value."""
        m = self.moments[name]
        if m.n == 0:
            return Quantity(math.nan, math.nan)
        mean = m.total / m.n
        if m.n < 2:
            return Quantity(mean / unit, math.nan)
        variance = (m.squares * m.n - m.total * m.total) / (m.n * (m.n - 1))
        return Quantity(mean / unit, math.sqrt(variance / m.n) / unit)

    def spread(self, name: str, unit: float = 1.0) -> float:
        """The standard deviation of a column in ``unit``."""
        return self.mean(name, unit).mc_error * math.sqrt(self.moments[name].n)  # type: ignore[operator]

    def probability(self, name: str) -> Quantity:
        """How often a column of 0 and 1 is 1, with its Monte-Carlo standard error sqrt(p (1 - p) / n)."""
        p = self.moments[name].total / self.n
        return Quantity(p, math.sqrt(p * (1 - p) / self.n))

    def quantile(self, name: str, p: float) -> int:
        """The smallest value that at least a share ``p`` of the replicates do not exceed; 0 where none has one."""
        passed = np.cumsum(self.counts[name])
        if not len(passed):
            return 0
        return int(np.searchsorted(passed, p * passed[-1] - 1e-9))


def _squares(values: NDArray[np.int64]) -> int:
    """The sum of squares, exactly: in two parts where those of millionths may be too large to add up in 64 bits."""
    if len(values) == 0:
        return 0
    largest = max(int(values.max()), -int(values.min()))
    if largest * largest * len(values) < 2**63:
        return int(values @ values)
    high, low = values >> 16, values & 0xFFFF
    return (int(high @ high) << 32) + (int(high @ low) << 17) + int(low @ low)


#: Columns whose values are counted one by one, for quantiles: numbers of patients and days.
COUNTED: Sequence[str] = (
    "looks", "randomised", "tested", "cohort_full", "at_cutoff", "at_readout", "on_study_at_readout", "look_day",
    "readout_day", "duration", "spared", "exposure_days", "full_day", "enrolment_day", "safety_day", "safety_events", "safety_looks",
)  # fmt: skip
