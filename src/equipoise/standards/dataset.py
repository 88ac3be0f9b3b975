"""Dataset: a table as SDTM and ADaM know it, with the metadata that its file and Define-XML need. A plain value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

import numpy as np

#: What a variable holds. Dates travel as text (ISO 8601) in SDTM and as days since 1960-01-01 in ADaM ('date').
Kind = Literal["text", "integer", "float", "date"]
#: Day 0 of SAS dates.
SAS_EPOCH = date(1960, 1, 1)


def sas_date(day: date) -> float:
    """Days since 1960-01-01."""
    return float((day - SAS_EPOCH).days)


#: How a cell begins that a spreadsheet takes for a formula.
FORMULAS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable: name and label (at most 8 and 40 characters in a transport file), kind, length [bytes] of a text.

    ``origin`` is Define-XML's (Collected, Derived, Assigned, Protocol, Predecessor); ``method`` says how a derived one is derived,
    or names the variable that a copy is of;
    ``codelist`` names its terms, ``core`` is Req, Exp or Perm; ``comment`` is Define-XML's.
    """

    name: str
    label: str = ""
    kind: Kind = "text"
    length: int | None = None
    codelist: str = ""
    origin: str = ""
    method: str = ""
    core: str = ""
    key: int | None = None
    comment: str = ""


@dataclass(frozen=True)
class Dataset:
    """Records by column, each as long as ``n``.

    A text column is a sequence of ``str`` ('' is missing); the others are float64 arrays (NaN is missing).
    """

    name: str
    label: str
    variables: tuple[Variable, ...]
    columns: Mapping[str, Sequence[Any] | np.ndarray] = field(repr=False)

    @property
    def n(self) -> int:
        """How many records."""
        return len(self.columns[self.variables[0].name]) if self.variables else 0

    def has(self, name: str) -> bool:
        """True where the dataset has this variable."""
        return name in self.columns

    def text(self, name: str) -> Sequence[str]:
        """A text column; empty texts where the dataset has no such variable."""
        return self.columns[name] if name in self.columns else [""] * self.n  # type: ignore[return-value]

    def rows(self) -> Iterator[dict[str, Any]]:
        """Records one by one, as tables of variable → value."""
        names = [v.name for v in self.variables]
        for values in zip(*(self.columns[name] for name in names), strict=True):
            yield dict(zip(names, values, strict=True))
