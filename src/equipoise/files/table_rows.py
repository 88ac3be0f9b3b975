"""Rows of a table → events to be, by the trial file's mapping; every cell that cannot be read is a problem of its row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from equipoise.files.table_cells import Reader
from equipoise.files.table_details import Details
from equipoise.files.table_people import Person
from equipoise.files.table_values import When
from equipoise.trial.assessment import INVESTIGATOR
from equipoise.trial.duration import DAYS_PER_MONTH
from equipoise.trial.table import ONCE, Rows, TableMapping, TableRule
from equipoise.trial.trial import Trial

_UNIT_DAYS = {"days": 1.0, "weeks": 7.0, "months": DAYS_PER_MONTH, "years": 365.25}
#: Of these each row is one of its own, alike as they may be.
_EACH = frozenset({"adverse event", "treated"})


@dataclass(frozen=True)
class Record:
    """One event to be: from which row of which file, of which patient, on which day."""

    row: int
    patient: str
    kind: str
    on: date
    data: Mapping[str, Any]
    file: str = ""


@dataclass
class Taken:
    """What was taken already of the patients, from whichever table: a long table says the same in several rows."""

    _first: dict[tuple[str, ...], Record] = field(default_factory=dict)

    def before(self, record: Record, alone: str) -> Record | None:
        """The record of another row that this one repeats or contradicts; None for one that is new.

        ``alone`` names the rule where a patient has one event by it.
        """
        if record.kind in _EACH:
            return None
        first = self._first.setdefault((record.patient, record.kind, *_apart(record, alone)), record)
        return None if (first.file, first.row) == (record.file, record.row) else first


def _apart(record: Record, alone: str) -> tuple[str, ...]:
    """What keeps a patient's records of one kind apart, where there may be several: the day; who assessed; all that is said."""
    if record.kind in ONCE:
        return ()
    if alone:
        return (alone,)
    if record.kind == "assessed":
        read = (record.data.get("assessor", INVESTIGATOR), record.data.get("baseline", False))
        return (record.on.isoformat(), *map(str, read))
    return (record.on.isoformat(), *(f"{k}={v}" for k, v in sorted(record.data.items())))


