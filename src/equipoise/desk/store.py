"""Where a trial's log is kept: what every store of a log answers. A file is one; a table of a database is another."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from equipoise.trial.event import Event
from equipoise.trial.log import Log, Reading


class LogStore(Protocol):
    """A store of one trial's log. ``str`` of it names it in messages."""

    def create(self, log: Log) -> None:
        """Begin with ``log``. Raises BadInput where a log is there already: it is never overwritten."""

    def create_lines(self, data: bytes) -> None:
        """Begin with a log as a file holds it, to the byte. Raises BadInput as ``create`` does, and for what is no log."""

    def read(self, after: int = 0, head: str = "") -> Reading:
        """The log, verified; of a log that was read up to event ``after``, whose hash is ``head``, what came since.

        Raises BadInput with all that is wrong with it, for the log of another trial, and for one that no longer has that event.
        """
        ...

    def lines(self) -> bytes:
        """The log as a file holds it, to the byte, without an unfinished last record. Verified first: raises BadInput as ``read`` does."""
        ...

    def now(self) -> datetime | None:
        """This moment by the store's own clock, which all who write to it share; None where it has none but the computer's."""
        ...

    def cautions(self) -> list[str]:
        """What whoever verifies the log should know of the place where it is kept, in sentences: guards that are gone, rights that are not needed."""
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
