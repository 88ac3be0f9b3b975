"""Who, whom, when and under which key: what is judged of every order, one place for each."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from equipoise.analyse.data import cut
from equipoise.conduct.conduct import Conduct, Refused, replay
from equipoise.conduct.numbers import Numbers
from equipoise.conduct.randomisation import PermutedBlocks
from equipoise.desk import order as desk_order
from equipoise.trial.event import Event
from equipoise.trial.folded import folded
from equipoise.trial.log import Log
from equipoise.trial.patients import Patients
from equipoise.trial.protocol_parts import Site
from equipoise.trial.trial import Trial
from helpers import moment
from kept import Kept

DAY = date(2012, 5, 10)
NOW = moment(date(2013, 1, 1))


def codes(c: Conduct, order: Any) -> list[str]:
    before = list(c.log)
    with pytest.raises(Refused) as caught:
        order(c)
    assert list(c.log) == before
    return [p.code for p in caught.value.problems]


# -- texts ----------------------------------------------------------------------------------------------------------

BAD = {
    "a lone surrogate": ("caf\udce9", "not-encodable"),
    "a decomposed accent": ("Zu\u0308rich", "not-nfc"),
    "a new line": ("a\nb", "not-seen"),
    "an escape": ("\x1b[2J", "not-seen"),
    "right to left": ("a\u202eb", "not-seen"),
    "zero width": ("a\u200bb", "not-seen"),
    "a byte order mark": ("\ufeffa", "not-seen"),
    "a filler": ("\u3164", "not-seen"),
    "a variation selector": ("a\ufe0f", "not-seen"),
    "a line separator": ("a\u2028b", "not-seen"),
    "too much": ("x" * 5000, "too-long"),
}


@pytest.mark.parametrize("what", BAD)
def test_texts_that_cannot_be_trusted_are_refused_wherever_they_stand(running: Conduct, what: str) -> None:
    text, code = BAD[what]
    places = {
        "by": lambda c: c.order("contact", DAY, NOW, text, patient="P1"),
        "why": lambda c: c.order("contact", DAY, NOW, "t", text, "P1"),
        "key": lambda c: c.order("contact", DAY, NOW, "t", patient="P1", key=text),
        "detail": lambda c: c.order("deviation", DAY, NOW, "t", patient="P1", data={"what": text, "major": False}),
        "member": lambda c: c.order(
            "adverse event", DAY, NOW, "t", patient="P1",
            data={"term": "x", "grade": 1, "serious": True, "criteria": [text]},
        ),
        "lesion": lambda c: c.order(
            "assessed", DAY, NOW, "t", patient="P1",
            data={"response": "SD", "lesions": [{"lesion": "T1", "kind": "target", "state": "absent", "organ": text}]},
        ),
        "correction": lambda c: c.correct(3, NOW, "t", text, on=DAY - timedelta(1)),
    }  # fmt: skip
    for where, order in places.items():
        assert code in codes(running, order), where


def test_blank_authors_reasons_and_odd_members(running: Conduct) -> None:
    for by in ("", " ", "\u00a0"):
        assert "nobody" in codes(running, lambda c, by=by: c.order("contact", DAY, NOW, by, patient="P1"))
    assert codes(running, lambda c: c.order("contact", DAY, NOW, " t", patient="P1")) == ["blanks"]
    assert "no-reason" in codes(running, lambda c: c.correct(3, NOW, "t", " "))
    for failed in ([{}], ["1"], [True], [1.5], [[[[1]]]]):
        assert "wrong-type" in codes(running, lambda c, f=failed: c.correct(3, NOW, "t", "x", data={"failed": f}))
    deep: list[Any] = []
    for _ in range(10_000):
        deep = [deep]
    assert "wrong-type" in codes(running, lambda c: c.correct(3, NOW, "t", "x", data={"failed": deep}))
    assert "too-deep" in codes(running, lambda c: c.order("assessed", DAY, NOW, "t", patient="P1", data={"response": "SD", "lesions": deep}))  # fmt: skip
    assert "wrong-type" in codes(running, lambda c: c.correct(4, NOW, "t", "x", data={"factors": {"ecog": ["2"]}}))
    dose = {"drug": "carboplatin", "cycle": 1, "day": 1, "unit": "AUC"}
    for amount in (float("nan"), float("inf")):
        assert "no-number" in codes(running, lambda c, a=amount: c.order("treated", DAY, NOW, "t", patient="P1", data={**dose, "dose": a}))  # fmt: skip
    assert "number-out-of-range" in codes(running, lambda c: c.order("treated", DAY, NOW, "t", patient="P1", data={**dose, "cycle": 10**5000}))  # fmt: skip
    # All at once, each once.
    assert sorted(codes(running, lambda c: c.screen("P2 ", "S99", date(2014, 1, 1), NOW, "", why="\x07"))) == sorted(
        ["blanks", "nobody", "not-seen", "number", "in-the-future", "site-not-open"]
    )


def test_accents_and_other_scripts_are_texts_like_others(running: Conduct) -> None:
    running.order("contact", DAY, NOW, "Zoë Łukasz", "Große Übelkeit; 頭痛; غثيان; 👍", "P1")
    assert replay(running.trial, list(running.log)) == []


# -- numbers --------------------------------------------------------------------------------------------------------


def test_one_person_has_one_number(running: Conduct) -> None:
    for alike in ("p1", "P1\u200b", "Р1", "\uff301", "P\u00a01", "ρ1"):
        assert "same-number" in codes(running, lambda c, a=alike: c.screen(a, "S01", DAY, NOW, "t"))
        assert "same-number" in codes(running, lambda c, a=alike: c.order("contact", DAY, NOW, "t", patient=a))
    assert codes(running, lambda c: c.screen("", "S99", DAY, NOW, "t")) == ["site-not-open"]
    for odd in ("P/2", "=cmd", "Ы2", "P" * 41, "P2\n", "-2"):
        assert {"number", "not-seen"} & set(codes(running, lambda c, o=odd: c.screen(o, "S01", DAY, NOW, "t")))
    forged = Event(6, "screened", DAY, NOW, "t", "", "p1", "S01", {"failed": []})
    assert [p.code for _, p in replay(running.trial, [*running.log, forged])] == ["same-number"]
    taken = Event(6, "screened", DAY, NOW, "t", "", "STUDY/01 2", "S01", {"failed": []}, source="dm.xpt row 1")
    assert running.judge(taken) == []


def test_numbers_are_made_and_never_given_twice(running: Conduct) -> None:
    first = running.screen("", "S01", DAY, NOW, "t").patient
    second = running.screen("", "S01", DAY, NOW, "t")
    assert (first, second.patient) == ("S01-001", "S01-002")
    running.correct(second.number, NOW, "t", "nobody came", void=True)
    assert running.screen("", "S01", DAY, NOW, "t").patient == "S01-003"
    running.screen("s01-004", "S01", DAY, NOW, "t")
    assert running.screen("", "S01", DAY, NOW, "t").patient == "S01-005"
    again = Conduct(running.trial, Log(running.log))
    assert again.screen("", "S01", DAY, NOW, "t").patient == "S01-006"
    running.activate("S02", DAY, NOW, "t")
    assert running.fork(None).screen("", "S02", DAY, NOW, "t").patient == "S02-001"


def stated(north: Trial, **patients: Any) -> Trial:
    return north.model_copy(update={"patients": Patients(**patients)})


def test_the_pattern_of_the_trial_file(north: Trial) -> None:
    trial = stated(north, number="N{counter:4}")
    assert trial.fingerprint != north.fingerprint
    c = Conduct.open(trial, moment(date(2012, 3, 30)), "t")
    for site in ("S01", "S02"):
        c.activate(site, DAY, NOW, "t")
    assert c.screen("", "S01", DAY, NOW, "t").patient == "N0001"
    assert c.screen("", "S02", DAY, NOW, "t").patient == "N0002"
    assert c.screen("N0007", "S02", DAY, NOW, "t").patient == "N0007"
    assert c.screen("", "S01", DAY, NOW, "t").patient == "N0008"
    for odd in ("P1", "N00009", "N009", "n0009", "N0009x"):
        assert codes(c, lambda c, o=odd: c.screen(o, "S01", DAY, NOW, "t")) == ["number"]
    assert "same-number" in codes(c, lambda c: c.screen("n0008", "S01", DAY, NOW, "t"))
    for bad in (
        "",
        "{site}",
        "{site}-{site}-{counter}",
        "{counter}{counter}",
        "{x}{counter}",
        "a b{counter}",
        "{counter:0}",
    ):
        with pytest.raises(ValidationError):
            Patients(number=bad)


@pytest.mark.property
@given(st.lists(st.sampled_from("Pp1lO0 -\u200bРρ\u00e9e\u0301"), max_size=6).map("".join))
def test_folding_again_changes_nothing_and_made_numbers_are_read_back(text: str) -> None:
    assert folded(folded(text)) == folded(text)
    p = Patients(number="{site}/{counter:2}")
    for n in (1, 99, 100, 12345):
        assert p.count_in(p.of("S-1", n), "S-1") == n
    assert p.count_in(p.of("S-1", 7), "S-2") is None


def test_a_likely_second_screening_is_to_be_confirmed(running: Conduct, north: Trial) -> None:
    person = {"birth_year": 1950, "sex": "female", "initials": "A.B."}
    running.screen("", "S01", DAY, NOW, "t", person=person)
    likely = {"birth_year": 1950, "initials": "ab"}
    assert codes(running, lambda c: c.screen("", "S01", DAY, NOW, "t", person=likely)) == ["likely-the-same-person"]
    assert codes(running, lambda c: c.screen("", "S01", DAY, NOW, "t", person={"birth_year": 2050})) == ["birth-year"]
    for other in ({"birth_year": 1951, "sex": "female", "initials": "AB"}, {"birth_year": 1950}, {}):
        running.screen("", "S01", DAY, NOW, "t", person=other)
    found = running.screen("", "S01", DAY, NOW, "t", person={**likely, "new_person": True})
    assert found.data["new_person"] is True
    asking = Conduct(stated(north, asks=("birth_year", "sex")), Log(list(running.log)[:2]))
    missing = codes(asking, lambda c: c.screen("", "S01", DAY, NOW, "t", person={"initials": "AB"}))
    assert missing == ["missing", "missing", "not-asked"]


# -- keys -----------------------------------------------------------------------------------------------------------


def test_the_first_answer_again(running: Conduct) -> None:
    store, living = Kept(running.log), running.fork(PermutedBlocks(running.trial, "a seed for tests only"))
    living.takes = False

    def give(order: Any, by: Conduct | None = None) -> Any:
        return desk_order.give(running.trial, store, order, PermutedBlocks(running.trial, "a seed for tests only"), by)

    orders = [
        lambda c, now: c.screen("", "S01", DAY, now, "t", key="a"),
        lambda c, now: c.enrol("S01-001", DAY, now, "t", {"ecog": "2", "ldh": "normal"}, key="b"),
        lambda c, now: c.randomise("S01-001", DAY, now, "t", key="c"),
        lambda c, now: c.order("contact", DAY, now, "t", patient="P1", key="d"),
        lambda c, now: c.correct(3, now, "t", "typing error", on=DAY - timedelta(1), key="e"),
        lambda c, now: c.correct(9, now, "t", "nobody called", void=True, key="f"),
    ]
    first = [give(order) for order in orders]
    head, events = Log(store.events).head, list(store.events)
    for by in (None, living):
        assert [give(order, by) for order in orders] == first
    assert (Log(store.events).head, store.events) == (head, events)
    assert replay(running.trial, store.events) == []
    for other in (
        lambda c, now: c.screen("", "S01", DAY + timedelta(1), now, "t", key="a"),
        lambda c, now: c.screen("S01-002", "S01", DAY, now, "t", key="a"),
        lambda c, now: c.screen("", "S01", DAY, now, "t", [1], key="a"),
        lambda c, now: c.screen("", "S01", DAY, now, "another", key="a"),
        lambda c, now: c.order("contact", DAY, now, "t", patient="P1", key="a"),
        lambda c, now: c.enrol("S01-001", DAY, now, "t", {"ecog": "0-1", "ldh": "normal"}, key="b"),
        lambda c, now: c.randomise("P1", DAY, now, "t", key="c"),
        lambda c, now: c.order("contact", DAY, now, "t", "called", "P1", key="d"),
        lambda c, now: c.correct(3, now, "t", "typing error", on=DAY - timedelta(2), key="e"),
        lambda c, now: c.correct(9, now, "t", "x", on=DAY, key="f"),
    ):
        with pytest.raises(Refused) as caught:
            give(other)
        assert [p.code for p in caught.value.problems] == ["key-used"]
    twice = Event(len(events) + 1, "contact", DAY, events[-1].recorded, "t", "", "P1", "", {"key": "d"})
    assert [p.code for _, p in replay(running.trial, [*events, twice])] == ["key-used"]


# -- clocks ---------------------------------------------------------------------------------------------------------


def test_a_clock_that_was_wrong_once(running: Conduct, monkeypatch: pytest.MonkeyPatch) -> None:
    store, trial = Kept(running.log), running.trial

    def give(at: datetime, order: Any) -> Event:
        monkeypatch.setattr(desk_order, "now", lambda: at)
        return desk_order.give(trial, store, order).event

    def contact(on: date) -> Any:
        return lambda c, now: c.order("contact", on, now, "t", patient="P1")

    right = datetime(2012, 6, 1, 9, tzinfo=UTC)
    wrong = give(datetime(2099, 1, 1, tzinfo=UTC), contact(date(2098, 5, 5)))
    with pytest.raises(Refused, match=r"this clock says 2012-06-01 09:00:00 UTC.*2099-01-01 00:00:00 UTC"):
        give(right, contact(DAY))
    with pytest.raises(Refused, match="what was wrong"):
        give(right, lambda c, now: c.correct_clock(now, "t", " "))
    assert give(right, lambda c, now: c.correct_clock(now, "t", "battery")).recorded == right
    assert [p.code for e, p in replay(trial, store.events) if e.number == wrong.number] == ["in-the-future"]
    put_right = give(right, lambda c, now: c.correct(wrong.number, now, "t", "wrong clock", on=date(2012, 5, 31)))
    assert replay(trial, store.events) == []
    assert Log(store.events).known_by(date(2012, 5, 31)) == store.events[:5]
    assert Log(store.events).known_by(date(2012, 6, 1)) == store.events
    assert cut(trial, Log(store.events)).cutoff == date(2012, 6, 1)
    # Two machines' clocks differ by some minutes: the log's last moment counts, and never goes back.
    assert give(right - timedelta(minutes=4), contact(DAY)).recorded == right == put_right.recorded
    with pytest.raises(Refused, match="this clock says"):
        give(right - timedelta(minutes=6), contact(DAY))
    with pytest.raises(Refused, match="nothing is to be corrected"):
        give(right, lambda c, now: c.correct_clock(now, "t", "to be sure"))
    back = Event(len(store.events) + 1, "contact", DAY, moment(DAY), "t", patient="P1")
    assert [p.code for _, p in replay(trial, [*store.events, back])] == ["clock-backwards"]


def test_days_are_the_sites_days(running: Conduct, north: Trial) -> None:
    """Auckland on the morning of 3 May is Greenwich on the evening before; Los Angeles has yet the day before."""
    evening, early = datetime(2012, 6, 2, 20, tzinfo=UTC), datetime(2012, 6, 3, 5, tzinfo=UTC)

    def sited(zone: str | None) -> Conduct:
        sites = tuple(s.model_copy(update={"timezone": zone}) if s.name == "S01" else s for s in north.sites)
        return Conduct(north.model_copy(update={"sites": sites}), Log(running.log))

    def contact(zone: str | None, on: date, at: datetime) -> list[str]:
        c = sited(zone)
        return [p.code for p in c.judge(Event(len(c.log) + 1, "contact", on, at, "t", patient="P1"))]

    assert contact("Pacific/Auckland", date(2012, 6, 3), evening) == []
    assert contact("America/Los_Angeles", date(2012, 6, 3), early) == ["in-the-future"]
    assert contact("America/Los_Angeles", date(2012, 6, 2), early) == []
    assert contact("Europe/Paris", date(2012, 6, 3), evening) == ["in-the-future"]
    assert contact(None, date(2012, 6, 3), evening) == []
    assert contact(None, date(2012, 6, 3), datetime(2012, 6, 2, 9, tzinfo=UTC)) == ["in-the-future"]
    assert contact(None, date(2012, 6, 4), evening) == ["in-the-future"]
    for zone in ("Mars/Base", "../etc/passwd", ""):
        if zone:
            with pytest.raises(ValidationError):
                Site(name="S", activation=DAY, rate=1.0, timezone=zone)


def test_numbers_know_who_was_there(north: Trial) -> None:
    numbers = Numbers(north)
    numbers.take("S01-009", "S01")
    other = numbers.copy()
    other.take("S01-010", "S01")
    assert ("S01-010" in numbers, numbers.next("S01"), other.next("S01")) == (False, "S01-010", "S01-011")