@dataclass
class TableRows:
    """Reads rows one after the other. ``people`` are those of the trial; rows of others are kept in ``strangers``."""

    trial: Trial
    mapping: Rows
    reader: Reader
    people: Mapping[str, Person]
    taken: Taken
    file: str = ""
    strangers: dict[str, list[int]] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.problems = self.reader.problems
        self._when = When(self.mapping, self.reader)
        timed = [rule.when for rule in self.mapping.rules if rule.time and self._alone(rule)]
        # of one value alone an empty cell is a no, as a 0 is; of two each patient has one
        self._once = {c for when in timed for c in when if len({w[c] for w in timed if c in w}) > 1}
        self._silent: dict[tuple[str, str], tuple[int, str] | None] = {}
        self._details = Details(self.trial, self.reader)

    def read(self, number: int, row: Mapping[str, str]) -> Iterator[Record]:
        """The events of a row. A patient who cannot be placed makes none; his cells are judged all the same."""
        name = row.get(self.mapping.patient, "?")
        if self.reader.missing(name):
            self.problems.cell(number, self.mapping.patient, "no-patient", repr(name), "the patient's name")
        person = self.people.get(name)
        if person is None and self.mapping.patient in row and not self.reader.missing(name):
            self.strangers.setdefault(name, []).append(number)
            return
        self.seen.add(name)
        self._note_silence(name, number, row)
        for rule in self._when.rules_of(number, row):
            record = self._event(rule, number, row, person)
            if record is None:
                continue
            alone = self._alone(rule)
            first = self.taken.before(record, alone)
            if first is None:
                yield record
            elif alone or (first.on, first.data) != (record.on, record.data):
                self._repeated(record, first, rule)

    def _note_silence(self, name: str, number: int, row: Mapping[str, str]) -> None:
        for column in (c for c in self._once if c in row):
            self._silent.setdefault((name, column), (number, row[column]))
            if self._when.says(column, row[column]):
                self._silent[name, column] = None

    def finish(self) -> None:
        """After the last row: a status that must be said once of a patient, and stands in none of his rows, is a problem of his first."""
        for (_, column), found in self._silent.items():
            if found is not None:
                self._when.unsaid(*found, column)

    def _alone(self, rule: TableRule) -> str:
        """The clock of a rule by which a patient has one event; '' where he may have several.

        A time since randomisation in the table that says who is in the trial is the time of one event: a second row is another patient
        under his name. So is a column of dates of progression, unless a row is one visit of many.
        """
        main = isinstance(self.mapping, TableMapping)
        listed = main and isinstance(self.mapping, TableMapping) and self.mapping.assessments == "every visit"
        once = main and rule.time is not None and not (listed and rule.event in ("assessed", "contact"))
        once = once or (rule.event in ("progressed", "next therapy") and not rule.when)
        return f"{rule.day or rule.time} {_said(rule.when)}" if once else ""

    def _event(self, rule: TableRule, number: int, row: Mapping[str, str], person: Person | None) -> Record | None:
        if self._details.excused(rule, row):
            return None
        origin = person.origin if person is not None else None
        on, flags = self._day(number, row, rule, origin)
        if on is None:
            return None
        data = self._details.read(rule, number, row, on)
        if data is not None and origin is not None and on < origin and not data.get("baseline"):
            column = rule.day or rule.time or ""
            allowed = f"not before randomisation, {origin}"
            self.problems.cell(number, column, "dates-out-of-order", str(on), allowed)
            return None
        if data is None or person is None or origin is None or not person.placed:
            return None
        return Record(number, person.name, rule.event, on, {**data, **flags}, self.file)

    def _repeated(self, record: Record, first: Record, rule: TableRule) -> None:
        """Something else of one day, or of what happens once, is a conflict. The same again in another row is no second event."""
        if rule.day is not None and (first.on, first.data) == (record.on, record.data):
            return  # a date carried down
        where = f"row {first.row}" + (f" of {first.file}" if first.file != record.file else "")
        said, before = (
            ", ".join([str(r.on), *(f"{k} {v}" for k, v in r.data.items() if r.data != o.data)])
            for r, o in ((record, first), (first, record))
        )
        allowed = (
            f"as in {where}: {before}; one event a patient by this rule" if rule.time else f"as in {where}: {before}"
        )
        self.problems.row(
            record.row, "patient-twice", f"patient {record.patient} again, {record.kind!r} on {said}", allowed
        )

    def _day(
        self, number: int, row: Mapping[str, str], rule: TableRule, origin: date | None
    ) -> tuple[date | None, Mapping[str, str]]:
        """The day of a rule's event, and what is to be said of it; None where there is none, or a problem."""
        column = rule.day or rule.time
        if column is None or column not in row:
            return None, {}
        cell = row[column]
        if rule.time is not None and not (rule.columns and self.reader.missing(cell)):
            return self._after(number, column, cell, rule, origin), {}
        if self.reader.missing(cell):
            said = _said(rule.when) if rule.when else self._details.told(rule, row)
            if said:  # where nothing else is said, no day is no event: an empty date of death is a patient alive
                what = "day" if rule.day else "time"
                step = (
                    f"a row that makes no event: no_event = {{ {column} = [''] }} under the table"
                    if rule.columns
                    else ""
                )
                allowed = f"the {what}: {said} says {rule.event!r}"
                self.problems.cell(number, column, "missing-value", repr(cell), allowed, step)
            return None, {}
        return self.reader.day(number, column, cell, origin)

    def _after(self, number: int, column: str, cell: str, rule: TableRule, origin: date | None) -> date | None:
        """The day a time after randomisation."""
        value = self.reader.decimals.read(cell)
        if value is None:
            allowed = f"a number of {rule.unit}"
            self.problems.cell(number, column, "not-a-time", repr(cell), allowed, self.reader.decimals.hint(cell))
        elif value < 0:
            self.problems.cell(number, column, "negative-time", cell, f"0 {rule.unit} or more since randomisation")
        elif value * _UNIT_DAYS[rule.unit] > 150 * 365.25:
            self.problems.cell(number, column, "not-a-time", cell, f"a number of {rule.unit} within a lifetime")
        elif origin is not None:
            return origin + timedelta(days=round(value * _UNIT_DAYS[rule.unit]))
        return None


def _said(when: Mapping[str, Any]) -> str:
    return ", ".join(f"{column} {value}" for column, value in when.items())
