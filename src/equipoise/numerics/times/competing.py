"""Competing risks: cumulative incidence (Aalen & Johansen) and Gray's test; arrays in, numbers out.

A cause of 0 is censored, 1 is the event of interest, 2 or more is an event after which that of interest cannot come.
One minus Kaplan–Meier, which takes such events for censored, exceeds the probability of the event of interest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2 as chi2_law

from equipoise.numerics.times.survival import coded, library

Array = NDArray[np.float64]
_NAN = float("nan")


@dataclass(frozen=True)
class IncidenceAt:
    """Cumulative incidence at a time with its limits and standard error; ``beyond`` is true past the last time."""

    time: float
    incidence: float
    lower: float
    upper: float
    n_risk: int
    std_err: float
    beyond: bool


@dataclass(frozen=True, eq=False)
class CumulativeIncidence:
    """The Aalen–Johansen estimate of the probability of cause 1 by each distinct time (1978, Scand J Stat 5:141).

    Arrays have shape (m,). ``std_err`` is the infinitesimal jackknife's, as in R's ``survfit`` of several states; limits are log-log
    at level ``conf_level``: F^exp(±z se / (F log F)), NaN while F is 0.
    """

    time: Array
    n_risk: NDArray[np.int64]
    incidence: Array
    std_err: Array
    lower: Array
    upper: Array
    conf_level: float

    def at(self, time: float) -> IncidenceAt:
        """The estimate at ``time``; events of that very day count. Past the last time the last value is carried forward, with ``beyond``."""
        if not len(self.time):
            return IncidenceAt(time, _NAN, _NAN, _NAN, 0, _NAN, beyond=True)
        after = int(np.searchsorted(self.time, time, side="left"))
        at_risk = int(self.n_risk[after]) if after < len(self.time) else 0
        i = int(np.searchsorted(self.time, time, side="right")) - 1
        if i < 0:
            return IncidenceAt(time, 0.0, _NAN, _NAN, at_risk, 0.0, beyond=False)
        return IncidenceAt(
            time, float(self.incidence[i]), float(self.lower[i]), float(self.upper[i]), at_risk,
            float(self.std_err[i]), beyond=bool(time > self.time[-1]),
        )  # fmt: skip


@dataclass(frozen=True)
class GrayTest:
    """Gray's test of equal cumulative incidence of cause 1 in k groups (1988, doi:10.1214/aos/1176350951), ρ = 0.

    ``scores`` go by ``groups`` in sorted order: events of cause 1 less those expected, summed over strata. NaN where nothing can
    be tested.
    """

    chi2: float
    df: int
    p: float
    scores: tuple[float, ...]
    groups: tuple[object, ...]


def cumulative_incidence(time: ArrayLike, cause: ArrayLike, *, conf_level: float = 0.95) -> CumulativeIncidence:
    """Cumulative incidence of cause 1; shapes (n,), n may be 0.

    Raises ValueError for times that are negative, infinite or missing, causes that are not whole numbers from 0, and shapes that differ.

    >>> cumulative_incidence([1, 2, 3, 4], [1, 2, 1, 2]).at(3).incidence
    0.5
    """
    t, c = _checked(time, cause)
    if not len(t):
        none = np.array([], dtype=np.float64)
        return CumulativeIncidence(none, none.astype(np.int64), none, none, none, none, conf_level)
    others = 1 + np.unique(c[c > 1], return_inverse=True)[1]
    state = c.copy()
    state[c > 1] = 1 + others
    # Both states are always there: the library has no state that nobody came to.
    names = [f"cause {k}" for k in range(1, max(int(state.max()), 2) + 1)]
    fit = library("surv_analysis").survfitaj(t, state, names, conf_type="log-log", conf_int=conf_level, timefix=False)
    whole = np.array(fit.pstate, dtype=np.float64)[:, 1]
    lower, upper = (np.array(limit, dtype=np.float64)[:, 1] for limit in (fit.lower, fit.upper))
    lower[whole <= 0], upper[whole <= 0] = _NAN, _NAN
    at = np.array(fit.time, dtype=np.float64)
    at_risk = np.array([(t >= u).sum() for u in at], dtype=np.int64)
    return CumulativeIncidence(
        at, at_risk, whole, np.array(fit.std_err, dtype=np.float64)[:, 1], lower, upper, conf_level
    )


def gray(time: ArrayLike, cause: ArrayLike, group: ArrayLike, strata: ArrayLike | None = None) -> GrayTest:
    """Gray's test of the groups, stratified if ``strata`` are given; shapes (n,). Raises ValueError as ``cumulative_incidence``."""
    t, c = _checked(time, cause)
    levels, codes = coded("group", group, len(t))
    stratum = np.zeros(len(t), dtype=np.int64) if strata is None else coded("strata", strata, len(t))[1]
    k = len(levels)
    scores, variance = np.zeros(k), np.zeros((k, k))
    for s in range(int(stratum.max(initial=-1)) + 1):
        mine = stratum == s
        found, spread = _scores(t[mine], c[mine], codes[mine], k)
        scores, variance = scores + found, variance + spread
    names, given = tuple(levels.tolist()), tuple(scores.tolist())
    # A group without variance was never at risk together with another when an event of cause 1 came.
    told = np.flatnonzero(np.diag(variance) > 1e-12)
    if len(told) < 2:
        return GrayTest(_NAN, max(k - 1, 0), _NAN, given, names)
    kept = told[:-1]
    chi2 = float(scores[kept] @ np.linalg.solve(variance[np.ix_(kept, kept)], scores[kept]))
    return GrayTest(chi2, len(kept), float(chi2_law.sf(chi2, len(kept))), given, names)


