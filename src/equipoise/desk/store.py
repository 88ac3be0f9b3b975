"""Where a trial's log is kept: what every store of a log answers. A file is one; a table of a database is another."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from equipoise.trial.event import Event
from equipoise.trial.log import Log, Reading


class LogStore(Protocol):
    """A store of one trial's log. ``str`` of it names it in messages."""

    def create(self, log: Log) -> None:
        """Begin with ``log``. Raises BadInput where a log is there already: it is never overwritten."""

    def read(self) -> Reading:
        """The log, verified. Raises BadInput with all that is wrong with it, or for the log of another trial."""
        ...

    def held(self) -> AbstractContextManager[None]:
        """Hold the log, so that nobody else writes from its being read to its being appended to."""
        ...

    def append(self, events: Sequence[Event], head: str) -> str | None:
        """Append events to the log whose head is ``head``: all of them, lasting, or none.

        Where an unfinished record had to be set aside, the name of the place. Raises BadInput where the log has another head.
        """
        ...

    def redact(self, event: Event, head: str) -> str | None:
        """Append ``event``, a redaction, to the log whose head is ``head``, and write the line that it names by its digests: both, or neither.

        A database may keep this to a role of its own: it is the one act that changes a line that is there. Raises BadInput as ``append`` does.
        """
        ...
