"""Exposure: a table made by hand, and virtual patients by a second route, in pandas."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest

from equipoise import desk
from equipoise.analyse.data import cut
from equipoise.analyse.exposure import Exposure, exposures
from equipoise.analyse.exposure_tables import arms, ended_table, exposure_table, levels, patients_table
from equipoise.dossier.exposure import exposure
from equipoise.simulate.plan import Plan
from equipoise.simulate.run import run
from equipoise.trial.exhibits import Table
from parts_trials import Parts, undeclared
from parts_trials import trial as parts_trial
from phase1_trials import FIRST, Running, day, trial


def given(r: Running, n: int, drug: str, cycle: int, of: int, dose: float, patient: str = "P1", **more: Any) -> None:
    unit = {"IMGN901": "mg/m2", "carboplatin": "AUC", "etoposide": "mg/m2"}[drug]
    data = {"drug": drug, "cycle": cycle, "day": of, "dose": dose, "unit": unit, **more}
    r.order("treated", day(n), patient, **data)


def found(r: Running, n: int, patient: str = "P1") -> Exposure:
    snap = cut(r.trial, r.c.log, day(n))
    return next(e for e in exposures(r.trial, snap) if e.patient == patient)


@pytest.fixture
def by_hand() -> Running:
    """60 mg/m2 on days 1 and 8: the second cycle a week late, its first dose 45 and its second left out; carboplatin in the first only."""
    r = Running().assigned()
    for n, drug, cycle, of, dose in (
        (1, "IMGN901", 1, 1, 60), (1, "carboplatin", 1, 1, 6), (1, "etoposide", 1, 1, 100), (2, "etoposide", 1, 2, 100), (3, "etoposide", 1, 3, 80),
        (10, "IMGN901", 1, 8, 60), (29, "IMGN901", 2, 1, 45), (29, "etoposide", 2, 1, 80), (30, "etoposide", 2, 2, 80), (31, "etoposide", 2, 3, 80),
    ):  # fmt: skip
        given(r, n, drug, cycle, of, dose)
    r.order("treatment ended", day(50), reason="neuropathy")
    return r


def test_by_hand(by_hand: Running) -> None:
    """Two cycles of 42 days took 49: 165 of 240 mg/m2, 440 of 600, 6 of 12."""
    e = found(by_hand, 60)
    assert (e.level, e.begun, e.days, e.ended, e.unplanned) == ("DL1", 2, 31, "neuropathy", 0)
    imgn, carboplatin, etoposide = e.drugs
    assert (imgn.delivered, imgn.planned, imgn.elapsed_days, imgn.planned_days) == (165, 240, 49, 42)
    assert imgn.rdi == pytest.approx(165 / 240 * 42 / 49, abs=1e-12)
    assert carboplatin.rdi == pytest.approx(0.5 * 42 / 49, abs=1e-12)
    assert etoposide.rdi == pytest.approx(520 / 600 * 42 / 49, abs=1e-12)
    assert [(c.cycle, c.begun, c.planned, c.delivered, c.due, c.given, c.reduced, c.omitted, c.late) for c in imgn.cycles] == [
        (1, day(1), 120, 120, 2, 2, 0, 0, 2),  # day 8's dose on day 10
        (2, day(29), 120, 45, 2, 1, 1, 1, 7),
    ]  # fmt: skip
    assert (etoposide.reduced, etoposide.omitted, etoposide.late) == (4, 0, 7)
    assert (carboplatin.given, carboplatin.due, carboplatin.omitted) == (1, 2, 1)
    assert (e.reduced, e.omitted, e.late) == (5, 2, 7)


def test_a_running_cycle_counts_as_far_as_it_was_due_and_known(by_hand: Running) -> None:
    """On day 31 the second dose of cycle 2 (day 36) is not due; on day 40 nobody has seen him since day 31; on day 48 a visit says he was there."""
    assert found(by_hand, 31).drugs[0].planned == 180
    assert found(by_hand, 40).drugs[0].planned == 180
    r = Running().assigned()
    given(r, 1, "IMGN901", 1, 1, 60)
    r.order("contact", day(20))
    seen = found(r, 20).drugs[0]
    # Not given though due on day 8, and not left out before treatment ended or went on.
    assert (seen.planned, seen.due, seen.given, seen.omitted, seen.rdi) == (120, 2, 1, 0, 0.5)
    given(r, 22, "IMGN901", 2, 1, 60)
    assert found(r, 22).drugs[0].omitted == 1
    # Silence is no follow-up, however long ago the cycle was over.
    assert found(r, 200).drugs[0].planned == 180
    r.order("lost", day(201))
    assert (found(r, 201).drugs[0].planned, found(r, 201).drugs[0].omitted) == (240, 2)


def test_who_left_is_held_against_whole_cycles() -> None:
    r = Running().assigned()
    given(r, 1, "IMGN901", 1, 1, 60)
    r.order("treatment ended", day(4), reason="withdrawn by patient")
    e = found(r, 10).drugs[0]
    assert (e.planned, e.rdi, e.omitted) == (120, 0.5, 0)


def test_a_cycle_that_was_left_out_was_planned() -> None:
    """Cycle 2 of 21 days was left out; the third came on its day."""
    r = Running().assigned()
    for n, cycle in ((1, 1), (43, 3)):
        given(r, n, "IMGN901", cycle, 1, 60)
        given(r, n + 7, "IMGN901", cycle, 8, 60)
    r.order("treatment ended", day(64), reason="completed")
    e = found(r, 70)
    drug = e.drugs[0]
    assert e.begun == 2
    assert (drug.due, drug.given, drug.omitted, drug.late, drug.elapsed_days) == (6, 4, 2, 0, 63)
    assert drug.rdi == pytest.approx(4 / 6, abs=1e-12)


def test_a_drug_of_six_cycles_ends_with_them() -> None:
    """Cycles 7 and 8 of the other drug say nothing of carboplatin."""
    r = Running().assigned()
    for c in range(1, 9):
        n = 1 + 21 * (c - 1)
        given(r, n, "IMGN901", c, 1, 60)
        if c <= 6:
            given(r, n, "carboplatin", c, 1, 6)
        given(r, n + 7, "IMGN901", c, 8, 60)
    imgn, carboplatin, etoposide = found(r, 200).drugs
    assert (imgn.rdi, imgn.elapsed_days) == (1, 168)
    assert (carboplatin.rdi, carboplatin.elapsed_days, len(carboplatin.cycles)) == (1, 126, 6)
    assert (etoposide.rdi, etoposide.omitted, etoposide.late) == (0, 18, 0)


def test_more_than_planned_and_a_day_that_comes_early() -> None:
    r = Running().assigned()
    given(r, 1, "IMGN901", 1, 1, 75)
    given(r, 7, "IMGN901", 1, 8, 75)
    r.order("treatment ended", day(21), reason="completed")
    drug = found(r, 30).drugs[0]
    assert (drug.rdi, drug.reduced, drug.late) == (1.25, 0, 0)


def test_twice_daily_in_stretches_and_what_has_no_dose() -> None:
    def oral(raw: dict[str, Any]) -> None:
        cycle = {"cycle_length": "21 days", "cycles": 6}
        raw["arms"][0]["regimen"] += [
            {"drug": "pill", "dose": 20, "unit": "mg", "times_a_day": 2, "days": [1, 2, 3, 4, 5], **cycle},
            {"drug": "beam", "kind": "radiotherapy", "days": [1, 2], **cycle},
        ]

    r = Running(trial(oral)).assigned()
    given(r, 1, "IMGN901", 1, 1, 60)
    pill = {"drug": "pill", "cycle": 1, "day": 1, "dose": 20, "unit": "mg"}
    r.order("treated", day(1), known=day(3), until=str(day(3)), times_a_day=2, **pill)
    r.order("treated", day(4), until=str(day(5)), known=day(5), times_a_day=1, **{**pill, "day": 4})
    r.order("treated", day(1), drug="beam", cycle=1, day=1, known=day(5))
    r.order("treatment ended", day(21), reason="completed")
    drugs = {d.drug: d for d in found(r, 30).drugs}
    assert (drugs["pill"].planned, drugs["pill"].delivered, drugs["pill"].given, drugs["pill"].reduced) == (
        200,
        160,
        5,
        2,
    )
    assert (drugs["beam"].unit, drugs["beam"].planned, drugs["beam"].delivered, drugs["beam"].rdi) == ("times", 2, 1, 0.5)  # fmt: skip


def test_nothing_is_known_of_tomorrow(by_hand: Running) -> None:
    """A dose that is recorded late is not in what was known before."""
    snap = cut(by_hand.trial, by_hand.c.log, day(9))
    assert exposures(by_hand.trial, snap)[0].drugs[0].given == 1
    assert exposures(by_hand.trial, cut(by_hand.trial, by_hand.c.log, FIRST - timedelta(days=1))) == []


def test_tables(by_hand: Running) -> None:
    by_hand.assigned_anyway("P2", "DL2", day(5))
    snap = cut(by_hand.trial, by_hand.c.log, day(60))
    all_ = exposures(by_hand.trial, snap)
    table = exposure_table(levels(by_hand.trial, snap, all_), "Exposure", "Assigned")
    rows = {str(r[0]): r[1:] for r in table.rows if len(r) > 1}
    assert list(table.columns) == ["", "DL1, 60 mg/m2", "DL2, 75 mg/m2"]
    assert rows["Assigned"] == [1, 1]
    assert rows["Given any treatment"] == ["1 (100%)", "0 (0%)"]
    assert rows["Cycles begun, median (range)"] == ["2 (2 to 2)", "–"]
    assert rows["Patients with a dose late, by a week or more"] == ["1 (100%)", "0"]
    assert ["relative dose intensity, %, median (quartiles)", "58.9 (58.9 to 58.9)", "–"] in [
        list(r) for r in table.rows
    ]
    ended = ended_table(arms(by_hand.trial, snap, all_))
    assert [list(r) for r in ended.rows] == [["neuropathy", "1 (100%)"], ["no end recorded", "0 (0%)"]]
    by_patient = patients_table(all_, "IMGN901", "mg/m2")
    assert [list(r) for r in by_patient.rows] == [["P1, DL1", 2, "3 of 4", "165 of 240", "58.9", 1, 7, 1, "neuropathy"]]


@pytest.mark.independent
@pytest.mark.thorough
def test_virtual_patients_by_a_second_route(plan: Callable[..., Plan]) -> None:
    """A third of cycles a week late and half of all at 80 %: sums, delays and intensity by pandas, of who has ended treatment."""
    p = plan("target")
    for truth in p.scenario.arms.values():
        object.__setattr__(truth, "cycles_delayed", 0.3)
        object.__setattr__(truth, "doses_reduced", 0.5)
    virtual = run(p, 0, detail=True)
    snap = cut(p.trial, virtual.log)
    ours = {(e.patient, d.drug): (e, d) for e in exposures(p.trial, snap) for d in e.drugs}
    doses = pd.DataFrame(
        [{"patient": e.patient, "on": pd.Timestamp(e.happened), **e.data} for e in snap.events if e.kind == "treated"]
    )
    ended = {e.patient for e in snap.events if e.kind == "treatment ended"}
    begun = doses.groupby(["patient", "cycle"]).on.min()
    arm = {q.name: q.arm for q in snap.randomised}
    tried = delayed = 0
    for (patient, drug), g in doses[doses.patient.isin(ended)].groupby(["patient", "drug"]):
        t = next(t for t in p.trial.arm_by_name[arm[patient]].regimen if t.drug == drug)
        assert t.dose is not None
        starts = begun[patient]
        starts = starts if t.may_continue else starts[starts.index <= t.cycles]
        elapsed = (starts.iloc[-1] - starts.iloc[0]).days + 21
        planned = t.dose * len(t.days) * len(starts)
        e, d = ours[patient, drug]
        assert d.delivered == pytest.approx(g.dose.sum(), abs=1e-9)
        assert d.planned == pytest.approx(planned, abs=1e-9)
        assert d.rdi == pytest.approx((g.dose.sum() / elapsed) / (planned / (21 * len(starts))), abs=1e-12)
        assert d.reduced == (g.dose < t.dose - 0.01).sum()
        assert d.late == max([0, *(starts.diff().dt.days.dropna() - 21)])
        assert e.begun == doses[doses.patient == patient].cycle.nunique()
        tried += 1
        delayed += d.late > 0
    assert tried > 150
    assert delayed > 50


def test_the_plan_is_that_of_the_day(amended: Any) -> None:
    """Who is given the lower dose once it is the plan is not reduced; who had it before is."""
    t, conduct = amended
    snap = cut(t, conduct)
    assert [d.reduced for e in exposures(t, snap) for d in e.drugs if d.drug == "IMGN901"] == [0, 1]


@pytest.fixture
def amended(by_hand: Running) -> tuple[Any, Any]:
    """The level's dose amended from 60 to 50 on day 25: P1 is given 50 after it, P2 had 50 before."""

    def less(raw: dict[str, Any]) -> None:
        raw["dose_levels"][0]["dose"] = 50

    r = Running().assigned().assigned("P2")
    for n, cycle, of, dose, patient in (
        (1, 1, 1, 60, "P1"), (1, 1, 1, 60, "P2"), (8, 1, 8, 60, "P1"), (8, 1, 8, 50, "P2"), (26, 2, 1, 50, "P1"), (26, 2, 1, 50, "P2"),
    ):  # fmt: skip
        given(r, n, "IMGN901", cycle, of, dose, patient)
    before, after = r.trial, trial(less)
    since = day(25)

    def at(site: str, on: date) -> Any:
        return before if on < since else after

    return after.as_amended(at), r.c.log


def test_who_is_in_phase_one_and_on_no_arm() -> None:
    """In a trial of phase I and II the regimen is that of the arm with the levels' drug, at the level's dose; explained in no population."""
    p = Parts(parts_trial(undeclared)).cohort("DL1", "AB", toxic="A")
    snap = cut(p.trial, p.c.log)
    by = {e.patient: e for e in exposures(p.trial, snap)}
    assert [(e.arm, e.level) for e in by.values()] == [("", "DL1"), ("", "DL1")]
    imgn = by["A"].drugs[0]
    assert (imgn.drug, imgn.delivered, imgn.planned, imgn.rdi) == ("IMGN901", 180, 180, 1)
    tables = [t.title for t in exposure(p.trial, snap) if isinstance(t, Table)]
    assert tables == ["Exposure by dose level", "Why treatment ended", "Delivered dose of IMGN901 by patient"]
    told = desk.patient.tell(p.trial, snap, "A")
    assert told.dlt is not None
    assert (told.dlt.result, told.populations) == ("dlt", {})
