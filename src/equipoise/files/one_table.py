"""One of the tables that are read together: its file, its mapping, its problems, and who is in it and in no other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from equipoise.files.formats.decimals import Decimals
from equipoise.files.table_cells import Reader
from equipoise.files.table_people import Person
from equipoise.files.table_problems import Cells
from equipoise.files.table_rows import Record, TableRows, Taken
from equipoise.files.table_sheet import Sheet, column_problems, read_sheet
from equipoise.standards.definition import Definition
from equipoise.trial.dialect import Dialect
from equipoise.trial.kinds import KINDS
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.table import Rows, TableMapping
from equipoise.trial.trial import Trial

#: Names that a note lists; of more it says how many.
_LISTED = 10
_NOTHING = Sheet((), (), ",", ())


@dataclass
class OneTable:
    """``file``: how problems name it; '' for the table that says who is in the trial. ``name`` is the file's."""

    mapping: Rows
    file: str
    name: str
    sheet: Sheet
    cells: Cells
    reader: Reader
    problems: list[Problem]
    _read: TableRows | None = None
    _twice: list[int] = field(default_factory=list)
    _undefined: list[str] = field(default_factory=list)

    @classmethod
    def all_of(cls, mapping: TableMapping, path: Path, dialect: Dialect, today: date) -> list[OneTable]:
        """The table and those joined to it. A joined one that cannot be read is empty, and that is its problem."""
        found = [cls.of(mapping, path, "", dialect, today)]
        for j in mapping.joined:
            try:
                found.append(cls.of(j, path.parent / j.file, j.file, j.dialect, today))
            except BadInput as bad:
                step = f"it is looked for beside {path.name}"
                problems = [Problem(p.code, p.where, p.given, p.allowed, p.next_step or step) for p in bad.problems]
                reader = Reader(j, Decimals(), Cells(), today)
                found.append(cls(j, j.file, j.file, _NOTHING, reader.problems, reader, problems))
        return found

    @classmethod
    def of(cls, mapping: Rows, path: Path, file: str, dialect: Dialect, today: date) -> OneTable:
        """The table in a file. Raises BadInput for one that cannot be read."""
        cells = Cells()
        sheet = read_sheet(path, dialect, mapping.named_columns, cells)
        numbers = (row.get(c, "") for _, row in sheet.rows for c in _numbers(mapping))
        decimals = Decimals.of(numbers, sheet.separator, dialect.decimal)
        problems = list(column_problems(mapping, sheet.header))
        return cls(mapping, file, path.name, sheet, cells, Reader(mapping, decimals, cells, today), problems)

    def hold_against(self, defined: Definition) -> bool:
        """Values of the mapped columns that their definition does not have are problems. False where it does not define this table."""
        own = defined.of(self.name)
        if own is None:
            return False
        for column in (c for c in self.mapping.named_columns if c in self.sheet.header):
            terms, v = own.terms_of(column), own.variable(column)
            self._undefined += [column] if v is None else []
            for number, row in self.rows:
                cell = row.get(column, "")
                if self.reader.missing(cell):
                    continue
                if terms is not None and not terms.has(cell):
                    allowed = f"a term of its codelist {terms.name}: {terms}"
                    self.cells.value(number, column, "not-in-codelist", cell, allowed, terms.step(cell))
                elif v is not None and v.kind in ("integer", "float"):
                    read = self.reader.decimals.read(cell)
                    if read is not None and (v.kind == "float" or read.is_integer()):
                        continue
                    allowed = f"a number: {column} is defined as {'an' if v.kind == 'integer' else 'a'} {v.kind}"
                    self.cells.cell(
                        number, column, "not-a-number", repr(cell), allowed, self.reader.decimals.hint(cell)
                    )
        return True

    @property
    def rows(self) -> Sequence[tuple[int, Mapping[str, str]]]:
        """Its rows, by their lines."""
        return self.sheet.rows

    def records(self, trial: Trial, people: Mapping[str, Person], taken: Taken) -> Iterator[Record]:
        """The events of its rows; of the table that says who is in the trial, first those of the day on which each came."""
        self._read = TableRows(trial, self.mapping, self.reader, people, taken, self.file)
        first = {p.first: p for p in people.values()} if isinstance(self.mapping, TableMapping) else {}
        seen: dict[tuple[str, ...], int] = {}
        for number, row in self.rows:
            before = seen.setdefault(tuple(row.values()), number)
            if before != number and isinstance(self.mapping, TableMapping):
                given = f"patient {row.get(self.mapping.patient, '')} again, in the same row"
                self.cells.row(number, "patient-twice", given, f"once; the first is row {before}")
                continue
            if before != number:
                self._twice.append(number)
            person = first.get(number)
            if person is not None and person.placed and person.origin is not None:
                for kind, data in person.start(trial, self.mapping):  # type: ignore[arg-type]
                    yield Record(number, person.name, kind, person.origin, data, self.file)
            yield from self._read.read(number, row)
        self._read.finish()

    def told(self, people: Mapping[str, Person]) -> Iterator[Problem]:
        """All its problems, those of its header first."""
        at = f"{self.file}, " if self.file else ""
        found = [*self.problems, *self.cells.in_order(self.sheet.header)]
        if self._read is not None and self._read.strangers and not self._read.seen and people:
            names = _some(list(self._read.strangers))
            allowed = f"patients of the trial, such as {_some(list(people)[:3])}: not one is in this table"
            found.append(Problem("no-patient-joined", f"column {self.mapping.patient}", names, allowed))
        for p in found:
            yield Problem(p.code, f"{at}{p.where}", p.given, p.allowed, p.next_step)

    def notes(self, people: Mapping[str, Person]) -> Iterator[str]:
        """How the file was read, and who is in one of the tables only."""
        yield from self.sheet.notes
        if self.reader.decimals.found:
            yield f"{self.name}: numbers have a decimal comma."
        if self._undefined:
            yield f"{self.name}: not defined: {', '.join(self._undefined)}."
        if not self.file or self._read is None:
            return
        if self._twice:
            rows = ", ".join(map(str, self._twice[:_LISTED])) + (", …" if len(self._twice) > _LISTED else "")
            yield f"{self.file}: rows that stand twice, each taken: {len(self._twice)}, row {rows}."
        if self._read.strangers:
            n = sum(map(len, self._read.strangers.values()))
            yield (
                f"{self.file}: left out, for the table of patients does not have them: {_some(list(self._read.strangers))}, "
                f"{n} row{'' if n == 1 else 's'}."
            )
        without = [name for name in people if name not in self._read.seen]
        if without:
            yield f"{self.file}: no row of {_some(without)}."


def _some(names: Sequence[str]) -> str:
    of = "patient" if len(names) == 1 else f"{len(names)} patients:"
    return f"{of} {', '.join(names[:_LISTED])}{', …' if len(names) > _LISTED else ''}"


def _numbers(mapping: Rows) -> list[str]:
    """Columns of numbers."""
    found = [rule.time for rule in mapping.rules]
    for rule in mapping.rules:
        found += [c for name, c in rule.columns.items() if int in KINDS[rule.event][name][0]]
    return [c for c in dict.fromkeys(found) if c is not None]
