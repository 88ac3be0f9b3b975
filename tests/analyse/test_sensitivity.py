"""Named rules side by side on records made by hand, and one patient explained."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from equipoise.analyse.columns import times
from equipoise.analyse.columns.from_patients import pool_of
from equipoise.analyse.endpoints import observe
from equipoise.analyse.explain import explain
from equipoise.analyse.sensitivity import AS_STATED, sensitivity, variant
from equipoise.analyse.stated import as_stated
from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import read_trial
from equipoise.trial.event import Event
from equipoise.trial.log import Log
from equipoise.trial.patient import gather
from equipoise.trial.snapshot import Snapshot, snapshot
from helpers import moment

NORTH = read_trial(find_trial("north"))
DAY = date(2012, 6, 1)
FAR = DAY + timedelta(days=900)
BASE = (0, "assessed", {"response": "NE", "baseline": True, "sum_mm": 80.0})


def seen(day: int, response: str = "SD") -> tuple[int, str, dict[str, Any]]:
    return (day, "assessed", {"response": response})


def snap_of(*records: list[tuple[int, str, dict[str, Any]]]) -> Snapshot:
    log = Log()
    for i, record in enumerate(records):
        arm = ("CE", "IMGN901")[i % 2]
        for day, kind, data in [(0, "randomised", {"arm": arm, "stratum": "all"}), *record]:
            log.append(kind, DAY + timedelta(days=day), moment(FAR), "t", patient=f"P{i}", data=data)
    return snapshot(log, FAR)


#: What happened → (day, event) under FDA's table A, its table C, and EMA. Scans are due every 42 days.
CASES: list[tuple[str, list[Any], tuple[int, bool], tuple[int, bool], tuple[int, bool]]] = [
    ("documented", [BASE, seen(42), seen(84, "PD")], (84, True), (84, True), (84, True)),
    ("no baseline", [seen(42), seen(84, "PD")], (0, False), (0, False), (84, True)),
    ("next therapy", [BASE, seen(42), (50, "next therapy", {}), seen(84, "PD")], (42, False), (42, False), (84, True)),
    ("claim", [BASE, seen(42), (50, "progressed", {"basis": "clinical"}), seen(84, "PD")], (42, False), (50, True), (84, True)),
    ("toxicity", [BASE, seen(42), (50, "treatment ended", {"reason": "toxicity"}), seen(84, "PD")], (42, False), (42, False), (84, True)),
    ("two missed, progression", [BASE, seen(42), seen(168, "PD")], (42, False), (168, True), (168, True)),
    ("two missed, death", [BASE, seen(42), (150, "died", {})], (42, False), (42, False), (150, True)),
    ("one missed, death", [BASE, seen(42), (100, "died", {})], (100, True), (100, True), (100, True)),
    ("one missed, one without a response, death", [BASE, seen(42), seen(84, ""), (150, "died", {})], (42, False), (42, False), (150, True)),
    ("one missed, one not evaluable, death", [BASE, seen(42), seen(84, "NE"), (150, "died", {})], (42, False), (42, False), (150, True)),
    ("two seen, death", [BASE, seen(42), seen(84), (150, "died", {})], (150, True), (150, True), (150, True)),
    ("death before a scan", [BASE, (30, "died", {})], (30, True), (30, True), (30, True)),
    ("lost", [BASE, seen(42), (60, "lost", {})], (42, False), (42, False), (42, False)),
    ("a tie", [BASE, seen(42), (84, "next therapy", {}), seen(84, "PD")], (84, True), (84, True), (84, True)),
]  # fmt: skip


@pytest.mark.parametrize(("what", "record", "a", "c", "ema"), CASES, ids=[c[0] for c in CASES])
def test_named_rules(what: str, record: list[Any], a: Any, c: Any, ema: Any) -> None:
    patient = snap_of(record).patients["P0"]
    for rules, expected in (("FDA documented progression", a), ("FDA investigator claims", c), ("EMA", ema)):
        endpoint = variant(NORTH.time_to_event("PFS"), rules, "investigator")
        found = observe(patient, endpoint, FAR, NORTH.assessments)
        assert found is not None
        assert (found.days, found.event) == expected, rules
        pooled = times.observe(pool_of([patient], FAR, NORTH), endpoint, NORTH.assessments)
        assert (pooled.days[0], pooled.event[0], pooled.reason(0)) == (*expected, found.reason), rules


def test_side_by_side_lists_exactly_the_patients_that_change() -> None:
    snap = snap_of(*(c[1] for c in CASES))
    found = sensitivity(NORTH, snap, NORTH.time_to_event("PFS"), [AS_STATED, "EMA"], ["investigator"])
    stated, ema = found.under
    assert sum(a.events for a in ema.result.arms.values()) == sum(c[4][1] for c in CASES)
    changed = {c.patient for c in found.changes}
    differ = {
        p for p, o in ema.observed.items() if (o.days, o.event) != (stated.observed[p].days, stated.observed[p].event)
    }
    assert differ <= changed
    assert all(c.rules == "EMA, investigator" for c in found.changes)
    assert all(sum(reasons.values()) == ema.result.arms[arm].n for arm, reasons in ema.reasons.items())


def lesion(size: float) -> list[dict[str, Any]]:
    return [{"lesion": "T1", "kind": "target", "state": "measured", "size": size}]


def test_responses_from_lesions_feed_the_endpoints() -> None:
    record = [
        (0, "assessed", {"response": "NE", "baseline": True, "lesions": lesion(40.0)}),
        (42, "assessed", {"response": "SD", "lesions": lesion(20.0)}),
        # Recorded against baseline; against the nadir of 20 mm this is progression.
        (84, "assessed", {"response": "PR", "lesions": lesion(26.0)}),
    ]
    assert NORTH.assessments is not None
    derive = NORTH.model_copy(
        update={"assessments": NORTH.assessments.model_copy(update={"responses": "from lesions"})}
    )
    snap = snap_of(record)
    assert as_stated(NORTH, snap) is snap
    told = {
        name: explain(t, as_stated(t, snap), as_stated(t, snap).patients["P0"])
        for name, t in (("r", NORTH), ("d", derive))
    }
    pfs = {name: next(o for o in e.endpoints if o.endpoint == "PFS").result for name, e in told.items()}
    orr = {name: next(o for o in e.endpoints if o.endpoint == "ORR").result for name, e in told.items()}
    assert pfs["r"].startswith("censored on 2012-08-24, day 84")
    assert pfs["d"].startswith("event on 2012-08-24, day 84")
    assert (orr["r"], orr["d"]) == ("PR, success", "PR, success")
    last = told["d"].time_points[-1]
    assert (last.recorded, last.derived, last.used) == ("PR", "PD", "PD")
    assert "6 mm (30.0 %) above the nadir (20 mm" in last.because
    twice = as_stated(derive, as_stated(derive, snap))
    assert twice.patients["P0"].assessments == as_stated(derive, snap).patients["P0"].assessments


def test_an_equivocal_lesion_dates_the_progression_and_not_the_last_contact() -> None:
    new = {"lesion": "N1", "kind": "new"}
    record = [
        (0, "assessed", {"response": "NE", "baseline": True, "lesions": lesion(40.0)}),
        (42, "assessed", {"response": "SD", "lesions": [*lesion(40.0), new | {"state": "equivocal"}]}),
        (84, "assessed", {"response": "PD", "lesions": [*lesion(40.0), new | {"state": "unequivocal"}]}),
    ]
    assert NORTH.assessments is not None
    derive = NORTH.model_copy(
        update={"assessments": NORTH.assessments.model_copy(update={"responses": "from lesions"})}
    )
    patient = as_stated(derive, snap_of(record)).patients["P0"]
    pfs = observe(patient, NORTH.time_to_event("PFS"), FAR)
    os = observe(patient, NORTH.time_to_event("OS"), FAR)
    assert pfs is not None and os is not None  # noqa: PT018
    assert (pfs.days, pfs.event) == (42, True)
    assert (os.days, os.event) == (84, False)


def test_a_reader_is_not_ended_by_the_investigator() -> None:
    events = [
        Event(1, "randomised", DAY, moment(FAR), "t", patient="P", data={"arm": "CE", "stratum": "all"}),
        Event(2, "assessed", DAY + timedelta(42), moment(FAR), "t", patient="P", data={"response": "PD"}),
        Event(
            3, "assessed", DAY + timedelta(84), moment(FAR), "t", patient="P", data={"response": "PR", "assessor": "R1"}
        ),
    ]
    from equipoise.analyse.best_overall import first_response

    patient = gather(events)["P"]
    assert first_response(patient, "R1") is not None
    assert first_response(patient) is None
