"""Concentrations as tables, figures and a listing: by arm, or by level in phase I."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from equipoise.analyse.concentrations import Measured, geometric
from equipoise.trial.exhibits import Cell, Curve, Exhibit, LineFigure, Table
from equipoise.trial.trial import Trial

RULE = (
    "Read off without a model: area by the linear trapezoid where concentrations rise and the logarithmic where they fall (linear-up log-down); terminal "
    "slope of the last three or more samples with the largest adjusted R². Times are those that passed, where both clocks are recorded, else the planned ones. "
    "Below the limit of quantification: 0 before the largest concentration, left out after it."
)
#: Groups of so many patients or more have a band of quartiles.
_BAND = 4


def exposure_measured(trial: Trial, found: Sequence[Measured]) -> list[Exhibit]:
    """What was measured, by analyte: parameters by group, concentrations by planned time, a figure; nothing where nothing is."""
    shown: list[Exhibit] = []
    for drug, analyte, unit in dict.fromkeys((m.drug, m.analyte, m.unit) for m in found):
        own = [m for m in found if (m.drug, m.analyte, m.unit) == (drug, analyte, unit)]
        shown += [_parameters(trial, own), *_by_time(trial, own), *_figures(trial, own)]
    return shown


def _name(m: Measured) -> str:
    return m.analyte if m.drug.casefold() in m.analyte.casefold() else f"{m.analyte} of {m.drug}"


def _heading(m: Measured) -> str:
    name = _name(m)
    return name[:1].upper() + name[1:]


def _groups(trial: Trial, found: Sequence[Measured]) -> list[str]:
    """Groups in the trial's order: levels, then arms."""
    order = [*trial.level_numbers, *trial.arm_by_name]
    return sorted({m.group for m in found}, key=lambda g: (order.index(g) if g in order else len(order), g))


def _label(trial: Trial, group: str) -> str:
    arm = trial.arm_by_name.get(group)
    return arm.label if arm is not None else group or "not told"


def _doses(found: Sequence[Measured]) -> list[tuple[int, int]]:
    return sorted({(m.cycle, m.day) for m in found})


def _parameters(trial: Trial, found: Sequence[Measured]) -> Table:
    one = found[0]
    rows: list[list[Cell]] = []
    units = list(dict.fromkeys(m.clearance[1] for m in found if m.clearance is not None))
    for cycle, day in _doses(found):
        for group in _groups(trial, found):
            own = [m for m in found if (m.cycle, m.day, m.group) == (cycle, day, group)]
            if not own:
                continue
            read = [m.found for m in own if m.found is not None]
            rows.append(
                [
                    f"cycle {cycle} day {day}", _label(trial, group), len(own), _mean([r.cmax for r in read]), _middle([r.tmax for r in read]),
                    _mean([r.area_last for r in read]), _mean([m.area_for_ever for m in own]), _middle([m.half_life for m in own]),
                    *(_mean([m.clearance[0] for m in own if m.clearance is not None and m.clearance[1] == u]) for u in units),
                ]
            )  # fmt: skip
    heads = (
        "Dose", "Arm", "Patients", f"Cmax, {one.unit}", "Tmax, h", f"AUC to last, h·{one.unit}", f"AUC to infinity, h·{one.unit}", "Half-life, h",
        *(f"Clearance, {u}" for u in units),
    )  # fmt: skip
    none = sum(m.found is None for m in found)
    notes = [RULE, "Geometric mean (geometric coefficient of variation); times and half-lives: median (range). [n]: of so many, where not of all.", "Area to infinity and clearance are of a patient's first dose alone."]  # fmt: skip
    if none:
        notes.append(f"Of {none} profile{'s' if none > 1 else ''} nothing could be read off.")
    return Table(f"Exposure: {_name(one)} measured in {one.specimen or 'samples'}", heads, rows, tuple(notes))


def _mean(values: Sequence[float | None]) -> str:
    known = [v for v in values if v is not None]
    found = geometric(known)
    if found is None:
        return "–"
    spread = f" ({100 * found[1]:.0f} %)" if len(known) > 1 else ""
    return f"{figures(found[0])}{spread}{_of(known, values)}"


