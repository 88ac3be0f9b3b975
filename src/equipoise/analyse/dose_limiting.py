"""Dose-limiting toxicities (DLT) by patient, derived from doses and adverse events as [phase1] of the trial file defines them.

The day of the first dose of the level's drug is day 1. Of a window of W days the days 1 to W count; a patient has been followed for as
many days as lie between the first dose and the last day on which he is known to be in the trial. Each patient is one of: a DLT; pending;
not evaluable, and replaced; none. What follows from the records stands beside a committee's word, which has the last one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from equipoise.trial.arm import Treatment
from equipoise.trial.dose_outcomes import PatientOutcome
from equipoise.trial.event import Event
from equipoise.trial.patient import Patient
from equipoise.trial.phase1 import DoseLevel, Phase1
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial

#: What each letter says, as machines get it.
OUTCOMES = {"T": "dlt", "P": "pending", "X": "not evaluable", "N": "none"}


@dataclass(frozen=True)
class DltStatus:
    """What is known of an assigned patient. ``level``: its number from 1, ``label`` its name.

    ``days``: of the window, for which the patient was followed without a DLT. ``derived``: the letter without a committee's word;
    ``events``: the numbers of the events that decided. ``until``: the first day after the window, of somebody who was dosed. ``dlt_day``:
    of the window, when the DLT came; of one that came after it, its last.
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

    @property
    def outcome(self) -> PatientOutcome:
        """As it is written down: T, P:12, X, N. Who is pending after the window is written as followed for a day less than it."""
        if self.letter != "P" or self.until is None:
            return PatientOutcome(self.letter, 0 if self.letter == "P" else None)
        return PatientOutcome("P", min(self.days, self.window - 1))

    @property
    def timed(self) -> PatientOutcome:
        """The same with the day of a DLT, for a design that asks for it."""
        return PatientOutcome("T", self.dlt_day) if self.letter == "T" else self.outcome


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
    return [dlt_status(trial, p, snap.cutoff) for p in sorted(assigned, key=_order)]


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
    record = _Record(trial.phase1, level, _treatment(trial, patient, level), patient, cutoff)
    derived = record.status(number)
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
    left = record.status(number, since=word.corrects or word.number)
    if left.letter == derived.letter:
        because = f"{derived.because} No DLT, {says}: {reason}."
        if derived.letter == "T":
            because = f"{left.because} Recorded or put right after the committee's word: no DLT, {says}: {reason}."
    else:
        because = f"{left.because} No DLT, {says}: {reason}. Derived: {shown}"
    return replace(left, because=because, derived=derived.letter, adjudicated=word.number)


def _treatment(trial: Trial, patient: Patient, level: DoseLevel) -> Treatment | None:
    """How the level's drug is planned in the patient's arm; where the arm is not told, in any."""
    arms = [a for a in trial.arms if a.name == patient.arm] or trial.arms
    return next((t for a in arms for t in a.regimen if t.drug == level.drug), None)


