"""Survival estimators: Kaplan–Meier, log-rank, Cox; arrays in, numbers out.

The estimators are those of the library ``survival`` (a Rust rendering of R's survival, MIT), called at its array level;
see docs/decisions/survival-estimators.md. This file is all that knows it.

Give times as whole days where ties matter. Months computed in floating point break ties that are there (a - b over
30.4375 is not a over 30.4375 minus b over 30.4375), and each broken tie moves the log-rank test. Whole numbers are
taken as they stand; other times get R's ``timefix`` first: those that differ by less than 1.5e-8 of their mean are one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

IntervalKind = Literal["log-log", "log", "plain"]
MedianConvention = Literal["R", "SAS"]
Ties = Literal["efron", "breslow"]
_NAN = float("nan")
# R's tolerance for "S lies exactly on p": products of fractions miss the level by rounding.
_LEVEL_TOLERANCE = 1.5e-8
_Scalar = TypeVar("_Scalar", bound=np.generic)


@dataclass(frozen=True)
class QuantileEstimate:
    """A quantile with its interval; NaN where it is not reached."""

    estimate: float
    lower: float
    upper: float


@dataclass(frozen=True)
class SurvivalAt:
    """Survival at a time, its interval and standard error, and how many were at risk just before.

    ``beyond`` is true past the last time: the value is then carried forward, and nobody was watched that long.
    """

    time: float
    survival: float
    lower: float
    upper: float
    n_risk: int
    std_err: float
    beyond: bool


@dataclass(frozen=True, eq=False)
class KaplanMeier:
    """A product-limit curve (Kaplan & Meier 1958, doi:10.1080/01621459.1958.10501452).

    Arrays have shape (m,), one entry per distinct time, and are read-only. ``n_risk`` counts those whose time is this
    or later. ``lower`` and ``upper`` are pointwise limits of kind ``interval`` at level ``conf_level``. ``std_err`` is
    Greenwood's standard error of S(t), what R's ``summary(survfit(…))`` prints; R's own ``fit$std.err`` is this over S(t).
    Where S(t) = 0 it is NaN and so are the limits, as in R. Before the first event the limits are 1.
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
        """The time by which a share ``p`` has had the event: the first time with S(t) < 1 - p.

        Where S(t) = 1 - p over a stretch, the middle of the stretch is taken. Where the curve ends on that stretch,
        convention 'R' takes the middle up to the last time and 'SAS' says not estimable (NaN). Limits invert the
        interval in the same way (Brookmeyer & Crowley 1982, doi:10.2307/2530286). NaN where not reached. Raises
        ValueError for p outside (0, 1).
        """
        if not 0 < p < 1:
            raise ValueError(f"p: got {p}; a share between 0 and 1")
        if convention not in ("R", "SAS"):
            raise ValueError(f"convention: got {convention!r}; 'R' or 'SAS'")
        return QuantileEstimate(
            self._crossing(self.survival, 1 - p, convention),
            self._crossing(self.lower, 1 - p, convention),
            self._crossing(self.upper, 1 - p, convention),
        )

    def _crossing(self, curve: NDArray[np.float64], level: float, convention: MedianConvention) -> float:
        # Comparisons with NaN are false: a limit that does not exist crosses nothing.
        touched = curve < level + _LEVEL_TOLERANCE
        first = int(touched.argmax()) if touched.size else 0
        if not touched.size or not touched[first]:
            return _NAN
        if curve[first] < level - _LEVEL_TOLERANCE:
            return float(self.time[first])
        after = np.flatnonzero(curve < level - _LEVEL_TOLERANCE)
        if len(after):
            return float(self.time[first] + self.time[after[0]]) / 2
        return float(self.time[first] + self.time[-1]) / 2 if convention == "R" else _NAN

    def at(self, time: float) -> SurvivalAt:
        """Survival at ``time`` (landmark): events on that very day count, as in R's ``summary(fit, times, extend=TRUE)``.

        The number at risk is of those whose time is ``time`` or later. Past the last time the last value is carried
        forward, with 0 at risk and ``beyond`` true. Without patients all is NaN. Raises ValueError for a time below 0.
        """
        if not time >= 0:
            raise ValueError(f"time: got {time}; 0 or more")
        at_risk = int(self.at_risk([time])[0])
        if not len(self.time):
            return SurvivalAt(time, _NAN, _NAN, _NAN, 0, _NAN, beyond=True)
        i = int(np.searchsorted(self.time, time, side="right")) - 1
        if i < 0:
            return SurvivalAt(time, 1.0, 1.0, 1.0, at_risk, 0.0, beyond=False)
        return SurvivalAt(
            time,
            float(self.survival[i]),
            float(self.lower[i]),
            float(self.upper[i]),
            at_risk,
            float(self.std_err[i]),
            beyond=time > self.last_time,
        )

    def at_risk(self, ticks: ArrayLike) -> NDArray[np.int64]:
        """How many have a time of ``ticks`` (k,) or later: the row under a figure; shape (k,)."""
        here = np.append(self.n_risk, 0)
        return here[np.searchsorted(self.time, np.asarray(ticks, dtype=np.float64), side="left")]

    @cached_property
    def last_time(self) -> float:
        """The longest time; NaN without patients."""
        return float(self.time[-1]) if len(self.time) else _NAN


