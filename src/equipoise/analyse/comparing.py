"""Arms compared on a time to an event: log-rank test and Cox's model, stratified where the endpoint says so."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from equipoise.analyse.endpoints import Observed
from equipoise.analyse.strata import strata_in_words, strata_of
from equipoise.numerics.times import survival as km
from equipoise.trial.endpoint import TimeToEvent
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class Comparison:
    """A tested arm against the control arm: a hazard ratio below 1 favours the tested arm.

    ``estimable`` is false where the hazard ratio has no finite estimate, and ``not_estimable_because`` then says why: no events at all,
    events in one arm only, or so while both arms were at risk (what comes later says nothing of the ratio), or a fit that fails.
    ``strata``: 'unstratified', or by what test and model are stratified.
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
    method: str = "log-rank test, two-sided; Cox model (Efron), Wald interval 95 %"
    not_estimable_because: str = ""
    strata: str = "unstratified"


@dataclass(frozen=True)
class AllArms:
    """All arms at once, where there are more than two."""

    logrank_chi2: float
    df: int
    p: float
    strata: str = "unstratified"


def arrays(observed: Sequence[Observed]) -> tuple[np.ndarray, np.ndarray]:
    """Times [days] and event indicators."""
    time = np.array([o.days for o in observed], dtype=np.float64)
    return time, np.array([o.event for o in observed], dtype=bool)


def pairs(trial: Trial, endpoint: TimeToEvent) -> list[tuple[str, str]]:
    """What is compared: each tested arm with the first control arm.

    Nothing without a control arm, and nothing on responders alone: who responds is not randomised.
    """
    if not trial.control_arms or endpoint.origin == "first response":
        return []
    return [(arm.name, trial.control_arms[0].name) for arm in trial.tested_arms]


def logrank_between(
    trial: Trial, endpoint: TimeToEvent, tested: Sequence[Observed], control: Sequence[Observed], snap: Snapshot
) -> float:
    """z of the log-rank test, stratified where the endpoint says so; positive favours the tested arm.

    z = (expected - observed events of the tested arm) / √variance, each summed over strata; 0 where nothing can be tested.
    Raises KeyError for an endpoint that is not the trial's.
    """
    strata = strata_of(trial.time_to_event(endpoint.name), [*tested, *control], snap)
    time, event = arrays([*tested, *control])
    test = km.logrank(time, event, [1] * len(tested) + [0] * len(control), strata)
    if not test.df or not math.isfinite(test.chi2):
        return 0.0
    at = test.groups.index(1)
    return math.copysign(math.sqrt(test.chi2), test.expected[at] - test.observed[at])


def log_hazard_ratio_between(
    trial: Trial, endpoint: TimeToEvent, tested: Sequence[Observed], control: Sequence[Observed], snap: Snapshot
) -> float:
    """Log hazard ratio of Cox's model (Efron), stratified where the endpoint says so; below 0 favours the tested arm.

    Infinite where events came in one arm only while both were at risk (in any stratum), NaN where nothing can be said.
    """
    strata = strata_of(trial.time_to_event(endpoint.name), [*tested, *control], snap)
    time, event = arrays([*tested, *control])
    return km.cox(time, event, [1] * len(tested) + [0] * len(control), strata).log_hr


def compare(
    endpoint: TimeToEvent, snap: Snapshot, tested: Sequence[Observed], control: Sequence[Observed], name: str, against: str
) -> Comparison | None:  # fmt: skip
    """Log-rank test and hazard ratio of one arm against another, as the endpoint stratifies; None while one of them is empty."""
    if not tested or not control:
        return None
    strata = strata_of(endpoint, [*tested, *control], snap)
    words = strata_in_words(endpoint, strata)
    time, event = arrays([*tested, *control])
    treated = np.arange(len(time)) < len(tested)
    test = km.logrank(time, event, treated.astype(np.int64), strata)
    cox = km.cox(time, event, treated, strata)
    why_not = "" if cox.converged else _why_not(time, event, treated, strata)
    return Comparison(
        name, against, test.chi2, test.df, test.p, cox.hr, (cox.lower, cox.upper), cox.se, cox.converged,
        method=f"{Comparison.method}; {words}", not_estimable_because=why_not, strata=words,
    )  # fmt: skip


def compare_all(endpoint: TimeToEvent, snap: Snapshot, by_arm: Mapping[str, Sequence[Observed]]) -> AllArms | None:
    """The log-rank test of all arms that have patients; None for fewer than three."""
    filled = [g for g in by_arm.values() if g]
    if len(filled) < 3:
        return None
    everybody = [o for g in filled for o in g]
    strata = strata_of(endpoint, everybody, snap)
    group = np.repeat(np.arange(len(filled)), [len(g) for g in filled])
    test = km.logrank(*arrays(everybody), group, strata)
    return AllArms(test.chi2, test.df, test.p, strata_in_words(endpoint, strata))


def _why_not(time: np.ndarray, event: np.ndarray, treated: np.ndarray, strata: Sequence[str] | None) -> str:
    """Why two arms, neither of them empty, give no hazard ratio.

    An event on a day ≤ the last of both arms (of its stratum) speaks of it.
    """
    stratum = np.zeros(len(time), dtype=np.int64) if strata is None else np.unique(strata, return_inverse=True)[1]
    both = np.zeros(len(time), dtype=bool)
    for s in np.unique(stratum):
        mine = stratum == s
        last = min(time[mine & arm].max(initial=-1.0) for arm in (treated, ~treated))
        both |= mine & (time <= last)
    where = "" if strata is None else " in any stratum"
    arms = [(event & mine, event & both & mine) for mine in (treated, ~treated)]
    with_events, with_telling = (sum(bool(found.any()) for found in part) for part in zip(*arms, strict=True))
    if with_events == 0:
        return "no events yet"
    if with_events == 1:
        return "events in one arm only"
    if with_telling == 0:
        return f"no event while both arms were at risk{where}"
    if with_telling == 1:
        return f"while both arms were at risk{where}, events came in one of them only"
    return "Cox's model could not be fitted"
