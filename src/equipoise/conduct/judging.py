"""Judging an order: every reason why an event cannot be the next of a trial's log."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from equipoise.conduct.allocations import commitment_problems
from equipoise.conduct.authority import refusals
from equipoise.conduct.clock import clock_problems, day_problems
from equipoise.conduct.corrections import correction_problems
from equipoise.conduct.definitions import DEFINING, DOSE_SET
from equipoise.conduct.dose_rules import dose_decision_problems, dose_set_problems
from equipoise.conduct.overseen import Overseen
from equipoise.conduct.oversight_rules import closed_problems, oversight_problems
from equipoise.conduct.redaction import left_problems, redaction_problems
from equipoise.conduct.replaying import defining_problems, newly_impossible, replay_patient
from equipoise.conduct.rules import (
    cohort_problems,
    enrolment_problems,
    patient_problems,
    safety_problems,
    site_problems,
    subject_problems,
)
from equipoise.conduct.running import Running
from equipoise.conduct.same_person import person_problems
from equipoise.conduct.shape import shape_problems
from equipoise.conduct.standing import ENROLMENT
from equipoise.conduct.step_rules import step_problems
from equipoise.conduct.texts import text_problems
from equipoise.trial.event import Event
from equipoise.trial.oversight import OVERSIGHT
from equipoise.trial.patient import Patient
from equipoise.trial.problem import Problem
from equipoise.trial.trial import Trial


class Judging(Running):
    """A running trial that can say of an event whether it is possible now. Judging changes nothing."""

    def judge(self, event: Event) -> list[Problem]:
        """Every reason why ``event`` cannot be the next of the log. It changes nothing.

        Its cost is that of the patient's own record; one of the trial's own events that may make recorded ones impossible judges them again.
        """
        misshapen = list(shape_problems(event.kind, event.data))
        problems: list[Problem] = []
        if not self.virtual:
            asks = self.definitions.recorded_before(event)
            if not misshapen and (not_his := refusals(event, event.by, self.people, asks)):
                return not_his  # what else is wrong is not for who may not give the order at all
            told = {p.where for p in misshapen}  # each once
            for p in text_problems(event):
                if p.where not in told:
                    (misshapen if p.where.startswith("data.") else problems).append(p)
            if event.corrects is None:
                misshapen += subject_problems(event)
            if event.kind in OVERSIGHT and event.corrects is None:
                if not misshapen:
                    problems += [*oversight_problems(event, self, asks), *day_problems(event, self.trial_at(event))]
                return [*problems, *misshapen, *self._clock_problems(event)]
            if not misshapen:
                about = event.data["event"] if event.kind == "redacted" else event.corrects
                problems += closed_problems(event, self._recorded(about) if about is not None else None, self)
        if event.corrects is not None:
            return problems + self._problems_of_correction(event, misshapen)
        if event.kind == "redacted" and not misshapen:
            return [
                *problems,
                *self._clock_problems(event),
                *self._problems_of_redaction(event),
            ]
        if misshapen:
            return [*problems, *misshapen, *self._clock_problems(event)]
        patient = self.patients.get(event.patient)
        if not self.virtual:
            if event.patient and patient is None:
                problems += self._numbers.problems(event)
                if any(p.code == "same-number" for p in problems):
                    return problems  # of whom it is must be clear first
            if event.kind == "screened":
                problems += person_problems(event, self.trial, self.who_may_be(event))
        trial = self.trial_at(event)
        if not (self.virtual and trial.start <= event.happened <= event.recorded.date()):
            problems.extend(day_problems(event, trial, patient.site if patient is not None else ""))
        problems.extend(cohort_problems(event, trial))
        problems.extend(self._clock_problems(event))
        if not event.patient:
            problems.extend(self._own_problems(event, trial))
        elif patient is not None and patient.last is not None and event.happened < patient.last.happened:
            # A late record: judge the whole record in the order in which things happened.
            record = [*self._events_of[event.patient], event]
            problems.extend(p for _, p in replay_patient(event.patient, record, self.definitions, self.standing))
        else:
            problems.extend(patient_problems(event, patient or Patient(event.patient), trial, self.standing))
        return problems

    def _problems_of_redaction(self, event: Event) -> Iterable[Problem]:
        number = event.data["event"]
        old = self._recorded(number)
        stands = list(redaction_problems(event, old))
        if old is None or any(p.code != "no-reason" for p in stands) or self._in_force(number) is None:
            return stands
        return [*stands, *left_problems(event, self._touched(event, old), self.definitions)]

    def _own_problems(self, event: Event, trial: Trial) -> Iterable[Problem]:
        """Why an event that is the trial's own, and no patient's, cannot be the next."""
        if event.kind == "sealed":
            return commitment_problems(event, self.commitment)
        if event.kind == "site activated":
            return site_problems(event, trial, self.standing, self.definitions.knows(event.site))
        if event.kind in ENROLMENT:
            return enrolment_problems(event, self._since(event.happened), self.standing)
        if event.kind == "safety look":
            return safety_problems(event, trial)
        if event.kind == "decided":
            steps = () if self.virtual else step_problems(event, self.looks, trial)
            return [*dose_decision_problems(event, self.standing), *steps]
        if event.kind == DOSE_SET:
            return dose_set_problems(event, trial, self.standing)
        if event.kind in DEFINING:
            return defining_problems(event, self._begun(), lambda: self._touched(event), self.definitions)
        return ()

    # -- what acts about the record are judged by -------------------------------------------------------------------

    def overseen_of(self, patient: str) -> Overseen:
        """What was done about a patient's record."""
        return self.overseen.get(patient) or Overseen()

    def recorded(self, number: int) -> Event | None:
        """The log's event of this number, in force or not; None where it has none."""
        return self._recorded(number)

    def stands(self, number: int) -> bool:
        """True of an event in force."""
        return self._in_force(number) is not None

    def successor(self, number: int) -> Event | None:
        """The event that corrected or took back the one of this number; None where none did."""
        event = self._recorded(number)
        return next((e for e in self._beside(event) if e.corrects == number), None) if event is not None else None

    def record_of(self, patient: str) -> Iterable[Event]:
        """A patient's events in force."""
        return self._events_of.get(patient) or ()

    def cohort_of(self, patient: str) -> str:
        """The patient's cohort, or ''."""
        known = self.patients.get(patient)
        return known.cohort if known is not None else ""

    def trial_at(self, event: Event) -> Trial:
        """The trial as it was defined at the event's site, or its patient's, on its day."""
        only = self.definitions.only
        if only is not None:
            return only
        known = self.patients.get(event.patient)
        return self.definitions.at(event.site or (known.site if known is not None else ""), event.happened)

    def _problems_of_correction(self, event: Event, misshapen: list[Problem]) -> list[Problem]:
        assert event.corrects is not None
        old = self._in_force(event.corrects)
        found = self._recorded(event.corrects) if old is None else None
        stands = list(correction_problems(event, old, found, self._beside(found) if found is not None else ()))
        # Of what is in force no more it is not asked what its correction says.
        problems = [*stands, *(misshapen if old is not None else ()), *self._clock_problems(event)]
        if old is None or misshapen or any(p.code != "no-reason" for p in stands):
            return problems  # what follows from it says nothing new
        if not old.patient:
            made = newly_impossible(event, self._touched(event, old), self.definitions)
            return problems + [p for _, p in made if p not in problems]
        void = event.kind == "voided"
        if not void:
            site = self.patients[old.patient].site
            problems += [
                *day_problems(event, self.trial_at(event), site),
                *cohort_problems(event, self.trial_at(event)),
            ]
            if event.kind == "screened":
                problems += person_problems(event, self.trial_at(event), self.who_may_be(event), old)
        # Judged where the corrected event stood.
        place = {**self.standing.places, event.number: self.standing.places.get(old.number, old.number)}
        standing = replace(self.standing, places=place)
        record = self._put_right(self._events_of[old.patient], event, old)
        return problems + [p for _, p in replay_patient(old.patient, record, self.definitions, standing)]

    def _clock_problems(self, event: Event) -> list[Problem]:
        last = self.log.last
        return clock_problems(event, last.recorded if last is not None else None)
