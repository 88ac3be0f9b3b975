"""Random-effects pooling of estimates with known variances: how much trials differ, their mean, and the next one.

The model: estimate i is Normal(θ_i, v_i) and θ_i is Normal(μ, τ²). Variances are taken as known.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import chdtrc, ndtri, stdtrit

Array = NDArray[np.float64]
Tau2Method = Literal["REML", "DL", "PM", "ML", "common"]
MeanInterval = Literal["HKSJ", "normal", "HKSJ-wider"]
#: The grid on which roots of the likelihoods' slopes are looked for, in units of the largest squared distance.
_GRID = np.concatenate([[0.0], np.geomspace(1e-9, 20.0, 240)])


@dataclass(frozen=True)
class Pooled:
    """The mean of the trials, its interval, and the interval for the next trial's true value, on the estimates' scale.

    ``q`` on k - 1 degrees is Cochran's statistic with its upper-tail ``p_q``; ``i2`` is the share of the variance
    that is between trials, τ²/(τ² + s²) with Higgins & Thompson's typical s² (2002, doi:10.1002/sim.1186).
    ``prediction`` is NaN where k < 3, but for the common-effect model (the mean's own interval). ``interval_method`` is 'binomial'
    where k = 1: one arm's own exact interval.
    """

    k: int
    mean: float
    se: float
    interval: tuple[float, float]
    prediction: tuple[float, float]
    prediction_df: float
    prediction_sd: float
    tau2: float
    q: float
    p_q: float
    i2: float
    conf_level: float
    method: Tau2Method
    interval_method: MeanInterval | Literal["binomial"]


def pool(
    estimates: ArrayLike,
    variances: ArrayLike,
    method: Tau2Method = "REML",
    interval: MeanInterval = "HKSJ",
    conf_level: float = 0.95,
) -> Pooled:
    """Pool estimates (k,) with variances (k,), k ≥ 2.

    ``method``: 'DL' DerSimonian & Laird (1986, doi:10.1016/0197-2456(86)90046-2), 'PM' Paule & Mandel (1982,
    doi:10.6028/jres.087.022), 'REML' and 'ML' (Viechtbauer 2005, doi:10.3102/10769986030003261), 'common' τ² = 0.
    ``interval``: 'normal' (z), 'HKSJ' Hartung–Knapp–Sidik–Jonkman (t with k - 1 degrees, 2001,
    doi:10.1002/sim.1009), or 'HKSJ-wider': HKSJ's where it is the wider, else with the normal's standard error and t.
    The prediction interval is t with k - 2 degrees and variance τ² + se² (Higgins, Thompson & Spiegelhalter 2009,
    doi:10.1111/j.1467-985X.2008.00552.x). Raises ValueError for shapes that differ, fewer than 2 estimates,
    variances that are not above 0, or an unknown method.

    >>> found = pool([0.0, 1.0], [0.25, 0.25], "DL", "normal")
    >>> found.mean, found.tau2
    (0.5, 0.25)
    """
    y, v = checked(estimates, variances)
    if method not in get_args(Tau2Method) or interval not in get_args(MeanInterval):
        raise ValueError(
            f"method, interval: got {method!r}, {interval!r}; {get_args(Tau2Method)}, {get_args(MeanInterval)}"
        )
    if not 0 < conf_level < 1:
        raise ValueError(f"conf_level: got {conf_level}; a share between 0 and 1")
    k = len(y)
    q = _q(y, v, 0.0)
    tau2 = between(y, v, method)
    w = 1 / (v + tau2)
    mean = float((w @ y) / w.sum())
    se = math.sqrt(1 / w.sum())
    upper = (1 + conf_level) / 2
    if interval == "normal":
        half = float(ndtri(upper)) * se
    else:
        spread = math.sqrt(float(w @ (y - mean) ** 2) / (k - 1) / w.sum())
        se = spread if interval == "HKSJ" else max(se, spread)
        half = float(stdtrit(k - 1, upper)) * se
    sd = math.sqrt(tau2 + se**2)
    if method == "common":
        df, ahead = math.inf, half
    elif k > 2:
        df, ahead = k - 2.0, float(stdtrit(k - 2, upper)) * sd
    else:
        df, ahead = math.nan, math.nan
    s2 = (k - 1) * (1 / v).sum() / ((1 / v).sum() ** 2 - (1 / v**2).sum())
    return Pooled(
        k, mean, se, (mean - half, mean + half), (mean - ahead, mean + ahead), df, sd, tau2, q, float(chdtrc(k - 1, q)),
        float(tau2 / (tau2 + s2)), conf_level, method, interval,
    )  # fmt: skip


def between(y: Array, v: Array, method: Tau2Method) -> float:
    """τ², the variance between trials; 0 where the estimates differ no more than by chance."""
    k = len(y)
    if method == "common":
        return 0.0
    if method == "DL":
        w = 1 / v
        return max(0.0, (_q(y, v, 0.0) - (k - 1)) / float(w.sum() - (w**2).sum() / w.sum()))
    if method == "PM":
        if _q(y, v, 0.0) <= k - 1:
            return 0.0
        top = float(np.ptp(y)) ** 2 + float(v.max())
        while _q(y, v, top) > k - 1:
            top *= 2
        return float(brentq(lambda t: _q(y, v, t) - (k - 1), 0.0, top, xtol=1e-15, rtol=1e-14))
    return _likeliest(y, v, restricted=method == "REML")


def _likeliest(y: Array, v: Array, *, restricted: bool) -> float:
    """The τ² at which the (restricted) likelihood is highest: all roots of its slope are tried, and 0."""
    grid = _GRID * max(float(np.ptp(y)) ** 2, float(v.min()))

    def slope(t: float) -> float:
        w = 1 / (v + t)
        mean = (w @ y) / w.sum()
        trace = w.sum() - ((w**2).sum() / w.sum() if restricted else 0.0)
        return float((w**2) @ (y - mean) ** 2 - trace)

    slopes = [slope(t) for t in grid]
    candidates = [0.0]
    for a, b, sa, sb in zip(grid, grid[1:], slopes, slopes[1:], strict=False):
        if sa > 0 >= sb:
            candidates.append(float(brentq(slope, a, b, xtol=1e-16, rtol=1e-14)))
    return max(candidates, key=lambda t: log_likelihood(y, v, t, restricted=restricted))


def log_likelihood(y: Array, v: Array, tau2: float, *, restricted: bool) -> float:
    """Log-likelihood of τ² with the mean at its best (or integrated out), up to a constant."""
    w = 1 / (v + tau2)
    mean = (w @ y) / w.sum()
    value = 0.5 * float(np.log(w).sum() - w @ (y - mean) ** 2)
    return value - 0.5 * math.log(w.sum()) if restricted else value


def _q(y: Array, v: Array, tau2: float) -> float:
    w = 1 / (v + tau2)
    return float(w @ (y - (w @ y) / w.sum()) ** 2)


def checked(estimates: ArrayLike, variances: ArrayLike) -> tuple[Array, Array]:
    """The estimates and variances as arrays. Raises ValueError unless they can be pooled."""
    y, v = (np.asarray(a, dtype=np.float64) for a in (estimates, variances))
    if y.shape != v.shape or y.ndim != 1 or len(y) < 2:
        raise ValueError(f"estimates, variances: got shapes {y.shape}, {v.shape}; both (k,) with k of 2 or more")
    if not np.isfinite(y).all() or not (np.isfinite(v) & (v > 0)).all():
        raise ValueError("estimates, variances: got a missing value, or a variance that is not above 0")
    return y, v
