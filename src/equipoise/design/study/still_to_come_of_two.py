"""What is still to come at a look of a design of two rates, of a log-rank test, or of one arm's times.

Conditional power takes a truth as given; predictive power averages over what the data leave of it, from a flat prior (uniform rates; a
flat log hazard ratio). B-values: Lan & Wittes 1988, doi:10.2307/2531870. Predictive power: Spiegelhalter, Freedman & Blackburn 1986,
doi:10.1016/0197-2456(86)90003-6. All boundaries that are still to come are passed, futility stops too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from equipoise.numerics.counts.beta_binomial import predictive
from equipoise.numerics.counts.binomial import pmf
from equipoise.numerics.sequential.group_sequential import crossing
from equipoise.numerics.sequential.two_look_normal import Moments

Array = NDArray[np.float64]
#: Nodes of the Gauss–Hermite rule for the drift, and of the grid for the log hazard ratio.
_NODES, _GRID = 64, 401
#: Hazard ratios that are thought of.
_LEAST, _MOST = 0.05, 20.0


@dataclass(frozen=True)
class Power:
    """P(declares in the end) under the null, the target, what was seen, and averaged."""

    null: float
    target: float
    seen: float
    predictive: float


def of_log_rank(
    z: float, t: float, later: Sequence[float], lower: Sequence[float], upper: Sequence[float], target: float
) -> Power:
    """After ``z`` at information ``t`` (below 1): ``later`` shares with their z boundaries; ``target``: E(z) at information 1 at the target.

    Of the score process B(t) = z √t what is to come does not depend on what was; so the boundaries are moved by B and the process begins anew.
    """
    if not 0 < t < min(later):
        raise ValueError(f"t: got {t:g}; above 0 and below {min(later):g}")
    b = z * math.sqrt(t)
    steps = [v - t for v in later]
    moved = [[(c * math.sqrt(v) - b) / math.sqrt(v - t) for c, v in zip(bounds, later, strict=True)] for bounds in (lower, upper)]  # fmt: skip

    def at(drift: float) -> float:
        return crossing(steps, moved[0], moved[1], drift).reject

    x, w = np.polynomial.hermite_e.hermegauss(_NODES)
    keep = w > 1e-14 * w.max()
    drifts = b / t + x[keep] / math.sqrt(t)
    averaged = float(np.dot(w[keep], [at(float(d)) for d in drifts]) / w[keep].sum())
    return Power(at(0.0), at(target), at(b / t), averaged)


def of_two_rates(
    x: int, n: int, y: int, m: int, more: tuple[int, int], rejects: NDArray[np.bool_], p0: float, p1: float
) -> Power:
    """After ``x`` of ``n`` tested and ``y`` of ``m`` controls, ``more`` of each to come; ``rejects[X, Y]`` at the end, of all. Exact."""
    if not (0 <= x <= n and 0 <= y <= m and n > 0 and m > 0):
        raise ValueError(f"x, y: got {x} of {n} and {y} of {m}")
    if rejects.shape != (n + more[0] + 1, m + more[1] + 1) or min(more) < 0:
        raise ValueError(f"rejects: got {rejects.shape}; {(n + more[0] + 1, m + more[1] + 1)}")
    part = rejects[x : x + more[0] + 1, y : y + more[1] + 1].astype(float)

    def by(tested: Array, control: Array) -> float:
        return float(tested @ part @ control)

    averaged = by(predictive(more[0], 1 + x, 1 + n - x), predictive(more[1], 1 + y, 1 + m - y))
    return Power(
        by(pmf(more[0], p0), pmf(more[1], p0)), by(pmf(more[0], p1), pmf(more[1], p0)),
        by(pmf(more[0], x / n), pmf(more[1], y / m)), averaged,
    )  # fmt: skip


def of_two_statistics(z: float, theory: Callable[[float], Moments], c2: float, target: float) -> Power:
    """After Z1 = ``z`` of one arm's times: P(Z2 > ``c2``), both normal with the ``theory``'s moments at a true hazard ratio."""

    def given(ratio: float) -> float:
        m = theory(ratio)
        mean = m.mean2 + m.rho * m.sd2 * (z - m.mean1) / m.sd1
        return float(ndtr((mean - c2) / (m.sd2 * math.sqrt(max(1 - m.rho**2, 1e-12)))))

    logs = np.linspace(math.log(_LEAST), math.log(_MOST), _GRID)
    at = [theory(math.exp(v)) for v in logs]
    misses = np.array([0.5 * ((z - m.mean1) / m.sd1) ** 2 + math.log(m.sd1) for m in at])
    weight = np.exp(-(misses - misses.min()))
    nearest = math.exp(logs[int(np.argmin([abs(z - m.mean1) for m in at]))])
    averaged = float(weight @ [given(math.exp(v)) for v in logs] / weight.sum())
    return Power(given(1.0), given(target), given(nearest), averaged)
