"""Binomial tables: probabilities of all outcomes at once, and the two-stage rejection probability."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

Array = NDArray[np.float64]


@lru_cache(maxsize=8192)
def pmf(n: int, p: float) -> Array:
    """P(X = x) for x = 0 … n, shape (n + 1,), read-only.

    By logarithms of factorials, then scaled to add up to 1, which takes away their common rounding.
    """
    if p <= 0 or p >= 1:
        table = np.zeros(n + 1)
        table[0 if p <= 0 else n] = 1.0
    else:
        x = np.arange(n + 1)
        table = np.exp(gammaln(n + 1) - gammaln(x + 1) - gammaln(n - x + 1) + x * np.log(p) + (n - x) * np.log1p(-p))
        table /= table.sum()
    table.setflags(write=False)
    return table


@lru_cache(maxsize=8192)
def exceeds(n: int, p: float) -> Array:
    """P(X > x) for x = 0 … n, shape (n + 1,), read-only; summed from the far tail, so that small ones are right."""
    table = np.zeros(n + 1)
    table[:-1] = np.cumsum(pmf(n, p)[:0:-1])[::-1]
    table.setflags(write=False)
    return table


def rejection(n1: int, r1: int, n: int, p: float) -> Array:
    """P(X1 > r1 and X > r) for r = 0 … n, shape (n + 1,), where X1 counts successes among the first n1 of n."""
    n2 = n - n1
    first = pmf(n1, p)[r1 + 1 :]
    if not len(first):
        return np.zeros(n + 1)
    # For r - x1 < 0 the second stage cannot fail; beyond n2 it cannot succeed.
    second = np.concatenate([np.ones(len(first) - 1), exceeds(n2, p)])
    joint = np.convolve(first, second)[len(first) - 1 : len(first) - 1 + n2 + len(first)]
    result = np.zeros(n + 1)
    result[: r1 + 1] = first.sum()
    tail = joint[: n + 1 - (r1 + 1)]
    result[r1 + 1 : r1 + 1 + len(tail)] = tail
    return result
