"""Restricted mean survival time: the area under the Kaplan–Meier curve up to a time, and the difference of two.

Royston & Parmar 2013 (doi:10.1186/1471-2288-13-152); the standard error is Greenwood's (Klein & Moeschberger 2003, section 4.5).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from equipoise.numerics.times.survival import check_level, kaplan_meier

_NAN = float("nan")


@dataclass(frozen=True)
class RestrictedMean:
    """Mean time without the event up to ``tau``, with its standard error and a normal interval."""

    tau: float
    mean: float
    se: float
    lower: float
    upper: float


@dataclass(frozen=True)
class MeanDifference:
    """Difference of two restricted means, first less second; ``p`` is two-sided. Where no error can be had, limits and p are NaN."""

    difference: float
    se: float
    lower: float
    upper: float
    p: float


def restricted_mean(time: ArrayLike, event: ArrayLike, tau: float, *, conf_level: float = 0.95) -> RestrictedMean:
    """The area under the Kaplan–Meier curve from 0 to ``tau``; shapes (n,).

    Its variance is Σ A(t)² d / (Y (Y - d)) over the times t ≤ tau of events, A(t) the area from t to tau. NaN without patients, and
    past the last time, where the curve is not known. Raises ValueError as ``kaplan_meier``, and for tau below 0.

    >>> restricted_mean([1, 2, 3, 4], [1, 1, 1, 1], 4).mean
    2.5
    """
    check_level(conf_level)
    if not tau >= 0:
        raise ValueError(f"tau: got {tau}; 0 or more")
    curve = kaplan_meier(time, event)
    if not len(curve.time) or tau > curve.last_time:
        return RestrictedMean(tau, _NAN, _NAN, _NAN, _NAN)
    inside = curve.time < tau
    ends = np.append(curve.time[inside], tau)
    widths = np.diff(ends, prepend=0.0)
    pieces = widths * np.append(1.0, curve.survival[inside])
    after = pieces.sum() - np.cumsum(pieces)[:-1]
    d, y = curve.n_event[inside].astype(float), curve.n_risk[inside].astype(float)
    # Where all at risk have the event the curve is 0 and no area is left.
    left = y > d
    variance = float((after[left] ** 2 * d[left] / (y[left] * (y[left] - d[left]))).sum())
    mean, se = float(pieces.sum()), math.sqrt(variance)
    reach = float(ndtri(0.5 + conf_level / 2)) * se
    return RestrictedMean(tau, mean, se, mean - reach, mean + reach)


def mean_difference(first: RestrictedMean, second: RestrictedMean, *, conf_level: float = 0.95) -> MeanDifference:
    """The first restricted mean less the second, of groups that are independent. Raises ValueError for two different ``tau``."""
    if first.tau != second.tau:
        raise ValueError(f"tau: got {first.tau} and {second.tau}; the same for both")
    gap, se = first.mean - second.mean, math.hypot(first.se, second.se)
    if not se > 0:
        return MeanDifference(gap, se, _NAN, _NAN, _NAN)
    reach = float(ndtri(0.5 + conf_level / 2)) * se
    return MeanDifference(gap, se, gap - reach, gap + reach, float(2 * ndtr(-abs(gap) / se)))