@dataclass(frozen=True)
class _Record:
    """One patient's doses and adverse events, held against the definition."""

    phase1: Phase1
    level: DoseLevel
    treatment: Treatment | None
    patient: Patient
    cutoff: date

    @property
    def window(self) -> int:
        """Days."""
        return self.phase1.window.days

    @property
    def doses(self) -> list[Event]:
        """Doses of the level's drug, in the order of their days."""
        return [d for d in self.patient.doses if d.data.get("drug") == self.level.drug]

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
                    "X", f"Never given {self.level.drug}: {ended.kind} on {ended.happened}; replaced.", 0, [ended]
                )
            return found("P", f"Pending: no dose of {self.level.drug} yet.")
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

    def _plan(self) -> tuple[list[tuple[int, int]], tuple[int, int] | None]:
        """The doses that are planned in the window, each by cycle and day, and the next one after it, if any."""
        t = self.treatment
        if t is None:
            return [], None
        inside: list[tuple[int, int]] = []
        cycle = 1
        while cycle <= t.cycles or t.may_continue:
            for day in sorted(t.days):
                if (cycle - 1) * t.cycle_length.days + day - min(t.days) >= self.window:
                    return inside, (cycle, day)
                inside.append((cycle, day))
            cycle += 1
        return inside, None

    def _given_on(self) -> dict[tuple[int, int], tuple[date, Event]]:
        """Cycle and day → when that dose was given; a stretch of days gives one for each."""
        found: dict[tuple[int, int], tuple[date, Event]] = {}
        for dose in self.doses:
            until = dose.data.get("until")
            last = min(date.fromisoformat(until), self.cutoff) if until else dose.happened
            for k in range(max((last - dose.happened).days, 0) + 1):
                place = int(dose.data["cycle"]), int(dose.data["day"]) + k
                found.setdefault(place, (dose.happened + timedelta(days=k), dose))
        return found

    def _late(self) -> Iterator[_Found]:
        """Doses that came later than due by more than the definition allows.

        A dose is due by the first dose of its cycle, and that by the first dose of the cycle before; where the one by which it is due was
        not given, no delay is told.
        """
        allowed, t = self.phase1.dlt.delay_longer_than, self.treatment
        if allowed is None or t is None:
            return
        given = self._given_on()
        inside, after = self._plan()
        for cycle, day in (*inside, *([after] if after is not None else [])):
            start = min(t.days)
            at_start = day == start
            by = (cycle - 1, start) if at_start else (cycle, start)
            if (cycle, day) not in given or by not in given:
                continue
            due = given[by][0] + timedelta(days=t.cycle_length.days if at_start else day - start)
            on, event = given[cycle, day]
            if (on - due).days > allowed.days:
                words = (
                    f"{self.level.drug} of cycle {cycle}, day {day}, due on {due}, was given on {on} (event {event.number}), "
                    f"{(on - due).days} days late, more than {allowed}"
                )
                yield _Found(event, words)

    def _awaited(self) -> str:
        """The dose whose delay may still come to be a DLT; '' where none may."""
        allowed = self.phase1.dlt.delay_longer_than
        if allowed is None or self.left is not None or self.patient.treatment_ended is not None:
            return ""
        given = self._given_on()
        inside, after = self._plan()
        asked = [*inside, *([after] if after is not None else [])]
        last = max((i for i, place in enumerate(asked) if place in given), default=-1)
        beyond = any(place > asked[-1] for place in given) if asked else True
        if beyond or last + 1 >= len(asked):
            return ""
        cycle, day = asked[last + 1]
        return (
            f"{self.level.drug} of cycle {cycle}, day {day}, is not recorded, nor an end of treatment; given more than {allowed} late, it "
            "would be a DLT"
        )

    def _received(self, first: date) -> tuple[float | None, str]:
        """The share of what was planned for the window that was given in it, and that in words. A dose above the level's counts as the level's."""
        inside, _ = self._plan()
        given = self._given_on()
        if not inside:
            return None, f"{len(self.doses)} doses given"
        end = first + timedelta(days=self.window)
        taken = [given[place][1] for place in inside if place in given and given[place][0] < end]
        times = self.treatment.times_a_day if self.treatment is not None else 1
        amounts = [
            min(float(e.data.get("dose", 0)) * e.data.get("times_a_day", times), self.level.dose * times) for e in taken
        ]
        planned = self.level.dose * times * len(inside)
        share = sum(amounts) / planned
        words = f"given {len(taken)} of {len(inside)} planned doses"
        if abs(share - len(taken) / len(inside)) > 1e-9:
            words += f", {sum(amounts):g} of {planned:g} {self.level.unit} in all"
        other = sorted({float(e.data["dose"]) for e in taken if "dose" in e.data} - {float(self.level.dose)})
        if other:
            words += f" (not all at the level's {self.level}: {_amounts(other)} too)"
        return share, f"{words}, {100 * share:.0f} %"


def _amounts(values: Iterable[float]) -> str:
    return ", ".join(f"{v:g}" for v in values)
