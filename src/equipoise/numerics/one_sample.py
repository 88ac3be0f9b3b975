"""The one-sample log-rank test: observed events against those expected under a reference curve."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import chi2, norm


@dataclass(frozen=True)
class OneSampleLogRank:
    """Observed and expected events, z = (O - E) / sqrt(E): z < 0 means fewer events than the reference, the better.

    ``p_one_sided`` is for fewer events. ``smr`` is O / E, with its exact Poisson interval of 95 %.
    """

    observed: int
    expected: float
    z: float
    p_one_sided: float
    p_two_sided: float
    smr: float
    smr_ci: tuple[float, float]


def one_sample_logrank(time: ArrayLike, event: ArrayLike, cumulative_hazard: ArrayLike) -> OneSampleLogRank:
    """Compare with a reference whose cumulative hazard at each patient's own time is ``cumulative_hazard``; (n,).

    E is the sum of these hazards, and its own variance estimate (Breslow 1975; Woolson 1981, doi:10.2307/2530150;
    Finkelstein et al. 2003, doi:10.1093/jnci/djg042). Raises ValueError for shapes that differ or hazards below 0.
    """
    t, e, h = (np.asarray(v, dtype=np.float64) for v in (time, event, cumulative_hazard))
    if not t.shape == e.shape == h.shape or t.ndim != 1:
        raise ValueError(f"got shapes {t.shape}, {e.shape}, {h.shape}; all must be (n,)")
    if (h < 0).any() or not np.isfinite(h).all():
        raise ValueError("cumulative_hazard: got a negative or missing value; hazards are 0 or more")
    observed, expected = int(e.sum()), math.fsum(h.tolist())
    if expected == 0:
        nan = float("nan")
        return OneSampleLogRank(observed, expected, nan, nan, nan, nan, (nan, nan))
    z = (observed - expected) / math.sqrt(expected)
    low = float(chi2.ppf(0.025, 2 * observed) / 2) if observed else 0.0
    high = float(chi2.ppf(0.975, 2 * observed + 2) / 2)
    return OneSampleLogRank(
        observed,
        expected,
        z,
        float(norm.cdf(z)),
        float(2 * norm.sf(abs(z))),
        observed / expected,
        (low / expected, high / expected),
    )
