"""Write a file that nobody wrote before: whole and lasting, never over another."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def write_new(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Write ``data`` to a new file, whole and lasting, or not at all. Raises FileExistsError where one is there: it stays as it is.

    It is readable to no more than ``mode`` says from its first byte on.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = _part(path)
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _link(part, path)
    finally:
        part.unlink(missing_ok=True)
    sync_folder(path.parent)


def _part(path: Path) -> Path:
    """Where a file is written until it is whole: a name of its own for each writer, threads of one process too."""
    return path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.part")


def _link(part: Path, path: Path) -> None:
    """Give the file its name, unless that is taken, also by another writer a moment ago."""
    try:
        os.link(part, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links: FAT, many mounts
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        part.replace(path)


def sync_folder(folder: Path) -> None:
    """See to it that a new name in a folder lasts, where the system can."""
    if os.name != "posix":
        return
    at = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(at)
    finally:
        os.close(at)
