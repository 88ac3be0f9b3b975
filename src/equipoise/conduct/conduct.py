"""Conduct: the orders that a person gives in a running trial. Each is judged, then recorded; none is half done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from equipoise.conduct.authority import stopped
from equipoise.conduct.clock import CORRECTED
from equipoise.conduct.corrections import correction_of
from equipoise.conduct.definitions import DOSE_SET, Read
from equipoise.conduct.dose_rules import cannot_be_set, decision_of, dose_of, no_phase1
from equipoise.conduct.judging import Judging
from equipoise.conduct.masking import Key, holds_codes
from equipoise.conduct.part_rules import dose_awaited, over_before
from equipoise.conduct.phase1_rules import drawn_before, label_of, level_of, stands_before
from equipoise.conduct.place import Before, Earlier, Place
from equipoise.conduct.randomisation import stratum_of
from equipoise.conduct.redaction import redaction_of
from equipoise.conduct.repeated import repeated
from equipoise.conduct.replaying import replay
from equipoise.conduct.sealed import ByWhom, Sealed, not_committed
from equipoise.conduct.secret import SCHEME, Secret
from equipoise.conduct.standing import ENROLMENT
from equipoise.conduct.unmasking import arms_behind
from equipoise.trial.baseline import Value, told
from equipoise.trial.dose_standing import lot
from equipoise.trial.event import NEITHER, Event
from equipoise.trial.log import Log
from equipoise.trial.problem import BadInput, Problem
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


class Conduct(Judging):
    """A running trial: the log, and what must be known of it to judge the next order.

    The running state is derived from the log and can be rebuilt from it at any time. ``judge`` and ``take`` are two acts: what is
    possible is recorded by whoever keeps the log, and then taken in. An order (``screen``, ``randomise``, ``correct`` …) builds an event,
    judges it and answers it, or raises Refused; repeated under the same ``key`` it answers the event that was recorded; where ``takes`` is on it takes the event in as well, for callers that keep no log
    elsewhere: a simulation, a test.
    """

    def __init__(
        self,
        trial: Trial,
        log: Log | None = None,
        allocation: ByWhom = None,
        salts: Salts = unsalted,
        *,
        takes: bool = True,
        virtual: bool = False,
        read: Read | None = None,
    ) -> None:
        """``salts`` makes those of each event that is recorded: the edge gives random ones, virtual patients have none.

        ``virtual``: the patients are a simulator's, whose numbers and texts are its own and are not judged.
        ``read`` makes a definition that the log carries into a trial, where it is another than ``trial``, the one at hand.
        """
        super().__init__(trial, log, virtual=virtual, read=read)
        self.takes = takes
        refuse_withheld(self.log, trial.id)
        self._allocation = allocation
        self._salts = salts

    @classmethod
    def open(
        cls,
        trial: Trial,
        recorded: datetime,
        by: str,
        allocation: ByWhom = None,
        why: str = "",
        salts: Salts = unsalted,
        *,
        virtual: bool = False,
        administrator: str = "",
        part: int | None = None,
    ) -> Conduct:
        """A new trial: its log begins with the trial's name, and its definition with the fingerprint; with an ``administrator`` it has people.

        ``part`` 1: it begins with phase I, though the file says what phase I declared before.
        """
        data: dict[str, Any] = {**trial.opening, **({"administrator": administrator} if administrator else {})}
        if part is not None:
            data["part"] = part
        on = min(trial.start, recorded.date())
        log = Log([Event(1, "opened", on, recorded, by, why, data=data, salts=salts())])
        return cls(trial, log, allocation, salts, virtual=virtual)

    def fork(self, allocation: ByWhom) -> Conduct:
        """The same trial, to be conducted onward apart from this one, which stays as it is; quicker than from the log anew."""
        other = self.copy()
        other._allocation = allocation
        return other

    # -- orders -----------------------------------------------------------------------------------------------------

    def activate(self, site: str, on: date, recorded: datetime, by: str, why: str = "", key: str = "") -> Event:
        """Open a site for enrolment."""
        return self.order("site activated", on, recorded, by, why, site=site, key=key)

    def correct_clock(self, recorded: datetime, by: str, why: str, key: str = "") -> Event:
        """Start time anew, at ``recorded``, where a clock that ran ahead has stamped what is in the log."""
        again = self._again(Event(len(self.log) + 1, CORRECTED, recorded.date(), recorded, by, why), key, on=False)
        return again or self.order(CORRECTED, recorded.date(), recorded, by, why, key=key)

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
        person: Mapping[str, Any] | None = None,
        key: str = "",
    ) -> Event:
        """Screen a patient, for a cohort where one is named; ``failed`` are the numbers of the criteria that were not met.

        Without ``patient`` the next number is given. ``person``: birth_year, sex and initials, as far as they are asked, and new_person where
        it was confirmed that it is nobody who was screened before.
        """
        data: dict[str, Any] = {"failed": list(failed), **({"cohort": cohort} if cohort else {}), **(person or {})}
        return self.order("screened", on, recorded, by, why, patient, site, data, key=key)

    def enrol(
        self,
        patient: str,
        on: date,
        recorded: datetime,
        by: str,
        factors: Mapping[str, str] | None = None,
        why: str = "",
        cohort: str = "",
        key: str = "",
        part: int | None = None,
        baseline: Mapping[str, Value] | None = None,
    ) -> Event:
        """Enrol a screened and eligible patient, with the levels of the stratification factors and, once known, of the markers.

        Where nobody is randomised, enrolment puts the patient on the one arm of the trial, or of the cohort. In a trial with cohorts it is
        into ``cohort``, or into the one whose members these levels make. ``part`` 1: into phase I, onto no arm. ``baseline``: what [[baseline]] asks for.
        """
        known = self.patients.get(patient)
        site = known.site if known else ""
        own = self.trial.own_cohort
        # Who comes as one of a cohort's own, in a simulation, has the levels that make him one.
        levels = {**(own.fixed if own is not None else {}), **(factors or {})}
        data: dict[str, Any] = {"factors": levels}
        if baseline:
            data["baseline"] = told(self.trial.baseline, baseline)
        if part != 1:  # phase I is of no cohort
            cohort = cohort or (own.name if own is not None else self._cohort_by(levels))
        if cohort:
            data["cohort"] = cohort
        if part is not None:
            data["part"] = part
        if self.trial.randomisation is None and part != 1:
            of = self.trial.cohort(cohort) if cohort in self.trial.cohort_names else self.trial
            data["arm"] = of.arms[0].name
        return self.order("enrolled", on, recorded, by, why, patient, site, data, key=key)

    def randomise(self, patient: str, on: date, recorded: datetime, by: str, why: str = "", key: str = "") -> Event:
        """Randomise an enrolled patient: the next arm of the stratum's list or, by a ``Key``, the code that stands for it."""
        asked = Event(len(self.log) + 1, "randomised", on, recorded, by, why, patient)
        self._refused_to(asked)
        again = self._again(asked, key)
        if again is not None:
            return again
        if self.trial.randomisation is None:
            allowed = "this trial randomises nobody: enrolment gives the arm"
            raise Refused(patient, [Problem("not-randomised", "randomise", repr(patient), allowed, "conduct enrol")])
        site = self.patients[patient].site if patient in self.patients else ""
        waits = list(dose_awaited(asked, self.definitions.at(site, on), self.standing))
        if waits:
            raise Refused(patient, waits)
        if self._allocation is None:
            raise Refused("randomise", [_no_secret()])
        known = self.patients.get(patient)
        factors = known.enrolled.data["factors"] if known and known.enrolled else None
        if known is None or factors is None:
            allowed = "the patient is not enrolled"
            raise Refused(patient, [Problem("not-enrolled", patient, "'randomised'", allowed, "conduct enrol")])
        cohort = str(known.enrolled.data.get("cohort", "")) if known.enrolled else ""
        stratum = stratum_of(self.trial, factors, cohort)
        position = self._allocated.get(stratum, 0)
        allocation = self._allocation
        if isinstance(allocation, Sealed):
            allocation = allocation.under(self.commitment)
        if isinstance(allocation, Key):
            given = {"code": allocation.code(patient, stratum, position, self._codes)}
        else:
            given = {"arm": allocation.give(Place(stratum, position, factors, cohort, self._before))}
        return self.order("randomised", on, recorded, by, why, patient, data={**given, "stratum": stratum}, key=key)

    def _by_design(self, event: Event) -> Mapping[str, Any]:
        """What the design adds to an assignment: that the patient is backfilled, or his level by lot. Raises Refused without the secret of a lottery."""
        stands = stands_before(event, self.trial_at(event), self.standing)
        if stands is None or event.data.get("against_design") is True:
            return {}
        trial = self.standing.defined_for(event, self.trial_at(event))
        label = event.data.get("level")
        if stands.action == "backfill" and label == label_of(trial, stands.dose):
            return {"backfill": True}
        if stands.action != "randomise" or label is not None:
            return {}
        sealed = self._allocation if isinstance(self._allocation, Sealed) else None
        draws = sealed.levels(self.commitment) if sealed is not None else None
        if draws is None:
            raise Refused("assign", [_no_secret() if sealed is None else not_committed(sealed, self.commitment)])
        return {"level": label_of(trial, lot(stands.places, draws.level(drawn_before(self.log)))), "at_random": True}

    def decide_dose(
        self, on: date, recorded: datetime, by: str, cutoff: date, known_on: date | None = None, why: str = ""
    ) -> Event:
        """Record what the design of phase I says of the next dose, as known of what had happened by ``cutoff``."""
        known, trial = self._phase1_known(known_on or recorded.date(), "decided", recorded, by)
        if not self.definitions.at("", on).finds_dose:
            raise Refused("decided", [over_before(trial, "part")])
        data = decision_of(trial, known, cutoff, known_on or recorded.date())
        return self.order("decided", on, recorded, by, why, data=data)

    def set_dose(
        self,
        level: str,
        on: date,
        recorded: datetime,
        by: str,
        why: str = "",
        cutoff: date | None = None,
        known_on: date | None = None,
        key: str = "",
    ) -> Event:
        """Set the dose of phase II, bound to what was known of phase I: at ``on`` and by now, unless days are said."""
        asked = Event(len(self.log) + 1, DOSE_SET, on, recorded, by, why, data={"level": level})
        self._refused_to(asked)
        again = self._again(asked, key)
        if again is not None:
            return again
        known, trial = self._phase1_known(known_on or recorded.date(), DOSE_SET, recorded, by)
        found, problems = level_of(trial, level), list(cannot_be_set(self.definitions.at("", on), level))
        if found is None or problems:
            raise Refused(DOSE_SET, problems)
        data = dose_of(trial, found, known, cutoff or on, known_on or recorded.date())
        return self.order(DOSE_SET, on, recorded, by, why, data=data, key=key)

    def _phase1_known(self, known_on: date, kind: str, recorded: datetime, by: str) -> tuple[list[Event], Trial]:
        """What is known by a day, and the trial as it was then defined. Raises Refused for a trial without phase I."""
        asked = Event(len(self.log) + 1, kind, recorded.date(), recorded, by)
        self._refused_to(asked)
        known = self.log.known_by(known_on)
        trial = self.definitions.recorded_before(replace(asked, number=len(known) + 1))
        if trial.phase1 is None:
            raise Refused(kind, [no_phase1()])
        return known, trial

    def refuse_who_may_not(self, kind: str, recorded: datetime, by: str) -> None:
        """Raise Refused for who may give no order of this kind."""
        self._refused_to(Event(len(self.log) + 1, kind, recorded.date(), recorded, by))

    def refuse_who_may_not_there(self, kind: str, recorded: datetime, by: str) -> None:
        """The same before the patient is known whom an order is about: who has the order at some site is told no more yet."""
        held = self.people.held(by)
        if not self.people.kept or not any(kind in g.role.orders for g in held):
            self.refuse_who_may_not(kind, recorded, by)

    def _refused_to(self, asked: Event) -> None:
        """Raise Refused for who may not give such an order, before anything is asked of the record that tells of it."""
        asks = self.definitions.recorded_before(asked)
        if problems := stopped(asked, asked.by, self.people, asks):
            raise Refused(asked.patient or asked.kind, problems)

    def _before(self) -> Before:
        """Those who were randomised, as minimisation asks for them: here one by one."""
        return self.earlier()

    def earlier(self) -> list[Earlier]:
        """Those who were randomised, with the levels that are in force today."""
        return [
            Earlier(p.enrolled.data["factors"], p.randomised.data["arm"], str(p.enrolled.data.get("cohort", "")))
            for p in self.patients.values()
            if p.randomised is not None and p.enrolled is not None
        ]

    def unblind(
        self, patient: str, on: date, recorded: datetime, by: str, reason: str, why: str = "", key: str = ""
    ) -> tuple[Event, str]:
        """Record that somebody must know a masked patient's arm, and tell it: the event, which does not hold the arm, and the arm."""
        self._refused_to(Event(len(self.log) + 1, "unblinded", on, recorded, by, why, patient))
        known = self.patients.get(patient)
        if known is None or not known.masked:
            allowed = "a patient whose log tells a code in place of the arm"
            raise Refused(patient, [Problem("not-masked", "patient", repr(patient), allowed)])
        if not isinstance(self._allocation, Sealed):
            raise Refused("unblind", [_no_secret()])
        assert known.randomised is not None, "who is masked is randomised"
        arm = self._arm_of(known.randomised, self._allocation)
        return self.order("unblinded", on, recorded, by, why, patient, data={"reason": reason}, key=key), arm

    def _arm_of(self, randomised: Event, sealed: Sealed) -> str:
        """The arm behind a patient's code. Raises BadInput where the secret in force then is not at hand, or does not give it."""
        return arms_behind(self.log, sealed, self.definitions.recorded_before).arm_of(randomised)

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
        key: str = "",
    ) -> Event:
        """Any event, if nothing forbids it. Raises Refused with every reason."""
        data = data or {}
        if self.trial.cohort_name and kind in _OF_A_COHORT:
            data = {**data, "cohort": self.trial.cohort_name}
        event = Event(len(self.log) + 1, kind, on, recorded, by, why, patient, site, data, None, source)
        if key:
            again = self._again(event, key)
            if again is not None:
                return again
            event = replace(event, data={**data, "key": key})
        if kind == "screened" and not patient and not source:
            event = replace(event, patient=self._numbers.next(site))
        if kind == "assigned" and not source and not self.virtual:
            self._refused_to(event)
            event = replace(event, data={**event.data, **self._by_design(event)})
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
        key: str = "",
    ) -> Event:
        """Correct event ``number`` by a new event: another day, other details, or (``void``) that it never happened.

        Details that are not named stay; one that is None was never there. ``factors``: of an enrolment, the levels that are put right; those of the other factors stay.
        The corrected record must be possible as a whole. An allocation stands: neither the arm of a randomisation nor
        the randomisation itself can be taken back.
        """
        problems = []
        if not 1 <= number <= len(self.log):
            allowed = f"an event of the log, 1 to {len(self.log)}"
            problems.append(Problem("unknown-event", "event", str(number), allowed))
            if not why.strip():
                problems.insert(0, Problem("no-reason", "why", "nothing", "a correction states its reason"))
            raise Refused(f"correct {number}", problems)
        old = self.log[number - 1]
        if factors and old.kind != "enrolled":
            given = f"{old.kind!r}, event {number}"
            problems.append(Problem("no-factors", "factor", given, "an enrolment: factors are recorded there"))
        if isinstance((data or {}).get("baseline"), Mapping):
            data = {**(data or {}), "baseline": told(self.trial.baseline, (data or {})["baseline"])}
        event = correction_of(self.log, number, recorded, by, why, on, data, void, factors)
        if key:
            again = self._again(event, key)
            if again is not None:
                return again
            event = replace(event, data={**event.data, "key": key})
        return self._given(event, f"correct {number}", problems)

    def redact(self, number: int, recorded: datetime, by: str, why: str, key: str = "") -> Event:
        """Take the content of event ``number`` out of the log, as if it had been voided; its line stays, by its digests."""
        event = redaction_of(self.log, number, recorded, by, why)
        if key:
            # What is removed is no longer known, so that it corrected another is not asked of the order that is repeated.
            again = self._again(replace(event, data={"event": number}), key, on=False)
            if again is not None:
                return again
            event = replace(event, data={**event.data, "key": key})
        return self._given(event, f"redact {number}")

    @property
    def masked(self) -> bool:
        """True where the log tells codes: what stands by arm is kept from it."""
        return holds_codes(self.log)

    # -- parts ------------------------------------------------------------------------------------------------------

    def _given(self, event: Event, what: str, problems: Sequence[Problem] = ()) -> Event:
        """An order's event if nothing forbids it; taken in too, unless whoever asks does that when it is recorded."""
        problems = [*problems, *self.judge(event)]
        if problems:
            raise Refused(what, problems)
        if self._salts is not unsalted:
            event = replace(event, salts=self._salts())
        return self.take(event) if self.takes else event

    def _again(self, asked: Event, key: str, *, on: bool = True) -> Event | None:
        """The event that was recorded when the same was ordered under this key; Refused where it was another order."""
        number = self._keys.get(key) if key else None
        if number is None:
            return None
        self._refused_to(asked)  # whose role was revoked is answered no more
        first = self.log[number - 1]
        # The day of some orders is that of their moment, and not asked.
        problems = list(repeated(asked if on else replace(asked, happened=first.happened), first, key))
        if problems:
            raise Refused(f"{asked.kind} {asked.patient or asked.site}".strip(), problems)
        return first

    def _cohort_by(self, levels: Mapping[str, str]) -> str:
        """The cohort whose members these levels make; '' where none is told by levels, or by these."""
        found = (c for c in self.trial.cohorts if c.of and all(levels.get(k) == v for k, v in c.of.items()))
        return next((c.name for c in found), "")


def _no_secret() -> Problem:
    allowed = "the secret of this trial's allocation"
    return Problem("no-allocation", "secret", "none", allowed, "give its file with --secret")
