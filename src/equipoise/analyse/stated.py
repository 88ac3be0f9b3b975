"""Responses as the trial file states: as they were recorded, or derived from the lesions by its criterion; progressions settled.

An inner part of ``analyse.data``; nothing else asks which of the two holds.
"""

from __future__ import annotations

from dataclasses import replace

from equipoise.analyse.criteria import CRITERIA
from equipoise.analyse.criteria.criterion import TimePoint, scans_of
from equipoise.analyse.settled import settled
from equipoise.trial.assessment import Assessment
from equipoise.trial.patient import Patient
from equipoise.trial.response import Glossary
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial
from equipoise.trial.vocabularies import VOCABULARIES


def as_stated(trial: Trial, snap: Snapshot) -> Snapshot:
    """The snapshot with the responses that the trial file says to use; itself where they are as recorded.

    A derived response lies beside the recorded event, which stays what it was; so does the sum of the target lesions. An assessment
    that lists no lesion is taken as recorded. To do so twice changes nothing.
    """
    if trial.assessments is not None and trial.assessments.glossary.awaits:
        refuted = trial.assessments.vocabulary.refuted
        snap = replace(snap, patients={name: settled(p, refuted) for name, p in snap.patients.items()})
    if not from_lesions(trial) or trial.assessments is None:
        return snap
    criterion = trial.assessments.criterion
    return replace(snap, patients={name: derived(p, criterion) for name, p in snap.patients.items()})


def from_lesions(trial: Trial) -> bool:
    """True where the trial file says that responses follow from the lesions."""
    return trial.assessments is not None and trial.assessments.responses == "from lesions"


def derived(patient: Patient, criterion: str) -> Patient:
    """A patient with the responses of every assessor derived by a criterion."""
    if not any(a.lesions for a in patient.every_assessment):
        return patient
    words = VOCABULARIES[criterion].own
    readers = {name: _derived(read, criterion, words) for name, read in patient.readers.items()}
    return replace(patient, assessments=_derived(patient.assessments, criterion, words), readers=readers)


def _derived(read: list[Assessment], criterion: str, words: Glossary) -> list[Assessment]:
    points = {p.event: p for p in CRITERIA[criterion].read(scans_of(read))}
    return [_beside(a, points[a.number], words) if a.number in points else a for a in read]


def _beside(a: Assessment, point: TimePoint, words: Glossary) -> Assessment:
    """What follows from the lesions, beside what was recorded. A sum of which nothing was read is the recorded one; of a part there is none."""
    total = a.sum_mm if point.sum is None else point.sum if point.whole else None
    return Assessment(a.event, words[point.overall], total, point.progressed_on or a.happened, a.baseline, derived=True)
