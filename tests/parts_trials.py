"""NORTH from its first patient of phase I, as tests conduct it: patients come one by one, each at the level that the design gives."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any

from equipoise.analyse.data import cut
from equipoise.conduct.conduct import Conduct
from equipoise.conduct.sealed import Sealed
from equipoise.decide.dose_finding import find
from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import trial_from
from equipoise.trial.event import Event
from equipoise.trial.trial import Trial
from helpers import moment
from sealed import secret_of

OPENS = date(2010, 11, 1)
FIRST = date(2010, 11, 10)
#: Who comes next starts this many days after the one before is answered.
CYCLE = 22
Change = Callable[[dict[str, Any]], object]


def raw(*changes: Change) -> dict[str, Any]:
    """NORTH's tables, changed."""
    found = tomllib.loads(find_trial("north").read_text())
    for change in changes:
        change(found)
    return found


def undeclared(x: dict[str, Any]) -> None:
    """Part 1 is not over before the log."""
    del x["phase1"]["declared"]
    x["sources"] = [{**s, "of": [p for p in s["of"] if p != "phase1.declared"]} for s in x["sources"]]


def trial(*changes: Change) -> Trial:
    return trial_from(raw(*changes), "north")


class Parts:
    """A trial of two parts that is conducted. Each order is recorded on the day on which it happens."""

    def __init__(self, of: Trial | None = None, part: int | None = 1) -> None:
        self.trial = of or trial()
        self.opens = (self.trial.phase1.opens if self.trial.phase1 is not None else None) or self.trial.start
        self.now, self.day = moment(self.opens), self.opens + (FIRST - OPENS)
        secret = secret_of(self.trial.id)
        randomises = self.trial.randomisation is not None
        self.c = Conduct.open(
            self.trial, self.now, "t", Sealed(self.trial, [secret]) if randomises else None, part=part
        )
        if randomises:
            self.c.seal(secret, self.opens, self.now, "t")
        self.c.activate("S01", self.opens, self.now, "t")

    def order(self, kind: str, on: date, patient: str = "", why: str = "", **data: Any) -> Event:
        self.now = max(moment(on), self.now)
        return self.c.order(kind, on, self.now, "t", why, patient, data=data)

    def enrolled(self, patient: str, on: date | None = None, part: int | None = 1, **factors: str) -> Parts:
        on = on or self.day
        self.now = max(moment(on), self.now)
        self.c.screen(patient, "S01", on, self.now, "t")
        self.c.enrol(patient, on, self.now, "t", factors, part=part)
        return self

    def dose(self, patient: str, on: date, cycle: int, of_cycle: int, dose: float) -> Event:
        return self.order("treated", on, patient, drug="IMGN901", cycle=cycle, day=of_cycle, dose=dose, unit="mg/m2")

    def found(self, on: date | None = None) -> Any:
        """Where dose finding stands on a day."""
        return find(self.trial, cut(self.trial, self.c.log, on or self.day))

    def cohort(self, label: str, names: Iterable[str], toxic: Iterable[str] = ()) -> Parts:
        """A cohort at a level, each with the doses of his window; ``toxic`` have a DLT on day 10. The day is that of the next cohort."""
        amount, on = next(x.dose for x in self.trial.dose_levels if x.label == label), self.day
        names = list(names)
        for name in names:
            self.enrolled(name, on)
            self.order("assigned", on, name, level=label)
        for days, cycle, of_cycle in ((0, 1, 1), (7, 1, 8), (9, 0, 0), (21, 2, 1)):
            for name in names:
                if cycle:
                    self.dose(name, on + timedelta(days=days), cycle, of_cycle, amount)
                elif name in toxic:
                    self.order(
                        "adverse event", on + timedelta(days=days), name, term="neuropathy", grade=3, related=True
                    )
        self.day = on + timedelta(days=CYCLE)
        return self

    def to_the_top(self) -> Parts:
        """Twelve patients without a DLT and three more at the highest level: 3+3 declares it."""
        for k, label in enumerate(("DL1", "DL2", "DL3", "DL4", "DL4")):
            self.cohort(label, [f"{k}{x}" for x in "ABC"])
        return self

    def set(self, level: str = "DL4", on: date | None = None, why: str = "") -> Event:
        self.now = max(moment(on or self.day), self.now)
        return self.c.set_dose(level, on or self.day, self.now, "t", why)