def _middle(values: Sequence[float | None]) -> str:
    known = [v for v in values if v is not None]
    if not known:
        return "–"
    spread = f" ({figures(min(known))} to {figures(max(known))})" if len(known) > 1 else ""
    return f"{figures(float(np.median(known)))}{spread}{_of(known, values)}"


def figures(x: float) -> str:
    """Three figures, whole from a hundred on: a table has no powers of ten but for what is tiny."""
    return f"{x:,.0f}" if x >= 100 else f"{x:.3g}"


def _of(known: Sequence[float], values: Sequence[float | None]) -> str:
    return f" [{len(known)}]" if len(known) < len(values) else ""


def _at(found: Sequence[Measured], hours: float) -> list[float]:
    """Concentrations at a planned time; below the limit as 0."""
    return [p.value or 0.0 for m in found for p in m.points if p.planned == hours]


def _by_time(trial: Trial, found: Sequence[Measured]) -> Iterator[Table]:
    one = found[0]
    groups = _groups(trial, found)
    for cycle, day in _doses(found):
        own = [m for m in found if (m.cycle, m.day) == (cycle, day)]
        times = sorted({p.planned for m in own for p in m.points})
        rows: list[list[Cell]] = []
        for t in times:
            cells: list[Cell] = ["before the dose" if t == 0 else f"{t:g}"]
            for g in groups:
                of = [m for m in own if m.group == g]
                values = _at(of, t)
                below = sum(p.value is None for m in of for p in m.points if p.planned == t)
                cells += [len(values), f"{figures(float(np.median(values)))} ({figures(min(values))} to {figures(max(values))})" if values else "–", below]  # fmt: skip
            rows.append(cells)
        heads = ["Planned hours after the dose"]
        for g in groups:
            heads += [f"{_label(trial, g)}: samples", f"median (range), {one.unit}", "below the limit"]
        yield Table(f"{_heading(one)}, cycle {cycle} day {day}, by planned time", heads, rows, ("Below the limit counts as 0.",))  # fmt: skip


def _figures(trial: Trial, found: Sequence[Measured]) -> Iterator[LineFigure]:
    one = found[0]
    for cycle, day in _doses(found):
        curves = []
        for g in _groups(trial, found):
            own = [m for m in found if (m.cycle, m.day, m.group) == (cycle, day, g)]
            times = [t for t in sorted({p.planned for m in own for p in m.points}) if _at(own, t)]
            if len(times) < 2:
                continue
            at = [_at(own, t) for t in times]
            low, middle, high = ([float(np.quantile(v, q)) for v in at] for q in (0.25, 0.5, 0.75))
            banded = len(own) >= _BAND
            curves.append(Curve(_label(trial, g), times, middle, low if banded else None, high if banded else None))
        if curves:
            band = f" Band: quartiles, of groups of {_BAND} patients or more." if any(c.lower for c in curves) else ""
            yield LineFigure(
                f"{_heading(one)}, cycle {cycle} day {day}", "hours after the dose (planned)", f"{one.analyte}, {one.unit}", curves,
                caption=f"Medians by planned time; below the limit of quantification as 0.{band}",
            )  # fmt: skip


def concentrations_listing(found: Sequence[Measured]) -> Table | None:
    """Sample by sample; None without any."""
    rows: list[list[Cell]] = [
        [
            m.patient, m.group, m.analyte, f"cycle {m.cycle} day {m.day}", "before" if p.planned == 0 else f"{p.planned:g}",
            "" if p.actual is None else f"{p.actual:.2f}", f"< {p.limit:g}" if p.value is None and p.limit is not None else "below" if p.value is None else f"{p.value:g}", m.unit,
        ]
        for m in found for p in m.points
    ]  # fmt: skip
    heads = ("Patient", "Arm", "Analyte", "Dose", "Planned, h", "Actual, h", "Concentration", "Unit")
    return Table("Drug concentrations", heads, rows) if rows else None
