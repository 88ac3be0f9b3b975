"""Phase I as tests conduct it: the example's trial, changed, and patients who are assigned and treated on days from the first dose."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from equipoise.analyse.data import cut
from equipoise.analyse.dose_limiting import DltStatus, dlt_statuses
from equipoise.conduct.conduct import Conduct, Refused
from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import trial_from
from equipoise.trial.event import Event
from equipoise.trial.trial import Trial
from helpers import moment

START = date(2010, 11, 1)
FIRST = date(2010, 11, 10)
Change = Callable[[dict[str, Any]], object]


def raw(*changes: Change) -> dict[str, Any]:
    """The example's tables, changed."""
    found = tomllib.loads(find_trial("phase1-example").read_text())
    for change in changes:
        change(found)
    return found


def trial(*changes: Change) -> Trial:
    return trial_from(raw(*changes), "phase1")


def day(n: int) -> date:
    """Day ``n`` of the window: the first dose is on day 1."""
    return FIRST + timedelta(days=n - 1)


class Running:
    """A phase I that is conducted. Each order is recorded on the day on which it happens unless another is said."""

    def __init__(self, of: Trial | None = None) -> None:
        self.trial = of or trial()
        self.c = Conduct.open(self.trial, moment(START), "t")
        self.c.activate("S01", START, moment(START), "t")
        self.now = moment(START)

    def order(self, kind: str, on: date, patient: str = "P1", known: date | None = None, **data: Any) -> Event:
        self.now = max(moment(known or on), self.now)
        return self.c.order(kind, on, self.now, "t", patient=patient, data=data)

    def assigned(self, patient: str = "P1", level: str = "DL1", on: date = FIRST) -> Running:
        self.now = max(moment(on), self.now)
        self.c.screen(patient, "S01", on, self.now, "t")
        self.c.enrol(patient, on, self.now, "t")
        self.order("assigned", on, patient, level=level)
        return self

    def assigned_anyway(self, patient: str, level: str, on: date) -> bool:
        """Assigned as the design gives it or, with a reason, against it; False where that is refused too: the dose is eliminated."""
        try:
            self.assigned(patient, level, on)
        except Refused:
            data = {"level": level, "against_design": True}
            try:
                self.c.order("assigned", on, self.now, "t", "as the sponsor asked", patient, data=data)
            except Refused:
                return False
        return True

    def dose(self, n: int, cycle: int = 1, of_cycle: int = 1, patient: str = "P1", dose: float = 60) -> Event:
        """IMGN901 on day ``n``."""
        data = {"drug": "IMGN901", "cycle": cycle, "day": of_cycle, "dose": dose, "unit": "mg/m2"}
        return self.order("treated", day(n), patient, **data)

    def event(
        self, n: int, term: str, grade: int, known: date | None = None, patient: str = "P1", **data: Any
    ) -> Event:
        """An adverse event that begins on day ``n``."""
        return self.order("adverse event", day(n), patient, known, term=term, grade=grade, **data)

    def status(self, n: int, known: date | None = None, patient: str = "P1") -> DltStatus:
        """What is known on day ``n`` of what had happened by then."""
        snap = cut(self.trial, self.c.log, day(n), max(known or day(n), day(n)))
        return next(s for s in dlt_statuses(self.trial, snap) if s.patient == patient)

    def cycle_one(self, patient: str = "P1") -> Running:
        """Both doses of cycle 1 and the first of cycle 2, on their days."""
        self.dose(1, patient=patient)
        self.dose(8, 1, 8, patient)
        self.dose(22, 2, 1, patient)
        return self
