"""Each patient's DLT as the trial file defines it: a table of cases, and what more records never do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phase1_trials import FIRST, Running, day, trial

Do = Callable[[Running], object]


def late_next(on: int) -> Do:
    def do(r: Running) -> None:
        r.dose(1)
        r.dose(8, 1, 8)
        r.dose(on, 2, 1)

    return do


def with_event(n: int, term: str, grade: int, **data: Any) -> Do:
    known = date.fromisoformat(data["until"]) if "until" in data else None

    def do(r: Running) -> None:
        r.dose(1)
        if n < 8:
            r.event(n, term, grade, known, **data)
        r.dose(8, 1, 8)
        if 8 <= n < 22:
            r.event(n, term, grade, known, **data)
        r.dose(22, 2, 1)
        if n >= 22:
            r.event(n, term, grade, **data)

    return do


def until(n: int) -> str:
    return day(n).isoformat()


def gone(kind: str, n: int, **data: Any) -> Do:
    def do(r: Running) -> None:
        r.dose(1)
        r.order(kind, day(n), **data)

    return do


def missed(r: Running) -> None:
    r.dose(1)
    r.dose(22, 2, 1)


def reduced(r: Running) -> None:
    r.dose(1)
    r.dose(8, 1, 8, dose=30)
    r.dose(22, 2, 1, dose=30)


def ended(r: Running) -> None:
    r.dose(1)
    r.dose(8, 1, 8)
    r.order("contact", day(22))
    r.order("treatment ended", day(22), reason="progression")


#: What was done, what is known on which day: the outcome as written, and a part of its sentence.
CASES: list[tuple[str, Do, int, str, str]] = [
    ("assigned only", lambda r: None, 9, "P:0", "no dose of IMGN901 yet"),
    ("dosed", lambda r: r.dose(1), 9, "P:0", "followed for 0 of 21 days"),
    ("dosed twice", lambda r: (r.dose(1), r.dose(8, 1, 8)), 9, "P:7", "followed for 7 of 21 days"),
    ("seen on day 21, a day short", lambda r: (r.dose(1), r.dose(8, 1, 8), r.order("contact", day(21))), 30, "P:20", "20 of 21 days"),
    ("the whole window", late_next(22), 22, "N", "given 2 of 2 planned doses, 100 %"),
    ("off treatment, seen after the window", ended, 22, "N", "No DLT in 21 days"),
    ("grade 3 on the first day", with_event(1, "neuropathy", 3), 22, "T", "neuropathy, grade 3, on day 1 of 21"),
    ("grade 3 on the last day", with_event(21, "neuropathy", 3), 22, "T", "on day 21 of 21"),
    ("grade 3 after the last day", with_event(22, "neuropathy", 3), 22, "N", "No DLT"),
    ("grade 2", with_event(10, "neuropathy", 2), 22, "N", "No DLT"),
    ("said to be unrelated", with_event(10, "neuropathy", 3, related=False), 22, "N", "No DLT"),
    ("an exception of the last rule", with_event(10, "Anaemia", 4), 22, "N", "No DLT"),
    ("febrile neutropenia, a rule of its own", with_event(10, "Febrile Neutropenia", 3), 22, "T", "rule 2"),
    ("neutropenia of seven days", with_event(10, "neutropenia", 4, until=until(16)), 22, "N", "No DLT"),
    ("neutropenia of eight days", with_event(10, "neutropenia", 4, until=until(17)), 22, "T", "rule 1"),
    ("neutropenia without an end, eight days on", with_event(15, "neutropenia", 4), 22, "T", "without a recorded end"),
    ("neutropenia without an end, seven days on", with_event(16, "neutropenia", 4), 22, "P:20", "Pending after 21 of 21 days"),
    ("neutropenia of grade 3 for weeks", with_event(2, "neutropenia", 3), 22, "N", "No DLT"),
    ("the next dose 14 days late", late_next(36), 36, "N", "No DLT"),
    ("the next dose 15 days late", late_next(37), 37, "T", "15 days late, more than 14 days"),
    ("the next dose not recorded", lambda r: (r.dose(1), r.dose(8, 1, 8), r.order("contact", day(24))), 24, "P:20", "cycle 2, day 1, is not recorded"),
    ("day 8 15 days late", lambda r: (r.dose(1), r.dose(23, 1, 8), r.dose(40, 2, 1)), 40, "T", "cycle 1, day 8"),
    ("day 8 left out", missed, 22, "X", "given 1 of 2 planned doses, 50 %, less than 80 %"),
    ("day 8 at half the dose", reduced, 22, "X", "90 of 120 mg/m2 in all (not all at the level's 60 mg/m2: 30 too), 75 %"),
    ("lost in the window", gone("lost", 12), 30, "X", "lost on"),
    ("withdrawn in the window", gone("withdrawn", 12), 30, "X", "followed for 11 of 21 days"),
    ("dead in the window", gone("died", 12), 30, "X", "died on"),
    ("never dosed", lambda r: r.order("withdrawn", day(3)), 30, "X", "Never given IMGN901"),
    ("a DLT, then lost", lambda r: (r.dose(1), r.event(5, "neuropathy", 4), r.order("lost", day(6))), 30, "T", "on day 5"),
    ("a DLT, and half of the doses", lambda r: (r.dose(1), r.event(5, "neuropathy", 3), r.dose(22, 2, 1)), 22, "T", "on day 5"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "do", "on", "outcome", "said"), CASES, ids=[c[0] for c in CASES])
def test_each_patient_is_one_of_four(what: str, do: Do, on: int, outcome: str, said: str) -> None:
    r = Running().assigned()
    do(r)
    found = r.status(on)
    assert (str(found.outcome), found.derived) == (outcome, outcome[0]), found.because
    assert said in found.because


def test_without_a_share_or_a_delay_nobody_is_replaced_for_doses() -> None:
    of = trial(lambda x: (x["phase1"]["dlt"].pop("evaluable_share"), x["phase1"]["dlt"].pop("delay_longer_than")))
    r = Running(of).assigned()
    missed(r)
    assert r.status(22).letter == "N"


def test_a_late_or_an_upgraded_event_derives_the_past_again() -> None:
    r = Running().assigned().cycle_one()
    assert r.status(22).letter == "N"
    event = r.event(10, "neuropathy", 2, known=day(30))
    assert r.status(22, known=day(30)).letter == "N"
    r.c.correct(event.number, r.now + timedelta(days=1), "t", "graded again", data={"grade": 3})
    late = r.status(22, known=day(40))
    assert late.letter == "T"
    assert late.events == (len(r.c.log),)
    assert r.status(22, known=day(30)).letter == "N", "as known before, it was none"
    assert r.status(22).letter == "N"


def test_a_committee_corrects_the_derivation_and_hides_nothing() -> None:
    r = Running().assigned()
    with_event(10, "neuropathy", 3)(r)
    r.order("dlt adjudicated", day(23), dlt=False, reason="of the tumour in the spine")
    found = r.status(23)
    assert (found.letter, found.derived, found.adjudicated) == ("N", "T", len(r.c.log))
    assert "of the tumour in the spine" in found.because
    assert "Derived: a DLT: neuropathy, grade 3" in found.because
    r.event(12, "fatigue", 3, known=day(25))
    again = r.status(25)
    assert again.letter == "T"
    assert "fatigue" in again.because
    assert "of the tumour in the spine" in again.because
    r.order("dlt adjudicated", day(26), dlt=False, reason="both of them")
    assert r.status(26).letter == "N"
    r.order("dlt adjudicated", day(27), dlt=True, reason="on a second look")
    last = r.status(27)
    assert (last.letter, last.derived) == ("T", "T")
    assert "on a second look" in last.because


def test_a_word_that_there_was_a_dlt_stands_against_none_and_pending() -> None:
    r = Running().assigned()
    r.dose(1)
    r.order("dlt adjudicated", day(5), dlt=True, reason="grade 2, and intolerable")
    found = r.status(6)
    assert (found.letter, found.derived, str(found.timed)[:2]) == ("T", "P", "T:")


EVENTS = st.lists(
    st.tuples(
        st.integers(1, 45),
        st.sampled_from(["ae", "contact", "dose", "ended", "lost", "withdrawn", "died"]),
        st.sampled_from(["neuropathy", "neutropenia", "febrile neutropenia", "anaemia"]),
        st.integers(1, 4),
        st.sampled_from([None, True, False]),
        st.one_of(st.none(), st.integers(0, 15)),
    ),
    max_size=8,
)


def record(r: Running, what: tuple[Any, ...], known: date) -> None:
    """One record more, if it is possible."""
    from equipoise.conduct.conduct import Refused

    n, kind, term, grade, related, lasted = what
    try:
        match kind:
            case "ae":
                more = {} if related is None else {"related": related}
                end = {} if lasted is None else {"until": until(n + lasted)}
                r.event(n, term, grade, known, **more, **end)
            case "dose":
                place = {True: (1, 8), False: (2, 1)}[n < 20]
                r.order(
                    "treated", day(n), known=known, drug="IMGN901", cycle=place[0], day=place[1], dose=60, unit="mg/m2"
                )
            case "ended":
                r.order("treatment ended", day(n), known=known, reason="x")
            case _:
                r.order({"contact": "contact"}.get(kind, kind), day(n), known=known)
    except Refused:
        pass


@given(EVENTS, EVENTS)
def test_more_records_never_turn_a_dlt_into_anything_else(first: list[Any], more: list[Any]) -> None:
    r = Running().assigned()
    r.dose(1)
    for what in first:
        record(r, what, day(60))
    before = [r.status(60)]
    for what in more:
        record(r, what, day(60))
        before.append(r.status(60))
    dlts = [s.letter == "T" for s in before]
    assert dlts == sorted(dlts), [s.because for s in before]


@given(EVENTS, EVENTS)
def test_as_known_on_an_earlier_day_nothing_later_is_seen(first: list[Any], more: list[Any]) -> None:
    r = Running().assigned()
    r.dose(1)
    for what in first:
        record(r, what, day(60))
    before = [r.status(n, known=day(60)) for n in (12, 25, 60)]
    for what in more:
        record(r, what, day(61))
    assert [r.status(n, known=day(60)) for n in (12, 25, 60)] == before


def test_the_window_begins_with_the_levels_own_drug() -> None:
    r = Running().assigned()
    r.order("treated", FIRST, drug="carboplatin", cycle=1, day=1, dose=6, unit="AUC")
    assert "no dose of IMGN901" in r.status(5).because
