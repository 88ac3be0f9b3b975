"""USDM files: read whole, in bounded size and depth, and written as JSON that is the same each time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from equipoise.files.regular import regular
from equipoise.files.write import write_text
from equipoise.standards.usdm.read import problems_of
from equipoise.trial.problem import BadInput, Problem

#: The largest file [bytes]: thirty times the largest public example.
LARGEST = 50_000_000
_WHAT = "a USDM 4.0 document in JSON"


def read_usdm(path: Path) -> dict[str, Any]:
    """The document in a file. Raises BadInput with all that is wrong with it."""
    source = str(path)
    try:
        text = regular(path, _WHAT, LARGEST).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise BadInput(source, [Problem("no-file", "file", "nothing there", _WHAT)]) from None
    except UnicodeDecodeError as error:
        given = f"byte 0x{error.object[error.start]:02X} at {error.start:,}"
        raise BadInput(source, [Problem("unreadable", "file", given, "JSON in UTF-8", "save it as UTF-8")]) from None
    except OSError as error:
        raise BadInput(source, [Problem("unreadable", "file", error.strerror or str(error), _WHAT)]) from None
    try:
        document = json.loads(text, parse_constant=_no_number)
    except RecursionError:
        raise BadInput(
            source, [Problem("too-deep", "file", "objects and lists too deep in each other", _WHAT)]
        ) from None
    except ValueError as error:
        raise BadInput(source, [Problem("not-json", "file", str(error)[:120], _WHAT)]) from None
    problems = problems_of(document)
    if problems:
        raise BadInput(source, problems)
    found: dict[str, Any] = document
    return found


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number of JSON")


def write_usdm(path: Path, document: dict[str, Any]) -> None:
    """Write a document, whole or not at all."""
    write_text(path, json.dumps(document, indent=1, ensure_ascii=False) + "\n")
