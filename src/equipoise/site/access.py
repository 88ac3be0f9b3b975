"""The access chain: who logged in, failed, was made; append-only, each line chained to the one before. Never in the trial's log."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from equipoise.trial.event import GENESIS, canonical
from equipoise.trial.problem import BadInput, Problem

_SCHEMA = """
CREATE TABLE IF NOT EXISTS access (number INTEGER PRIMARY KEY, line TEXT NOT NULL, hash TEXT NOT NULL) STRICT;
CREATE TRIGGER IF NOT EXISTS access_next BEFORE INSERT ON access
WHEN NEW.number IS NOT (SELECT coalesce(max(number), 0) + 1 FROM access)
  OR json_extract(NEW.line, '$.number') IS NOT NEW.number
  OR json_extract(NEW.line, '$.previous') IS NOT
     coalesce((SELECT hash FROM access ORDER BY number DESC LIMIT 1), printf('%064d', 0))
BEGIN SELECT raise(ABORT, 'not the next line of the chain'); END;
CREATE TRIGGER IF NOT EXISTS access_update BEFORE UPDATE ON access BEGIN SELECT raise(ABORT, 'lines stand'); END;
CREATE TRIGGER IF NOT EXISTS access_delete BEFORE DELETE ON access BEGIN SELECT raise(ABORT, 'lines stand'); END;
"""
#: No text of a line is longer: what strangers type as a name is cut.
_LONGEST = 200


@dataclass(frozen=True)
class Line:
    """One line: what happened to whose account, by whom, from where, when (UTC)."""

    number: int
    what: str
    person: str
    by: str
    address: str
    detail: str
    at: datetime


class Access:
    """The chain in a file of SQLite. Several processes may add to it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, what: str, person: str, by: str = "", address: str = "", detail: str = "") -> Line:
        """Add a line; it lasts when this returns."""
        with self._opened() as db:
            db.execute("BEGIN IMMEDIATE")
            last = db.execute("SELECT number, hash FROM access ORDER BY number DESC LIMIT 1").fetchone()
            number, previous = (last[0] + 1, last[1]) if last else (1, GENESIS)
            line = Line(number, what, _cut(person), _cut(by), _cut(address), _cut(detail), datetime.now(UTC))
            said = {**vars(line), "at": line.at.isoformat(timespec="microseconds"), "previous": previous}
            text = canonical(said)
            db.execute("INSERT INTO access VALUES (?, ?, ?)", (number, text, sha256(text.encode()).hexdigest()))
            db.execute("COMMIT")
        return line

    def lines(self, most: int = 200, person: str = "") -> list[Line]:
        """The last lines, the newest first; of one person where one is named."""
        with self._opened() as db:
            rows = db.execute("SELECT line FROM access ORDER BY number DESC").fetchall()
        found = (_line(json.loads(text)) for (text,) in rows)
        return [line for line, _ in zip((x for x in found if person in ("", x.person)), range(most), strict=False)]

    def verify(self) -> int:
        """How many lines the chain has. Raises BadInput where it is broken."""
        with self._opened() as db:
            rows = db.execute("SELECT number, line, hash FROM access ORDER BY number").fetchall()
        previous = GENESIS
        for i, (number, text, stated) in enumerate(rows, 1):
            said = json.loads(text)
            whole = number == i == said["number"] and said["previous"] == previous and canonical(said) == text
            if not whole or sha256(text.encode()).hexdigest() != stated:
                allowed = "lines as they were written, none left out"
                raise BadInput(str(self.path), [Problem("broken-chain", f"line {i}", "another line", allowed)])
            previous = stated
        return len(rows)

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        new = not self.path.exists()
        with closing(sqlite3.connect(self.path, timeout=30, isolation_level=None)) as db:
            if new:
                self.path.chmod(0o600)
                db.execute("PRAGMA journal_mode = WAL")
                db.executescript(f"BEGIN IMMEDIATE;\n{_SCHEMA}\nCOMMIT;")
            db.execute("PRAGMA synchronous = FULL")
            yield db


def _line(said: dict[str, object]) -> Line:
    own = {k: v for k, v in said.items() if k not in ("previous", "at")}
    return Line(**own, at=datetime.fromisoformat(str(said["at"])))  # type: ignore[arg-type]


def _cut(text: str) -> str:
    """What a stranger may have typed, without what nobody sees, and not longer than a name."""
    seen = "".join(c if c.isprintable() else "\ufffd" for c in text)
    return seen if len(seen) <= _LONGEST else seen[: _LONGEST - 1] + "…"
