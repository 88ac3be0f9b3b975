"""What the formats share: pieces of a dataset, the problems of a file, texts and days."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import numpy as np

from equipoise.standards.dataset import Dataset, Variable
from equipoise.trial.problem import BadInput, Problem

#: Records in a piece, unless told: some tens of megabytes at most.
CHUNK = 20_000

#: SAS counts days and seconds from here; it is also our 'created' unless one is given, so that bytes can be reproduced.
EPOCH = datetime(1960, 1, 1)  # noqa: DTZ001 - the files hold no zone

#: Problems kept of one file: a file of a million bad rows is bad at the hundredth.
_KEPT = 100

#: A source of pieces that can be gone through more than once.
Source = Callable[[], Iterable[Dataset]]


class Trouble:
    """Problems of one file, gathered; the first hundred are kept and the rest counted."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.problems: list[Problem] = []
        self._more = 0

    def add(self, code: str, where: str, given: str, allowed: str, next_step: str = "") -> None:
        """One more problem."""
        if len(self.problems) < _KEPT:
            self.problems.append(Problem(code, where, given, allowed, next_step))
        else:
            self._more += 1

    def check(self) -> None:
        """Raise what was gathered, if anything."""
        if self._more:
            self.problems.append(Problem("more-problems", "file", f"{self._more} further problems", "none"))
        if self.problems:
            raise BadInput(self.source, self.problems)


def bad(source: str, code: str, where: str, given: str, allowed: str, next_step: str = "") -> BadInput:
    """One problem after which a file cannot be read on."""
    return BadInput(source, [Problem(code, where, given, allowed, next_step)])


def shown(value: object) -> str:
    """A value as a problem shows it: quoted, and short."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # an integer of thousands of digits, lists in lists without end
        text = f"{type(value).__name__} too large to show"
    return text if len(text) <= 60 else text[:57] + "…"


def encodable(text: str) -> bool:
    """True of a text that UTF-8 can carry: JSON may write half a character of UTF-16, which nothing else takes."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def check_names(trouble: Trouble, names: Sequence[str]) -> None:
    """Every variable has a name, and its own; case makes no difference."""
    seen: dict[str, int] = {}
    for i, name in enumerate(names, start=1):
        if not name:
            trouble.add("no-name", f"variable {i}", "no name", "a name for every variable")
        elif name.upper() in seen:
            trouble.add(
                "variable-twice", f"variable {i}", shown(name), f"each name once; variable {seen[name.upper()]} has it"
            )
        seen.setdefault(name.upper(), i)


def joined(pieces: Iterable[Dataset]) -> Dataset:
    """One dataset from its pieces, in their order (at least one)."""
    taken = list(pieces)
    first = taken[0]
    if len(taken) == 1:
        return first
    columns: dict[str, Any] = {}
    for v in first.variables:
        parts = [p.columns[v.name] for p in taken]
        columns[v.name] = [x for part in parts for x in part] if v.kind == "text" else np.concatenate(parts)
    return replace(first, columns=columns)


def united(name: str, parts: Sequence[Dataset]) -> Dataset:
    """One dataset from the parts of a split one; a variable that a part does not have is missing there.

    Raises BadInput where a variable is a text in one part and a number in another.
    """
    if len(parts) == 1:
        return parts[0]
    variables: dict[str, Variable] = {}
    for v in (v for part in parts for v in part.variables):
        known = variables.setdefault(v.name, v)
        if (known.kind == "text") != (v.kind == "text"):
            given = f"{known.kind} in one part of {name}, {v.kind} in another"
            raise bad(name, "wrong-type", v.name, given, "the same in all parts of a split domain")
    columns: dict[str, Any] = {}
    for v in variables.values():
        own = [p.columns.get(v.name, [""] * p.n if v.kind == "text" else np.full(p.n, np.nan)) for p in parts]
        columns[v.name] = [x for part in own for x in part] if v.kind == "text" else np.concatenate(own)
    return Dataset(name, parts[0].label, tuple(variables.values()), columns)


def pieces_of(dataset: Dataset, chunk: int = CHUNK) -> Iterator[Dataset]:
    """A dataset in pieces of ``chunk`` records; one empty piece where it has none."""
    for start in range(0, max(dataset.n, 1), chunk):
        yield replace(dataset, columns={k: c[start : start + chunk] for k, c in dataset.columns.items()})


def empty_columns(variables: Sequence[Variable]) -> dict[str, Any]:
    """Columns without records."""
    return {v.name: [] if v.kind == "text" else np.empty(0) for v in variables}


class Days(dict[str, float]):
    """ISO 8601 days as days since 1960-01-01; remembers what it has read. Anything else raises ValueError."""

    _PATTERN = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

    def __missing__(self, text: str) -> float:
        if not self._PATTERN.fullmatch(text):
            raise ValueError(text)
        value = float((date.fromisoformat(text) - EPOCH.date()).days)
        self[text] = value
        return value


class Numbers(dict[str, float]):
    """Decimal numbers as floats; remembers what it has read. No 'nan', 'inf', blanks or underscores: ValueError."""

    _PATTERN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)

    def __missing__(self, text: str) -> float:
        if not self._PATTERN.fullmatch(text):
            raise ValueError(text)
        value = float(text)
        if not np.isfinite(value):
            raise ValueError(text)
        self[text] = value
        return value


class Commas(Numbers):
    """Decimal numbers with a comma in the point's place; one with a point is none."""

    def __missing__(self, text: str) -> float:
        if "." in text:
            raise ValueError(text)
        value = self[text] = Numbers()[text.replace(",", ".", 1)]
        return value


def day_text(days: float) -> str:
    """Days since 1960-01-01 as ISO 8601; '' where missing. Raises ValueError where it is no day of a calendar."""
    if np.isnan(days):
        return ""
    if days != int(days):
        raise ValueError(days)
    try:
        return date.fromordinal(EPOCH.toordinal() + int(days)).isoformat()
    except OverflowError:
        raise ValueError(days) from None
