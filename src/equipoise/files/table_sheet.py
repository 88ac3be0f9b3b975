"""A table as its file has it: the header, and rows of texts; and whether it has the columns that the mapping names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from equipoise.files.formats.text_table import opened
from equipoise.files.table_problems import Cells
from equipoise.trial.check import near
from equipoise.trial.dialect import Dialect
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.table import Rows

_NAMES_OF_ROWS = "an unquoted separator in a cell, or R's names of rows without a header: write.csv gives them one"


@dataclass(frozen=True)
class Sheet:
    """A table's header and rows as texts without blanks around them, by the line on which each begins."""

    header: Sequence[str]
    rows: Sequence[tuple[int, Mapping[str, str]]]
    separator: str
    notes: Sequence[str]


def read_sheet(path: Path, dialect: Dialect, wanted: Sequence[str], problems: Cells) -> Sheet:
    """All rows of a table; those with too many or too few cells are problems. Raises BadInput for a file that cannot be read."""
    rows: list[tuple[int, Mapping[str, str]]] = []
    with opened(path, dialect, wanted) as table:
        if not table.header:
            raise BadInput(
                str(path), [Problem("empty-table", "table", "an empty file", "a header, and a row a patient")]
            )
        twice = {c for c in table.header if table.header.count(c) > 1}  # which of them is meant nobody can say
        for row in table.filled:
            if len(row.cells) == len(table.header):
                cells = zip(table.header, (c.strip() for c in row.cells), strict=True)
                rows.append((row.line, {name: cell for name, cell in cells if name not in twice}))
            else:
                many = f"{len(row.cells)} cell{'s' if len(row.cells) > 1 else ''}"
                step = _NAMES_OF_ROWS if len(row.cells) == len(table.header) + 1 else ""
                problems.combination(row.line, "ragged-row", many, f"{len(table.header)}, as in the header", step)
        return Sheet(table.header, rows, table.separator, table.notes)


def column_problems(mapping: Rows, header: Sequence[str]) -> Iterable[Problem]:
    """Columns that the mapping names and the header has not, and names that stand in the header twice."""
    for c in mapping.named_columns:
        if c not in header:
            named = [name for name in header if name]
            same = next((name for name in named if name.casefold() == c.casefold()), None)
            step = near(c, named) or _one_column(c, named) if same is None else f"did you mean {same!r}?"
            yield Problem(
                "missing-column", f"column {c}", "not in the table", f"columns: {', '.join(named) or 'none'}", step
            )
    for c in sorted({c for c in header if c and list(header).count(c) > 1}):
        yield Problem("column-twice", f"column {c}", "more than once in the header", "each column once")


def _one_column(wanted: str, named: Sequence[str]) -> str:
    """What a header of one column may be, where it is not what was wanted."""
    if len(named) != 1:
        return ""
    if wanted in named[0].split():
        return "columns are separated by blanks? --separator blank"
    if not named[0][0].isalnum():
        return f"a comment? state comment = {named[0][0]!r} under [table]"
    return "a line before the header? the header is the first line"
