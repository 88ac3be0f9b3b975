"""Judging an order: every reason why an event cannot be the next of a trial's log."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from equipoise.conduct.allocations import commitment_problems
from equipoise.conduct.authority import refusals
from equipoise.conduct.clock import clock_problems, day_problems
from equipoise.conduct.corrections import correction_problems
from equipoise.conduct.definitions import DEFINING
from equipoise.conduct.redaction import redaction_problems
from equipoise.conduct.replaying import defining_problems, replay, replay_patient
from equipoise.conduct.rules import (
    ENROLMENT,
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
from equipoise.conduct.texts import text_problems
from equipoise.trial.event import Event
from equipoise.trial.patient import Patient
from equipoise.trial.problem import Problem
from equipoise.trial.trial import Trial


class Judging(Running):
    """A running trial that can say of an event whether it is possible now. Judging changes nothing."""

    def judge(self, event: Event) -> list[Problem]:
        """Every reason why ``event`` cannot be the next of the log. It changes nothing.

        Its cost is that of the patient's own record; only a correction of one of the trial's own events judges the whole log again.
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
        if event.corrects is not None:
            return problems + self._problems_of_correction(event, misshapen)
        if event.kind == "redacted" and not misshapen:
            return [
                *problems,
                *self._clock_problems(event),
                *redaction_problems(event, self.log, self.trial, self._read),
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

    def _own_problems(self, event: Event, trial: Trial) -> Iterable[Problem]:
        """Why an event that is the trial's own, and no patient's, cannot be the next."""
        if event.kind == "sealed":
            return commitment_problems(event, self.commitment)
        if event.kind == "site activated":
            return site_problems(event, trial, self.standing, self.definitions.knows(event.site))
        if event.kind in ENROLMENT:
            return enrolment_problems(event, self.patients.values(), self.standing)
        if event.kind == "safety look":
            return safety_problems(event, trial)
        return defining_problems(event, self.log, self.definitions) if event.kind in DEFINING else ()

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
        stands = list(correction_problems(event, old, list(self.log) if old is None else ()))
        # Of what is in force no more it is not asked what its correction says.
        problems = [*stands, *(misshapen if old is not None else ()), *self._clock_problems(event)]
        if old is None or misshapen or any(p.code != "no-reason" for p in stands):
            return problems  # what follows from it says nothing new
        if not old.patient:
            # What is impossible already is no reason against it; what it makes impossible is.
            before = {(e.number, p) for e, p in replay(self.trial, list(self.log), self._read)}
            after = replay(self.trial, [*self.log, event], self._read)
            return problems + [p for e, p in after if (e.number, p) not in before and p not in problems]
        void = event.kind == "voided"
        if not void:
            site = self.patients[old.patient].site
            problems += [
                *day_problems(event, self.trial_at(event), site),
                *cohort_problems(event, self.trial_at(event)),
            ]
            if event.kind == "screened":
                problems += person_problems(event, self.trial_at(event), self.patients.values(), old)
        # Judged where the corrected event stood.
        place = {**self.standing.places, event.number: self.standing.places.get(old.number, old.number)}
        standing = replace(self.standing, places=place)
        record = self._put_right(self._events_of[old.patient], event, old)
        return problems + [p for _, p in replay_patient(old.patient, record, self.definitions, standing)]

    def _clock_problems(self, event: Event) -> list[Problem]:
        last = self.log.last
        return clock_problems(event, last.recorded if last is not None else None)
