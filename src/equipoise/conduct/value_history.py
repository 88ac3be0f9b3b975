"""The history of a value: all that was ever recorded of an event's details, by whom, when and why; nothing is overwritten.

And what becomes of a form that was read before somebody else corrected the event: for each field what was read, what they made of it, and
what is typed now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from equipoise.trial.event import REMOVED, Event

#: The detail by which the day of an event is shown.
DAY = "happened"


@dataclass(frozen=True, slots=True)
class Change:
    """One detail of one event as it came to be: ``old`` is None at the first record, ``new`` None where it was taken away.

    ``recorded`` is UTC, ``local`` the same moment in the site's zone (UTC where none is stated).
    """

    detail: str
    old: Any
    new: Any
    by: str
    recorded: datetime
    local: datetime
    why: str
    number: int
    kind: Literal["recorded", "corrected", "taken back", "removed"]

    @property
    def zone(self) -> bool:
        """True where the site has a clock of its own."""
        return self.local.utcoffset() != self.recorded.utcoffset()

    @property
    def local_words(self) -> str:
        """The moment by the site's clock."""
        return self.local.strftime("%Y-%m-%d %H:%M %Z")


def line_of(events: Sequence[Event], number: int) -> list[Event]:
    """The events that are one thing: the first record, and all that corrected it, in their order."""
    by_number = {e.number: e for e in events}
    first = by_number[number]
    while first.corrects is not None and first.corrects in by_number:
        first = by_number[first.corrects]
    line = [first]
    for e in events:
        if e.corrects == line[-1].number:
            line.append(e)
    return line


def history_of(events: Sequence[Event], number: int, zone: str | None = None) -> list[Change]:
    """All changes of all details of the event of this number, whichever of its line that is, in the order of recording."""
    place = ZoneInfo(zone or "UTC")
    found: list[Change] = []
    before: Mapping[str, Any] = {}
    for i, event in enumerate(line_of(events, number)):
        kind: Literal["recorded", "corrected", "taken back", "removed"] = "recorded" if i == 0 else "corrected"
        if event.kind == "voided":
            kind = "taken back"
        elif event.kind == REMOVED or event.withheld[0]:
            kind = "removed"
        now = {} if kind in ("taken back", "removed") else values_of(event)
        for detail in dict.fromkeys((*before, *now)):
            old, new = before.get(detail), now.get(detail)
            if old != new:
                local = event.recorded.astimezone(place)
                found.append(Change(detail, old, new, event.by, event.recorded, local, event.why, event.number, kind))
        before = now
    return found


def values_of(event: Event) -> dict[str, Any]:
    """What an event says, by detail: the day, and its data without the order's key."""
    return {DAY: event.happened, **{k: v for k, v in event.data.items() if k != "key"}}


@dataclass(frozen=True, slots=True)
class Column:
    """One detail in three columns. ``who``: which of the two changed what was read; 'both' did, and not alike."""

    detail: str
    read: Any
    theirs: Any
    yours: Any
    who: Literal["nobody", "they", "you", "both"]


@dataclass(frozen=True, slots=True)
class Clash:
    """An event that was corrected, or taken back (``theirs`` is a voiding), since it was read."""

    read: Event
    theirs: Event
    columns: tuple[Column, ...]

    @property
    def apart(self) -> tuple[Column, ...]:
        """The details that both changed, and not alike: here one of the two must be chosen."""
        return tuple(c for c in self.columns if c.who == "both")


def clash(events: Sequence[Event], read: int, yours: Mapping[str, Any]) -> Clash | None:
    """What stands against correcting event ``read`` with ``yours`` (by detail, the day as 'happened'); None while it is in force."""
    line = line_of(events, read)
    theirs = line[-1]
    if theirs.number == read:
        return None
    was = next(e for e in line if e.number == read)
    old, new = values_of(was), {} if theirs.kind == "voided" else values_of(theirs)
    columns = (
        Column(d, old.get(d), new.get(d), yours.get(d), _who(old.get(d), new.get(d), yours.get(d)))
        for d in dict.fromkeys((*old, *new, *yours))
    )
    return Clash(was, theirs, tuple(columns))


def _who(read: Any, theirs: Any, yours: Any) -> Literal["nobody", "they", "you", "both"]:
    if theirs == yours:
        return "nobody" if theirs == read else "they"
    if theirs == read:
        return "you"
    return "they" if yours == read else "both"


def merged(found: Clash) -> dict[str, Any]:
    """Theirs with what you alone changed: what nobody has to choose."""
    chosen = {c.detail: c.yours if c.who == "you" else c.theirs for c in found.columns}
    return {k: v for k, v in chosen.items() if v is not None}
