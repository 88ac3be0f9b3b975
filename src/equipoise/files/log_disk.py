"""A log's file and the disk under it: opened only if it is a file, locked by whatever name, written whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from equipoise.trial.problem import BadInput, Problem

try:
    import fcntl
except ImportError:  # Windows: the lock file stands alone
    fcntl = None  # type: ignore[assignment]

#: Kinds of things that are no file, in words.
_KINDS: list[tuple[Callable[[int], bool], str]] = [
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
]
#: A file system that knows no hard links says so by one of these.
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EINVAL}
#: And one that knows no locks by one of these.
_NO_LOCKS = {errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}
#: How long to wait before asking again for a lock, in seconds.
_WAIT = 0.02


@dataclass(frozen=True)
class Regular:
    """An open file: the name it was asked for by, the place it stands at, its descriptor."""

    path: Path
    real: Path
    fd: int


def no_file(path: Path, given: str) -> BadInput:
    """The refusal of what is not a file."""
    return BadInput(str(path), [Problem("not-a-file", "log", given, "a file: the trial's log")])


@contextmanager
def open_regular(path: Path, flags: int) -> Iterator[Regular]:
    """Open a file and nothing else: a pipe or a device would hold up the reader, or never end. Raises BadInput."""
    file = _opened(path, flags)
    try:
        yield file
    finally:
        os.close(file.fd)


def _opened(path: Path, flags: int) -> Regular:
    try:
        _check(path, path.stat().st_mode)
        real = path.resolve()
        fd = os.open(
            real, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
        )
    except FileNotFoundError:
        raise BadInput(
            str(path), [Problem("no-file", "log", "nothing there", "a log", "conduct open starts one")]
        ) from None
    except (OSError, ValueError) as error:  # ValueError: a name with a zero byte
        allowed = "a readable file" if flags == os.O_RDONLY else "a file that may be written"
        raise BadInput(str(path), [Problem("unreadable", "log", str(error), allowed)]) from None
    try:
        _check(path, os.fstat(fd).st_mode)
    except BadInput:
        os.close(fd)
        raise
    return Regular(path, real, fd)


def _check(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise no_file(path, next((name for is_one, name in _KINDS if is_one(mode)), "no file"))


def read_all(file: Regular, start: int = 0) -> bytes:
    """The whole of it, from the beginning or from byte ``start`` on. Raises BadInput where the disk fails."""
    try:
        os.lseek(file.fd, start, os.SEEK_SET)
        pieces = []
        while piece := os.read(file.fd, 1 << 24):
            pieces.append(piece)
    except OSError as error:
        raise BadInput(str(file.path), [Problem("unreadable", "log", str(error), "a readable file")]) from None
    return b"".join(pieces)


def read_piece(file: Regular, start: int, size: int) -> bytes:
    """``size`` bytes from byte ``start`` on, or as many as there are. Raises BadInput where the disk fails."""
    try:
        os.lseek(file.fd, start, os.SEEK_SET)
        return os.read(file.fd, size)
    except OSError as error:
        raise BadInput(str(file.path), [Problem("unreadable", "log", str(error), "a readable file")]) from None


# -- the lock -----------------------------------------------------------------------------------------------------------


@contextmanager
def hold(path: Path, timeout: float) -> Iterator[Regular]:
    """The file at ``path``, locked for writing. Raises BadInput when ``timeout``, in seconds, is over.

    Two locks: a file beside the log, at the place to which links lead; and one on the log itself, which holds for every name that it has
    (hard links, another mount) and when the file beside it is deleted.
    """
    from filelock import FileLock, Timeout

    until = time.monotonic() + timeout
    with open_regular(path, os.O_RDONLY) as there:  # says what is missing, before a lock file is made
        real = there.real
    beside = FileLock(f"{real}.lock")
    try:
        beside.acquire(timeout=timeout)
    except Timeout:
        raise _locked(path) from None
    except (OSError, NotImplementedError) as error:  # the second: of a file system without locks
        raise _unlockable(path, error) from None
    try:
        file = _locked_itself(path, until)
        try:
            yield file
        finally:
            os.close(file.fd)  # and with it goes the lock
    finally:
        beside.release()


def _locked_itself(path: Path, until: float) -> Regular:
    while True:
        file = _opened(path, os.O_RDWR)
        try:
            if _lock(file, until) and not moved(file):
                return file
        except BaseException:
            os.close(file.fd)
            raise
        os.close(file.fd)  # another file has taken its place, or others hold it
        if time.monotonic() > until:
            raise _locked(path)


def _lock(file: Regular, until: float) -> bool:
    while fcntl is not None:
        try:
            fcntl.flock(file.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() > until:
                return False
            time.sleep(_WAIT)
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise _unlockable(file.path, error) from None
            break  # the file beside it, made by one writer at a time, is all that keeps others away
    return True


def _unlockable(path: Path, error: Exception) -> BadInput:
    """Without a lock nothing is written: two writers would break the chain under orders that were acknowledged."""
    allowed = "a folder in which a lock can be made, on a file system that locks"
    return BadInput(str(path), [Problem("unlockable", "log", str(error), allowed, "keep the log on a local disk")])


def _locked(path: Path) -> BadInput:
    given = Problem("locked", "log", "another writer holds it", "one writer at a time", "try again in a moment")
    return BadInput(str(path), [given])


def moved(file: Regular, size: int | None = None) -> bool:
    """True where the name leads to another file by now, or the file has another size than ``size``."""
    try:
        now, own = file.path.stat(), os.fstat(file.fd)
    except OSError:
        return True
    return (now.st_dev, now.st_ino) != (own.st_dev, own.st_ino) or size not in (None, own.st_size)


# -- writing ------------------------------------------------------------------------------------------------------------


def unwritten(path: Path, error: OSError, allowed: str = "nothing was recorded: the log is as it was") -> BadInput:
    """What to say where the disk fails."""
    return BadInput(str(path), [Problem("unwritable", "log", error.strerror or str(error), allowed)])


def write_all(file: Regular, data: bytes, size: int) -> None:
    """Write at the end of a file of ``size`` bytes, lasting. Raises BadInput where that fails: the file is then as it was.

    Where only the flush fails nobody knows what the disk holds, and that is said.
    """
    try:
        os.lseek(file.fd, size, os.SEEK_SET)
        _write(file.fd, data)
    except OSError as error:
        cut_back(file, size)
        raise unwritten(file.path, error) from None
    except BaseException:  # interrupted in the middle of it
        cut_back(file, size)
        raise
    try:
        os.fsync(file.fd)
    except OSError as error:
        cut_back(file, size)
        allowed = "it may be recorded or not: verify the log before you order it again"
        raise unwritten(file.path, error, allowed) from None


def cut_back(file: Regular, size: int) -> None:
    """Take away what was written beyond ``size``; what stays where that fails too is a torn line."""
    with suppress(OSError):
        os.ftruncate(file.fd, size)
        os.fsync(file.fd)


def begin(path: Path, data: bytes) -> None:
    """A new file with ``data``, whole and lasting or not there. Raises BadInput if the name is taken, also by another just now."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _new(path, data)
    except FileExistsError:
        allowed = "a new file; a log is never overwritten"
        given = Problem("log-exists", "log", "a file that is there already", allowed)
        raise BadInput(str(path), [given]) from None
    except OSError as error:
        raise unwritten(path, error, "a place where a file can be written: nothing was begun") from None


