"""Record: one row of a domain, read value by value, which says where it stands."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from equipoise.standards.dataset import Dataset
from equipoise.standards.sdtm.notes import Notes
from equipoise.trial.partial_date import NoYearError, PartialDate

#: Few days, and each on many records: read once.
_parsed = lru_cache(maxsize=8192)(PartialDate.parse)


@dataclass(frozen=True, slots=True)
class Record:
    """One row. ``row`` counts from 1 in its dataset."""

    domain: str
    row: int
    values: Mapping[str, Any]

    @property
    def subject(self) -> str:
        """USUBJID."""
        return self.text("USUBJID")

    @property
    def key(self) -> str:
        """What names the record within its subject: 'RSSEQ=9'; the row where there is no sequence number."""
        name = f"{self.domain}SEQ"
        found = self.text(name)
        return f"{name}={found}" if found else f"row {self.row}"

    def source(self, variable: str) -> str:
        """As an event names it: 'RS.RSSTRESC[RSSEQ=9]'."""
        return f"{self.domain}.{variable}[{self.key}]"

    def where(self, variable: str) -> str:
        """As a problem names it, with the subject."""
        return f"{self.domain}.{variable}[{self.subject or 'no subject'}, {self.key}]"

    @property
    def example(self) -> str:
        """As a list of what was left names it."""
        return f"{self.subject}, {self.key}"

    def text(self, name: str) -> str:
        """A value as text; '' is missing, a whole number has no decimals."""
        value = self.values.get(name)
        if value is None:
            return ""
        return value.strip() if value.__class__ is str else _written(value)

    def code(self, *names: str) -> str:
        """The first of several values that is there, in capitals: controlled terms are."""
        for name in names:
            found = self.text(name)
            if found:
                return found.upper()
        return ""

    def number(self, name: str, notes: Notes) -> float | None:
        """A value as a number; None is missing, and a text that is none is a problem."""
        text = self.text(name)
        if not text:
            return None
        try:
            found = float(text)
        except ValueError:
            found = math.nan
        if not math.isfinite(found):
            notes.problem("not-a-number", self.where(name), repr(text), "a number")
            return None
        return found

    def date(self, name: str, notes: Notes) -> PartialDate | None:
        """A date as far as it is known; None is missing. A date without a year is left out, and what is no date is a problem."""
        text = self.text(name)
        if not text:
            return None
        try:
            return _parsed(text)
        except NoYearError as error:
            notes.left_once(self.domain, name, f"{error} says no day: left out", f"{self.example}: {text}")
        except ValueError as error:
            notes.problem("not-a-date", self.where(name), repr(text), str(error))
        return None

    def flag(self, name: str, notes: Notes) -> bool | None:
        """'Y' or 'N' as True or False; None is missing ('U' too)."""
        code = self.code(name)
        if code not in ("", "Y", "N", "U", "NA"):
            notes.problem("not-a-flag", self.where(name), repr(code), "Y, N, U, NA or nothing")
        return {"Y": True, "N": False}.get(code)


def _written(value: Any) -> str:
    """A number as text: a whole one has no decimals."""
    if isinstance(value, str):
        return value.strip()
    number = float(value)
    if math.isnan(number):
        return ""
    return str(int(number)) if math.isfinite(number) and number == int(number) else repr(number)


class _Written(dict[float, str]):
    """Numbers as texts, each worked out once."""

    def __missing__(self, value: float) -> str:
        text = self[value] = _written(value)
        return text


def records(domain: str, piece: Dataset, after: int) -> Iterator[Record]:
    """The records of a piece, of which ``after`` stand before it; a column of numbers is made text as a whole."""
    columns = []
    for v in piece.variables:
        column = piece.columns[v.name]
        if v.kind != "text":
            texts = _Written()
            column = ["" if x != x else texts[x] for x in np.asarray(column).tolist()]
        columns.append(column)
    names = [v.name for v in piece.variables]
    for row, values in enumerate(zip(*columns, strict=True), after + 1):
        yield Record(domain, row, dict(zip(names, values, strict=True)))
