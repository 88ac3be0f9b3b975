"""A binomial count looked at in stages: exact probabilities of every outcome, by recursion over the stages.

At stage k, with n[k] patients in all, the count S stops low if S ≤ low[k] and stops high if S > high[k]; the last stage
always stops. ``low[k] = -1`` and ``high[k] = n[k]`` mean: never on that side. One stage, two, three, or a look after
each patient are the same thing here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from equipoise.numerics.counts.binomial import pmf

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Stages:
    """Cumulative sizes and the two boundaries of each stage. The last stage has low = high: it always ends there."""

    n: tuple[int, ...]
    low: tuple[int, ...]
    high: tuple[int, ...]

    def __post_init__(self) -> None:
        if not (len(self.n) == len(self.low) == len(self.high) > 0):
            raise ValueError(
                f"n, low, high: got lengths {len(self.n)}, {len(self.low)}, {len(self.high)}; all the same"
            )
        if any(b <= a for a, b in zip((0, *self.n), self.n, strict=False)):
            raise ValueError(f"n: got {self.n}; sizes must grow")
        for n, low, high in zip(self.n, self.low, self.high, strict=True):
            if not -1 <= low <= high <= n:
                raise ValueError(f"low, high: got {low}, {high} at n = {n}; -1 ≤ low ≤ high ≤ n")
        if self.low[-1] != self.high[-1]:
            raise ValueError(f"the last stage: got low {self.low[-1]}, high {self.high[-1]}; they must be equal")

    def increments(self) -> tuple[int, ...]:
        """New patients of each stage."""
        return tuple(b - a for a, b in zip((0, *self.n), self.n, strict=False))


@lru_cache(maxsize=4096)
def arrive(stages: Stages, p: float) -> tuple[Array, ...]:
    """P(stage k is reached and S = s there) for each stage: arrays of shape (n[k] + 1,), read-only."""
    arrays: list[Array] = []
    state = np.ones(1)
    for k, step in enumerate(stages.increments()):
        state = np.convolve(state, pmf(step, p))
        state.setflags(write=False)
        arrays.append(state)
        state = state.copy()
        state[: stages.low[k] + 1] = 0.0
        state[stages.high[k] + 1 :] = 0.0
    return tuple(arrays)


@dataclass(frozen=True)
class Ends:
    """P(ends low), P(ends high) at each stage, and moments of the number of patients."""

    low: tuple[float, ...]
    high: tuple[float, ...]
    expected_n: float
    sd_n: float

    @property
    def at(self) -> tuple[float, ...]:
        """P(the trial ends at each stage)."""
        return tuple(a + b for a, b in zip(self.low, self.high, strict=True))


@lru_cache(maxsize=1024)
def ends(stages: Stages, p: float) -> Ends:
    """Where the trial ends when the true rate is ``p`` (probability, 0 to 1)."""
    arrays = arrive(stages, float(p))
    low = tuple(float(a[: b + 1].sum()) for a, b in zip(arrays, stages.low, strict=True))
    high = tuple(float(a[b + 1 :][::-1].sum()) for a, b in zip(arrays, stages.high, strict=True))
    at = [a + b for a, b in zip(low, high, strict=True)]
    mean = math.fsum(n * q for n, q in zip(stages.n, at, strict=True))
    variance = math.fsum((n - mean) ** 2 * q for n, q in zip(stages.n, at, strict=True))
    return Ends(low, high, mean, math.sqrt(max(variance, 0.0)))


def outcomes(stages: Stages) -> list[tuple[int, int]]:
    """Every (stage from 0, successes) at which the trial can end, in stagewise order: from worst to best.

    Low ends come before all that goes on, the earlier the worse; high ends after, the earlier the better (Tsiatis,
    Rosner & Mehta 1984, doi:10.2307/2531111; Jennison & Turnbull 1983, doi:10.2307/1268025). Of two outcomes of one
    stage, more successes are better.
    """
    reached = _reachable(stages)
    lows = [(k, s) for k, r in enumerate(reached) for s in r if s <= stages.low[k]]
    highs = [(k, s) for k in reversed(range(len(stages.n))) for s in reached[k] if s > stages.high[k]]
    return [*lows, *highs]


def _reachable(stages: Stages) -> list[list[int]]:
    found, state = [], {0}
    for k, step in enumerate(stages.increments()):
        state = {s + x for s in state for x in range(step + 1)}
        found.append(sorted(state))
        state = {s for s in state if stages.low[k] < s <= stages.high[k]}
    return found


@lru_cache(maxsize=256)
def path_counts(stages: Stages) -> tuple[tuple[int, ...], ...]:
    """Number of orders of successes and failures that reach s at stage k: exact integers, (n[k] + 1) a stage."""
    found: list[tuple[int, ...]] = []
    state = [1]
    for k, step in enumerate(stages.increments()):
        ways = [math.comb(step, x) for x in range(step + 1)]
        new = [0] * (len(state) + step)
        for s, count in enumerate(state):
            if count:
                for x, w in enumerate(ways):
                    new[s + x] += count * w
        found.append(tuple(new))
        state = [c if stages.low[k] < s <= stages.high[k] else 0 for s, c in enumerate(new)]
    return tuple(found)


def single(n: int, r: int) -> Stages:
    """One stage: n patients, high with more than r."""
    return Stages((n,), (r,), (r,))


def fully_sequential(stages: Stages, curtail_low: bool = True, curtail_high: bool = True) -> Stages:
    """The same rule with a look after each patient, stopping as soon as its outcome is settled.

    Low is settled at s of m if, however well the patients to come do, some stage j will stop low and no stage before it
    can stop high; high is settled if, however badly they do, some stage j will stop high and none before it can stop
    low. What is declared is the same for every sequence of outcomes, so both error rates are unchanged.
    """
    low, high = [], []
    total = stages.n[-1]
    for m in range(1, total + 1):
        k = next(i for i, size in enumerate(stages.n) if size >= m)
        later = range(k, len(stages.n))
        left = [size - m for size in stages.n]
        sure_low = max(min([stages.low[j] - left[j], *(stages.high[i] - left[i] for i in range(k, j))]) for j in later)
        sure_high = min(max([stages.high[j], *stages.low[k:j]]) for j in later)
        a = sure_low if curtail_low or m == total else -1
        b = sure_high if curtail_high or m == total else m
        if m == stages.n[k]:
            a, b = max(a, stages.low[k]), min(b, stages.high[k])
        a = max(-1, min(a, m))
        low.append(a)
        high.append(max(a, min(b, m)))
    return Stages(tuple(range(1, total + 1)), tuple(low), tuple(high))
