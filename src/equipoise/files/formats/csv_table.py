"""CSV: a header and texts. What is a number or a day is told by the standard's metadata, never guessed from the cells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from equipoise.files.formats.decimals import Decimals
from equipoise.files.formats.piece import Commas, Days, Numbers, Trouble, bad, check_names, empty_columns, shown
from equipoise.files.formats.text_table import opened
from equipoise.standards.dataset import Dataset, Variable
from equipoise.standards.metadata import guess
from equipoise.trial.dialect import FOUND_OUT, Dialect


def pieces(
    path: Path,
    chunk: int,
    dialect: Dialect = FOUND_OUT,
    variables: Mapping[str, Variable] | None = None,
    notes: list[str] | None = None,
) -> Iterator[Dataset]:
    """The file in pieces of at most ``chunk`` records. Its dataset has the file's name.

    ``variables`` says what columns are; others are what the standards say of a variable of that name, or text. What was found out of
    how the file is written is added to ``notes``.
    """
    source, name = str(path), path.stem.upper()
    known = variables or {}
    with opened(path, dialect) as table:
        if not table.header:
            raise bad(source, "empty-file", "file", "nothing", "a header, then a line for each record")
        header = table.header
        trouble = Trouble(source)
        check_names(trouble, header)
        trouble.check()
        taken = tuple(known.get(n) or guess(name, n) for n in header)
        first, rows, lines = 1, [], []
        for row in table:
            if len(row.cells) != len(header):
                allowed = f"{len(header)}, as in the header"
                trouble.add("ragged-row", f"line {row.line}", f"{len(row.cells)} cells", allowed)
                continue
            rows.append(row.cells)
            lines.append(row.line)
            if len(rows) == chunk:
                yield _piece(name, taken, rows, lines, trouble, dialect.decimal)
                first, rows, lines = first + chunk, [], []
        if rows or first == 1:
            yield _piece(name, taken, rows, lines, trouble, dialect.decimal)
        trouble.check()
        if notes is not None:
            notes += [n for n in table.notes if n not in notes]


def _piece(
    name: str,
    variables: tuple[Variable, ...],
    rows: list[list[str]],
    lines: list[int],
    trouble: Trouble,
    decimal: str | None,
) -> Dataset:
    columns: dict[str, Any] = empty_columns(variables)
    for variable, cells in zip(variables, zip(*rows, strict=True), strict=False):
        columns[variable.name] = (
            list(cells) if variable.kind == "text" else _numbers(variable, cells, lines, trouble, decimal)
        )
        if any("\0" in c for c in set(cells)):
            trouble.add("control-character", variable.name, "a zero byte", "text")
    trouble.check()
    return Dataset(name, "", variables, columns)


def _numbers(
    variable: Variable, cells: tuple[str, ...], lines: list[int], trouble: Trouble, decimal: str | None
) -> np.ndarray:
    of_days, reader = variable.kind == "date", Decimals(decimal or ".")
    table: dict[str, float] = Days() if of_days else Commas() if decimal == "," else Numbers()
    table[""] = table["."] = np.nan
    try:
        return np.array([table[c] for c in cells])
    except ValueError:
        pass
    for line, cell in zip(lines, cells, strict=True):
        try:
            table[cell]
        except ValueError:
            code, allowed = ("not-a-date", "a day as YYYY-MM-DD") if of_days else ("not-a-number", "a number")
            step = "" if of_days else reader.hint(cell)
            trouble.add(code, f"line {line}.{variable.name}", shown(cell), f"{allowed}, or empty", step)
    return np.full(len(cells), np.nan)
