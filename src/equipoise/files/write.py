"""Write files so that a reader never sees half of one, and what a killed run leaves behind is cleared by the next of its kind."""

from __future__ import annotations

import os
import re
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

if sys.platform != "win32":  # there, what a killed run leaves stays
    import fcntl

#: What is younger than this may belong to a run that has not locked it yet [s].
_YOUNG = 2.0


def write_text(path: Path, text: str) -> None:
    """Write ``text`` to ``path`` whole or not at all, over what was there."""
    with whole(path) as file:
        file.write(text.encode())


@contextmanager
def whole(path: Path, *, durable: bool = False) -> Iterator[BinaryIO]:
    """A binary file that appears at ``path`` whole or not at all, over what was there; ``durable``: and is on the disk then.

    It is written beside, as `.NAME.PID.part`. What killed runs left of the same NAME is cleared away first.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    clear(path.parent, re.escape(f".{path.name}.") + r"\d+\.part")
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            hold(file.fileno())
            yield file
            if durable:
                file.flush()
                os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def hold(descriptor: int) -> bool:
    """Mark an open file or folder as in use, for as long as it is open; the mark goes with the process, however it ends.

    False where another process has marked it. File systems without locks mark nothing, and say True.
    """
    if sys.platform == "win32":
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def clear(folder: Path, name: str) -> list[Path]:
    """Remove what killed runs left in ``folder`` under names that match the pattern ``name``; what is in use stays.

    Returns what was removed. Where nothing can be locked or removed, nothing is, and nothing is said.
    """
    removed: list[Path] = []
    if sys.platform == "win32":
        return removed
    with suppress(OSError):
        for entry in sorted(e for e in folder.iterdir() if re.fullmatch(name, e.name)):
            with suppress(OSError):
                if _in_use(entry):
                    continue
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
                removed.append(entry)
    return removed


def _in_use(entry: Path) -> bool:
    """True unless nobody holds it and it is not young. Links are nobody's of ours. Raises OSError where that cannot be told."""
    if sys.platform == "win32" or entry.is_symlink() or not (entry.is_file() or entry.is_dir()):
        return True
    descriptor = os.open(entry, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return time.time() - os.fstat(descriptor).st_mtime < _YOUNG
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
