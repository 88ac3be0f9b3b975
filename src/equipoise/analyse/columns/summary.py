"""What is found of a pool, by arm: responses, best responses, Kaplan–Meier and landmarks, with the tables that show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from equipoise.analyse.columns.codes import RESPONSES
from equipoise.analyse.columns.database import Database
from equipoise.analyse.columns.landmark import STATUSES
from equipoise.analyse.columns.run import Concluded
from equipoise.analyse.follow_up import caution
from equipoise.numerics.times.survival import kaplan_meier
from equipoise.trial.duration import DAYS_PER_MONTH
from equipoise.trial.exhibits import Cell, Table
from equipoise.trial.said_numbers import number
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class ArmTimes:
    """One arm and endpoint: patients, events, and the median [months] with its 95 % log-log interval."""

    n: int
    events: int
    median_months: float
    ci_months: tuple[float, float]


@dataclass(frozen=True)
class PoolSummary:
    """Counts and medians; the keys are endpoint → arm → …. ``time_points`` is empty unless responses were derived.

    ``refused``: what was left to the reference, and why. ``cautions`` of times to event as ``equipoise analyse`` has them.
    """

    patients: int
    assessments: int
    readings: int
    time_points: Mapping[str, int]
    times: Mapping[str, Mapping[str, ArmTimes]]
    best: Mapping[str, Mapping[str, Mapping[str, int]]]
    status: Mapping[str, Mapping[str, Mapping[str, int]]]
    populations: Mapping[str, int]
    refused: Mapping[str, str]
    cautions: Mapping[str, str]


def summary(pool: Database, trial: Trial, found: Concluded) -> PoolSummary:
    """Sum up each endpoint by arm, of the population on which it is analysed."""
    p = pool.patients
    within = {e.name: found.populations[e.population] for e in trial.endpoints}

    def arms(endpoint: str) -> dict[str, np.ndarray]:
        return {arm: within[endpoint] == i for i, arm in enumerate(p.arms)}

    def counted(codes: np.ndarray, words: tuple[str, ...], which: np.ndarray) -> dict[str, int]:
        return {
            w: int(c) for w, c in zip(words, np.bincount(codes[which], minlength=len(words)), strict=True) if c and w
        }

    points = found.points
    times: dict[str, dict[str, ArmTimes]] = {}
    cautions: dict[str, str] = {}
    for name, of in found.times.items():
        counts = (within[name] >= 0) & of.has_origin
        times[name] = {}
        for arm, mine in arms(name).items():
            keep = mine & of.has_origin
            median = kaplan_meier(of.days[keep], of.event[keep]).median()
            times[name][arm] = ArmTimes(
                int(keep.sum()),
                int(of.event[keep].sum()),
                median.estimate / DAYS_PER_MONTH,
                (median.lower / DAYS_PER_MONTH, median.upper / DAYS_PER_MONTH),
            )
        empty = [trial.arm_by_name[arm].label for arm, t in times[name].items() if not t.n]
        cautions[name] = caution(trial.time_to_event(name).label, of.days[counts], of.event[counts], empty)
    return PoolSummary(
        len(p), len(pool.assessments), len(pool.readings),
        counted(points.overall, RESPONSES, points.point) if points is not None else {},
        times,
        {e: {arm: counted(codes, RESPONSES, mine) for arm, mine in arms(e).items()} for e, codes in found.best.items()},
        {e: {arm: counted(codes, STATUSES, mine) for arm, mine in arms(e).items()} for e, codes in found.status.items()},
        {name: int((arm >= 0).sum()) for name, arm in found.populations.items()},
        {**found.refused, **{f"population {name}": why for name, why in found.refused_populations.items()}},
        {name: text for name, text in cautions.items() if text},
    )  # fmt: skip


def times_table(found: PoolSummary) -> Table:
    """Times to event by arm, in months."""
    rows: list[list[Cell]] = [
        [name, arm, t.n, t.events, f"{number(t.median_months)} ({number(t.ci_months[0])} to {number(t.ci_months[1])})"]
        for name, by_arm in found.times.items()
        for arm, t in by_arm.items()
    ]
    columns = ["Endpoint", "Arm", "Patients", "Events", "Median, months (95 % CI)"]
    how = "Kaplan–Meier; log-log intervals. NR: not reached."
    return Table(
        "Time to event by arm", columns, rows, notes=[*(f"Caution. {c}" for c in found.cautions.values()), how]
    )


def counts_table(found: PoolSummary) -> Table:
    """Best responses and landmark statuses by arm, derived responses, and populations."""
    rows: list[list[Cell]] = [
        [name, arm, ", ".join(f"{word} {n:,}" for word, n in counts.items())]
        for name, by_arm in (found.best | found.status).items()  # type: ignore[operator]
        for arm, counts in by_arm.items()
    ]
    if found.time_points:
        said = ", ".join(f"{word} {n:,}" for word, n in found.time_points.items())
        rows.append(["Time points", "all, derived", said])
    rows.append(["Populations", "all", ", ".join(f"{name} {n:,}" for name, n in found.populations.items())])
    return Table("Counts", ["", "Arm", "Patients"], rows)
