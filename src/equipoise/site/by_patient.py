"""What is made of each patient's events, for boards of all of them: made anew only of whom something was recorded since it was made last.

What was made is kept with the very events that it was made of, and holds only while they are what the reader sees: nothing has to be told that
something changed. A page of a long log so costs what came, and a comparison of lists.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from equipoise.conduct.watched_over import Entry, trail
from equipoise.site.shown import Shown
from equipoise.site.tables import kept
from equipoise.trial.event import Event

T = TypeVar("T")
#: What was made is kept for so many people, who read last.
_PEOPLE = 16
_made: OrderedDict[str, dict[str, tuple[object, Any]]] = OrderedDict()
_lock = threading.Lock()


def acts_of(shown: Shown) -> Sequence[Event]:
    """The trial's own events, which are no patient's, as a reader sees them."""
    return kept(shown, "acts", lambda: [e for e in shown.log if not e.patient])


def of_each(shown: Shown, name: str, make: Callable[[Sequence[Event]], T], on: object = None) -> Mapping[str, T]:
    """For each patient what ``make`` makes of all that is seen of him, and nothing else. ``on``: what it depends on beside, such as the day."""
    return kept(shown, f"each {name} {on}", lambda: _of_each(shown, name, make, on))


def _of_each(shown: Shown, name: str, make: Callable[[Sequence[Event]], T], on: object) -> Mapping[str, T]:
    kept_on, before = _of(shown.person).get(name, (None, {}))
    if kept_on != on:
        before = {}
    now: dict[str, tuple[Sequence[Event], T]] = {}
    for patient, events in shown.record.items():
        had = before.get(patient)
        # Lists of the same events are compared by identity, one after the other: a patient's are few.
        now[patient] = had if had is not None and had[0] == events else (events, make(events))
    _of(shown.person)[name] = (on, now)
    return {patient: value for patient, (_, value) in now.items()}


def _of(person: str) -> dict[str, tuple[object, Any]]:
    with _lock:
        found = _made.setdefault(person, {})
        _made.move_to_end(person)
        while len(_made) > _PEOPLE:
            _made.popitem(last=False)
        return found


@dataclass
class Trail:
    """The audit trail as a reader sees it, in the order of recording, and what it may be filtered by."""

    events: list[Event] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    people: set[str] = field(default_factory=set)
    patients: set[str] = field(default_factory=set)
    kinds: set[str] = field(default_factory=set)
    fields: set[str] = field(default_factory=set)


def trail_of(shown: Shown) -> Trail:
    """The audit trail, gone on with where the log grew."""
    return kept(shown, "trail", lambda: _trail_of(shown))


def _trail_of(shown: Shown) -> Trail:
    zones = {s.name: s.timezone for s in shown.trial.sites}
    on, events = sorted(zones.items(), key=str), list(shown.log)
    kept_on, before = _of(shown.person).get("trail", (None, None))
    if kept_on != on or before is None or events[: len(before.events)] != before.events:
        before = Trail()
    had = len(before.events)
    new = events[had:]
    touched = [e for name in dict.fromkeys(e.patient for e in new if e.patient) for e in shown.record[name]]
    about = sorted({e.number: e for e in (*touched, *new)}.values(), key=lambda e: e.number) if had else events
    fresh = list(trail(about, zones, after=events[had - 1].number if had else 0))
    found = Trail(
        events, [*before.entries, *fresh],
        before.people | {t.event.by for t in fresh if t.event.by}, before.patients | {t.patient for t in fresh if t.patient},
        before.kinds | {t.kind for t in fresh}, before.fields | {t.field for t in fresh if t.field},
    )  # fmt: skip
    _of(shown.person)["trail"] = (on, found)
    return found
