"""CSV: a header and texts. What is a number or a day is told by the standard's metadata, never guessed from the cells."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from equipoise.files.formats.encodings import undecodable
from equipoise.files.formats.piece import Days, Numbers, Trouble, bad, check_names, empty_columns, shown
from equipoise.standards.dataset import Dataset, Variable
from equipoise.standards.metadata import guess


def pieces(
    path: Path, chunk: int, encoding: str = "utf-8-sig", variables: Mapping[str, Variable] | None = None
) -> Iterator[Dataset]:
    """The file in pieces of at most ``chunk`` records. Its dataset has the file's name.

    ``variables`` says what columns are; others are what the standards say of a variable of that name, or text.
    """
    source, name = str(path), path.stem.upper()
    known = variables or {}
    try:
        with path.open(encoding=encoding, newline="") as file:
            reader = csv.reader(file, strict=True)
            header = next(reader, None)
            if header is None:
                raise bad(source, "empty-file", "file", "nothing", "a header, then a line for each record")
            trouble = Trouble(source)
            check_names(trouble, header)
            trouble.check()
            taken = tuple(known.get(n) or guess(name, n) for n in header)
            first, rows, lines = 1, [], []
            for row in reader:
                if len(row) != len(header):
                    trouble.add(
                        "ragged-row", f"line {reader.line_num}", f"{len(row)} cells", f"{len(header)}, as in the header"
                    )
                    continue
                rows.append(row)
                lines.append(reader.line_num)
                if len(rows) == chunk:
                    yield _piece(name, taken, rows, lines, trouble)
                    first, rows, lines = first + chunk, [], []
            if rows or first == 1:
                yield _piece(name, taken, rows, lines, trouble)
            trouble.check()
    except UnicodeDecodeError as error:
        raise bad(source, "encoding", f"byte {error.start}", *undecodable(error)) from None
    except csv.Error as error:
        raise bad(source, "unreadable", f"line {reader.line_num}", str(error), "CSV with a header") from None


def _piece(
    name: str, variables: tuple[Variable, ...], rows: list[list[str]], lines: list[int], trouble: Trouble
) -> Dataset:
    columns: dict[str, Any] = empty_columns(variables)
    for variable, cells in zip(variables, zip(*rows, strict=True), strict=False):
        columns[variable.name] = list(cells) if variable.kind == "text" else _numbers(variable, cells, lines, trouble)
        if any("\0" in c for c in set(cells)):
            trouble.add("control-character", variable.name, "a zero byte", "text")
    trouble.check()
    return Dataset(name, "", variables, columns)


def _numbers(variable: Variable, cells: tuple[str, ...], lines: list[int], trouble: Trouble) -> np.ndarray:
    table: dict[str, float] = Days() if variable.kind == "date" else Numbers()
    table[""] = table["."] = table["NA"] = np.nan  # as SAS and R write a number that is missing
    try:
        return np.array([table[c] for c in cells])
    except ValueError:
        pass
    for line, cell in zip(lines, cells, strict=True):
        try:
            table[cell]
        except ValueError:
            allowed = "a day as YYYY-MM-DD, or empty" if variable.kind == "date" else "a number, or empty"
            trouble.add(
                "not-a-date" if variable.kind == "date" else "not-a-number",
                f"line {line}.{variable.name}",
                shown(cell),
                allowed,
            )
    return np.full(len(cells), np.nan)
