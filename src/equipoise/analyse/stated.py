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
    that lists no lesion (no measurement) is taken as recorded. To do so twice changes nothing.
    """
    a = trial.assessments
    if a is None:
        return snap
    patients = dict(snap.patients)
    if is_derived(trial):
        patients = {name: derived(p, a.criterion) for name, p in patients.items()}
    if a.glossary.awaits:
        patients = {name: settled(p, a.vocabulary) for name, p in patients.items()}
    return replace(snap, patients=patients) if is_derived(trial) or a.glossary.awaits else snap


def is_derived(trial: Trial) -> bool:
    """True where the trial file says that responses follow from the lesions, or from what was measured."""
    return trial.assessments is not None and trial.assessments.responses != "as recorded"


def derived(patient: Patient, criterion: str) -> Patient:
    """A patient with the responses of every assessor derived by a criterion."""
    if not scans_of(patient.every_assessment, CRITERIA[criterion].reads):
        return patient
    words = VOCABULARIES[criterion].own
    readers = {name: _derived(read, criterion, words) for name, read in patient.readers.items()}
    return replace(patient, assessments=_derived(patient.assessments, criterion, words), readers=readers)


def _derived(read: list[Assessment], criterion: str, words: Glossary) -> list[Assessment]:
    points = {p.event: p for p in CRITERIA[criterion].read(scans_of(read, CRITERIA[criterion].reads))}
    return [_beside(a, points[a.number], words) if a.number in points else a for a in read]


def _beside(a: Assessment, point: TimePoint, words: Glossary) -> Assessment:
    """What follows from the lesions, beside what was recorded. A sum of which nothing was read is the recorded one; of a part there is none."""
    total = a.sum_mm if point.sum is None else point.sum if point.whole else None
    word = words[point.overall]
    if word.seconded and word.progresses and point.certain:
        word = replace(word, seconded=False)
    return Assessment(a.event, word, total, point.progressed_on or a.happened, a.baseline, derived=True)
