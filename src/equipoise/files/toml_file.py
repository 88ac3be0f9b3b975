"""Read TOML: plain values, in bounded time and depth, and only numbers that TOML has."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from equipoise.files.regular import regular
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.validate import tuples

#: The largest file [bytes]: the largest that comes with the software is a fiftieth of it.
_LARGEST = 1 << 20
#: Tables and arrays in each other.
_DEEPEST = 32
#: Members of an array or of a table: names are held against each other, pair by pair.
_MOST_MEMBERS = 5_000
#: Integers of TOML have 64 bits.
_MOST = 2**63 - 1
#: A key of so many parts: reading one takes time that grows with the square of their number.
_LONG_KEY = re.compile(rf"(?<![\w\"'.-])(?:[\w\"'-]+[ \t]*+\.[ \t]*+){{{_DEEPEST}}}")


def read_toml(path: Path, what: str) -> dict[str, Any]:
    """A TOML file as plain values, arrays as tuples. ``what`` says what it should have been. Raises BadInput."""
    source = str(path)
    try:
        text = regular(path, what, _LARGEST).read_text(encoding="utf-8-sig")  # Windows' editors put a mark before UTF-8
    except FileNotFoundError:
        raise BadInput(source, [Problem("no-file", "file", "nothing there", what)]) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        given = f"byte 0x{error.object[error.start]:02X}"
        allowed = "TOML is written in UTF-8"
        raise BadInput(source, [Problem("unreadable", f"line {line}", given, allowed, "save it as UTF-8")]) from None
    except OSError as error:
        raise BadInput(source, [Problem("unreadable", "file", str(error), "a readable UTF-8 file")]) from None
    return toml_of(text, source)


def toml_of(text: str, source: str) -> dict[str, Any]:
    """A text in TOML as plain values, arrays as tuples. Raises BadInput, naming ``source``."""
    deep = Problem(
        "too-deep", "file", f"tables, arrays or keys more than {_DEEPEST} deep", f"at most {_DEEPEST} levels"
    )
    long = _LONG_KEY.search(text)
    if long is not None:
        line = text.count("\n", 0, long.start()) + 1
        raise BadInput(source, [Problem(deep.code, f"line {line}", f"a key of {_DEEPEST} parts or more", deep.allowed)])
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(source, [Problem("not-toml", "file", str(error), "valid TOML")]) from None
    except RecursionError:
        raise BadInput(source, [deep]) from None
    except ValueError as error:  # an integer of thousands of digits
        raise BadInput(source, [Problem("not-toml", "file", str(error), "valid TOML: integers of 64 bits")]) from None
    if _depth(raw) > _DEEPEST:
        raise BadInput(source, [deep])
    problems = [*_outside(raw, "")]
    if problems:
        raise BadInput(source, problems)
    found: dict[str, Any] = tuples(raw)
    return found


def _depth(raw: Any) -> int:
    """How deep tables and arrays stand in each other, counted without recursion."""
    level, depth = [raw], 0
    while level:
        depth += 1
        level = [
            inner
            for value in level
            for inner in (value.values() if isinstance(value, dict) else value)
            if isinstance(inner, dict | list)
        ]
    return depth


def _outside(value: Any, where: str) -> Iterator[Problem]:
    """Integers that TOML has not, and arrays and tables of more members than anybody writes."""
    if isinstance(value, Mapping | list) and len(value) > _MOST_MEMBERS:
        yield Problem("too-large", where or "file", f"{len(value):,} entries", f"at most {_MOST_MEMBERS:,}")
        return
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _outside(inner, f"{where}.{key}" if where else str(key))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from _outside(inner, f"{where}[{i}]")
    elif isinstance(value, int) and not -_MOST - 1 <= value <= _MOST:
        given = f"an integer of {value.bit_length()} bits"  # its digits may be too many to write
        yield Problem("out-of-range", where, given, "an integer of at most 64 bits")