@dataclass(frozen=True)
class LogRank:
    """Log-rank test of k groups (Mantel 1966; Peto & Peto 1972, doi:10.2307/2344317); p is two-sided for k = 2.

    ``observed`` and ``expected`` events go by ``groups``, in sorted order, summed over strata. ``df`` is one less than
    the number of groups that were ever at risk when an event happened (R's count): ``expected`` above 0.
    """

    chi2: float
    df: int
    p: float
    observed: tuple[float, ...]
    expected: tuple[float, ...]
    groups: tuple[object, ...]


@dataclass(frozen=True)
class CoxResult:
    """Hazard ratio of treated against not (Cox 1972, doi:10.1111/j.2517-6161.1972.tb00899.x), with a Wald interval.

    Below 1 favours the treated. ``p`` is Wald's, two-sided. ``separated``: whenever both groups were at risk, events
    came in one of them only; the ratio is then 0 or infinite, and standard error, limits and p are NaN (the log-rank
    test still stands). ``converged`` is false then, and where the data say nothing of the ratio (all NaN).
    """

    hr: float
    lower: float
    upper: float
    log_hr: float
    se: float
    p: float
    separated: bool
    converged: bool
    ties: Ties = "efron"
    conf_level: float = 0.95
    #: The log partial likelihood at the estimate; its supremum where ``separated``; NaN where the data say nothing.
    log_likelihood: float = _NAN


def kaplan_meier(
    time: ArrayLike, event: ArrayLike, *, conf_level: float = 0.95, interval: IntervalKind = "log-log"
) -> KaplanMeier:
    """The Kaplan–Meier curve of times and event indicators (1 event, 0 censored), shapes (n,); n may be 0.

    Censoring on the day of an event comes after it. Raises ValueError for times that are negative, infinite or missing,
    events that are neither 0 nor 1, shapes that differ, an unknown interval, or a level outside (0, 1).

    >>> kaplan_meier([1, 2, 3, 4], [1, 1, 1, 1]).median().estimate
    2.5
    """
    t, e = _checked(time, event)
    _check_level(conf_level)
    if interval not in ("log-log", "log", "plain"):
        raise ValueError(f"interval: got {interval!r}; 'log-log', 'log' or 'plain'")
    if not len(t):
        none, no = _fixed([], np.float64), _fixed([], np.int64)
        return KaplanMeier(none, no, no, no, none, none, none, none, conf_level, interval)
    fit = _library("surv_analysis").survfitkm(t, e, conf_type=interval, conf_int=conf_level, timefix=False)
    surv = np.array(fit.surv, dtype=np.float64)
    # The library gives, as R does, the standard error of log S: infinite where the curve reaches 0.
    with np.errstate(invalid="ignore"):
        std_err = surv * np.array(fit.std_err, dtype=np.float64)
    std_err[surv <= 0] = _NAN
    return KaplanMeier(
        _fixed(fit.time, np.float64),
        _fixed(fit.n_risk, np.int64),
        _fixed(fit.n_event, np.int64),
        _fixed(fit.n_censor, np.int64),
        _fixed(surv, np.float64),
        _fixed(std_err, np.float64),
        _fixed(fit.lower, np.float64),
        _fixed(fit.upper, np.float64),
        conf_level,
        interval,
    )


