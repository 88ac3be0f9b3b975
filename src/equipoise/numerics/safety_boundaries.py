"""Upper boundaries for continuous monitoring: stop at the m-th observation with at least b[m] events.

All return b[1] … b[n] as counts; m + 1 means that no count stops there. The chance of ever stopping under the null rate
comes from ``staged_binomial`` and is exact.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from scipy.special import betaincc

from equipoise.numerics.binomial import exceeds
from equipoise.numerics.staged_binomial import Stages, ends


def stages_of(sizes: Sequence[int], boundary: Sequence[int], low: Sequence[int] | None = None) -> Stages:
    """The stages of looks at ``sizes`` that stop high with at least ``boundary`` (and, if given, low with at most ``low``)."""
    high = tuple(min(b - 1, m) for m, b in zip(sizes, boundary, strict=True))
    lows = [min(v, h) for v, h in zip(low, high, strict=True)] if low is not None else [-1] * len(sizes)
    lows[-1] = high[-1]
    return Stages(tuple(sizes), tuple(lows), high)


def stops(sizes: Sequence[int], boundary: Sequence[int], rate: float) -> float:
    """P(ever stops high)."""
    return math.fsum(ends(stages_of(sizes, boundary), rate).high)


def pointwise(sizes: Sequence[int], rate: float, level: float) -> tuple[int, ...]:
    """Stop where P(X ≥ b | m, rate) ≤ level: the same level at every look (Pocock-type)."""
    # exceeds(m)[b - 1] = P(X ≥ b); a hair of rounding, so that a level taken from the table itself is kept
    return tuple(int(np.argmax(exceeds(m, rate) <= level * (1 + 1e-12))) + 1 for m in sizes)


def posterior(sizes: Sequence[int], rate: float, cutoff: float, a: float, b: float) -> tuple[int, ...]:
    """Stop where P(rate of events > ``rate`` | x of m) ≥ cutoff, with a Beta(a, b) prior."""
    found = []
    for m in sizes:
        x = np.arange(m + 1)
        enough = betaincc(a + x, b + m - x, rate) >= cutoff - 1e-12
        found.append(int(np.argmax(enough)) if enough.any() else m + 1)
    return tuple(found)


def sprt(sizes: Sequence[int], rate0: float, rate1: float, log_upper: float) -> tuple[int, ...]:
    """Stop where the log-likelihood ratio of rate1 to rate0 is at least ``log_upper`` (Wald 1945)."""
    per_event = math.log(rate1 / rate0) - math.log((1 - rate1) / (1 - rate0))
    per_look = math.log((1 - rate1) / (1 - rate0))
    return tuple(min(max(0, math.ceil((log_upper - m * per_look) / per_event - 1e-9)), m + 1) for m in sizes)


def sprt_low(sizes: Sequence[int], rate0: float, rate1: float, log_lower: float) -> tuple[int, ...]:
    """Stop low where the log-likelihood ratio is at most ``log_lower``; -1 where no count does."""
    per_event = math.log(rate1 / rate0) - math.log((1 - rate1) / (1 - rate0))
    per_look = math.log((1 - rate1) / (1 - rate0))
    return tuple(max(-1, math.floor((log_lower - m * per_look) / per_event + 1e-9)) for m in sizes)


def calibrate(
    sizes: Sequence[int],
    rate: float,
    allowed: float,
    levels: Sequence[float],
    build: Callable[[float], tuple[int, ...]],
) -> float | None:
    """The first of ``levels``, from the most ready to stop to the least, whose rule stops with at most ``allowed`` under ``rate``.

    The chance of stopping falls along the levels, so they are bisected. None if no level does.
    """
    low, high = 0, len(levels)
    while low < high:
        middle = (low + high) // 2
        if stops(sizes, build(levels[middle]), rate) <= allowed:
            high = middle
        else:
            low = middle + 1
    return levels[low] if low < len(levels) else None


def pocock_level(sizes: Sequence[int], rate: float, allowed: float) -> float | None:
    """The largest pointwise level whose rule ever stops with probability at most ``allowed`` (Ivanova et al. 2005)."""
    tails = {float(v) for m in sizes for v in exceeds(m, rate)[:-1]}
    return calibrate(sizes, rate, allowed, sorted(tails, reverse=True), lambda level: pointwise(sizes, rate, level))


def posterior_cutoff(sizes: Sequence[int], rate: float, allowed: float, a: float, b: float) -> float | None:
    """The smallest posterior cut-off whose rule ever stops with probability at most ``allowed``."""
    values = {float(v) for m in sizes for v in betaincc(a + np.arange(m + 1), b + m - np.arange(m + 1), rate)}
    return calibrate(sizes, rate, allowed, sorted(values), lambda cutoff: posterior(sizes, rate, cutoff, a, b))