def put_aside(file: Regular, torn: bytes, size: int) -> Path:
    """Move the last bytes, ``torn``, of a file of ``size`` to a file of their own beside it: they were never a record, and are not lost."""
    count = 1
    try:
        while True:
            aside = file.real.with_name(f"{file.real.name}.torn-{count}")
            try:
                _new(aside, torn)
                break
            except FileExistsError:
                count += 1
        try:
            os.ftruncate(file.fd, size - len(torn))
        except OSError:
            aside.unlink(missing_ok=True)
            raise
        os.fsync(file.fd)
    except OSError as error:
        raise unwritten(file.path, error) from None
    return file.path.with_name(aside.name) if file.path.parent.resolve() == aside.parent else aside


def put_in_place(file: Regular, data: bytes) -> None:
    """A new file with ``data`` in the place of ``file``: there is either, never a mixture. Raises BadInput where that cannot be."""
    own = os.fstat(file.fd)
    if own.st_nlink > 1:
        given = f"a log with {own.st_nlink} names (hard links)"
        allowed = "one name: under the others what is removed would stay"
        raise BadInput(str(file.path), [Problem("other-names", "log", given, allowed, "delete the other names")])
    part = _part(file.real)
    try:
        with _written(part, data) as fd:
            os.fchmod(fd, stat.S_IMODE(own.st_mode))
            with suppress(OSError):
                os.fchown(fd, own.st_uid, own.st_gid)
        part.replace(file.real)
        _lasting(file.real.parent)
    except OSError as error:
        raise unwritten(file.path, error) from None
    finally:
        part.unlink(missing_ok=True)


def _new(path: Path, data: bytes) -> None:
    """A new file under a name that nobody has; FileExistsError where somebody has it."""
    part = _part(path)
    try:
        with _written(part, data):
            pass
        try:
            os.link(part, path)  # fails if the name is taken, also when another writer just took it
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            _exclusively(path, data)
    finally:
        part.unlink(missing_ok=True)
    _lasting(path.parent)


def _exclusively(path: Path, data: bytes) -> None:
    """The same where there are no hard links: a crash in the middle leaves a torn file under the name."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        _write(fd, data)
        os.fsync(fd)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    finally:
        os.close(fd)


@contextmanager
def _written(part: Path, data: bytes) -> Iterator[int]:
    fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    try:
        _write(fd, data)
        os.fsync(fd)
        yield fd
    finally:
        os.close(fd)


def _write(fd: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(fd, left) :]


def _part(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.part")


def _lasting(folder: Path) -> None:
    """Have the folder's entries on the disk too. A system that cannot flush a folder keeps them by itself."""
    with suppress(OSError):
        fd = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
