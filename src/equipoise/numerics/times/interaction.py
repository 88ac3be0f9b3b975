"""Does a hazard ratio differ between levels of a factor? Cox's model by level, and a likelihood-ratio test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc

from equipoise.numerics.times.survival import CoxResult, cox

_NAN = float("nan")


@dataclass(frozen=True)
class Interaction:
    """The hazard ratio in each level, and the test that they are one.

    The test is by likelihood ratio: a ratio for each level against one for all, both in strata of the factor (and of others, if given), so
    that the levels' own hazards may be any. ``df`` is one less than the number of levels that say anything of the ratio; where fewer than two
    do, ``chi2`` and ``p`` are NaN. A level whose events came in one group only counts with the supremum of its likelihood.
    """

    levels: Mapping[str, CoxResult]
    chi2: float
    df: int
    p: float


def interaction(
    time: ArrayLike, event: ArrayLike, treated: ArrayLike, level: ArrayLike, strata: ArrayLike | None = None
) -> Interaction:
    """Cox's hazard ratio of ``treated`` in each ``level``, stratified if ``strata`` are given, and their test; shapes (n,).

    Raises ValueError as ``cox``, and for levels of another length.
    """
    t, e, x, by = (np.asarray(a) for a in (time, event, treated, level))
    if by.shape != t.shape:
        raise ValueError(f"level: got shape {by.shape}; one a patient, {t.shape}")
    others = np.zeros(len(t), dtype=np.int64) if strata is None else _codes(strata, len(t))
    found: dict[str, CoxResult] = {}
    for name in np.unique(by).tolist():
        mine = by == name
        found[str(name)] = cox(t[mine], e[mine], x[mine], others[mine])
    telling = [r for r in found.values() if r.converged or r.separated]
    within = _codes(by, len(t)) * (int(others.max(initial=0)) + 1) + others
    one = cox(t, e, x, within)
    if len(telling) < 2 or not (one.converged or one.separated):
        return Interaction(found, _NAN, max(len(telling) - 1, 0), _NAN)
    # All events on one side in every level: nothing differs, and nothing is left to chance but rounding.
    chi2 = max(2 * (sum(r.log_likelihood for r in telling) - one.log_likelihood), 0.0)
    df = len(telling) - 1
    return Interaction(found, chi2, df, float(chdtrc(df, chi2)))


def _codes(labels: ArrayLike, n: int) -> NDArray[np.int64]:
    given = np.asarray(labels)
    if given.shape != (n,):
        raise ValueError(f"strata: got shape {given.shape}; one label a patient, ({n},)")
    return np.unique(given, return_inverse=True)[1].astype(np.int64)
