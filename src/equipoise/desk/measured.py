"""Concentrations that were measured in a trial: what each patient's profile reads, and by arm or level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from equipoise.analyse.concentration_tables import exposure_measured
from equipoise.analyse.concentrations import Measured, measured
from equipoise.trial.check import near
from equipoise.trial.exhibits import Exhibit, LineFigure, Table
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class Concentrations:
    """All profiles, or those of the patient who was asked for."""

    trial: Trial
    snap: Snapshot
    profiles: Sequence[Measured]

    @property
    def exhibits(self) -> list[Exhibit]:
        """Tables and figures, as the report has them."""
        return exposure_measured(self.trial, self.profiles)

    def tables(self) -> list[Table]:
        """The tables alone."""
        return [e for e in self.exhibits if isinstance(e, Table)]

    def figure(self) -> LineFigure | None:
        """The first figure: of the first analyte after its first dose; None without two times."""
        return next((e for e in self.exhibits if isinstance(e, LineFigure)), None)

    def as_json(self) -> dict[str, Any]:
        """The documented shape: times in hours, concentrations in each profile's unit; None is below the limit."""
        return {
            "trial": self.trial.id, "cutoff": self.snap.cutoff, "known_on": self.snap.known_on, "profiles": [_profile(m) for m in self.profiles],
            "fingerprints": {"trial": self.trial.fingerprint, "data": self.snap.head},
        }  # fmt: skip


def _profile(m: Measured) -> dict[str, Any]:
    f, clearance = m.found, m.clearance
    return {
        "patient": m.patient, "group": m.group or None, "drug": m.drug, "analyte": m.analyte, "specimen": m.specimen or None, "cycle": m.cycle, "day": m.day,
        "dose": m.dose, "dose_unit": m.dose_unit or None, "dosed_on": m.dosed_on, "first_dose": m.first, "unit": m.unit,
        "samples": [{"planned_hours": p.planned, "actual_hours": p.actual, "concentration": p.value, "limit": p.limit, "event": p.event} for p in m.points],
        "cmax": f.cmax if f else None, "tmax_hours": f.tmax if f else None, "auc_last": f.area_last if f else None, "auc_unit": f"h*{m.unit}",
        "auc_infinity": m.area_for_ever, "extrapolated": f.extrapolated if f and m.area_for_ever is not None else None, "half_life_hours": m.half_life,
        "clearance": None if clearance is None else {"value": clearance[0], "unit": clearance[1]}, "nothing_because": m.why or None,
    }  # fmt: skip


def take(trial: Trial, snap: Snapshot, patient: str = "") -> Concentrations:
    """What was measured by the cut-off. Raises BadInput for a patient of whom nothing was."""
    found = measured(trial, snap)
    own = [m for m in found if m.patient == patient] if patient else found
    if patient and not own:
        names = list(dict.fromkeys(m.patient for m in found))
        allowed = "a patient of whom a concentration is recorded by the cut-off"
        raise BadInput(
            trial.id, [Problem("unknown-patient", "--patient", repr(patient), allowed, near(patient, names))]
        )
    return Concentrations(trial, snap, own)
