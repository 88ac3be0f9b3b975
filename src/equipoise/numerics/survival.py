"""Survival estimators: Kaplan–Meier, log-rank, Cox; arrays in, numbers out.

The estimators are those of the library ``survival`` (a Rust rendering of R's survival, MIT), through its R-like
interface; see docs/decisions/survival-estimators.md. This file is all that knows it. Give times as whole days where
ties matter: months computed in floating point break ties that are there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

IntervalKind = Literal["log-log", "log", "plain"]
MedianConvention = Literal["R", "SAS"]
_NAN = float("nan")


@dataclass(frozen=True)
class QuantileEstimate:
    """A quantile with its interval; NaN where it is not reached."""

    estimate: float
    lower: float
    upper: float


@dataclass(frozen=True)
class SurvivalAt:
    """Survival at a time, its interval, and how many were at risk just before."""

    time: float
    survival: float
    lower: float
    upper: float
    n_risk: int


@dataclass(frozen=True)
class KaplanMeier:
    """A product-limit curve (Kaplan & Meier 1958, doi:10.1080/01621459.1958.10501452).

    Arrays have one entry per distinct time. ``lower`` and ``upper`` are pointwise limits of kind ``interval`` at level
    ``conf_level``; ``std_err`` is Greenwood's standard error of the survival itself (R prints it divided by S).
    """

    time: NDArray[np.float64]
    n_risk: NDArray[np.int64]
    n_event: NDArray[np.int64]
    n_censor: NDArray[np.int64]
    survival: NDArray[np.float64]
    std_err: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    conf_level: float
    interval: IntervalKind

    def median(self, convention: MedianConvention = "R") -> QuantileEstimate:
        """The median with its interval. See ``quantile``."""
        return self.quantile(0.5, convention)

    def quantile(self, p: float, convention: MedianConvention = "R") -> QuantileEstimate:
        """The time by which a share ``p`` has had the event: the first time with S(t) ≤ 1 - p.

        Where S lies exactly on 1 - p over a stretch, the middle of the stretch is taken. Where the curve ends on that
        stretch, convention 'R' takes the middle up to the last time and 'SAS' says not estimable (NaN). Limits invert the interval (Brookmeyer &
        Crowley 1982, doi:10.2307/2530286).
        """
        if not 0 < p < 1:
            raise ValueError(f"p: got {p}; a share between 0 and 1")
        return QuantileEstimate(
            self._crossing(self.survival, 1 - p, convention),
            self._crossing(self.lower, 1 - p, convention),
            self._crossing(self.upper, 1 - p, convention),
        )

    def _crossing(self, curve: NDArray[np.float64], level: float, convention: MedianConvention) -> float:
        # The tolerance is R's: products of fractions miss the level by rounding.
        tolerance = 1.5e-8
        below = np.flatnonzero(np.nan_to_num(curve, nan=2.0) < level + tolerance)
        if not len(below):
            return _NAN
        first = int(below[0])
        if abs(curve[first] - level) >= tolerance:
            return float(self.time[first])
        after = np.flatnonzero(np.nan_to_num(curve, nan=2.0) < level - tolerance)
        if len(after):
            return float(self.time[first] + self.time[after[0]]) / 2
        return float(self.time[first] + self.time[-1]) / 2 if convention == "R" else _NAN

    def at(self, time: float) -> SurvivalAt:
        """Survival at ``time``: events on that very day count. Past the last time the last value stands (R's extend).

        The number at risk is of those whose time is ``time`` or later; 0 past the last time.
        """
        n = int(self.n_event.sum() + self.n_censor.sum())
        before = int(np.searchsorted(self.time, time, side="right"))
        gone = int((self.n_event + self.n_censor)[: int(np.searchsorted(self.time, time, side="left"))].sum())
        if before == 0:
            return SurvivalAt(time, 1.0, 1.0, 1.0, n)
        i = before - 1
        return SurvivalAt(time, float(self.survival[i]), float(self.lower[i]), float(self.upper[i]), n - gone)

    @cached_property
    def last_time(self) -> float:
        """The longest time; NaN without patients."""
        return float(self.time[-1]) if len(self.time) else _NAN


@dataclass(frozen=True)
class LogRank:
    """Log-rank test of k groups (Mantel 1966; Peto & Peto 1972, doi:10.2307/2344317); p is two-sided for k = 2.

    ``observed`` and ``expected`` go by the groups in sorted order.
    """

    chi2: float
    df: int
    p: float
    observed: tuple[float, ...]
    expected: tuple[float, ...]


@dataclass(frozen=True)
class CoxResult:
    """Hazard ratio of treated against not (Cox 1972; ties after Efron 1977), with a Wald interval.

    Below 1 favours the treated. ``separated`` is true when all events lie in one group: then the ratio is 0 or
    infinite, its standard error and limits are NaN.
    """

    hr: float
    lower: float
    upper: float
    log_hr: float
    se: float
    p: float
    separated: bool


def kaplan_meier(
    time: ArrayLike, event: ArrayLike, *, conf_level: float = 0.95, interval: IntervalKind = "log-log"
) -> KaplanMeier:
    """The Kaplan–Meier curve of times and event indicators, shapes (n,). Raises ValueError for negative times or NaN."""
    t, e = _checked(time, event)
    if not len(t):
        none, no = np.empty(0), np.empty(0, dtype=np.int64)
        return KaplanMeier(none, no, no, no, none, none, none, none, conf_level, interval)
    import survival

    fit: Any = survival.survfit(survival.Surv(t, e), conf_type=interval, conf_int=conf_level)
    surv = np.asarray(fit.surv, dtype=np.float64)
    # The library gives, as R does, the standard error of the cumulative hazard: infinite where the curve reaches 0.
    hazard_error = np.asarray(fit.std_err, dtype=np.float64)
    std_err = np.multiply(surv, hazard_error, out=np.zeros_like(surv), where=surv > 0)
    return KaplanMeier(
        np.asarray(fit.time, dtype=np.float64),
        np.rint(np.asarray(fit.n_risk, dtype=np.float64)).astype(np.int64),
        np.rint(np.asarray(fit.n_event, dtype=np.float64)).astype(np.int64),
        np.rint(np.asarray(fit.n_censor, dtype=np.float64)).astype(np.int64),
        surv,
        std_err,
        np.asarray(fit.lower, dtype=np.float64),
        np.asarray(fit.upper, dtype=np.float64),
        conf_level,
        interval,
    )


def logrank(time: ArrayLike, event: ArrayLike, group: ArrayLike, strata: ArrayLike | None = None) -> LogRank:
    """The log-rank test of the groups, stratified if ``strata`` are given; shapes (n,).

    Without events, with fewer than two groups, or where no event says anything of the groups (one alone at risk, or all
    events at once), nothing can be tested: chi2 and p are NaN.
    """
    t, e = _checked(time, event)
    g = np.asarray(group)
    levels = np.unique(g)
    df = max(len(levels) - 1, 0)
    if df == 0 or not e.any():
        return LogRank(_NAN, df, _NAN, tuple(float(e[g == k].sum()) for k in levels), (0.0,) * len(levels))
    import survival

    codes = np.searchsorted(levels, g)
    try:
        if strata is None:
            test: Any = survival.survdiff(survival.Surv(t, e), group=codes)
        else:
            data = {"time": t, "event": e, "group": codes, "stratum": np.asarray(strata)}
            test = survival.survdiff("Surv(time, event) ~ group + strata(stratum)", data)
    except RuntimeError:
        # No variance: whenever there was an event, one group alone was at risk, or everybody had it.
        return LogRank(_NAN, df, _NAN, tuple(float(e[g == k].sum()) for k in levels), (_NAN,) * len(levels))
    observed, expected = np.asarray(test.obs, dtype=float), np.asarray(test.exp, dtype=float)
    if observed.ndim > 1:  # by stratum
        observed, expected = observed.sum(axis=1), expected.sum(axis=1)
    return LogRank(float(test.chisq), df, float(test.pvalue), tuple(observed.tolist()), tuple(expected.tolist()))


def cox(
    time: ArrayLike,
    event: ArrayLike,
    treated: ArrayLike,
    strata: ArrayLike | None = None,
    *,
    conf_level: float = 0.95,
) -> CoxResult:
    """Cox's hazard ratio of ``treated`` (1 or true) against the rest; shapes (n,)."""
    t, e = _checked(time, event)
    x = np.asarray(treated).astype(np.int64)
    on, off = int(e[x == 1].sum()), int(e[x == 0].sum())
    if not (x == 1).any() or not (x == 0).any() or on + off == 0:
        return CoxResult(_NAN, _NAN, _NAN, _NAN, _NAN, _NAN, separated=False)
    if _separated(t, e, x):
        sign = 1 if off == 0 or on > 0 else -1
        return CoxResult(math.inf if sign > 0 else 0.0, _NAN, _NAN, sign * math.inf, _NAN, _NAN, separated=True)
    import survival
    from scipy.stats import norm

    data: dict[str, Any] = {"time": t, "event": e, "treated": x}
    formula = "Surv(time, event) ~ treated"
    if strata is not None:
        data["stratum"] = np.asarray(strata)
        formula += " + strata(stratum)"
    # tighter than R's 1e-9 on the log-likelihood, so that the estimate itself is good to 1e-10
    fit: Any = survival.coxph(formula, data, eps=1e-14, toler_chol=1e-15, iter_max=50)
    beta = float(np.ravel(fit.coefficients)[0])
    se = math.sqrt(float(np.ravel(fit.var)[0]))
    z = float(norm.ppf(0.5 + conf_level / 2))
    return CoxResult(
        math.exp(beta),
        math.exp(beta - z * se),
        math.exp(beta + z * se),
        beta,
        se,
        float(2 * norm.sf(abs(beta) / se)),
        separated=False,
    )


def _separated(t: NDArray[np.float64], e: NDArray[np.int64], x: NDArray[np.int64]) -> bool:
    """True when every event among patients of both groups at risk falls in the same group: no finite estimate."""
    informative = []
    for moment in np.unique(t[e == 1]):
        at_risk = t >= moment
        if (x[at_risk] == 1).any() and (x[at_risk] == 0).any():
            informative.append(x[(t == moment) & (e == 1)])
    if not informative:
        return True
    return len(np.unique(np.concatenate(informative))) == 1


def _checked(time: ArrayLike, event: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    t = np.asarray(time, dtype=np.float64)
    e = np.asarray(event).astype(np.int64)
    if t.ndim != 1 or t.shape != e.shape:
        raise ValueError(f"time and event: got shapes {t.shape} and {e.shape}; both must be (n,)")
    if np.isnan(t).any() or (t < 0).any() or np.isinf(t).any():
        raise ValueError("time: got a negative, infinite or missing value; times are 0 or more")
    if not np.isin(e, (0, 1)).all():
        raise ValueError("event: got a value that is neither 0 nor 1")
    return t, e
