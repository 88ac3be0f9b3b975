"""CDISC Dataset-JSON 1.1, read as a stream: one object (.json), or a line a record (.ndjson, and compressed .dsjc).

Python's own scanner reads one record after the other out of a window on the file, so memory does not grow with it.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from equipoise.files.formats.deflated import Inflated
from equipoise.files.formats.piece import (
    EPOCH,
    Days,
    Numbers,
    Trouble,
    bad,
    check_names,
    empty_columns,
    encodable,
    shown,
)
from equipoise.standards.dataset import Dataset, Kind, Variable
from equipoise.trial.problem import BadInput

_WINDOW = 1 << 20
_SPACE = re.compile(r"[ \t\n\r]*")
#: A record or a header longer than this [characters] is nobody's: read, it would take some fifty times as much memory.
_LONGEST = 1 << 22
#: A piece ends when its records are longer than this together [characters], however few they are.
_PIECE = 1 << 24
#: No length and no key is larger.
_MOST = 2**31 - 1

#: dataType, targetDataType → what the variable holds.
_KINDS: dict[tuple[str, str], Kind] = {
    ("string", ""): "text", ("date", ""): "text", ("datetime", ""): "text", ("time", ""): "text", ("URI", ""): "text",
    ("integer", ""): "integer", ("float", ""): "float", ("double", ""): "float",
    ("decimal", ""): "float", ("decimal", "decimal"): "float",
    ("date", "integer"): "date", ("datetime", "integer"): "float", ("time", "integer"): "float",
}  # fmt: skip
_TYPES = ("string", "integer", "decimal", "float", "double", "boolean", "datetime", "date", "time", "URI")


def pieces(path: Path, chunk: int) -> Iterator[Dataset]:
    """The file in pieces of at most ``chunk`` records; one empty piece where it has none.

    The number of records is checked at the end: only a reader who got to the end has read a whole file.
    """
    try:
        yield from _object(path, chunk) if path.suffix.lower() == ".json" else _lines(path, chunk)
    except UnicodeDecodeError as error:
        raise bad(
            str(path),
            "encoding",
            "file",
            shown(error.object[error.start : error.start + 8]),
            "text in UTF-8, as Dataset-JSON is",
        ) from None


class _DuplicateError(ValueError):
    """A key that is there twice."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [k for k, _ in pairs]
        raise _DuplicateError(next(k for k in keys if keys.count(k) > 1))
    return found


def _constant(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_constant)


class _Window:
    """A window on a text file: values are read out of it, and it is moved on as needed."""

    def __init__(self, file: TextIO, source: str) -> None:
        self.file, self.source = file, source
        self.text, self.at, self.passed, self.ended = "", 0, 0, False

    def more(self) -> bool:
        """Take in more text; False at the end of the file."""
        if self.ended:
            return False
        # what is not yet understood doubles, so a long value is not scanned again and again
        read = self.file.read(max(_WINDOW, len(self.text) - self.at))
        self.passed += self.at
        self.text, self.at, self.ended = self.text[self.at :] + read, 0, not read
        return not self.ended

    def peek(self) -> str:
        """The next character that is no space; '' at the end."""
        while True:
            self.at = _SPACE.match(self.text, self.at).end()  # type: ignore[union-attr]
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.more():
                return ""

    def take(self, wanted: str) -> None:
        """Step over one character."""
        if (got := self.peek()) != wanted:
            raise self.wrong(shown(got) if got else "the end of the file", f"a {wanted!r}")
        self.at += 1

    def value(self) -> Any:
        """The next JSON value."""
        self.peek()
        while True:
            try:
                found, end = _DECODER.raw_decode(self.text, self.at)
            except _DuplicateError as twice:
                raise self.wrong(f"the key {shown(str(twice))} twice", "each key once") from None
            except RecursionError:
                raise self.wrong("brackets in brackets without end", "arrays of plain values") from None
            except ValueError as error:
                if len(self.text) - self.at > _LONGEST or not self.more():
                    raise self.wrong(str(error), "JSON") from None
                continue
            # a number at the window's edge may go on behind it
            if end < len(self.text) or self.ended or isinstance(found, str | list | dict):
                self.at = end
                return found
            self.more()

    def wrong(self, given: str, allowed: str) -> BadInput:
        """A problem at this place."""
        return bad(self.source, "not-json", f"character {self.passed + self.at}", given, allowed)


