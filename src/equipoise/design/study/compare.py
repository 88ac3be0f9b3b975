"""Designs side by side at the same hypotheses: sizes, expected numbers, errors, and time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from equipoise.trial.design import Characteristics, Design
from equipoise.trial.exhibits import Cell, Curve, LineFigure, Mark, Table


@dataclass(frozen=True)
class Pace:
    """Patients of the tested arm a month, and months from a patient's enrolment until his outcome is known."""

    accrual: float
    wait: float


@dataclass(frozen=True)
class Compared:
    """One design in a comparison: under the null, under the target, and in time where a pace is given (months).

    ``awaiting`` are the patients of the tested arm enrolled while the first look is awaited, if enrolment goes on.
    """

    label: str
    design: Design[Any]
    null: Characteristics
    target: Characteristics
    duration: tuple[float, float] | None
    awaiting: float | None


@dataclass(frozen=True)
class Comparison:
    """The designs compared."""

    p0: float
    p1: float
    pace: Pace | None
    designs: tuple[Compared, ...]

    def rows(self) -> list[dict[str, Any]]:
        """One flat record a design, for JSON and CSV."""
        return [
            {
                "design": c.label,
                "looks": " ".join(str(k.n) for k in c.design.looks) if len(c.design.looks) <= 4 else _many(c.design),
                "unit": c.design.looks[-1].unit,
                "boundaries": boundaries(c.design),
                "alpha": c.null.declare.value,
                "alpha_mc_error": c.null.declare.mc_error,
                "power": c.target.declare.value,
                "power_mc_error": c.target.declare.mc_error,
                "pet0": c.null.stop_early.value,
                "pet1": c.target.stop_early.value,
                "en0": c.null.expected_n.value,
                "en1": c.target.expected_n.value,
                "duration0_months": c.duration[0] if c.duration else None,
                "duration1_months": c.duration[1] if c.duration else None,
                "enrolled_while_awaiting_look_1": c.awaiting,
                "method": c.null.method,
            }
            for c in self.designs
        ]

    def table(self) -> Table:
        """The comparison as a table."""
        columns = ["Design", "Looks at", "Boundaries", "Type I error", "Power", "PET(p0)", "EN(p0)", "EN(p1)"]
        if self.pace:
            columns += ["Months (p0)", "Months (p1)", "Enrolled awaiting look 1"]
        rows: list[list[Cell]] = []
        for c, r in zip(self.designs, self.rows(), strict=True):
            unit = "" if r["unit"] == "patients" else f" {r['unit']}"
            row: list[Cell] = [
                c.label, r["looks"] + unit, r["boundaries"], _rate(c.null.declare), _rate(c.target.declare),
                _rate(c.null.stop_early), _number(r["en0"]), _number(r["en1"]),
            ]  # fmt: skip
            if self.pace:
                row += [f"{v:.1f}" if v is not None else "–" for v in (r["duration0_months"], r["duration1_months"])]
                row.append(f"{c.awaiting:.0f}" if c.awaiting is not None else "–")
            rows.append(row)
        notes = [
            f"At p0 = {self.p0:g} and p1 = {self.p1:g}. Boundaries: low/n stops for futility with low or fewer, >high/n declares. "
            "Expected numbers count all arms."
        ]
        if self.pace:
            notes.append(
                f"Time: {self.pace.accrual:g} patients of the tested arm a month, all sites open from the start; a look is known "
                f"{self.pace.wait:g} months after its last patient, and enrolment is not paused. Months are expected, to the "
                "read-out of the look that ends the trial."
            )
        if any(c.null.declare.value > c.target.declare.value for c in self.designs):
            notes.append(
                "For a safety rule, type I error and power are to be read as the chances that it never stops, at the acceptable "
                "rate and at the one that is too high."
            )
        if any(c.null.declare.mc_error is not None for c in self.designs):
            notes.append(
                "± is the Monte-Carlo standard error of a simulated figure; all others are exact or by quadrature."
            )
        return Table("Designs side by side", columns, rows, notes=notes)

    def figures(self) -> list[LineFigure]:
        """P(declare) and expected number against the true rate, for the designs whose truth is a rate."""
        single = [c for c in self.designs if all(set(t) == {"rate"} for t in c.design.truths().values())]
        if not single:
            return []
        rates = np.linspace(max(0.01, self.p0 - 0.2), min(0.99, self.p1 + 0.2), 61).tolist()
        found = {c.label: [c.design.characteristics({"rate": p}) for p in rates] for c in single}
        marks = [Mark(f"p0 = {self.p0:g}", x=self.p0), Mark(f"p1 = {self.p1:g}", x=self.p1)]
        method = "Exact, against the true rate in the tested arm."
        return [
            LineFigure(
                "Probability of declaring", "True rate in the tested arm", "Probability",
                [Curve(label, rates, [b.declare.value for b in bs]) for label, bs in found.items()],
                marks, caption=method, y_range=(0.0, 1.0),
            ),
            LineFigure(
                "Expected number of patients", "True rate in the tested arm", "Patients",
                [Curve(label, rates, [b.expected_n.value for b in bs]) for label, bs in found.items()],
                marks, caption=method,
            ),
        ]  # fmt: skip


def compare(p0: float, p1: float, designs: Mapping[str, Design[Any]], pace: Pace | None = None) -> Comparison:
    """Compare designs, by label, at their own null and target: the first and the last of their truths."""
    found = []
    for label, design in designs.items():
        truths = list(design.truths().values())
        null, target = design.characteristics(truths[0]), design.characteristics(truths[-1])
        duration = awaiting = None
        if pace is not None and design.looks[0].unit == "patients":
            at = [look.n / pace.accrual + pace.wait for look in design.looks]
            if null.ends_at and target.ends_at:
                duration = (_mean(null.ends_at, at), _mean(target.ends_at, at))
            if len(design.looks) > 1:
                first, last = design.looks[0].n, design.looks[-1].n
                awaiting = min(pace.accrual * pace.wait, float(last - first))
        found.append(Compared(label, design, null, target, duration, awaiting))
    return Comparison(p0, p1, pace, tuple(found))


def boundaries(design: Design[Any]) -> str:
    """The boundaries in short: '17/39 42/80'; '3/17 >9/17 10/30' with an efficacy stop."""
    stages = getattr(design, "stages", None)
    if stages is None:
        return str(design.numbers().get("boundaries", "–"))
    if len(stages.n) > 4:
        return f"{len(stages.n)} looks"
    parts = []
    for k, (n, low, high) in enumerate(zip(stages.n, stages.low, stages.high, strict=True)):
        if low >= 0:
            parts.append(f"{low}/{n}")
        if high < n and k < len(stages.n) - 1:
            parts.append(f">{high}/{n}")
    return " ".join(parts)


def _many(design: Design[Any]) -> str:
    return f"{design.looks[0].n} … {design.looks[-1].n}"


def _mean(weights: Sequence[float], values: Sequence[float]) -> float:
    return float(np.dot(weights, values))


def _number(value: float) -> str:
    return f"{value:.1f}" if math.isfinite(value) else "–"


def _rate(q: Any) -> str:
    return f"{q.value:.4f}" + ("" if q.mc_error is None else f" ± {q.mc_error:.4f}")
