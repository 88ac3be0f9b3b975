"""The lesion sheet: its verdict is the criterion's on what is recorded and typed together, and it asks for what baseline has."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import random_logs
from equipoise.analyse.data import cut
from equipoise.analyse.explain import explain
from equipoise.analyse.sheet import rows_of, verdict
from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import read_trial
from equipoise.trial.event import Event
from equipoise.trial.log import Log
from equipoise.trial.patient import Patient, gather
from equipoise.trial.trial import Trial
from helpers import moment

ENTRY = date(2012, 6, 1)


@cache
def north() -> Trial:
    return read_trial(find_trial("north"))


def lesion(
    name: str, size: float | None = None, kind: str = "target", state: str = "measured", **more: Any
) -> dict[str, Any]:
    return {"lesion": name, "kind": kind, "state": state, **({} if size is None else {"size": size}), **more}


def scan(n: int, *lesions: dict[str, Any], baseline: bool = False, number: int = 9) -> Event:
    data: dict[str, Any] = {"response": "NE", "lesions": list(lesions)} | ({"baseline": True} if baseline else {})
    on = ENTRY + timedelta(days=n)
    return Event(number, "assessed", on, moment(on), "t", patient="P", data=data)


def patient(*scans: Event) -> Patient:
    return gather(scans).get("P", Patient("P"))


BASE = scan(
    -2,
    lesion("T1", 60.0, organ="LIVER"),
    lesion("T2", 40.0, node=True),
    lesion("N1", kind="non-target", state="present"),
    baseline=True,
)
N1 = lesion("N1", kind="non-target", state="present")
#: the sizes of T1 and T2 typed at week 6 after 100 mm at baseline; the response, and the change from baseline
CASES = [
    (60.0, 40.0, "SD", 0.0),
    (30.0, 40.0, "PR", -0.3),
    (30.1, 40.0, "SD", -0.299),
    (80.0, 40.0, "PD", 0.2),
    (79.9, 40.0, "SD", 0.199),
    (0.0, 9.9, "PR", -0.901),
]


@pytest.mark.parametrize(("t1", "t2", "response", "change"), CASES)
def test_the_verdict_as_one_types(t1: float, t2: float, response: str, change: float) -> None:
    first = lesion("T1", t1) if t1 else lesion("T1", state="absent")
    found = verdict(north(), patient(BASE), ENTRY + timedelta(days=42), [first, lesion("T2", t2), N1])
    assert found is not None
    assert found.response == response
    assert found.sum == pytest.approx(t1 + t2)
    assert found.from_baseline == pytest.approx(change)
    assert response in found.sentence
    assert "100 mm" in found.sentence


def test_a_new_lesion_progresses() -> None:
    new = lesion("NEW1", kind="new", state="unequivocal")
    found = verdict(
        north(), patient(BASE), ENTRY + timedelta(days=42), [lesion("T1", 60.0), lesion("T2", 40.0), N1, new]
    )
    assert found is not None
    assert (found.response, found.new) == ("PD", "unequivocal")


def test_progression_is_against_the_nadir() -> None:
    least = scan(42, lesion("T1", 30.0), lesion("T2", 20.0), N1, number=10)
    found = verdict(
        north(), patient(BASE, least), ENTRY + timedelta(days=84), [lesion("T1", 40.0), lesion("T2", 20.0), N1]
    )
    assert found is not None
    assert (found.response, found.nadir, found.from_nadir) == ("PD", 50.0, pytest.approx(0.2))


def test_a_scan_that_is_put_right_does_not_count_against_itself() -> None:
    wrong = scan(42, lesion("T1", 3.0), lesion("T2", 20.0), N1, number=10)
    typed = [lesion("T1", 30.0), lesion("T2", 20.0), N1]
    found = verdict(north(), patient(BASE, wrong), ENTRY + timedelta(days=42), typed, replaces=10)
    assert found is not None
    assert (found.nadir, found.response) == (100.0, "PR")


def test_baseline_says_what_is_no_target() -> None:
    typed = [lesion("T1", 8.0), lesion("T2", 12.0, node=True), lesion("T3", 30.0)]
    found = verdict(north(), Patient("P"), ENTRY, typed, baseline=True)
    assert found is not None
    assert (found.response, found.sum) == ("", 50.0)
    assert len(found.findings) == 2


def test_a_criterion_that_does_not_derive_has_no_verdict() -> None:
    schedule = north().assessments.model_copy(update={"criterion": "RANO"})  # type: ignore[union-attr]
    other = north().model_copy(update={"assessments": schedule})
    assert verdict(other, patient(BASE), ENTRY, [lesion("T1", 60.0)]) is None


def test_the_sheet_asks_for_what_baseline_has_and_what_was_new_since() -> None:
    later = scan(
        42,
        lesion("T1", 30.0),
        lesion("T2", state="not evaluated"),
        N1,
        lesion("NEW1", kind="new", state="equivocal"),
        number=10,
    )
    rows = rows_of(patient(BASE, later))
    assert [(r.lesion, r.kind, r.state, r.baseline, r.last) for r in rows] == [
        ("T1", "target", "measured", 60.0, 30.0), ("T2", "target", "not evaluated", 40.0, 40.0),
        ("N1", "non-target", "present", None, None), ("NEW1", "new", "equivocal", None, None),
    ]  # fmt: skip
    assert [(r.organ, r.node) for r in rows[:2]] == [("LIVER", False), ("", True)]
    assert [r.lesion for r in rows_of(patient(BASE, later), before=ENTRY + timedelta(days=42))] == ["T1", "T2", "N1"]


@pytest.mark.property
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_the_verdict_is_what_explain_says_once_it_is_recorded(data: st.DataObject) -> None:
    """Typed first and recorded then: the same response by the same sentence, whatever the lesions."""
    n = data.draw(st.integers(1, 4))
    scans = [data.draw(random_logs.lesions(baseline=i == 0)) for i in range(n + 1)]
    log = Log()
    log.append("opened", ENTRY, moment(ENTRY), "t", data={"trial": "north", "fingerprint": "0" * 64})
    log.append("enrolled", ENTRY, moment(ENTRY), "t", patient="P", data={"factors": {"ecog": "2", "ldh": "raised"}})
    log.append("randomised", ENTRY, moment(ENTRY), "t", patient="P", data={"arm": "CE", "stratum": "x"})
    for i, lesions in enumerate(scans[:-1]):
        on = ENTRY + timedelta(days=42 * i)
        log.append(
            "assessed",
            on,
            moment(on),
            "t",
            patient="P",
            data={"response": "NE", "lesions": lesions, **({"baseline": True} if i == 0 else {})},
        )
    last = ENTRY + timedelta(days=42 * n)
    found = verdict(north(), gather(log)["P"], last, scans[-1])
    log.append("assessed", last, moment(last), "t", patient="P", data={"response": "NE", "lesions": scans[-1]})
    snap = cut(north(), log, last)
    point = explain(north(), snap, snap.patients["P"]).time_points[-1]
    assert found is not None
    assert found.response == point.derived
    assert found.sentence in point.because
