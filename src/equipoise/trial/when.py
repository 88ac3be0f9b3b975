"""When to look, as a value: so many patients known, enrolled or with an event, a share of information, a day, each k patients, or the later of several.

A design's look says when it is taken; the trial file may add a day before which it is not. A value is asked of a count of how the trial
stands (``Reached``) and says why it is not time yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class Reached:
    """How a trial stands for a look: ``evaluable`` patients whose outcome is known, ``events``, the share of ``information``, the day;
    patients and events at the look before; and the days on which patients came onto the tested arm, in order."""

    today: date
    evaluable: int = 0
    events: int = 0
    information: float = 0.0
    evaluable_before: int = 0
    events_before: int = 0
    entries: Sequence[date] = ()


@dataclass(frozen=True)
class Evaluable:
    """Once ``n`` patients are enrolled and the outcome of each is known."""

    n: int

    def missing(self, at: Reached) -> str:
        """Why not yet; '' once it is time."""
        return "" if at.evaluable >= self.n else f"the outcome of {at.evaluable} of {self.n} patients is known"


@dataclass(frozen=True)
class Events:
    """Once ``d`` events have come."""

    d: int

    def missing(self, at: Reached) -> str:
        """Why not yet; '' once it is time."""
        return "" if at.events >= self.d else f"{at.events} of {self.d} events have come"


@dataclass(frozen=True)
class Enrolled:
    """Once ``n`` patients have come onto the tested arm, the last of them ``days`` and the first of all ``first`` days ago or more."""

    n: int
    days: int = 0
    first: int = 0

    def missing(self, at: Reached) -> str:
        """Why not yet; '' once it is time."""
        if len(at.entries) < self.n:
            return f"{len(at.entries)} of {self.n} patients are enrolled"
        until = at.entries[self.n - 1] + timedelta(days=self.days)
        if at.today < until:
            return f"patient {self.n} is still to be followed, until {until}"
        least = at.entries[0] + timedelta(days=self.first)
        return "" if at.today >= least else f"the first patient is still to be followed, until {least}"


@dataclass(frozen=True)
class Information:
    """Once a ``share`` of the planned information is there (0 to 1)."""

    share: float

    def missing(self, at: Reached) -> str:
        """Why not yet; '' once it is time."""
        return (
            ""
            if at.information >= self.share
            else f"{at.information:.1%} of {self.share:.1%} of the information is there"
        )


@dataclass(frozen=True)
class OnDay:
    """Not before a ``day``."""

    day: date

    def missing(self, at: Reached) -> str:
        """Why not yet; '' once it is time."""
        return "" if at.today >= self.day else f"not before {self.day}"


@dataclass(frozen=True)
class EachPatients:
    """Whenever ``k`` more patients are known since the look before."""

    k: int

    def missing(self, at: Reached) -> str:
        """Why not yet; '' once it is time."""
        more = at.evaluable - at.evaluable_before
        return "" if more >= self.k else f"{more} of {self.k} more patients are known since the look before"


@dataclass(frozen=True)
class EachEvent:
    """After each event since the look before."""

    def missing(self, at: Reached) -> str:
        """Why not yet; '' once it is time."""
        return "" if at.events > at.events_before else "no event since the look before"


@dataclass(frozen=True)
class LaterOf:
    """Once all of several are reached."""

    parts: Sequence[When] = field(default_factory=tuple)

    def missing(self, at: Reached) -> str:
        """Why not yet, each part in its words; '' once it is time."""
        return "; ".join(text for part in self.parts if (text := part.missing(at)))


When = Evaluable | Events | Enrolled | Information | OnDay | EachPatients | EachEvent | LaterOf
