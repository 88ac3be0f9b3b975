"""A trial's log in a table of a database: what SQLite and PostgreSQL have in common.

One row an event, ``line`` being the exact line that the file would hold. A chain is one trial's log; a table may hold several.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from equipoise.files.log_address import Database
from equipoise.files.log_lines import Lines, lines_of, read_lines, redacted_lines, refuse_another, refuse_shorter
from equipoise.trial.event import GENESIS, Event
from equipoise.trial.log import Log, Reading
from equipoise.trial.problem import BadInput, Problem

#: Number, line and hash of an event.
Row = tuple[int, str, str]


class Session(Protocol):
    """A connection to the database, for one act. Every method raises BadInput in our words for what the database says."""

    def begin(self, chain: str) -> None:
        """Begin a transaction that excludes every other writer of the chain until it ends. Waits for its turn."""

    def rows(self, chain: str, after: int = 0) -> list[Row]:
        """The chain's rows after number ``after``, in order; all of one moment."""
        ...

    def some(self, chain: str, numbers: Sequence[int]) -> list[Row]:
        """The chain's rows of these numbers, as far as they are there, in order."""
        ...

    def last(self, chain: str) -> Row | None:
        """The chain's last row."""
        ...

    def chains(self) -> list[str]:
        """The chains that the table holds."""
        ...

    def insert(self, chain: str, rows: Sequence[Row]) -> None:
        """Add rows, within the transaction."""

    def withhold(self, chain: str, number: int, line: str) -> None:
        """Have a row's line give way to its digests, within the transaction."""

    def commit(self) -> None:
        """End the transaction: what was added lasts."""

    def rollback(self) -> None:
        """End the transaction: nothing was added. Never raises."""

    def missing(self) -> list[str]:
        """The triggers that guard the table and are gone, switched off, or say something else."""
        ...

    def rights(self) -> list[tuple[str, str]]:
        """Who, beside the owner, may do more to the table than read and add; and what."""
        ...

    def now(self) -> datetime | None:
        """The database's own clock; None where it has none but the computer's."""
        ...


