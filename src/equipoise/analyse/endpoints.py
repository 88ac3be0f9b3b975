"""Time-to-event endpoints derived from a patient's record by the rules of the trial file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from equipoise.trial.endpoint import Censoring, TimeToEvent
from equipoise.trial.event import Event
from equipoise.trial.patient import Patient


@dataclass(frozen=True, slots=True)
class Observed:
    """One patient's time to event: whole days from the origin, and where the record says so.

    ``days`` is the date of event or censoring minus the origin: day 0 is the origin itself. ``source`` is the number
    of the log's event that decided, None where nothing in particular did.
    """

    patient: str
    arm: str
    origin: date
    on: date
    event: bool
    reason: str
    source: int | None

    @property
    def days(self) -> int:
        """Time [days]."""
        return (self.on - self.origin).days


def origin_of(patient: Patient, endpoint: TimeToEvent) -> date | None:
    """The day from which time is counted; None for a patient who has not reached it."""
    if endpoint.origin == "randomisation":
        return patient.randomised.happened if patient.randomised else None
    return patient.doses[0].happened if patient.doses else None


def observe(patient: Patient, endpoint: TimeToEvent, cutoff: date) -> Observed | None:
    """The patient's time to the endpoint's first event, or to censoring; None without an origin.

    The record holds nothing after ``cutoff`` (see Snapshot). An event on the day of a censoring trigger counts as an
    event; of the rules whose trigger comes before the first event, the first in the endpoint's order applies.
    """
    origin = origin_of(patient, endpoint)
    if origin is None:
        return None
    event = _first_event(patient, endpoint)
    for rule in endpoint.censoring:
        trigger = _trigger(patient, rule)
        if trigger is not None and (event is None or trigger.happened < event.happened):
            on = _censored_on(patient, rule, trigger.happened, origin)
            return Observed(patient.name, patient.arm, origin, on, False, rule.when, trigger.number)
        if rule.when == "no event" and event is None:
            on = _censored_on(patient, rule, cutoff, origin)
            return Observed(patient.name, patient.arm, origin, on, False, "no event by the cut-off", None)
    assert event is not None  # the last rule is for 'no event': checked when the trial file is read
    reason = "death" if event.kind == "died" else "progression"
    return Observed(patient.name, patient.arm, origin, event.happened, True, reason, event.number)


def _first_event(patient: Patient, endpoint: TimeToEvent) -> Event | None:
    candidates = []
    if "progression" in endpoint.events:
        candidates.append(patient.first_progression)
    if "death" in endpoint.events:
        candidates.append(patient.died)
    return min((e for e in candidates if e is not None), key=lambda e: e.happened, default=None)


def _trigger(patient: Patient, rule: Censoring) -> Event | None:
    match rule.when:
        case "next therapy":
            return patient.next_therapy
        case "withdrawal":
            return patient.withdrawn
        case "death":
            return patient.died
        case "loss":
            # Who was seen again after being lost is not lost.
            lost, seen = patient.lost, patient.last_contact
            return None if lost is None or (seen is not None and seen > lost.happened) else lost
        case _:
            return None


def _censored_on(patient: Patient, rule: Censoring, trigger: date, origin: date) -> date:
    match rule.at:
        case "that day":
            day: date | None = trigger
        case "last assessment":
            day = patient.last_assessment(before=trigger)
        case _:
            contact = patient.last_contact
            day = min(contact, trigger) if contact is not None else None
    # Nothing seen after the origin: censored on the day of the origin itself.
    return max(day, origin) if day is not None else origin
