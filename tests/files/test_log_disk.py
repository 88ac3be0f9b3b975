"""The log's file and the disk under it: one log by any name, files only, and a write that fails changes nothing."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from equipoise.files import log_disk
from equipoise.files.log_file import LogFile, read_log, write_new_log
from equipoise.trial.event import Event
from equipoise.trial.log import Log
from equipoise.trial.problem import BadInput
from helpers import moment

DAY = date(2012, 5, 1)


def some_log(n: int = 3) -> Log:
    log = Log()
    log.append("opened", DAY, moment(DAY), "t", data={"trial": "north", "fingerprint": "f"})
    for i in range(n):
        log.append("contact", DAY, moment(DAY), "t", "why", f"P{i}")
    return log


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "log.jsonl"
    write_new_log(found, some_log())
    return found


def next_one(log: Log, patient: str = "P9") -> Event:
    return Event(len(log) + 1, "contact", DAY, moment(DAY), "t", patient=patient)


def order(store: LogFile, patient: str = "P9") -> str | None:
    with store.held():
        log = store.read().log
        return store.append([next_one(log, patient)], log.head)


def names(folder: Path) -> set[str]:
    return {p.name for p in folder.iterdir() if not p.name.endswith(".lock")}


# -- one log by any name --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("second", [os.symlink, os.link])
def test_a_log_by_two_names_has_one_lock(path: Path, tmp_path: Path, second: Callable[[Path, Path], None]) -> None:
    other = tmp_path / "elsewhere" / "other.jsonl"
    other.parent.mkdir()
    second(path, other)
    with LogFile(path).held(), pytest.raises(BadInput, match="another writer"), LogFile(other, timeout=0.1).held():
        pass
    order(LogFile(other))
    order(LogFile(path))
    assert len(read_log(path).log) == 6
    assert read_log(other).log == read_log(path).log
    assert read_log(path).log.head == read_log(other).log.head


@pytest.mark.parametrize("second", [os.symlink, os.link])
def test_writers_by_two_names_break_no_chain(path: Path, tmp_path: Path, second: Callable[[Path, Path], None]) -> None:
    other = tmp_path / "other.jsonl"
    second(path, other)
    done: list[str] = []

    def write(name: Path, patient: str) -> None:
        for i in range(10):
            order(LogFile(name), f"{patient}{i}")
            done.append(f"{patient}{i}")

    writers = [threading.Thread(target=write, args=a) for a in ((path, "A"), (other, "B"), (path, "C"))]
    for w in writers:
        w.start()
    for w in writers:
        w.join()
    assert {e.patient for e in read_log(path).log if e.number > 4} == set(done)
    assert len(done) == 30


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EIO])
def test_without_a_lock_nothing_is_written(path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def flock(fd: int, how: int) -> None:
        raise OSError(number, os.strerror(number))

    before = path.read_bytes()
    for module in ("fcntl.flock", "equipoise.files.log_disk.fcntl.flock"):
        with monkeypatch.context() as m:
            m.setattr(module, flock)
            with pytest.raises(BadInput, match="file system that locks"):
                order(LogFile(path, timeout=0.3))
    assert path.read_bytes() == before


@pytest.mark.filterwarnings("ignore:flock not supported")
def test_where_a_file_system_knows_no_locks_the_file_beside_the_log_is_one(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flock(fd: int, how: int) -> None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr("fcntl.flock", flock)
    with LogFile(path).held(), pytest.raises(BadInput, match="another writer"), LogFile(path, timeout=0.2).held():
        pass
    order(LogFile(path))
    assert len(read_log(path).log) == 5


def test_a_folder_in_the_place_of_the_lock_is_said(path: Path) -> None:
    Path(f"{path}.lock").mkdir()
    with pytest.raises(BadInput, match="lock can be made|another writer"):  # noqa: RUF043
        order(LogFile(path, timeout=0.3))


def test_a_lock_file_that_is_deleted_lets_nobody_in(path: Path) -> None:
    with LogFile(path).held():
        Path(f"{path}.lock").unlink()
        with pytest.raises(BadInput, match="another writer"), LogFile(path, timeout=0.1).held():
            pass


def test_nothing_is_written_to_a_file_that_is_not_the_one_that_was_read(path: Path, tmp_path: Path) -> None:
    store = LogFile(path)
    with store.held():
        log = store.read().log
        copy = tmp_path / "copy"
        copy.write_bytes(path.read_bytes())
        copy.replace(path)
        with pytest.raises(BadInput, match="another file"):
            store.append([next_one(log)], log.head)
    assert len(read_log(path).log) == 4
    with store.held():
        log = store.read().log
        with path.open("ab") as file:
            file.write(b"x")
        with pytest.raises(BadInput, match="another size"):
            store.append([next_one(log)], log.head)
    assert path.read_bytes().endswith(b"\nx")


def test_who_waited_while_the_file_was_replaced_writes_to_the_new_one(path: Path, tmp_path: Path) -> None:
    first, second = LogFile(path), LogFile(path, timeout=5)
    with first.held():
        Path(f"{path}.lock").unlink()  # the second waits for the file itself
        waiting = threading.Thread(target=order, args=(second, "late"))
        waiting.start()
        threading.Event().wait(0.2)
        copy = tmp_path / "copy"
        copy.write_bytes(path.read_bytes())
        copy.replace(path)
    waiting.join()
    assert read_log(path).log[4].patient == "late"


# -- files only -----------------------------------------------------------------------------------------------------


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for no_file, words in ((pipe, "a pipe"), (Path("/dev/zero"), "a device"), (tmp_path, "a folder")):
        with pytest.raises(BadInput, match=words):
            read_log(no_file)
        with pytest.raises(BadInput, match=words), LogFile(no_file).held():
            pass
    with pytest.raises(BadInput, match="nothing there"), LogFile(tmp_path / "none").held():
        pass
    with pytest.raises(BadInput, match="null"):
        read_log(Path("a\0b"))
    assert names(tmp_path) == {"pipe"}


# -- the last line --------------------------------------------------------------------------------------------------


def test_a_last_line_without_its_newline_is_a_record(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    reading = read_log(path)
    assert (len(reading.log), reading.torn, reading.unended) == (4, None, True)
    assert order(LogFile(path)) is None
    assert path.read_bytes().startswith(whole)
    again = read_log(path)
    assert (len(again.log), again.unended) == (5, False)


def test_a_last_line_without_its_newline_that_was_changed_is_refused(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1].replace(b'"patient":"P2"', b'"patient":"P7"'))
    with pytest.raises(BadInput, match="the hash of this event"):
        read_log(path)


def test_a_log_of_one_line_without_its_newline_is_a_log(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    write_new_log(path, some_log(0))
    path.write_bytes(path.read_bytes()[:-1])
    assert len(read_log(path).log) == 1


def test_every_beginning_of_a_last_line_is_torn_and_every_lost_page_too(path: Path) -> None:
    """A line that was cut anywhere, or of which pages were never written, was acknowledged to nobody: what is before it is whole."""
    whole = path.read_bytes()
    start = whole[:-1].rfind(b"\n") + 1
    last = whole[start:]
    states = [last[:n] for n in range(1, len(last) - 1)]
    states += [b"\0" * n + last[n:] for n in range(1, len(last) + 1)]
    states += [last[:n] + b"\0" * (len(last) - n) for n in range(len(last))]
    states += [last[:n] + b"\0" * 16 + last[n + 16 :] for n in range(0, len(last) - 17, 5)]
    for state in states:
        path.write_bytes(whole[:start] + state)
        reading = read_log(path)
        assert len(reading.log) == 3, state
        assert reading.torn == state
        assert not reading.unended
    aside = order(LogFile(path))
    assert aside is not None
    assert Path(aside).read_bytes() == states[-1]
    assert path.read_bytes().startswith(whole[:start])
    assert len(read_log(path).log) == 4


def test_zeros_in_an_earlier_line_are_no_torn_line(path: Path) -> None:
    lines = path.read_bytes().split(b"\n")
    lines[1] = b"\0" * len(lines[1])
    path.write_bytes(b"\n".join(lines))
    with pytest.raises(BadInput, match="line 2"):
        read_log(path)


# -- the disk fails -------------------------------------------------------------------------------------------------


def failing(monkeypatch: pytest.MonkeyPatch, name: str, number: int, after: int = 0, part: int = 0) -> None:
    """Let ``os.name`` fail with an error number, after so many calls that succeed; a write writes ``part`` bytes before."""
    true, calls = getattr(os, name), [0]

    def call(*args: Any, **named: Any) -> Any:
        calls[0] += 1
        if calls[0] <= after:
            return true(*args, **named)
        if part and calls[0] == after + 1:
            return true(args[0], args[1][:part])
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(log_disk.os, name, call)


@pytest.mark.parametrize("part", [0, 1, 100])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EIO])
def test_a_write_that_fails_leaves_the_log_as_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch, number: int, part: int
) -> None:
    before = path.read_bytes()
    with monkeypatch.context() as m:
        failing(m, "write", number, part=part)
        with pytest.raises(BadInput, match="nothing was recorded"):
            order(LogFile(path))
    assert path.read_bytes() == before
    order(LogFile(path))
    assert len(read_log(path).log) == 5


def test_where_the_flush_fails_it_is_said_that_nobody_knows(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as m:
        failing(m, "fsync", errno.EIO)
        with pytest.raises(BadInput, match="may be recorded or not: verify"):
            order(LogFile(path))
    assert len(read_log(path).log) in (4, 5)


def test_an_order_interrupted_in_its_write_leaves_the_log_as_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, true = path.read_bytes(), os.write

    def call(fd: int, data: Any) -> int:
        true(fd, data[:7])
        raise KeyboardInterrupt

    with monkeypatch.context() as m:
        m.setattr(log_disk.os, "write", call)
        with pytest.raises(KeyboardInterrupt):
            order(LogFile(path))
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["write", "fsync", "link", "ftruncate"])
def test_a_torn_line_that_cannot_be_set_aside_stays_and_leaves_no_file(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with path.open("ab") as file:
        file.write(b'{"torn')
    before = path.read_bytes()
    for _ in range(3):
        with monkeypatch.context() as m:
            failing(m, name, errno.ENOSPC)
            with pytest.raises(BadInput, match="nothing was recorded"):
                order(LogFile(path))
        assert path.read_bytes() == before
        assert names(tmp_path) == {"log.jsonl"}
    assert order(LogFile(path)) is not None
    assert len(read_log(path).log) == 5


def test_a_log_is_begun_where_there_are_no_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, "link", errno.EPERM)
    path = tmp_path / "log.jsonl"
    write_new_log(path, some_log())
    with pytest.raises(BadInput, match="never overwritten"):
        write_new_log(path, some_log(1))
    assert len(read_log(path).log) == 4
    assert names(tmp_path) == {"log.jsonl"}


@pytest.mark.parametrize("name", ["write", "fsync"])
def test_a_log_that_cannot_be_begun_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    failing(monkeypatch, name, errno.ENOSPC)
    with pytest.raises(BadInput, match="nothing was begun"):
        write_new_log(tmp_path / "log.jsonl", some_log())
    assert not names(tmp_path)


def test_the_folder_is_flushed_when_a_log_is_begun_and_a_torn_line_set_aside(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[str] = []
    true = os.fsync

    def fsync(fd: int) -> None:
        with suppress(OSError):
            flushed.append(str(Path(f"/proc/self/fd/{fd}").readlink()))
        true(fd)

    monkeypatch.setattr(log_disk.os, "fsync", fsync)
    write_new_log(tmp_path / "new.jsonl", some_log())
    assert flushed[-1] == str(tmp_path)
    with path.open("ab") as file:
        file.write(b"torn")
    flushed.clear()
    order(LogFile(path))
    # The part, its folder, and only then the log, shortened; then the log again, with the new line.
    assert flushed[1:] == [str(tmp_path), str(path), str(path)]


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES])
def test_a_log_that_may_only_be_read_is_read_and_not_written(
    path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """As on a file system without writing, which a test cannot mount: opening for writing fails."""
    true, before = os.open, path.read_bytes()

    def call(name: Any, flags: int, *mode: int) -> int:
        if flags & os.O_RDWR:
            raise OSError(number, os.strerror(number))
        return true(name, flags, *mode)

    monkeypatch.setattr(log_disk.os, "open", call)
    assert len(read_log(path).log) == 4
    with pytest.raises(BadInput, match="may be written|lock can be made"):  # noqa: RUF043
        order(LogFile(path))
    assert path.read_bytes() == before
