"""Files of a folder replaced all at once: written beside, and the two folders exchanged in one act of the file system."""

from __future__ import annotations

import ctypes
import errno
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from equipoise.files.write import clear, hold

_AT_HERE, _EXCHANGE = -100, 2


@contextmanager
def all_or_none(out: Path, kind: str) -> Iterator[Path]:
    """A folder beside ``out``, whose files stand in ``out`` once the block ends well: all of them, or none.

    Files of other names in ``out`` stay. What killed runs of the same ``kind`` left beside is cleared away first. Where the file
    system cannot exchange folders, or ``out`` holds folders or is somebody's working folder, files are replaced one after the other.
    """
    out = out.absolute()
    out.parent.mkdir(parents=True, exist_ok=True)
    clear(out.parent, re.escape(f".{kind}-") + r"[a-z0-9_]{8}")
    beside = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{kind}-"))
    mark = os.open(beside, os.O_RDONLY) if os.name == "posix" else None
    try:
        if mark is not None:
            hold(mark)
        yield beside
        _put(beside, out)
    finally:
        if mark is not None:
            os.close(mark)
        shutil.rmtree(beside, ignore_errors=True)


def _put(beside: Path, out: Path) -> None:
    if not out.exists():
        beside.chmod(0o777 & ~_umask())
        with suppress(OSError):  # somebody made it meanwhile, with something in it
            beside.rename(out)
            return
        out.mkdir(exist_ok=True)
    if not _exchanged(beside, out):
        for file in sorted(beside.iterdir()):
            file.replace(out / file.name)


def _exchanged(beside: Path, out: Path) -> bool:
    """Exchange the folders, with the other files of ``out`` in both; False where that cannot be done."""
    if out.is_symlink() or Path.cwd().is_relative_to(out.resolve()):
        return False
    mine = {f.name for f in beside.iterdir()}
    others = [f for f in out.iterdir() if f.name not in mine]
    if any(f.is_symlink() or not f.is_file() for f in others) or any((out / n).is_dir() for n in mine):
        return False
    linked: list[Path] = []
    try:
        for f in others:
            os.link(f, beside / f.name)
            linked.append(beside / f.name)
        was = out.stat()
        beside.chmod(stat.S_IMODE(was.st_mode))
        if hasattr(os, "chown") and (was.st_uid, was.st_gid) != (os.geteuid(), os.getegid()):
            os.chown(beside, was.st_uid, was.st_gid)
        _exchange(beside, out)
    except OSError:
        for f in linked:
            f.unlink(missing_ok=True)
        return False
    return True


def _exchange(a: Path, b: Path) -> None:
    """Linux' renameat2 with RENAME_EXCHANGE. Raises OSError where there is none, or the file system cannot."""
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None) if os.name == "posix" else None
    if renameat2 is None:
        raise OSError(errno.ENOSYS, "no exchange of folders here")
    if renameat2(_AT_HERE, os.fsencode(a), _AT_HERE, os.fsencode(b), _EXCHANGE):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
