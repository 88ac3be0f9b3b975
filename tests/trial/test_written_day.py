"""Days as tables write them: what can be read in one way only, stated formats, and what is refused with the way to state it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.trial.written_day import DayFormat, NoDay, partial, read_day

READ = {
    "2012-03-30": (2012, 3, 30), " 2012-03-30 ": (2012, 3, 30), "2012-03-30T09:15": (2012, 3, 30), "2012-03-30 23:59:59.5": (2012, 3, 30),
    "2012-03-30T09:15:00+02:00": (2012, 3, 30), "2012-03-30T24:00Z": (2012, 3, 30), "20120330": (2012, 3, 30), "20120330T0915": (2012, 3, 30),
    "03MAR2021": (2021, 3, 3), "3 MAR 2021": (2021, 3, 3), "3-Mar-2021": (2021, 3, 3), "3.March.2021": (2021, 3, 3), "3 Sept 2021": (2021, 9, 3),
    "March 3, 2021": (2021, 3, 3), "Mar 3rd 2021": (2021, 3, 3), "29 FEB 2020": (2020, 2, 29), "03MAR2021 10:30": (2021, 3, 3), "1 May 2020": (2020, 5, 1),
}  # fmt: skip


@pytest.mark.parametrize("text", READ)
def test_what_can_be_read_in_one_way_only(text: str) -> None:
    assert read_day(text) == date(*READ[text])


REFUSED = {
    "01/02/2010": "which comes first, day or month? state date_format = 'DD/MM/YYYY' or date_format = 'MM/DD/YYYY'",
    "1/2/2010": "date_format = 'D/M/YYYY' or date_format = 'M/D/YYYY'", "19.04.2010": "state date_format = 'DD.MM.YYYY'",
    "19/04/2010": "state date_format = 'DD/MM/YYYY'", "04/19/2010": "state date_format = 'MM/DD/YYYY'", "01/02/10": "century_from",
    "3-Mar-21": "century_from", "03MAR21": "century_from", "2010-3-23": "date_format = 'YYYY-M-D'", "2010/03/23": "date_format = 'YYYY/M/D'",
    "40238": "2010-03-01", "40238.5": "2010-03-01", "248": "`time`", "12.5": "`time`", "-3": "`time`", "01032010": "date_format",
    "2021-05": "partial_dates", "2021": "partial_dates", "2021-UN-UN": "partial_dates",
}  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_what_could_be_read_otherwise_says_how_to_state_it(text: str) -> None:
    with pytest.raises(NoDay) as caught:
        read_day(text)
    assert REFUSED[text] in caught.value.next_step


NO_DAYS = [
    "", "UNK", "2010-W10-3", "2010W103", "2010-02-30", "2010-13-01", "0000-01-01", "2010-060x", "30 Feb 2021", "3 Mai 2021", "31.02.2010.", "today",
    "2010-03-01T25:00", "2010-03-01T09:75", "2010-03-01x", "99/99/2010", "\u0662\u0660\u0661\u0660-01-01", "3MAR20211", "2010-01-01 and later",
]  # fmt: skip


@pytest.mark.parametrize("text", NO_DAYS)
def test_what_is_no_day(text: str) -> None:
    with pytest.raises(NoDay):
        read_day(text)


STATED = [
    ("DD/MM/YYYY", None, "01/02/2010", date(2010, 2, 1)), ("MM/DD/YYYY", None, "01/02/2010", date(2010, 1, 2)), ("D.M.YYYY", None, "1.2.2010", date(2010, 2, 1)),
    ("D.M.YYYY", None, "01.12.2010", date(2010, 12, 1)), ("DD.MM.YYYY", None, "01.02.2010 10:30", date(2010, 2, 1)), ("DDMONYYYY", None, "01feb2010", date(2010, 2, 1)),
    ("D-MON-YY", 1950, "3-Mar-21", date(2021, 3, 3)), ("D-MON-YY", 1950, "3-Mar-50", date(1950, 3, 3)), ("D-MON-YY", 1950, "3-Mar-49", date(2049, 3, 3)),
    ("DD/MM/YY", 1930, "01/02/29", date(2029, 2, 1)), ("%d/%m/%Y", None, "01/02/2010", date(2010, 2, 1)), ("%d%b%Y", None, "01FEB2010", date(2010, 2, 1)),
    ("%m/%d/%y", 2000, "12/31/99", date(2099, 12, 31)), ("YYYY-M-D", None, "2010-3-23", date(2010, 3, 23)), ("YYYYMMDD", None, "20100323", date(2010, 3, 23)),
    ("YYYY-DD-MM", None, "2010-01-02", date(2010, 2, 1)), ("MON D, YYYY", None, "March 3, 2021", date(2021, 3, 3)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "century", "cell", "day"), STATED)
def test_stated_formats(text: str, century: int | None, cell: str, day: date) -> None:
    stated = DayFormat(text, century)
    assert stated.problem() == ""
    assert read_day(cell, stated) == day


@pytest.mark.parametrize(
    ("text", "cell"), [("DD/MM/YYYY", "2010-02-01"), ("DD/MM/YYYY", "1/2/2010"), ("DD/MM/YYYY", "31/02/2010"), ("DD/MM/YYYY", "13/13/2010"), ("DDMONYYYY", "01MRZ2010")]
)  # fmt: skip
def test_a_stated_format_is_the_only_one(text: str, cell: str) -> None:
    with pytest.raises(NoDay):
        read_day(cell, DayFormat(text))


@pytest.mark.parametrize(
    ("text", "said"),
    [("DD/MM", "a year"), ("DD/MM/YYYY/DD", "each once"), ("%H:%M", "directives"), ("DD/MM/YY", "century"), ("DD/MON/MM/YYYY", "each once"), ("date", "a year")],
)  # fmt: skip
def test_what_is_no_format(text: str, said: str) -> None:
    assert said in DayFormat(text).problem()


@pytest.mark.parametrize(("text", "whole"), [("2021-05", False), ("2021", False), ("2021-05-03", True), ("x", True)])
def test_partial(text: str, whole: bool) -> None:
    assert (partial(text) is None) is whole


@pytest.mark.property
@given(
    st.dates(date(1950, 1, 1), date(2049, 12, 31)),
    st.sampled_from(
        ["DD/MM/YYYY", "MM/DD/YYYY", "DD.MM.YYYY", "DDMONYYYY", "D MON YYYY", "DD-MON-YY", "YYYY/MM/DD", "MM/DD/YY"]
    ),
)
def test_what_is_written_by_a_format_is_read_by_it_and_by_no_other_way(day: date, text: str) -> None:
    """Without the format it is the same day or refused, never another."""
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    cell = text
    for token, value in (
        ("YYYY", f"{day.year:04d}"), ("YY", f"{day.year % 100:02d}"), ("DD", f"{day.day:02d}"), ("MM", f"{day.month:02d}"),
        ("MON", months[day.month - 1]), ("D ", f"{day.day} "),
    ):  # fmt: skip
        cell = cell.replace(token, value)
    assert read_day(cell, DayFormat(text, 1950)) == day
    try:
        unstated = read_day(cell)
    except NoDay:
        return
    assert unstated == day


@pytest.mark.property
@given(st.integers(10_000, 69_999))
def test_numbers_of_days_are_never_dates(number: int) -> None:
    with pytest.raises(NoDay) as caught:
        read_day(str(number))
    assert str(date(1899, 12, 30) + timedelta(days=number)) in caught.value.next_step
