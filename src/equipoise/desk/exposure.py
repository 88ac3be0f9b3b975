"""Exposure: what was given of what was planned, by arm, dose level and patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from equipoise.analyse.exposure import DrugExposure, Exposure, exposures
from equipoise.analyse.exposure_tables import cycles_table
from equipoise.dossier.exposure import exposure
from equipoise.files.plain import plain
from equipoise.trial.check import near
from equipoise.trial.exhibits import Table
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class Exposed:
    """All who were given anything, or the one who was asked for."""

    trial: Trial
    snap: Snapshot
    patients: Sequence[Exposure]
    one: bool

    def as_json(self) -> dict[str, Any]:
        """The documented shape."""
        return {
            "trial": self.trial.id,
            "cutoff": self.snap.cutoff,
            "known_on": self.snap.known_on,
            "patients": [
                {
                    "patient": e.patient, "arm": e.arm, "level": e.level or None, "first": e.first, "last": e.last, "days": e.days, "begun": e.begun,
                    "ended": e.ended, "unplanned": e.unplanned, "drugs": [_drug(d) for d in e.drugs],
                }
                for e in self.patients
            ],
            "fingerprints": {"trial": self.trial.fingerprint, "data": self.snap.head},
        }  # fmt: skip

    def tables(self) -> list[Table]:
        """Those of the report; of one patient, his cycles."""
        if self.one:
            return [cycles_table(e) for e in self.patients]
        return [e for e in exposure(self.trial, self.snap) if isinstance(e, Table)]


def _drug(d: DrugExposure) -> dict[str, Any]:
    numbers = ("planned", "delivered", "due", "given", "reduced", "omitted", "late", "rdi")
    return {**plain(d), **{k: getattr(d, k) for k in numbers}}


def take(trial: Trial, snap: Snapshot, patient: str = "") -> Exposed:
    """What was given. Raises BadInput for a patient who was given nothing by the cut-off."""
    found = exposures(trial, snap)
    if not patient:
        return Exposed(trial, snap, found, one=False)
    own = [e for e in found if e.patient == patient]
    if not own:
        allowed, step = "a patient who was given anything by the cut-off", near(patient, [e.patient for e in found])
        raise BadInput(trial.id, [Problem("unknown-patient", "--patient", repr(patient), allowed, step)])
    return Exposed(trial, snap, own, one=True)
