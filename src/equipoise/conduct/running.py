"""The running state of a trial: what must be known of its log to judge the next order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from datetime import date
from typing import Self

from equipoise.conduct.amending import Begun
from equipoise.conduct.definitions import DEFINING, DOSE_SET, Definitions, Read
from equipoise.conduct.numbers import Numbers
from equipoise.conduct.overseen import Looks, Overseen
from equipoise.conduct.people import People
from equipoise.conduct.regimen import in_his_cohort
from equipoise.conduct.standing import ENROLMENT, Standing
from equipoise.trial.event import REMOVED, Event
from equipoise.trial.log import Log, in_force, in_order, places
from equipoise.trial.oversight import ON_PATIENTS, ON_TRIAL
from equipoise.trial.patient import Patient
from equipoise.trial.protocol_parts import glossary_of
from equipoise.trial.trial import Trial


class Running:
    """A trial's log and the state that follows from it, event by event. It can be rebuilt from the log at any time.

    ``virtual``: the patients are a simulator's, whose numbers and texts are its own.
    """

    def __init__(self, trial: Trial, log: Log | None, *, virtual: bool, read: Read | None = None) -> None:
        self.trial = trial
        self._read = read
        self.log = log if log is not None else Log()
        self.virtual = virtual
        self._rebuild()

    def copy(self) -> Self:
        """The same trial, to be conducted onward apart from this one, which stays as it is; quicker than from the log anew."""
        other, standing = copy(self), self.standing
        other.log = Log(self.log)
        other.standing = other._standing_as(standing)
        other.patients = {name: patient.copy() for name, patient in self.patients.items()}
        other._events_of = {name: list(events) for name, events in self._events_of.items()}
        other._allocated, other._keys = dict(self._allocated), dict(self._keys)
        other._codes = set(self._codes)
        other._numbers = self._numbers.copy()
        other.definitions = self.definitions.fork()
        other.people = self.people.copy()
        other.overseen = {name: found.copy() for name, found in self.overseen.items()}
        other.looks = self.looks.copy()
        return other

    def take(self, event: Event) -> Event:
        """Take in an event that was judged and is recorded. Raises ValueError if its number is not the next."""
        self.log.add(event)
        if not self.virtual:
            self._remember(event)
        if event.corrects is None and event.kind != "redacted":
            self._take(event)
        elif event.kind == "redacted":
            self.log.remove(event)
            self._rebuild()
        elif event.patient:
            self._correct(event)
        else:
            self._rebuild()
        return event

    def catch_up(self, events: Iterable[Event]) -> None:
        """Take in what others have recorded meanwhile: the events that come after those of this log, in their order."""
        for event in events:
            self.take(event)

    def _rebuild(self) -> None:
        self.standing = self._standing(places(self.log))
        self.patients: dict[str, Patient] = {}
        self._events_of: dict[str, list[Event]] = {}
        #: What was done about each patient's record, and how far the looks are.
        self.overseen: dict[str, Overseen] = {}
        self.looks = Looks()
        self._allocated: dict[str, int] = {}
        self._keys: dict[str, int] = {}
        self._codes: set[str] = set()
        #: Of the secret in force; '' before any was recorded.
        self.commitment = ""
        self._numbers = Numbers(self.trial)
        self.people = People()
        self.definitions = Definitions(self.trial, self._read)
        for event in () if self.virtual else self.log:
            self._remember(event)
        for event in in_force(self.log):
            self._take(event)

    def _standing(self, placed: dict[int, int]) -> Standing:
        """How the trial stands before anything is taken in; it asks this one for the log and its definitions."""
        log = None if self.virtual else (lambda: self.log)
        return Standing(places=placed, log=log, defined=lambda event: self.definitions.recorded_before(event))

    def _standing_as(self, of: Standing) -> Standing:
        """The same as ``of``, to be changed apart from it."""
        made = self._standing(dict(of.places))
        made.sites, made.enrolment, made.doses = dict(of.sites), list(of.enrolment), list(of.doses)
        return made

    def _remember(self, event: Event) -> None:
        """What stays known of an event whatever becomes of it: under which key it was ordered, the patient's number, and who may do what."""
        self.people.take(event)
        if "key" in event.data:
            self._keys[event.data["key"]] = event.number
        if event.patient and event.patient not in self._numbers:
            self._numbers.take(event.patient, event.site)

    def _take(self, event: Event) -> None:
        if not event.patient:
            self._take_own(event)
            return
        if event.kind in ON_PATIENTS:
            self.overseen.setdefault(event.patient, Overseen()).take(event)
            return
        events = self._events_of.setdefault(event.patient, [])
        patient = self.patients.get(event.patient)
        if patient is None:
            patient = self.patients[event.patient] = Patient(event.patient)
        late = patient.last is not None and event.happened < patient.last.happened
        events.append(event)
        if late:
            self._gather(event.patient)
        elif event.kind == "assessed":
            self._add(patient, event)
        else:
            patient.add(event)
        if event.kind == "randomised":
            stratum = event.data["stratum"]
            self._allocated[stratum] = self._allocated.get(stratum, 0) + 1
            if "code" in event.data:
                self._codes.add(event.data["code"])

    def _take_own(self, event: Event) -> None:
        """Take in an event that is the trial's own, and no patient's."""
        if event.kind == "sealed":
            self.commitment = str(event.data["commitment"])
        elif event.kind == "site activated":
            self.standing.sites[event.site] = event.happened
        elif event.kind in ENROLMENT:
            self.standing.change(event)
        elif event.kind in DEFINING:
            self.definitions.take(event)
        elif event.kind == DOSE_SET:
            self.definitions.take(event)
            self.standing.doses.append(event)
        elif event.kind in ON_TRIAL or event.kind == "decided":
            self.looks.take(event)

    def _correct(self, event: Event) -> None:
        """Put a patient's record right. An allocation stands, so that no list of arms hangs on it."""
        assert event.corrects is not None
        known, name = self.standing.places, event.patient
        known[event.number] = known.get(event.corrects, event.corrects)
        self._events_of[name] = self._put_right(self._events_of[name], event, self.log[event.corrects - 1])
        if self._events_of[name]:
            self._gather(name)
        else:
            del self._events_of[name], self.patients[name]

    def _gather(self, name: str) -> None:
        """A patient's record anew, from its events in force."""
        patient = self.patients[name] = Patient(name)
        for event in in_order(self._events_of[name]):
            self._add(patient, event)

    @staticmethod
    def _put_right(record: Sequence[Event], event: Event, old: Event) -> list[Event]:
        """The record with ``event`` in the place of ``old``, or without it."""
        found = ((event if e.number == old.number else e) for e in record)
        return [e for e in found if e.kind != "voided"]

    @property
    def allocated(self) -> Mapping[str, int]:
        """How many were randomised, by stratum."""
        return self._allocated

    def who_may_be(self, event: Event) -> Iterable[Patient]:
        """The patients among whom the person may be whom ``event`` screens: here all, and the rule tells."""
        return self.patients.values()

    def _add(self, patient: Patient, event: Event) -> None:
        """Add to a patient's record; the words of responses are read as in his cohort, as it was defined then."""
        if event.kind != "assessed":
            patient.add(event)
            return
        trial = in_his_cohort(self.definitions.at(patient.site, event.happened), patient)
        patient.add(event, glossary_of(trial.assessments))

    def _in_force(self, number: int) -> Event | None:
        """The event of this number, if it is in force."""
        event = self._recorded(number)
        if event is None or event.kind in ("voided", REMOVED):
            return None
        if event.kind in ON_PATIENTS:
            return event  # acts about the record stand
        if event.patient:
            return event if any(e.number == number for e in self._events_of.get(event.patient, ())) else None
        return event if all(e.corrects != number for e in self._beside(event)) else None

    def _recorded(self, number: int) -> Event | None:
        """The log's event of this number, in force or not; None where it has none."""
        return self.log[number - 1] if 1 <= number <= len(self.log) else None

    def _beside(self, event: Event) -> Iterable[Event]:
        """The events among which those are that correct ``event``, in the order of the log: here all."""
        return self.log

    def _touched(self, event: Event, old: Event | None = None) -> Sequence[Event]:
        """The events by which it is judged what an event makes impossible: here all.

        ``old``: the one that it corrects or removes; else it is one of the trial's own.
        """
        return list(self.log)

    def _begun(self) -> Begun:
        """What is under way, by the events in force."""
        return Begun.of(in_force(self.log))

    def _since(self, day: date) -> Iterable[Patient]:
        """The patients among whom all are to whom something happened on ``day`` or later, in the order in which they came: here all."""
        return self.patients.values()
