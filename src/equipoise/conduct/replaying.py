"""Judge a log, or one patient's record, again from its beginning."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from equipoise.conduct.allocations import allocation_problems
from equipoise.conduct.amending import Begun, amendment_problems, approval_problems
from equipoise.conduct.authority import refusals
from equipoise.conduct.clock import clock_problems, day_problems, known_at
from equipoise.conduct.corrections import STAND, correction_problems
from equipoise.conduct.definitions import DEFINING, Definitions, Read
from equipoise.conduct.numbers import alike_problems
from equipoise.conduct.people import People, sites_of
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
from equipoise.trial.log import Log, in_force, in_order, places
from equipoise.trial.patient import Patient
from equipoise.trial.problem import Problem
from equipoise.trial.trial import Trial

Found = list[tuple[Event, Problem]]


def replay(trial: Trial, events: Sequence[Event], read: Read | None = None) -> Found:
    """Judge a whole log again: everything in it that is impossible, with the event that shows it.

    Each event is judged under the definition in force at its site on its day; ``read`` makes those that the log carries into trials.
    """
    found: Found = []
    last: datetime | None = None
    misshapen: set[int] = set()
    numbers: dict[str, str] = {}
    keys: dict[str, int] = {}
    standing_now: dict[int, Event] = {}
    # Whose patient each is does not change, and where a screening was removed its correction says it.
    people = People(site_of=sites_of(events))
    recorded = Definitions(trial, read)
    for event in events:
        found.extend((event, p) for p in clock_problems(event, last) if p.code != "no-reason")
        last = event.recorded
        if event.kind == REMOVED:
            standing_now[event.number] = event
            standing_now.pop(event.corrects or 0, None)
            continue
        problems: list[Problem] = list(shape_problems(event.kind, dict(event.data)))
        if not problems:
            # Who was allowed is judged by what the log said of people, and the definition asked of them, then.
            found.extend((event, p) for p in refusals(event, event.by, people, recorded.recorded_before(event)))
            people.take(event)
            if event.kind in ("opened", "amended"):
                recorded.take(event)
        problems += [*text_problems(event), *subject_problems(event)]
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
    standing = Standing(places=places(events))
    known = {e.number: at for e, at in zip(events, known_at(events), strict=True)}
    by_patient: dict[str, list[Event]] = {}
    sound = [e for e in in_force(events) if e.number not in misshapen]
    definitions, so_far = Definitions.of(trial, sound, read), Definitions(trial, read)
    found.extend((events[number - 1], p) for number, p in definitions.problems())
    sites = {e.patient: e.site for e in sound if e.patient and e.site}
    for event in in_force(events):
        if event.number in misshapen:
            continue  # what follows from it says nothing new
        now = definitions.at(event.site or sites.get(event.patient, ""), event.happened)
        if event.kind != "opened":
            if event.kind == "screened":
                sites[event.patient] = event.site
            # A day that stands follows the clock of its order: where that was corrected, it cannot be.
            moment = event.recorded if event.kind in STAND else known[event.number]
            days = day_problems(event, now, sites.get(event.patient, ""), moment)
            found.extend((event, p) for p in (*days, *cohort_problems(event, now)))
        if event.kind in DEFINING:
            found.extend((event, p) for p in _defining(event, events, so_far))
            so_far.take(event)
        elif event.kind == "site activated":
            found.extend((event, p) for p in site_problems(event, now, standing))
            standing.sites[event.site] = event.happened
        elif event.kind == "safety look":
            found.extend((event, p) for p in safety_problems(event, now))
        elif event.kind in ENROLMENT:
            standing.change(event)
        elif event.patient:
            by_patient.setdefault(event.patient, []).append(event)
    for name, record in by_patient.items():
        found.extend(replay_patient(name, record, definitions, standing))
    sound = [e for e in events if e.number not in misshapen]
    found.extend(allocation_problems(trial, sound, definitions.recorded_before))
    return found


def _not_removed(event: Event, events: Sequence[Event]) -> list[Problem]:
    number = event.data["event"]
    if 1 <= number < event.number and events[number - 1].kind == REMOVED:
        return []
    allowed = "an event whose content was removed: it is there still, or was put back"
    return [
        Problem("not-removed", "event", str(number), allowed, "restore the log from a copy made after the redaction")
    ]


def _defining(event: Event, events: Sequence[Event], so_far: Definitions) -> Iterator[Problem]:
    """What is wrong with an opening, an amendment or a site's approval itself, by what was recorded before it."""
    if event.kind == "approved":
        yield from approval_problems(event, so_far)
    elif event.kind == "amended":
        yield from amendment_problems(event, so_far, Begun.of(in_force(events[: event.number - 1])))


def defining_problems(event: Event, log: Log, definitions: Definitions) -> list[Problem]:
    """Why a log cannot be amended, or a site have approved, so; also where what was recorded already would be impossible under it."""
    problems = list(_defining(event, list(log), definitions))
    if problems:
        return problems
    before = {(e.number, p) for e, p in replay(definitions.trial, list(log), definitions.read)}
    after = replay(definitions.trial, [*log, event], definitions.read)
    return [
        Problem(p.code, f"event {e.number}: {p.where}", p.given, p.allowed, p.next_step)
        for e, p in after
        if (e.number, p) not in before and p.code != "clock-backwards"
    ]


def replay_patient(name: str, record: Sequence[Event], definitions: Definitions, standing: Standing) -> Found:
    """Judge one patient's events in force, given in the order in which they stand, in the order in which they happened.

    Each under the definition in force at the patient's site on its day.
    """
    patient = Patient(name)
    found: Found = []
    for event in in_order(record):
        trial = definitions.at(event.site or patient.site, event.happened)
        found.extend((event, p) for p in patient_problems(event, patient, trial, standing))
        patient.add(event)
    return found
