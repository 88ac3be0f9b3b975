"""Log: the append-only events of a trial. Nothing is ever deleted; a correction is an event."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from equipoise.trial.event import GENESIS, Event, hash_of
from equipoise.trial.withheld import removed


class Log:
    """Events in the order in which they were recorded.

    Only ``append`` and ``add`` change a log, and only at its end. The hash chain is computed when it is asked for: a simulated
    trial that is never written pays nothing for it.
    """

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self._events: list[Event] = list(events)
        self._hashes: list[str] = []

    def __len__(self) -> int:
        return len(self._events)

    def __iter__(self) -> Iterator[Event]:
        return iter(self._events)

    def __getitem__(self, index: int) -> Event:
        return self._events[index]

    @property
    def last(self) -> Event | None:
        """The last event; None in an empty log."""
        return self._events[-1] if self._events else None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Log) and self._events == other._events

    __hash__ = None  # type: ignore[assignment]  # it grows

    def append(
        self,
        kind: str,
        happened: date,
        recorded: datetime,
        by: str,
        why: str = "",
        patient: str = "",
        site: str = "",
        data: Mapping[str, Any] | None = None,
        corrects: int | None = None,
        source: str = "",
    ) -> Event:
        """Add an event at the end and return it. What may be added is for ``conduct`` to judge."""
        number = len(self._events) + 1
        return self.add(Event(number, kind, happened, recorded, by, why, patient, site, data or {}, corrects, source))

    def add(self, event: Event) -> Event:
        """Add an event that is made already. Raises ValueError if its number is not the next."""
        if event.number != len(self._events) + 1:
            raise ValueError(f"event: got number {event.number}; the next is {len(self._events) + 1}")
        self._events.append(event)
        return event

    def hashes(self) -> list[str]:
        """The chain: the hash of each event, over its content and the hash of the one before."""
        self._chain()
        return list(self._hashes)

    def hash_at(self, number: int) -> str:
        """The hash of event ``number``, from 1."""
        self._chain()
        return self._hashes[number - 1]

    @property
    def head(self) -> str:
        """The hash of the last event: the fingerprint of all that is in the log."""
        self._chain()
        return self._hashes[-1] if self._events else GENESIS

    def _chain(self) -> None:
        """Go on with the chain to the last event; what is computed once, or was verified in reading, is kept."""
        previous = self._hashes[-1] if self._hashes else GENESIS
        for event in self._events[len(self._hashes) :]:
            previous = hash_of(event, previous)
            self._hashes.append(previous)

    @classmethod
    def verified(cls, events: Iterable[Event], hashes: Iterable[str]) -> Log:
        """A log whose chain whoever read it has computed already, one hash an event."""
        found = cls(events)
        found._hashes = list(hashes)
        if len(found._hashes) != len(found):
            raise ValueError(f"verified: got {len(found._hashes)} hashes for {len(found)} events")
        return found

    def remove(self, redacted: Event) -> None:
        """Take the content of the event that a 'redacted' event names away. Its digests stay, and with them the chain."""
        self._chain()
        number = redacted.data["event"]
        self._events[number - 1] = removed(self._events[number - 1], redacted)

    def reread(self, events: Iterable[Event]) -> Log:
        """The same record with its events read otherwise, one for one: its chain stays that of what was recorded."""
        return Log.verified(events, self.hashes())

    def known_by(self, day: date) -> list[Event]:
        """The events recorded by the end of ``day`` (UTC), in order, corrections among them: a beginning of the log.

        What stands before an event was known when that was recorded, also where a clock ran ahead that was corrected since.
        """
        count = len(self._events)
        while count and self._events[count - 1].recorded.date() > day:
            count -= 1
        return self._events[:count]


@dataclass(frozen=True)
class Reading:
    """A log as it was read from where it is kept. ``torn`` is what is there of an unfinished last record, or None.

    ``unended``: the last record is whole and lacks only its newline; who appends writes it.
    """

    log: Log
    torn: bytes | None
    unended: bool = False

    def after(self, number: int) -> Reading:
        """What comes after event ``number``, for who knows the log up to there."""
        events, hashes = list(self.log)[number:], self.log.hashes()[number:]
        return Reading(Log.verified(events, hashes), self.torn, self.unended)


def in_order(events: Iterable[Event]) -> list[Event]:
    """Events in force in the order in which they happened; on one day in the order in which they stand.

    A correction stands where the corrected event did: an enrolment that is put right stays before the randomisation of that day.
    """
    return sorted(events, key=lambda e: e.happened)


def places(events: Iterable[Event]) -> dict[int, int]:
    """Where events that correct others stand: number → the number of the event that was put right first."""
    found: dict[int, int] = {}
    for event in events:
        if event.corrects is not None:
            found[event.number] = found.get(event.corrects, event.corrects)
    return found


def in_force(events: Iterable[Event]) -> list[Event]:
    """What stands after corrections: a corrected event gives way to the last that corrects it, a voided or removed one to none.

    A replacement takes the place that the corrected event had, so that the order of recording among what stands is
    kept.
    """
    events = list(events)
    if all(e.corrects is None and not e.withheld[0] for e in events):
        return events
    place = places(events)
    standing: dict[int, Event | None] = {}
    for event in events:
        standing[place.get(event.number, event.number)] = None if event.kind == "voided" or event.withheld[0] else event
    return [e for _, e in sorted(standing.items()) if e is not None]
