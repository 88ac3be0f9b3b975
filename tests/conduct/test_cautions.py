"""What is possible and yet unlikely is said, once, at its detail; what is as it should be is not."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Any

import pytest

from equipoise.conduct.cautions import CONFIRMED, cautions, confirmed
from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import read_trial
from equipoise.trial.duration import Duration
from equipoise.trial.event import Event
from equipoise.trial.patient import Patient
from equipoise.trial.trial import Trial
from helpers import moment

ENTRY = date(2012, 6, 1)


@cache
def north() -> Trial:
    found = read_trial(find_trial("north"))
    schedule = found.assessments.model_copy(update={"window": Duration.parse("7 days")})  # type: ignore[union-attr]
    return found.model_copy(update={"assessments": schedule})


def day(n: int) -> date:
    return ENTRY + timedelta(days=n)


def event(kind: str, n: int, why: str = "", number: int = 50, **data: Any) -> Event:
    return Event(number, kind, day(n), moment(day(n)), "t", why, "P", data=data)


def patient(*events: Event) -> Patient:
    found = Patient("P")
    for e in (
        event("screened", -3, failed=[]),
        event("enrolled", 0, factors={}),
        event("randomised", 0, arm="CE", stratum="x"),
        *events,
    ):
        found.add(e)
    return found


def carbo(n: int, cycle: int, dose: float = 5.0, why: str = "") -> Event:
    return event("treated", n, why, drug="carboplatin", cycle=cycle, day=1, dose=dose, unit="AUC")


def lesion(name: str, size: float) -> dict[str, Any]:
    return {"lesion": name, "kind": "target", "state": "measured", "size": size}


BASE = event("assessed", 0, response="NE", baseline=True, sum_mm=60.0, lesions=[lesion("T1", 40.0), lesion("T2", 20.0)])
#: what is known, what is recorded now, the codes and details that are said
CASES: list[tuple[str, list[Event], Event, list[tuple[str, str]]]] = [
    ("as planned", [], carbo(0, 1), []),
    ("less, with a reason", [], carbo(0, 1, 4.0, "neutropenia"), []),
    ("less, without", [], carbo(0, 1, 4.0), [("no-reason-for-reduction", "why")]),
    ("more", [], carbo(0, 1, 6.0), [("above-plan", "data.dose")]),
    ("raised again", [carbo(0, 1, 4.0)], carbo(21, 2, 5.0), [("raised-again", "data.dose")]),
    ("late", [carbo(0, 1)], carbo(28, 2), [("outside-window", "happened")]),
    ("early", [carbo(0, 1)], carbo(14, 2), [("outside-window", "happened")]),
    ("a cycle passed over", [carbo(0, 1)], carbo(42, 3), [("passed-over", "data.cycle")]),
    ("after progression", [carbo(0, 1), event("assessed", 15, response="PD")], carbo(21, 2), [("after-its-end", "happened")]),
    ("a scan in its window", [], event("assessed", 49, response="SD"), []),
    ("a scan outside it", [], event("assessed", 50, response="SD"), [("outside-window", "happened")]),
    ("a second baseline", [BASE], event("assessed", 1, response="NE", baseline=True), [("second-baseline", "data.baseline")]),
    ("a sum far off", [BASE], event("assessed", 42, response="PD", sum_mm=600.0), [("far-off", "data.sum_mm")]),
    ("twice, and small", [event("assessed", 0, response="NE", baseline=True, sum_mm=8.0)], event("assessed", 42, response="PD", sum_mm=17.0), []),
    ("a lesion far off", [BASE], event("assessed", 42, response="PD", lesions=[lesion("T1", 400.0), lesion("T2", 20.0)]), [("far-off", "data.lesions")]),
    ("a lesion of which nothing is said", [BASE], event("assessed", 42, response="NE", lesions=[lesion("T1", 40.0)]), [("not-said", "data.lesions")]),
    ("fatal without a death", [], event("adverse event", 9, term="sepsis", grade=5, serious=True, criteria=["death"]), [("no-death", "data.grade")]),
    ("grade 4 and not serious", [], event("adverse event", 9, term="sepsis", grade=4, serious=False), [("not-serious", "data.serious")]),
    ("serious by nothing", [], event("adverse event", 9, term="sepsis", grade=3, serious=True), [("no-criterion", "data.criteria")]),
    ("related, before treatment", [carbo(5, 1)], event("adverse event", 3, term="nausea", grade=1, serious=False, related=True), [("before-treatment", "data.related")]),
    ("the same again", [event("adverse event", 3, term="Nausea", grade=1, number=9)], event("adverse event", 3, term="nausea", grade=1), [("the-same-again", "data.term")]),
    ("a death before a contact", [event("contact", 30)], event("died", 20), [("seen-later", "happened")]),
    ("a contact", [], event("contact", 30), []),
]  # fmt: skip


@pytest.mark.parametrize(("known", "now", "said"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_what_is_said(known: list[Event], now: Event, said: list[tuple[str, str]]) -> None:
    found = cautions(north(), patient(*known), now, now.happened)
    assert [(c.code, c.detail) for c in found] == said


def test_a_record_of_long_ago_is_asked_about() -> None:
    now = event("contact", 30)
    assert [c.code for c in cautions(north(), patient(), now, day(120))] == []
    assert [c.code for c in cautions(north(), patient(), now, day(121))] == ["long-ago"]


def test_what_was_confirmed_stands_in_the_reason() -> None:
    now = carbo(0, 1, 6.0)
    said = cautions(north(), patient(), now, ENTRY)
    assert confirmed("by hand ", said) == f"by hand {CONFIRMED}6 AUC is 120 % of what is planned, 5."
    assert confirmed(" by hand", []) == "by hand"
