"""Dose-limiting toxicities (DLT) by patient, derived from doses and adverse events as [phase1] of the trial file defines them.

The day of the first dose of the level's drug is day 1. Of a window of W days the days 1 to W count; a patient has been followed for as
many days as lie between the first dose and the last day on which he is known to be in the trial. Each patient is one of: a DLT; pending;
not evaluable, and replaced; none. What follows from the records stands beside a committee's word, which has the last one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from equipoise.analyse.binary import status_of
from equipoise.analyse.doses_of_drug import DosesOfDrug
from equipoise.trial.dose_outcomes import PatientOutcome
from equipoise.trial.endpoint import Outcome, Response
from equipoise.trial.event import Event
from equipoise.trial.patient import Patient
from equipoise.trial.phase1 import DoseLevel, Phase1
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial

#: What each letter of a DLT says, as machines get it.
OUTCOMES = {"T": "dlt", "P": "pending", "X": "not evaluable", "N": "none"}


#: Whether somebody responded, of a design that asks: what is not known of a response that can no longer be had counts as none.
#: 'not yet': of a design that takes responses as they are seen, and waits for none.
Responded = Literal["not asked", "yes", "no", "pending", "not yet"]


@dataclass(frozen=True)
class DltStatus:
    """What is known of an assigned patient. ``level``: its number from 1, ``label`` its name.

    ``days``: of the window, for which the patient was followed without a DLT. ``derived``: the letter without a committee's word;
    ``events``: the numbers of the events that decided. ``until``: the first day after the window, of somebody who was dosed. ``dlt_day``:
    of the window, when the DLT came; of one that came after it, its last. ``responded``: whether the patient did, where the design asks.
    ``beside``: backfilled; ``drawn``: the level was given by lot.
    """

    patient: str
    level: int
    label: str
    letter: str
    days: int
    because: str
    derived: str
    window: int
    events: tuple[int, ...] = ()
    adjudicated: int | None = None
    until: date | None = None
    dlt_day: int | None = None
    responded: Responded = "not asked"
    beside: bool = False
    drawn: bool = False

    @property
    def pending(self) -> bool:
        """Whether an answer that counts is still awaited: of a DLT, or of a response."""
        return self.letter == "P" or (self.letter in "NT" and self.responded == "pending")

    @property
    def outcome(self) -> PatientOutcome:
        """As it is written down: T, P:12, X, N, and with a response B, E. Who is pending after the window is written as followed for a day less than it."""
        if self.pending:
            return PatientOutcome("P", 0 if self.until is None else min(self.days, self.window - 1))
        return PatientOutcome(
            {"N": "E", "T": "B"}.get(self.letter, self.letter) if self.responded == "yes" else self.letter
        )

    def given(self, *, timed: bool) -> tuple[int, PatientOutcome, bool, bool]:
        """As the design takes a patient in his turn; ``timed``: with the day of a DLT."""
        return self.level, self.timed if timed else self.outcome, self.beside, self.drawn

    @property
    def timed(self) -> PatientOutcome:
        """The same with the day of a DLT, for a design that asks for it."""
        return PatientOutcome(self.outcome.letter, self.dlt_day) if self.outcome.letter in "TB" else self.outcome


@dataclass(frozen=True)
class _Found:
    """An event that is a DLT, or that may become one (``sure`` false), and what is said of it."""

    event: Event
    words: str
    sure: bool = True


def dlt_statuses(trial: Trial, snap: Snapshot) -> list[DltStatus]:
    """All who are assigned to a level of the trial, in the order of their assignment. None in a trial without [phase1]."""
    if trial.phase1 is None:
        return []
    assigned = [
        p for p in snap.patients.values() if p.assigned is not None and p.assigned.data["level"] in trial.level_numbers
    ]
    found, after_lot = list[DltStatus](), False
    for p in sorted(assigned, key=_order):
        status = dlt_status(trial, p, snap.cutoff)
        after_lot = after_lot or status.drawn
        found.append(responding(trial, p, snap.cutoff, status, after_lot=after_lot))
    return found


def responding(trial: Trial, patient: Patient, cutoff: date, found: DltStatus, *, after_lot: bool) -> DltStatus:
    """What is known of a patient's DLT, with the response that [phase1] asks for beside it.

    Whose response can no longer be had counts as one without, or, where the endpoint does not count such a patient as a failure, is not evaluable and
    replaced, unless there was a DLT. Of a design that waits for no response nobody is pending or replaced for his; where doses are given by lot once one
    was found, that is waited for ``after_lot``: of the first whose dose was drawn, and of all who were assigned after him.
    """
    endpoint = None if trial.phase1 is None else trial.endpoint_by_name.get(trial.phase1.response or "")
    if trial.phase1 is None or not isinstance(endpoint, Outcome | Response) or found.letter == "X":
        return found
    waits = trial.phase1.rule.waits_for_response_of(after_lot=after_lot)
    # Who is in part 1 is on no arm: he entered when he was enrolled.
    on_no_arm = patient.of_phase1 or patient.randomised is None
    entered = replace(patient, randomised=patient.enrolled) if on_no_arm else patient
    status = status_of(entered, endpoint, trial, cutoff)
    if status is None or status.status == "pending":
        why = "no entry to the trial is recorded" if status is None else status.because
        if not waits:
            return replace(found, responded="not yet", because=f"{found.because} No response seen yet.")
        return replace(found, responded="pending", because=f"{found.because} Response pending: {why}.")
    if status.status == "not evaluable" and endpoint.not_evaluable != "failure" and found.letter == "N" and waits:
        return replace(
            found,
            letter="X",
            because=f"Not evaluable: no response can be told: {status.because}; replaced. {found.because}",
        )
    said = {"success": "A response", "failure": "No response"}.get(status.status, "Counted as no response")
    return replace(
        found,
        responded="yes" if status.status == "success" else "no",
        because=f"{found.because} {said}: {status.because}.",
    )


def of_no_level(trial: Trial, snap: Snapshot) -> list[str]:
    """Who is assigned to a level that the trial has not, as one that an amendment took away: nothing is derived of them."""
    known = trial.level_numbers
    return [p.name for p in snap.patients.values() if p.assigned is not None and p.assigned.data["level"] not in known]


def _order(patient: Patient) -> tuple[date, int]:
    assert patient.assigned is not None
    return patient.assigned.happened, patient.assigned.corrects or patient.assigned.number


def dlt_status(trial: Trial, patient: Patient, cutoff: date) -> DltStatus:
    """What is known at ``cutoff`` of a patient who is assigned to a level."""
    assert trial.phase1 is not None, "asked of a trial with phase I"
    assert patient.assigned is not None, "asked of an assigned patient"
    number = trial.level_numbers[patient.assigned.data["level"]]
    level = trial.dose_levels[number - 1]
    record = _Record(
        trial.phase1, level, _of_drugs(trial, patient, level, trial.phase1.window.days, cutoff), patient, cutoff
    )
    said = patient.assigned.data
    derived = replace(record.status(number), beside=said.get("backfill") is True, drawn=said.get("at_random") is True)
    word = patient.adjudicated
    if word is None:
        return derived
    says, shown = (
        f"adjudicated on {word.happened} (event {word.number})",
        derived.because[0].lower() + derived.because[1:],
    )
    reason = str(word.data["reason"]).strip().rstrip(".")
    if word.data["dlt"]:
        because = f"A DLT, {says}: {reason}. Derived: {shown}"
        day = derived.dlt_day or max(min(derived.days, derived.window), 1)
        return replace(derived, letter="T", because=because, adjudicated=word.number, dlt_day=day)
    # A word speaks of what was recorded before it; one that was put right since, of what was before it was first recorded.
    left = replace(
        record.status(number, since=word.corrects or word.number), beside=derived.beside, drawn=derived.drawn
    )
    if left.letter == derived.letter:
        because = f"{derived.because} No DLT, {says}: {reason}."
        if derived.letter == "T":
            because = f"{left.because} Recorded or put right after the committee's word: no DLT, {says}: {reason}."
    else:
        because = f"{left.because} No DLT, {says}: {reason}. Derived: {shown}"
    return replace(left, because=because, derived=derived.letter, adjudicated=word.number)


def _of_drugs(trial: Trial, patient: Patient, level: DoseLevel, window: int, cutoff: date) -> tuple[DosesOfDrug, ...]:
    """The patient's doses of each of the level's drugs, as the drug is planned in his arm; where the arm is not told, in any."""
    arms = [a for a in trial.arms if a.name == patient.arm] or trial.arms
    planned = {t.drug: t for a in reversed(arms) for t in a.regimen}
    return tuple(
        DosesOfDrug(
            told, planned.get(told.drug), [d for d in patient.doses if d.data.get("drug") == told.drug], window, cutoff
        )
        for told in level.doses
    )


@dataclass(frozen=True)
class _Record:
    """One patient's doses and adverse events, held against the definition."""

    phase1: Phase1
    level: DoseLevel
    of_drugs: tuple[DosesOfDrug, ...]
    patient: Patient
    cutoff: date

    @property
    def window(self) -> int:
        """Days."""
        return self.phase1.window.days

    @property
    def doses(self) -> list[Event]:
        """Doses of the level's drug, of a combination's two, in the order of their days."""
        return [d for d in self.patient.doses if self.level.of(d.data.get("drug", "")) is not None]

    @property
    def left(self) -> Event | None:
        """What ended the patient's follow-up."""
        gone = [e for e in (self.patient.died, self.patient.withdrawn, self.patient.lost) if e is not None]
        return min(gone, key=lambda e: e.happened, default=None)

    def status(self, number: int, since: int = 0) -> DltStatus:
        """Without a committee's word; of events that count as DLTs only those recorded after event ``since``."""
        doses, label = self.doses, self.level.label

        def found(
            letter: str, because: str, days: int = 0, events: Sequence[Event] = (), dlt_day: int | None = None
        ) -> DltStatus:
            numbers = tuple(e.number for e in events)
            until = doses[0].happened + timedelta(days=self.window) if doses else None
            name, window = self.patient.name, self.window
            return DltStatus(name, number, label, letter, days, because, letter, window, numbers, None, until, dlt_day)

        if not doses:
            ended = self.left or self.patient.treatment_ended
            if ended is not None:
                return found(
                    "X", f"Never given {self.level.drugs}: {ended.kind} on {ended.happened}; replaced.", 0, [ended]
                )
            return found("P", f"Pending: no dose of {self.level.drugs} yet.")
        first = doses[0].happened
        toxic = sorted(self._events(first), key=lambda f: (f.event.happened, f.event.number))
        late = list(self._late())
        sure = [f for f in (*toxic, *late) if f.sure and f.event.number > since]
        days = self._followed(first)
        if sure:
            more = f" {len(sure) - 1} more." if len(sure) > 1 else ""
            days_to = min((f.event.happened - first).days for f in sure)
            return found(
                "T", f"A DLT: {sure[0].words}.{more}", days, [f.event for f in sure], min(days_to + 1, self.window)
            )
        told = f"{days} of {self.window} days"
        if days < self.window:
            if self.left is not None:
                why = f"Not evaluable: followed for {told} without a DLT, {self.left.kind} on {self.left.happened}; replaced."
                return found("X", why, days, [self.left])
            return found("P", f"Pending: followed for {told}, to {first + timedelta(days=days)}, without a DLT.", days)
        open_ = [f for f in toxic if not f.sure and f.event.number > since]
        if open_:
            return found("P", f"Pending after {told}: {open_[0].words}.", days, [f.event for f in open_])
        awaited = self._awaited()
        if awaited:
            return found("P", f"Pending after {told}: {awaited}.", days)
        share, given = self._received(first)
        least = self.phase1.dlt.evaluable_share
        if least is not None and share is not None and share < least - 1e-9:
            why = f"Not evaluable: {given}, less than {100 * least:g} % of what was planned; no DLT; replaced."
            return found("X", why, days)
        return found("N", f"No DLT in {self.window} days; {given}.", days)

    def _followed(self, first: date) -> int:
        """Whole days from the first dose to the last day on which the patient is known to have been in the trial, at most the window's."""
        died = self.patient.died.happened if self.patient.died is not None else None
        seen = max(d for d in (self.patient.last_contact, died, first) if d is not None)
        return min((min(seen, self.cutoff) - first).days, self.window)

    def _events(self, first: date) -> Iterator[_Found]:
        """Adverse events that begin in the window and are, or may become, DLTs; each by the first rule that it meets."""
        for event in self.patient.adverse_events:
            day = (event.happened - first).days + 1
            if not 1 <= day <= self.window:
                continue
            said = f"{event.data['term']}, grade {event.data['grade']}, on day {day} of {self.window} (event {event.number})"
            met = [
                (i, rule, rule.lasts(event.happened, event.data, self.cutoff))
                for i, rule in enumerate(self.phase1.dlt.rules, 1)
                if rule.concerns(event.data)
            ]
            for i, rule, lasts in sorted(met, key=lambda m: m[2] is not True):
                if lasts is not False:
                    end = (
                        "" if "until" in event.data or rule.lasting_longer_than is None else ", without a recorded end"
                    )
                    words = f"{said}{end}; rule {i}: {rule}"
                    yield _Found(event, words, sure=bool(lasts))
                    break

    # -- doses as planned -------------------------------------------------------------------------------------------

    def _late(self) -> Iterator[_Found]:
        """Doses that came later than due by more than the definition allows."""
        allowed = self.phase1.dlt.delay_longer_than
        if allowed is not None:
            yield from (_Found(event, words) for of in self.of_drugs for event, words in of.late(allowed))

    def _awaited(self) -> str:
        """The dose whose delay may still come to be a DLT; '' where none may."""
        allowed = self.phase1.dlt.delay_longer_than
        if allowed is None or self.left is not None or self.patient.treatment_ended is not None:
            return ""
        return next((words for of in self.of_drugs if (words := of.awaited(allowed))), "")

    def _received(self, first: date) -> tuple[float | None, str]:
        """The share of what was planned for the window that was given in it, of two drugs the lesser, and that in words."""
        found = [of.received(first) for of in self.of_drugs]
        shares = [share for share, _ in found if share is not None]
        words = "; ".join(
            f"{of.told.drug}: {said}" if len(found) > 1 else said
            for of, (_, said) in zip(self.of_drugs, found, strict=True)
        )
        return min(shares, default=None), words
