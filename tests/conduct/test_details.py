"""Details of an order that say nothing, lie in the future, or can be nobody's: refused when given, and in a correction too."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from equipoise.conduct.conduct import Conduct, Refused, replay
from equipoise.conduct.randomisation import PermutedBlocks
from equipoise.conduct.remade import Remade
from equipoise.trial.event import Event
from equipoise.trial.folded import folded
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial
from helpers import moment

DAY = date(2012, 5, 10)
NOW = moment(date(2013, 1, 1))
DOSE = {"drug": "carboplatin", "cycle": 1, "day": 1, "unit": "AUC", "dose": 5}


@pytest.fixture
def randomised(north: Trial) -> Conduct:
    """P1, who was screened (event 3), enrolled and randomised."""
    c = Conduct.open(north, NOW, "t", PermutedBlocks(north, 2012))
    c.activate("S01", DAY, NOW, "t")
    c.screen("P1", "S01", DAY, NOW, "t", person={"birth_year": 1950, "sex": "f"})
    c.enrol("P1", DAY, NOW, "t", {"ecog": "0-1", "ldh": "normal"})
    c.randomise("P1", DAY, NOW, "t")
    return c


def problems(order: Any) -> list[Problem]:
    with pytest.raises(Refused) as caught:
        order()
    return list(caught.value.problems)


def codes(order: Any) -> list[str]:
    return [p.code for p in problems(order)]


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        ("2099-01-01", "in-the-future"),
        ("20120511", "until"),
        ("2012-W19-5", "until"),
        ("2012-05-09", "until"),
        ("soon", "until"),
        ("2012-05-11", None),
    ],
)
def test_a_last_day_is_a_day_as_days_are_written_and_has_come(
    randomised: Conduct, until: str, expected: str | None
) -> None:
    """Last days are compared as they are written: another way to write one would be before or after what it is not."""
    c, ae = randomised, {"term": "nausea", "grade": 1}
    for kind, data in (("treated", DOSE), ("adverse event", ae)):

        def given(k: str = kind, d: dict[str, Any] = data) -> Event:
            return c.order(k, DAY, NOW, "t", patient="P1", data={**d, "until": until})

        if expected is None:
            given()
        else:
            assert codes(given) == [expected]
            number = c.order(kind, DAY, NOW, "t", patient="P1", data=data).number
            wrong = {"until": until}
            assert codes(lambda n=number, w=wrong: c.correct(n, NOW, "t", "x", data=w)) == [expected]


def test_a_day_known_in_part_holds_the_day_that_stands_for_it(randomised: Conduct) -> None:
    c = randomised
    for said in ("junk", "2013", "2012-06"):
        assert codes(lambda s=said: c.order("died", DAY, NOW, "t", patient="P1", data={"dated": s})) == ["dated"]
    number = c.order("died", DAY, NOW, "t", patient="P1", data={"dated": "2012-05", "date_rule": "assumed"}).number
    corrected = c.correct(number, NOW, "t", "the day is known now", on=date(2012, 6, 1))
    assert corrected.data == {}, "a day that was put right is known: an export would else tell the old part of a date"
    assert replay(c.trial, list(c.log)) == []


def test_a_correction_is_asked_of_the_person_what_a_screening_is(randomised: Conduct) -> None:
    c = randomised
    assert codes(lambda: c.correct(3, NOW, "t", "x", data={"birth_year": 1800})) == ["birth-year"]
    assert codes(lambda: c.correct(3, NOW, "t", "x", data={"sex": " "})) == ["detail"]
    other = c.screen("", "S01", DAY, NOW, "t", person={"birth_year": 1960, "sex": "f"}).number
    assert codes(lambda: c.correct(other, NOW, "t", "x", data={"birth_year": 1950})) == ["likely-the-same-person"]
    sure = {"birth_year": 1950, "new_person": True}
    again = c.correct(other, NOW, "t", "x", data=sure)
    c.correct(again.number, NOW, "t", "another day is no new person", on=date(2012, 5, 11))


def test_a_detail_that_says_nothing_is_left_out(randomised: Conduct) -> None:
    c = randomised
    for kind, name in (
        ("treatment ended", "reason"), ("withdrawn", "reason"), ("progressed", "basis"), ("died", "cause"), ("next therapy", "therapy"),
    ):  # fmt: skip
        for text in ("", " ", "\u00a0"):
            found = problems(lambda k=kind, n=name, t=text: c.order(k, DAY, NOW, "t", patient="P1", data={n: t}))
            assert [(p.code, p.where) for p in found] == [("nothing-said", f"data.{name}")]
    assert codes(lambda: c.order("contact", DAY, NOW, "t", patient="P1", key=" k")) == ["blanks"]
    assert codes(lambda: c.order("contact", DAY, NOW, "t", patient="P1", key=" ")) == ["nothing-said"]


def test_what_became_of_an_event_that_is_in_force_no_more_is_said(randomised: Conduct) -> None:
    c = randomised
    first = c.order("contact", DAY, NOW, "t", patient="P1").number
    second = c.correct(first, NOW, "t", "x", on=date(2012, 5, 11)).number

    def said(number: int) -> str:
        (found,) = problems(lambda: c.correct(number, NOW, "t", "x", on=date(2012, 5, 12)))
        return str(found)

    assert f"event {second} corrected" in said(first)
    assert f"correct event {second}" in said(first)
    void = c.correct(second, NOW, "t", "never", void=True).number
    assert f"event {void} took back" in said(second)
    assert f"took back event {second}" in said(void)
    assert f"1 to {len(c.log)}" in said(99)
    third = c.order("contact", DAY, NOW, "t", patient="P1").number
    c.redact(third, NOW, "t", "x")
    assert f"{third}, whose content was removed" in said(third)


def test_a_dose_is_of_the_order_of_the_regimen_s(randomised: Conduct) -> None:
    """A dose of 1e308 mg has a share of the planned dose that is no number."""
    c = randomised
    for dose in (1e308, 501, 1e-320, 0.001, 0, -1):
        assert codes(lambda d=dose: c.order("treated", DAY, NOW, "t", patient="P1", data={**DOSE, "dose": d})) == [
            "dose"
        ]
    c.order("treated", DAY, NOW, "t", patient="P1", data={**DOSE, "dose": 500})


@pytest.mark.parametrize("one", ["S01-00l", "S01-OO1", "SOI-001", "S01.001", "S01_001", "s0l-001"])
def test_letters_that_are_read_as_digits_make_no_other_patient(one: str) -> None:
    assert folded(one) == folded("S01-001")
    assert folded("S1-11") != folded("S11-1")


def test_a_heading_shows_what_is_not_seen() -> None:
    assert str(BadInput("screened \u202eP1\x1b[2J", [])).startswith(r"screened \u202eP1\x1b[2J:")


def test_nothing_made_again_is_not_as_it_was_recorded() -> None:
    event = Event(7, "randomised", DAY, NOW, "t", patient="P1", data={"arm": "CE", "stratum": "all"})
    said = " ".join(Remade(0, [], [event], 0, 0).in_words([]))
    assert "No allocation of this log could be made again" in said
    assert "as it was recorded" not in said
    assert "2 allocations of this log were made again from the secret, and are as recorded." in Remade(2, [], [event], 0, 0).in_words([])  # fmt: skip
