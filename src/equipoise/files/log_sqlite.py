"""A trial's log in a table of SQLite: one file, with Python's own sqlite3.

A writer's transaction is immediate: it excludes every other writer from its first word on. Readers go on meanwhile (write-ahead
log). What is committed is on the disk before the order is answered (synchronous=FULL).
"""

from __future__ import annotations

import json
import os
import sqlite3
import stat
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from equipoise.files.log_address import Database
from equipoise.files.log_table import LogTable, Row
from equipoise.trial.problem import BadInput, Problem

_SCHEMA = Path(__file__).with_name("log_sqlite.sql")


def log_in_sqlite(database: Database, trial_id: str | None, timeout: float = 30.0) -> LogTable:
    """A trial's log in a file of SQLite."""
    return LogTable(database, trial_id, lambda: _opened(database, timeout), lambda: _made(database, timeout))


def prepare(database: Database, timeout: float = 30.0) -> None:
    """Make the file and its table, where they are not there. Logs that are there stay as they are."""
    with _made(database, timeout):
        pass


class _Session:
    """One connection."""

    def __init__(self, connection: sqlite3.Connection, database: Database) -> None:
        self._connection = connection
        self._database = database
        self._withheld = False

    def begin(self, chain: str) -> None:
        """Lock the file for writing: one writer of all chains at a time. Refused where the table's triggers are gone."""
        with _said(self._database):
            self._connection.execute("BEGIN IMMEDIATE")
        if missing := self.missing():
            self.rollback()
            raise unguarded(self._database, missing)

    def missing(self) -> list[str]:
        """Our triggers that are not there, or do not say what we wrote."""
        return _missing(self._connection)

    def rights(self) -> list[tuple[str, str]]:
        """None: SQLite knows no users, and who may write the file may do anything to it."""
        return []

    def rows(self, chain: str, after: int = 0) -> list[Row]:
        """The chain's rows after a number."""
        return self._all(
            "SELECT number, line, hash FROM event WHERE chain = ? AND number > ? ORDER BY number", chain, after
        )

    def some(self, chain: str, numbers: Sequence[int]) -> list[Row]:
        """The chain's rows of these numbers."""
        return self._all(
            "SELECT number, line, hash FROM event WHERE chain = ? AND number IN (SELECT value FROM json_each(?)) ORDER BY number",
            chain, json.dumps(list(numbers)),
        )  # fmt: skip

    def last(self, chain: str) -> Row | None:
        """The chain's last row."""
        found = self._all("SELECT number, line, hash FROM event WHERE chain = ? ORDER BY number DESC LIMIT 1", chain)
        return found[0] if found else None

    def chains(self) -> list[str]:
        """The chains that the table holds."""
        return [chain for (chain,) in self._all("SELECT DISTINCT chain FROM event ORDER BY chain")]

    def insert(self, chain: str, rows: Sequence[Row]) -> None:
        """Add rows."""
        with _said(self._database):
            self._connection.executemany(
                "INSERT INTO event (chain, number, line, hash) VALUES (?, ?, ?, ?)", [(chain, *row) for row in rows]
            )

    def withhold(self, chain: str, number: int, line: str) -> None:
        """Have a row's line give way to its digests; what was there is written over, also in the write-ahead log once it is committed."""
        self._withheld = True
        with _said(self._database):
            self._connection.execute("PRAGMA secure_delete = ON")
            self._connection.execute("UPDATE event SET line = ? WHERE chain = ? AND number = ?", (line, chain, number))

    def commit(self) -> None:
        """Onto the disk."""
        with _said(self._database):
            self._connection.execute("COMMIT")
        if self._withheld:
            self._all("PRAGMA wal_checkpoint(TRUNCATE)")

    def rollback(self) -> None:
        """Take back what was not committed."""
        if self._connection.in_transaction:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")

    def now(self) -> datetime | None:
        """SQLite's clock is the computer's."""
        return None

    def _all(self, query: str, *given: object) -> list[Any]:
        with _said(self._database):
            return self._connection.execute(query, given).fetchall()


