"""Assessment: what one assessor recorded at one time point, and beside it what is concluded from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

from equipoise.trial.event import Event
from equipoise.trial.response import Glossary, Word

#: Who assesses where nobody else is named.
INVESTIGATOR = "investigator"


class Assessment(NamedTuple):
    """An 'assessed' event, as it was recorded, and what counts of it.

    ``word`` is the response that counts, ``sum_mm`` the sum of the target lesions [mm] and ``counts_on`` the day from which a progression
    counts: before the assessment's own where a lesion that was equivocal first is confirmed. ``derived``: these follow from the
    lesions; else from what was recorded. The event is never changed.
    """

    event: Event
    word: Word
    sum_mm: float | None
    counts_on: date
    baseline: bool
    derived: bool = False

    @classmethod
    def of(cls, event: Event, glossary: Glossary) -> Assessment:
        """An event taken as it was recorded, its word read by a glossary."""
        data = event.data
        word = glossary.of(data) if "criterion" in data else glossary[data["response"]]
        if "confirmed" in data and data["confirmed"] and word.seconded and word.progresses:
            word = replace(word, seconded=False)
        of = (event, word, data.get("sum_mm"), event.happened, bool(data.get("baseline")), False)
        return cls._make(of)

    @property
    def response(self) -> str:
        """The response that counts, in the words of the criterion; '' for none."""
        return self.word.code

    @property
    def recorded(self) -> str:
        """The response that was recorded, in the assessor's word."""
        return str(self.event.data["response"])

    @property
    def lesions(self) -> Sequence[Mapping[str, Any]]:
        """The lesions as they were recorded (see ``trial.lesion``)."""
        found: Sequence[Mapping[str, Any]] = self.event.data.get("lesions", ())
        return found

    @property
    def measurements(self) -> Mapping[str, Any]:
        """What was measured beside lesions (see ``trial.measured``)."""
        found: Mapping[str, Any] = self.event.data.get("measurements", {})
        return found

    @property
    def visit(self) -> str:
        """The visit, as recorded."""
        return str(self.event.data.get("visit", ""))

    @property
    def happened(self) -> date:
        """The day of the assessment."""
        return self.event.happened

    @property
    def number(self) -> int:
        """The event's number in the log."""
        return self.event.number

    @property
    def stands_free(self) -> bool:
        """After baseline, readable, and without progression: until here a patient is known to be without an event."""
        word = self.word
        return word.readable and not word.progresses and not self.baseline


class Occurrence(NamedTuple):
    """Something of the record, on the day from which it counts, with the event that shows it. ``shows`` names it for an assessment."""

    on: date
    event: Event
    shows: str = ""


def documented_progression(assessments: Iterable[Assessment]) -> Occurrence | None:
    """The first progression by imaging, on the day from which it counts; of two on a day the one that was recorded first."""
    found = min(
        [a for a in assessments if a.word.progresses and not a.baseline],
        key=lambda a: (a.counts_on, a.event.number),
        default=None,
    )
    return None if found is None else Occurrence(found.counts_on, found.event, "progression")
