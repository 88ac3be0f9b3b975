"""ADTR: the sum of target diameters of each assessor, against baseline and against the nadir; one record an assessment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from equipoise.analyse.criteria.criterion import scans_of
from equipoise.analyse.criteria.recist11 import Recist11
from equipoise.standards.adam.assessors import label_of, parameter_code
from equipoise.standards.adam.source import source_of
from equipoise.standards.adam.subjects import imputed
from equipoise.standards.study_day import study_day
from equipoise.trial.assessment import Assessment
from equipoise.trial.lesion import readings
from equipoise.trial.patient import Patient


def measurement_rows(patient: Patient, codes: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Sums by assessor and day. The nadir is the lowest sum before the record, baseline among them (RECIST 1.1, 4.3.1).

    Where lesions were read, the sum is theirs; else the one recorded. A sum with a lesion not evaluated is shown, marked so, and is no nadir.
    """
    sequence, start = 0, patient.randomised.happened if patient.randomised else None
    for assessor in sorted(codes):
        base: float | None = None
        nadir: float | None = None
        read = sorted(patient.read_by(assessor), key=lambda a: (a.happened, not a.baseline, a.number))
        points = {p.event: p for p in Recist11().read(scans_of(read))}
        for a in read:
            baseline, event = a.baseline, a.event
            point = points.get(a.number)
            total, whole, why = _sum(a, point.sum if point else None)
            if total is None:
                continue
            sequence += 1
            yield {
                "ASEQ": sequence, "PARAMCD": parameter_code("SUMDIAM", codes[assessor]) if codes[assessor] else "SUMDIAM",
                "PARAM": f"Sum of Target Diameters by {label_of(assessor)} (mm)", "PARCAT2": label_of(assessor),
                "AVISIT": a.visit, "ADT": event.happened, "ADTF": imputed(event),
                "ADY": study_day(event.happened, start), "AVAL": total, "AVALU": "mm", "ABLFL": "Y" if baseline else "",
                "BASE": total if baseline else base, "NADIR": None if baseline else nadir,
                "CHG": _less(total, None if baseline else base), "PCHG": _percent(total, None if baseline else base),
                "CHGNAD": _less(total, None if baseline else nadir),
                "PCHGNAD": _percent(total, None if baseline else nadir),
                **source_of(event).columns, "DRVDESC": why,
            }  # fmt: skip
            if baseline:
                base = total
            if whole and (nadir is None or total < nadir) and base is not None:
                nadir = total


def _sum(a: Assessment, of_lesions: float | None) -> tuple[float | None, bool, str]:
    """The sum [mm], whether every target lesion is in it, and how it came about."""
    targets = [r for r in readings(a.lesions) if r.kind == "target"]
    missing = [r.lesion for r in targets if r.state == "not evaluated"]
    if a.baseline and targets:
        sizes = [
            5.0 if r.state == "too small" and r.size is None else r.size or 0.0 for r in targets if r.state != "merged"
        ]
        return (sum(sizes), True, f"sum of {len(sizes)} target lesions") if not missing else (None, False, "")
    if of_lesions is not None:
        note = f", {', '.join(missing)} not evaluated" if missing else ""
        return of_lesions, not missing, f"sum of the target lesions{note}"
    return (float(a.sum_mm), True, "as recorded") if a.sum_mm is not None else (None, False, "")


def _less(total: float, other: float | None) -> float | None:
    return total - other if other is not None else None


def _percent(total: float, other: float | None) -> float | None:
    """Change in percent; none of nothing."""
    return 100.0 * (total - other) / other if other else None
