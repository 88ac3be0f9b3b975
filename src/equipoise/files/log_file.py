"""The log on disk: JSON Lines, one event a line, each with the hash of the one before.

Safe against a crash in mid-write: a line counts only once its newline is there. A torn last line is reported and set
aside, and nothing before it is lost. Safe against two writers: an exclusive lock is held from reading the log to
having written the new events, so no order is judged against a log that another writer has since extended.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from equipoise.conduct.rules import shape_problems
from equipoise.trial.event import GENESIS, Event, hash_of
from equipoise.trial.log import Log
from equipoise.trial.problem import BadInput, Problem

_KEYS = {
    "number", "kind", "happened", "recorded", "by", "why", "patient", "site", "data", "corrects", "source",
    "previous", "hash",
}  # fmt: skip


@dataclass(frozen=True)
class Reading:
    """A log as it was read. ``torn`` is the unfinished last line, or None."""

    log: Log
    torn: bytes | None


def line_of(event: Event, previous: str) -> tuple[str, str]:
    """The event's line and its hash."""
    content = event.content(previous)
    digest = hash_of(content)
    return f'{content[:-1]},"hash":"{digest}"}}\n', digest


def write_new_log(path: Path, log: Log) -> None:
    """Write a whole log to a new file. Raises BadInput if the file is there: a log is never overwritten."""
    data = "".join(_lines(log, 0, GENESIS)).encode()
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
    events: list[Event] = []
    problems: list[Problem] = []
    previous = GENESIS
    for number, line in enumerate(lines, 1):
        where = f"line {number}"
        try:
            record = json.loads(line)
            event, stated_previous, stated_hash = _event(record)
        except (ValueError, TypeError, KeyError) as error:
            problems.append(Problem("broken-line", where, str(error)[:120], "one event of the log as JSON"))
            break  # what follows is chained to a line that cannot be read
        problems.extend(
            Problem(p.code, f"{where}.{p.where}", p.given, p.allowed)
            for p in shape_problems(event.kind, dict(event.data))
        )
        if event.number != number:
            problems.append(Problem("number", where, f"number {event.number}", f"number {number}"))
        if stated_previous != previous or hash_of(event.content(previous)) != stated_hash:
            problems.append(
                Problem(
                    "broken-chain", where, f"hash {stated_hash[:12]}…", "the hash of this event and of all before it",
                    "the line, or one before it, was changed after it was written; restore the file from a copy",
                )
            )  # fmt: skip
            break
        previous = stated_hash
        events.append(event)
    if events and (events[0].kind != "opened"):
        problems.append(Problem("not-opened", "line 1", repr(events[0].kind), "a log begins with an 'opened' event"))
    elif events and trial_id is not None and events[0].data.get("trial") != trial_id:
        problems.append(
            Problem(
                "another-trial",
                "log",
                f"a log of trial {events[0].data.get('trial')!r}",
                f"a log of trial {trial_id!r}",
            )
        )
    if problems:
        raise BadInput(source, problems)
    return Reading(Log(events), torn)


def _event(record: Any) -> tuple[Event, str, str]:
    if not isinstance(record, dict):
        raise ValueError("not an object")
    if set(record) != _KEYS:
        odd = sorted(set(record) ^ _KEYS)
        raise ValueError(f"keys missing or unknown: {', '.join(odd)}")
    for key in ("kind", "happened", "recorded", "by", "why", "patient", "site", "source", "previous", "hash"):
        if not isinstance(record[key], str):
            raise ValueError(f"{key} is not a text")
    if not isinstance(record["data"], dict) or not isinstance(record["number"], int):
        raise ValueError("data is not an object or number not a whole number")
    if record["corrects"] is not None and not isinstance(record["corrects"], int):
        raise ValueError("corrects is not a whole number")
    recorded = datetime.fromisoformat(record["recorded"])
    if recorded.tzinfo is None:
        raise ValueError("recorded has no time zone")
    event = Event(
        record["number"], record["kind"], date.fromisoformat(record["happened"]), recorded, record["by"],
        record["why"], record["patient"], record["site"], record["data"], record["corrects"], record["source"],
    )  # fmt: skip
    return event, record["previous"], record["hash"]


class Writer:
    """A log held for writing: ``log`` as read under the lock; ``save`` writes what was appended to it since."""

    def __init__(self, path: Path, reading: Reading) -> None:
        self.path = path
        self.log = reading.log
        self.set_aside: Path | None = None
        self._torn = reading.torn
        self._written = len(reading.log)

    def save(self) -> None:
        """Append the new events, flushed to the disk before this returns. A torn line is set aside first."""
        if len(self.log) == self._written:
            return
        hashes = self.log.hashes()
        previous = hashes[self._written - 1] if self._written else GENESIS
        data = "".join(_lines(self.log, self._written, previous)).encode()
        with self.path.open("r+b") as file:
            if self._torn is not None:
                self._set_aside(file)
            file.seek(0, os.SEEK_END)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        self._written = len(self.log)

    def _set_aside(self, file: Any) -> None:
        """Move the torn line to a file of its own beside the log: it was never a record, and is not lost."""
        assert self._torn is not None
        count = 1
        while (aside := self.path.with_name(f"{self.path.name}.torn-{count}")).exists():
            count += 1
        aside.write_bytes(self._torn)
        file.seek(-len(self._torn), os.SEEK_END)
        file.truncate()
        self.set_aside, self._torn = aside, None


@contextmanager
def writing(path: Path, trial_id: str | None = None, timeout: float = 30.0) -> Iterator[Writer]:
    """Hold the log for writing; another writer waits up to ``timeout`` seconds for its turn."""
    from filelock import FileLock, Timeout

    if not path.exists():
        read_log(path)  # says what is missing, before a lock file is made
    lock = FileLock(str(path) + ".lock")
    try:
        lock.acquire(timeout=timeout)
    except Timeout:
        raise BadInput(
            str(path),
            [
                Problem(
                    "locked",
                    "log",
                    "another writer holds it",
                    "one writer at a time",
                    "try again in a moment",
                )
            ],
        ) from None
    try:
        yield Writer(path, read_log(path, trial_id))
    finally:
        lock.release()


def _lines(log: Log, start: int, previous: str) -> Iterator[str]:
    for i in range(start, len(log)):
        line, previous = line_of(log[i], previous)
        yield line
