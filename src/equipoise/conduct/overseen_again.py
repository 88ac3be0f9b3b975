"""The log as it stood before each of its events, for who judges acts about the record again: one after the other, each by what was there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from equipoise.conduct.overseen import Looks, Overseen
from equipoise.conduct.oversight_rules import closed_problems, oversight_problems
from equipoise.conduct.people import People
from equipoise.conduct.step_rules import step_problems
from equipoise.trial.event import REMOVED, Event
from equipoise.trial.oversight import ON_PATIENTS, ON_TRIAL, OVERSIGHT, targets
from equipoise.trial.problem import Problem
from equipoise.trial.trial import Trial


class Again:
    """A log that grows by its own events."""

    def __init__(self, events: Sequence[Event], people: People) -> None:
        self.looks, self.people = Looks(), people
        self._overseen: dict[str, Overseen] = {}
        self._by_number = {e.number: e for e in events}
        self._standing: dict[int, Event] = {}
        self._of: dict[str, set[int]] = {}
        self._after: dict[int, Event] = {}
        self._cohorts: dict[str, str] = {}

    def problems(self, event: Event, trial: Trial) -> Iterator[Problem]:
        """Why ``event`` could not follow what was there."""
        if event.kind in OVERSIGHT:
            if not self._removed(event):
                yield from oversight_problems(event, self, trial)
            return
        if event.kind == "decided":
            yield from step_problems(event, self.looks, trial)
        about = event.data.get("event") if event.kind == "redacted" else event.corrects
        old = self._by_number.get(about) if isinstance(about, int) else None
        if old is None or old.kind != REMOVED:
            yield from closed_problems(event, old, self)

    def _removed(self, event: Event) -> bool:
        """True where what it is about was removed since: what it was nobody knows, nor whether the record was complete without it."""
        numbers = [*targets(event.data), *([event.data["query"]] if "query" in event.data else [])]
        return any(
            (e := self._by_number.get(n)) is not None and e.kind == REMOVED and n < event.number for n in numbers
        )

    def take(self, event: Event) -> None:
        """Go on by one event."""
        if event.kind in ON_PATIENTS:
            self._overseen.setdefault(event.patient, Overseen()).take(event)
            return
        if event.kind in ON_TRIAL or event.kind == "decided":
            self.looks.take(event)
        if event.corrects is not None:
            self._after[event.corrects] = event
            gone = self._standing.pop(event.corrects, None)
            if gone is not None:
                self._of[gone.patient].discard(gone.number)
        if event.kind not in ("voided", REMOVED) and event.patient:
            self._standing[event.number] = event
            self._of.setdefault(event.patient, set()).add(event.number)
            if event.data.get("cohort"):
                self._cohorts[event.patient] = str(event.data["cohort"])

    # -- Record -----------------------------------------------------------------------------------------------------

    def overseen_of(self, patient: str) -> Overseen:
        """What was done about a patient's record before."""
        return self._overseen.get(patient) or Overseen()

    def recorded(self, number: int) -> Event | None:
        """The log's event of a number, in force or not."""
        return self._by_number.get(number)

    def stands(self, number: int) -> bool:
        """True of an event in force."""
        return number in self._standing

    def successor(self, number: int) -> Event | None:
        """The event that corrected or took back this one."""
        return self._after.get(number)

    def record_of(self, patient: str) -> Iterable[Event]:
        """A patient's events in force."""
        return [self._standing[n] for n in self._of.get(patient, ())]

    def cohort_of(self, patient: str) -> str:
        """His cohort, or ''."""
        return self._cohorts.get(patient, "")
