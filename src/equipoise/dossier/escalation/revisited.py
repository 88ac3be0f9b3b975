"""Past assignments judged again: what was known on their day, and what is known now of the same day."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from equipoise.trial.exhibits import Cell, Table


@dataclass(frozen=True)
class Verdict:
    """What the design said: the history in its notation, the action, the dose's label (None: none) and for how many."""

    history: str
    action: str
    label: str | None
    size: int
    because: tuple[str, ...]
    bound: tuple[str, ...]

    def __str__(self) -> str:
        where = f" {self.label}" if self.label is not None else ""
        return f"{self.action}{where}"


@dataclass(frozen=True)
class Revisited:
    """One assignment. ``then``: by what had been recorded when it was; ``now``: by what is recorded by now of what had happened by its day.

    ``event``: the number of the assignment; ``cohort``: counted from 1, as it is now; ``opens``: whether it began that cohort.
    """

    event: int
    patient: str
    label: str
    on: date
    cohort: int
    opens: bool
    then: Verdict
    now: Verdict

    @property
    def known_otherwise(self) -> bool:
        """Whether the history of the same day is another now; for how long somebody pending was followed does not make it another."""
        return _letters(self.then.history) != _letters(self.now.history)

    @property
    def differs(self) -> bool:
        """Whether the decision would be another."""
        return (self.then.action, self.then.label) != (self.now.action, self.now.label)

    @property
    def as_said(self) -> bool:
        """Whether the dose was the one that the design gave then."""
        return self.then.label == self.label

    def as_json(self) -> dict[str, Any]:
        """The documented shape."""
        return {
            "event": self.event,
            "patient": self.patient,
            "label": self.label,
            "on": self.on,
            "cohort": self.cohort,
            "opens": self.opens,
            "then": _verdict(self.then),
            "now": _verdict(self.now),
            "known_otherwise": self.known_otherwise,
            "differs": self.differs,
        }


def _letters(history: str) -> str:
    """A history without its days."""
    return re.sub(r":\d+", "", history)


def _verdict(v: Verdict) -> dict[str, Any]:
    return {
        "history": v.history, "action": v.action, "label": v.label, "size": v.size, "because": list(v.because), "bound": list(v.bound),
    }  # fmt: skip


def revisited_table(found: Sequence[Revisited], *, all_of_them: bool = False) -> Table:
    """A row an assignment of whose day something else is known now; of all, where that is asked."""
    rows: list[list[Cell]] = [
        [
            f"{r.on}: {r.patient} to {r.label}", r.then.history or "nobody yet", str(r.then), r.now.history or "nobody yet", str(r.now),
            "another decision" if r.differs else "the same decision" if r.known_otherwise else "",
        ]
        for r in found
        if all_of_them or r.known_otherwise or r.differs
    ]  # fmt: skip
    notes = (
        "Then: by what was recorded when the patient was assigned. Now: by what is recorded by now of what had happened by that day. A committee's later word "
        "that there was no DLT counts now; one that there was one counts from its own day.",
    )
    heads = ["Assignment", "History then", "Decision then", "History now", "Decision now", "With what is known now"]  # fmt: skip
    return Table("Past assignments by what is known now", heads, rows, notes=notes)


def in_a_sentence(found: Sequence[Revisited]) -> str:
    """Whether any past decision would have differed."""
    changed = [r for r in found if r.differs]
    if changed:
        first = changed[0]
        more = f", and {len(changed) - 1} after it" if len(changed) > 1 else ""
        return (
            f"By what is known now {len(changed)} of {len(found)} assignments would have been decided otherwise: first that of {first.patient} on {first.on} "
            f"({first.then} then, {first.now} now){more}."
        )
    otherwise = sum(r.known_otherwise for r in found)
    if otherwise:
        return f"Of the day of {otherwise} of {len(found)} assignments something else is known now; none would have been decided otherwise."
    return f"Nothing that was recorded late changes any of {len(found)} past assignments."
