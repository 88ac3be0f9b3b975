"""A phase I of any design, conducted patient by patient as its design says, for tests: one comes every few days, and his outcome is told before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import count

from equipoise.analyse.data import cut
from equipoise.conduct.conduct import Conduct, Refused
from equipoise.conduct.sealed import Sealed
from equipoise.decide.dose_finding import DoseFinding, find
from equipoise.files.definition import trial_of
from equipoise.trial.event import Event
from equipoise.trial.trial import Trial
from helpers import moment

BY = "ada"


class Conducted:
    """``came``: who was assigned, and what the design had said; ``refused``: days on which nobody had a place."""

    def __init__(self, trial: Trial, allocation: Sealed | None = None, every: int = 6) -> None:
        self.trial, self.every = trial, every
        self.day = trial.start
        self.c = Conduct.open(trial, moment(self.day), BY, allocation)
        if allocation is not None:
            self.c.seal(allocation.secrets[0], self.day, moment(self.day), BY)
        self.c.activate("S01", self.day, moment(self.day), BY)
        self.came: list[tuple[str, str]] = []
        self.refused = 0
        self._due: list[tuple[date, str, str, dict[str, object]]] = []

    def found(self) -> DoseFinding:
        return find(self.trial, cut(self.trial, self.c.log, self.day))

    def go(self, outcomes: Sequence[str], most: int = 200) -> Conducted:
        """Until the design ends, or outcomes do: of each patient who comes one letter, N, T, E or B, asked only of who is given a place."""
        left = iter(outcomes)
        for number in count(len(self.came) + 1):
            self._record()
            found = self.found()
            if found.next.action in ("stop", "declare") or number > most:
                break
            if found.next.action == "wait":
                self.refused += 1
            else:
                letter = next(left, None)
                if letter is None:
                    break
                self.assigned(f"P{number}", found, letter)
            self.day += timedelta(days=self.every)
        return self

    def assigned(self, patient: str, found: DoseFinding, letter: str) -> Event:
        """Who is given the level that the design gives, or draws one."""
        on, now = self.day, moment(self.day)
        self.c.screen(patient, "S01", on, now, BY)
        self.c.enrol(patient, on, now, BY)
        said = {} if found.next.dose is None else {"level": self.trial.dose_levels[int(found.next.dose) - 1].label}
        event = self.c.order("assigned", on, now, BY, patient=patient, data=said)
        self.came.append((patient, found.next.action))
        level = self.trial.dose_levels[self.trial.level_numbers[event.data["level"]] - 1]
        for told in level.doses:
            planned = next(t for a in self.trial.arms for t in a.regimen if t.drug == told.drug)
            for day in planned.days:
                dose = {"drug": told.drug, "cycle": 1, "day": day, "dose": told.dose, "unit": told.unit}
                self._due.append((on + timedelta(days=day - 1), patient, "treated", dose))
            next_ = {"drug": told.drug, "cycle": 2, "day": 1, "dose": told.dose, "unit": told.unit}
            self._due.append((on + timedelta(days=21), patient, "treated", next_))
        if letter in "TB":
            toxic = {
                "term": "febrile neutropenia",
                "grade": 3,
                "serious": True,
                "criteria": ["hospitalisation"],
                "related": True,
            }
            self._due.append((on + timedelta(days=4), patient, "adverse event", toxic))
        if self.trial.phase1 is not None and self.trial.phase1.response is not None:
            result = {"outcome": self.trial.phase1.response, "result": "PR" if letter in "EB" else "SD"}
            self._due.append((on + timedelta(days=63), patient, "outcome", result))
        return event

    def _record(self) -> None:
        for on, patient, kind, data in sorted((x for x in self._due if x[0] <= self.day), key=lambda x: x[0]):
            self.c.order(kind, on, moment(self.day), BY, patient=patient, data=data)
        self._due = [x for x in self._due if x[0] > self.day]


def codes(c: Conduct, day: date, patient: str, **data: object) -> set[str]:
    """Why somebody cannot be assigned so."""
    now = moment(day)
    if patient not in c.patients:
        c.screen(patient, "S01", day, now, BY)
        c.enrol(patient, day, now, BY)
    why = str(data.pop("why", ""))
    try:
        c.order("assigned", day, now, BY, why, patient=patient, data=data)
    except Refused as refused:
        return {p.code for p in refused.problems}
    return set()


__all__ = ["Conducted", "codes", "trial_of"]
