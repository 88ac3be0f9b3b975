"""Rows of a table → events to be, by the trial file's mapping; every cell that cannot be read is a problem of its row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from equipoise.files.formats.decimals import Decimals
from equipoise.files.table_problems import Cells
from equipoise.files.table_values import When
from equipoise.trial.check import near
from equipoise.trial.duration import DAYS_PER_MONTH
from equipoise.trial.partial_date import DateRule, impute
from equipoise.trial.table import TableMapping, TableRule
from equipoise.trial.trial import Trial
from equipoise.trial.written_day import NoDay, partial, read_day

_UNIT_DAYS = {"days": 1.0, "weeks": 7.0, "months": DAYS_PER_MONTH, "years": 365.25}


@dataclass(frozen=True)
class Record:
    """One event to be: from which row, of which patient, on which day."""

    row: int
    patient: str
    kind: str
    on: date
    data: Mapping[str, Any]


@dataclass
class TableRows:
    """Reads rows one after the other. ``problems`` gathers what is wrong; days after ``today`` are not taken."""

    trial: Trial
    mapping: TableMapping
    header: Sequence[str]
    decimals: Decimals
    problems: Cells
    today: date
    _placed: dict[str, tuple[str, date, int]] = field(default_factory=dict)
    _seen: dict[tuple[str, int], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._when = When(self.mapping, self.decimals, self.problems)

    def read(self, number: int, row: Mapping[str, str]) -> Iterator[Record]:
        """The events of a row, the randomisation first. A patient who cannot be placed makes none; his cells are judged all the same."""
        m = self.mapping
        patient = row.get(m.patient, "?")
        if patient in m.missing_words:
            self.problems.cell(number, m.patient, "no-patient", repr(patient), "the patient's name")
        arm, origin = self._arm(number, row), self._origin(number, row)
        events = [
            (i, rule, on, flags)
            for i, rule in self._when.rules_of(number, row)
            for on, flags in [self._day(number, row, rule, origin)]
            if on is not None
        ]
        if arm is None or origin is None or m.patient not in row or patient in m.missing_words:
            return
        if patient not in self._placed:
            self._placed[patient] = (arm, origin, number)
            yield Record(number, patient, "randomised", origin, {"arm": arm, "stratum": "as recorded"})
        elif self._placed[patient][:2] != (arm, origin):
            before = self._placed[patient]
            given, allowed = (
                f"patient {patient} on {arm} from {origin}",
                f"as in row {before[2]}: {before[0]} from {before[1]}",
            )
            self.problems.row(number, "patient-twice", given, allowed)
            return
        for i, rule, on, flags in events:
            if (patient, i) in self._seen:
                allowed = f"one row for each event; the first is row {self._seen[patient, i]}"
                self.problems.row(number, "patient-twice", f"patient {patient} again, {rule.event!r}", allowed)
                continue
            self._seen[patient, i] = number
            yield Record(number, patient, rule.event, on, {**rule.data, **flags})

    def _arm(self, number: int, row: Mapping[str, str]) -> str | None:
        column = self.mapping.arm
        if column not in row:
            return None
        word = row[column]
        arm = self.mapping.arms.get(word, word)
        if arm in self.trial.arm_by_name:
            return arm
        known = list(dict.fromkeys([*self.mapping.arms, *self.trial.arm_by_name]))
        self.problems.value(number, column, "unknown-arm", word, f"one of {', '.join(known)}", near(word, known))
        return None

    def _origin(self, number: int, row: Mapping[str, str]) -> date | None:
        column = self.mapping.randomised
        if column is None:
            return self.mapping.randomised_on
        if column not in row:
            return None
        return self._read_day(number, column, row[column])

    def _day(
        self, number: int, row: Mapping[str, str], rule: TableRule, origin: date | None
    ) -> tuple[date | None, Mapping[str, str]]:
        """The day of a rule's event, and what is to be said of it; None where there is none, or a problem."""
        column = rule.day or rule.time
        if column is None or column not in row:
            return None, {}
        cell = row[column]
        if rule.time is not None:
            return self._after(number, column, cell, rule, origin), {}
        if cell in self.mapping.missing_words:
            if rule.when:  # without `when` no day is no event: an empty date of death is a patient alive
                allowed = f"the day: {_said(rule.when)} says {rule.event!r}"
                self.problems.cell(number, column, "missing-value", repr(cell), allowed)
            return None, {}
        flags: Mapping[str, str] = {}
        known, take = partial(cell), self.mapping.partial_dates
        if known is not None and take is not None and self.mapping.format_of(column) is None:
            dated = impute(known, DateRule(take, not_before="randomisation"), origin)
            on, flags = self._not_after_today(number, column, cell, dated.on), dated.flags()
        else:
            on = self._read_day(number, column, cell)
        if on is not None and origin is not None and on < origin:
            allowed = f"not before randomisation, {origin}"
            self.problems.cell(number, column, "dates-out-of-order", str(on), allowed)
            return None, {}
        return on, flags

    def _after(self, number: int, column: str, cell: str, rule: TableRule, origin: date | None) -> date | None:
        """The day a time after randomisation."""
        value = self.decimals.read(cell)
        if value is None:
            allowed = f"a number of {rule.unit}"
            self.problems.cell(number, column, "not-a-time", repr(cell), allowed, self.decimals.hint(cell))
        elif value < 0:
            self.problems.cell(number, column, "negative-time", cell, f"0 {rule.unit} or more since randomisation")
        elif value * _UNIT_DAYS[rule.unit] > 150 * 365.25:
            self.problems.cell(number, column, "not-a-time", cell, f"a number of {rule.unit} within a lifetime")
        elif origin is not None:
            return origin + timedelta(days=round(value * _UNIT_DAYS[rule.unit]))
        return None

    def _read_day(self, number: int, column: str, cell: str) -> date | None:
        try:
            on = read_day(cell, self.mapping.format_of(column))
        except NoDay as no:
            step = "" if column == self.mapping.randomised and partial(cell) is not None else no.next_step
            self.problems.cell(number, column, "not-a-date", repr(cell) if cell else "nothing", no.allowed, step)
            return None
        return self._not_after_today(number, column, cell, on)

    def _not_after_today(self, number: int, column: str, cell: str, on: date) -> date | None:
        if on <= self.today:
            return on
        allowed = f"a day up to today, {self.today}: nothing is recorded before it happens"
        self.problems.cell(number, column, "in-the-future", repr(cell), allowed)
        return None


def _said(when: Mapping[str, Any]) -> str:
    return ", ".join(f"{column} {value}" for column, value in when.items())