def follow_up(time: ArrayLike, event: ArrayLike, *, conf_level: float = 0.95) -> KaplanMeier:
    """Follow-up as the reverse Kaplan–Meier curve: censoring is the event and an event censors; shapes (n,).

    Its median is the median follow-up (Schemper & Smith 1996, doi:10.1016/0197-2456(96)00075-X), as R's
    ``survfit(Surv(time, 1 - event) ~ 1)``.
    """
    t, e = _checked(time, event)
    return kaplan_meier(t, 1 - e, conf_level=conf_level)


def logrank(time: ArrayLike, event: ArrayLike, group: ArrayLike, strata: ArrayLike | None = None) -> LogRank:
    """The log-rank test of the groups, stratified if ``strata`` are given; shapes (n,).

    Without events, with fewer than two groups, or where no event says anything of the groups (one alone at risk, or all
    events at once), nothing can be tested: chi2 and p are NaN. Raises ValueError as ``kaplan_meier``, and for labels
    that are missing or of another length.
    """
    t, e = _checked(time, event)
    levels, codes = _coded("group", group, len(t))
    stratum = None if strata is None else _coded("strata", strata, len(t))[1]
    names = tuple(levels.tolist())
    observed = np.bincount(codes, weights=e, minlength=len(levels))
    if len(levels) < 2 or not e.any():
        return LogRank(_NAN, max(len(levels) - 1, 0), _NAN, tuple(observed.tolist()), (0.0,) * len(levels), names)
    try:
        test = _library("surv_analysis").survdiff(t, e, codes, strata=stratum, timefix=False)
    except RuntimeError:
        # The variance is singular: the library, like R, cannot divide by it. Two groups and no variance at all is the
        # common case: whenever there was an event, one group alone was at risk, or everybody had it.
        return LogRank(_NAN, len(levels) - 1, _NAN, tuple(observed.tolist()), (_NAN,) * len(levels), names)
    expected = np.array(test.exp, dtype=np.float64).sum(axis=1)
    chi2, df, p = float(test.chisq), int(test.df), float(test.pvalue)
    # Only one group was ever at risk when an event happened: the library calls that chi2 = 0, p = 1.
    if df < 1:
        chi2, p = _NAN, _NAN
    return LogRank(chi2, df, p, tuple(observed.tolist()), tuple(expected.tolist()), names)


def cox(
    time: ArrayLike,
    event: ArrayLike,
    treated: ArrayLike,
    strata: ArrayLike | None = None,
    *,
    ties: Ties = "efron",
    conf_level: float = 0.95,
) -> CoxResult:
    """Cox's hazard ratio of ``treated`` (1 or true) against the rest (0 or false); shapes (n,).

    Ties after Efron (1977, doi:10.1080/01621459.1977.10480613) or Breslow. Separation is found before the model is
    fitted and said, not estimated: see ``CoxResult``. Raises ValueError as ``logrank``, and for ``treated`` other than
    0 and 1.
    """
    t, e = _checked(time, event)
    x = _zero_or_one("treated", treated)
    if x.shape != t.shape:
        raise ValueError(f"treated: got shape {x.shape}; as time, {t.shape}")
    if ties not in ("efron", "breslow"):
        raise ValueError(f"ties: got {ties!r}; 'efron' or 'breslow'")
    _check_level(conf_level)
    stratum = None if strata is None else _coded("strata", strata, len(t))[1]
    fitter, design = _library("regression").coxph_fit, x[:, None].astype(np.float64)
    treated_die, others_die = _informative(t, e, x, stratum)
    if not (treated_die and others_die):
        log_hr = math.inf if treated_die else -math.inf if others_die else _NAN
        hr = math.exp(log_hr)
        top = _NAN
        if treated_die or others_die:
            # It rises for ever, towards what it is to rounding at exp(40).
            far = math.copysign(40.0, log_hr)
            top = float(fitter(t, e, design, strata=stratum, method=ties, init=[far], iter_max=0).loglik[-1])
        return CoxResult(
            hr, _NAN, _NAN, log_hr, _NAN, _NAN, treated_die or others_die, converged=False, ties=ties,
            conf_level=conf_level, log_likelihood=top,
        )  # fmt: skip
    fit = fitter(t, e, design, strata=stratum, method=ties)
    # The fit stops when the log-likelihood moves by less than 1e-9 of itself, which leaves the estimate good to 1e-8
    # only; asking for less than its rounding error makes the fit fail. One step of Newton's from there is good to 1e-14.
    step = float(fit.first[0]) * float(np.ravel(fit.var)[0])
    log_hr = float(fit.coefficients[0]) + step
    fit = fitter(t, e, design, strata=stratum, method=ties, init=[log_hr], iter_max=0)
    variance = float(np.ravel(fit.var)[0])
    # Judged by what matters, not by the fit's own flag: the estimate solves its equation.
    if not variance > 0 or not abs(float(fit.first[0])) * math.sqrt(variance) < 1e-6:
        return CoxResult(_NAN, _NAN, _NAN, _NAN, _NAN, _NAN, False, False, ties, conf_level)
    se = math.sqrt(variance)
    reach = float(ndtri(0.5 + conf_level / 2)) * se
    with np.errstate(over="ignore"):
        hr, lower, upper = (float(v) for v in np.exp([log_hr, log_hr - reach, log_hr + reach]))
    return CoxResult(
        hr, lower, upper, log_hr, se, float(2 * ndtr(-abs(log_hr) / se)), False, True, ties, conf_level, float(fit.loglik[-1])
    )  # fmt: skip


