"""Secrets of allocations for tests: made from a number, so that they are the same each time."""

from __future__ import annotations

import hashlib
from pathlib import Path

from equipoise.conduct.secret import Secret


def secret_of(trial: str, number: int = 1, blocks: tuple[int, ...] = ()) -> Secret:
    """A secret of a trial; another number, another one."""
    salt, secret = (hashlib.sha256(f"{what} {number} of tests".encode()).digest() for what in ("salt", "secret"))
    return Secret(trial, salt, secret, blocks)


def secret_file(path: Path, *secrets: Secret) -> Path:
    """A file with these secrets that its owner alone may read."""
    path.touch(mode=0o600)
    path.write_text("".join(s.text() for s in secrets))
    return path
