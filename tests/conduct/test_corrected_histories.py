"""Correcting to the truth equals having been right from the start, over random histories."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import event as event_of
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.analyse.data import cut
from equipoise.analyse.endpoints import observe
from equipoise.conduct.conduct import Conduct, Refused, replay
from equipoise.conduct.randomisation import PermutedBlocks
from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import read_trial
from equipoise.trial.event import Event
from equipoise.trial.log import Log, in_force
from helpers import moment

NORTH = read_trial(find_trial("north"))
START, NOW = date(2012, 5, 10), moment(date(2014, 1, 1))
KINDS = (
    "treated",
    "assessed",
    "contact",
    "adverse event",
    "progressed",
    "died",
    "withdrawn",
    "lost",
    "enrolment paused",
)
DETAILS: dict[str, dict[str, Any]] = {
    "treated": {"drug": "carboplatin", "cycle": 1, "day": 1, "dose": 5, "unit": "AUC"},
    "assessed": {"response": "SD"},
    "adverse event": {"term": "nausea", "grade": 2},
    "progressed": {"basis": "clinical"},
}
OTHER: dict[str, dict[str, Any]] = {
    "treated": {"dose": 4}, "assessed": {"response": "PD"}, "adverse event": {"grade": 3, "term": "vomiting"},
    "progressed": {"basis": "recurrence"}, "died": {"cause": "x"}, "withdrawn": {"reason": "x"}, "screened": {"failed": []},
}  # fmt: skip


def opened() -> Conduct:
    c = Conduct.open(NORTH, moment(date(2012, 3, 30)), "t", PermutedBlocks(NORTH, "s"))
    c.activate("S01", date(2012, 4, 2), moment(date(2012, 4, 2)), "t")
    return c


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """What truly happened, order by order as far as it is possible: two or three patients, several things on one day."""
    c = opened()
    for name in ("P1", "P2", "P3")[: draw(st.integers(1, 3))]:
        day = START + timedelta(draw(st.integers(0, 3)))
        for order in (
            lambda c, n, d: c.screen(n, "S01", d, NOW, "t"),
            lambda c, n, d: c.enrol(n, d, NOW, "t", {"ecog": "2", "ldh": "normal"}),
            lambda c, n, d: c.randomise(n, d, NOW, "t"),
        ):
            order(c, name, day)
            day += timedelta(draw(st.integers(0, 2)))
    for _ in range(draw(st.integers(0, 12))):
        kind, day = draw(st.sampled_from(KINDS)), START + timedelta(draw(st.integers(0, 40)))
        data = dict(DETAILS.get(kind, {}))
        if kind == "treated":
            data["cycle"] = draw(st.integers(1, 6))
        patient = "" if kind.startswith("enrolment") else draw(st.sampled_from(sorted(c.patients)))
        try:
            c.order(kind, day, NOW, "t", patient=patient, data=data)
        except Refused:
            continue
    return list(c.log)


def strip(event: Event | None) -> Any:
    """An event without what is no part of what happened: its number, and that it corrects."""
    return None if event is None else replace(event, number=0, corrects=None, why="")


def record(c: Conduct, name: str) -> list[Any]:
    return [strip(e) for e in sorted(c._events_of[name], key=lambda e: e.happened)]


@pytest.mark.property
@given(st.data())
def test_correcting_to_the_truth_equals_having_been_right_from_the_start(data: st.DataObject) -> None:
    truth = data.draw(histories())
    wrong = Conduct(NORTH, Log(truth[:2]))
    mistakes: list[tuple[int, Event]] = []
    for event in truth[2:]:
        number = len(wrong.log) + 1
        said = replace(event, number=number)
        if event.kind not in ("randomised",) and data.draw(st.booleans()):
            shift = data.draw(st.integers(-2, 2))
            other = {**event.data, **OTHER.get(event.kind, {})}
            if event.kind == "enrolled":
                other = {**other, "factors": {"ecog": "0-1", "ldh": "raised"}}
            said = replace(said, happened=event.happened + timedelta(shift), data=other)
        if wrong.judge(said):
            said = replace(event, number=number)  # the mistake was not possible
            if wrong.judge(said):
                event_of("refused after another mistake")
                return  # after other mistakes the truth was refused: it had been recorded once those were put right
        elif said.happened != event.happened or said.data != event.data:
            mistakes.append((number, event))
        wrong.take(said)
    for number, event in data.draw(st.permutations(mistakes)):
        try:
            never = dict.fromkeys(set(wrong.log[number - 1].data) - set(event.data))
            wrong.correct(number, NOW, "t", "put right", on=event.happened, data={**event.data, **never})
        except Refused:
            event_of("two in another order")
            return  # two mistakes that can only be put right in another order
    event_of(f"{min(len(mistakes), 4)} put right")
    right = Conduct(NORTH, Log(truth))

    # Levels that were wrong when a patient was randomised would have given another stratum: the truth's was recorded here.
    assert [p for _, p in replay(NORTH, list(wrong.log)) if p.code != "another-stratum"] == []
    assert replay(NORTH, truth) == []
    assert [strip(e) for e in in_force(wrong.log)] == [strip(e) for e in truth]
    assert {n: record(wrong, n) for n in wrong.patients} == {n: record(right, n) for n in right.patients}
    assert list(wrong.standing.states()) == list(right.standing.states())
    assert wrong.standing.sites == right.standing.sites
    again = Conduct(NORTH, Log(wrong.log))
    assert (again.patients, again.standing, again._events_of, again._allocated) == (
        wrong.patients, wrong.standing, wrong._events_of, wrong._allocated
    )  # fmt: skip

    later = date(2014, 1, 2)
    one, other = (cut(NORTH, c.log, later, later, fingerprint=False) for c in (wrong, right))
    assert [p.name for p in one.randomised] == [p.name for p in other.randomised]
    assert [strip(e) for e in one.events] == [strip(e) for e in other.events]
    for endpoint in (NORTH.time_to_event(n) for n in ("PFS", "OS")):
        seen = [
            [(o.origin, o.on, o.event) for p in s.randomised if (o := observe(p, endpoint, later)) is not None]
            for s in (one, other)
        ]
        assert seen[0] == seen[1]
    # What comes next is judged alike.
    for kind in KINDS:
        for name in right.patients if not kind.startswith("enrolment") else ("",):
            verdicts = [
                [(p.code, p.where, p.given) for p in c.judge(Event(len(c.log) + 1, kind, START + timedelta(20), NOW, "t", "", name, "", DETAILS.get(kind, {})))]
                for c in (wrong, right)
            ]  # fmt: skip
            assert verdicts[0] == verdicts[1]


@pytest.mark.property
@settings(max_examples=40)
@given(histories(), st.data())
def test_the_state_kept_step_by_step_is_that_of_the_log(truth: list[Event], data: st.DataObject) -> None:
    """Also after corrections and taking back, whatever of them is possible; and judging beforehand agrees with the whole log."""
    c = Conduct(NORTH, Log(truth))
    for _ in range(6):
        number = data.draw(st.integers(1, len(c.log)))
        day = START + timedelta(data.draw(st.integers(-3, 40)))
        void, before = data.draw(st.booleans()), list(c.log)
        try:
            c.correct(number, NOW, "t", "x", on=None if void else day, void=void)
        except Refused:
            assert list(c.log) == before
        again = Conduct(NORTH, Log(c.log))
        assert (again.patients, again.standing, again._events_of, again._allocated) == (
            c.patients, c.standing, c._events_of, c._allocated
        )  # fmt: skip
        assert replay(NORTH, list(c.log)) == []
