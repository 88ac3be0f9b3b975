"""A tested arm against the control arm: log-rank test and hazard ratio, in strata where the endpoint states them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from equipoise.analyse.endpoints import Observed
from equipoise.analyse.strata import NOT_RECORDED, coded, in_words
from equipoise.numerics.times import survival as km
from equipoise.trial.endpoint import TimeToEvent
from equipoise.trial.trial import Trial

Strata = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Comparison:
    """A tested arm against the control arm: a hazard ratio below 1 favours the tested arm.

    ``estimable`` is false where the hazard ratio has no finite estimate, and ``not_estimable_because`` then says why: no events at all,
    events in one arm only, or so while both arms were at risk (what comes later says nothing of the ratio), or a fit that fails.
    ``strata`` says by which factors the test and the model are stratified, or 'unstratified'.
    """

    tested: str
    control: str
    logrank_chi2: float
    df: int
    p: float
    hr: float
    hr_ci: tuple[float, float]
    log_hr_se: float
    estimable: bool
    method: str = "log-rank test, two-sided; Cox model (Efron), Wald interval 95 %; unstratified"
    not_estimable_because: str = ""
    strata: str = "unstratified"


def pairs(trial: Trial, endpoint: TimeToEvent) -> list[tuple[str, str]]:
    """What is compared: each tested arm with the first control arm.

    Nothing without a control arm, and nothing on responders alone: who responds is not randomised.
    """
    if not trial.control_arms or endpoint.origin == "first response":
        return []
    return [(arm.name, trial.control_arms[0].name) for arm in trial.tested_arms]


class LogRankBetween(NamedTuple):
    """The log-rank test of a tested arm against the control arm.

    ``z`` is (expected - observed events of the tested arm) / √variance, each summed over strata: above 0 favours the tested arm, and
    ``chi2`` is its square. ``p`` is two-sided. ``events`` are those of both arms. NaN where nothing can be tested.
    """

    z: float
    chi2: float
    df: int
    p: float
    events: int
    observed: float
    expected: float
    strata: str


def logrank_between(
    trial: Trial,
    endpoint: TimeToEvent,
    observed_by_arm: Mapping[str, Sequence[Observed]],
    strata: Strata,
    tested: str | None = None,
    control: str | None = None,
) -> LogRankBetween | None:
    """The log-rank test, stratified as the endpoint states.

    ``observed_by_arm`` as ``survival.observations`` gives it, ``strata`` as ``strata.strata_of`` does. The arms are the trial's first tested
    and first control arm, unless named. None while one of them is empty, and without a control arm.
    """
    control = control or (trial.control_arms[0].name if trial.control_arms else None)
    a = observed_by_arm.get(tested or trial.tested_arms[0].name, ())
    b = observed_by_arm.get(control, ()) if control is not None else ()
    return _logrank(a, b, strata, endpoint.stratified_by) if a and b else None


def _logrank(a: Sequence[Observed], b: Sequence[Observed], strata: Strata, by: Sequence[str]) -> LogRankBetween:
    both = [*a, *b]
    time, event = arrays(both)
    treated = np.arange(len(both)) < len(a)
    test = km.logrank(time, event, treated.astype(np.int64), coded([o.patient for o in both], strata))
    observed, expected = test.observed[1], test.expected[1]
    z = math.copysign(math.sqrt(max(test.chi2, 0.0)), expected - observed)
    return LogRankBetween(
        z, test.chi2, test.df, test.p, int(event.sum()), observed, expected, said_of(both, strata, by)
    )


def said_of(both: Sequence[Observed], strata: Strata, by: Sequence[str]) -> str:
    """How a comparison of these patients is stratified, in words."""
    without = sum(NOT_RECORDED in strata.get(o.patient, (NOT_RECORDED,)) for o in both)
    return in_words(by, without, len(both))


def arrays(observed: Sequence[Observed]) -> tuple[np.ndarray, np.ndarray]:
    """Times [days] and event indicators."""
    time = np.array([o.days for o in observed], dtype=np.float64)
    return time, np.array([o.event for o in observed], dtype=bool)


def compare(
    tested: Sequence[Observed],
    control: Sequence[Observed],
    name: str,
    against: str,
    strata: Strata | None = None,
    stratified_by: Sequence[str] = (),
) -> Comparison | None:
    """Log-rank test and hazard ratio of one arm against another, in ``strata`` if any; None while one of them is empty."""
    if not tested or not control:
        return None
    strata = strata or {}
    test = _logrank(tested, control, strata, stratified_by)
    both = [*tested, *control]
    time, event = arrays(both)
    treated = np.arange(len(both)) < len(tested)
    stratum = np.array(coded([o.patient for o in both], strata))
    cox = km.cox(time, event, treated, stratum)
    why_not = "" if cox.converged else _why_not(time, event, treated, stratum)
    return Comparison(
        name, against, test.chi2, test.df, test.p, cox.hr, (cox.lower, cox.upper), cox.se, cox.converged,
        f"log-rank test, two-sided; Cox model (Efron), Wald interval 95 %; {test.strata}", why_not, test.strata,
    )  # fmt: skip


def _why_not(time: np.ndarray, event: np.ndarray, treated: np.ndarray, stratum: np.ndarray) -> str:
    """Why two arms, neither of them empty, give no hazard ratio.

    An event speaks of it on a day ≤ the last of both arms, in its stratum.
    """
    both = np.zeros(len(time), dtype=bool)
    for s in np.unique(stratum):
        mine = stratum == s
        both |= mine & (time <= min(time[mine & arm].max(initial=-1.0) for arm in (treated, ~treated)))
    arms = [(event & mine, event & both & mine) for mine in (treated, ~treated)]
    with_events, with_telling = (sum(bool(found.any()) for found in part) for part in zip(*arms, strict=True))
    at_risk = "both arms were at risk" + (" in a stratum" if len(np.unique(stratum)) > 1 else "")
    if with_events == 0:
        return "no events yet"
    if with_events == 1:
        return "events in one arm only"
    if with_telling == 0:
        return f"no event while {at_risk}"
    if with_telling == 1:
        return f"while {at_risk}, events came in one of them only"
    return "Cox's model could not be fitted"
