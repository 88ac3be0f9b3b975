"""A store of a log in memory, for tests of what is given to any store."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

from equipoise.trial.event import Event
from equipoise.trial.log import Log, Reading


class Kept:
    """A store in memory. While ``broken``, nothing can be written to it."""

    def __init__(self, log: Log) -> None:
        self.events = list(log)
        self.broken: Exception | None = None

    def create(self, log: Log) -> None:
        self.events = list(log)

    def read(self, after: int = 0, head: str = "") -> Reading:
        return Reading(Log(self.events), None).after(after)

    def now(self) -> None:
        return None

    def held(self) -> Any:
        return nullcontext()

    def append(self, events: Sequence[Event], head: str) -> str | None:
        assert head == Log(self.events).head
        if self.broken is not None:
            raise self.broken
        self.events += events
        return None
