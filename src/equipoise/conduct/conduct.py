"""Conduct: the orders that a person gives in a running trial. Each is judged, then recorded; none is half done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from datetime import date, datetime
from typing import Any

from equipoise.conduct.allocations import allocation_problems, commitment_problems
from equipoise.conduct.masking import Key, holds_codes
from equipoise.conduct.place import Earlier, Place
from equipoise.conduct.randomisation import stratum_of
from equipoise.conduct.rules import (
    Standing,
    cohort_problems,
    day_problems,
    in_his_cohort,
    patient_problems,
    safety_problems,
    site_problems,
)
from equipoise.conduct.sealed import ByWhom, Sealed
from equipoise.conduct.secret import SCHEME, Secret
from equipoise.conduct.shape import shape_problems
from equipoise.conduct.unmasking import arms_behind
from equipoise.trial.event import Event
from equipoise.trial.log import Log, in_force, in_order
from equipoise.trial.patient import Patient
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.protocol_parts import glossary_of
from equipoise.trial.response import Glossary
from equipoise.trial.trial import Trial

_ENROLMENT = {"enrolment paused": "paused", "enrolment resumed": "open", "enrolment closed": "closed"}
#: Events that are a cohort's own where the trial is conducted as one of its cohorts sees it.
_OF_A_COHORT = frozenset({*_ENROLMENT, "screened", "enrolled", "decided"})


class Refused(BadInput):
    """An order that cannot be carried out, with the reasons. The log is as it was."""


class Conduct:
    """A running trial: the log, and what must be known of it to judge the next order.

    The running state is derived from the log and can be rebuilt from it at any time.
    """

    def __init__(self, trial: Trial, log: Log | None = None, allocation: ByWhom = None) -> None:
        self.trial = trial
        self.log = log if log is not None else Log()
        self._allocation = allocation
        self._rebuild()

    @classmethod
    def open(
        cls,
        trial: Trial,
        recorded: datetime,
        by: str,
        allocation: ByWhom = None,
        why: str = "",
    ) -> Conduct:
        """A new trial: its log begins with the trial's name and the fingerprint of its definition."""
        log = Log()
        log.append(
            "opened",
            min(trial.start, recorded.date()),
            recorded,
            by,
            why,
            data={"trial": trial.id, "fingerprint": trial.fingerprint},
        )
        return cls(trial, log, allocation)

    def fork(self, allocation: ByWhom) -> Conduct:
        """The same trial, to be conducted onward apart from this one, which stays as it is; quicker than from the log anew."""
        other = copy(self)
        other.log, other._allocation = Log(self.log), allocation
        other.standing = Standing(dict(self.standing.sites), list(self.standing.enrolment))
        other.patients = {name: patient.copy() for name, patient in self.patients.items()}
        other._events_of = {name: list(events) for name, events in self._events_of.items()}
        other._allocated, other._codes = dict(self._allocated), set(self._codes)
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
        allocation = self._allocation
        if isinstance(allocation, Sealed):
            allocation = allocation.under(self.commitment)
        if isinstance(allocation, Key):
            given = {"code": allocation.code(patient, stratum, position, self._codes)}
        else:
            given = {"arm": allocation.give(Place(stratum, position, factors, cohort, self._earlier))}
        return self.order("randomised", on, recorded, by, why, patient, data={**given, "stratum": stratum})

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
        known = self.patients.get(patient)
        if known is None or not known.masked:
            allowed = "a patient whose log tells a code in place of the arm"
            raise Refused(patient, [Problem("not-masked", "patient", repr(patient), allowed)])
        if not isinstance(self._allocation, Sealed):
            raise Refused("unblind", [_no_seed()])
        assert known.randomised is not None, "who is masked is randomised"
        arm = arms_behind(self.log, self._allocation).arm_of(known.randomised)
        return self.order("unblinded", on, recorded, by, why, patient, data={"reason": reason}), arm

    def seal(self, secret: Secret, on: date, recorded: datetime, by: str, why: str = "") -> Event:
        """Record the commitment of the secret by which arms are given; another one than before has a reason."""
        data = {"commitment": secret.commitment, "scheme": SCHEME}
        return self.order("sealed", on, recorded, by, why, data=data)

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
        """Record any event, if nothing forbids it. Raises Refused with every reason."""
        data = data or {}
        if self.trial.cohort_name and kind in _OF_A_COHORT:
            data = {**data, "cohort": self.trial.cohort_name}
        event = Event(len(self.log) + 1, kind, on, recorded, by, why, patient, site, data, None, source)
        problems = self._problems(event)
        if problems:
            raise Refused(f"{kind} {patient or site}".strip(), problems)
        self._take(event)
        return self.log.add(event)

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
        old = self._standing_event(number)
        problems = []
        if not why.strip():
            problems.append(Problem("no-reason", "why", "nothing", "a correction states its reason"))
        if old is None:
            problems.append(Problem("unknown-event", "event", str(number), "an event that is in force"))
            raise Refused(f"correct {number}", problems)
        if factors and old.kind != "enrolled":
            given = f"{old.kind!r}, event {number}"
            problems.append(Problem("no-factors", "factor", given, "an enrolment: factors are recorded there"))
        if old.kind in ("opened", "amended", "sealed", "decided", "safety look", "unblinded") or (
            old.kind == "randomised" and void
        ):
            problems.append(Problem("cannot-correct", "event", f"{old.kind!r}", "this event stands"))
        if old.kind == "randomised" and data and any(data[k] != old.data.get(k) for k in data):
            problems.append(Problem("allocation-stands", "event", str(dict(data)), "an allocation is never changed"))
        merged = {**old.data, **(data or {})}
        if factors and old.kind == "enrolled":
            before = merged.get("factors")
            merged["factors"] = {**(before if isinstance(before, Mapping) else {}), **factors}
        kind = "voided" if void else old.kind
        event = Event(
            len(self.log) + 1,
            kind,
            on or old.happened,
            recorded,
            by,
            why,
            old.patient,
            old.site,
            {} if void else merged,
            number,
        )
        misshapen = list(shape_problems(kind, dict(event.data)))
        stands = any(p.code in ("cannot-correct", "allocation-stands") for p in problems)
        problems += [*misshapen, *self._clock_problems(event)]
        if not misshapen and not stands:  # else what follows from it says nothing new
            found = (p for _, p in replay(self.trial, [*self.log, event]))
            problems += [p for p in found if p.code != "clock-backwards"]
        if problems:
            raise Refused(f"correct {number}", problems)
        self.log.append(kind, event.happened, recorded, by, why, old.patient, old.site, event.data, number)
        self._rebuild()
        return self.log[len(self.log) - 1]

    @property
    def masked(self) -> bool:
        """True where the log tells codes: what stands by arm is kept from it."""
        return holds_codes(self.log)

    # -- judging ----------------------------------------------------------------------------------------------------

    def _problems(self, event: Event) -> list[Problem]:
        problems = list(shape_problems(event.kind, event.data))
        if problems:
            return problems
        problems.extend(day_problems(event, self.trial))
        problems.extend(cohort_problems(event, self.trial))
        problems.extend(self._clock_problems(event))
        if event.kind == "sealed":
            problems.extend(commitment_problems(event, self.commitment))
        elif event.kind == "site activated":
            problems.extend(site_problems(event, self.trial, self.standing))
        elif event.kind == "safety look":
            problems.extend(safety_problems(event, self.trial))
        if event.patient:
            patient = self.patients.get(event.patient)
            if patient is not None and patient.last is not None and event.happened < patient.last.happened:
                # A late record: judge the whole record in the order in which things happened.
                _, found = _replay_patient(
                    event.patient, [*self._events_of[event.patient], event], self.trial, self.standing
                )
                problems.extend(p for _, p in found)
            else:
                problems.extend(patient_problems(event, patient or Patient(event.patient), self.trial, self.standing))
        return problems

    def _clock_problems(self, event: Event) -> list[Problem]:
        if len(self.log) and event.recorded < self.log[len(self.log) - 1].recorded:
            last = self.log[len(self.log) - 1].recorded
            return [
                Problem(
                    "clock-backwards",
                    "recorded",
                    event.recorded.isoformat(),
                    f"the log is append-only: not before {last.isoformat()}",
                )
            ]
        return []

    # -- state ------------------------------------------------------------------------------------------------------

    def _rebuild(self) -> None:
        self.standing = Standing()
        self.patients: dict[str, Patient] = {}
        self._events_of: dict[str, list[Event]] = {}
        self._allocated: dict[str, int] = {}
        self._codes: set[str] = set()
        #: Of the secret in force; '' before any was recorded.
        self.commitment = ""
        for event in in_force(self.log):
            self._take(event)

    def _take(self, event: Event) -> None:
        if event.kind == "sealed":
            self.commitment = str(event.data["commitment"])
        elif event.kind == "site activated":
            self.standing.sites[event.site] = event.happened
        elif event.kind in _ENROLMENT:
            self.standing.enrolment.append(_change(event))
        if not event.patient:
            return
        events = self._events_of.setdefault(event.patient, [])
        patient = self.patients.get(event.patient)
        if patient is None:
            patient = self.patients[event.patient] = Patient(event.patient)
        late = patient.last is not None and event.happened < patient.last.happened
        events.append(event)
        if late:
            patient = self.patients[event.patient] = Patient(event.patient)
            for e in in_order(events):
                patient.add(e, self._glossary(patient))
        else:
            patient.add(event, self._glossary(patient))
        if event.kind == "randomised":
            stratum = event.data["stratum"]
            self._allocated[stratum] = self._allocated.get(stratum, 0) + 1
            if "code" in event.data:
                self._codes.add(event.data["code"])

    def _glossary(self, patient: Patient) -> Glossary:
        """How the words of the patient's responses are read: as in his cohort."""
        return glossary_of(in_his_cohort(self.trial, patient).assessments)

    def _cohort_by(self, levels: Mapping[str, str]) -> str:
        """The cohort whose members these levels make; '' where none is told by levels, or by these."""
        found = (c for c in self.trial.cohorts if c.of and all(levels.get(k) == v for k, v in c.of.items()))
        return next((c.name for c in found), "")

    def _standing_event(self, number: int) -> Event | None:
        return next((e for e in in_force(self.log) if e.number == number), None)


