"""Concentrations that were measured: each patient's after each dose, and what is read off them without a model.

A sample's time is what really passed since its dose began, as both clocks say, and where they are not known the planned time; before the dose it is 0.
A clearance, and an area to infinity, are of a patient's first dose of the drug alone: later ones lie on what the doses before have left.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from equipoise.analyse.noncompartmental import Noncompartmental, noncompartmental
from equipoise.trial.event import Event
from equipoise.trial.hand_over import planned_group
from equipoise.trial.patient import Patient
from equipoise.trial.problem import BadInput
from equipoise.trial.sample import CONCENTRATION_UNITS, elapsed_hours
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial

#: The unit of a dose → the unit of its clearance, where the concentration is a mass in a volume.
CLEARANCE_UNITS = {"mg": "L/h", "mg/m2": "L/h/m2", "mg/kg": "L/h/kg"}


@dataclass(frozen=True)
class Point:
    """One sample: planned and actual hours after the dose (None: not known), the concentration (None: below ``limit``), its event's number."""

    planned: float
    actual: float | None
    value: float | None
    limit: float | None
    event: int

    @property
    def hours(self) -> float:
        """Hours that count: 0 before the dose, else those that passed and, where they are not known, the planned ones."""
        return 0.0 if self.planned == 0 else self.planned if self.actual is None else self.actual


@dataclass(frozen=True)
class Measured:
    """One patient's concentrations of one analyte after one dose. ``group``: his arm or, in phase I, his level; '' where it is not told.

    ``dose``, ``dose_unit``: as given; None where not recorded. ``first``: of no dose of the drug before. ``found``: what is read off, None where
    nothing is, for ``why``.
    """

    patient: str
    group: str
    drug: str
    analyte: str
    specimen: str
    cycle: int
    day: int
    unit: str
    points: tuple[Point, ...]
    dosed_on: date | None
    dose: float | None
    dose_unit: str
    first: bool
    found: Noncompartmental | None
    why: str

    @property
    def clearance(self) -> tuple[float, str] | None:
        """Dose over the area to infinity, with its unit; None where there is no area, after a later dose, or where units do not go together."""
        to_mass, unit = CONCENTRATION_UNITS.get(self.unit), CLEARANCE_UNITS.get(self.dose_unit)
        if not self.first or self.dose is None or self.found is None or self.found.area_for_ever is None:
            return None
        if to_mass is None or unit is None:
            return None
        return self.dose / (self.found.area_for_ever * to_mass), unit

    @property
    def area_for_ever(self) -> float | None:
        """Area to infinity after a first dose [unit x hours]."""
        return self.found.area_for_ever if self.first and self.found is not None else None

    @property
    def half_life(self) -> float | None:
        """Of the terminal slope [hours]."""
        return self.found.half_life if self.found is not None else None


def measured(trial: Trial, snap: Snapshot) -> list[Measured]:
    """All profiles known by the cut-off, in the order of patients, analytes, cycles and days. Samples whose values are not shown are left out."""
    return [m for p in snap.patients.values() for m in of_patient(trial, p)]


def of_patient(trial: Trial, patient: Patient) -> list[Measured]:
    """One patient's profiles."""
    by: dict[tuple[str, str, str, int, int, str], list[Event]] = {}
    for e in patient.samples:
        d = e.data
        value = d.get("concentration")
        if isinstance(value, str) or (value is None and d.get("below_limit") is not True):
            continue  # masked
        key = (d["drug"], d["analyte"], d.get("specimen", ""), int(d["cycle"]), int(d["day"]), str(d.get("unit", "")))
        by.setdefault(key, []).append(e)
    group = planned_group(trial, patient)[0]
    return [_profile(patient, group, key, by[key]) for key in sorted(by)]


def _profile(patient: Patient, group: str, key: tuple[str, str, str, int, int, str], samples: list[Event]) -> Measured:
    drug, analyte, specimen, cycle, day, unit = key
    doses = [e for e in patient.doses if e.data["drug"] == drug]
    dose = next((e for e in doses if (e.data["cycle"], e.data["day"]) == (cycle, day)), None)
    on = dose.happened if dose is not None else None
    points = [_point(e, on) for e in samples]
    points.sort(key=lambda p: (p.hours, p.planned))
    first = not any(on is not None and e.happened < on for e in doses)
    given = dose.data.get("dose") if dose is not None else None
    amount = float(given) if isinstance(given, (int, float)) else None
    found, why = _found(points)
    return Measured(
        patient.name, group, drug, analyte, specimen, cycle, day, unit, tuple(points), on, amount,
        str(dose.data.get("unit", "")) if dose is not None else "", first, found, why,
    )  # fmt: skip


def _point(sample: Event, dosed_on: date | None) -> Point:
    d = sample.data
    value = None if d.get("below_limit") else float(d["concentration"])
    limit = d.get("limit")
    return Point(float(d["hours"]), elapsed_hours(sample, dosed_on), value, None if limit is None else float(limit), sample.number)  # fmt: skip


def _found(points: Sequence[Point]) -> tuple[Noncompartmental | None, str]:
    """What is read off, or why nothing is."""
    if not any(p.value for p in points):
        return None, "every sample is below the limit"
    try:
        return noncompartmental([p.hours for p in points], [p.value for p in points]), ""
    except BadInput as bad:
        return None, bad.problems[0].allowed if bad.problems[0].code != "order" else "two samples at one time"


def geometric(values: Sequence[float]) -> tuple[float, float] | None:
    """Geometric mean and geometric coefficient of variation, sqrt(exp(s²) - 1) with s of the logarithms; None without a value above 0."""
    logs = [math.log(v) for v in values if v > 0]
    if not logs:
        return None
    spread = float(np.var(logs, ddof=1)) if len(logs) > 1 else 0.0
    return math.exp(float(np.mean(logs))), math.sqrt(math.expm1(spread))
