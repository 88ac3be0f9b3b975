"""Draft: an event to be, before it has a number in the log; and the days of a subject that bound partial dates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from equipoise.trial.partial_date import PartialDate


@dataclass(frozen=True, slots=True)
class Draft:
    """What happened to one subject, and the record that says so."""

    kind: str
    on: date
    data: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    why: str = ""
    site: str = ""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is known of a subject's days; None or nothing where it is not.

    ``came``: when the subject was screened, else when the trial began.
    ``seen``: the first days on which the records that show the subject can have been made. ``doses``: those of doses.
    ``attended``: those of what cannot come after a withdrawal: doses begun, assessments, later therapies.
    ``until``: days after which nothing of the subject was recorded: death, the cut-off. ``left``: days after which the subject
    was neither treated nor assessed: withdrawal.
    """

    came: date | None = None
    first_dose: date | None = None
    randomised: date | None = None
    died: date | None = None
    seen: tuple[date, ...] = ()
    doses: tuple[date, ...] = ()
    attended: tuple[date, ...] = ()
    until: tuple[date, ...] = ()
    left: tuple[date, ...] = ()

    def end(self, partial: PartialDate, *others: date | None) -> date | None:
        """The last day that something recorded under a partial date can have lasted to."""
        return partial.first_after((*self.until, *(d for d in others if d is not None)))

    def scan(self, partial: PartialDate, baseline: bool) -> date | None:
        """The last day on which an assessment can have been made: one at baseline before the first dose, or on its day."""
        return self.end(partial, self.first_dose if baseline else None, *self.left)
