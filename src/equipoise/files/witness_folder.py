"""A folder of checkpoints, one a file: a mount, a repository of git, a folder that another copies away.

Plain texts whose names sort by the number of the event. A file is written whole, and never over another.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from equipoise.conduct.witness import Witnessed
from equipoise.files.write_new import write_new
from equipoise.trial.checkpoint import Checkpoint, read_checkpoint
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.signed_note import LONGEST, Note, VerifierKey, read_note

SUFFIX = ".checkpoint"
_NAME = re.compile(r"(.+)-([0-9]{9})-([0-9a-f]{12})(?:-[0-9]+)?" + re.escape(SUFFIX), re.ASCII)
#: Of more files nothing is read: a folder of another kind was named.
MOST = 200_000


@dataclass(frozen=True)
class Found:
    """What is in a folder of checkpoints of one trial: those that can be read, and what is wrong with the others."""

    witnessed: Sequence[Witnessed]
    notes: Sequence[Note]
    problems: Sequence[Problem]


def write_checkpoint(folder: Path, checkpoint: Checkpoint, note: Note) -> Path:
    """Write a checkpoint to a file of its own, flushed to the disk; the file. Raises OSError where it cannot be written."""
    stem = f"{checkpoint.trial}-{checkpoint.number:09d}-{checkpoint.hash[:12]}"
    data = str(note).encode()
    for again in range(1, 1000):
        path = folder / f"{stem}{f'-{again}' if again > 1 else ''}{SUFFIX}"
        try:
            write_new(path, data)
        except FileExistsError:
            if path.read_bytes() == data:
                return path
            continue
        return path
    raise FileExistsError(f"{stem}: a thousand checkpoints of one head")


def read_folder(folder: Path, trial: str, agreed: Sequence[str] = ()) -> Found:
    """The trial's checkpoints in a folder, by the number of their event. Raises BadInput where there is no folder to read.

    Those of other trials are left out. A file that cannot be read as a checkpoint is a problem, whose ever it is. What by
    its name is a head of the chain ``agreed`` is not opened: an order asks only what speaks against its log.
    """
    try:
        # names only: a Path for each would cost an order more than reading its log
        names = sorted(name for name in os.listdir(folder) if name.endswith(SUFFIX) and not name.startswith("."))  # noqa: PTH208
    except OSError as error:
        allowed = "a folder of checkpoints; is it mounted?"
        given = f"{folder}: {error.strerror or 'not readable'}"
        raise BadInput("witness", [Problem("no-witness", "--witness", given, allowed)]) from None
    if len(names) > MOST:
        raise BadInput("witness", [Problem("no-witness", "--witness", f"{len(names)} checkpoints", f"up to {MOST}")])
    found: list[tuple[Witnessed, Note]] = []
    problems = []
    for name in names:
        if agreed and _is_in(name, trial, agreed):
            continue
        try:
            checkpoint, note = read_file(folder / name)
        except ValueError as error:
            allowed = "a signed checkpoint; a copy of it elsewhere is a witness too"
            problems.append(Problem("no-checkpoint", name, str(error), allowed, "move it out of the folder"))
            continue
        if checkpoint.trial == trial:
            found.append((Witnessed(checkpoint, name), note))
    found.sort(key=lambda pair: (*pair[0].key, pair[0].source))
    return Found([w for w, _ in found], [n for _, n in found], problems)


def _is_in(name: str, trial: str, hashes: Sequence[str]) -> bool:
    """True if a file's name tells a head of this chain."""
    known = _NAME.fullmatch(name)
    if known is None or known[1] != trial:
        return False
    return 0 < int(known[2]) <= len(hashes) and hashes[int(known[2]) - 1].startswith(known[3])


def read_file(path: Path) -> tuple[Checkpoint, Note]:
    """A checkpoint's file: what it says, and its note with the signatures. Raises ValueError with what is wrong."""
    try:
        if not path.is_file():
            raise ValueError("no file")
        with path.open("rb") as file:
            data = file.read(LONGEST + 1)
    except OSError as error:
        raise ValueError(error.strerror or "not readable") from None
    note = read_note(data)
    return read_checkpoint(note.text), note


def checked(found: Found, trusted: Sequence[VerifierKey]) -> Found:
    """The checkpoints that a trusted key signed; each of the others is a problem, and nothing it says counts."""
    from equipoise.files.signing import is_true

    witnessed, notes, problems = [], [], list(found.problems)
    for w, note in zip(found.witnessed, found.notes, strict=True):
        by = [(s, key) for key in trusted for s in note.by(key)]
        false = [key for s, key in by if not is_true(note, s, key)]
        if false:
            given, code = f"a false signature in the name of {false[0].name}", "false-signature"
        elif not by:
            names = ", ".join(dict.fromkeys(s.name for s in note.signatures[:3]))
            given, code = f"signed by {names}, with another key than those trusted", "unknown-key"
        else:
            witnessed.append(w)
            notes.append(note)
            continue
        allowed = (
            f"head {w.checkpoint.number}, {w.checkpoint.hash[:12]}…, signed by a trusted key; what it says is not taken"
        )
        problems.append(Problem(code, w.source, given, allowed, "find out who wrote it"))
    return Found(witnessed, notes, problems)
