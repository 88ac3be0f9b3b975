"""Populations on records made by hand: who is in, who is out, why, and which record says so."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from equipoise.analyse.populations import membership, treatment_received
from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import read_trial
from equipoise.trial.event import Event
from equipoise.trial.patient import Patient, gather
from equipoise.trial.population import Condition, Population
from helpers import moment

NORTH = read_trial(find_trial("north"))
DAY = date(2012, 6, 1)
FAR = DAY + timedelta(days=2000)


def patient(*happened: tuple[int, str, dict[str, Any]], arm: str = "CE") -> Patient:
    rows: list[tuple[int, str, dict[str, Any]]] = [(0, "randomised", {"arm": arm, "stratum": "all"}), *happened]
    return gather(
        Event(i, kind, DAY + timedelta(days=day), moment(FAR), "t", patient="P", data=data, source=f"row {i}")
        for i, (day, kind, data) in enumerate(rows, 1)
    )["P"]


def dose(day: int, drug: str = "carboplatin", cycle: int = 1) -> tuple[int, str, dict[str, Any]]:
    return (day, "treated", {"drug": drug, "cycle": cycle, "day": 1, "dose": 5, "unit": "AUC"})


NODE = {"lesion": "T1", "kind": "target", "state": "measured", "size": 14.0, "node": True}
MASS = {"lesion": "T2", "kind": "target", "state": "measured", "size": 22.0}
BASE = (0, "assessed", {"response": "NE", "baseline": True, "lesions": [MASS]})
SEEN = (42, "assessed", {"response": "SD"})

CASES = [
    ("ITT", [], True, "randomised on 2012-06-01", 1),
    ("SAF", [], False, "no dose recorded", None),
    ("SAF", [dose(1)], True, "first dose on 2012-06-02", 2),
    ("RESP", [BASE, SEEN], True, "assessed on 2012-07-13", 3),
    ("RESP", [BASE], False, "no assessment after baseline that could be read", None),
    ("RESP", [SEEN], False, "no assessment at baseline", None),
    ("RESP", [(0, "assessed", {**BASE[2], "lesions": [NODE]}), SEEN], False, "no measurable lesion at baseline", 2),
    ("PP", [(-9, "screened", {"failed": [4, 5]}), dose(1)], False, "failed criterion 4, 5", 2),
    ("PP", [dose(1), dose(2, "IMGN901")], False, "given IMGN901 on 2012-06-03, not of arm CE", 3),
    ("PP", [dose(1), (9, "deviation", {"what": "wrong dose", "major": True})], False, "wrong dose", 3),
    ("PP", [dose(1), (9, "deviation", {"what": "late scan", "major": False})], True, "no major deviation", 2),
    ("PFS6-evaluable", [(42, "assessed", {"response": "PD"})], True, "failure, progression on day 42", 2),
    ("PFS6-evaluable", [SEEN, (210, "assessed", {"response": "SD"})], True, "success, without an event to day 210", 3),
    ("PFS6-evaluable", [SEEN, (60, "withdrawn", {})], False, "not evaluable, withdrawal", 3),
    ("PFS6-evaluable", [SEEN], False, "not evaluable", None),
]


@pytest.mark.parametrize(("name", "record", "member", "because", "source"), CASES)
def test_membership(name: str, record: list[Any], member: bool, because: str, source: int | None) -> None:
    found = membership(patient(*record), NORTH.population_by_name[name], NORTH, FAR)
    assert (found.member, found.source) == (member, source), found
    assert because in found.because
    assert found.record == (f"row {source}" if source else "")


def test_cycles_are_those_begun_and_an_event_may_excuse() -> None:
    strict = Population(name="K", label="K", require=(Condition(what="cycles", at_least=2),))
    kind = Population(name="K", label="K", require=(Condition(what="cycles", at_least=2, unless_event=True),))
    one, two = patient(dose(1), dose(2)), patient(dose(1), dose(22, cycle=2))
    dead = patient(dose(1), (15, "died", {}))
    assert [membership(p, strict, NORTH, FAR).member for p in (one, two, dead)] == [False, True, False]
    assert [membership(p, kind, NORTH, FAR).member for p in (one, two, dead)] == [False, True, True]


def test_safety_counts_under_the_treatment_received() -> None:
    assert treatment_received(patient(dose(1)), NORTH) == ("CE", "")
    # A tested-arm patient given only the backbone keeps the arm: its regimen has all that was given.
    assert treatment_received(patient(dose(1), arm="IMGN901"), NORTH)[0] == "IMGN901"
    crossed = membership(patient(dose(1), dose(2, "IMGN901")), NORTH.population_by_name["SAF"], NORTH, FAR)
    assert crossed.arm == "IMGN901"
    assert "randomised to CE" in crossed.because
    odd = patient(dose(1, "IMGN901"), dose(2, "cisplatin"))
    assert treatment_received(odd, NORTH)[0] == "CE"
