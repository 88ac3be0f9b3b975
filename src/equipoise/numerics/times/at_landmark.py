"""Survival and cumulative hazard of one arm at a landmark, with standard errors that are there for every data set.

The Kaplan–Meier estimate with Greenwood's variance, and the Nelson–Aalen estimate with the variance sum of d / n² (Aalen 1978,
doi:10.1214/aos/1176344247). At most half an event away from none, or from all, an estimate has no standard error: without an event up
to the landmark half an event is taken at the day on which all are at risk; where nobody is left half an event is taken back.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class HazardAt:
    """The Nelson–Aalen estimate."""

    cumulative: float
    standard_error: float


@dataclass(frozen=True)
class SurvivalAtLandmark:
    """The Kaplan–Meier estimate; ``standard_error`` is Greenwood's, of S."""

    survival: float
    standard_error: float


def hazard_at(time: ArrayLike, event: ArrayLike, landmark: float) -> HazardAt:
    """The cumulative hazard at ``landmark``; events on that very day count. Raises ValueError without patients.

    >>> found = hazard_at([1, 2, 3, 4], [1, 0, 1, 0], 3)
    >>> found.cumulative, round(found.standard_error**2, 4)
    (0.75, 0.3125)
    """
    d, n = _events(time, event, landmark)
    return HazardAt(float((d / n).sum()), math.sqrt(float((d / n**2).sum())))


def survival_at(time: ArrayLike, event: ArrayLike, landmark: float) -> SurvivalAtLandmark:
    """Survival at ``landmark``; events on that very day count. Raises ValueError without patients.

    >>> found = survival_at([1, 2, 3, 4], [1, 0, 1, 0], 3)
    >>> found.survival, round(found.standard_error, 4)
    (0.375, 0.2864)
    """
    d, n = _events(time, event, landmark)
    d = np.where(d == n, d - 0.5, d)
    s = float(np.prod(1 - d / n))
    return SurvivalAtLandmark(s, s * math.sqrt(float((d / (n * (n - d))).sum())))


def _events(time: ArrayLike, event: ArrayLike, landmark: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Events and patients at risk at each time of an event up to the landmark; half an event where there is none."""
    t, e = np.asarray(time, dtype=np.float64), np.asarray(event, dtype=bool)
    if not len(t):
        raise ValueError("time: got none; at least one patient")
    at, counts = np.unique(t[e & (t <= landmark)], return_counts=True)
    if not len(at):
        return np.array([0.5]), np.array([float(len(t))])
    return counts.astype(np.float64), len(t) - np.searchsorted(np.sort(t), at, side="left").astype(np.float64)
