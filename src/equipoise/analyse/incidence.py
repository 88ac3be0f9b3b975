"""The cumulative incidence of an endpoint whose event death precludes: by arm at a landmark, with Gray's test between arms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from equipoise.analyse.between_arms import Strata, pairs, said_of
from equipoise.analyse.endpoints import Observed
from equipoise.analyse.strata import coded
from equipoise.numerics.times.competing import (
    CENSORED,
    EVENT,
    OTHER,
    CumulativeIncidence,
    cumulative_incidence,
    gray_test,
)
from equipoise.trial.duration import DAYS_PER_MONTH
from equipoise.trial.endpoint import TimeToEvent
from equipoise.trial.exhibits import Curve, LineFigure, Mark
from equipoise.trial.patient import Patient
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class ArmIncidence:
    """One arm: events of interest, competing events, and the cumulative incidence by ``day``; None for nobody.

    ``beyond``: nobody was followed that long, and the last value is carried forward.
    """

    n: int
    events: int
    competing: int
    day: int
    incidence: float | None
    ci: tuple[float, float] | None
    at_risk: int
    beyond: bool


@dataclass(frozen=True)
class GrayBetween:
    """Gray's test of arms; ``strata`` says how it is stratified."""

    chi2: float
    df: int
    p: float
    strata: str


@dataclass(frozen=True)
class Incidence:
    """An endpoint with competing events: which they are, each arm, each tested arm against the control, and all arms if there are several."""

    competing: tuple[str, ...]
    arms: Mapping[str, ArmIncidence]
    comparisons: Mapping[str, GrayBetween]
    all_arms: GrayBetween | None
    method: str = "Aalen–Johansen; log(-log) interval 95 %, infinitesimal jackknife; Gray's test, two-sided"


#: Groups by arm: times [days] and kinds.
Watched = Mapping[str, tuple[np.ndarray, np.ndarray]]


def analyse_incidence(
    trial: Trial,
    snap: Snapshot,
    endpoint: TimeToEvent,
    by_arm: Mapping[str, Sequence[Observed]],
    strata: Strata,
    day: int,
) -> Incidence | None:
    """The cumulative incidence by arm at ``day``; None for an endpoint without competing events."""
    if not endpoint.competing:
        return None
    watched = watched_of(snap, endpoint, by_arm)
    arms = {name: _arm(*watched[name], day) for name in by_arm}
    comparisons = {}
    for tested, control in pairs(trial, endpoint):
        if by_arm[tested] and by_arm[control]:
            comparisons[f"{tested} vs {control}"] = _gray((control, tested), watched, by_arm, strata, endpoint)
    filled = [name for name, group in by_arm.items() if group]
    together = (
        _gray(filled, watched, by_arm, strata, endpoint)
        if len(filled) > 2 and endpoint.origin != "first response"
        else None
    )
    return Incidence(endpoint.competing, arms, comparisons, together)


def watched_of(snap: Snapshot, endpoint: TimeToEvent, by_arm: Mapping[str, Sequence[Observed]]) -> Watched:
    """Times [days] and kinds by arm; a competing event stands on its own day, wherever the endpoint censors."""
    patients = {p.name: p for p in snap.randomised}
    found = {}
    for name, group in by_arm.items():
        kinds = [_kind(o, endpoint) for o in group]
        days = [
            (_happened(patients[o.patient], o.reason, endpoint) - o.origin).days if kind == OTHER else o.days
            for o, kind in zip(group, kinds, strict=True)
        ]
        found[name] = np.array(days, dtype=np.float64), np.array(kinds, dtype=np.int64)
    return found


def _kind(o: Observed, endpoint: TimeToEvent) -> int:
    return EVENT if o.event else OTHER if o.reason in endpoint.competing else CENSORED


def _happened(patient: Patient, what: str, endpoint: TimeToEvent) -> date:
    """The day of the competing event that censored a patient."""
    if what == "death":
        assert patient.died is not None
        return patient.died.happened
    if what == "clinical progression":
        return patient.progressed[0].happened
    found = patient.progression_by(endpoint.assessor)
    assert found is not None
    return found.on


def _arm(days: np.ndarray, kinds: np.ndarray, day: int) -> ArmIncidence:
    events, competing = int((kinds == EVENT).sum()), int((kinds == OTHER).sum())
    if not len(days):
        return ArmIncidence(0, 0, 0, day, None, None, 0, True)
    at = cumulative_incidence(days, kinds).at(day)
    settled = not (kinds[days == days.max()] == CENSORED).any()  # of nobody is it open what happened
    beyond = at.beyond and not settled
    return ArmIncidence(len(days), events, competing, day, at.incidence, (at.lower, at.upper), at.n_risk, beyond)


def _gray(
    names: Sequence[str],
    watched: Watched,
    by_arm: Mapping[str, Sequence[Observed]],
    strata: Strata,
    endpoint: TimeToEvent,
) -> GrayBetween:
    everybody = [o for name in names for o in by_arm[name]]
    days, kinds = (np.concatenate([watched[name][i] for name in names]) for i in (0, 1))
    group = np.repeat(np.arange(len(names)), [len(by_arm[name]) for name in names])
    test = gray_test(days, kinds, group, coded([o.patient for o in everybody], strata))
    return GrayBetween(test.chi2, test.df, test.p, said_of(everybody, strata, endpoint.stratified_by))


def overstated(endpoint: TimeToEvent) -> str:
    """What a reader of one minus Kaplan–Meier is to know; '' where no event competes."""
    if not endpoint.competing:
        return ""
    return (
        f"{endpoint.label}: {' and '.join(endpoint.competing)} censors, though it precludes the event. One minus Kaplan–Meier then "
        "overstates how many come to have it; the cumulative incidence does not."
    )


def incidence_figure(trial: Trial, endpoint: TimeToEvent, watched: Watched) -> LineFigure:
    """Cumulative incidence curves by arm in months, with 95 % bands."""
    curves = [
        curve_of_incidence(trial.arm_by_name[name].label, cumulative_incidence(*group))
        for name, group in watched.items()
        if len(group[0])
    ]
    marks = [Mark(f"{endpoint.report_at}", x=endpoint.report_at.months)] if endpoint.report_at else []
    competing = " and ".join(endpoint.competing)
    return LineFigure(
        f"{endpoint.label}: cumulative incidence",
        "Months since " + endpoint.origin,
        "Share with the event",
        curves,
        marks,
        caption=f"Aalen–Johansen by arm with 95 % bands; {competing} competes with the event.",
        y_range=(0, 1),
        percent=True,
    )


def curve_of_incidence(label: str, found: CumulativeIncidence) -> Curve:
    """A curve in months with its band, from 0 on."""
    upper = np.nan_to_num(found.upper, nan=1.0)
    lower = np.where(np.isnan(found.lower), found.incidence, found.lower)
    months = [0.0, *(found.time / DAYS_PER_MONTH).tolist()]
    return Curve(
        label, months, [0.0, *found.incidence.tolist()], [0.0, *lower.tolist()], [0.0, *upper.tolist()], steps=True
    )