def _informative(
    t: NDArray[np.float64], e: NDArray[np.int64], x: NDArray[np.int64], stratum: NDArray[np.int64] | None
) -> tuple[bool, bool]:
    """Whether treated, and others, had events while both groups of their stratum were at risk.

    The partial likelihood has its maximum at a finite value if and only if both did: other events say nothing, and
    with events on one side only it rises for ever.
    """
    seen = e == 0
    for s in (0,) if stratum is None else range(int(stratum.max(initial=-1)) + 1):
        mine = np.ones(len(t), dtype=bool) if stratum is None else stratum == s
        last = min(t[mine & (x == k)].max(initial=-1.0) for k in (0, 1))
        seen |= mine & (t > last)
    return bool((~seen & (x == 1)).any()), bool((~seen & (x == 0)).any())


def _library(room: str) -> Any:
    """A module of the library, loaded when first used; its arrays' level is bound at run time and has no types."""
    return import_module(f"survival.{room}")


def _fixed(values: Any, kind: type[_Scalar]) -> NDArray[_Scalar]:
    """A read-only array: a result that a caller can change is not one."""
    array = np.array(values, dtype=kind)
    array.flags.writeable = False
    return array


def _checked(time: ArrayLike, event: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    t = np.asarray(time, dtype=np.float64)
    e = _zero_or_one("event", event)
    if t.ndim != 1 or t.shape != e.shape:
        raise ValueError(f"time and event: got shapes {t.shape} and {e.shape}; both must be (n,)")
    if not (np.isfinite(t) & (t >= 0)).all():
        raise ValueError("time: got a negative, infinite or missing value; times are 0 or more")
    if len(t) and not (t == np.rint(t)).all():
        from survival import Surv, aeqSurv

        fixed: Any = aeqSurv(Surv(t, e))
        t = np.array(fixed.time, dtype=np.float64)
    return t, e


def _zero_or_one(name: str, values: ArrayLike) -> NDArray[np.int64]:
    given = np.asarray(values)
    if given.dtype != np.bool_ and not ((given == 0) | (given == 1)).all():
        raise ValueError(f"{name}: got a value that is neither 0 nor 1")
    return given.astype(np.int64)


def _coded(name: str, labels: ArrayLike, n: int) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """The distinct labels, sorted, and each patient's place among them."""
    given = np.asarray(labels)
    if given.shape != (n,):
        raise ValueError(f"{name}: got shape {given.shape}; one label a patient, ({n},)")
    try:
        missing = bool((given != given).any())
        levels, codes = np.unique(given, return_inverse=True)
    except TypeError:  # None, or text beside numbers, has no order
        missing = True
    if missing:
        raise ValueError(f"{name}: got a missing label, or labels of several kinds")
    return levels, codes.astype(np.int64)


def _check_level(conf_level: float) -> None:
    if not 0 < conf_level < 1:
        raise ValueError(f"conf_level: got {conf_level}; a share between 0 and 1")
