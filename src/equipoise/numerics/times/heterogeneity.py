"""Whether effects differ between subgroups: Cochran's Q (1954, doi:10.2307/3001666).

Of log hazard ratios fitted level by level it is Wald's test of treatment by level in Cox's model with a baseline hazard for each level.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2 as chi2_law


@dataclass(frozen=True)
class Heterogeneity:
    """Q, its degrees of freedom and p; NaN with fewer than two effects."""

    chi2: float
    df: int
    p: float


def heterogeneity(effects: Sequence[float], errors: Sequence[float]) -> Heterogeneity:
    """Q of independent ``effects`` with standard ``errors`` (above 0), both of length k."""
    effect, error = np.asarray(effects, dtype=np.float64), np.asarray(errors, dtype=np.float64)
    if effect.shape != error.shape or not (np.isfinite(effect).all() and (error > 0).all()):
        raise ValueError("effects and errors: got shapes that differ, or an effect without an error above 0")
    df = max(len(effect) - 1, 0)
    if len(effect) < 2:
        return Heterogeneity(float("nan"), df, float("nan"))
    weight = 1 / error**2
    chi2 = float(weight @ (effect - weight @ effect / weight.sum()) ** 2)
    return Heterogeneity(chi2, df, float(chi2_law.sf(chi2, df)))
