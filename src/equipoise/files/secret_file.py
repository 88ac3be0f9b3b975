"""The file that holds an allocation's secret: made once, for its owner alone, and read with suspicion."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from equipoise.conduct.secret import LENGTH, Secret, read_secrets
from equipoise.trial.problem import BadInput, Problem

#: No secret is longer: what is read of a file, in bytes.
_LONGEST = 1 << 16

#: Folders in which no secret may lie: what each is → where it is.
Apart = Mapping[str, Path]


def draw(trial: str, blocks: Sequence[int] = ()) -> Secret:
    """A secret of the system's random bytes."""
    while True:
        found = Secret(trial, secrets.token_bytes(LENGTH), secrets.token_bytes(LENGTH), tuple(blocks))
        if found.random:
            return found


def write_secret(path: Path, secret: Secret, apart: Apart) -> None:
    """Write the secret to a new file that its owner alone may read. Raises BadInput where something is there, or the place is wrong."""
    problems = list(_place_problems(path, apart, "--out"))
    if path.exists() or path.is_symlink():
        allowed = "a file that is not there yet: a secret is never overwritten"
        problems.append(Problem("secret-there", "--out", str(path), allowed))
    if problems:
        raise BadInput("seal", problems)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(secret.text())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise BadInput("seal", [Problem("not-written", "--out", str(path), error.strerror or str(error))]) from error


def read_secret_file(path: Path, option: str, apart: Apart) -> list[Secret]:
    """The secrets in a file. Raises BadInput with all that is wrong: its place, who may read it, its form. No text of it is told."""
    problems = list(_place_problems(path, apart, option))
    try:
        text, mode = _read(path)
    except (OSError, ValueError) as error:
        step = "equipoise conduct seal TRIAL --out FILE makes one"
        given = f"{path}: {getattr(error, 'strerror', None) or error}"
        problems.append(Problem("no-secret", option, given, "a file that holds the trial's secret", step))
        raise BadInput("secret", problems) from None
    if mode & 0o077:
        allowed = "a file that its owner alone may read: whoever reads it foresees every arm"
        step = f"chmod 600 {path}; if somebody may have read it: equipoise conduct reseal"
        problems.append(Problem("secret-open", option, f"{path}, mode {mode:03o}", allowed, step))
    try:
        found = read_secrets(text, option)
    except BadInput as wrong:
        raise BadInput("secret", [*problems, *wrong.problems]) from None
    if problems:
        raise BadInput("secret", problems)
    return found


def _read(path: Path) -> tuple[str, int]:
    """The text and the mode of a file, of the same file. Raises OSError, or ValueError for what is no text file."""
    # A pipe would wait for ever.
    with os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode):
            raise ValueError("not a regular file")
        content = file.read(_LONGEST + 1)
    if len(content) > _LONGEST:
        raise ValueError("too long for a secret")
    try:
        return content.decode("utf-8"), stat.S_IMODE(about.st_mode)
    except UnicodeDecodeError:
        return "", stat.S_IMODE(about.st_mode)


def _place_problems(path: Path, apart: Apart, option: str) -> Iterator[Problem]:
    """That a file lies in a folder where it may be read or copied with the trial; by its own name, and by what it links to."""
    for what, folder in apart.items():
        inside = folder.resolve()
        own, real = path.parent.resolve() / path.name, path.resolve()
        if inside not in own.parents and inside not in real.parents:
            continue
        how = "" if inside in own.parents else f", a link into it: {real}"
        allowed = f"a file outside {what}, {inside}: who is given that folder must not get the secret with it"
        step = f"move it, for instance to {_elsewhere(inside, path.name)}"
        yield Problem("secret-place", option, f"{path}{how}", allowed, step)


def _elsewhere(inside: Path, name: str) -> str:
    home = Path.home()
    return f"~/secrets/{name}" if inside != home and inside not in (home / "secrets").parents else "another folder"