def _object(path: Path, chunk: int) -> Iterator[Dataset]:
    source = str(path)
    head: dict[str, Any] = {}
    skipped = False
    reader: _Records | None = None
    with path.open(encoding="utf-8-sig", newline="") as file:
        window = _Window(file, source)
        for key in _keys(window):
            if key in head:
                raise window.wrong(f"the key {shown(key)} twice", "each key once")
            if key != "rows":
                head[key] = window.value()
                continue
            head[key] = None
            if "columns" in head and "name" in head:
                reader = _Records(head, source)
                yield from reader.pieces(_rows(window), chunk)
            else:  # allowed, but then the file has to be gone through twice
                skipped = True
                for _ in _rows(window):
                    pass
        if window.peek():
            raise window.wrong(shown(window.peek()), "the end of the file")
    if skipped:
        reader = _Records(head, source)
        with path.open(encoding="utf-8-sig", newline="") as file:
            window = _Window(file, source)
            for key in _keys(window):
                if key == "rows":
                    yield from reader.pieces(_rows(window), chunk)
                else:
                    window.value()
    if reader is None:
        reader = _Records(head, source)
        yield from reader.pieces(iter(()), chunk)
    reader.check_end(head)


def _keys(window: _Window) -> Iterator[str]:
    """The keys of the object, each when its value comes next."""
    window.take("{")
    if window.peek() == "}":
        window.at += 1
        return
    while True:
        if window.peek() != '"':
            raise window.wrong(shown(window.peek()), "a key")
        key = window.value()
        window.take(":")
        yield key
        if window.peek() == "}":
            window.at += 1
            return
        window.take(",")


def _rows(window: _Window) -> Iterator[tuple[Any, int]]:
    """The records, each with its length [characters]."""
    window.take("[")
    if window.peek() == "]":
        window.at += 1
        return
    while True:
        begins = window.passed + window.at
        yield window.value(), window.passed + window.at - begins
        if window.peek() == "]":
            window.at += 1
            return
        window.take(",")


def _lines(path: Path, chunk: int) -> Iterator[Dataset]:
    source = str(path)
    with _opened(path) as file:
        lines = _values(file, source)
        head, _ = next(lines, (None, 0))
        if not isinstance(head, dict):
            raise bad(source, "not-json", "line 1", shown(head), "an object with the dataset's metadata")
        reader = _Records(head, source)
        yield from reader.pieces(lines, chunk)
        reader.check_end(head)


def _opened(path: Path) -> TextIO:
    if path.suffix.lower() == ".ndjson":
        return path.open(encoding="utf-8-sig", newline="\n")
    inflated = Inflated(path.open("rb"), str(path))
    return io.TextIOWrapper(io.BufferedReader(inflated), encoding="utf-8-sig", newline="\n")


def _values(file: TextIO, source: str) -> Iterator[tuple[Any, int]]:
    """The values, one a line, each with its length [characters]."""
    number = 0
    while line := file.readline(_LONGEST):
        number += 1
        if line.isspace():
            continue
        try:
            yield _DECODER.decode(line), len(line)
        except _DuplicateError as twice:
            raise bad(
                source, "not-json", f"line {number}", f"the key {shown(str(twice))} twice", "each key once"
            ) from None
        except (ValueError, RecursionError) as error:
            raise bad(source, "not-json", f"line {number}", str(error)[:80], "one JSON value a line") from None


