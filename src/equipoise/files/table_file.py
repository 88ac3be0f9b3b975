"""Real patients from a table: CSV rows into the log, through the mapping stated in the trial file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

from equipoise.conduct.conduct import Conduct, Refused
from equipoise.files.formats.decimals import Decimals
from equipoise.files.formats.text_table import opened
from equipoise.files.table_problems import Cells
from equipoise.files.table_rows import Record, TableRows
from equipoise.trial.check import near
from equipoise.trial.dialect import FOUND_OUT, Dialect
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.table import TableMapping
from equipoise.trial.trial import Trial

#: On one day, randomisation comes first and death last.
_FIRST = {"randomised": 0, "died": 2}
_NAMES_OF_ROWS = "an unquoted separator in a cell, or R's names of rows without a header: write.csv gives them one"


@dataclass(frozen=True)
class FromTable:
    """The patients of a table, and what was found out of how its file is written."""

    conduct: Conduct
    notes: Sequence[str]


@dataclass(frozen=True)
class Sheet:
    """A table's header and rows as texts without blanks around them, by the line on which each begins."""

    header: Sequence[str]
    rows: Sequence[tuple[int, Mapping[str, str]]]
    separator: str
    notes: Sequence[str]


def log_from_table(trial: Trial, path: Path, recorded: datetime | None = None, by: str = "table") -> Conduct:
    """``read_table`` without its notes."""
    return read_table(trial, path, recorded, by).conduct


def read_table(
    trial: Trial, path: Path, recorded: datetime | None = None, by: str = "table", dialect: Dialect = FOUND_OUT
) -> FromTable:  # fmt: skip
    """A log with the events of a table, in the order of the days on which they happened.

    ``recorded`` is when the table came in; without it the last day in the table stands, so that the same table gives
    the same log. ``dialect`` states how the file is written, before the trial file's own word. Raises BadInput with every problem of
    the table, in the order of its rows; nothing is half taken.
    """
    if trial.table is None:
        allowed = "a [table] in the trial file that maps the columns"
        raise BadInput(trial.id, [Problem("no-table", "table", "nothing", allowed)])
    mapping, cells = trial.table, Cells()
    stated = dialect.over(mapping.dialect)
    sheet = read_sheet(path, stated, mapped_columns(mapping), cells)
    problems = list(column_problems(mapping, sheet.header))
    times = [c for rule in mapping.rules if (c := rule.time) is not None]
    decimals = Decimals.of((row.get(c, "") for _, row in sheet.rows for c in times), sheet.separator, stated.decimal)
    rows = TableRows(trial, mapping, sheet.header, decimals, cells, _today())
    records = [record for number, row in sheet.rows for record in rows.read(number, row)]
    if not sheet.rows and not cells and not problems:
        problems.append(Problem("empty-table", "table", "no rows", "at least one patient"))
    conduct = _conducted(trial, records, path, recorded, by, cells) if records else None
    problems += cells.in_order(sheet.header)
    if problems or conduct is None:
        raise BadInput(str(path), problems)
    comma = [f"{path.name}: numbers have a decimal comma."] if decimals.found else []
    return FromTable(conduct, [*sheet.notes, *comma])


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


def mapped_columns(mapping: TableMapping) -> list[str]:
    """The columns that the mapping names."""
    wanted = [mapping.patient, mapping.arm, *([mapping.randomised] if mapping.randomised else [])]
    for rule in mapping.rules:
        wanted += [*rule.when, *(c for c in (rule.time, rule.day) if c)]
    return list(dict.fromkeys(wanted))


def column_problems(mapping: TableMapping, header: Sequence[str]) -> Iterable[Problem]:
    """Columns that the mapping names and the header has not, and names that stand in the header twice."""
    for c in mapped_columns(mapping):
        if c not in header:
            named = [name for name in header if name]
            same = next((name for name in named if name.casefold() == c.casefold()), None)
            step = near(c, named) if same is None else f"did you mean {same!r}?"
            yield Problem(
                "missing-column", f"column {c}", "not in the table", f"columns: {', '.join(named) or 'none'}", step
            )
    for c in sorted({c for c in header if c and list(header).count(c) > 1}):
        yield Problem("column-twice", f"column {c}", "more than once in the header", "each column once")


def _conducted(
    trial: Trial, records: Sequence[Record], path: Path, recorded: datetime | None, by: str, cells: Cells
) -> Conduct:
    """The records as events of a log. What is impossible in a trial is a problem of its row."""
    moment = recorded or datetime.combine(max(r.on for r in records), time(0), UTC)
    conduct = Conduct.open(trial, moment, by, why=f"taken from {path.name}")
    out: set[str] = set()
    for r in sorted(records, key=lambda r: (r.on, _FIRST.get(r.kind, 1), r.row)):
        if r.patient in out:
            continue  # what follows a randomisation that is refused says nothing new
        try:
            conduct.order(r.kind, r.on, moment, by, patient=r.patient, data=r.data, source=f"{path.name}, row {r.row}")
        except Refused as refused:
            for p in refused.problems:
                cells.row(r.row, p.code, p.given, p.allowed, p.next_step, p.where)
            out |= {r.patient} if r.kind == "randomised" else set()
    return conduct


def _today() -> date:
    return datetime.now(UTC).date()
