"""Days as tables write them: ISO 8601 and what can be read in one way only, or a stated format such as 'DD/MM/YYYY'."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from equipoise.trial.partial_date import PartialDate

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FULL = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
)  # fmt: skip
#: What a format is made of, longest first; everything else stands for itself.
_TOKENS = {
    "YYYY": r"(?P<Y>\d{4})", "YY": r"(?P<y>\d{2})", "MON": r"(?P<b>[A-Za-z]{3,9})\.?", "MM": r"(?P<M>\d{2})", "DD": r"(?P<D>\d{2})",
    "M": r"(?P<M>\d{1,2})", "D": r"(?P<D>\d{1,2})",
}  # fmt: skip
#: The same in the words of R and Python.
_DIRECTIVES = {"%Y": "YYYY", "%y": "YY", "%b": "MON", "%B": "MON", "%m": "MM", "%d": "DD"}
_TIME = r"(?:[T ](?:[01]?\d|2[0-4]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?(?: ?[AaPp][Mm])?(?: ?(?:Z|UTC|[+-]\d{2}:?\d{2}))?)?"
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}" + _TIME)
_BASIC = re.compile(r"(?:19|20)\d{6}(?:T\d{4}(?:\d{2})?)?")
_WITH_MONTH = re.compile(
    r"(?P<D>\d{1,2})(?:st|nd|rd|th)?(?P<s>[- /.]*)(?P<b>[A-Za-z]{3,9})\.?(?P=s),?(?P<Y>\d{4})(?!\d)" + _TIME
)
_MONTH_FIRST = re.compile(r"(?P<b>[A-Za-z]{3,9})\.? (?P<D>\d{1,2})(?:st|nd|rd|th)?,? (?P<Y>\d{4})" + _TIME)
_YEAR_FIRST = re.compile(r"\d{4}([-/.])\d{1,2}\1\d{1,2}")
_NUMBERS = re.compile(r"\d{1,2}([-/.])\d{1,2}\1(\d{4}|\d{2})")
_USUAL = ("DD/MM/YYYY", "MM/DD/YYYY", "DD.MM.YYYY", "DD-MM-YYYY", "MM-DD-YYYY")
_LOOSE = ("D/M/YYYY", "M/D/YYYY", "D.M.YYYY", "D-M-YYYY", "M-D-YYYY")
#: Day 0 of Excel's count, as it goes since March 1900.
_EXCEL = date(1899, 12, 30)

ALLOWED = "a day as YYYY-MM-DD, such as 2012-03-30"


class NoDay(ValueError):  # noqa: N818 - reads as what it is
    """A text that is no day, what is asked in its place, and the next step."""

    def __init__(self, allowed: str, next_step: str = "") -> None:
        self.allowed, self.next_step = allowed, next_step
        super().__init__(allowed)


@dataclass(frozen=True)
class DayFormat:
    """A stated way of writing days: 'DD/MM/YYYY', 'DDMONYYYY', 'M/D/YY', or R's '%d/%m/%Y'. A time of day may follow.

    ``century_from``: with YY, the first of the hundred years meant; 1950 makes 49 the year 2049 and 50 the year 1950.
    """

    text: str
    century_from: int | None = None

    def problem(self) -> str:
        """What is wrong with the format; '' for nothing."""
        names = [name[0] for name in re.findall(r"\?P<(\w+)>", self._pattern())]
        if re.search(r"%\w", self._plain()):
            return "of the directives %Y, %y, %m, %d, %b and %B only"
        if sorted(n.upper().replace("B", "M") for n in names) != ["D", "M", "Y"]:
            return "a year (YYYY or YY), a month (MM, M or MON) and a day (DD or D), each once, such as 'DD/MM/YYYY'"
        if "y" in names and self.century_from is None:
            return (
                "a century rule with YY: century_from = 1950, the first of the hundred years that two digits stand for"
            )
        return ""

    def read(self, text: str) -> date:
        """The day. Raises NoDay for a text that is not written so, or is no day of the calendar."""
        found = re.fullmatch(self._pattern() + _TIME, text.strip(), re.IGNORECASE)
        if found is None:
            raise NoDay(f"a day as {self.text}")
        parts = found.groupdict()
        year = int(parts["Y"]) if "Y" in parts else self._of_century(int(parts["y"]))
        return _day(year, parts["M"] if "M" in parts else _month(parts["b"]), parts["D"])

    def _of_century(self, year: int) -> int:
        first = self.century_from or 0
        return first + (year - first) % 100

    def _plain(self) -> str:
        text = self.text
        for directive, token in _DIRECTIVES.items():
            text = text.replace(directive, token)
        return text

    def _pattern(self) -> str:
        parts = re.split("(YYYY|YY|MON|MM|DD|M|D)", self._plain(), flags=re.IGNORECASE)
        seen: set[str] = set()
        made: list[str] = []
        for part in parts:
            token = _TOKENS.get(part.upper(), re.escape(part))
            name = re.search(r"\?P<(\w)>", token)
            if name is not None and name[1] in seen:
                token = token.replace(
                    f"?P<{name[1]}>", f"?P<{name[1]}x{len(made)}>"
                )  # a fault of the format, named by problem()
            seen |= {name[1]} if name is not None else set()
            made.append(token)
        return "".join(made)


def read_day(text: str, stated: DayFormat | None = None) -> date:
    """The day that a cell states, by the stated format, or as what can be read in one way only.

    That is ISO 8601 with its hyphens or without (20120330, of the years 1900 to 2099), and a day with its month's name and a year of four
    digits (30 MAR 2012, 30Mar2012, March 30, 2012). A time of day may follow and is left out. Raises NoDay for anything else.

    >>> read_day("03MAR2021")
    datetime.date(2021, 3, 3)
    """
    text = text.strip()
    if not text.isascii():
        raise NoDay(ALLOWED)
    if stated is not None:
        return stated.read(text)
    if _ISO.fullmatch(text):
        return _day(int(text[:4]), text[5:7], text[8:10])
    if _BASIC.fullmatch(text):
        return _day(int(text[:4]), text[4:6], text[6:8])
    named = _WITH_MONTH.fullmatch(text) or _MONTH_FIRST.fullmatch(text)
    if named is not None:
        return _day(int(named["Y"]), _month(named["b"]), named["D"])
    raise _why(text)


def partial(text: str) -> PartialDate | None:
    """A date as far as it is known, where some of it is not ('2021-05'); None for one that is complete, and for no date."""
    try:
        found = PartialDate.parse(text.strip())
    except ValueError:
        return None
    return None if found.complete else found


def _month(name: str) -> str:
    low = name.casefold()
    found = next(
        (i for i, (s, f) in enumerate(zip(_MONTHS, _FULL, strict=True), 1) if low in (s, f, "sept"[: 4 * (i == 9)])),
        None,
    )
    if found is None:
        raise NoDay(f"a month in English, such as {_MONTHS[2].upper()}; {name!r} is none")
    return str(found)


def _day(year: int, month: str, day: str) -> date:
    try:
        return date(year, int(month), int(day))
    except ValueError:
        raise NoDay(f"{ALLOWED}; {year:04d}-{int(month):02d}-{int(day):02d} is not in the calendar") from None


def _why(text: str) -> NoDay:
    """Why a text is no day that can be read in one way, and how what may be meant is stated."""
    fits = [f for f in _USUAL if _reads(DayFormat(f), text)] or [f for f in _LOOSE if _reads(DayFormat(f), text)]
    if _NUMBERS.fullmatch(text):
        if not fits:
            if len(re.split(r"[-/.]", text)[-1]) == 4:
                return NoDay(ALLOWED)
            return NoDay(
                "a year of four digits", "state date_format, such as 'DD/MM/YY', and century_from under [table]"
            )
        meant = " or ".join(f"date_format = {f!r}" for f in fits)
        return NoDay(
            ALLOWED, f"{'which comes first, day or month? ' if len(fits) > 1 else ''}state {meant} under [table]"
        )
    if re.fullmatch(r"\d{1,2}[- /.]?[A-Za-z]{3,9}[- /.]?\d{2}", text):
        return NoDay(
            "a year of four digits", "state date_format = 'D-MON-YY', as it is written, and century_from under [table]"
        )
    if re.search(r"\d{4}-?W\d", text, re.IGNORECASE):
        return NoDay(f"{ALLOWED}; a week is not taken")
    if _YEAR_FIRST.fullmatch(text):
        sign = next(s for s in "-/." if s in text)
        return NoDay(ALLOWED, f"state date_format = 'YYYY{sign}M{sign}D' under [table]")
    if re.fullmatch(r"[1-6]\d{4}(?:\.\d+)?", text):
        day = _EXCEL + timedelta(days=int(float(text)))
        return NoDay(
            ALLOWED, f"a day number of a spreadsheet? Excel's {text} is {day}: write the column out as YYYY-MM-DD"
        )
    if re.fullmatch(r"\d{8}", text):
        return NoDay(ALLOWED, "state date_format, such as 'DDMMYYYY', under [table]")
    if re.fullmatch(r"[+-]?\d+(?:[.,]\d+)?", text) and not re.fullmatch(r"(?:19|20)\d\d", text):
        return NoDay(ALLOWED, "a number of days? name the column with `time`, not `day`")
    if partial(text) is not None:
        return NoDay(
            "a whole day",
            "state partial_dates = 'first', 'middle' or 'last' under [table]: which day stands for such a date",
        )
    if "/" in text and all(map(_ISO.fullmatch, text.split("/"))):
        return NoDay(f"{ALLOWED}; an interval is not taken")
    return NoDay(ALLOWED)


def _reads(stated: DayFormat, text: str) -> bool:
    try:
        stated.read(text)
    except NoDay:
        return False
    return True
