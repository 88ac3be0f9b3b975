"""Judge a log, or one patient's record, again from its beginning."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from equipoise.conduct.allocations import allocation_problems
from equipoise.conduct.amending import Begun, amendment_problems, approval_problems
from equipoise.conduct.authority import refusals
from equipoise.conduct.clock import clock_problems, day_problems, known_at
from equipoise.conduct.corrections import STAND, correction_problems
from equipoise.conduct.definitions import DEFINING, DOSE_SET, Definitions, Read
from equipoise.conduct.dose_rules import dose_decision_problems, dose_set_problems
from equipoise.conduct.numbers import alike_problems
from equipoise.conduct.overseen_again import Again
from equipoise.conduct.people import People, sites_of
from equipoise.conduct.rules import (
    cohort_problems,
    patient_problems,
    safety_problems,
    site_problems,
    subject_problems,
)
from equipoise.conduct.shape import shape_problems
from equipoise.conduct.standing import ENROLMENT, Standing
from equipoise.conduct.texts import text_problems
from equipoise.trial.event import REMOVED, Event
from equipoise.trial.log import in_force, in_order, places
from equipoise.trial.oversight import ON_PATIENTS, OVERSIGHT
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
    again = Again(events, people)
    gone = {e.number for e in events if e.kind == REMOVED}
    for event in events:
        found.extend((event, p) for p in clock_problems(event, last) if p.code != "no-reason")
        last = event.recorded
        if event.kind == REMOVED:
            standing_now[event.number] = event
            standing_now.pop(event.corrects or 0, None)
            again.take(event)
            continue
        problems: list[Problem] = list(shape_problems(event.kind, dict(event.data)))
        if not problems:
            # Who was allowed is judged by what the log said of people, and the definition asked of them, then.
            asks = recorded.recorded_before(event)
            found.extend((event, p) for p in refusals(event, event.by, people, asks))
            problems += again.problems(event, asks)
            again.take(event)
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
            problems += _not_removed(event, gone)
        if event.kind != "voided":
            standing_now[event.number] = event
        if problems:
            misshapen.add(event.number)
            found.extend((event, p) for p in problems)
    known = {e.number: at for e, at in zip(events, known_at(events), strict=True)}
    by_patient: dict[str, list[Event]] = {}
    sound = [e for e in in_force(events) if e.number not in misshapen]
    definitions, so_far = Definitions.of(trial, sound, read), Definitions(trial, read)
    standing = Standing(places=places(events), log=lambda: events, defined=definitions.recorded_before)
    by_number = {e.number: e for e in sound if e.kind in DEFINING}
    found.extend((by_number[number], p) for number, p in definitions.problems())
    sites = {e.patient: e.site for e in sound if e.patient and e.site}
    for event in in_force(events):
        if event.number in misshapen:
            continue  # what follows from it says nothing new
        now = definitions.at(event.site or sites.get(event.patient, ""), event.happened)
        if event.kind != "opened":
            if event.kind == "screened":
                sites[event.patient] = event.site
            # A day that stands follows the clock of its order: where that was corrected, it cannot be.
            moment = event.recorded if event.kind in STAND or event.kind in OVERSIGHT else known[event.number]
            days = day_problems(event, now, sites.get(event.patient, ""), moment)
            found.extend((event, p) for p in (*days, *cohort_problems(event, now)))
        if event.kind in DEFINING:
            begun = Begun.of(
                in_force([e for e in events if e.number < event.number]) if event.kind == "amended" else ()
            )
            found.extend((event, p) for p in _defining(event, begun, so_far))
            so_far.take(event)
        elif event.kind == "site activated":
            found.extend((event, p) for p in site_problems(event, now, standing))
            standing.sites[event.site] = event.happened
        elif event.kind == "safety look":
            found.extend((event, p) for p in safety_problems(event, now))
        elif event.kind == "decided":
            found.extend((event, p) for p in dose_decision_problems(event, standing))
        elif event.kind == DOSE_SET:
            found.extend((event, p) for p in dose_set_problems(event, now, standing))
            standing.doses.append(event)
        elif event.kind in ENROLMENT:
            standing.change(event)
        elif event.patient and event.kind not in ON_PATIENTS:
            by_patient.setdefault(event.patient, []).append(event)
    for name, record in by_patient.items():
        found.extend(replay_patient(name, record, definitions, standing))
    sound = [e for e in events if e.number not in misshapen]
    found.extend(allocation_problems(trial, sound, definitions.recorded_before))
    return found


def _not_removed(event: Event, gone: set[int]) -> list[Problem]:
    number = event.data["event"]
    if number in gone and number < event.number:
        return []
    allowed = "an event whose content was removed: it is there still, or was put back"
    return [
        Problem("not-removed", "event", str(number), allowed, "restore the log from a copy made after the redaction")
    ]


def _defining(event: Event, begun: Begun, so_far: Definitions) -> Iterator[Problem]:
    """What is wrong with an opening, an amendment or a site's approval itself, by what was recorded before it."""
    if event.kind == "approved":
        yield from approval_problems(event, so_far)
    elif event.kind == "amended":
        yield from amendment_problems(event, so_far, begun)


def defining_problems(
    event: Event, begun: Begun, touched: Callable[[], Sequence[Event]], definitions: Definitions
) -> list[Problem]:
    """Why a log cannot be amended, or a site have approved, so; also where what was recorded already would be impossible under it.

    ``touched``: the events that it may make so, as ``newly_impossible`` is asked of.
    """
    problems = list(_defining(event, begun, definitions))
    if problems:
        return problems
    return [
        Problem(p.code, f"event {e.number}: {p.where}", p.given, p.allowed, p.next_step)
        for e, p in newly_impossible(event, touched(), definitions)
        if p.code != "clock-backwards"
    ]


def newly_impossible(event: Event, events: Sequence[Event], definitions: Definitions) -> Found:
    """What ``event`` makes impossible, itself among it; what is so already is no reason against it.

    ``events``: the log, or the trial's own events and all those of every patient whom it may touch.
    """
    before = {(e.number, p) for e, p in replay(definitions.trial, events, definitions.read)}
    return [
        (e, p) for e, p in replay(definitions.trial, [*events, event], definitions.read) if (e.number, p) not in before
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