class _Records:
    """The header, checked, and the records after it."""

    def __init__(self, head: dict[str, Any], source: str) -> None:
        self.source, self.count = source, 0
        trouble = Trouble(source)
        version = head.get("datasetJSONVersion")
        if not isinstance(version, str) or not re.fullmatch(r"1\.1(\.\d+)?", version):
            old = "clinicalData" in head or "referenceData" in head
            trouble.add(
                "dataset-json-version", "datasetJSONVersion", "version 1.0" if old else shown(version), "1.1",
            )  # fmt: skip
        for key, kind in (("name", str), ("label", str), ("columns", list), ("records", int), ("itemGroupOID", str)):
            value = head.get(key)
            # `records` may come behind the rows
            if (key in head or key != "records") and (not isinstance(value, kind) or isinstance(value, bool)):
                trouble.add("wrong-type" if key in head else "missing", key, shown(value), _WORDS[kind])
            elif isinstance(value, str) and not encodable(value):
                trouble.add("encoding", key, shown(value), "text that UTF-8 can carry")
        trouble.check()
        self.name, self.label = head["name"], head["label"]
        columns = head["columns"]
        self.takers: list[Callable[[Sequence[Any]], Any]] = []
        self.variables = tuple(self._variable(c, i, trouble) for i, c in enumerate(columns, start=1))
        if not self.name:
            trouble.add("no-name", "name", "nothing", "a name")
        if not columns:
            trouble.add("missing", "columns", "none", "at least one")
        trouble.check()
        check_names(trouble, [v.name for v in self.variables])
        trouble.check()

    def _variable(self, column: Any, number: int, trouble: Trouble) -> Variable:
        where = f"column {number}"
        if not isinstance(column, dict):
            trouble.add("wrong-type", where, shown(column), "an object")
            return Variable("")
        for attribute, wanted, needed in (
            ("itemOID", str, True), ("name", str, True), ("label", str, True), ("dataType", str, True), ("length", int, False),
            ("keySequence", int, False), ("targetDataType", str, False), ("displayFormat", str, False),
        ):  # fmt: skip
            value = column.get(attribute)
            if (needed or value is not None) and (not isinstance(value, wanted) or isinstance(value, bool)):
                trouble.add(
                    "wrong-type" if attribute in column else "missing",
                    f"{where}.{attribute}",
                    shown(value),
                    _WORDS[wanted],
                )
                return Variable("")
            if isinstance(value, str) and not encodable(value):
                trouble.add("encoding", f"{where}.{attribute}", shown(value), "text that UTF-8 can carry")
                return Variable("")
        pair: tuple[str, str] = column["dataType"], column.get("targetDataType") or ""
        if pair not in _KINDS:
            allowed = "no standard of CDISC has booleans" if pair[0] == "boolean" else f"one of {', '.join(_TYPES)}"
            trouble.add("unknown-type", f"{where}.dataType", shown(" → ".join(p for p in pair if p)), allowed)
            return Variable(column["name"])
        kind = _KINDS[pair]
        self.takers.append(_TAKERS.get(pair, _TAKERS.get((kind, ""), _numbers)))
        length, key = column.get("length"), column.get("keySequence")
        for at, number_given in (("length", length), ("keySequence", key)):
            if number_given is not None and not 1 <= number_given <= _MOST:
                trouble.add("out-of-range", f"{where}.{at}", shown(number_given), f"1 to {_MOST}")
        return Variable(column["name"], column["label"], kind, length if kind == "text" else None, key=key)

    def pieces(self, rows: Iterator[tuple[Any, int]], chunk: int) -> Iterator[Dataset]:
        """The records, checked, in pieces."""
        taken: list[Any] = []
        size = 0
        for row, length in rows:
            taken.append(row)
            size += length
            if len(taken) == chunk or size > _PIECE:
                yield self._piece(taken)
                taken, size = [], 0
        if taken or self.count == 0:
            yield self._piece(taken)

    def _piece(self, rows: list[Any]) -> Dataset:
        if not rows:
            return Dataset(self.name, self.label, self.variables, empty_columns(self.variables))
        trouble = Trouble(self.source)
        width = len(self.variables)
        for i, row in enumerate(rows, start=self.count + 1):
            if type(row) is not list or len(row) != width:
                given = f"{len(row)} values" if type(row) is list else shown(row)
                trouble.add("ragged-row", f"record {i}", given, f"an array of {width} values")
        trouble.check()
        columns: dict[str, Any] = {}
        for variable, taker, values in zip(self.variables, self.takers, zip(*rows, strict=True), strict=True):
            try:
                columns[variable.name] = taker(values)
            except (ValueError, TypeError, OverflowError):
                self._complain(variable, taker, values, trouble)
        trouble.check()
        self.count += len(rows)
        return Dataset(self.name, self.label, self.variables, columns)

    def _complain(
        self, variable: Variable, taker: Callable[[Sequence[Any]], Any], values: Sequence[Any], trouble: Trouble
    ) -> None:
        for i, value in enumerate(values, start=self.count + 1):
            try:
                taker([value])
            except (ValueError, TypeError, OverflowError):
                allowed = (
                    "text that UTF-8 can carry, or null" if variable.kind == "text" else f"{variable.kind}, or null"
                )
                trouble.add("wrong-type", f"record {i}.{variable.name}", shown(value), allowed)

    def check_end(self, head: dict[str, Any]) -> None:
        """The header's number of records is that of the file."""
        said = head.get("records")
        if not isinstance(said, int) or isinstance(said, bool):
            raise bad(self.source, "missing", "records", shown(said), "the number of records")
        if said != self.count:
            raise bad(self.source, "wrong-count", "records", str(said), f"{self.count}, as many as there are rows")


