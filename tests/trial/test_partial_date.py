"""Partial dates: the day that stands for one is possible, within its bounds, and says so."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.trial.partial_date import DateRule, NoYearError, PartialDate, impute

DAYS = st.dates(date(1950, 1, 1), date(2060, 12, 31))
TEXTS = st.tuples(
    DAYS,
    st.sampled_from(
        [
            "{:%Y-%m-%d}",
            "{:%Y-%m}",
            "{:%Y}",
            "{:%Y-%m}-UN",
            "{:%Y}-UNK-UNK",
            "{:%Y-%m-%d}T10:20",
            "{:%Y}---{:%d}",
            "{:%Y}-UN-{:%d}",
            "{:%Y-%m}/{:%Y-%m-%d}",
            "{:%Y-%m-%d}T10:00/{:%Y-%m-%d}T11:00",
            "{:%Y-%m-%d}/{:%Y}",
        ]
    ),
)
RULES = st.builds(DateRule, st.sampled_from(["first", "middle", "last"]), st.just("a"), st.just("b"), st.just("c"))


@pytest.mark.property
@given(TEXTS, RULES, st.none() | DAYS, st.none() | DAYS, st.none() | DAYS)
def test_the_day_is_one_that_it_can_have_been(text, rule, low, high, rather) -> None:
    day, form = text
    partial = PartialDate.parse(form.format(day, day, day))
    assert partial.first <= day <= partial.last
    found = impute(partial, rule, low, high, rather)
    assert found.on in partial.possible(partial.first, partial.last)
    if partial.day is not None:
        assert found.on.day == day.day
    assert bool(found.rule) == bool(found.flags()) == (not partial.complete)
    if partial.complete:
        assert found.on == day
    else:
        assert found.missing in ("D", "M")
        before, after = low or partial.first, high or partial.last
        known = partial.possible(
            before if before <= partial.last else partial.first, after if after >= partial.first else partial.last
        )
        if known:
            assert found.on in known
            liked = [d for d in known if rather is not None and d >= rather]
            assert not liked or found.on in liked


@pytest.mark.property
@given(TEXTS, st.none() | DAYS, st.none() | DAYS)
def test_first_middle_and_last_come_in_that_order(text, low, high) -> None:
    partial = PartialDate.parse(text[1].format(*[text[0]] * 3))
    days = [impute(partial, DateRule(take), low, high).on for take in ("first", "middle", "last")]
    assert days == sorted(days)


@pytest.mark.parametrize(
    "text",
    ["", "14", "2014-13", "2014-02-30", "2014-2-1", "02/01/2014", "2014-02-01T", "0000", "x", "2014---32", "2014---00",
     "2014-02-03/2014-02-01", "2014-02/P3D", "2014-02-01/", "/2014-02-01", "2014/2015/2016"],
)  # fmt: skip
def test_what_is_no_date(text: str) -> None:
    with pytest.raises(ValueError):
        PartialDate.parse(text)


def test_flags_carry_the_text_and_the_rule() -> None:
    rule = DateRule("first", not_before="the first dose")
    found = impute(PartialDate.parse("2014-02"), rule, date(2014, 2, 10))
    assert found.on == date(2014, 2, 10)
    assert found.flags() == {"dated": "2014-02", "date_rule": "first possible day, not before the first dose"}


@pytest.mark.parametrize(
    ("text", "first", "last", "missing"),
    [
        ("2021---26", date(2021, 1, 26), date(2021, 12, 26), "M"),
        ("2021---31", date(2021, 1, 31), date(2021, 12, 31), "M"),
        ("2021-04-20/2021-04-26", date(2021, 4, 20), date(2021, 4, 26), "D"),
        ("2021-04/2021-05-10", date(2021, 4, 1), date(2021, 5, 10), "M"),
        ("2020-12-30/2021-01", date(2020, 12, 30), date(2021, 1, 31), "Y"),
        ("2021-04-20T23:00/2021-04-20T23:30", date(2021, 4, 20), date(2021, 4, 20), ""),
        ("2021----", date(2021, 1, 1), date(2021, 12, 31), "M"),
    ],
)
def test_forms_of_iso_8601(text: str, first: date, last: date, missing: str) -> None:
    found = PartialDate.parse(text)
    assert (found.first, found.last, found.missing) == (first, last, missing)


@pytest.mark.parametrize(
    "text", ["--04-26", "--04", "----26", "-----T07:15", "UNK-04-26", "UNKN-UN-UN", "UN-UN-UN", "--04-26/2021-04-28"]
)
def test_a_date_without_a_year_is_no_day(text: str) -> None:
    with pytest.raises(NoYearError):
        PartialDate.parse(text)


def test_the_31st_is_a_day_of_long_months_only() -> None:
    partial = PartialDate.parse("2021---31")
    assert impute(partial, DateRule("first"), date(2021, 2, 1)).on == date(2021, 3, 31)
    assert impute(partial, DateRule("last"), not_after=date(2021, 7, 1)).on == date(2021, 5, 31)