def _no_seed() -> Problem:
    allowed = "the secret of this trial's allocation"
    return Problem("no-allocation", "secret", "none", allowed, "give its file with --secret")


def _change(event: Event) -> tuple[date, int, str, str]:
    """What an event changed of enrolment, and whose."""
    return event.happened, event.number, _ENROLMENT[event.kind], str(event.data.get("cohort", ""))


def replay(trial: Trial, events: Sequence[Event]) -> list[tuple[Event, Problem]]:
    """Judge a whole log again: everything in it that is impossible, with the event that shows it."""
    found: list[tuple[Event, Problem]] = []
    standing = Standing()
    by_patient: dict[str, list[Event]] = {}
    last: datetime | None = None
    for event in events:
        if last is not None and event.recorded < last:
            found.append(
                (
                    event,
                    Problem(
                        "clock-backwards",
                        "recorded",
                        event.recorded.isoformat(),
                        f"not before {last.isoformat()}",
                    ),
                )
            )
        last = event.recorded
        found.extend((event, p) for p in shape_problems(event.kind, dict(event.data)))
    for event in in_force(events):
        if event.kind != "opened":
            found.extend((event, p) for p in (*day_problems(event, trial), *cohort_problems(event, trial)))
        if event.kind == "site activated":
            found.extend((event, p) for p in site_problems(event, trial, standing))
            standing.sites[event.site] = event.happened
        elif event.kind == "safety look":
            found.extend((event, p) for p in safety_problems(event, trial))
        elif event.kind in _ENROLMENT:
            standing.enrolment.append(_change(event))
        elif event.patient:
            by_patient.setdefault(event.patient, []).append(event)
    for name, record in by_patient.items():
        _, problems = _replay_patient(name, record, trial, standing)
        found.extend(problems)
    found.extend(allocation_problems(trial, events))
    return found


def _replay_patient(
    name: str, record: Sequence[Event], trial: Trial, standing: Standing
) -> tuple[Patient, list[tuple[Event, Problem]]]:
    patient = Patient(name)
    found: list[tuple[Event, Problem]] = []
    for event in in_order(record):
        found.extend((event, p) for p in patient_problems(event, patient, trial, standing))
        patient.add(event)
    return patient, found
