"""A log's register, in an index beside it: opened where it is the log's as it stands, carried on by what is appended, made anew.

Everything here is done while the log is held, but for ``last_definition``. Nothing here can fail an order: without a register the whole log is read.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from equipoise import __version__
from equipoise.conduct.conduct import Conduct
from equipoise.conduct.register import (
    COUNTS,
    DRAWN,
    Notes,
    WholeNeeded,
    counted_factors,
    of_event,
    of_margin,
    of_stratum,
)
from equipoise.files.log_index import BrokenIndex, LogIndex, make, opened, remove
from equipoise.files.log_lines import line_of, read_line
from equipoise.trial.event import NEITHER, WITHHELD, Event
from equipoise.trial.log import Log, Reading
from equipoise.trial.trial import Trial
from equipoise.trial.withheld import not_shown, removed

#: The form of an index; another one is made anew. To be counted up where what ``Notes`` notes changes.
FORM = 2
#: From how many events on a log has an index: a shorter one is read as quickly.
WORTH = 500

#: What a disk, or an index that is not as it should be, may make of itself.
FAILING = (sqlite3.Error, sqlite3.Warning, OSError, ValueError, TypeError, KeyError, IndexError, OverflowError)

#: Of an event: where its line stands in a store.
Place = Sequence[int]


@runtime_checkable
class Indexed(Protocol):
    """A store that finds single lines. All is asked while it is held; ``mark`` may be asked at any time."""

    def index(self) -> tuple[Path, Path | None]:
        """Where the index stands, and the file whose rights it takes."""
        ...

    def mark(self) -> list[int | str]:
        """What the log is known by; another one once anybody has written. Raises BadInput where there is no log."""
        ...

    def mark_at(self, number: int, head: str) -> list[int | str]:
        """The mark of the log whose last event is ``number``, which was just read or appended; others may have written since."""
        ...

    @property
    def catches_up(self) -> bool:
        """Whether what others wrote without the index can be read from there on."""
        ...

    def had(self, mark: list[Any]) -> bool:
        """Whether a mark was once that of the log as it stands. Only asked of one that catches up."""
        ...

    def fetch(self, wanted: Sequence[tuple[int, Place]]) -> list[bytes]:
        """The lines of events, each given by number and place. What is there is not verified."""
        ...

    def places(self) -> list[Place] | None:
        """Where each line stands; None for a store that finds them by their numbers."""
        ...

    def resume(self, event: Event, digest: str, line: bytes) -> None:
        """Go on from the log's last event, whose line was read and verified. Raises ValueError where it is not the last."""

    def read(self, after: int = 0, head: str = "") -> Reading:
        """As every store."""
        ...


class StoredRegister:
    """The register of a log that is held (``conduct.register.Register``). Each line is verified by its hash when it is read."""

    def __init__(self, store: Indexed, index: LogIndex, number: int, head: str) -> None:
        self._store, self._index = store, index
        self.number, self.head = number, head
        self._events: dict[int, Event] = {}
        self._redactions: dict[int, Event] = {}
        #: False once something in the index, or of what it leads to, was not as it must be.
        self.sound = True

    def _unsound(self, why: object) -> WholeNeeded:
        self.sound = False
        return WholeNeeded(str(why))

    def look(self, key: str) -> Any | None:
        """What stands under a key; None for nothing."""
        try:
            return self._index.look(key)
        except BrokenIndex as error:
            raise self._unsound(error) from None

    def hash_of(self, number: int) -> str:
        """The hash of an event, by the index alone."""
        return str(self._entry(number)[0])

    def _entry(self, number: int) -> list[Any]:
        found = self.look(of_event(number))
        if not isinstance(found, list) or not found:
            raise self._unsound(f"event {number} is not in the index")
        return found

    def events(self, numbers: Sequence[int]) -> list[Event]:
        """Events, read and verified, or known from before."""
        wanted = [n for n in dict.fromkeys(numbers) if n not in self._events]
        entries = [self._entry(n) for n in wanted]
        lines = self._store.fetch([(n, entry[1:]) for n, entry in zip(wanted, entries, strict=True)])
        if len(lines) != len(wanted):
            raise self._unsound("lines are missing")
        for number, entry, line in zip(wanted, entries, lines, strict=True):
            try:
                event = read_line(line, number, entry[0])
            except ValueError as error:
                raise self._unsound(error) from None
            if event.withheld[1] and event.kind != WITHHELD:
                raise self._unsound(f"event {number} is withheld in part")
            self._events[number] = event
            if event.kind == "redacted":
                self._redactions[event.data["event"]] = event
        for number in numbers:
            if self._events[number].kind == WITHHELD:
                if number not in self._redactions:
                    raise self._unsound(f"event {number} is withheld")
                try:
                    self._events[number] = removed(self._events[number], self._redactions[number])
                except (ValueError, KeyError, TypeError, OverflowError) as error:
                    raise self._unsound(error) from None
        return [self._events[n] for n in numbers]

    # -- carrying on ------------------------------------------------------------------------------------------------

    def carried_on(self, trial: Trial, events: Sequence[Event]) -> bool:
        """Note events that were appended since. False where that cannot be, and the index is to be made anew: it is taken away."""
        if not self.sound or [e.number for e in events] != [*range(self.number + 1, self.number + 1 + len(events))]:
            return False
        try:
            self._note(trial, events)
        except (*FAILING, BrokenIndex, WholeNeeded):
            remove(self._store.index()[0])
            return False
        return True

    def _note(self, trial: Trial, events: Sequence[Event]) -> None:
        new = {e.number: e for e in events}
        notes, head = Notes(trial, self.look, lambda n: new[n] if n in new else self.events([n])[0]), self.head
        end = sum(self._entry(self.number)[1:])
        placed = bool(self._entry(self.number)[1:])
        for event in events:
            line, digest = line_of(event, head)
            size = len(line.encode())
            place = [end, size] if placed else []
            notes.take(event, digest, place)
            head, end = digest, end + size
        self.number, self.head = self.number + len(events), head
        self._index.write(notes.changed, _header(trial, self.number, head, self._store.mark_at(self.number, head)))


