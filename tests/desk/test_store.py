"""Any store of a log will do: an order is judged and recorded in one that is no file as in a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from equipoise.desk.known import verify
from equipoise.desk.opening import log_of, open_log
from equipoise.desk.order import give
from equipoise.desk.store import LogStore
from equipoise.trial.event import Event
from equipoise.trial.log import Log, Reading
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial

DAY = date(2012, 4, 2)


class InMemory:
    """A log in a list, as a table of a database would hold it."""

    def __init__(self) -> None:
        self.rows: list[Event] = []
        self.holders = 0

    def create(self, log: Log) -> None:
        self.rows = list(log)

    def create_lines(self, data: bytes) -> None:
        raise NotImplementedError

    def lines(self) -> bytes:
        raise NotImplementedError

    def now(self) -> None:
        return None

    def cautions(self) -> list[str]:
        return []

    def read(self, after: int = 0, head: str = "") -> Reading:
        return Reading(Log(self.rows), None).after(after)

    @contextmanager
    def held(self) -> Iterator[None]:
        self.holders += 1
        yield
        self.holders -= 1

    def append(self, events: Sequence[Event], head: str) -> str | None:
        assert self.holders == 1
        if Log(self.rows).head != head:
            raise BadInput("memory", [Problem("log-has-grown", "log", head, "the log's head")])
        self.rows += events
        return None


def stores(trial: Trial, folder: Path) -> list[LogStore]:
    return [InMemory(), log_of(trial, folder / "log.jsonl")]


def test_a_store_that_is_no_file_holds_the_same_log(north: Trial, tmp_path: Path) -> None:
    logs = []
    for store in stores(north, tmp_path):
        open_log(north, store, "dm")
        done = give(north, store, lambda c, now: c.activate("S01", DAY, now, "dm"))
        assert done.torn_line_set_aside is None
        with pytest.raises(BadInput, match="S99"):
            give(north, store, lambda c, now: c.activate("S99", DAY, now, "dm"))
        verified = verify(north, store)
        assert (verified.events, verified.hash) == (2, done.hash)
        logs.append([replace(e, recorded=e.recorded.min, happened=DAY) for e in store.read().log])
    assert logs[0] == logs[1]
