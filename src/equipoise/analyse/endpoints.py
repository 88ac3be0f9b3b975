"""Time-to-event endpoints derived from a patient's record by the rules of the trial file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from equipoise.analyse.best_overall import first_response, rule_of
from equipoise.trial.assessment import Occurrence, documented_progression
from equipoise.trial.endpoint import Censoring, TimeToEvent
from equipoise.trial.event import Event
from equipoise.trial.patient import Patient
from equipoise.trial.protocol_parts import Assessments

#: Days by which a planned assessment may be late before a death is said to have come after it was missed [days].
LATE = 7
#: Ends of treatment that are no reason to censor: what the protocol plans, and what is an event in its own right.
_PLANNED_END = ("complet", "progress", "death", "died")


class Observed(NamedTuple):
    """One patient's time to event: whole days from the origin, and where the record says so.

    ``days`` is the date of event or censoring minus the origin: day 0 is the origin itself. ``source`` is the number
    of the log's event that decided, None where nothing in particular did; ``record`` is where that event came from
    (domain, variable and record of a dataset, or a row of a table), '' for one that was entered here.
    """

    patient: str
    arm: str
    origin: date
    on: date
    event: bool
    reason: str
    source: int | None
    record: str = ""

    @property
    def days(self) -> int:
        """Time [days]."""
        return (self.on - self.origin).days


def origin_of(patient: Patient, endpoint: TimeToEvent) -> date | None:
    """The day from which time is counted; None for a patient who has not reached it."""
    match endpoint.origin:
        case "randomisation":
            return patient.randomised.happened if patient.randomised else None
        case "first dose":
            return patient.doses[0].happened if patient.doses else None
        case _:
            response = first_response(patient, endpoint.assessor, rule_of(endpoint))
            return response.happened if response else None


def unplanned(ended: Event) -> bool:
    """True if treatment ended for a reason that the protocol does not plan and that is no event of its own."""
    return not any(word in str(ended.data["reason"]).casefold() for word in _PLANNED_END)


def observe(
    patient: Patient, endpoint: TimeToEvent, cutoff: date, schedule: Assessments | None = None
) -> Observed | None:
    """The patient's time to the endpoint's first event, or to censoring; None without an origin.

    The record holds nothing after ``cutoff`` (see Snapshot). An event on the day of a censoring trigger counts as an
    event; of the rules whose trigger comes before the first event, the first in the endpoint's order applies.
    ``schedule`` says which assessments were planned; without it none is held to be missed.
    """
    origin = origin_of(patient, endpoint)
    if origin is None:
        return None
    seen = _Seen(patient, endpoint, schedule)
    event = seen.first_event()
    for rule in endpoint.censoring:
        if rule.when == "no event":
            if event is None:
                on = seen.censored_on(rule, cutoff, origin)
                return Observed(patient.name, patient.arm, origin, on, False, "no event by the cut-off", None)
            continue
        if rule.when in ("no baseline", "missed assessments"):
            reason = seen.unseen(rule, event)
            if reason:
                on = seen.censored_on(rule, event.on if event else cutoff, origin)
                # The event that is not counted is what the reason leans on.
                number, record = (event.event.number, event.event.source) if event else (None, "")
                return Observed(patient.name, patient.arm, origin, on, False, reason, number, record)
            continue
        trigger = seen.trigger(rule)
        if trigger is not None and (event is None or trigger.on < event.on):
            on = seen.censored_on(rule, trigger.on, origin)
            by = trigger.event
            return Observed(patient.name, patient.arm, origin, on, False, rule.when, by.number, by.source)
    assert event is not None  # the last rule is for 'no event': checked when the trial file is read
    by = event.event
    return Observed(patient.name, patient.arm, origin, event.on, True, seen.named(event), by.number, by.source)


def _occurred(event: Event | None, shows: str = "") -> Occurrence | None:
    """An event on the day on which it happened."""
    return None if event is None else Occurrence(event.happened, event, shows)


class _Seen:
    """A patient's record as one endpoint sees it."""

    def __init__(self, patient: Patient, endpoint: TimeToEvent, schedule: Assessments | None) -> None:
        self.patient, self.endpoint, self.schedule = patient, endpoint, schedule
        self.assessments = patient.read_by(endpoint.assessor)

    def _sources(self) -> Iterator[Occurrence | None]:
        patient, events = self.patient, self.endpoint.events
        if "documented progression" in events:
            yield documented_progression(self.assessments)
        if "progression" in events:
            yield patient.progression_by(self.endpoint.assessor)
        if "clinical progression" in events:
            yield _occurred(next(iter(patient.progressed), None))
        if "death" in events:
            yield _occurred(patient.died)
        if "next therapy" in events:
            yield _occurred(patient.next_therapy)
        if "treatment ended early" in events:
            yield _occurred(self._ended_early())
        if "response" in events:
            yield _occurred(first_response(patient, self.endpoint.assessor, rule_of(self.endpoint)), "response")

    def first_event(self) -> Occurrence | None:
        """The first of the endpoint's events; on one day progression comes before the rest."""
        return min([o for o in self._sources() if o is not None], key=lambda o: o.on, default=None)

    def trigger(self, rule: Censoring) -> Occurrence | None:
        """The event that triggers a rule."""
        patient = self.patient
        match rule.when:
            case "next therapy":
                return _occurred(patient.next_therapy)
            case "withdrawal":
                return _occurred(patient.withdrawn)
            case "death":
                return _occurred(patient.died)
            case "progression":
                return patient.progression_by(self.endpoint.assessor)
            case "clinical progression":
                return _occurred(next(iter(patient.progressed), None))
            case "treatment ended early":
                return _occurred(self._ended_early())
            case _:
                if patient.lost is None:
                    return None
                # Who was seen again after being lost is not lost.
                seen = patient.last_contact
                return None if seen is not None and seen > patient.lost.happened else _occurred(patient.lost)

    def unseen(self, rule: Censoring, found: Occurrence | None) -> str:
        """Why too little was seen for the event to count; '' if enough was."""
        if rule.when == "no baseline":
            missing = not any(a.baseline for a in self.assessments)
            return "no assessment at baseline" if missing else ""
        if (
            found is None
            or found.event.kind == "next therapy"
            or (rule.before == "death" and found.event.kind != "died")
        ):
            return ""
        missed = self._missed_before(found)
        return f"{missed} assessments missed before the event" if missed >= rule.missed else ""

    def _missed_before(self, found: Occurrence) -> int:
        """Planned assessments missed in a row just before the event.

        An assessment without an overall response, not evaluable or not recorded, counts as missed, as it does for the last
        assessment at which a patient is censored: it does not say that there was no progression.
        """
        if self.schedule is None or self.patient.randomised is None:
            return 0
        start = self.patient.randomised.happened
        seen = [a.happened for a in self.assessments if a.happened < found.on and a.word.readable and not a.baseline]
        last = self.schedule.nearest_visit((max(seen) - start).days) if seen else 0
        day = (found.on - start).days
        if found.event.kind == "assessed":
            return max(self.schedule.nearest_visit(day) - last - 1, 0)
        return max(self.schedule.visit_by(day - LATE - 1) - last, 0)

    def _ended_early(self) -> Event | None:
        ended = self.patient.treatment_ended
        return ended if ended is not None and unplanned(ended) else None

    def named(self, found: Occurrence) -> str:
        """What an event is called."""
        match found.event.kind:
            case "assessed":
                return found.shows
            case "progressed":
                return "clinical progression" if "clinical progression" in self.endpoint.events else "progression"
            case "died":
                return "death"
            case kind:
                return kind

    def censored_on(self, rule: Censoring, trigger: date, origin: date) -> date:
        """The day of censoring; the origin where nothing was seen after it."""
        match rule.at:
            case "that day":
                day: date | None = trigger
            case "origin":
                day = origin
            case "last assessment":
                day = self.patient.last_assessment(before=trigger, assessor=self.endpoint.assessor)
            case _:
                contact = self.patient.last_contact
                day = min(contact, trigger) if contact is not None else None
        return max(day, origin) if day is not None else origin
