"""Receipts: heads that people were told, and kept. Written a line an order; read from all that tells one."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from equipoise.files.regular import regular
from equipoise.trial.checkpoint import Expected, told
from equipoise.trial.event import is_hash
from equipoise.trial.problem import BadInput, Problem

_LARGEST = 1 << 26
#: The longest line of a receipt [bytes].
_LONGEST = 1 << 12
_RECEIPTS = "a file of receipts, or one that is not there yet"
_ALLOWED = "a hash, with its number or without; or a file: of receipts, a checkpoint, what an order, a look or a decision printed with --json"


def add_receipt(path: Path, trial: str, number: int, hash: str) -> None:
    """Append an order's receipt, flushed to the disk. It says nothing of the order but its number and the head with it.

    Raises BadInput where something else than receipts stands there; see ``receipt_problem``.
    """
    problem = receipt_problem(path)
    if problem is not None:
        raise BadInput("receipt", [problem])
    path.parent.mkdir(parents=True, exist_ok=True)
    line = json.dumps({"trial": trial, "number": number, "hash": hash}) + "\n"
    with path.open("ab") as file:
        file.write(line.encode())
        file.flush()
        os.fsync(file.fileno())


def receipt_problem(path: Path) -> Problem | None:
    """Why receipts cannot be added to ``path``: a pipe would wait for ever, and a log, a key or a trial file would be spoilt."""
    try:
        with regular(path, _RECEIPTS).open("rb") as file:
            first = file.readline(_LONGEST + 1)
    except FileNotFoundError:
        return None
    except BadInput as bad:
        return Problem("no-receipts", "--receipt", f"{path}: {bad.problems[0].given}", _RECEIPTS)
    except OSError as error:
        return Problem("no-receipts", "--receipt", f"{path}: {error.strerror}", _RECEIPTS)
    value = _json(first.decode(errors="replace"))
    if first and not (isinstance(value, dict) and set(value) == {"trial", "number", "hash"}):
        return Problem("no-receipts", "--receipt", f"{path}, which holds something else", _RECEIPTS)
    return None


def read_expected(given: str, trial: str) -> list[Expected]:
    """The heads that ``given`` tells: itself, or the file it names. Raises BadInput with every line that tells none."""
    try:
        return [told(given, given)]
    except ValueError as error:
        path = Path(given)
        if not _is_file(path):
            raise BadInput("--expect", [Problem("no-receipt", "--expect", str(error)[:200], _ALLOWED)]) from None
    found: list[Expected] = []
    problems: list[Problem] = []
    for where, value in _values(_text(path), path.name):
        try:
            found += _heads(value, where, trial)
        except ValueError as error:
            problems.append(Problem("no-receipt", where, str(error)[:200], _ALLOWED))
    if not found and not problems:
        problems.append(Problem("no-receipt", path.name, "no receipt in it", _ALLOWED))
    if problems:
        raise BadInput("--expect", problems)
    return found


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a text that no file can be called
        return False


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
        if len(data) > _LARGEST:
            raise ValueError(f"more than {_LARGEST >> 20} MiB")
        return data.decode()
    except (OSError, UnicodeDecodeError, ValueError) as error:
        given = "not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
        raise BadInput("--expect", [Problem("no-receipt", path.name, given, _ALLOWED)]) from None


def _values(text: str, name: str) -> Iterator[tuple[str, Any]]:
    """What is in a file: one JSON value, a note, or a receipt a line."""
    whole = _json(text)
    if whole is not None:
        yield name, whole
    elif "\n\n— " in text:
        yield name, text
    else:
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip():
                value = _json(line)
                yield f"{name} line {number}", line.strip() if value is None else value


def _json(text: str) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict | list) else None


def _heads(value: Any, where: str, trial: str) -> list[Expected]:
    """The heads in one piece of a file. Raises ValueError where it tells none."""
    if isinstance(value, str):
        return [_of_note(value, where, trial) if "\n" in value else told(value, where)]
    if isinstance(value, list):
        return [head for i, item in enumerate(value) for head in _heads(item, f"{where}[{i}]", trial)]
    if not isinstance(value, dict):
        raise ValueError(repr(value)[:80])
    if value.get("trial", trial) != trial:
        raise ValueError(f"a receipt of trial {str(value['trial'])[:40]!r}, not of {trial}")
    prints, event = value.get("fingerprints"), value.get("event")
    digits = prints.get("data") if isinstance(prints, dict) else value.get("hash")
    number = event.get("number") if isinstance(event, dict) else value.get("number")
    if digits is None:  # looks of cohorts, one beside the other
        within = [v for v in value.values() if isinstance(v, dict) and v]
        if within:
            return [head for v in within for head in _heads(v, where, trial)]
    if not is_hash(digits):
        raise ValueError(f"no head among {', '.join(map(str, value))[:80] or 'nothing'}")
    if number is not None and (type(number) is not int or number < 1):
        raise ValueError(f"number {str(number)[:40]}")
    return [Expected(digits, number, where)]


def _of_note(text: str, where: str, trial: str) -> Expected:
    from equipoise.trial.checkpoint import read_checkpoint
    from equipoise.trial.signed_note import read_note

    found = read_checkpoint(read_note(text.encode()).text)
    if found.trial != trial:
        raise ValueError(f"a checkpoint of trial {found.trial!r}, not of {trial}")
    return Expected(found.hash, found.number, where)
