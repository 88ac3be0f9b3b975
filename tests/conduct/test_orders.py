"""What is impossible is refused with its reasons, and the log stays as it was."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.conduct.conduct import Conduct, Refused, replay
from equipoise.conduct.randomisation import PermutedBlocks
from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import read_trial
from helpers import moment

DAY = date(2012, 5, 10)
NOW = moment(date(2013, 1, 1))
DOSE = {"drug": "carboplatin", "cycle": 1, "day": 1, "dose": 5, "unit": "AUC"}


def give(c: Conduct, kind: str, on: date, patient: str = "P1", **data: Any) -> None:
    c.order(kind, on, NOW, "t", patient=patient, data=data)


Order = Callable[[Conduct], object]
REFUSALS: list[tuple[str, list[Order], str]] = [
    ("a dose before randomisation", [lambda c: give(c, "treated", DAY - timedelta(1), **DOSE)], "before-randomisation"),
    ("a dose after death", [lambda c: give(c, "died", DAY + timedelta(5)), lambda c: give(c, "treated", DAY + timedelta(9), **DOSE)], "after-death"),
    ("death before a dose that was given", [lambda c: give(c, "treated", DAY + timedelta(9), **DOSE), lambda c: give(c, "died", DAY + timedelta(5))], "after-death"),
    ("a second death", [lambda c: give(c, "died", DAY), lambda c: give(c, "died", DAY)], "died-twice"),
    ("a second randomisation", [lambda c: c.randomise("P1", DAY, NOW, "t")], "second-randomisation"),
    ("a second screening", [lambda c: c.screen("P1", "S01", DAY, NOW, "t")], "screened-twice"),
    ("a site that is not open", [lambda c: c.screen("P2", "S07", DAY, NOW, "t")], "site-not-open"),
    ("a site before it opened", [lambda c: c.screen("P2", "S01", date(2012, 4, 1), NOW, "t")], "site-not-open"),
    ("a site opened twice", [lambda c: c.activate("S01", DAY, NOW, "t")], "site-open"),
    ("an unknown site", [lambda c: c.activate("S99", DAY, NOW, "t")], "unknown-site"),
    ("a patient who failed a criterion", [lambda c: c.screen("P2", "S01", DAY, NOW, "t", [2, 5]), lambda c: c.enrol("P2", DAY, NOW, "t", {"ecog": "2", "ldh": "raised"})], "not-eligible"),
    ("a criterion that is not there", [lambda c: c.screen("P2", "S01", DAY, NOW, "t", [99])], "unknown-criterion"),
    ("a factor's level that is not there", [lambda c: c.screen("P2", "S01", DAY, NOW, "t"), lambda c: c.enrol("P2", DAY, NOW, "t", {"ecog": "7", "ldh": "raised"})], "unknown-level"),
    ("randomisation without enrolment", [lambda c: c.screen("P2", "S01", DAY, NOW, "t"), lambda c: c.randomise("P2", DAY, NOW, "t")], "not-enrolled"),
    ("enrolment while paused", [lambda c: c.order("enrolment paused", DAY, NOW, "t"), lambda c: c.screen("P2", "S01", DAY, NOW, "t"), lambda c: c.enrol("P2", DAY, NOW, "t", {"ecog": "2", "ldh": "raised"})], "enrolment-paused"),
    ("a pause before an enrolment that was", [lambda c: c.order("enrolment paused", DAY - timedelta(1), NOW, "t")], "enrolled-since"),
    ("an end before an enrolment that was", [lambda c: c.order("enrolment closed", DAY - timedelta(9), NOW, "t")], "enrolled-since"),
    ("the future", [lambda c: give(c, "contact", date(2014, 1, 1))], "in-the-future"),
    ("before the trial", [lambda c: give(c, "contact", date(2011, 1, 1))], "before-start"),
    ("a seventh cycle of carboplatin", [lambda c: give(c, "treated", DAY, **{**DOSE, "cycle": 7})], "too-many-cycles"),
    ("another unit", [lambda c: give(c, "treated", DAY, **{**DOSE, "unit": "mg"})], "unit"),
    ("the same dose twice", [lambda c: give(c, "treated", DAY, **DOSE), lambda c: give(c, "treated", DAY, **DOSE)], "dose-twice"),
    ("an unknown response", [lambda c: give(c, "assessed", DAY, response="better")], "unknown-response"),
    ("a grade of six", [lambda c: give(c, "adverse event", DAY, term="nausea", grade=6)], "grade-out-of-range"),
    ("a grade in words", [lambda c: give(c, "adverse event", DAY, term="nausea", grade="two")], "wrong-type"),
    ("an assessment after withdrawal", [lambda c: give(c, "withdrawn", DAY), lambda c: give(c, "assessed", DAY + timedelta(3), response="SD")], "after-withdrawal"),
    ("a clock that goes back", [lambda c: c.order("contact", DAY, moment(DAY) - timedelta(days=1), "t", patient="P1")], "clock-backwards"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "orders", "code"), REFUSALS, ids=[r[0] for r in REFUSALS])
def test_impossible_orders_are_refused(running: Conduct, what: str, orders: list[Order], code: str) -> None:
    *before, last = orders
    for order in before:
        order(running)
    events = list(running.log)
    with pytest.raises(Refused) as caught:
        last(running)
    assert code in {p.code for p in caught.value.problems}
    assert list(running.log) == events


def test_a_late_record_of_what_was_before_death_is_taken(running: Conduct) -> None:
    give(running, "died", DAY + timedelta(30))
    give(running, "adverse event", DAY + timedelta(10), term="infection", grade=5)
    assert replay(running.trial, list(running.log)) == []


def test_imgn901_may_go_on_after_six_cycles(north: Any) -> None:
    c = Conduct.open(north, moment(date(2012, 3, 30)), "t", PermutedBlocks(north, "s"))
    c.activate("S01", DAY, moment(DAY), "t")
    for i in range(12):
        name = f"P{i}"
        c.screen(name, "S01", DAY, moment(DAY), "t")
        c.enrol(name, DAY, moment(DAY), "t", {"ecog": "2", "ldh": "normal"})
        if c.randomise(name, DAY, moment(DAY), "t").data["arm"] == "IMGN901":
            dose = {"drug": "IMGN901", "cycle": 7, "day": 8, "dose": 90, "unit": "mg/m2"}
            c.order("treated", DAY, moment(DAY), "t", patient=name, data=dose)
            return
    pytest.fail("no patient on IMGN901 among twelve")


def test_corrections(running: Conduct) -> None:
    give(running, "assessed", DAY + timedelta(42), response="SD")
    number = len(running.log)
    with pytest.raises(Refused, match="reason"):
        running.correct(number, NOW, "t", "")
    running.correct(number, NOW, "t", "typing error", data={"response": "PD"})
    assert running.patients["P1"].first_progression is not None
    with pytest.raises(Refused, match="in force"):
        running.correct(number, NOW, "t", "again")
    running.correct(number + 1, NOW, "t", "wrong patient", void=True)
    assert running.patients["P1"].assessments == []
    assert len(running.log) == number + 2


def test_a_detail_that_was_never_there_is_taken_away(running: Conduct) -> None:
    running.order("died", DAY + timedelta(30), NOW, "t", patient="P1", data={"cause": "x"})
    found = running.correct(len(running.log), NOW, "t", "nobody knows", data={"cause": None})
    assert dict(found.data) == {}
    assert replay(running.trial, list(running.log)) == []
    with pytest.raises(Refused, match="required for"):
        running.correct(3, NOW, "t", "x", data={"failed": None})


def test_an_allocation_is_never_taken_back(running: Conduct) -> None:
    number = next(e.number for e in running.log if e.kind == "randomised")
    with pytest.raises(Refused):
        running.correct(number, NOW, "t", "mistake", void=True)
    other = {"CE": "IMGN901", "IMGN901": "CE"}[running.patients["P1"].arm]
    with pytest.raises(Refused):
        running.correct(number, NOW, "t", "mistake", data={"arm": other})


def test_a_correction_that_makes_the_record_impossible_is_refused(running: Conduct) -> None:
    give(running, "treated", DAY, **DOSE)
    number = next(e.number for e in running.log if e.kind == "randomised")
    with pytest.raises(Refused):
        running.correct(number, NOW, "t", "it was later", on=DAY + timedelta(days=20))


NORTH = read_trial(find_trial("north"))
KINDS = ["treated", "assessed", "contact", "died", "withdrawn", "lost", "next therapy", "adverse event", "progressed"]
DETAILS: dict[str, dict[str, Any]] = {
    "treated": DOSE, "assessed": {"response": "SD"}, "adverse event": {"term": "nausea", "grade": 2}, "progressed": {"basis": "clinical"},
}  # fmt: skip


@pytest.mark.property
@given(st.lists(st.tuples(st.sampled_from(KINDS), st.integers(-5, 60), st.integers(1, 7)), max_size=25))
def test_whatever_was_taken_stands_when_judged_again(orders: list[tuple[str, int, int]]) -> None:
    """The running judgement, order by order, and the judgement of the whole log agree."""
    c = Conduct.open(NORTH, moment(date(2012, 3, 30)), "t", PermutedBlocks(NORTH, "s"))
    c.activate("S01", DAY, moment(DAY), "t")
    c.screen("P1", "S01", DAY, moment(DAY), "t")
    c.enrol("P1", DAY, moment(DAY), "t", {"ecog": "2", "ldh": "normal"})
    c.randomise("P1", DAY, moment(DAY), "t")
    for kind, after, cycle in orders:
        data = dict(DETAILS.get(kind, {}))
        if kind == "treated":
            data["cycle"] = cycle
        try:
            give(c, kind, DAY + timedelta(days=after), **data)
        except Refused:
            continue
    assert replay(NORTH, list(c.log)) == []
    again = Conduct(NORTH, c.log)
    assert again.patients == c.patients


def test_one_factor_is_put_right_and_the_others_stay(running: Conduct) -> None:
    enrolled = next(e for e in running.log if e.kind == "enrolled")
    before = dict(enrolled.data["factors"])
    other = "2" if before["ecog"] != "2" else "0-1"
    found = running.correct(enrolled.number, NOW, "t", "read wrongly", factors={"ecog": other})
    assert found.data["factors"] == {**before, "ecog": other}
    assert replay(running.trial, list(running.log)) == []
    with pytest.raises(Refused) as caught:
        running.correct(found.number, NOW, "t", " ", factors={"ecog": "7", "sex": "female"})
    codes = {p.code for p in caught.value.problems}
    assert codes == {"no-reason", "unknown-level", "unknown-factor"}
    with pytest.raises(Refused) as caught:
        running.correct(999, NOW, "t", "")
    assert [p.code for p in caught.value.problems] == ["no-reason", "unknown-event"]
    screened = next(e.number for e in running.log if e.kind == "screened")
    with pytest.raises(Refused) as caught:
        running.correct(screened, NOW, "t", "x", factors={"ecog": "2"})
    assert "no-factors" in {p.code for p in caught.value.problems}
