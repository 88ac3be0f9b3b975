"""Conduct: the orders that a person gives in a running trial. Each is judged, then recorded; none is half done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from equipoise.conduct.authority import refusals
from equipoise.conduct.corrections import correction_of, correction_problems
from equipoise.conduct.masking import Key, holds_codes
from equipoise.conduct.people import People
from equipoise.conduct.place import Allocation, Earlier, Place
from equipoise.conduct.randomisation import stratum_of
from equipoise.conduct.redaction import redaction_of, redaction_problems
from equipoise.conduct.replaying import clock_backwards, replay, replay_patient
from equipoise.conduct.rules import (
    ENROLMENT,
    Standing,
    cohort_problems,
    day_problems,
    in_his_cohort,
    patient_problems,
    safety_problems,
    site_problems,
    subject_problems,
)
from equipoise.conduct.shape import shape_problems
from equipoise.trial.event import NEITHER, Event
from equipoise.trial.log import Log, in_force, in_order, places
from equipoise.trial.patient import Patient
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.protocol_parts import glossary_of
from equipoise.trial.response import Glossary
from equipoise.trial.trial import Trial
from equipoise.trial.withheld import refuse_withheld

__all__ = ["Conduct", "Refused", "replay"]

#: Events that are a cohort's own where the trial is conducted as one of its cohorts sees it.
_OF_A_COHORT = frozenset({*ENROLMENT, "screened", "enrolled", "decided"})


#: Makes the salts of an event's two parts, hexadecimal.
Salts = Callable[[], tuple[str, str]]


def unsalted() -> tuple[str, str]:
    """No salts: what is simulated is nobody's, and the same bytes each time."""
    return NEITHER


class Refused(BadInput):
    """An order that cannot be carried out, with the reasons. The log is as it was."""


