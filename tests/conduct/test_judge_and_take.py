"""Judging changes nothing, taking in what is recorded does; what is not recorded is not taken in."""

from __future__ import annotations

from copy import deepcopy
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from equipoise.conduct import conduct as conduct_room
from equipoise.conduct import running as running_room
from equipoise.conduct.conduct import Conduct, Refused, replay
from equipoise.conduct.randomisation import PermutedBlocks
from equipoise.desk import order as desk_order
from equipoise.trial.event import Event
from equipoise.trial.log import Log
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial
from helpers import moment
from kept import Kept

DAY = date(2012, 5, 10)
NOW = moment(date(2013, 1, 1))


def state(c: Conduct) -> Any:
    return deepcopy((list(c.log), c.patients, c.standing, c._events_of, c._allocated))


def same(c: Conduct) -> bool:
    """What was kept step by step is what the log says from its beginning."""
    again = Conduct(c.trial, c.log)
    return state(c)[1:] == state(again)[1:]


@pytest.mark.parametrize(
    "broken", [OSError(28, "No space left on device"), BadInput("log", [Problem("x", "log", "", "")])]
)
def test_what_is_not_written_is_not_taken_in(running: Conduct, broken: Exception) -> None:
    store, living = Kept(running.log), running.fork(PermutedBlocks(running.trial, "a seed for tests only"))
    living.takes = False
    before = state(living)
    store.broken = broken
    for order in (
        lambda c, now: c.order("contact", DAY, now, "t", patient="P1"),
        lambda c, now: c.screen("P2", "S01", DAY, now, "t"),
        lambda c, now: c.correct(3, now, "t", "typing error", on=DAY - timedelta(1)),
        lambda c, now: c.correct(2, now, "t", "typing error", on=date(2012, 4, 1)),
    ):
        with pytest.raises(type(broken)):
            desk_order.give(living.trial, store, order, conduct=living)
        assert state(living) == before
    store.broken = None
    done = desk_order.give(living.trial, store, lambda c, now: c.screen("P2", "S01", DAY, now, "t"), conduct=living)
    assert (done.event.number, done.hash) == (6, Log(store.events).head)
    assert "P2" in living.patients


def test_a_process_that_lives_catches_up_with_what_others_recorded(running: Conduct) -> None:
    store, living = Kept(running.log), Conduct(running.trial, Log(running.log), takes=False)
    desk_order.give(running.trial, store, lambda c, now: c.screen("P2", "S01", DAY, now, "another"))
    with pytest.raises(Refused, match="screened already"):
        desk_order.give(running.trial, store, lambda c, now: c.screen("P2", "S01", DAY, now, "t"), conduct=living)
    done = desk_order.give(running.trial, store, lambda c, now: c.screen("P3", "S01", DAY, now, "t"), conduct=living)
    assert (done.event.number, done.hash) == (7, Log(store.events).head)
    assert list(living.log) == store.events
    assert same(living)


def test_a_refused_order_of_several_events_records_none(running: Conduct) -> None:
    store = Kept(running.log)

    def two(c: Conduct, now: datetime) -> list[Event]:
        ahead = c.fork(None)
        ahead.takes = True
        return [
            ahead.order("contact", DAY, now, "t", patient="P1"),
            ahead.order("contact", DAY, now, "t", patient="P9"),
        ]

    with pytest.raises(Refused):
        desk_order.give(running.trial, store, two)
    assert store.events == list(running.log)


def test_judging_changes_nothing(running: Conduct) -> None:
    before = state(running)
    number = len(running.log) + 1
    for event, codes in (
        (Event(number, "contact", DAY, NOW, "t", patient="P1"), []),
        (Event(number, "contact", DAY, NOW, "t", patient="P7"), ["before-randomisation"]),
        (Event(number, "contact", DAY, NOW, "t"), ["missing"]),
        (Event(number, "site activated", DAY, NOW, "t", patient="P1", site="S02"), ["no-patient"]),
        (Event(number, "opened", DAY, NOW, "t", data={"trial": "north", "fingerprint": "x"}), ["opened-twice"]),
        (Event(number, "voided", DAY, NOW, "t", patient="P1"), ["missing"]),
        (Event(number, "died", DAY, NOW, "t", "x", "P1", "", {}, 5), ["not-the-same"]),
        (Event(number, "screened", DAY, NOW, "t", "x", "P2", "S01", {"failed": []}, 3), ["not-the-same"]),
        (Event(number, "randomised", DAY, NOW, "t", "x", "P1", "", {"stratum": "x"}, 5), ["allocation-stands", "arm-or-code"]),
        (Event(number, "voided", DAY, NOW, "t", "x", "P1", "", {}, 99), ["unknown-event"]),
        (Event(number, "voided", DAY, NOW, "t", "x", "P1", "S01", {}, 3), ["not-screened", "not-screened"]),
        (Event(number, "voided", DAY, NOW, "t", "x", "", "S01", {}, 2), ["site-not-open", "site-not-open"]),
    ):  # fmt: skip
        assert [p.code for p in running.judge(event)] == codes
    assert state(running) == before


def test_a_patients_correction_asks_that_patients_record_and_no_other(
    running: Conduct, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("the whole log is judged again")

    monkeypatch.setattr(conduct_room, "replay", never)
    monkeypatch.setattr(running_room, "in_force", never)
    running.correct(4, NOW, "t", "read wrongly", factors={"ecog": "2"})
    running.correct(3, NOW, "t", "a day before", on=DAY - timedelta(1))
    running.screen("P2", "S01", DAY, NOW, "t")
    running.correct(8, NOW, "t", "nobody came", void=True)
    assert "P2" not in running.patients
    monkeypatch.undo()
    assert same(running)
    assert replay(running.trial, list(running.log)) == []


def test_a_correction_stands_before_what_was_done_later_that_day(running: Conduct) -> None:
    """Enrolment that was paused that day, after the patient: an enrolment put right is no new one."""
    running.order("enrolment paused", DAY, NOW, "t")
    running.correct(4, NOW, "t", "read wrongly", factors={"ecog": "2"})
    running.correct(7, NOW, "t", "read wrongly again", factors={"ecog": "0-1"})
    running.correct(6, NOW, "t", "one word more", on=DAY)
    assert replay(running.trial, list(running.log)) == []
    assert same(running)
    with pytest.raises(Refused, match="enrolment is paused"):
        running.correct(9, NOW, "t", "earlier", on=DAY - timedelta(1))


def test_a_log_whose_corrections_touch_what_stands_is_found_out(running: Conduct, north: Trial) -> None:
    events = list(running.log)
    arm = {"CE": "IMGN901", "IMGN901": "CE"}[running.patients["P1"].arm]
    forged = Event(6, "randomised", DAY, NOW, "t", "x", "P1", "", {**events[4].data, "arm": arm}, 5)
    assert [p.code for _, p in replay(north, [*events, forged])] == ["allocation-stands"]
    twice = [Event(n, "voided", DAY, NOW, "t", "x", "P1", "S01", {}, 3) for n in (6, 7)]
    assert "unknown-event" in {p.code for _, p in replay(north, [*events, *twice])}
    dose = Event(6, "treated", DAY, NOW, "t", patient="P1", data={"drug": "x", "cycle": 1, "day": 1})
    lost = [*events[:4], Event(5, "randomised", DAY, NOW, "t", patient="P1", data={**events[4].data, "arm": "Z"}), dose]
    assert [p.code for _, p in replay(north, lost)] == ["unknown-arm"]
