"""Partial dates: the day that stands for one is possible, within its bounds, and says so."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.trial.partial_date import DateRule, PartialDate, impute

DAYS = st.dates(date(1950, 1, 1), date(2060, 12, 31))
TEXTS = st.tuples(
    DAYS, st.sampled_from(["{:%Y-%m-%d}", "{:%Y-%m}", "{:%Y}", "{:%Y-%m}-UN", "{:%Y}-UNK-UNK", "{:%Y-%m-%d}T10:20"])
)
RULES = st.builds(DateRule, st.sampled_from(["first", "middle", "last"]), st.just("a"), st.just("b"))


@pytest.mark.property
@given(TEXTS, RULES, st.none() | DAYS, st.none() | DAYS)
def test_the_day_is_one_that_it_can_have_been(text, rule, low, high) -> None:
    day, form = text
    partial = PartialDate.parse(form.format(day))
    assert partial.first <= day <= partial.last
    found = impute(partial, rule, low, high)
    assert partial.first <= found.on <= partial.last
    assert bool(found.rule) == bool(found.flags()) == (not partial.complete)
    if partial.complete:
        assert found.on == day
    else:
        assert found.missing in ("D", "M")
        if low is not None and partial.first <= low <= partial.last:
            assert found.on >= low
        elif high is not None and partial.first <= high <= partial.last:
            assert found.on <= high


@pytest.mark.property
@given(TEXTS, st.none() | DAYS, st.none() | DAYS)
def test_first_middle_and_last_come_in_that_order(text, low, high) -> None:
    partial = PartialDate.parse(text[1].format(text[0]))
    days = [impute(partial, DateRule(take), low, high).on for take in ("first", "middle", "last")]
    assert days == sorted(days)


@pytest.mark.parametrize(
    "text", ["", "14", "2014-13", "2014-02-30", "2014-2-1", "02/01/2014", "2014-02-01T", "0000", "x"]
)
def test_what_is_no_date(text: str) -> None:
    with pytest.raises(ValueError):
        PartialDate.parse(text)


def test_flags_carry_the_text_and_the_rule() -> None:
    rule = DateRule("first", not_before="the first dose")
    found = impute(PartialDate.parse("2014-02"), rule, date(2014, 2, 10))
    assert found.on == date(2014, 2, 10)
    assert found.flags() == {"dated": "2014-02", "date_rule": "first possible day, not before the first dose"}
