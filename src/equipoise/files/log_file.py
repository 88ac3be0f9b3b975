"""The log on disk: JSON Lines, one event a line, each with the hash of the one before.

Safe against a crash in mid-write: what is there of an unfinished last line is reported and set aside, and nothing before it is lost. Safe
against two writers, by whatever name they know the file: a lock is held from reading the log to having written the new events, and
nothing is written to a file that is not the one that was read.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path

from equipoise.files.log_disk import (
    Regular,
    begin,
    hold,
    moved,
    open_regular,
    put_aside,
    put_in_place,
    read_all,
    read_piece,
    write_all,
)
from equipoise.files.log_lines import Lines, lines_of, read_lines, redacted_lines, refuse_another, refuse_shorter
from equipoise.trial.event import GENESIS, Event
from equipoise.trial.log import Log, Reading
from equipoise.trial.problem import BadInput, Problem


def write_new_log(path: Path, log: Log) -> None:
    """Write a whole log to a new file. Raises BadInput if the file is there: a log is never overwritten."""
    begin(path, "".join(line for line, _ in lines_of(log)).encode())


def read_log(path: Path, trial_id: str | None = None) -> Reading:
    """Read and verify a log. Raises BadInput with every broken line, or for a log of another trial."""
    with open_regular(path, os.O_RDONLY) as file:
        data = read_all(file)
    return _parse(data, str(path), trial_id)


@dataclass(frozen=True)
class _Mark:
    """Up to where a file was read or written, and which file: the last event, its hash, its line with the newline, and the byte after that."""

    event: Event
    hash: str
    line: bytes
    end: int
    file: tuple[int, int]


def _parse(data: bytes, source: str, trial_id: str | None, since: _Mark | None = None) -> Reading:
    """The log that ``data`` are of; ``since``: only what follows there."""
    previous, before = (since.hash, since.event) if since is not None else (GENESIS, None)
    *lines, rest = data.split(b"\n")
    torn: bytes | None = rest or None
    found: Lines | None = None
    if torn is None and lines and b"\0" in lines[-1]:
        # A page of it was never written: the power went before its writer was told that it stands.
        torn = lines.pop() + b"\n"
    elif torn is not None and _whole(torn):
        found, torn = read_lines([*lines, rest], source, previous, before), None
    if found is None and not lines and since is None:
        given = "a torn line and nothing else" if torn else "an empty file"
        raise BadInput(
            source,
            [Problem("empty-log", "log", given, "a log begins with an 'opened' event", "conduct open")],
        )
    log = (found or read_lines(lines, source, previous, before)).log()
    if since is None:
        refuse_another(log, source, trial_id)
    return Reading(log, torn, unended=found is not None)


def _whole(rest: bytes) -> bool:
    """True of a last line that lacks nothing but its newline. What is there of one that was torn is never a whole object."""
    try:
        return isinstance(json.loads(rest), dict)
    except (ValueError, RecursionError):
        return False


@dataclass(frozen=True)
class _Known:
    """What was read of a file that is held, or written since: its head, what is torn, whether the last newline lacks, its size in bytes."""

    head: str
    torn: bytes
    unended: bool
    size: int


def _identity(file: Regular) -> tuple[int, int]:
    found = os.fstat(file.fd)
    return found.st_dev, found.st_ino


class LogFile:
    """A trial's log in a file. Who judges by it holds it from reading to having appended."""

    def __init__(self, path: Path, trial_id: str | None = None, timeout: float = 30.0) -> None:
        self.path = path
        self._trial_id = trial_id
        self._timeout = timeout
        #: while it is held: the file, and what was read of it
        self._file: Regular | None = None
        self._known: _Known | None = None
        #: from where reading goes on for who knows the log up to there
        self._mark: _Mark | None = None

    def __str__(self) -> str:
        return str(self.path)

    def create(self, log: Log) -> None:
        """Begin with ``log``. Raises BadInput if the file is there."""
        write_new_log(self.path, log)

    def create_lines(self, data: bytes) -> None:
        """Begin with a log's lines, to the byte. Raises BadInput if the file is there, and for what is no log."""
        reading = _parse(data, str(self.path), self._trial_id)
        if reading.torn or reading.unended:
            given = "a last line without its end"
            raise BadInput(str(self.path), [Problem("no-log", "log", given, "whole lines of a log")])
        begin(self.path, data)

    def lines(self) -> bytes:
        """The log to the byte, without a torn last line; verified first."""
        with self._opened() as file:
            data = read_all(file)
        reading = _parse(data, str(self.path), self._trial_id)
        return data[: len(data) - len(reading.torn or b"")] + b"\n" * reading.unended

    def now(self) -> None:
        """A file has no clock of its own: the computer's counts."""
        return

    def read(self, after: int = 0, head: str = "") -> Reading:
        """Read and verify the log; of one that was read up to event ``after``, whose hash was ``head``, only what came since.

        Where this store has read or written up to there itself, in this file, verification goes on from that line, which must stand where
        it stood; else the whole log is verified. Raises BadInput with every broken line, and for the log of another trial or another history.
        """
        with self._opened() as file:
            mark = self._mark
            if after and mark is not None and mark.event.number == after and head in ("", mark.hash):
                size = mark.end - len(mark.line)
                if _identity(file) == mark.file and (data := read_all(file, size)).startswith(mark.line):
                    rest = data[len(mark.line) :]
                    reading = _parse(rest, str(self.path), self._trial_id, mark)
                    self._noted(file, mark.end, rest, reading, mark.hash)
                    return reading
            data = read_all(file)
            reading = _parse(data, str(self.path), self._trial_id)
            self._noted(file, 0, data, reading, GENESIS)
        refuse_shorter(reading.log.hashes(), str(self.path), after, head)
        return reading.after(after) if after else reading

    def cautions(self) -> list[str]:
        """Nothing: a file has no guards and no rights of its own."""
        return []

    def _opened(self) -> AbstractContextManager[Regular]:
        return nullcontext(self._file) if self._file is not None else open_regular(self.path, os.O_RDONLY)

    def _noted(self, file: Regular, start: int, data: bytes, reading: Reading, head: str) -> None:
        """Keep what was read from byte ``start`` on, after the hash ``head``."""
        torn, log = reading.torn or b"", reading.log
        if self._file is not None:
            self._known = _Known(log.head if len(log) else head, torn, reading.unended, start + len(data))
        if len(log) and not reading.unended:
            whole = data[: len(data) - len(torn)]
            line = whole[whole.rfind(b"\n", 0, -1) + 1 :]
            self._mark = _Mark(log[len(log) - 1], log.head, line, start + len(whole), _identity(file))

    # -- single lines (files.log_register) --------------------------------------------------------------------------

    def index(self) -> tuple[Path, Path]:
        """The index is kept beside the file, at the place to which links lead."""
        real = self.path.resolve()
        return real.with_name(f"{real.name}.equipoise-index"), real

    def mark(self) -> list[int | str]:
        """The file and its size, and when anybody last changed it: of its times one is the system's own, which nobody sets."""
        with self._opened() as file:
            found = os.fstat(file.fd)
        return [found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns]

    def mark_at(self, number: int, head: str) -> list[int | str]:
        """As ``mark``: nobody writes to a file that is held."""
        return self.mark()

    #: Who wrote to a file may have written anywhere in it: it is read as a whole.
    catches_up = False

    def had(self, mark: list[int | str]) -> bool:
        """Only that of now is known."""
        return mark == self.mark()

    def fetch(self, wanted: Sequence[tuple[int, Sequence[int]]]) -> list[bytes]:
        """Lines by where they begin and how long they are."""
        with self._opened() as file:
            return [read_piece(file, *place) for _, place in wanted]

    def places(self) -> list[Sequence[int]]:
        """Where each line begins, and how long it is with its newline."""
        with self._opened() as file:
            lines = read_all(file).split(b"\n")
        starts = accumulate((len(line) + 1 for line in lines), initial=0)
        return [(start, len(line) + 1) for start, line in zip(starts, lines[:-1], strict=False)]

    def resume(self, event: Event, digest: str, line: bytes) -> None:
        """Of a file that ends with this line: nothing in it is torn. Raises ValueError for one that does not."""
        assert self._file is not None
        end = os.fstat(self._file.fd).st_size
        if not line.endswith(b"\n") or read_all(self._file, max(0, end - len(line))) != line:
            raise ValueError("not the last line")
        self._known = _Known(digest, b"", False, end)
        self._mark = _Mark(event, digest, line, end, _identity(self._file))

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the log for writing; another writer waits for its turn, until its time is out."""
        with hold(self.path, self._timeout) as file:
            self._file = file
            try:
                yield
            finally:
                self._file = self._known = None

    def append(self, events: Sequence[Event], head: str) -> str | None:
        """Append events to the log whose head is ``head``, flushed to the disk before this returns.

        A torn line is set aside first, in a file of its own, whose path is returned; a last line without its newline gets it. Raises
        BadInput where the log has another head: somebody wrote since it was read, and what was judged by it is to be judged again; where
        the file is not the one that was read; and where it cannot be written: it is then as it was, or the words say that it may not be.
        """
        if self._file is None:
            with self.held():
                return self.append(events, head)
        known = self._as_read(head)
        lines = list(lines_of(events, head))
        if not lines:
            return None
        text = "".join(line for line, _ in lines).encode()
        aside, size = None, known.size
        if known.torn:
            aside = str(put_aside(self._file, known.torn, size))
            size -= len(known.torn)
            self._known = replace(known, torn=b"", size=size)
        if known.unended:
            text = b"\n" + text
        write_all(self._file, text, size)
        line, digest = lines[-1]
        self._known = _Known(digest, b"", False, size + len(text))
        self._mark = _Mark(events[-1], digest, line.encode(), size + len(text), _identity(self._file))
        return aside

    def redact(self, event: Event, head: str) -> str | None:
        """Record the redaction ``event`` and take the content of the event that it names away, in one act.

        A new file takes the log's place: the line stands there by its digests, with the hash that it had. Raises BadInput as ``append``
        does, and for a log that has a second name (a hard link), under which the content would stay.
        """
        if self._file is None:
            with self.held():
                return self.redact(event, head)
        known = self._as_read(head)
        aside = str(put_aside(self._file, known.torn, known.size)) if known.torn else None
        data = read_all(self._file)
        log = _parse(data, str(self.path), self._trial_id).log
        number, withheld, added = redacted_lines(log, event)
        lines = data.split(b"\n")[: event.number - 1]
        lines[number - 1] = withheld.encode()
        put_in_place(self._file, b"\n".join([*lines, added.encode()]) + b"\n")
        self._known = None
        return aside

    def _as_read(self, head: str) -> _Known:
        """What was read of the file that is held, if it is still that and its head is ``head``."""
        assert self._file is not None
        if self._known is None:
            self.read()
        assert self._known is not None
        known = self._known
        if known.head != head:
            at = f"it is at {known.head[:12]}"
            now = Problem("log-has-grown", "log", f"a log up to {head[:12]}", at, "order again")
            raise BadInput(str(self.path), [now])
        if moved(self._file, known.size):
            now = Problem(
                "log-moved", "log", "another file, or another size, than was read under the lock",
                "a log that nobody but Equipoise writes", "verify, then order again",
            )  # fmt: skip
            raise BadInput(str(self.path), [now])
        return known
