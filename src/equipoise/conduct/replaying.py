"""Judge a log, or one patient's record, again from its beginning."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from equipoise.conduct.authority import refusals
from equipoise.conduct.corrections import correction_problems
from equipoise.conduct.people import People, sites_of
from equipoise.conduct.rules import (
    ENROLMENT,
    Standing,
    cohort_problems,
    day_problems,
    patient_problems,
    safety_problems,
    site_problems,
    subject_problems,
)
from equipoise.conduct.shape import shape_problems
from equipoise.trial.event import REMOVED, Event
from equipoise.trial.log import in_force, in_order, places
from equipoise.trial.patient import Patient
from equipoise.trial.problem import Problem
from equipoise.trial.trial import Trial

Found = list[tuple[Event, Problem]]


def replay(trial: Trial, events: Sequence[Event]) -> Found:
    """Judge a whole log again: everything in it that is impossible, with the event that shows it."""
    found: Found = []
    last: datetime | None = None
    misshapen: set[int] = set()
    standing_now: dict[int, Event] = {}
    # Whose patient each is does not change, and where a screening was removed its correction says it.
    people = People(site_of=sites_of(events))
    for event in events:
        if last is not None and event.recorded < last:
            found.append((event, clock_backwards(event, last)))
        last = event.recorded
        if event.kind == REMOVED:
            standing_now[event.number] = event
            standing_now.pop(event.corrects or 0, None)
            continue
        problems: list[Problem] = list(shape_problems(event.kind, dict(event.data)))
        if not problems:
            # Who was allowed is judged by what the log said of people then.
            found.extend((event, p) for p in refusals(event, event.by, people, trial))
            people.take(event)
        problems += subject_problems(event)
        if event.corrects is not None:
            old = standing_now.pop(event.corrects, None)
            if old is None or old.kind != REMOVED:  # of what was removed nobody knows any more what could correct it
                problems += correction_problems(event, old)
        if event.kind == "redacted" and not problems:
            problems += _not_removed(event, events)
        if event.kind != "voided":
            standing_now[event.number] = event
        if problems:
            misshapen.add(event.number)
            found.extend((event, p) for p in problems)
    standing = Standing(places=places(events))
    by_patient: dict[str, list[Event]] = {}
    for event in in_force(events):
        if event.number in misshapen:
            continue  # what follows from it says nothing new
        if event.kind != "opened":
            found.extend((event, p) for p in (*day_problems(event, trial), *cohort_problems(event, trial)))
        if event.kind == "site activated":
            found.extend((event, p) for p in site_problems(event, trial, standing))
            standing.sites[event.site] = event.happened
        elif event.kind == "safety look":
            found.extend((event, p) for p in safety_problems(event, trial))
        elif event.kind in ENROLMENT:
            standing.change(event)
        elif event.patient:
            by_patient.setdefault(event.patient, []).append(event)
    for name, record in by_patient.items():
        found.extend(replay_patient(name, record, trial, standing))
    return found


def _not_removed(event: Event, events: Sequence[Event]) -> list[Problem]:
    number = event.data["event"]
    if 1 <= number < event.number and events[number - 1].kind == REMOVED:
        return []
    allowed = "an event whose content was removed: it is there still, or was put back"
    return [
        Problem("not-removed", "event", str(number), allowed, "restore the log from a copy made after the redaction")
    ]


def replay_patient(name: str, record: Sequence[Event], trial: Trial, standing: Standing) -> Found:
    """Judge one patient's events in force, given in the order in which they stand, in the order in which they happened."""
    patient = Patient(name)
    found: Found = []
    for event in in_order(record):
        found.extend((event, p) for p in patient_problems(event, patient, trial, standing))
        patient.add(event)
    return found


def clock_backwards(event: Event, last: datetime) -> Problem:
    """An event that was recorded before the one before it."""
    allowed = f"the log is append-only: not before {last.isoformat()}"
    return Problem("clock-backwards", "recorded", event.recorded.isoformat(), allowed)
