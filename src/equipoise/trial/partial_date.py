"""Partial dates: '2014-02' and '2014' become a day by a stated rule, and say so. What was recorded is never left."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

Missing = Literal["", "D", "M", "Y"]

_UNKNOWN = r"(?:UNK?|-{1,2}|NK)"
_TIME = rf"(?:T(?P<time>\d{{2}}|{_UNKNOWN})(?::(?:\d{{2}}|{_UNKNOWN})){{0,2}}(?:\.\d+)?(?:Z|[+-]\d{{2}}:\d{{2}})?)?"
_DATE = re.compile(
    rf"(?P<year>\d{{4}})(?:-(?P<month>\d{{2}}|{_UNKNOWN})(?:-(?P<day>\d{{2}}|{_UNKNOWN}))?)?{_TIME}", re.IGNORECASE
)
_NO_YEAR = re.compile(rf"(?:-|UN(?:KN?)?|NK)-(?:\d{{2}}|-|UNK?|NK)(?:-(?:\d{{2}}|-|UNK?|NK))?{_TIME}", re.IGNORECASE)


class NoYearError(ValueError):
    """A date of which no year is known ('--04-26'): well formed, and of no use as a day."""


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A date as far as it is known: a day, a month ('2014-02'), a year ('2014'), or the two days between which it lies.

    ``first`` and ``last`` bound it. ``day``: the day of the month where that is known and the month is not ('2014---26'); only
    such days are then possible. A time of day is read and left out: the log counts in days.
    """

    text: str
    first: date
    last: date
    day: int | None = None

    @property
    def missing(self) -> Missing:
        """What is not known: '' nothing, 'D' the day, 'M' the month, 'Y' the year (the letters of ADaM's --DTF)."""
        if self.first == self.last:
            return ""
        if self.first.year != self.last.year:
            return "Y"
        return "D" if self.first.month == self.last.month else "M"

    @property
    def complete(self) -> bool:
        """True if the day is known."""
        return self.first == self.last

    @classmethod
    def parse(cls, text: str) -> PartialDate:
        """Read ISO 8601 as SDTM has it: '2014-02-12T10:30', '2014-02', '2014', '2014-02-10/2014-02-14' for a day of an interval, and
        'UN' or '-' for unknown parts.

        Raises NoYearError where no year is known, ValueError for what is no date.

        >>> PartialDate.parse("2014-02").last
        datetime.date(2014, 2, 28)
        >>> PartialDate.parse("2014---26").last
        datetime.date(2014, 12, 26)
        """
        text = text.strip()
        begin, slash, end = text.partition("/")
        if not slash:
            return cls._one(text)
        one, other = cls._one(begin), cls._one(end)
        if other.last < one.first:
            raise ValueError("an interval does not end before it begins")
        return cls(text, one.first, other.last)

    @classmethod
    def _one(cls, text: str) -> PartialDate:
        if _NO_YEAR.fullmatch(text):
            raise NoYearError("a date without a year")
        found = _DATE.fullmatch(text)
        if found is None:
            raise ValueError("a date is written YYYY-MM-DD; the day, or the month and the day, may be missing")
        year, month, day = int(found["year"]), found["month"], found["day"]
        if year < 1:
            raise ValueError("a year is 1 or more")
        known = int(day) if day is not None and day.isdigit() else None
        if month is None or not month.isdigit():
            if known is None:
                return cls(text, date(year, 1, 1), date(year, 12, 31))
            if not 1 <= known <= 31:
                raise ValueError("a day is 01 to 31")
            return cls(text, date(year, 1, known), date(year, 12, known), known)
        if not 1 <= int(month) <= 12:
            raise ValueError("a month is 01 to 12")
        if known is None:
            return cls(text, date(year, int(month), 1), _end_of_month(year, int(month)))
        on = date(year, int(month), known)
        return cls(text, on, on)

    def possible(self, low: date, high: date) -> list[date]:
        """The days from ``low`` to ``high`` on which it can have been."""
        low, high = max(low, self.first), min(high, self.last)
        days = (low + timedelta(days=i) for i in range((high - low).days + 1))
        return [d for d in days if self.day in (None, d.day)]

    def last_before(self, days: Iterable[date]) -> date | None:
        """The last of some days that can have come before it, or have been it: later ones say nothing of when it was."""
        return max((d for d in days if d <= self.last), default=None)

    def first_after(self, days: Iterable[date]) -> date | None:
        """The first of some days that can have come after it, or have been it."""
        return min((d for d in days if d >= self.first), default=None)


def _end_of_month(year: int, month: int) -> date:
    return date(year, month, calendar.monthrange(year, month)[1])


@dataclass(frozen=True, slots=True)
class DateRule:
    """Which day stands for a partial date: its first, middle or last possible one, within bounds named in words.

    ``not_before`` and ``not_after`` say what the bounds are ('the first dose'); their days come with each date. ``rather_not_before``
    is no knowledge but a convention: it counts where what is known leaves room for it.
    """

    take: Literal["first", "middle", "last"]
    not_before: str = ""
    not_after: str = ""
    rather_not_before: str = ""

    @property
    def name(self) -> str:
        """As it stands in the event: 'first possible day, not before the first dose'."""
        text = f"{self.take} possible day"
        for words, bound in (
            ("not before", self.not_before),
            ("rather not before", self.rather_not_before),
            ("not after", self.not_after),
        ):
            text += f", {words} {bound}" if bound else ""
        return text


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
    partial: PartialDate,
    rule: DateRule,
    not_before: date | None = None,
    not_after: date | None = None,
    rather_not_before: date | None = None,
) -> Dated:
    """The day that stands for a date.

    A bound counts only where it lies within what was recorded: a rule never moves a date out of its own month or
    year. Where the two bounds contradict each other, ``not_before`` stands; ``rather_not_before`` gives way to both.
    """
    if partial.complete:
        return Dated(partial.first, partial.text, "", "")
    low, high = partial.first, partial.last
    if not_before is not None and low < not_before <= high:
        low = not_before
    if not_after is not None and low <= not_after < high:
        high = not_after
    days = partial.possible(low, high) or partial.possible(low, partial.last) or partial.possible(partial.first, high)
    if rather_not_before is not None:
        days = [d for d in days if d >= rather_not_before] or days
    on = {"first": days[0], "middle": days[(len(days) - 1) // 2], "last": days[-1]}[rule.take]
    return Dated(on, partial.text, partial.missing, rule.name)
