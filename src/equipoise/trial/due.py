"""Due: something that the protocol asks of a patient, with its window, and how it stands on a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

What = Literal[
    "enrolment", "randomisation", "eligibility review", "dose level", "dose", "assessment", "outcome", "contact"
]
State = Literal["not due", "due", "done", "overdue", "missed", "no longer due"]


@dataclass(frozen=True, slots=True)
class Offer:
    """An amount of a dose that may be given: ``share`` of what is planned, and why it is offered."""

    dose: float | None
    unit: str | None
    share: float
    words: str


@dataclass(frozen=True, slots=True)
class Due:
    """``on``: the planned day; ``opens`` and ``closes``: the first and the last day of its window.

    ``days``: by how many it is overdue, counted from the window's last. ``because``: why it is missed, or no longer due. ``event``: the number of the
    event by which it is done, ``done_on`` its day. ``kind``: the kind of event that records it. ``visit``: of an assessment, from 1; 0 is baseline.
    ``offers``: of a dose, the amount that is offered first, then others.
    """

    what: What
    label: str
    kind: str
    on: date
    opens: date
    closes: date
    state: State
    days: int = 0
    because: str = ""
    event: int | None = None
    done_on: date | None = None
    drug: str = ""
    cycle: int = 0
    day: int = 0
    visit: int | None = None
    name: str = ""
    times_a_day: int = 1
    offers: tuple[Offer, ...] = ()

    @property
    def open(self) -> bool:
        """True of what somebody is to do now."""
        return self.state in ("due", "overdue")


def state_on(today: date, opens: date, closes: date) -> tuple[State, int]:
    """How something that is not done stands, and by how many days it is overdue."""
    if today < opens:
        return "not due", 0
    return ("due", 0) if today <= closes else ("overdue", (today - closes).days)
