"""Responses as the trial file states: as they were recorded, or derived from the lesions by its criterion."""

from __future__ import annotations

from dataclasses import replace

from equipoise.analyse.criteria import CRITERIA
from equipoise.analyse.criteria.criterion import TimePoint, scans_of
from equipoise.trial.event import Event
from equipoise.trial.patient import Patient
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


def as_stated(trial: Trial, snap: Snapshot) -> Snapshot:
    """The snapshot with the responses that the trial file says to use; itself where they are as recorded.

    A derived response takes the place of the recorded one, which stays beside it as 'recorded'; so does the sum of the target lesions. An assessment
    that lists no lesion is taken as recorded. To do so twice changes nothing.
    """
    if trial.assessments is None or trial.assessments.responses == "as recorded":
        return snap
    criterion = trial.assessments.criterion
    return replace(snap, patients={name: derived(p, criterion) for name, p in snap.patients.items()})


def derived(patient: Patient, criterion: str) -> Patient:
    """A patient with the responses of every assessor derived by a criterion."""
    readers = {name: _derived(events, criterion) for name, events in patient.readers.items()}
    return replace(patient, assessments=_derived(patient.assessments, criterion), readers=readers)


def _derived(events: list[Event], criterion: str) -> list[Event]:
    points = {p.event: p for p in CRITERIA[criterion].read(scans_of(events))}
    return [_with(e, points.get(e.number)) for e in events]


def _with(event: Event, point: TimePoint | None) -> Event:
    if point is None:
        return event
    data = {**event.data, "response": point.overall, "recorded": event.data.get("recorded", event.data["response"])}
    if point.sum is not None:
        data["sum_mm"] = point.sum
    if point.progressed_on is not None and point.progressed_on != event.happened:
        data["progressed_on"] = point.progressed_on.isoformat()
    return replace(event, data=data)


def taken_as_recorded(trial: Trial, snap: Snapshot) -> int:
    """Under 'from lesions': assessments after baseline that list no lesion, so that their response is as recorded."""
    if trial.assessments is None or trial.assessments.responses == "as recorded":
        return 0
    return sum(
        not e.data.get("lesions") and not e.data.get("baseline")
        for p in snap.patients.values()
        for events in (p.assessments, *p.readers.values())
        for e in events
    )
