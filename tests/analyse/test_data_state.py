"""The state of the data: lags, overdue scans and silence, by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from equipoise import desk
from equipoise.analyse.data_state import corrections_table, lag_table, overdue_visit, sites_table
from equipoise.trial.event import Event
from equipoise.trial.trial import Trial
from helpers import moment
from people_by_hand import on, patient, snap


@pytest.fixture(scope="module")
def north() -> Trial:
    return desk.opening.load_trial("north")


def test_a_scan_is_overdue_when_its_day_and_its_grace_have_passed(north: Trial) -> None:
    a = north.assessments
    assert a is not None
    first = a.day_of(1)
    grace = a.window.days if a.window is not None else 14
    unseen = patient("1")
    assert overdue_visit(north, unseen, on(first + grace)) is None
    assert overdue_visit(north, unseen, on(first + grace + 1)) == on(first)
    seen = patient("2", (first, "assessed", {"response": "SD"}))
    assert overdue_visit(north, seen, on(a.day_of(2) + grace + 1)) == on(a.day_of(2))
    for ends in (("died", {}), ("lost", {}), ("next therapy", {}), ("assessed", {"response": "PD"})):
        gone = patient("3", (first, *ends))
        assert overdue_visit(north, gone, on(first + 400)) is None


def test_sites_add_up(north: Trial) -> None:
    people = [
        patient("1", site="S01"),
        patient("2", (300, "contact", {}), site="S02"),
        patient("3", (9, "died", {}), site="S02"),
    ]
    table = sites_table(north, snap(310, *people))
    assert table is not None
    by = {str(r[0]).split()[0]: list(r[1:]) for r in table.rows}
    assert by["S01"][:2] == [1, 1]
    assert by["S02"][:2] == [2, 1]
    assert by["S01"][-1] == "1 (100%)"  # silent for 310 days
    assert by["S02"][-1] == "0 (0%)"
    assert by["All"][:3] == [3, 2, "2 (100%)"]


def test_lags_and_corrections() -> None:
    events = [
        Event(1, "assessed", on(0), moment(on(3)), "t", patient="1", data={"response": "SD"}),
        Event(2, "assessed", on(0), moment(on(9)), "t", patient="2", data={"response": "SD"}),
        Event(3, "died", on(20), moment(on(20)), "t", patient="2", data={}),
    ]
    table = lag_table(replace(snap(30), events=events))
    assert table is not None
    assert [list(r) for r in table.rows] == [
        ["assessed", 2, "6 (3 to 9)", 9, "1 (50%)"], ["died", 1, "0 (0 to 0)", 0, "0 (0%)"],
    ]  # fmt: skip
    assert lag_table(replace(snap(30), events=events[:1])) is None  # a table that came at once tells nothing of it
    voided = Event(4, "voided", on(0), moment(on(10)), "t", corrects=1)
    mended = Event(5, "died", on(21), moment(on(22)), "t", patient="2", corrects=3)
    found = corrections_table(replace(snap(30), known=[*events, voided, mended]))
    assert found is not None
    assert [list(r) for r in found.rows] == [["assessed", 0, 1], ["died", 1, 0]]
    assert corrections_table(replace(snap(30), known=events)) is None
