"""Partial dates: '2014-02' and '2014' become a day by a stated rule, and say so. What was recorded is never left."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

Missing = Literal["", "D", "M"]

_UNKNOWN = r"(?:UNK?|-{1,2}|NK)"
_DATE = re.compile(
    rf"(?P<year>\d{{4}})(?:-(?P<month>\d{{2}}|{_UNKNOWN})(?:-(?P<day>\d{{2}}|{_UNKNOWN}))?)?"
    rf"(?:T(?P<time>\d{{2}}|{_UNKNOWN})(?::(?:\d{{2}}|{_UNKNOWN})){{0,2}}(?:\.\d+)?(?:Z|[+-]\d{{2}}:\d{{2}})?)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A date as far as it is known: a day, a month ('2014-02') or a year ('2014'). ``first`` and ``last`` bound it.

    A time of day is read and left out: the log counts in days.
    """

    text: str
    first: date
    last: date

    @property
    def missing(self) -> Missing:
        """What is not known: '' nothing, 'D' the day, 'M' month and day (the letters of ADaM's --DTF)."""
        if self.first == self.last:
            return ""
        return "D" if self.first.month == self.last.month else "M"

    @property
    def complete(self) -> bool:
        """True if the day is known."""
        return self.first == self.last

    @classmethod
    def parse(cls, text: str) -> PartialDate:
        """Read ISO 8601 as SDTM has it: '2014-02-12T10:30', '2014-02', '2014', and 'UN' or '-' for unknown parts.

        A day whose month is unknown ('2014---12') is known to the year. Raises ValueError for anything else.

        >>> PartialDate.parse("2014-02").last
        datetime.date(2014, 2, 28)
        """
        found = _DATE.fullmatch(text.strip())
        if found is None:
            raise ValueError("a date is written YYYY-MM-DD; the day, or the month and the day, may be missing")
        year, month, day = int(found["year"]), found["month"], found["day"]
        if year < 1:
            raise ValueError("a year is 1 or more")
        if month is None or not month.isdigit():
            return cls(text.strip(), date(year, 1, 1), date(year, 12, 31))
        if not 1 <= int(month) <= 12:
            raise ValueError("a month is 01 to 12")
        if day is None or not day.isdigit():
            return cls(text.strip(), date(year, int(month), 1), _end_of_month(year, int(month)))
        on = date(year, int(month), int(day))
        return cls(text.strip(), on, on)


def _end_of_month(year: int, month: int) -> date:
    return date(year, month, calendar.monthrange(year, month)[1])


@dataclass(frozen=True, slots=True)
class DateRule:
    """Which day stands for a partial date: its first, middle or last possible one, within bounds named in words.

    ``not_before`` and ``not_after`` say what the bounds are ('the first dose'); their days come with each date.
    """

    take: Literal["first", "middle", "last"]
    not_before: str = ""
    not_after: str = ""

    @property
    def name(self) -> str:
        """As it stands in the event: 'first possible day, not before the first dose'."""
        text = f"{self.take} possible day"
        if self.not_before:
            text += f", not before {self.not_before}"
        return text + (f", not after {self.not_after}" if self.not_after else "")


@dataclass(frozen=True, slots=True)
class Dated:
    """A day, and how it came about: ``rule`` is '' where it was recorded in full; ``text`` is what was recorded."""

    on: date
    text: str
    missing: Missing
    rule: str

    def flags(self, prefix: str = "") -> dict[str, str]:
        """As they stand in the event's details; nothing for a day that was recorded."""
        return {f"{prefix}dated": self.text, f"{prefix}date_rule": self.rule} if self.rule else {}


def impute(
    partial: PartialDate, rule: DateRule, not_before: date | None = None, not_after: date | None = None
) -> Dated:
    """The day that stands for a date.

    A bound counts only where it lies within what was recorded: a rule never moves a date out of its own month or
    year. Where the two bounds contradict each other, ``not_before`` stands.
    """
    if partial.complete:
        return Dated(partial.first, partial.text, "", "")
    low, high = partial.first, partial.last
    if not_after is not None and low <= not_after < high:
        high = not_after
    if not_before is not None and low < not_before <= partial.last:
        low, high = not_before, max(high, not_before)
    match rule.take:
        case "first":
            on = low
        case "last":
            on = high
        case _:
            on = low + timedelta(days=(high - low).days // 2)
    return Dated(on, partial.text, partial.missing, rule.name)
