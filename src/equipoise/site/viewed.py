"""What a reader saw last, and how it is gone on with: after an order a page costs what the order adds, and not what the log is long."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import islice

from equipoise.conduct.conduct import Conduct
from equipoise.conduct.definitions import DEFINING, DOSE_SET
from equipoise.conduct.visibility import Reader, Showing
from equipoise.site.shown import Shown
from equipoise.trial.event import Event
from equipoise.trial.log import Log

#: After these nothing stands: content went out of events that were shown, or what is asked of patients is another.
_ANEW = DEFINING | {DOSE_SET, "redacted"}


@dataclass(frozen=True)
class Viewed:
    """What a reader was shown when the log had so many events. ``stands``: while it is the same, more events alter nothing of what was shown."""

    length: int
    stands: Hashable
    showing: Showing
    shown: Shown


def viewed(before: Viewed | None, person: str, conduct: Conduct, reader: Reader, key: bytes) -> Viewed:
    """The log as its reader may see it now; gone on with from what he saw ``before`` where that stands."""
    log, stands = conduct.log, _stands(reader)
    new = list(islice(log, before.length, None)) if before is not None and before.stands == stands else None
    if new is not None and any(e.kind in _ANEW for e in new):
        new = None
    if new is None or before is None:
        showing = Showing()
        if not reader.whole:
            showing.take(log, reader)
        return Viewed(
            len(log), stands, showing, Shown(person, conduct.definitions, reader, _log(reader, log, showing), key)
        )
    showing, had = before.showing, len(before.showing.events)
    if not reader.whole:
        showing.take(new, reader)
    shown = Shown(person, conduct.definitions, reader, _log(reader, log, showing), key)
    shown.go_on(before.shown, _added(reader, new, showing, had))
    return Viewed(len(log), stands, showing, shown)


def _stands(reader: Reader) -> Hashable:
    """All that decides on what a reader is shown of an event, beside the events before it."""
    in_parts = reader.masked and any(t.in_parts for t in reader.trials)
    of_phase1 = frozenset(reader.people.of_phase1) if in_parts else frozenset()
    grants = tuple((g.number, g.role.name, g.sites, g.arms) for g in reader.grants)
    return reader.person, grants, len(reader.trials), reader.room, of_phase1


def _log(reader: Reader, log: Log, showing: Showing) -> Log:
    return log if reader.whole else Log(showing.events)


def _added(reader: Reader, new: Sequence[Event], showing: Showing, had: int) -> list[Event]:
    return list(new) if reader.whole else showing.events[had:]
