"""Log-rank test and Cox's hazard ratio of two groups with times in whole days, compiled for the trial simulator.

``W`` from ``counts`` on holds a word a day with four counts of 16 bits: of group 0 the censored and the events, and of group 1
likewise. ``W`` from ``marked`` on holds a bit for each day on which anything is counted. Held to ``numerics.survival`` by
the tests of the simulator. Needs numba (the extra ``fast``).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import types

from equipoise.numerics.engine.compiled import NONE, REAL, REALS, WHETHER, WHOLE, WHOLES, jit, jit_in_place, lowest


@jit_in_place(NONE(WHOLES, WHOLE, WHOLE, WHOLE, WHOLE, WHOLE))
def count(W: Any, counts: int, marked: int, day: int, group: int, event: int) -> None:
    """One more patient of a group, with the event on ``day`` (1) or censored (0)."""
    W[counts + day] += 1 << (16 * (2 * group + event))
    W[marked + (day >> 6)] |= 1 << (day & 63)


@jit(types.UniTuple(REAL, 8)(WHOLES, REALS, WHOLE, WHOLE, WHOLE, WHOLE, WHOLE, WHOLE))
def _gone_through(W: Any, V: Any, counts: int, marked: int, longest: int, n1: int, n0: int, scratch: int) -> Any:
    """Of all events while both groups were at risk: how many in group 0 and in group 1 and, at a hazard ratio of 1, group 1's share in the
    hazard of each into V from ``scratch`` on; the score but for group 1's events, the information and its slope; observed less
    expected events of group 1 in all, and their variance; where V ends. Leaves all counts at 0."""
    m, total0, total1, excess, variance, at1, at0 = scratch, 0, 0, 0.0, 0.0, float(n1), float(n0)
    score = information = slope = 0.0
    for word in range((longest >> 6) + 1):
        bits = W[marked + word]
        W[marked + word] = 0
        while bits != 0:
            here = counts + (word << 6) + lowest(bits)
            bits &= bits - 1
            packed = W[here]
            W[here] = 0
            d0, d1 = (packed >> 16) & 0xFFFF, (packed >> 48) & 0xFFFF
            d = d0 + d1
            if d > 0:
                n = at0 + at1
                p = at1 / n
                pq = p * (1.0 - p)
                excess += d1 - d * p
                variance += pq if d == 1 else d * pq * ((n - d) / max(n - 1.0, 1.0))
                if at0 > 0 and at1 > 0:
                    total0 += d0
                    total1 += d1
                    for j in range(d):
                        # At a hazard ratio of 1, the share of group 1 in the hazard of this event.
                        if j > 0:
                            p = (at1 - d1 * j / d) / (n - j)
                            pq = p * (1.0 - p)
                        V[m] = p
                        m += 1
                        score -= p
                        information += pq
                        slope += pq * (1.0 - 2.0 * p)
            at0 -= d0 + (packed & 0xFFFF)
            at1 -= d1 + ((packed >> 32) & 0xFFFF)
    return float(total0), float(total1), score, information, slope, excess, variance, float(m)


@jit(types.UniTuple(REAL, 4)(WHOLES, REALS, WHOLE, WHOLE, WHOLE, WHOLE, WHOLE, WHOLE))
def compare(W: Any, V: Any, counts: int, marked: int, longest: int, n1: int, n0: int, scratch: int) -> Any:
    """Log hazard ratio of group 1, its standard error, log-rank chi² (Mantel 1966), and its signed root, above 0 where group 1 has
    fewer events than expected (0 where the data say nothing). Leaves all counts at 0.

    Ties after Efron (1977, doi:10.1080/01621459.1977.10480613). The ratio is infinite, with a standard error of NaN, where
    events came in one group only while both were at risk; NaN where the data say nothing, as is chi².
    ``longest``: the last day with anybody. ``scratch``: room in V for a number an event.
    """
    total0, total1, score, information, slope, excess, variance, end = _gone_through(
        W, V, counts, marked, longest, n1, n0, scratch
    )
    chi2 = excess * excess / variance if variance > 0 else np.nan
    z = -excess / math.sqrt(variance) if variance > 0 else 0.0
    if total0 == 0 or total1 == 0:
        return (np.inf if total1 > 0 else -np.inf if total0 > 0 else np.nan), np.nan, chi2, z
    score += total1
    beta = 0.0
    for _ in range(60):
        # Halley's step: the error left is of the order of its cube. Far from the maximum a part of Newton's.
        newton = score / information
        step = newton / (1.0 + 0.5 * newton * slope / information) if abs(newton) < 1 else min(max(newton, -2.0), 2.0)
        beta += step
        if abs(step) < 1e-4:
            information += step * slope
            break
        more = math.exp(beta) - 1.0
        score, information, slope = total1, 0.0, 0.0
        for i in range(scratch, int(end)):
            p = V[i]
            share = (p + p * more) / (1.0 + p * more)
            pq = share * (1.0 - share)
            score -= share
            information += pq
            slope += pq * (1.0 - 2.0 * share)
    return beta, 1.0 / math.sqrt(information), chi2, z


@jit(WHETHER(WHOLES, REALS, WHOLE, WHOLE, WHOLE, WHOLE, WHOLE, WHOLE, REAL))
def reaches(
    W: Any, V: Any, counts: int, marked: int, longest: int, n1: int, n0: int, scratch: int, log_hr: float
) -> bool:
    """Whether the log hazard ratio that ``compare`` finds is this or more, or none can be found: without finding it, for the score falls as
    it grows, and is 0 there. Leaves all counts at 0."""
    total0, total1, _, _, _, _, _, end = _gone_through(W, V, counts, marked, longest, n1, n0, scratch)
    if total0 == 0:
        return True
    if total1 == 0:
        return False
    score, more = total1, math.exp(log_hr) - 1.0
    for i in range(scratch, int(end)):
        score -= (V[i] + V[i] * more) / (1.0 + V[i] * more)
    return score >= 0
