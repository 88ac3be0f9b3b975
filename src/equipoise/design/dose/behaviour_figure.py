"""How a dose-finding design behaves, as a figure; or, where no truth is given, its boundaries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from equipoise.design.dose.dose_design import DoseDesign
from equipoise.design.dose.exact import DoseCharacteristics
from equipoise.design.dose.levels import named
from equipoise.trial.exhibits import Curve, LineFigure, Mark
from equipoise.trial.problem import BadInput, Problem

_BOUNDS = {
    "escalate_if_at_most": "Escalate with so many or fewer",
    "deescalate_if_at_least": "De-escalate with so many or more",
    "eliminate_if_at_least": "Eliminate with so many or more",
}


def behaviour_figure(design: DoseDesign[Any], behaviour: Sequence[DoseCharacteristics]) -> LineFigure:
    """By dose, how often it is selected, the share of patients treated there, and its true rate; without a truth, DLTs against patients.

    Raises BadInput for a design that has no table of counts and was given no truth.
    """
    return _by_dose(design, behaviour) if behaviour else _boundaries(design)


def _by_dose(design: DoseDesign[Any], behaviour: Sequence[DoseCharacteristics]) -> LineFigure:
    doses = [float(d + 1) for d in range(design.doses)]
    curves = []
    for i, c in enumerate(behaviour):
        of = f", truth {i + 1}" if len(behaviour) > 1 else ""
        treated = sum(c.patients) or 1.0
        curves += [
            Curve(f"Selected{of}", doses, list(c.select), hue=i),
            Curve(
                f"Patients treated there{of}", doses, [n / treated for n in c.patients], points=True, dashed=True, hue=i
            ),
            Curve(f"True DLT rate{of}", doses, list(c.truth.dlt), hue=len(behaviour) + i),
        ]
    target = getattr(design, "target", None)
    marks = [Mark(f"target {target:g}", y=float(target))] if isinstance(target, float) else []
    none = "; ".join(f"{c.select_none:.3f}" for c in behaviour)
    methods = ", ".join(dict.fromkeys(c.method for c in behaviour))
    return LineFigure(
        "Behaviour by dose", "Dose", "Probability", curves, marks, y_range=(0.0, 1.0), x_names=[str(named(design, d + 1)) for d in range(design.doses)],
        caption=f"Method: {methods}. No dose is selected with probability {none}.",
    )  # fmt: skip


def _boundaries(design: DoseDesign[Any]) -> LineFigure:
    rows = design.numbers().get("table")
    if not rows:
        allowed = "true DLT rates by dose: this design has no table of counts to draw"
        raise BadInput(
            "design", [Problem("no-figure", "--figure", "without --truth", allowed, "give --truth 0.05,0.15,…")]
        )
    curves = []
    for key, words in _BOUNDS.items():
        there = [(float(row["n"]), float(row[key])) for row in rows if row.get(key) is not None]
        if there:
            curves.append(Curve(words, [n for n, _ in there], [x for _, x in there], steps=True, points=True))
    return LineFigure(
        "Boundaries",
        "Patients at the dose",
        "Patients with a DLT",
        curves,
        caption="By the number treated at the dose.",
    )
