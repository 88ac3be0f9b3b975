"""Cells of a table as days, numbers and words; what cannot be read is a problem of its row and column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from equipoise.files.formats.decimals import Decimals
from equipoise.files.table_problems import Cells
from equipoise.trial.partial_date import DateRule, impute
from equipoise.trial.table import Rows, Value
from equipoise.trial.written_day import NoDay, partial, read_day

#: R's and others' words for true and false, in any case.
LOGICAL = {"true": True, "t": True, "false": False, "f": False}
_YES_NO = {**LOGICAL, "yes": True, "y": True, "1": True, "no": False, "n": False, "0": False}


@dataclass
class Reader:
    """Reads the cells of one table. ``problems`` gathers what is wrong; days after ``today`` are not taken."""

    mapping: Rows
    decimals: Decimals
    problems: Cells
    today: date

    def missing(self, cell: str) -> bool:
        """True of a cell without a value."""
        return cell in self.mapping.missing_words

    def word(self, cell: str, words: Mapping[str, Value]) -> Value | None:
        """What stands for a cell: by its text, or as the same number; an empty cell by ''. None where no word does."""
        if self.missing(cell) and cell not in words:
            return words.get("")
        if cell in words:
            return words[cell]
        found = self.decimals.read(cell)
        return next((ours for theirs, ours in words.items() if found is not None and _number(theirs) == found), None)

    def excused(self, column: str, cell: str) -> bool:
        """True where the mapping says that this value of the column makes no event."""
        return any(
            (self.missing(cell) if value == "" else self.same(cell, value))
            for value in self.mapping.no_event.get(column, ())
        )

    def same(self, cell: str, value: Value) -> bool:
        """True if a cell has the value: as a text, as a number, or as R's and others' TRUE and FALSE."""
        if isinstance(value, bool):
            return LOGICAL.get(cell.casefold()) is value
        if isinstance(value, str):
            return cell == value
        found = self.decimals.read(cell)
        return found is not None and found == value

    def logical(self, number: int, column: str, cell: str) -> bool | None:
        """Yes or no."""
        found = _YES_NO.get(cell.casefold())
        if found is None:
            self.problems.value(number, column, "not-a-logical", cell, "yes or no, true or false, 1 or 0")
        return found

    def number(self, number: int, column: str, cell: str, whole: bool) -> int | float | None:
        """A number, of a kind that has no fractions if ``whole``."""
        found = self.decimals.read(cell)
        if found is None or (whole and found != int(found)):
            allowed = "a whole number" if whole else "a number"
            self.problems.cell(number, column, "not-a-number", repr(cell), allowed, self.decimals.hint(cell))
            return None
        return int(found) if whole else found

    def day(
        self, number: int, column: str, cell: str, not_before: date | None = None, *, may_be_partial: bool = True
    ) -> tuple[date | None, Mapping[str, str]]:
        """The day of a cell and, where it is known to the month or year only, what is to be said of it; None with a problem."""
        known, take = partial(cell), self.mapping.partial_dates
        if may_be_partial and known is not None and take is not None and self.mapping.format_of(column) is None:
            dated = impute(known, DateRule(take, not_before="randomisation"), not_before)
            return self._not_after_today(number, column, cell, dated.on), dated.flags()
        try:
            on = read_day(cell, self.mapping.format_of(column))
        except NoDay as no:
            step = "" if not may_be_partial and known is not None else no.next_step
            self.problems.cell(number, column, "not-a-date", repr(cell) if cell else "nothing", no.allowed, step)
            return None, {}
        return self._not_after_today(number, column, cell, on), {}

    def _not_after_today(self, number: int, column: str, cell: str, on: date) -> date | None:
        if on <= self.today:
            return on
        allowed = f"a day up to today, {self.today}: nothing is recorded before it happens"
        self.problems.cell(number, column, "in-the-future", repr(cell), allowed)
        return None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
