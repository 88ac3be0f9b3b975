"""Only regular files are read: a pipe waits for ever, and a device never ends."""

from __future__ import annotations

import stat
from pathlib import Path

from equipoise.trial.problem import BadInput, Problem

_KINDS = (
    (stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISCHR, "a device"), (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)  # fmt: skip


def regular(path: Path, what: str, most: int | None = None) -> Path:
    """The path, if a file stands there; ``what`` says what it should have been, ``most`` how large it may be [bytes].

    Raises BadInput for what is none; OSError, FileNotFoundError too, where it cannot be seen at all.
    """
    try:
        found = path.stat()
    except ValueError as error:  # a zero byte in its name, or what no name can carry
        raise BadInput(repr(str(path)), [Problem("no-file", "file", str(error), what)]) from None
    kind = next((word for test, word in _KINDS if test(found.st_mode)), None)
    if kind is not None:
        raise BadInput(str(path), [Problem("unreadable", "file", kind, what)])
    if most is not None and found.st_size > most:
        raise BadInput(
            str(path), [Problem("too-large", "file", f"{found.st_size:,} bytes", f"{what} of at most {most:,}")]
        )
    return path
