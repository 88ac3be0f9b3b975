"""Log-rank test and Cox's hazard ratio of two groups with times in whole days, compiled for the trial simulator.

``W`` from ``counts`` on holds four numbers a day: how many of group 0 were censored and had the event on it, and of
group 1 likewise. Held to ``numerics.survival`` in the tests. Needs numba (the extra ``fast``).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import types

from equipoise.numerics.compiled import REAL, REALS, WHOLE, WHOLES, jit


@jit(REAL(WHOLES, WHOLE, WHOLE, WHOLE, WHOLE))
def logrank_chi2(W: Any, counts: int, longest: int, n1: int, n0: int) -> float:
    """Log-rank chi² (Mantel 1966); NaN where nothing can be tested. ``longest`` is the last day with anybody."""
    excess, variance, at1, at0 = 0.0, 0.0, float(n1), float(n0)
    for here in range(counts, counts + 4 * longest + 4, 4):
        d0, d1 = float(W[here + 1]), float(W[here + 3])
        d, n = d0 + d1, at0 + at1
        if d > 0:
            excess += d1 - d * at1 / n
            if n > 1:
                variance += d * (at1 / n) * (at0 / n) * (n - d) / (n - 1)
        at0 -= W[here] + d0
        at1 -= W[here + 2] + d1
    return excess * excess / variance if variance > 0 else np.nan


@jit(types.UniTuple(REAL, 2)(WHOLES, REALS, WHOLE, WHOLE, WHOLE, WHOLE, WHOLE))
def cox_efron(W: Any, V: Any, counts: int, longest: int, n1: int, n0: int, scratch: int) -> Any:
    """Log hazard ratio of group 1 and its standard error, ties after Efron (1977, doi:10.1080/01621459.1977.10480613).

    Infinite, with a standard error of NaN, where events came in one group only while both were at risk; NaN where the
    data say nothing. ``scratch``: room in V for four numbers a day with an event.
    """
    m, total0, total1, information, excess, at1, at0 = scratch, 0.0, 0.0, 0.0, 0.0, float(n1), float(n0)
    for here in range(counts, counts + 4 * longest + 4, 4):
        d0, d1 = float(W[here + 1]), float(W[here + 3])
        if d0 + d1 > 0 and at0 > 0 and at1 > 0:
            V[m], V[m + 1], V[m + 2], V[m + 3] = at0, at1, d0, d1
            m += 4
            total0 += d0
            total1 += d1
            share = at1 / (at0 + at1)
            excess += d1 - (d0 + d1) * share
            information += (d0 + d1) * share * (1.0 - share)
        at0 -= W[here] + d0
        at1 -= W[here + 2] + d1
    if total0 == 0 or total1 == 0:
        return (np.inf if total1 > 0 else -np.inf if total0 > 0 else np.nan), np.nan
    beta = min(max(excess / information, -3.0), 3.0)
    for _ in range(50):
        ratio = math.exp(beta)
        score = information = 0.0
        for i in range(scratch, m, 4):
            d = V[i + 2] + V[i + 3]
            score += V[i + 3]
            for j in range(int(d)):
                part = j / d
                of1 = (V[i + 1] - part * V[i + 3]) * ratio
                share = of1 / (of1 + V[i] - part * V[i + 2])
                score -= share
                information += share * (1.0 - share)
        step = min(max(score / information, -2.0), 2.0)
        beta += step
        # Newton doubles the digits: what is left after such a step is below 1e-11.
        if abs(step) < 1e-6:
            break
    return beta, 1.0 / math.sqrt(information)
