"""Real patients from a table: CSV rows into the log, through the mapping stated in the trial file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

from equipoise.conduct.conduct import Conduct, Refused
from equipoise.files.one_table import OneTable
from equipoise.files.table_deaths import after_what_is_known
from equipoise.files.table_people import People
from equipoise.files.table_problems import Cells
from equipoise.files.table_rows import Record, Taken
from equipoise.standards.definition import Definition
from equipoise.trial.check import near
from equipoise.trial.dialect import FOUND_OUT, Dialect
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.table import TableMapping, row_of
from equipoise.trial.trial import Trial

#: On one day, randomisation comes first, after what belongs to it, and death last.
_FIRST = {"screened": -2, "enrolled": -1, "randomised": 0, "died": 2}


@dataclass(frozen=True)
class FromTable:
    """The patients of a table, and what was found out of how its file is written."""

    conduct: Conduct
    notes: Sequence[str]


def log_from_table(trial: Trial, path: Path, recorded: datetime | None = None, by: str = "table") -> Conduct:
    """``read_table`` without its notes."""
    return read_table(trial, path, recorded, by).conduct


def read_table(
    trial: Trial, path: Path, recorded: datetime | None = None, by: str = "table", dialect: Dialect = FOUND_OUT,
    defined: Definition | None = None,
) -> FromTable:  # fmt: skip
    """A log with the events of a table, in the order of the days on which they happened.

    ``recorded`` is when the table came in; without it the last day in the table stands, so that the same table gives
    the same log. ``dialect`` states how the file is written, before the trial file's own word; of the columns that
    the mapping names, ``defined`` says what they may hold. Raises BadInput with every problem of
    the table, in the order of its rows; nothing is half taken.
    """
    if trial.table is None:
        allowed = "a [table] in the trial file that maps the columns"
        raise BadInput(trial.id, [Problem("no-table", "table", "nothing", allowed)])
    mapping = trial.table
    problems = list(_of_the_trial(trial, mapping))
    if problems:
        raise BadInput(trial.id, problems)
    tables = OneTable.all_of(mapping, path, dialect.over(mapping.dialect), _today())
    main = tables[0]
    if defined is not None and not [t for t in tables if t.hold_against(defined)]:
        names, files = ", ".join(defined.datasets), ", ".join(t.name for t in tables)
        main.problems.append(
            Problem("not-defined", "--define", names, f"a document that defines {files}, by file or by name")
        )
    people = People(trial, mapping, main.reader).place(main.rows)
    taken = Taken()
    found = [record for table in tables for record in table.records(trial, people, taken)]
    records = list(after_what_is_known(found, {t.file: t.mapping for t in tables}))
    if not main.rows and not main.cells and not main.problems:
        main.problems.append(Problem("empty-table", "table", "no rows", "at least one patient"))
    conduct = _conducted(trial, records, path, recorded, by, {t.file: t.cells for t in tables}) if records else None
    problems = [p for table in tables for p in table.told(people)]
    if problems or conduct is None:
        raise BadInput(str(path), problems)
    return FromTable(conduct, [note for table in tables for note in table.notes(people)])


def _conducted(
    trial: Trial, records: Sequence[Record], path: Path, recorded: datetime | None, by: str, cells: Mapping[str, Cells]
) -> Conduct:
    """The records as events of a log. What is impossible in a trial is a problem of its row."""
    moment = recorded or datetime.combine(max(map(_last, records)), time(0), UTC)
    conduct = Conduct.open(trial, moment, by, why=f"taken from {path.name}")
    out: set[str] = set()
    for r in sorted(records, key=lambda r: (r.on, _FIRST.get(r.kind, 1), r.row)):
        if r.patient in out:
            continue  # what follows a randomisation that is refused says nothing new
        source = row_of(r.file or path.name, r.row)
        try:
            conduct.order(r.kind, r.on, moment, by, patient=r.patient, data=r.data, source=source)
        except Refused as refused:
            for p in refused.problems:
                cells[r.file].row(r.row, p.code, p.given, p.allowed, p.next_step, p.where)
            out |= {r.patient} if r.kind in ("randomised", "enrolled") else set()
    return conduct


def _last(record: Record) -> date:
    """The last day that a record tells of."""
    until = record.data.get("until")
    return record.on if until is None else max(record.on, date.fromisoformat(until))


def _of_the_trial(trial: Trial, mapping: TableMapping) -> Iterable[Problem]:
    """What the mapping lacks for this trial, or has too much."""
    if mapping.arm is None and len(trial.arms) > 1:
        yield Problem(
            "missing", "table.arm", "nothing", f"the column with the arm, one of {', '.join(trial.arm_by_name)}"
        )
    known = [f.name for f in trial.recorded_factors]
    for name in mapping.factors:
        if name not in known:
            allowed = f"a factor of [randomisation] or of [[markers]]: {', '.join(known) or 'none is defined'}"
            yield Problem("unknown-factor", f"table.factors.{name}", repr(name), allowed, near(name, known))
    if mapping.factors:
        for factor in trial.factors:
            if factor.name not in mapping.factors:
                allowed = "a column for each stratification factor, where any is given"
                yield Problem("missing", f"table.factors.{factor.name}", "nothing", allowed)


def _today() -> date:
    return datetime.now(UTC).date()
