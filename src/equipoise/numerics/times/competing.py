"""Competing events: the cumulative incidence of one kind of event, and Gray's test between groups; arrays in, numbers out.

Where another event precludes the one of interest, one minus Kaplan–Meier, which censors at the other, says how many would have
the event if nobody could have the other: more than do. The cumulative incidence counts those who do.

Give times as whole days: ties are taken as they stand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, ndtri

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
_NAN = float("nan")
#: What the kinds of ``kind`` mean.
CENSORED, EVENT, OTHER = 0, 1, 2


@dataclass(frozen=True)
class IncidenceAt:
    """The cumulative incidence by a time, its standard error, its interval, and how many were at risk just before.

    ``beyond`` is true past the last time: the value is then carried forward, and nobody was watched that long.
    """

    time: float
    incidence: float
    lower: float
    upper: float
    n_risk: int
    std_err: float
    beyond: bool


@dataclass(frozen=True, eq=False)
class CumulativeIncidence:
    """The probability of having had the event by each time (Aalen & Johansen 1978, Scand J Stat 5:141).

    Arrays have shape (m,), one entry per distinct time. ``n_event`` and ``n_other`` count the events of interest and those that compete.
    ``std_err`` is that of the infinitesimal jackknife, as in R's ``survfit``; without competing events it is Greenwood's. The limits are
    on the scale log(-log(incidence)); while the incidence is 0 they are 0, where it is 1 they are NaN.
    """

    time: Floats
    n_risk: Whole
    n_event: Whole
    n_other: Whole
    incidence: Floats
    std_err: Floats
    lower: Floats
    upper: Floats
    conf_level: float

    def at(self, time: float) -> IncidenceAt:
        """The incidence by ``time``: events on that very day count. NaN without patients; ValueError for a time below 0."""
        if not time >= 0:
            raise ValueError(f"time: got {time}; 0 or more")
        if not len(self.time):
            return IncidenceAt(time, _NAN, _NAN, _NAN, 0, _NAN, beyond=True)
        at_risk = int(np.append(self.n_risk, 0)[np.searchsorted(self.time, time, side="left")])
        i = int(np.searchsorted(self.time, time, side="right")) - 1
        if i < 0:
            return IncidenceAt(time, 0.0, 0.0, 0.0, at_risk, 0.0, beyond=False)
        here, low, high, spread = (float(a[i]) for a in (self.incidence, self.lower, self.upper, self.std_err))
        return IncidenceAt(time, here, low, high, at_risk, spread, beyond=time > float(self.time[-1]))


@dataclass(frozen=True)
class GrayTest:
    """Gray's test of equal cumulative incidence in k groups (1988, Ann Stat 16:1141, doi:10.1214/aos/1176350951), ρ = 0.

    ``score`` is, by ``groups`` in sorted order and summed over strata, events less those expected were the subdistribution hazards equal:
    above 0 where more came than expected.
    """

    chi2: float
    df: int
    p: float
    score: tuple[float, ...]
    groups: tuple[object, ...]


def cumulative_incidence(time: ArrayLike, kind: ArrayLike, *, conf_level: float = 0.95) -> CumulativeIncidence:
    """The cumulative incidence of kind 1 where kind 2 competes and 0 is censored; shapes (n,); n may be 0.

    Censoring on the day of an event comes after it. Raises ValueError for times that are negative, infinite or missing, kinds
    other than 0, 1 and 2, shapes that differ, or a level outside (0, 1).

    >>> cumulative_incidence([1, 2, 3, 4], [1, 2, 1, 0]).incidence.tolist()
    [0.25, 0.25, 0.5, 0.5]
    """
    t, k = _checked(time, kind)
    if not 0 < conf_level < 1:
        raise ValueError(f"conf_level: got {conf_level}; a share between 0 and 1")
    steps = _Steps.of(t, k, np.unique(t))
    hazard, all_hazards = steps.event / steps.at_risk, (steps.event + steps.other) / steps.at_risk
    alive = np.concatenate([[1.0], np.cumprod(1 - all_hazards)])
    incidence = np.cumsum(alive[:-1] * hazard)
    # Each patient's influence on S and on the incidence, carried from time to time; its squares add up to the variance.
    on_alive, on_incidence = np.zeros(len(t)), np.zeros(len(t))
    variance = np.zeros(len(steps.time))
    for i, now in enumerate(steps.time):
        there = t >= now
        moved = ((t == now) & (k == EVENT)) - there * hazard[i]
        moved_all = ((t == now) & (k != CENSORED)) - there * all_hazards[i]
        on_incidence += on_alive * hazard[i] + alive[i] * moved / steps.at_risk[i]
        on_alive = on_alive * (1 - all_hazards[i]) - alive[i] * moved_all / steps.at_risk[i]
        variance[i] = float(on_incidence @ on_incidence)
    std_err = np.sqrt(variance)
    lower, upper = _limits(incidence, std_err, conf_level)
    return CumulativeIncidence(
        steps.time, steps.at_risk.astype(np.int64), steps.event.astype(np.int64), steps.other.astype(np.int64), incidence, std_err,
        lower, upper, conf_level,
    )  # fmt: skip


def _limits(incidence: Floats, std_err: Floats, conf_level: float) -> tuple[Floats, Floats]:
    reach = float(ndtri(0.5 + conf_level / 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        turned, width = np.log(-np.log(incidence)), reach * std_err / (incidence * np.log(incidence))
        lower, upper = np.exp(-np.exp(turned - width)), np.exp(-np.exp(turned + width))
    none, full = incidence <= 0, incidence >= 1 - 1e-12
    lower[none] = upper[none] = 0.0
    lower[full] = upper[full] = _NAN
    return lower, upper


def gray_test(time: ArrayLike, kind: ArrayLike, group: ArrayLike, strata: ArrayLike | None = None) -> GrayTest:
    """Gray's test of kind 1 between groups, kind 2 competing and 0 censored, stratified if ``strata`` are given; shapes (n,).

    Without events of interest, with fewer than two groups, or where no event says anything of the groups, chi2 and p are NaN.
    Raises ValueError as ``cumulative_incidence``, and for labels of another length.
    """
    t, k = _checked(time, kind)
    names, code = np.unique(_labels("group", group, len(t)), return_inverse=True)
    stratum = (
        np.zeros(len(t), dtype=np.int64)
        if strata is None
        else np.unique(_labels("strata", strata, len(t)), return_inverse=True)[1]
    )
    several = len(names)
    score, variance = np.zeros(several), np.zeros((several, several))
    for s in np.unique(stratum):
        mine = stratum == s
        more, spread = _score_of(t[mine], k[mine], code[mine], several)
        score, variance = score + more, variance + spread
    said = tuple(names.tolist())
    # The scores add up to 0, so one direction at least has no variance; in a few tied patients the estimate may be below 0.
    values, directions = np.linalg.eigh(variance)
    tolerance = 1e-9 * max(1.0, float(np.trace(variance)))
    telling = values > tolerance
    rank = int(telling.sum())
    if rank < 1 or (values < -tolerance).any():
        return GrayTest(_NAN, max(several - 1, 0), _NAN, tuple(score.tolist()), said)
    chi2 = float(((directions.T @ score)[telling] ** 2 / values[telling]).sum())
    return GrayTest(chi2, rank, float(chdtrc(rank, chi2)), tuple(score.tolist()), said)


def _score_of(t: Floats, k: Whole, code: Whole, several: int) -> tuple[Floats, Floats]:
    """The score of each group and its variance in one stratum; shapes (k,) and (k, k).

    With Y at risk, S free of any event and F the incidence by group, ⁻ just before a time, and R = Y (1 - F⁻) / S⁻, the score of g is
    Σ (d_g - d R_g / ΣR). Under the hypothesis F is common and estimated from all: dF = d / ΣT with T = Y / S⁻. An event of group r then
    moves the score of g by ``now`` = T_r (1{g = r} - T_g / ΣT), where it is of interest, and by how it scales r's curve from there on:
    ``later`` is the sum of now dF / (1 - F⁻) over later times. Of tied events each is drawn without replacement.
    """
    times = np.unique(t[k != CENSORED])
    groups = [_Steps.of(t[code == g], k[code == g], times) for g in range(several)]
    at_risk, event, other = (np.array([getattr(g, name) for g in groups]) for name in ("at_risk", "event", "other"))
    watched = np.where(at_risk > 0, at_risk, 1.0)
    after = np.cumprod(1 - (event + other) / watched, axis=1)
    before = np.hstack([np.ones((several, 1)), after[:, :-1]])
    grown = before * event / watched
    share = np.where(at_risk > 0, at_risk / np.where(before > 0, before, 1.0), 0.0)
    weighed = share * (1 - (np.cumsum(grown, axis=1) - grown))
    d, total = event.sum(axis=0), share.sum(axis=0)
    score = (event - d * weighed / np.where(total > 0, weighed.sum(axis=0), 1.0)).sum(axis=1)
    step = d / np.where(total > 0, total, 1.0)
    # In a few patients the pooled estimate may pass 1, beyond which the hypothesis leaves nobody.
    common = np.minimum(np.cumsum(step), 1.0)
    free = 1 - np.concatenate([[0.0], common[:-1]])
    free = np.where(free > 1e-12, free, np.inf)
    variance = np.zeros((several, several))
    for r in range(several):
        now = -share * share[r] / np.where(total > 0, total, 1.0)
        now[r] += share[r]
        summed = now * step / free
        later = summed.sum(axis=1, keepdims=True) - np.cumsum(summed, axis=1)
        ratio = np.where(after[r] > 0, (1 - common) / np.where(after[r] > 0, after[r], 1.0), 0.0)
        own = now + (1 - ratio) * later
        spread = _apart(d, total * before[r]) * before[r] * step / watched[r] * (at_risk[r] > 0)
        variance += (own * spread) @ own.T
        lost = ratio * later
        spread = _apart(other[r], at_risk[r]) * before[r] ** 2 * other[r] / watched[r] ** 2
        variance += (lost * spread) @ lost.T
    return score, variance


def _apart(events: Floats, among: Floats) -> Floats:
    """By what events on one day are less spread than events apart: 1 where there is one, 0 where all have it.

    Among fewer than there are events (at one group's share of the pooled events, late in a curve) it is below 0, as in cmprsk.
    """
    several = (events > 1) & (among > 1 + 1e-9)
    lost = np.where(several, (events - 1) / np.where(several, among - 1, 1.0), np.where(events > 1, 1.0, 0.0))
    return 1 - np.asarray(lost, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class _Steps:
    """At each time [m]: how many were at risk just before, how many had the event, and how many the other."""

    time: Floats
    at_risk: Floats
    event: Floats
    other: Floats

    @classmethod
    def of(cls, t: Floats, k: Whole, times: Floats) -> _Steps:
        ordered = np.sort(t)
        counts = (np.bincount(np.searchsorted(times, t[k == kind]), minlength=len(times)) for kind in (EVENT, OTHER))
        event, other = (c.astype(np.float64) for c in counts)
        return cls(times, (len(t) - np.searchsorted(ordered, times, side="left")).astype(np.float64), event, other)


def _checked(time: ArrayLike, kind: ArrayLike) -> tuple[Floats, Whole]:
    t, given = np.asarray(time, dtype=np.float64), np.asarray(kind)
    if t.ndim != 1 or t.shape != given.shape:
        raise ValueError(f"time and kind: got shapes {t.shape} and {given.shape}; both must be (n,)")
    if not (np.isfinite(t) & (t >= 0)).all():
        raise ValueError("time: got a negative, infinite or missing value; times are 0 or more")
    if not np.isin(given, (CENSORED, EVENT, OTHER)).all():
        raise ValueError("kind: got a value other than 0 (censored), 1 (the event) and 2 (another that precludes it)")
    return t, given.astype(np.int64)


def _labels(name: str, labels: ArrayLike, n: int) -> NDArray[np.generic]:
    given = np.asarray(labels)
    if given.shape != (n,):
        raise ValueError(f"{name}: got shape {given.shape}; one label a patient, ({n},)")
    return given