@contextmanager
def register_of(
    store: object, trial: Trial, *, living: bool = False, amends: bool = False
) -> Iterator[StoredRegister | None]:
    """The register of a log that is held, where its index is the log's as it stands; None: the whole log is to be read.

    ``amends``: whatever definition of the trial it was carried on under.

    ``living``: for a process that knows the log, and only carries the index on for those who do not; what can catch up needs no carrying.
    """
    if not isinstance(store, Indexed) or trial.cohort_name or (living and store.catches_up):
        yield None
        return
    with ExitStack() as stack:
        try:
            found = _register(store, trial, stack.enter_context(opened(*store.index())), living=living, amends=amends)
        except (*FAILING, BrokenIndex, WholeNeeded):
            found = None
        yield found


def _register(store: Indexed, trial: Trial, index: LogIndex, *, living: bool, amends: bool) -> StoredRegister | None:
    said = index.header
    mark = store.mark()
    own = _header(trial, said.get("number"), said.get("head"), said.get("mark"))
    if amends:
        own["trial"] = said.get("trial")
    if {**own, "salt": said.get("salt")} != said or not (
        said["mark"] == mark or (store.catches_up and store.had(said["mark"]))
    ):
        return None
    found = StoredRegister(store, index, said["number"], said["head"])
    if living:
        return found if said["mark"] == mark else None
    digest, *place = found._entry(found.number)
    (line,) = store.fetch([(found.number, place)])
    if digest != found.head:
        return None
    store.resume(read_line(line, found.number, found.head), found.head, line)
    # What others wrote is noted under the definition at hand: not where that is another one still.
    return found if said["mark"] == mark or (not amends and _caught_up(store, trial, found)) else None


def _caught_up(store: Indexed, trial: Trial, found: StoredRegister) -> bool:
    """Others have written, without this index: what they wrote is verified on from its last event, and noted."""
    events = list(store.read(found.number, found.head).log)
    if any(e.kind == "redacted" or e.withheld != NEITHER for e in events) or not found.carried_on(trial, events):
        return False
    # What is not noted up to the log's end knows less than the log.
    return not events or found.number == events[-1].number


def make_register(store: object, trial: Trial, log: Log, conduct: Conduct) -> None:
    """Make the index of a log that is held and was read as a whole, anew; ``conduct``: the trial by the whole log.

    A log by which no index could answer the same as the whole has none. What fails leaves none.
    """
    if not isinstance(store, Indexed) or trial.cohort_name or len(log) < WORTH:
        return
    path, like = store.index()
    try:
        mark, places = store.mark_at(len(log), log.head), store.places()
        if not_shown(log) or (places is not None and len(places) != len(log)):
            return
        notes = Notes(trial, lambda _: None, lambda number: log[number - 1])
        for at, (event, digest) in enumerate(zip(log, log.hashes(), strict=True)):
            notes.take(event, digest, places[at] if places is not None else ())
        if not _counted(notes.changed, conduct) or store.mark_at(len(log), log.head) != mark:
            return
        make(path, notes.changed, _header(trial, len(log), log.head, mark), like)
    except FAILING:
        remove(path)


def _counted(noted: Mapping[str, Any], conduct: Conduct) -> bool:
    """Whether what was counted event by event is what the whole log has."""
    right = Counter({of_stratum(stratum): number for stratum, number in conduct.allocated.items()})
    factors = counted_factors(conduct.trial)
    for e in conduct.earlier() if factors is not None else ():
        right.update([DRAWN, *(of_margin(e.cohort, name, e.factors[name], e.arm) for name in factors or ())])
    return {k: v for k, v in noted.items() if v and k.startswith(COUNTS)} == right


def drop_register(store: object) -> None:
    """Take the index away: what was removed of the log stands in it by its digests, and its places have changed."""
    if isinstance(store, Indexed):
        remove(store.index()[0])


def last_definition(store: object) -> str | None:
    """The fingerprint of the trial under which the index of a log was carried on last; None where there is none of the log as it stands.

    It says which trial file is meant; whether it is the log's is for the order to judge.
    """
    if not isinstance(store, Indexed):
        return None
    try:
        with opened(*store.index()) as index:
            return str(index.header["trial"]) if index.header["mark"] == store.mark() else None
    except (*FAILING, BrokenIndex):
        return None


def _header(trial: Trial, number: Any, head: Any, mark: Any) -> dict[str, Any]:
    return {
        "form": FORM, "version": __version__, "chain": trial.id, "trial": trial.fingerprint, "number": number, "head": head,
        "mark": mark,
    }  # fmt: skip
