"""Log-rank test and Cox's hazard ratio of two groups with times in whole days, compiled for the trial simulator.

Input is ``counts``, shape (days, 4): on each day how many of group 0 were censored and had the event, and of group 1
likewise. Held to ``numerics.survival`` in the tests. Needs numba (the extra ``fast``).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import types

from equipoise.numerics.compiled import REAL, REAL_TABLE, TABLE, WHOLE, jit


@jit(REAL(TABLE, WHOLE, WHOLE, WHOLE))
def logrank_chi2(counts: Any, longest: int, n1: int, n0: int) -> float:
    """Log-rank chi² (Mantel 1966); NaN where nothing can be tested. ``longest`` is the last day with anybody."""
    excess = variance = 0.0
    for day in range(longest + 1):
        d0, d1 = counts[day, 1], counts[day, 3]
        d, n = d0 + d1, n0 + n1
        if d > 0:
            excess += d1 - d * n1 / n
            if n > 1:
                variance += d * (n1 / n) * (n0 / n) * (n - d) / (n - 1)
        n0 -= counts[day, 0] + d0
        n1 -= counts[day, 2] + d1
    return excess * excess / variance if variance > 0 else np.nan


@jit(types.UniTuple(REAL, 2)(TABLE, WHOLE, WHOLE, WHOLE, REAL_TABLE))
def cox_efron(counts: Any, longest: int, n1: int, n0: int, at: Any) -> Any:
    """Log hazard ratio of group 1 and its standard error, ties after Efron (1977, doi:10.1080/01621459.1977.10480613).

    Infinite, with a standard error of NaN, where events came in one group only while both were at risk; NaN where the
    data say nothing.
    """
    # Days with events while both are at risk, kept once in ``at``: at risk and events by group.
    m, total0, total1, info = 0, 0, 0, 0.0
    excess = 0.0
    for day in range(longest + 1):
        d0, d1 = counts[day, 1], counts[day, 3]
        if d0 + d1 > 0 and n0 > 0 and n1 > 0:
            at[m, 0], at[m, 1], at[m, 2], at[m, 3] = n0, n1, d0, d1
            m += 1
            total0 += d0
            total1 += d1
            excess += d1 - (d0 + d1) * n1 / (n0 + n1)
            info += (d0 + d1) * (n1 / (n0 + n1)) * (n0 / (n0 + n1))
        n0 -= counts[day, 0] + d0
        n1 -= counts[day, 2] + d1
    if total0 == 0 or total1 == 0:
        return (np.inf if total1 > 0 else -np.inf if total0 > 0 else np.nan), np.nan
    beta = min(max(excess / info, -3.0), 3.0)
    for _ in range(50):
        ratio = math.exp(beta)
        score = information = 0.0
        for i in range(m):
            d = int(at[i, 2] + at[i, 3])
            score += at[i, 3]
            for j in range(d):
                part = j / d
                of1 = (at[i, 1] - part * at[i, 3]) * ratio
                share = of1 / (of1 + at[i, 0] - part * at[i, 2])
                score -= share
                information += share * (1.0 - share)
        step = score / information
        if abs(step) > 2.0:
            step = 2.0 if step > 0 else -2.0
        beta += step
        if abs(step) < 1e-9:
            break
    return beta, 1.0 / math.sqrt(information)
