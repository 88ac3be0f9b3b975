"""What a Define-XML says of datasets: labels, types, lengths and terms of their variables; and what of the data it does not have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any

import numpy as np

from equipoise.standards.dataset import Dataset, Variable

#: Rows that are named of a value.
_NAMED = 5


@dataclass(frozen=True)
class Terms:
    """A codelist: its name, and each coded value with its decode ('' for none). A list kept elsewhere (a dictionary) has no terms."""

    name: str
    decodes: Mapping[str, str]
    numeric: bool = False

    def has(self, value: str) -> bool:
        """True for a value of the list; of a list of numbers, for any writing of the number."""
        if value in self.decodes or not self.decodes:
            return True
        number = _number(value) if self.numeric else None
        return number is not None and any(_number(term) == number for term in self.decodes)

    def step(self, value: str) -> str:
        """What may have been meant."""
        coded = next(
            (c for c, decode in self.decodes.items() if decode and decode.casefold() == value.casefold()), None
        )
        close = get_close_matches(value, self.decodes, n=1)
        meant = (
            coded
            or next((c for c in self.decodes if c.casefold() == value.casefold()), None)
            or (close[0] if close else None)
        )
        return f"did you mean {meant!r}?" if meant is not None else ""

    def __str__(self) -> str:
        listed = list(self.decodes)
        return f"{', '.join(listed[:12])}{', …' if len(listed) > 12 else ''}"


@dataclass(frozen=True)
class DefinedDataset:
    """A dataset as it is defined. ``file`` is '' where the document names none; ``mandatory`` are variables that it must have."""

    name: str
    label: str
    file: str
    variables: Mapping[str, Variable]
    terms: Mapping[str, Terms]
    mandatory: frozenset[str] = frozenset()

    def is_file(self, name: str) -> bool:
        """True of a file that the document names for this dataset, whatever its ending."""
        return bool(self.file) and _stem(self.file) == _stem(name)

    @property
    def by_column(self) -> Mapping[str, Variable]:
        """Column → its variable, whatever the column's case."""
        return _ByColumn(self)

    def variable(self, column: str) -> Variable | None:
        """What is said of a column, whatever its case; under the column's own name."""
        found = self.variables.get(column) or self.variables.get(column.upper())
        return None if found is None else replace(found, name=column)

    def terms_of(self, column: str) -> Terms | None:
        """The codelist of a column."""
        return self.terms.get(column) or self.terms.get(column.upper())


class _ByColumn(Mapping[str, Variable]):
    def __init__(self, defined: DefinedDataset) -> None:
        self._defined = defined

    def __getitem__(self, column: str) -> Variable:
        found = self._defined.variable(column)
        if found is None:
            raise KeyError(column)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._defined.variables)

    def __len__(self) -> int:
        return len(self._defined.variables)


@dataclass(frozen=True)
class Definition:
    """The datasets of a document, by name."""

    datasets: Mapping[str, DefinedDataset]

    def of(self, file: str) -> DefinedDataset | None:
        """The dataset that a file holds: the one whose file has this stem, else of this name, else of what stands before its first '_'."""
        stem = _stem(file)
        by_file = (d for d in self.datasets.values() if d.is_file(file))
        names = {name.casefold(): d for name, d in self.datasets.items()}
        return next(by_file, None) or names.get(stem) or names.get(stem.split("_")[0])


def with_definition(dataset: Dataset, defined: DefinedDataset | None) -> Dataset:
    """The dataset with the labels, lengths and formats that are defined, where its file had no place for them."""
    if defined is None:
        return dataset
    variables = []
    for v in dataset.variables:
        d = defined.variable(v.name)
        if d is None:
            variables.append(v)
            continue
        kind = d.kind if (v.kind == "text") == (d.kind == "text") else v.kind
        variables.append(
            replace(
                v,
                label=v.label or d.label,
                kind=kind,
                length=v.length or (d.length if kind == "text" else None),
                key=d.key,
            )
        )
    return replace(dataset, label=dataset.label or defined.label, variables=tuple(variables))


@dataclass
class Against:
    """Data held against their definition, piece by piece; ``notes`` say what it does not have."""

    defined: DefinedDataset
    _strange: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    _counts: dict[tuple[str, str], int] = field(default_factory=dict)
    _columns: Sequence[str] = ()
    _long: dict[str, int] = field(default_factory=dict)
    _seen: int = 0

    def take(self, piece: Dataset) -> None:
        """The next piece of the data."""
        self._columns = [v.name for v in piece.variables]
        for v in piece.variables:
            terms, known = self.defined.terms_of(v.name), self.defined.variable(v.name)
            texts = _texts(v, piece.columns[v.name])
            if terms is not None and terms.decodes:
                strange = {t for t in set(texts) if t and not terms.has(t)}
                for i, text in enumerate(texts) if strange else ():
                    if text in strange:
                        self._add(v.name, text, self._seen + i + 1)
            if known is not None and known.length and known.kind == "text":
                longest = max((len(t.encode()) for t in set(texts)), default=0)
                if longest > known.length:
                    self._long[v.name] = max(longest, self._long.get(v.name, 0))
        self._seen += piece.n

    def _add(self, name: str, text: str, record: int) -> None:
        self._counts[name, text] = self._counts.get((name, text), 0) + 1
        records = self._strange.setdefault((name, text), [])
        if len(records) < _NAMED:
            records.append(record)

    def fitted(self, dataset: Dataset) -> Dataset:
        """The dataset as it is defined, its texts as long as the longest value where that is longer."""
        found = with_definition(dataset, self.defined)
        sizes = {
            n: max(length, v.length or 0) for v in found.variables for n, length in self._long.items() if n == v.name
        }
        return replace(found, variables=tuple(replace(v, length=sizes.get(v.name, v.length)) for v in found.variables))

    def notes(self) -> Iterator[str]:
        """What stands in the data and not in the definition, and the other way about."""
        at = self.defined.name
        for (name, text), records in self._strange.items():
            terms, n = self.defined.terms_of(name), self._counts[name, text]
            assert terms is not None
            rows = f"record{'' if n == 1 else 's'} {', '.join(map(str, records))}{', …' if n > len(records) else ''}"
            step = terms.step(text)
            yield f"{at}.{name}: {text!r} is not in its codelist {terms.name} ({terms}); {rows}.{f' {step[0].upper()}{step[1:]}' if step else ''}"
        for name, longest in self._long.items():
            known = self.defined.variable(name)
            assert known is not None
            yield f"{at}.{name}: values of up to {longest} bytes; its length is defined as {known.length}."
        folded = {c.upper() for c in self._columns}
        more = [c for c in self._columns if self.defined.variable(c) is None]
        less = [n for n in self.defined.variables if n.upper() not in folded]
        if more:
            yield f"{at}: not defined: {', '.join(more)}."
        if less:
            must = [n for n in less if n in self.defined.mandatory]
            yield f"{at}: defined and not in the data: {', '.join(less)}{f'; mandatory are {chr(44).join(must)}' if must else ''}."


def _texts(v: Variable, column: Sequence[Any] | np.ndarray) -> Sequence[str]:
    if v.kind == "text":
        return column  # type: ignore[return-value]
    numbers = np.asarray(column, dtype=np.float64).tolist()
    return ["" if x != x else str(int(x)) if x == int(x) else repr(x) for x in numbers]


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _stem(file: str) -> str:
    return file.rsplit("/", 1)[-1].rsplit(".", 1)[0].casefold()
