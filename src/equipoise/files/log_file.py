"""The log on disk: JSON Lines, one event a line, each with the hash of the one before.

Safe against a crash in mid-write: a line counts only once its newline is there. A torn last line is reported and set
aside, and nothing before it is lost. Safe against two writers: an exclusive lock is held from reading the log to
having written the new events, so no order is judged against a log that another writer has since extended.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from equipoise.files.log_lines import lines_of, read_lines, refuse_another
from equipoise.trial.event import Event
from equipoise.trial.log import Log, Reading
from equipoise.trial.problem import BadInput, Problem


def write_new_log(path: Path, log: Log) -> None:
    """Write a whole log to a new file. Raises BadInput if the file is there: a log is never overwritten."""
    data = "".join(line for line, _ in lines_of(log)).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.link(part, path)  # fails if the name is taken, also when another writer just took it
    except FileExistsError:
        raise BadInput(
            str(path),
            [
                Problem(
                    "log-exists",
                    "log",
                    "a file that is there already",
                    "a new file; a log is never overwritten",
                )
            ],
        ) from None
    finally:
        part.unlink(missing_ok=True)


def read_log(path: Path, trial_id: str | None = None) -> Reading:
    """Read and verify a log. Raises BadInput with every broken line, or for a log of another trial."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise BadInput(
            str(path), [Problem("no-file", "log", "nothing there", "a log", "conduct open starts one")]
        ) from None
    except OSError as error:
        raise BadInput(str(path), [Problem("unreadable", "log", str(error), "a readable file")]) from None
    return _parse(data, str(path), trial_id)


def _parse(data: bytes, source: str, trial_id: str | None) -> Reading:
    *lines, rest = data.split(b"\n")
    torn = rest or None
    if not lines:
        given = "a torn line and nothing else" if torn else "an empty file"
        raise BadInput(
            source,
            [Problem("empty-log", "log", given, "a log begins with an 'opened' event", "conduct open")],
        )
    log = read_lines(lines, source).log()
    refuse_another(log, source, trial_id)
    return Reading(log, torn)


class LogFile:
    """A trial's log in a file. Who judges by it holds it from reading to having appended."""

    def __init__(self, path: Path, trial_id: str | None = None, timeout: float = 30.0) -> None:
        self.path = path
        self._trial_id = trial_id
        self._timeout = timeout
        self._held = False
        #: while it is held: the head and the torn line that were read
        self._known: tuple[str, bytes | None] | None = None

    def __str__(self) -> str:
        return str(self.path)

    def create(self, log: Log) -> None:
        """Begin with ``log``. Raises BadInput if the file is there."""
        write_new_log(self.path, log)

    def read(self) -> Reading:
        """Read and verify the log. Raises BadInput with every broken line, or for a log of another trial."""
        reading = read_log(self.path, self._trial_id)
        if self._held:
            self._known = reading.log.head, reading.torn
        return reading

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the log for writing; another writer waits for its turn, until its time is out."""
        from filelock import FileLock, Timeout

        if not self.path.exists():
            read_log(self.path)  # says what is missing, before a lock file is made
        lock = FileLock(str(self.path) + ".lock")
        try:
            lock.acquire(timeout=self._timeout)
        except Timeout:
            given = Problem("locked", "log", "another writer holds it", "one writer at a time", "try again in a moment")
            raise BadInput(str(self.path), [given]) from None
        self._held = True
        try:
            yield
        finally:
            self._held, self._known = False, None
            lock.release()

    def append(self, events: Sequence[Event], head: str) -> str | None:
        """Append events to the log whose head is ``head``, flushed to the disk before this returns.

        A torn line is set aside first, in a file of its own, whose path is returned. Raises BadInput where the log has
        another head: somebody wrote since it was read, and what was judged by it is to be judged again.
        """
        if not self._held:
            with self.held():
                return self.append(events, head)
        if self._known is None:
            self.read()
        assert self._known is not None
        known, torn = self._known
        if known != head:
            now = Problem("log-has-grown", "log", f"a log up to {head[:12]}", f"it is at {known[:12]}", "order again")
            raise BadInput(str(self.path), [now])
        aside = None
        lines = list(lines_of(events, head))
        with self.path.open("r+b") as file:
            if torn is not None and lines:
                aside = str(self._set_aside(file, torn))
            file.seek(0, os.SEEK_END)
            file.write("".join(line for line, _ in lines).encode())
            file.flush()
            os.fsync(file.fileno())
        if lines:
            self._known = lines[-1][1], None
        return aside

    def _set_aside(self, file: Any, torn: bytes) -> Path:
        """Move the torn line to a file of its own beside the log: it was never a record, and is not lost."""
        count = 1
        while (aside := self.path.with_name(f"{self.path.name}.torn-{count}")).exists():
            count += 1
        aside.write_bytes(torn)
        file.seek(-len(torn), os.SEEK_END)
        file.truncate()
        return aside
