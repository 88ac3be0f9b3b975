"""Patients' numbers: made by the system where none is given, by a pattern, and no two that a reader could take for one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from equipoise.trial.event import Event
from equipoise.trial.folded import folded
from equipoise.trial.patients import Patients
from equipoise.trial.problem import Problem
from equipoise.trial.trial import Trial

#: What a number that somebody gives is made of, where the trial file states no pattern.
_GIVEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


class Numbers:
    """The numbers that a trial has given. A number that was taken back is not given to another person."""

    def __init__(self, trial: Trial) -> None:
        self._stated = trial.patients is not None
        self._pattern = trial.patients or Patients()
        self._sites = trial.site_by_name
        self._known: dict[str, str] = {}
        self._names: set[str] = set()
        self._last: dict[str, int] = {}

    def __contains__(self, number: str) -> bool:
        """Whether the log knows a patient by this number, or knew one."""
        return number in self._names

    def copy(self) -> Numbers:
        """The same numbers, to be added to apart from these."""
        other = object.__new__(Numbers)
        other.__dict__.update(self.__dict__, _known=dict(self._known), _last=dict(self._last), _names=set(self._names))
        return other

    def take(self, number: str, site: str) -> None:
        """Take in the number of a patient who is new."""
        self._names.add(number)
        self._known.setdefault(folded(number), number)
        counted = self.counted(number, site)
        if counted is not None:
            of, count = counted
            self._last[of] = max(self._last.get(of, 0), count)

    def counted(self, number: str, site: str) -> tuple[str, int] | None:
        """Whose count a number holds, a site's or ('') the trial's, and the count; None for a number that is not of the pattern."""
        count = self._pattern.count_in(number, site)
        return None if count is None else (site if self._pattern.of_sites else "", count)

    def look_up(self, names: Any, known: Any, last: Any) -> None:
        """Ask these, by name, in place of what was taken in: the names, the name that each folded one was first, the counts."""
        self._names, self._known, self._last = names, known, last

    def next(self, site: str) -> str:
        """The number of the next patient who comes at a site."""
        count = self._last.get(site if self._pattern.of_sites else "", 0) + 1
        while folded(found := self._pattern.of(site, count)) in self._known:
            count += 1
        return found

    def problems(self, event: Event) -> Iterator[Problem]:
        """Why the patient of ``event``, whom the log does not know by this number, cannot have it."""
        number = event.patient
        alike = self._known.get(folded(number))
        if alike is not None and alike != number:
            allowed = f"{alike} is in the log: no two numbers that could be taken for one"
            yield Problem(
                "same-number", "patient", ascii(number), allowed, f"--patient {alike}, if that is who is meant"
            )
        elif event.kind != "screened" or event.source:
            return  # imports stay as recorded; nobody else comes new than by screening
        elif not self._stated:
            if _GIVEN.fullmatch(number) is None:
                allowed = "letters, digits, dots, dashes and underlines, 40 at most"
                yield Problem(
                    "number", "patient", ascii(number), allowed, "leave --patient out: the system gives the next"
                )
        elif event.site in self._sites and self._pattern.count_in(number, event.site) is None:
            allowed = f"{self._pattern.number}, such as {self.next(event.site)}"
            yield Problem("number", "patient", ascii(number), allowed, "leave --patient out: the system gives the next")


def alike_problems(event: Event, known: dict[str, str]) -> Iterator[Problem]:
    """Of a log that is judged again: a patient whose number could be taken for that of another. ``known`` grows."""
    first = known.setdefault(folded(event.patient), event.patient)
    if first != event.patient:
        yield Problem("same-number", "patient", ascii(event.patient), f"no two numbers as alike as this and {first}")