def _scores(t: Array, c: NDArray[np.int64], codes: NDArray[np.int64], k: int) -> tuple[Array, Array]:
    """Scores (k,) and their covariance (k, k) in one stratum.

    With Y at risk, S the Kaplan–Meier curve of any event and F the cumulative incidence in a group, h = Y/S- stands for the patients
    whom censoring has left, had nobody failed, and R = h (1 - F-) for those at risk of the subdistribution. The score is
    ∫ dN₁ - R/R. dN₁. Its variance is that of its influence function, for an event of a group r at u:

        cause 1:  D(u) + (1 - G(u)/S(u)) (C(∞) - C(u))        D_jr = h_j (δ_jr - h_r/h.),  C = ∫ D dΓ
        cause 2:       -  G(u)/S(u)      (C(∞) - C(u))        Γ, G = 1 - F: of all groups, which are alike under the hypothesis

    each over h_r. Events of cause 1 are spread over the groups as the hypothesis has them, those of cause 2 are each group's own.
    Ties have the factor 1 - (d - 1)/(n - 1) of the hypergeometric distribution.
    """
    times = np.unique(t[c > 0])
    at = t[None, :] == times[:, None]
    of = codes[None, :] == np.arange(k)[:, None]
    risk = (t[None, :] >= times[:, None]).astype(np.float64) @ of.T
    d1, d2 = (((at & which[None, :]).astype(np.float64)) @ of.T for which in (c == 1, c > 1))
    any_at_risk = np.where(risk > 0, risk, 1.0)
    surv = np.cumprod(1 - (d1 + d2) / any_at_risk, axis=0)
    before = np.vstack([np.ones((1, k)), surv[:-1]])
    own = np.cumsum(before * d1 / any_at_risk, axis=0)
    h = np.where(risk > 0, risk / np.where(before > 0, before, 1.0), 0.0)
    sub = h * (1 - np.vstack([np.zeros((1, k)), own[:-1]]))
    first, all_h, all_sub = d1.sum(axis=1), h.sum(axis=1), sub.sum(axis=1)
    # Where an event of cause 1 comes, somebody is at risk: both sums are above 0 there.
    share = sub / np.where(all_sub > 0, all_sub, 1.0)[:, None]
    scores = d1.sum(axis=0) - first @ share

    d_f = first / np.where(all_h > 0, all_h, 1.0)
    free = 1 - np.cumsum(d_f)
    free_before = np.append(1.0, free)[:-1]
    d_gamma = d_f / np.where(free_before > 0, free_before, 1.0)
    variance = np.zeros((k, k))
    for r in range(k):
        here = h[:, r]
        apart = h * ((np.arange(k) == r) - (here / np.where(all_h > 0, all_h, 1.0))[:, None])
        later = np.cumsum(apart * d_gamma[:, None], axis=0)
        rest = later[-1:] - later
        odds = np.divide(free, surv[:, r], out=np.zeros_like(free), where=surv[:, r] > 1e-12)[:, None]
        by_one, by_other = apart + (1 - odds) * rest, -odds * rest
        over = np.where(here > 0, here, np.inf)
        tied = _ties(first, all_h * before[:, r])
        tied_other = _ties(d2[:, r], risk[:, r])
        variance += (by_one * (d_f * tied / over)[:, None]).T @ by_one
        variance += (by_other * (d2[:, r] * tied_other / over**2)[:, None]).T @ by_other
    return scores, variance


def _ties(d: Array, n: Array) -> Array:
    many = (d > 1) & (n > 1)
    return np.where(many, np.maximum(1 - (d - 1) / np.where(many, n - 1, 1.0), 0.0), 1.0)


def _checked(time: ArrayLike, cause: ArrayLike) -> tuple[Array, NDArray[np.int64]]:
    t, given = np.asarray(time, dtype=np.float64), np.asarray(cause)
    if t.ndim != 1 or t.shape != given.shape:
        raise ValueError(f"time and cause: got shapes {t.shape} and {given.shape}; both must be (n,)")
    if not (np.isfinite(t) & (t >= 0)).all():
        raise ValueError("time: got a negative, infinite or missing value; times are 0 or more")
    c = given.astype(np.int64)
    if len(t) and not ((c == given) & (c >= 0)).all():
        raise ValueError("cause: got a value that is not a whole number from 0")
    return t, c
