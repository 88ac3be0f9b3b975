"""Places for a log, one of each kind of store, and a look behind the store's back."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from equipoise.desk.store import LogStore
from equipoise.files.log_store import store_at
from equipoise.trial.log import Log
from helpers import moment
from postgres import APPLICATION, OWNER, Server

KINDS = ("file", "sqlite", "postgresql")
DATABASES = KINDS[1:]
_numbers = count(1)
DAY = date(2012, 5, 1)


def some_log(contacts: int = 4, trial: str = "north") -> Log:
    log = Log()
    log.append("opened", DAY, moment(DAY), "t", data={"trial": trial, "fingerprint": "f"})
    for i in range(contacts):
        log.append("contact", DAY, moment(DAY + timedelta(days=i)), "Ünï", 'why: “so” \\ "\n', f"P{i}")
    return log


@dataclass
class Place:
    """Where a log may be. ``address`` as an application's user gives it; ``owners``: as the owner of the database does."""

    kind: str
    address: str
    owners: str

    def store(self, trial_id: str | None = "north", timeout: float = 30.0) -> LogStore:
        return store_at(self.address, trial_id, timeout)

    def bytes(self) -> bytes:
        """What is there, read by other means than the store's; b'' where nothing is."""
        if self.kind == "file":
            return Path(self.address).read_bytes() if Path(self.address).exists() else b""
        if self.kind == "sqlite" and not Path(self.address.removeprefix("sqlite:///")).exists():
            return b""
        rows = self.execute("SELECT line FROM event ORDER BY chain, number")
        return "".join(f"{line}\n" for (line,) in rows).encode()

    def execute(self, statement: str, *given: object, owner: bool = False) -> list[tuple[Any, ...]]:
        """Say something to the database past the store."""
        if self.kind == "sqlite":
            with closing(sqlite3.connect(self.address.removeprefix("sqlite:///"), isolation_level=None)) as connection:
                return connection.execute(statement, given).fetchall()
        import psycopg

        with psycopg.connect(self.owners if owner else self.address, autocommit=True) as connection:
            found = connection.execute(statement.replace("?", "%s").encode(), given or None)
            return found.fetchall() if found.description else []

    def unguarded(self, statement: str, *given: object) -> None:
        """Do what no store does: as the owner, with the triggers off."""
        if self.kind == "postgresql":
            self.execute("ALTER TABLE event DISABLE TRIGGER USER", owner=True)
            self.execute(statement, *given, owner=True)
            self.execute("ALTER TABLE event ENABLE TRIGGER USER", owner=True)
            return
        triggers = self.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        for name, _ in triggers:
            self.execute(f"DROP TRIGGER {name}")
        self.execute(statement, *given)
        for _, made in triggers:
            self.execute(made)


def place_of(kind: str, folder: Path, server: Callable[[], Server], *, prepared: bool = True) -> Place:
    """An empty place of a kind; a database with its table, where it is ``prepared``."""
    if kind != "postgresql":
        name = f"log{next(_numbers)}"
        address = str(folder / f"{name}.jsonl") if kind == "file" else f"sqlite:///{folder / name}.db"
        return Place(kind, address, address)
    from equipoise.files.log_store import prepare

    running = server()
    database = running.database()
    place = Place(kind, running.url(database, APPLICATION), running.url(database, OWNER))
    if prepared:
        from equipoise.files.log_address import address_of

        prepare(address_of(place.owners), APPLICATION)
    return place
