"""Judge a log, or one patient's record, again from its beginning."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from equipoise.conduct.allocations import allocation_problems
from equipoise.conduct.clock import clock_problems, day_problems, known_at
from equipoise.conduct.corrections import STAND, correction_problems
from equipoise.conduct.numbers import alike_problems
from equipoise.conduct.rules import (
    ENROLMENT,
    Standing,
    cohort_problems,
    patient_problems,
    safety_problems,
    site_problems,
    subject_problems,
)
from equipoise.conduct.shape import shape_problems
from equipoise.conduct.texts import text_problems
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
    numbers: dict[str, str] = {}
    keys: dict[str, int] = {}
    standing_now: dict[int, Event] = {}
    for event in events:
        found.extend((event, p) for p in clock_problems(event, last) if p.code != "no-reason")
        last = event.recorded
        if event.kind == REMOVED:
            standing_now[event.number] = event
            standing_now.pop(event.corrects or 0, None)
            continue
        problems = [*shape_problems(event.kind, dict(event.data)), *text_problems(event), *subject_problems(event)]
        if event.patient:
            problems += alike_problems(event, numbers)
        key = event.data.get("key")
        if key is not None and keys.setdefault(str(key), event.number) != event.number:
            allowed = f"a key of its own: event {keys[str(key)]} was ordered under it"
            problems.append(Problem("key-used", "key", ascii(key), allowed))
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
    standing, sites = Standing(places=places(events)), dict[str, str]()
    known = {e.number: at for e, at in zip(events, known_at(events), strict=True)}
    by_patient: dict[str, list[Event]] = {}
    for event in in_force(events):
        if event.number in misshapen:
            continue  # what follows from it says nothing new
        if event.kind != "opened":
            if event.kind == "screened":
                sites[event.patient] = event.site
            # A day that stands follows the clock of its order: where that was corrected, it cannot be.
            moment = event.recorded if event.kind in STAND else known[event.number]
            days = day_problems(event, trial, sites.get(event.patient, ""), moment)
            found.extend((event, p) for p in (*days, *cohort_problems(event, trial)))
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
    found.extend(allocation_problems(trial, [e for e in events if e.number not in misshapen]))
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
