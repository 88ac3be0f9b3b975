"""A schedule as it is spoken: '60 mg/m2 days 1,8,15 every 28 days'."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from equipoise.drug.dosing import Dose, take_dose
from equipoise.trial.part import MOST_TIMES
from equipoise.trial.problem import BadInput, Problem

ALLOWED = "DOSE [days 1,8,…] every N days, such as '60 mg/m2 days 1,8,15 every 28 days'"
_DAYS = re.compile(r"\s+days?\s+(\d{1,4}(?:\s*,\s*\d{1,4})*)(?=\s|$)")
_EVERY = re.compile(r"\s+every\s+(\d{1,4})\s+(days?|weeks?)\s*$")


@dataclass(frozen=True)
class Schedule:
    """A dose on some days of each cycle; days count from 1."""

    dose: Dose
    days: tuple[int, ...]
    every: int
    text: str = ""

    def __str__(self) -> str:
        days = f"day{'s' if len(self.days) > 1 else ''} {','.join(map(str, self.days))}"
        return self.text or f"{self.dose} {days} every {self.every} days"

    def starts(self, cycles: int) -> NDArray[np.float64]:
        """When each dose of so many cycles begins [days from the first day]."""
        return np.array([c * self.every + d - 1.0 for c in range(cycles) for d in self.days])


def checked(dose: Dose, days: tuple[int, ...], every: int, text: str, where: dict[str, str]) -> Schedule:
    """A schedule whose days lie in its cycle. Raises BadInput with all that is wrong."""
    found = []
    if not 1 <= every <= MOST_TIMES:
        found.append(Problem("schedule", where["every"], f"{every} days", f"a cycle of 1 to {MOST_TIMES:,} days"))
    outside = [d for d in days if not 1 <= d <= every]
    if outside:
        given = f"day {', '.join(map(str, outside))}"
        found.append(Problem("schedule", where["days"], given, f"days of the cycle, 1 to {every}"))
    if len(set(days)) < len(days):
        found.append(Problem("schedule", where["days"], ",".join(map(str, days)), "each day once"))
    if found:
        raise BadInput(text or "schedule", found)
    return Schedule(dose, tuple(sorted(days)), every, text)


def read_schedule(text: str, where: str = "--schedule") -> Schedule:
    """A schedule. Raises BadInput, naming the character from which it cannot be read."""
    dose, at = take_dose(text, where)
    days: tuple[int, ...] = (1,)
    days_at = at
    said = _DAYS.match(text, at)
    if said:
        days, days_at, at = tuple(int(d) for d in said[1].split(",")), said.start(1), said.end()
    every = _EVERY.match(text, at)
    if every is None:
        rest = text[at:].strip()
        begins = text.index(rest, at) + 1 if rest else len(text) + 1
        raise BadInput(
            text, [Problem("schedule", f"{where}, character {begins}", repr(rest) if rest else "its end", ALLOWED)]
        )
    length = int(every[1]) * (7 if every[2].startswith("week") else 1)
    places = {"days": f"{where}, character {days_at + 1}", "every": f"{where}, character {every.start(1) + 1}"}
    return checked(dose, days, length, text, places)


def read_schedules(texts: tuple[str, ...], where: str = "--schedule") -> list[Schedule]:
    """All schedules; raises BadInput with the problems of all."""
    found, problems = list[Schedule](), list[Problem]()
    for i, text in enumerate(texts):
        try:
            found.append(read_schedule(text, f"{where} {i + 1}" if len(texts) > 1 else where))
        except BadInput as bad:
            problems += bad.problems
    if problems:
        raise BadInput("schedules", problems)
    return found
