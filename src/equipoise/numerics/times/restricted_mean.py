"""Restricted mean survival: the area under a Kaplan–Meier curve up to τ, and the difference of two.

What Kaplan–Meier says of the time lived free of the event in the first τ, with no assumption of how hazards relate
(Royston & Parmar 2013, doi:10.1186/1471-2288-13-152).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from equipoise.numerics.times.survival import kaplan_meier

_NAN = float("nan")


@dataclass(frozen=True)
class RestrictedMean:
    """The mean time free of the event in the first ``tau``, with its standard error; in the unit of the times.

    Its standard error is Σ A(t)² d / (Y (Y - d)) to the one half, A(t) being the area from t to τ, d events and Y at risk (Klein &
    Moeschberger 2003, section 4.5; R's ``print(survfit(…), rmean = tau)``). NaN without patients.
    """

    tau: float
    mean: float
    std_err: float

    def interval(self, conf_level: float = 0.95) -> tuple[float, float]:
        """A normal interval."""
        return _around(self.mean, self.std_err, conf_level)


@dataclass(frozen=True)
class MeanDifference:
    """One restricted mean less another: above 0 where the first lives longer. ``p`` is two-sided, normal; NaN without a spread."""

    tau: float
    difference: float
    std_err: float
    lower: float
    upper: float
    p: float
    conf_level: float


def restricted_mean(time: ArrayLike, event: ArrayLike, tau: float) -> RestrictedMean:
    """The area under the curve of times and event indicators, shapes (n,), up to ``tau``.

    ``tau`` may not lie past the last time: there the curve says nothing, unless it has come to 0. Raises ValueError for that, for a
    ``tau`` that is not above 0, and as ``kaplan_meier``.

    >>> restricted_mean([1, 2, 3, 4], [1, 1, 1, 1], 4).mean
    2.5
    """
    if not tau > 0:
        raise ValueError(f"tau: got {tau}; a time above 0")
    curve = kaplan_meier(time, event)
    if not len(curve.time):
        return RestrictedMean(tau, _NAN, _NAN)
    if tau > curve.last_time and curve.survival[-1] > 0:
        raise ValueError(f"tau: got {tau}; at most the last time, {curve.last_time:g}")
    seen = curve.time < tau
    edges = np.concatenate([[0.0], curve.time[seen], [tau]])
    heights = np.concatenate([[1.0], curve.survival[seen]])
    areas = heights * np.diff(edges)
    mean = float(areas.sum())
    rest = mean - np.cumsum(areas)[:-1]
    d, y = curve.n_event[seen].astype(np.float64), curve.n_risk[seen].astype(np.float64)
    # Where all who are left have the event nothing is left of the area.
    telling = (d > 0) & (d < y)
    variance = float((rest[telling] ** 2 * d[telling] / (y[telling] * (y[telling] - d[telling]))).sum())
    return RestrictedMean(tau, mean, math.sqrt(variance))


def mean_difference(first: RestrictedMean, second: RestrictedMean, conf_level: float = 0.95) -> MeanDifference:
    """The first's less the second's; groups are independent. Raises ValueError where they are not up to the same τ."""
    if first.tau != second.tau:
        raise ValueError(f"tau: got {first.tau} and {second.tau}; the same for both")
    gap, spread = first.mean - second.mean, math.hypot(first.std_err, second.std_err)
    p = float(2 * ndtr(-abs(gap) / spread)) if spread > 0 else _NAN
    return MeanDifference(first.tau, gap, spread, *_around(gap, spread, conf_level), p, conf_level)


def _around(at: float, spread: float, conf_level: float) -> tuple[float, float]:
    if not 0 < conf_level < 1:
        raise ValueError(f"conf_level: got {conf_level}; a share between 0 and 1")
    if not spread > 0:
        return _NAN, _NAN
    reach = float(ndtri(0.5 + conf_level / 2)) * spread
    return at - reach, at + reach
