"""A patient's calendar as a page shows it: by cycle, what is open first; and what a form begins with that is opened from it."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from equipoise.conduct.calendar import calendar_of
from equipoise.site.shown import Shown
from equipoise.trial.due import Due
from equipoise.trial.patient import Patient
from equipoise.trial.trial import Trial

#: Forms by what is due.
_FORM = {
    "dose": "dose", "assessment": "assessment", "contact": "contact", "outcome": "outcome", "eligibility review": "eligibility-review",
    "dose level": "dose-level",
}  # fmt: skip
_TAG = {"due": "wait", "overdue": "bad", "done": "good", "missed": "bad"}


@dataclass(frozen=True)
class Item:
    """Something due, as it is shown: ``key`` stands for it in an address; ``form`` is '' where the person gives no such order."""

    due: Due
    key: str
    form: str
    tag: str

    @property
    def words(self) -> str:
        """How it stands."""
        d = self.due
        if d.state == "overdue":
            return f"overdue by {d.days} day{'s' if d.days != 1 else ''}"
        if d.state == "done":
            return f"done on {d.done_on}"
        return f"{d.state}: {d.because}" if d.because else d.state

    @property
    def amount(self) -> str:
        """What is offered first of a dose."""
        first = self.due.offers[0] if self.due.offers else None
        if first is None or first.dose is None:
            return ""
        times = f", {self.due.times_a_day} times a day" if self.due.times_a_day > 1 else ""
        return f"{first.dose:g} {first.unit}{times}" + ("" if first.share == 1 else f" ({first.words})")


def trial_of(shown: Shown) -> Trial:
    """The trial that knows what is in force at a site on a day: amendments, and the dose that phase I found."""
    return shown.trial.as_amended(shown.definitions.at)


def items_of(shown: Shown, patient: Patient, today: date) -> list[Item]:
    """The calendar of a patient for who may know it: whoever knows his arm. A pharmacist sees doses, by the doses alone."""
    if shown.reader.masked or not shown.reads("record"):
        return []
    found = calendar_of(trial_of(shown), patient, today)
    if not shown.reads("explained"):
        found = tuple(d for d in found if d.what in ("dose", "dose level"))
    return [item_of(shown, patient, d) for d in found]


def item_of(shown: Shown, patient: Patient, due: Due) -> Item:
    """Something due as a person is shown it."""
    form = _FORM.get(due.what, "") if shown.may(due.kind) else ""
    return Item(due, key_of(shown, patient, due), form, _TAG.get(due.state, ""))


def key_of(shown: Shown, patient: Patient, due: Due) -> str:
    """What stands for something due in an address: no drug, and so no arm, is read from it."""
    return hmac.new(shown.key, f"{patient.name} {due.what} {due.label}".encode(), "sha256").hexdigest()[:12]


def due_at(shown: Shown, patient: Patient, today: date, key: str) -> Due | None:
    """What an address means."""
    return next((i.due for i in items_of(shown, patient, today) if key and i.key == key), None)


def typed_for(due: Due, today: date) -> dict[str, Any]:
    """What a form begins with that is opened from the calendar: the planned day, the dose that is offered."""
    typed: dict[str, Any] = {"happened": str(min(due.on, today))}
    if due.what == "dose":
        typed |= {"drug": due.drug, "cycle": str(due.cycle), "day": str(due.day)}
        if due.offers and due.offers[0].dose is not None:
            typed |= {"dose": f"{due.offers[0].dose:g}", "unit": due.offers[0].unit or ""}
        if due.times_a_day > 1:
            typed["times_a_day"] = str(due.times_a_day)
    if due.visit == 0:
        typed["baseline"] = "yes"
    if due.what == "outcome":
        typed["outcome"] = due.name
    return typed


@dataclass(frozen=True)
class Cycle:
    """The doses of one cycle, and by how much they are through."""

    number: int
    items: Sequence[Item]

    @property
    def done(self) -> int:
        """Doses given."""
        return sum(i.due.state == "done" for i in self.items)

    @property
    def words(self) -> str:
        """How far it is."""
        given = f"{self.done} of {len(self.items)} given"
        left = {i.due.state for i in self.items} - {"done"}
        return f"{given}, {'no more is' if self.done else 'none is'} due" if left == {"no longer due"} else given

    @property
    def open(self) -> bool:
        """True where a dose of it is to be given now."""
        return any(i.due.open for i in self.items)


def cycles_of(items: Sequence[Item]) -> list[Cycle]:
    """The doses by cycle."""
    doses = [i for i in items if i.due.what == "dose"]
    return [Cycle(n, [i for i in doses if i.due.cycle == n]) for n in sorted({i.due.cycle for i in doses})]


def next_doses(items: Sequence[Item]) -> list[Item]:
    """The doses that a visit is about: those of the first cycle in which one is not settled."""
    for cycle in cycles_of(items):
        left = [i for i in cycle.items if i.due.state in ("due", "overdue", "not due")]
        if left:
            return left
    return []
