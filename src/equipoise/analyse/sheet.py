"""The lesion sheet: which lesions are asked for, and what follows from what is typed, by the trial's criterion, before it is recorded.

The verdict is that of the criterion over the recorded scans and the typed one together, with the sentence that ``explain`` gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from equipoise.analyse.criteria import CRITERIA
from equipoise.analyse.criteria.criterion import Criterion, Scan, TimePoint, scans_of
from equipoise.analyse.criteria.recist11 import baseline_sum
from equipoise.analyse.criteria.recist11_target import SAME
from equipoise.analyse.criteria.selection import selection_findings
from equipoise.trial.assessment import INVESTIGATOR, Assessment
from equipoise.trial.lesion import Kind, readings
from equipoise.trial.patient import Patient
from equipoise.trial.trial import Trial
from equipoise.trial.vocabularies import OURS

#: As which event the typed scan is read, before it has a number.
_TYPED = -1


@dataclass(frozen=True, slots=True)
class Row:
    """A lesion that is asked for. ``sizes``: what was measured, by day, oldest first [mm]; ``state``: as it was read last."""

    lesion: str
    kind: Kind
    organ: str
    node: bool
    state: str
    sizes: tuple[tuple[date, float], ...] = ()

    @property
    def baseline(self) -> float | None:
        """The first size [mm]."""
        return self.sizes[0][1] if self.sizes else None

    @property
    def last(self) -> float | None:
        """The last size [mm]."""
        return self.sizes[-1][1] if self.sizes else None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows. ``response`` is '' at baseline. Sums in mm; changes as shares (-0.3: 30 % less), None without what they are of.

    ``findings``: what is wrong with the choice of targets at baseline, by the criterion's own rules of selection.
    """

    response: str
    target: str
    non_target: str
    new: str
    sum: float | None
    baseline_sum: float | None
    nadir: float | None
    sentence: str
    findings: tuple[str, ...] = ()
    whole: bool = True

    @property
    def from_baseline(self) -> float | None:
        """Change of the sum from baseline."""
        return _share(self.sum, self.baseline_sum)

    @property
    def from_nadir(self) -> float | None:
        """Change of the sum from the nadir."""
        return _share(self.sum, self.nadir)


def criterion_of(trial: Trial) -> Criterion | None:
    """The criterion by which responses can be derived here from lesions; None where the trial's is another."""
    found = CRITERIA.get(trial.assessments.criterion if trial.assessments is not None else OURS.criterion)
    return found if found is not None and found.reads == "lesions" else None


def rows_of(
    patient: Patient, before: date | None = None, *, replaces: int | None = None, assessor: str = INVESTIGATOR
) -> list[Row]:
    """The lesions that a sheet of ``before`` asks for: those of baseline, then the new ones since.

    ``replaces``: the number of an assessment that is put right, and does not count.
    """
    found: dict[str, Row] = {}
    for a in _before(patient, before, replaces, assessor):
        for r in readings(a.lesions):
            known = found.get(r.lesion)
            if known is None and (a.baseline or (r.kind == "new" and r.state != "absent")):
                known = Row(r.lesion, r.kind, r.organ, r.node, r.state)
            if known is not None:
                size = ((a.happened, r.size),) if r.size is not None else ()
                found[r.lesion] = Row(known.lesion, known.kind, known.organ, known.node, r.state, (*known.sizes, *size))
    return list(found.values())


def verdict(
    trial: Trial, patient: Patient, on: date, lesions: Sequence[Mapping[str, Any]], *, baseline: bool = False,
    replaces: int | None = None, assessor: str = INVESTIGATOR,
) -> Verdict | None:  # fmt: skip
    """What follows from the lesions that are typed for a scan on a day; None where the trial's criterion is not one that derives.

    The lesions are well-formed (``trial.lesion.lesion_problems`` finds nothing). Later scans of the record do not count for it.
    """
    criterion = criterion_of(trial)
    if criterion is None:
        return None
    typed = Scan(on, readings(lesions), baseline, event=_TYPED)
    if baseline:
        total = baseline_sum([typed])
        said = f"Baseline sum {total:.4g} mm." if total is not None else "No target lesion is measured."
        return Verdict(
            "", "", "", "", total, total, None, said, tuple(why for why, _ in selection_findings(typed.readings))
        )
    earlier = [a for a in _before(patient, None, replaces, assessor) if a.happened <= on or a.baseline]
    point = next(p for p in criterion.read([*scans_of(earlier), typed]) if p.event == _TYPED)
    return _said(point)


def _said(point: TimePoint) -> Verdict:
    return Verdict(
        point.overall, point.target, point.non_target, point.new, point.sum, point.baseline_sum, point.nadir, point.sentence,
        whole=point.whole,
    )  # fmt: skip


def _before(patient: Patient, before: date | None, replaces: int | None, assessor: str) -> list[Assessment]:
    return [
        a
        for a in patient.read_by(assessor)
        if a.lesions and a.number != replaces and (before is None or a.happened < before or a.baseline)
    ]


def _share(size: float | None, reference: float | None) -> float | None:
    return None if size is None or reference is None or reference < SAME else size / reference - 1
