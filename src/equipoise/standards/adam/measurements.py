"""ADTR: the sum of target diameters of each assessor, and what was measured beside lesions, against baseline and nadir."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from equipoise.analyse.criteria.criterion import scans_of
from equipoise.analyse.criteria.recist11 import Recist11, baseline_sum
from equipoise.standards.adam.assessors import label_of, parameter_code
from equipoise.standards.adam.source import in_short, source_of
from equipoise.standards.adam.subjects import imputed
from equipoise.standards.study_day import study_day
from equipoise.trial.assessment import Assessment
from equipoise.trial.measured import Measure
from equipoise.trial.patient import Patient
from equipoise.trial.vocabularies import imwg

#: PARAMCD of what is measured beside lesions: our own, of at most six letters, since an assessor's number is added.
_CODES = {
    imwg.SERUM: "SERUMM", imwg.URINE: "URINEM", imwg.KAPPA: "KAPPA", imwg.LAMBDA: "LAMBDA", imwg.SERUM_FIXATION: "SIFE",
    imwg.URINE_FIXATION: "UIFE", imwg.MARROW: "BMPC", imwg.CLONAL: "BMCLON", imwg.PLASMACYTOMA: "PLASMA", imwg.CIRCULATING: "CIRCPC",
}  # fmt: skip


def measurement_rows(
    patient: Patient, codes: Mapping[str, str], measures: Sequence[Measure] = ()
) -> Iterator[dict[str, Any]]:
    """Sums by assessor and day. The nadir is the lowest whole sum before the record, baseline among them (RECIST 1.1, 4.3.1).

    Where lesions were read, sum, baseline and nadir are those by which the criterion judges; else the sum is the one recorded. A sum
    with a lesion not evaluated is shown, marked so, and is no nadir.
    """
    sequence, start = 0, patient.randomised.happened if patient.randomised else None
    for assessor in sorted(codes):
        for s in sums_of(patient.read_by(assessor)):
            sequence += 1
            event = s.of.event
            yield {
                "ASEQ": sequence, "PARAMCD": parameter_code("SUMDIAM", codes[assessor]) if codes[assessor] else "SUMDIAM",
                "PARAM": f"Sum of Target Diameters by {label_of(assessor)} (mm)", "PARCAT2": label_of(assessor),
                "AVISIT": s.of.visit, "ADT": event.happened, "ADTF": imputed(event),
                "ADY": study_day(event.happened, start), "AVAL": s.total, "AVALU": "mm", "ABLFL": "Y" if s.of.baseline else "",
                "BASE": s.total if s.of.baseline else s.base, "NADIR": s.nadir,
                "CHG": _less(s.total, None if s.of.baseline else s.base), "PCHG": _percent(s.total, None if s.of.baseline else s.base),
                "CHGNAD": _less(s.total, s.nadir), "PCHGNAD": _percent(s.total, s.nadir),
                **source_of(event).columns, "DRVDESC": in_short(s.because),
            }  # fmt: skip
        for m, a, value, base, low in measured_of(patient.read_by(assessor), measures):
            sequence += 1
            event, number = a.event, not isinstance(value, str)
            code = _CODES[m.name]
            yield {
                "ASEQ": sequence, "PARAMCD": parameter_code(code, codes[assessor]) if codes[assessor] else code,
                "PARAM": f"{m.label} by {label_of(assessor)}{f' ({m.unit})' if m.unit else ''}", "PARCAT2": label_of(assessor),
                "AVISIT": a.visit, "ADT": event.happened, "ADTF": imputed(event), "ADY": study_day(event.happened, start),
                "AVAL": value if number else None, "AVALC": "" if number else value, "AVALU": m.unit, "ABLFL": "Y" if a.baseline else "",
                "BASE": base, "NADIR": low, "CHG": _less(value, None if a.baseline else base) if number else None,
                "PCHG": _percent(value, None if a.baseline else base) if number else None,
                "CHGNAD": _less(value, low) if number else None, "PCHGNAD": _percent(value, low) if number else None,
                **source_of(event).columns, "DRVDESC": "as measured",
            }  # fmt: skip


def measured_of(
    read: Sequence[Assessment], measures: Sequence[Measure]
) -> Iterator[tuple[Measure, Assessment, Any, float | None, float | None]]:
    """What one assessor's assessments say beside lesions, each with the baseline and the lowest value before it (None: there is none)."""
    ordered = sorted(read, key=lambda a: (a.happened, not a.baseline, a.number))
    for m in measures:
        base: float | None = None
        low: float | None = None
        for a in ordered:
            if m.name not in a.measurements:
                continue
            value = a.measurements[m.name]
            if not m.words and a.baseline:
                base = float(value)
            yield m, a, value, base, low
            if not m.words:
                low = float(value) if low is None else min(low, float(value))


@dataclass(frozen=True, slots=True)
class Sum:
    """A sum of target diameters [mm], the baseline and the nadir that it is held against (None: there is none), and how it came about."""

    of: Assessment
    total: float
    base: float | None
    nadir: float | None
    because: str


def sums_of(read: Sequence[Assessment]) -> Iterator[Sum]:
    """One assessor's sums, in the order of days; an assessment without one is left out."""
    ordered = sorted(read, key=lambda a: (a.happened, not a.baseline, a.number))
    points = {p.event: p for p in Recist11().read(scans_of(ordered))}
    at_baseline = [a for a in ordered if a.baseline and a.lesions]
    base: float | None = None
    nadir: float | None = None
    for a in ordered:
        point = points.get(a.number)
        if a.baseline:
            if a.lesions:
                # Of several baselines the lesions of all count: the sum stands at the last.
                total = baseline_sum(scans_of(at_baseline)) if a is at_baseline[-1] else None
                because = "sum of the target lesions"
            else:
                total, because = a.event.data.get("sum_mm"), "as recorded"
            if total is not None:
                yield Sum(a, float(total), None, None, because)
                base = float(total)
                nadir = base if nadir is None else min(nadir, base)
        elif point is not None and point.sum is not None:
            because = (
                "sum of the target lesions"
                if point.whole
                else f"sum of the target lesions that were evaluated. {point.because[0]}"
            )
            yield Sum(a, point.sum, point.baseline_sum, point.nadir, because)
            if point.whole and nadir is not None:
                nadir = min(nadir, point.sum)
        elif (recorded := a.event.data.get("sum_mm")) is not None:
            yield Sum(a, float(recorded), base, nadir, "as recorded")
            if nadir is not None and not a.lesions:
                nadir = min(nadir, float(recorded))


def _less(total: float, other: float | None) -> float | None:
    return total - other if other is not None else None


def _percent(total: float, other: float | None) -> float | None:
    """Change in percent; none of nothing."""
    return 100.0 * (total - other) / other if other else None