class Conduct:
    """A running trial: the log, and what must be known of it to judge the next order.

    The running state is derived from the log and can be rebuilt from it at any time. ``judge`` and ``take`` are two acts: what is
    possible is recorded by whoever keeps the log, and then taken in. An order (``screen``, ``randomise``, ``correct`` …) builds an event,
    judges it and answers it, or raises Refused; where ``takes`` is on it takes the event in as well, for callers that keep no log
    elsewhere: a simulation, a test.
    """

    def __init__(
        self,
        trial: Trial,
        log: Log | None = None,
        allocation: Allocation | None = None,
        salts: Salts = unsalted,
        *,
        takes: bool = True,
    ) -> None:
        """``salts`` makes those of each event that is recorded: the edge gives random ones, virtual patients have none."""
        self.trial = trial
        self.takes = takes
        self.log = log if log is not None else Log()
        refuse_withheld(self.log, trial.id)
        self._allocation = allocation
        self._salts = salts
        self._rebuild()

    @classmethod
    def open(
        cls,
        trial: Trial,
        recorded: datetime,
        by: str,
        allocation: Allocation | None = None,
        why: str = "",
        salts: Salts = unsalted,
        administrator: str = "",
    ) -> Conduct:
        """A new trial: its log begins with the trial's name and the fingerprint of its definition; with an ``administrator`` it has people."""
        people = {"administrator": administrator} if administrator else {}
        data = {"trial": trial.id, "fingerprint": trial.fingerprint, **people}
        on = min(trial.start, recorded.date())
        log = Log([Event(1, "opened", on, recorded, by, why, data=data, salts=salts())])
        return cls(trial, log, allocation, salts)

    def fork(self, allocation: Allocation | None) -> Conduct:
        """The same trial, to be conducted onward apart from this one, which stays as it is; quicker than from the log anew."""
        other = copy(self)
        other.log, other._allocation = Log(self.log), allocation
        standing = self.standing
        other.standing = Standing(dict(standing.sites), list(standing.enrolment), dict(standing.places))
        other.patients = {name: patient.copy() for name, patient in self.patients.items()}
        other._events_of = {name: list(events) for name, events in self._events_of.items()}
        other._allocated = dict(self._allocated)
        other.people = self.people.copy()
        return other

    # -- orders -----------------------------------------------------------------------------------------------------

    def activate(self, site: str, on: date, recorded: datetime, by: str, why: str = "") -> Event:
        """Open a site for enrolment."""
        return self.order("site activated", on, recorded, by, why, site=site)

    def screen(
        self,
        patient: str,
        site: str,
        on: date,
        recorded: datetime,
        by: str,
        failed: Sequence[int] = (),
        why: str = "",
        cohort: str = "",
    ) -> Event:
        """Screen a patient, for a cohort where one is named; ``failed`` are the numbers of the criteria that were not met."""
        data: dict[str, Any] = {"failed": list(failed), **({"cohort": cohort} if cohort else {})}
        return self.order("screened", on, recorded, by, why, patient, site, data)

    def enrol(
        self,
        patient: str,
        on: date,
        recorded: datetime,
        by: str,
        factors: Mapping[str, str] | None = None,
        why: str = "",
        cohort: str = "",
    ) -> Event:
        """Enrol a screened and eligible patient, with the levels of the stratification factors and, once known, of the markers.

        Where nobody is randomised, enrolment puts the patient on the one arm of the trial, or of the cohort. In a trial with cohorts it is
        into ``cohort``, or into the one whose members these levels make.
        """
        known = self.patients.get(patient)
        site = known.site if known else ""
        own = self.trial.own_cohort
        # Who comes as one of a cohort's own, in a simulation, has the levels that make him one.
        levels = {**(own.fixed if own is not None else {}), **(factors or {})}
        data: dict[str, Any] = {"factors": levels}
        cohort = cohort or (own.name if own is not None else self._cohort_by(levels))
        if cohort:
            data["cohort"] = cohort
        if self.trial.randomisation is None:
            of = self.trial.cohort(cohort) if cohort in self.trial.cohort_names else self.trial
            data["arm"] = of.arms[0].name
        return self.order("enrolled", on, recorded, by, why, patient, site, data)

    def randomise(self, patient: str, on: date, recorded: datetime, by: str, why: str = "") -> Event:
        """Randomise an enrolled patient: the next arm of the stratum's list or, by a ``Key``, the code that stands for it."""
        self._refuse_who_may_not("randomised", on, recorded, by, patient)
        if self.trial.randomisation is None:
            allowed = "this trial randomises nobody: enrolment gives the arm"
            raise Refused(patient, [Problem("not-randomised", "randomise", repr(patient), allowed, "conduct enrol")])
        if self._allocation is None:
            raise Refused("randomise", [_no_seed()])
        known = self.patients.get(patient)
        factors = known.enrolled.data["factors"] if known and known.enrolled else None
        if known is None or factors is None:
            raise Refused(
                patient,
                [
                    Problem(
                        "not-enrolled",
                        patient,
                        "'randomised'",
                        "the patient is not enrolled",
                        "conduct enrol",
                    )
                ],
            )
        cohort = str(known.enrolled.data.get("cohort", "")) if known.enrolled else ""
        stratum = stratum_of(self.trial, factors, cohort)
        position = self._allocated.get(stratum, 0)
        if isinstance(self._allocation, Key):
            taken = self._allocation.arms_of(self.log)  # with another seed than before it would go on with another list
            given = {"code": self._allocation.code(patient, stratum, position, taken)}
        else:
            given = {"arm": self._allocation.give(Place(stratum, position, factors, cohort, self._earlier))}
        return self.order("randomised", on, recorded, by, why, patient, data={**given, "stratum": stratum})

    def _refuse_who_may_not(self, kind: str, on: date, recorded: datetime, by: str, patient: str) -> None:
        """Raise Refused for who may not give such an order of this patient, before anything is asked of the record that tells of him."""
        asked = Event(len(self.log) + 1, kind, on, recorded, by, patient=patient)
        if problems := refusals(asked, by, self.people, self.trial):
            raise Refused(patient, problems)

    def _earlier(self) -> list[Earlier]:
        """Those who were randomised, with the levels that are in force today."""
        return [
            Earlier(p.enrolled.data["factors"], p.randomised.data["arm"], str(p.enrolled.data.get("cohort", "")))
            for p in self.patients.values()
            if p.randomised is not None and p.enrolled is not None
        ]

    def unblind(
        self, patient: str, on: date, recorded: datetime, by: str, reason: str, why: str = ""
    ) -> tuple[Event, str]:
        """Record that somebody must know a masked patient's arm, and tell it: the event, which does not hold the arm, and the arm."""
        self._refuse_who_may_not("unblinded", on, recorded, by, patient)
        known = self.patients.get(patient)
        if known is None or not known.masked:
            allowed = "a patient whose log tells a code in place of the arm"
            raise Refused(patient, [Problem("not-masked", "patient", repr(patient), allowed)])
        if not isinstance(self._allocation, Key):
            raise Refused("unblind", [_no_seed()])
        assert known.randomised is not None, "who is masked is randomised"
        arm = self._allocation.arms_of(self.log)[known.randomised.data["code"]]
        return self.order("unblinded", on, recorded, by, why, patient, data={"reason": reason}), arm

    def order(
        self,
        kind: str,
        on: date,
        recorded: datetime,
        by: str,
        why: str = "",
        patient: str = "",
        site: str = "",
        data: Mapping[str, Any] | None = None,
        source: str = "",
    ) -> Event:
        """Any event, if nothing forbids it. Raises Refused with every reason."""
        data = data or {}
        if self.trial.cohort_name and kind in _OF_A_COHORT:
            data = {**data, "cohort": self.trial.cohort_name}
        event = Event(len(self.log) + 1, kind, on, recorded, by, why, patient, site, data, None, source)
        return self._given(event, f"{kind} {patient or site}".strip())

    def correct(
        self,
        number: int,
        recorded: datetime,
        by: str,
        why: str,
        on: date | None = None,
        data: Mapping[str, Any] | None = None,
        void: bool = False,
        factors: Mapping[str, str] | None = None,
    ) -> Event:
        """Correct event ``number`` by a new event: another day, other details, or (``void``) that it never happened.

        ``factors``: of an enrolment, the levels that are put right; those of the other factors stay.
        The corrected record must be possible as a whole. An allocation stands: neither the arm of a randomisation nor
        the randomisation itself can be taken back.
        """
        problems = []
        if not 1 <= number <= len(self.log):
            problems.append(Problem("unknown-event", "event", str(number), "an event that is in force"))
            if not why.strip():
                problems.insert(0, Problem("no-reason", "why", "nothing", "a correction states its reason"))
            raise Refused(f"correct {number}", problems)
        old = self.log[number - 1]
        if factors and old.kind != "enrolled":
            given = f"{old.kind!r}, event {number}"
            problems.append(Problem("no-factors", "factor", given, "an enrolment: factors are recorded there"))
        event = correction_of(self.log, number, recorded, by, why, on, data, void, factors)
        return self._given(event, f"correct {number}", problems)

    def redact(self, number: int, recorded: datetime, by: str, why: str) -> Event:
        """Take the content of event ``number`` out of the log, as if it had been voided; its line stays, by its digests."""
        return self._given(redaction_of(self.log, number, recorded, by, why), f"redact {number}")

    @property
    def masked(self) -> bool:
        """True where the log tells codes: what stands by arm is kept from it."""
        return holds_codes(self.log)

    # -- judging and taking -----------------------------------------------------------------------------------------

    def judge(self, event: Event) -> list[Problem]:
        """Every reason why ``event`` cannot be the next of the log. It changes nothing.

        Its cost is that of the patient's own record; only a correction of one of the trial's own events judges the whole log again.
        """
        problems = list(shape_problems(event.kind, event.data))
        not_his = [] if problems else refusals(event, event.by, self.people, self.trial)
        if not_his:
            return not_his  # what else is wrong is not for who may not give the order at all
        if event.corrects is not None:
            return self._problems_of_correction(event, problems)
        if event.kind == "redacted" and not problems:
            return [*self._clock_problems(event), *redaction_problems(event, self.log, self.trial)]
        problems += subject_problems(event)
        if problems:
            return problems
        problems.extend(day_problems(event, self.trial))
        problems.extend(cohort_problems(event, self.trial))
        problems.extend(self._clock_problems(event))
        if event.kind == "site activated":
            problems.extend(site_problems(event, self.trial, self.standing))
        elif event.kind == "safety look":
            problems.extend(safety_problems(event, self.trial))
        if event.patient:
            patient = self.patients.get(event.patient)
            if patient is not None and patient.last is not None and event.happened < patient.last.happened:
                # A late record: judge the whole record in the order in which things happened.
                record = [*self._events_of[event.patient], event]
                problems.extend(p for _, p in replay_patient(event.patient, record, self.trial, self.standing))
            else:
                problems.extend(patient_problems(event, patient or Patient(event.patient), self.trial, self.standing))
        return problems

    def _problems_of_correction(self, event: Event, misshapen: list[Problem]) -> list[Problem]:
        assert event.corrects is not None
        old = self._in_force(event.corrects)
        stands = list(correction_problems(event, old))
        problems = [*stands, *misshapen, *self._clock_problems(event)]
        if old is None or misshapen or any(p.code != "no-reason" for p in stands):
            return problems  # what follows from it says nothing new
        if not old.patient:
            found = (p for _, p in replay(self.trial, [*self.log, event]))
            return problems + [p for p in found if p.code not in ("clock-backwards", "no-reason")]
        void = event.kind == "voided"
        if not void:
            problems += [*day_problems(event, self.trial), *cohort_problems(event, self.trial)]
        # Judged where the corrected event stood.
        place = {**self.standing.places, event.number: self.standing.places.get(old.number, old.number)}
        standing = replace(self.standing, places=place)
        record = self._put_right(self._events_of[old.patient], event, old)
        return problems + [p for _, p in replay_patient(old.patient, record, self.trial, standing)]

    def take(self, event: Event) -> Event:
        """Take in an event that was judged and is recorded. Raises ValueError if its number is not the next."""
        self.log.add(event)
        self.people.take(event)
        if event.kind == "redacted":
            self.log.remove(event)
            self._rebuild()
        elif event.corrects is None:
            self._take(event)
        elif event.patient:
            self._correct(event)
        else:
            self._rebuild()
        return event

    def catch_up(self, events: Iterable[Event]) -> None:
        """Take in what others have recorded meanwhile: the events that come after those of this log, in their order."""
        for event in events:
            self.take(event)

    def _given(self, event: Event, what: str, problems: Sequence[Problem] = ()) -> Event:
        """An order's event if nothing forbids it; taken in too, unless whoever asks does that when it is recorded."""
        problems = [*problems, *self.judge(event)]
        if problems:
            raise Refused(what, problems)
        if self._salts is not unsalted:
            event = replace(event, salts=self._salts())
        return self.take(event) if self.takes else event

    def _clock_problems(self, event: Event) -> list[Problem]:
        if len(self.log) and event.recorded < self.log[len(self.log) - 1].recorded:
            return [clock_backwards(event, self.log[len(self.log) - 1].recorded)]
        return []

    # -- state ------------------------------------------------------------------------------------------------------

    def _rebuild(self) -> None:
        self.standing = Standing(places=places(self.log))
        self.people = People.of(self.log)
        self.patients: dict[str, Patient] = {}
        self._events_of: dict[str, list[Event]] = {}
        self._allocated: dict[str, int] = {}
        for event in in_force(self.log):
            self._take(event)

    def _take(self, event: Event) -> None:
        if event.kind == "site activated":
            self.standing.sites[event.site] = event.happened
        elif event.kind in ENROLMENT:
            self.standing.change(event)
        if not event.patient:
            return
        events = self._events_of.setdefault(event.patient, [])
        patient = self.patients.get(event.patient)
        if patient is None:
            patient = self.patients[event.patient] = Patient(event.patient)
        late = patient.last is not None and event.happened < patient.last.happened
        events.append(event)
        if late:
            self._gather(event.patient)
        else:
            patient.add(event, self._glossary(patient))
        if event.kind == "randomised":
            stratum = event.data["stratum"]
            self._allocated[stratum] = self._allocated.get(stratum, 0) + 1

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
            patient.add(event, self._glossary(patient))

    @staticmethod
    def _put_right(record: Sequence[Event], event: Event, old: Event) -> list[Event]:
        """The record with ``event`` in the place of ``old``, or without it."""
        found = ((event if e.number == old.number else e) for e in record)
        return [e for e in found if e.kind != "voided"]

    def _glossary(self, patient: Patient) -> Glossary:
        """How the words of the patient's responses are read: as in his cohort."""
        return glossary_of(in_his_cohort(self.trial, patient).assessments)

    def _cohort_by(self, levels: Mapping[str, str]) -> str:
        """The cohort whose members these levels make; '' where none is told by levels, or by these."""
        found = (c for c in self.trial.cohorts if c.of and all(levels.get(k) == v for k, v in c.of.items()))
        return next((c.name for c in found), "")

    def _in_force(self, number: int) -> Event | None:
        """The event of this number, if it is in force."""
        event = self.log[number - 1] if 1 <= number <= len(self.log) else None
        if event is None or event.kind == "voided":
            return None
        if event.patient:
            return event if any(e.number == number for e in self._events_of.get(event.patient, ())) else None
        return event if all(e.corrects != number for e in self.log) else None


def _no_seed() -> Problem:
    allowed = "the allocation seed of this trial"
    return Problem("no-allocation", "seed", "none", allowed, "give it with --seed-file")