class LogTable:
    """A trial's log in a table. ``new``: opens a session of a table that is made where it is not there; ``session``: of one that is."""

    def __init__(
        self,
        database: Database,
        trial_id: str | None,
        session: Callable[[], AbstractContextManager[Session]],
        new: Callable[[], AbstractContextManager[Session]],
    ) -> None:
        self.database = database
        self._trial_id = trial_id
        self._session, self._new = session, new
        #: while it is held
        self._holding: Session | None = None
        self._begun = False
        #: the last event that was read or appended, and its hash: from there reading goes on
        self._last: tuple[Event, str] | None = None

    def __str__(self) -> str:
        return str(self.database)

    # -- reading ----------------------------------------------------------------------------------------------------

    def read(self, after: int = 0, head: str = "") -> Reading:
        """Read and verify the log; of one that was read up to event ``after``, whose hash was ``head``, only what came since.

        Where this store has read up to there itself, that event must still be there with its hash, and verification goes on from it; else the
        whole log is verified. Raises BadInput with every broken row, or where there is no log of this trial, or not the one that was read.
        """
        with self._reading() as session:
            if after and self._last is not None and self._last[0].number == after and head in ("", self._last[1]):
                return self._since(session, *self._last)
            found = self._read(self._rows(session))
        refuse_shorter(found.hashes, str(self), after, head)
        self._last = found.events[-1], found.hashes[-1]
        reading = Reading(found.log(), None)
        return reading.after(after) if after else reading

    def _since(self, session: Session, event: Event, digest: str) -> Reading:
        """What follows an event that was read, verified from its hash on."""
        rows = session.rows(self._chain(session), event.number - 1)
        if [row[0] for row in rows[:1]] != [event.number] or rows[0][2] != digest:
            refuse_shorter(["another"] * (event.number - (not rows)), str(self), event.number, digest)
        found = self._verified(rows[1:], digest, event)
        if found.events:
            self._last = found.events[-1], found.hashes[-1]
        return Reading(found.log(), None)

    def lines(self) -> bytes:
        """The log as a file holds it, to the byte: verified first."""
        with self._reading() as session:
            rows = self._rows(session)
            self._read(rows)
            return _joined(rows)

    def now(self) -> datetime | None:
        """This moment by the database's clock; within ``held`` that of its connection. None where the computer's clock counts."""
        with self._reading() as session:
            return session.now()

    def cautions(self) -> list[str]:
        """The guards that the table lacks, and rights that nobody needs who gives orders."""
        with self._reading() as session:
            missing, rights = session.missing(), session.rights()
        found = []
        if missing:
            found.append(
                f"The table lacks {', '.join(missing)}, or it was switched off or altered: since then nothing refused a change. Its owner makes it "
                "anew: conduct prepare."
            )
        for who, what in rights:
            found.append(
                f"{who} has the right {what} on the table, and who gives orders needs SELECT and INSERT only"
                + (": this one is for redactions." if what == "UPDATE (line)" else ".")
            )
        return found

    def _reading(self) -> AbstractContextManager[Session]:
        """The session that holds the log, or one for the moment."""
        return nullcontext(self._holding) if self._holding is not None else self._session()

    def _rows(self, session: Session) -> list[Row]:
        chain = self._chain(session)
        rows = session.rows(chain)
        if not rows:
            raise self._nothing(session)
        return rows

    def _nothing(self, session: Session) -> BadInput:
        """Said where there is no log of the trial."""
        others = session.chains()
        if others and self._trial_id is not None:
            given = f"a log of trial {', '.join(map(repr, others))}"
            problem = Problem("another-trial", "log", given, f"a log of trial {self._trial_id!r}", "conduct open")
        else:
            problem = Problem("no-file", "log", "nothing there", "a log", "conduct open starts one")
        return BadInput(str(self), [problem])

    def _chain(self, session: Session) -> str:
        if self._trial_id is not None:
            return self._trial_id
        chains = session.chains()
        if len(chains) > 1:
            given = f"logs of {', '.join(map(repr, chains))}"
            raise BadInput(str(self), [Problem("several-logs", "log", given, "one log, or the trial that is meant")])
        return chains[0] if chains else ""

    def _read(self, rows: Sequence[Row]) -> Lines:
        """All rows of a chain, verified, as the log of this trial."""
        found = self._verified(rows)
        refuse_another(found.log(), str(self), self._trial_id)
        return found

    def _verified(self, rows: Sequence[Row], previous: str = GENESIS, before: Event | None = None) -> Lines:
        """Rows that follow each other: their numbers, their lines, and that the hash beside a line is the line's."""
        found = read_lines([line.encode() for _, line, _ in rows], str(self), previous, before, where="row")
        problems = []
        for event, right, (number, _, stated) in zip(found.events, found.hashes, rows, strict=True):
            if number != event.number:
                problems.append(Problem("number", f"row {number}", f"the line of event {event.number}", "its own"))
            elif stated != right:
                step = "the row was changed after it was written; restore the table from a copy"
                given, allowed = f"hash {stated[:12]}… beside the line", "the hash of the line"
                problems.append(Problem("broken-chain", f"row {number}", given, allowed, step))
        if problems:
            raise BadInput(str(self), problems)
        return found

    # -- single lines (files.log_register) --------------------------------------------------------------------------

    def index(self) -> tuple[Path, Path | None]:
        """The index is kept beside SQLite's file; for a server's table in the user's cache."""
        name = sha256(f"{self.database.url}\0{self._trial_id}".encode()).hexdigest()[:16]
        if self.database.scheme == "sqlite":
            real = self.database.file.resolve()
            return real.with_name(f"{real.name}.{name}.equipoise-index"), real
        cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111
        return Path(cache, "equipoise", f"{name}.equipoise-index"), None

    def mark(self) -> list[int | str]:
        """The last event and its hash: what was written before it the table lets nobody change."""
        with self._reading() as session:
            last = session.last(self._chain(session))
            if last is None:
                raise self._nothing(session)
        return [last[0], last[2]]

    def mark_at(self, number: int, head: str) -> list[int | str]:
        """That event: the transaction has ended, and others may have written more."""
        return [number, head]

    #: What was written before the last event the table lets nobody change.
    catches_up = True

    def had(self, mark: list[int | str]) -> bool:
        """Whether the table holds that event still, with that hash."""
        with self._reading() as session:
            found = session.some(self._chain(session), [int(mark[0])])
        return [(number, digest) for number, _, digest in found] == [tuple(mark)]

    def fetch(self, wanted: Sequence[tuple[int, Sequence[int]]]) -> list[bytes]:
        """Lines by their numbers."""
        numbers = [number for number, _ in wanted]
        with self._reading() as session:
            found = {number: line for number, line, _ in session.some(self._chain(session), numbers)}
        return [found[number].encode() for number in numbers if number in found]

    def places(self) -> None:
        """A line is found by its number."""
        return

    def resume(self, event: Event, digest: str, line: bytes) -> None:
        """Go on from an event that was read by itself."""
        self._last = event, digest

    # -- writing ----------------------------------------------------------------------------------------------------

    def create(self, log: Log) -> None:
        """Begin with ``log``, in a table that is made if it may be. Raises BadInput where the table holds this trial's log already."""
        self._begin_with(str(log[0].data["trial"]), _rows_of(log, GENESIS))

    def create_lines(self, data: bytes) -> None:
        """Begin with a log as a file holds it, to the byte. Raises BadInput as ``create`` does, and for what is no log."""
        *lines, rest = data.split(b"\n")
        if not lines or rest:
            given = "an empty text" if not data else f"a last line without its end ({len(rest)} bytes)"
            raise BadInput(str(self), [Problem("no-log", "log", given, "whole lines of a log")])
        found = read_lines(lines, str(self))
        refuse_another(found.log(), str(self), self._trial_id)
        numbers = range(1, len(lines) + 1)
        rows = list(zip(numbers, (line.decode() for line in lines), found.hashes, strict=True))
        self._begin_with(str(found.events[0].data["trial"]), rows)

    def _begin_with(self, chain: str, rows: Sequence[Row]) -> None:
        if self._trial_id not in (None, chain):
            given, allowed = f"a log of trial {chain!r}", f"a log of trial {self._trial_id!r}"
            raise BadInput(str(self), [Problem("another-trial", "log", given, allowed)])
        with self._new() as session, _transaction(session, chain):
            if session.rows(chain, 0):
                given = f"a log of trial {chain!r} that is there already"
                allowed = "a new place; a log is never overwritten"
                raise BadInput(str(self), [Problem("log-exists", "log", given, allowed)])
            session.insert(chain, rows)
            session.commit()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the log for writing; another writer waits for its turn, until its time is out.

        What is appended lasts at once, and ends the transaction: another append begins a new one, and is refused where somebody was quicker.
        """
        with self._session() as session:
            chain = self._chain(session)
            with _transaction(session, chain):
                self._holding, self._begun = session, True
                try:
                    yield
                finally:
                    self._holding = None

    def append(self, events: Sequence[Event], head: str) -> None:
        """Append events to the log whose head is ``head``, in one transaction that lasts when this returns.

        Raises BadInput where the log has another head, and where the table refuses a row; nothing is then added.
        """
        if self._holding is None:
            with self.held():
                self.append(events, head)
            return
        with self._writing(head) as (session, chain):
            if rows := _rows_of(events, head):
                session.insert(chain, rows)
                session.commit()
                self._begun, self._last = False, (events[-1], rows[-1][2])

    def redact(self, event: Event, head: str) -> None:
        """Record the redaction ``event``, and have the line that it names give way to its digests, in one transaction.

        Raises BadInput as ``append`` does, and for a user of the database who has no right to it.
        """
        if self._holding is None:
            with self.held():
                self.redact(event, head)
            return
        with self._writing(head) as (session, chain):
            log = self._read(self._rows(session)).log()
            number, withheld, added = redacted_lines(log, event)
            session.withhold(chain, number, withheld)
            session.insert(chain, [(event.number, added, log.head)])
            session.commit()
            self._begun, self._last = False, (event, log.head)

    @contextmanager
    def _writing(self, head: str) -> Iterator[tuple[Session, str]]:
        """The session that holds the log, whose last hash is ``head``, in a transaction that is taken back where it does not end well."""
        session = self._holding
        assert session is not None
        chain = self._chain(session)
        if not self._begun:
            session.begin(chain)
            self._begun = True
        try:
            last = session.last(chain)
            if last is None:
                raise self._nothing(session)
            if last[2] != head:
                given, allowed = f"a log up to {head[:12]}", f"it is at {last[2][:12]}"
                raise BadInput(str(self), [Problem("log-has-grown", "log", given, allowed, "order again")])
            yield session, chain
        except BaseException:
            session.rollback()
            self._begun = False
            raise


def _rows_of(events: Iterable[Event], previous: str) -> list[Row]:
    events = list(events)
    lines = lines_of(events, previous)
    return [(e.number, line.removesuffix("\n"), digest) for e, (line, digest) in zip(events, lines, strict=True)]


def _joined(rows: Sequence[Row]) -> bytes:
    return "".join(f"{line}\n" for _, line, _ in rows).encode()


@contextmanager
def _transaction(session: Session, chain: str) -> Iterator[None]:
    """A transaction that is taken back unless it was committed."""
    session.begin(chain)
    try:
        yield
    finally:
        session.rollback()