_WORDS = {str: "a text", int: "an integer", list: "an array"}


def _texts(values: Sequence[Any]) -> list[str]:
    kinds = set(map(type, values))
    if kinds - {str, type(None)}:
        raise TypeError
    found = list(values) if kinds == {str} else ["" if v is None else v for v in values]
    if not all(map(encodable, found)):
        raise ValueError("half a character of UTF-16")
    return found


def _numbers(values: Sequence[Any]) -> np.ndarray:
    if set(map(type, values)) - {int, float, type(None)}:
        raise TypeError
    numbers = np.array([np.nan if v is None else v for v in values], dtype=np.float64)
    if np.isinf(numbers).any():
        raise ValueError
    return numbers


def _integers(values: Sequence[Any]) -> np.ndarray:
    numbers = _numbers(values)
    known = numbers[~np.isnan(numbers)]
    if (known != np.floor(known)).any() or (np.abs(known) > 2**53).any():
        raise ValueError
    return numbers


def _decimals(values: Sequence[Any]) -> np.ndarray:
    table: dict[Any, float] = Numbers()
    return np.array([np.nan if v is None or v == "" else table[v] for v in values])


def _days(values: Sequence[Any]) -> np.ndarray:
    table: dict[Any, float] = Days()
    return np.array([np.nan if v is None or v == "" else table[v] for v in values])


def _moments(values: Sequence[Any]) -> np.ndarray:
    """Seconds since 1960-01-01, as SAS counts them."""

    def seconds(text: str) -> float:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            raise ValueError("a zone")
        return (moment - EPOCH).total_seconds()

    return np.array([np.nan if v is None or v == "" else seconds(v) for v in values])


def _times(values: Sequence[Any]) -> np.ndarray:
    """Seconds since midnight."""
    return _moments(["" if v is None or v == "" else f"1960-01-01T{v}" for v in values])


_TAKERS: dict[tuple[str, str], Callable[[Sequence[Any]], Any]] = {
    ("text", ""): _texts, ("integer", ""): _integers, ("decimal", ""): _decimals, ("decimal", "decimal"): _decimals,
    ("date", "integer"): _days, ("datetime", "integer"): _moments, ("time", "integer"): _times,
}  # fmt: skip