@contextmanager
def _opened(database: Database, timeout: float) -> Iterator[_Session]:
    """A session of a file that is there, with a table in it."""
    path = database.file
    _look_at(database, path)
    if not path.exists():
        problem = Problem("no-file", "log", "nothing there", "a log", "conduct open starts one")
        raise BadInput(str(database), [problem])
    with _said(database), closing(_connect(path, "rw", timeout)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'event'").fetchone():
            problem = Problem("no-file", "log", "a database without a log", "a log", "conduct open starts one")
            raise BadInput(str(database), [problem])
        yield _Session(connection, database)


@contextmanager
def _made(database: Database, timeout: float) -> Iterator[_Session]:
    """A session of a file that is made, with its table, where it is not there."""
    path = database.file
    _look_at(database, path)
    new = not path.exists()
    path.parent.mkdir(parents=True, exist_ok=True)
    with _said(database), closing(_connect(path, "rwc", timeout)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        if missing := _missing(connection):
            for name in missing:  # one of its name may say something else
                connection.execute(f"DROP TRIGGER IF EXISTS {name}")
            connection.executescript(f"BEGIN IMMEDIATE;\n{_SCHEMA.read_text(encoding='utf-8')}\nCOMMIT;")
        if new:
            _sync(path.parent)
        yield _Session(connection, database)


def _triggers(connection: sqlite3.Connection) -> set[tuple[str, str]]:
    """The table's triggers, each with its text."""
    said = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'event'"
    return set(connection.execute(said).fetchall())


@cache
def _ours() -> set[tuple[str, str]]:
    with closing(sqlite3.connect(":memory:")) as empty:
        empty.executescript(_SCHEMA.read_text(encoding="utf-8"))
        return _triggers(empty)


def _missing(connection: sqlite3.Connection) -> list[str]:
    """Those of our triggers that are not there, or do not say what we wrote."""
    return sorted(name for name, _ in _ours() - _triggers(connection))


def _connect(path: Path, mode: str, timeout: float) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode={mode}", timeout=timeout, isolation_level=None, uri=True
    )
    try:
        connection.execute("PRAGMA synchronous = FULL")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _look_at(database: Database, path: Path) -> None:
    """Refuse what is no file, and a file with two names: SQLite keeps its write-ahead log beside the name, and two would part."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise BadInput(str(database), [Problem("unreadable", "log", str(error), "a readable file")]) from None
    if not stat.S_ISREG(found.st_mode):
        raise BadInput(str(database), [Problem("unreadable", "log", "no regular file", "a file of SQLite")])
    if found.st_nlink > 1:
        given = f"a file with {found.st_nlink} names (hard links)"
        raise BadInput(
            str(database), [Problem("two-names", "log", given, "a database under one name", "unlink the others")]
        )


def _sync(folder: Path) -> None:
    """Put a folder's entries on the disk, where the system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def unguarded(database: Database, missing: Sequence[str]) -> BadInput:
    """Refused: somebody took the table's triggers away, switched them off, or had them do something else."""
    given = f"a table without {', '.join(missing)}"
    allowed = "a table whose triggers refuse changes"
    step = f"ask who took them away, verify, then: equipoise conduct prepare {database}"
    return BadInput(str(database), [Problem("unguarded", "log", given, allowed, step)])


@contextmanager
def _said(database: Database) -> Iterator[None]:
    """What SQLite says, as a problem."""
    try:
        yield
    except sqlite3.Error as error:
        text = str(error)
        name = getattr(error, "sqlite_errorname", "")
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            problem = Problem(
                "locked", "log", "another writer holds it", "one writer at a time", "try again in a moment"
            )
        elif isinstance(error, sqlite3.IntegrityError):
            problem = Problem("refused-by-table", "log", text, "the next event of the chain, and nothing else")
        elif name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
            problem = Problem("unreadable", "log", text, "a database of SQLite", "restore the file from a copy")
        else:
            problem = Problem("unreadable", "log", text, "a database that can be read and written")
        raise BadInput(str(database), [problem]) from None
