"""The one-sample log-rank test: observed events against those expected under a reference curve."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtri, ndtr

_NAN = float("nan")


@dataclass(frozen=True)
class OneSampleLogRank:
    """Observed and expected events, z = (O - E) / sqrt(E): z < 0 means fewer events than the reference, the better.

    ``p_one_sided`` = P(Z ≤ z), for fewer events; ``p_two_sided`` by the normal. ``smr`` (standardised mortality ratio)
    is O / E; ``smr_ci`` its exact Poisson interval at level ``conf_level`` (Garwood 1936, doi:10.1093/biomet/28.3-4.437).
    """

    observed: int
    expected: float
    z: float
    p_one_sided: float
    p_two_sided: float
    smr: float
    smr_ci: tuple[float, float]
    conf_level: float = 0.95


def one_sample_logrank(
    time: ArrayLike, event: ArrayLike, cumulative_hazard: ArrayLike, *, conf_level: float = 0.95
) -> OneSampleLogRank:
    """Compare with a reference whose cumulative hazard at each patient's own time is ``cumulative_hazard``; (n,).

    E is the sum of these hazards, and the variance of O - E under the reference (Breslow 1975, doi:10.2307/1402659;
    Woolson 1981, doi:10.2307/2530150; Finkelstein, Muzikansky & Schoenfeld 2003, J Natl Cancer Inst 95:1434). The times
    enter through the hazards only: they are asked for so that both are of the same patients. Follow-up is from time 0;
    late entry is not provided for. Without expected events all but the counts are NaN.

    The normal approximation is poor where few events are expected; the interval of ``smr`` is exact.

    Raises ValueError for shapes that differ, negative or missing times or hazards, events other than 0 and 1, or a level
    outside (0, 1).

    >>> found = one_sample_logrank([12, 12, 12, 12], [1, 0, 0, 0], [1, 1, 1, 1])
    >>> found.observed, found.expected, found.z
    (1, 4.0, -1.5)
    """
    t, e, h = (np.asarray(v, dtype=np.float64) for v in (time, event, cumulative_hazard))
    if not t.shape == e.shape == h.shape or t.ndim != 1:
        raise ValueError(
            f"time, event, cumulative_hazard: got shapes {t.shape}, {e.shape}, {h.shape}; all must be (n,)"
        )
    if not (np.isfinite(t) & (t >= 0)).all():
        raise ValueError("time: got a negative, infinite or missing value; times are 0 or more")
    if not ((e == 0) | (e == 1)).all():
        raise ValueError("event: got a value that is neither 0 nor 1")
    if not (np.isfinite(h) & (h >= 0)).all():
        raise ValueError("cumulative_hazard: got a negative, infinite or missing value; hazards are 0 or more")
    if not 0 < conf_level < 1:
        raise ValueError(f"conf_level: got {conf_level}; a share between 0 and 1")
    observed, expected = int(e.sum()), math.fsum(h.tolist())
    if expected == 0:
        return OneSampleLogRank(observed, expected, _NAN, _NAN, _NAN, _NAN, (_NAN, _NAN), conf_level)
    z = (observed - expected) / math.sqrt(expected)
    tail = (1 - conf_level) / 2
    # chdtri takes the upper tail
    low = float(chdtri(2 * observed, 1 - tail)) / 2 if observed else 0.0
    high = float(chdtri(2 * observed + 2, tail)) / 2
    return OneSampleLogRank(
        observed,
        expected,
        z,
        float(ndtr(z)),
        float(2 * ndtr(-abs(z))),
        observed / expected,
        (low / expected, high / expected),
        conf_level,
    )
