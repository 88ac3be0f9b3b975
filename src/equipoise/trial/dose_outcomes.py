"""Outcomes of dose finding as they are written down: ``1NNN 2NTN 2NX``, a level and one letter a patient.

N: no dose-limiting toxicity (DLT), T: a DLT, E: a response, B: both a response and a DLT, X: not evaluable (not counted, replaced).
``P:12``: pending, followed for 12 days without a DLT. ``T:12``, ``B:12``: the day of the DLT, from 1, where a design asks for it. A level of a combination has a number for each drug: ``2.3NNN``.
``+1NN``: patients who were backfilled, and belong to no cohort of the design's own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from equipoise.trial.problem import BadInput, Problem

#: What each letter says of a patient.
LETTERS = {
    "N": "neither a DLT nor a response",
    "T": "a DLT",
    "E": "a response, no DLT",
    "B": "a response and a DLT",
    "X": "not evaluable",
    "P": "pending",
}
_ALLOWED = "a level and then a letter a patient: N, T, E, B, X or P:days, as in 1NNN 2NTP:12 (T:day, B:day: when the DLT came, from 1; +1N: backfilled)"


@dataclass(frozen=True, slots=True)
class PatientOutcome:
    """What is known of one patient. ``days``: how long one who is pending has been followed, or when a DLT came; None: not told."""

    letter: str
    days: int | None = None

    def __str__(self) -> str:
        return self.letter if self.days is None else f"{self.letter}:{self.days}"


@dataclass(frozen=True, slots=True)
class Treated:
    """Patients who came together to one level (from 1; a combination's has a number for each drug), in their order.

    ``beside``: they were backfilled while a cohort was waited for.
    """

    level: tuple[int, ...]
    outcomes: tuple[PatientOutcome, ...]
    beside: bool = False

    def __str__(self) -> str:
        return "+" * self.beside + ".".join(map(str, self.level)) + "".join(map(str, self.outcomes))


def written(cohorts: Sequence[Treated]) -> str:
    """Cohorts in their notation; ``read_outcomes`` reads it back."""
    return " ".join(map(str, cohorts))


def read_outcomes(text: str, source: str = "outcomes") -> tuple[Treated, ...]:
    """The cohorts that a text writes down; none of an empty one. Raises BadInput with every place that cannot be read.

    >>> written(read_outcomes(" 1NNN  2NTP:12 +1N"))
    '1NNN 2NTP:12 +1N'
    """
    found: list[Treated] = []
    problems: list[Problem] = []
    for match in re.finditer(r"\S+", text):
        cohort, at, of = match.group(), match.start() + 1, f"position {match.start() + 1}"
        level = re.match(r"\+?(\d{1,4}(?:\.\d{1,4})*)", cohort, re.ASCII)
        if level is None:
            problems.append(Problem("outcomes", of, repr(cohort[:12]), _ALLOWED))
            continue
        levels = tuple(int(part) for part in level.group(1).split("."))
        if 0 in levels:
            problems.append(Problem("outcomes", of, repr(level.group()), "levels are counted from 1"))
        outcomes: list[PatientOutcome] = []
        place = level.end()
        while place < len(cohort):
            one = re.match(r"[NEX]|[TB](?::(\d{1,5}))?|P:(\d{1,5})", cohort[place:], re.ASCII)
            if one is None:
                given = repr(cohort[place : place + 4])
                step = (
                    "write upper-case letters" if cohort[place].upper() in LETTERS and cohort[place].islower() else ""
                )
                problems.append(Problem("outcomes", f"position {at + place}", given, _ALLOWED, step))
                break
            days = one.group(1) or one.group(2)
            if one.group(1) is not None and not int(one.group(1)):
                allowed = "a day from 1: that of the first dose is day 1"
                problems.append(Problem("outcomes", f"position {at + place}", repr(one.group()), allowed))
            outcomes.append(PatientOutcome(one.group()[0], None if days is None else int(days)))
            place += one.end()
        else:
            if not outcomes:
                problems.append(Problem("outcomes", of, repr(cohort), _ALLOWED, "a level alone says of no patient"))
            found.append(Treated(levels, tuple(outcomes), cohort.startswith("+")))
    if len({len(t.level) for t in found}) > 1:
        given = ", ".join(".".join(map(str, t.level)) for t in found)
        problems.append(Problem("outcomes", "levels", given, "one drug's levels, or the same number of drugs in each"))
    if problems:
        raise BadInput(source, problems)
    return tuple(found)
