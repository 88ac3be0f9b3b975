"""Cumulative incidence where an event that competes is censored: a time to progression censors death.

One minus Kaplan–Meier then answers for a world without death, and exceeds the share of patients who ever progress.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from equipoise.analyse.comparing import pairs
from equipoise.analyse.endpoints import Observed
from equipoise.analyse.shown import against, chi_squared, p_value, with_limits
from equipoise.analyse.strata import strata_in_words, strata_of
from equipoise.analyse.survival import observations
from equipoise.numerics.times.competing import cumulative_incidence, gray
from equipoise.trial.duration import DAYS_PER_MONTH
from equipoise.trial.endpoint import TimeToEvent
from equipoise.trial.exhibits import Cell, Curve, LineFigure, Mark, Table
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial

METHOD = "Aalen–Johansen estimate, log-log interval 95 %; Gray's test, two-sided"


@dataclass(frozen=True)
class ArmIncidence:
    """One arm at a day: the probability that the event has come, with its interval (NaN while none has).

    ``competing``: patients in whom the competing event came first. ``beyond``: nobody was followed that long.
    """

    n: int
    events: int
    competing: int
    day: int
    incidence: float
    ci: tuple[float, float]
    at_risk: int
    beyond: bool


@dataclass(frozen=True)
class GrayComparison:
    """Gray's test of the arms' cumulative incidences."""

    arms: tuple[str, ...]
    chi2: float
    df: int
    p: float
    strata: str


@dataclass(frozen=True)
class Incidence:
    """An endpoint with a competing event: by arm, each tested arm against the control arm, and all arms if there are more than two."""

    endpoint: str
    label: str
    competes: str
    arms: Mapping[str, ArmIncidence]
    comparisons: Mapping[str, GrayComparison]
    all_arms: GrayComparison | None
    method: str = METHOD


def analyse_incidence(trial: Trial, snap: Snapshot, endpoint: TimeToEvent) -> Incidence | None:
    """Cumulative incidence at ``report_at``, or at the shortest of the arms' follow-ups; None where nothing competes."""
    if not endpoint.competing:
        return None
    by_arm = observations(trial, snap, endpoint)
    causes = {name: _causes(endpoint, snap, group) for name, group in by_arm.items()}
    longest = [int(time.max()) for time, _ in causes.values() if len(time)]
    day = endpoint.report_at.days if endpoint.report_at is not None else min(longest, default=0)
    arms = {name: _arm(time, cause, day) for name, (time, cause) in causes.items()}

    def tested(*names: str) -> GrayComparison:
        everybody = [o for name in names for o in by_arm[name]]
        strata = strata_of(endpoint, everybody, snap)
        time, cause = (np.concatenate([causes[name][i] for name in names]) for i in (0, 1))
        found = gray(time, cause, np.repeat(np.arange(len(names)), [len(by_arm[name]) for name in names]), strata)
        return GrayComparison(names, found.chi2, found.df, found.p, strata_in_words(endpoint, strata))

    compared = [pair for pair in pairs(trial, endpoint) if all(by_arm[name] for name in pair)]
    filled = [name for name, group in by_arm.items() if group]
    return Incidence(
        endpoint.name, endpoint.label, " or ".join(endpoint.competing), arms, {f"{a} vs {b}": tested(a, b) for a, b in compared},
        tested(*filled) if compared and len(filled) > 2 else None,
    )  # fmt: skip


def _causes(endpoint: TimeToEvent, snap: Snapshot, group: Sequence[Observed]) -> tuple[np.ndarray, np.ndarray]:
    """Times [days] and causes: 0 censored, 1 the event, 2 what competes, on the day on which it came."""
    found = [_cause(endpoint, snap, o) for o in group]
    return np.array([t for t, _ in found], dtype=np.float64), np.array([c for _, c in found], dtype=np.int64)


def _cause(endpoint: TimeToEvent, snap: Snapshot, o: Observed) -> tuple[int, int]:
    if o.event:
        return o.days, 1
    if o.reason not in endpoint.competing:
        return o.days, 0
    # The rule may censor on an earlier day, such as that of the last assessment: what competes came on its own.
    patient = snap.patients[o.patient]
    if o.reason == "death":
        came = patient.died.happened if patient.died is not None else o.on
    elif o.reason == "clinical progression":
        came = patient.progressed[0].happened if patient.progressed else o.on
    else:
        seen = patient.progression_by(endpoint.assessor)
        came = seen.on if seen is not None else o.on
    return max((came - o.origin).days, 0), 2


def _arm(time: np.ndarray, cause: np.ndarray, day: int) -> ArmIncidence:
    at = cumulative_incidence(time, cause).at(day)
    return ArmIncidence(
        len(time), int((cause == 1).sum()), int((cause == 2).sum()), day, at.incidence, (at.lower, at.upper), at.n_risk, at.beyond,
    )  # fmt: skip


def incidence_table(trial: Trial, found: Incidence) -> Table:
    """By arm, and Gray's tests."""
    rows: list[list[Cell]] = []
    for name, a in found.arms.items():
        low, high = a.ci
        shown = (
            "nobody followed so long" if a.beyond else with_limits(100 * a.incidence, (100 * low, 100 * high), unit="%")
        )
        rows.append([trial.arm_by_name[name].label, a.n, a.events, a.competing, shown, "", ""])
    rows += [
        [against(trial, *c.arms), "", "", "", "", chi_squared(c.chi2), p_value(c.p)] for c in found.comparisons.values()
    ]
    if found.all_arms is not None:
        rows.append(["All arms", "", "", "", "", chi_squared(found.all_arms.chi2), p_value(found.all_arms.p)])
    tests = [*found.comparisons.values()]
    day = next(iter(found.arms.values())).day
    notes = [
        "Aalen–Johansen estimate, log-log intervals: the probability that the event has come by that day, where "
        f"{found.competes} ends the waiting.",
        f"Gray's test, two-sided, {tests[0].strata}." if tests else "Nothing is compared.",
    ]
    columns = [
        "",
        "Patients",
        "Events",
        f"{found.competes.capitalize()} first",
        f"By day {day} (95 % CI)",
        "Gray's chi²",
        "p",
    ]
    return Table(f"{found.label}: cumulative incidence", columns, rows, notes=notes)


def incidence_figure(trial: Trial, snap: Snapshot, endpoint: TimeToEvent) -> LineFigure:
    """The event's cumulative incidence by arm in months, with 95 % log-log bands."""
    curves: list[Curve] = []
    for name, group in observations(trial, snap, endpoint).items():
        if not group:
            continue
        found = cumulative_incidence(*_causes(endpoint, snap, group))
        shown = found.incidence.tolist()
        low, high = (np.where(np.isnan(v), found.incidence, v).tolist() for v in (found.lower, found.upper))
        months = (found.time / DAYS_PER_MONTH).tolist()
        curves.append(
            Curve(
                trial.arm_by_name[name].label,
                [0.0, *months],
                [0.0, *shown],
                [0.0, *low],
                [0.0, *high],
                steps=True,
                dashed=len(curves) % 2 == 1,
            )
        )
    marks = [Mark(f"{endpoint.report_at}", x=endpoint.report_at.months)] if endpoint.report_at else []
    competes = " or ".join(endpoint.competing)
    return LineFigure(
        f"{endpoint.label}: cumulative incidence", f"Months since {endpoint.origin}", "Probability", curves, marks,
        caption=f"Aalen–Johansen estimates by arm with 95 % log-log bands; {competes} competes.", y_range=(0.0, 1.0), percent=True,
    )  # fmt: skip
