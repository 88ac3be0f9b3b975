"""Patients rebuilt from a published curve, with all that was achieved and what the result rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from equipoise.numerics.times.reconstruct import Monotone, Reconstruction, reconstruct
from equipoise.numerics.times.survival import kaplan_meier
from equipoise.trial.exhibits import Table


@dataclass(frozen=True)
class ReconstructionReport:
    """What was read, what was moved, what was rebuilt, and how far it is from what was published."""

    patients: int
    events: int
    events_published: int | None
    points: int
    points_moved: int
    largest_move: float
    max_error: float
    rms_error: float
    risk_time: Sequence[float]
    at_risk_published: Sequence[int]
    at_risk_rebuilt: Sequence[int]
    median: float
    median_lower: float
    median_upper: float
    censoring_from: str
    cautions: Sequence[str]


def rebuild(
    curve: Monotone, n: int, risk_time: ArrayLike | None, risk_n: ArrayLike | None, events: int | None, *, along: bool
) -> tuple[Reconstruction, ReconstructionReport]:
    """Reconstruct patients and say what was achieved. Times are in the unit of the curve."""
    found = reconstruct(curve.time, curve.survival, n, risk_time, risk_n, events, along)
    middle = kaplan_meier(found.time, found.event).median()
    times = [] if risk_time is None else np.asarray(risk_time, dtype=np.float64).tolist()
    given = [] if risk_n is None else np.asarray(risk_n, dtype=np.int64).tolist()
    cautions = []
    if curve.moved:
        cautions.append(
            f"{curve.moved} of {len(curve.time)} points were moved, by {curve.largest_move:.4f} at most, so that the curve falls "
            "(isotonic regression)."
        )
    if risk_time is None and events is None:
        cautions.append(
            "Neither numbers at risk nor events: a hazard ratio from these patients is unreliable (Guyot 2012)."
        )
    if events is not None and found.events != events:
        cautions.append(f"{found.events} events rebuilt where {events} were published.")
    if found.max_error > 0.05:
        cautions.append(
            f"The rebuilt curve is {found.max_error:.3f} off somewhere: curve and numbers do not fit each other."
        )
    return found, ReconstructionReport(
        len(found.time), found.events, events, len(curve.time), curve.moved, curve.largest_move, found.max_error, found.rms_error,
        times, given, list(found.at_risk) if times else [], middle.estimate, middle.lower, middle.upper, found.censoring, cautions,
    )  # fmt: skip


def reconstruction_table(r: ReconstructionReport) -> Table:
    """The report for a reader."""
    off = max((abs(a - b) for a, b in zip(r.at_risk_published, r.at_risk_rebuilt, strict=True)), default=None)
    return Table(
        "Patients rebuilt from a published curve",
        ["Quantity", "Value"],
        [
            ["Patients", r.patients],
            [
                "Events rebuilt (published)",
                f"{r.events} ({'not given' if r.events_published is None else r.events_published})",
            ],
            ["Points read, moved", f"{r.points}, {r.points_moved}"],
            ["Error of the curve at its points, largest", f"{r.max_error:.4f}"],
            ["… root mean square", f"{r.rms_error:.4f}"],
            ["Numbers at risk, largest difference", "no table" if off is None else off],
            ["Median (95 % interval)", f"{r.median:.2f} ({r.median_lower:.2f}–{r.median_upper:.2f})"],
            ["Censoring from", r.censoring_from],
        ],
        [f"Caution. {c}" for c in r.cautions],
    )
