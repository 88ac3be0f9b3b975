"""What a transport file, and a submission, asks of a dataset: checked before a byte is written, all problems at once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from equipoise.files.formats.ibm_float import LARGEST, SMALLEST
from equipoise.files.formats.piece import Trouble, shown
from equipoise.standards.dataset import Dataset, Variable

_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,7}", re.ASCII)
LONGEST_LABEL = 40
LONGEST_TEXT = 200


@dataclass
class Measure:
    """One pass over the pieces: how many records, the longest text of each variable [bytes], and who ends in blank records."""

    first: Dataset | None = None
    n: int = 0
    longest: dict[str, int] = field(default_factory=dict)
    blank_end: bool = False

    def take(self, piece: Dataset, trouble: Trouble, transport: bool) -> None:
        """Take in a piece, and what is wrong with its values."""
        if self.first is None:
            self.first = piece
            _check_shape(piece, trouble)
        for v in piece.variables:
            column = piece.columns[v.name]
            if len(column) != piece.n:
                trouble.add("ragged-column", v.name, f"{len(column)} values", f"{piece.n}, as in the first variable")
            elif v.kind == "text":
                self._texts(v, column, trouble, transport)
            else:
                _numbers(v, np.asarray(column, dtype=np.float64), self.n, trouble, transport)
        self.n += piece.n
        if piece.n:
            self.blank_end = all(v.kind == "text" and not piece.columns[v.name][-1].strip(" ") for v in piece.variables)

    def _texts(self, v: Variable, column: Iterable[Any], trouble: Trouble, transport: bool) -> None:
        for text in set(column):
            if not isinstance(text, str):
                trouble.add("wrong-type", v.name, shown(text), "a text")
                continue
            size = len(text.encode(errors="surrogatepass"))
            self.longest[v.name] = max(self.longest.get(v.name, 0), size)
            if not transport:
                continue
            if not text.isascii() or "\0" in text:
                trouble.add("not-ascii", v.name, shown(text), "ASCII: transport files do not say their encoding")
            if size > LONGEST_TEXT:
                trouble.add(
                    "text-too-long",
                    v.name,
                    f"{size} bytes",
                    f"at most {LONGEST_TEXT}",
                    "split it, or write Dataset-JSON",
                )
            if text != text.rstrip(" "):
                trouble.add("trailing-blanks", v.name, shown(text), "no blanks at the end: the file cannot hold them")
            if v.length is not None and size > v.length:
                trouble.add("text-too-long", v.name, f"{size} bytes", f"at most {v.length}, its length")


def _numbers(v: Variable, values: np.ndarray, done: int, trouble: Trouble, transport: bool) -> None:
    wrong = np.isinf(values)
    if transport:
        size = np.abs(values)
        wrong |= (size > LARGEST) | ((size < SMALLEST) & (size > 0))
    for i in np.flatnonzero(wrong)[:3]:
        trouble.add(
            "number-out-of-range",
            f"record {done + i + 1}.{v.name}",
            str(values[i]),
            f"0, or {SMALLEST:.0e} to {LARGEST:.0e}",
        )
    if v.kind in ("integer", "date"):
        for i in np.flatnonzero(~wrong & ~np.isnan(values) & (values != np.floor(values)))[:3]:
            trouble.add(
                "not-an-integer", f"record {done + i + 1}.{v.name}", str(values[i]), f"a whole number: it is {v.kind}"
            )


def _check_shape(dataset: Dataset, trouble: Trouble) -> None:
    names = [v.name for v in dataset.variables]
    if not names:
        trouble.add("no-variables", dataset.name, "none", "at least one variable")
    for name in sorted({n for n in names if names.count(n) > 1}):
        trouble.add("variable-twice", name, "more than once", "each name once")


def check_transport(dataset: Dataset, trouble: Trouble) -> None:
    """Names and labels as a transport file holds them."""
    for what, name, label in (
        ("dataset", dataset.name, dataset.label),
        *(("", v.name, v.label) for v in dataset.variables),
    ):
        where = f"{what} {name}".strip()
        if not _NAME.fullmatch(name):
            trouble.add("bad-name", where, shown(name), "1 to 8 of A–Z, 0–9 and _, a letter first")
        if len(label) > LONGEST_LABEL:
            trouble.add("label-too-long", where, f"{len(label)} characters", f"at most {LONGEST_LABEL}: {shown(label)}")
        if not label.isascii() or any(ord(c) < 32 for c in label):
            trouble.add("not-ascii", where, shown(label), "a label in ASCII")
    for v in dataset.variables:
        if v.kind == "text" and v.length is not None and not 1 <= v.length <= LONGEST_TEXT:
            trouble.add("bad-length", v.name, str(v.length), f"1 to {LONGEST_TEXT} bytes")
