"""Weibull curves: fitted to censored times, and pooled as pairs (log scale, log shape) with random effects."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq, minimize

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class WeibullFit:
    """S(t) = exp(-(t/scale)^shape) by maximum likelihood: logs of scale and shape, and their covariance (2, 2)."""

    log_scale: float
    log_shape: float
    covariance: Array
    log_likelihood: float

    def survival(self, time: ArrayLike) -> Array:
        """S at ``time``."""
        return np.exp(-((np.asarray(time, dtype=np.float64) / math.exp(self.log_scale)) ** math.exp(self.log_shape)))


def fit_weibull(time: ArrayLike, event: ArrayLike) -> WeibullFit:
    """Fit times (n,) with event indicators (n,), as R's ``survreg`` (whose scale is 1/shape).

    Raises ValueError for shapes that differ, times not above 0, or fewer than 2 distinct times of events.
    """
    t, e = np.asarray(time, dtype=np.float64), np.asarray(event, dtype=np.float64)
    if t.shape != e.shape or t.ndim != 1 or not (np.isfinite(t) & (t > 0)).all() or not np.isin(e, (0, 1)).all():
        raise ValueError("time, event: must be (n,) each, times above 0, events 0 or 1")
    if len(np.unique(t[e == 1])) < 2:
        raise ValueError("event: fewer than 2 distinct times of events; a shape cannot be fitted")
    d, logs = float(e.sum()), np.log(t)
    centre = float(logs.max())  # so that no power overflows

    def slope(k: float) -> float:  # of the profile likelihood, in k
        p = np.exp(k * (logs - centre))
        return d / k + float(e @ (logs - centre)) - d * float(p @ (logs - centre)) / float(p.sum())

    k = float(brentq(slope, 1e-3, 1e3, xtol=1e-14, rtol=1e-14))
    scale = centre + math.log(float(np.exp(k * (logs - centre)).sum()) / d) / k
    z = k * (logs - scale)
    p = np.exp(z)
    # Observed information in (log scale, log shape): both first derivatives are 0 here.
    aa = k**2 * float(p.sum())
    bb = float(p @ (z**2 + z) - e @ z)
    ab = -k * float(p @ (z + 1) - d)
    value = float(e @ (math.log(k) - logs + z) - p.sum())
    return WeibullFit(scale, math.log(k), np.linalg.inv(np.array([[aa, ab], [ab, bb]])), value)


@dataclass(frozen=True, eq=False)
class PooledPairs:
    """Mean pair (2,), its covariance (2, 2), and the covariance between trials (2, 2), by restricted likelihood."""

    mean: Array
    covariance: Array
    between: Array
    log_likelihood: float


def pool_pairs(estimates: ArrayLike, covariances: ArrayLike) -> PooledPairs:
    """Pool pairs (k, 2) with covariances (k, 2, 2): θ_i ~ N(μ, T), REML over an unstructured T.

    Bivariate random-effects meta-analysis (Jackson, Riley & White 2011, doi:10.1002/sim.4172). Raises ValueError for
    fewer than 3 trials or shapes that differ.
    """
    y, s = np.asarray(estimates, dtype=np.float64), np.asarray(covariances, dtype=np.float64)
    if y.ndim != 2 or y.shape[1] != 2 or s.shape != (len(y), 2, 2) or len(y) < 3:
        raise ValueError(f"estimates, covariances: got {y.shape}, {s.shape}; (k, 2) and (k, 2, 2) with k of 3 or more")

    def between(par: Array) -> Array:
        low = np.array([[math.exp(par[0]), 0.0], [par[1], math.exp(par[2])]])
        return np.asarray(low @ low.T)

    def pieces(t: Array) -> tuple[Array, Array, float]:
        w = np.linalg.inv(s + t)
        total = w.sum(axis=0)
        mean = np.linalg.solve(total, np.einsum("kij,kj->i", w, y))
        r = y - mean
        logs = -np.linalg.slogdet(s + t)[1].sum() - np.linalg.slogdet(total)[1] - np.einsum("ki,kij,kj->", r, w, r)
        return mean, np.linalg.inv(total), 0.5 * float(logs) - math.log(2 * math.pi) * (len(y) - 1)

    spread = np.sqrt(np.maximum(y.var(axis=0), 1e-6))
    starts = [np.array([math.log(spread[0] * f), 0.0, math.log(spread[1] * f)]) for f in (1.0, 0.3, 0.05)]
    options: Any = {"xatol": 1e-10, "fatol": 1e-13, "maxiter": 8000, "maxfev": 8000}

    def minus(par: Any) -> float:
        return -pieces(between(par))[2]

    tried = [minimize(minus, x.tolist(), method="Nelder-Mead", options=options) for x in starts]
    best = min(tried, key=lambda r: float(r.fun))
    t = between(best.x)
    mean, covariance, value = pieces(t)
    return PooledPairs(mean, covariance, t, value)
