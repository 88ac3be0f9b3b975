"""A patient's calendar: what is due, done, overdue, or due no longer."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import phase1_trials
from equipoise.conduct.calendar import calendar_of
from equipoise.conduct.doses_due import offers_of
from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import read_trial
from equipoise.trial.dose_schedule import due_on, given_on, planned
from equipoise.trial.due import Due
from equipoise.trial.duration import Duration
from equipoise.trial.event import Event
from equipoise.trial.patient import Patient
from equipoise.trial.trial import Trial
from helpers import moment

ENTRY = date(2012, 6, 1)
LENGTH = 21


@cache
def north() -> Trial:
    return read_trial(find_trial("north"))


def day(n: int) -> date:
    return ENTRY + timedelta(days=n)


def patient(*events: tuple[str, int, dict[str, Any]], arm: str = "CE") -> Patient:
    """Somebody who was randomised on day 0, with what happened then: kind, day, details."""
    found = Patient("S01-001")
    entry = [
        ("screened", -3, {"failed": []}), ("enrolled", 0, {"factors": {"ecog": "0-1", "ldh": "normal"}}),
        ("randomised", 0, {"arm": arm, "stratum": "x"}),
    ]  # fmt: skip
    for number, (kind, n, data) in enumerate(sorted((*entry, *events), key=lambda e: e[1]), 1):
        site = "S01" if kind == "screened" else ""
        found.add(Event(number, kind, day(n), moment(day(n)), "t", patient=found.name, site=site, data=data))
    return found


def dose(
    n: int, drug: str, cycle: int, on: int, amount: float = 5.0, unit: str = "AUC"
) -> tuple[str, int, dict[str, Any]]:
    return "treated", n, {"drug": drug, "cycle": cycle, "day": on, "dose": amount, "unit": unit}


def of(found: tuple[Due, ...], label: str) -> Due:
    return next(d for d in found if d.label == label)


CARBO_1, CARBO_2 = "carboplatin, cycle 1, day 1", "carboplatin, cycle 2, day 1"
#: events, the day that it is, the thing, its state, by how many days it is overdue
CASES: list[tuple[str, list[Any], int, str, str, int]] = [
    ("the first dose is due on the day of entry", [], 0, CARBO_1, "due", 0),
    ("a day later it is overdue", [], 1, CARBO_1, "overdue", 1),
    ("given, it is done", [dose(1, "carboplatin", 1, 1)], 5, CARBO_1, "done", 0),
    ("the second cycle follows from the first as it was given", [dose(1, "carboplatin", 1, 1)], 21, CARBO_2, "not due", 0),
    ("three weeks after it", [dose(1, "carboplatin", 1, 1)], 22, CARBO_2, "due", 0),
    ("and is overdue then", [dose(1, "carboplatin", 1, 1)], 25, CARBO_2, "overdue", 3),
    ("a dose that was passed over is missed", [dose(1, "carboplatin", 1, 1), dose(45, "carboplatin", 3, 1)], 50, CARBO_2, "missed", 0),
    ("the other drug begins the cycle", [dose(1, "carboplatin", 1, 1), dose(1, "etoposide", 1, 1), dose(30, "etoposide", 2, 1)], 31, CARBO_2, "overdue", 1),
    ("treatment has ended", [("treatment ended", 10, {"reason": "toxicity"})], 30, CARBO_2, "no longer due", 0),
    ("the disease progresses", [("assessed", 15, {"response": "PD"})], 30, CARBO_2, "no longer due", 0),
    ("what was due before stays overdue", [("assessed", 15, {"response": "PD"})], 30, CARBO_1, "overdue", 30),
    ("death", [("died", 15, {})], 30, CARBO_2, "no longer due", 0),
    ("withdrawal", [("withdrawn", 15, {})], 30, CARBO_2, "no longer due", 0),
    ("the first scan is due at six weeks", [], 42, "Tumour assessment 1", "due", 0),
    ("not before", [], 41, "Tumour assessment 1", "not due", 0),
    ("overdue after", [], 45, "Tumour assessment 1", "overdue", 3),
    ("one that is near it counts for it", [("assessed", 45, {"response": "SD"})], 50, "Tumour assessment 1", "done", 0),
    ("one that is nearer to the next counts for that", [("assessed", 70, {"response": "SD"})], 71, "Tumour assessment 1", "missed", 0),
    ("no scan after progression", [("assessed", 45, {"response": "PD"})], 90, "Tumour assessment 2", "no longer due", 0),
    ("baseline is due by entry", [], 0, "Tumour assessment at baseline", "due", 0),
    ("baseline done before entry", [("assessed", -2, {"response": "NE", "baseline": True})], 3, "Tumour assessment at baseline", "done", 0),
    ("contacts for survival after progression", [("assessed", 45, {"response": "PD"})], 101, "Contact for survival", "due", 0),
    ("are overdue too", [("assessed", 45, {"response": "PD"})], 111, "Contact for survival", "overdue", 10),
    ("and begin anew with each", [("assessed", 45, {"response": "PD"}), ("contact", 100, {})], 111, "Contact for survival", "not due", 0),
]  # fmt: skip


@pytest.mark.parametrize(
    ("events", "today", "label", "state", "days"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_how_it_stands(events: list[Any], today: int, label: str, state: str, days: int) -> None:
    found = of(calendar_of(north(), patient(*events), day(today)), label)
    assert (found.state, found.days) == (state, days)


def test_a_window_that_the_file_states() -> None:
    trial = north()
    schedule = trial.assessments.model_copy(update={"window": Duration.parse("7 days")})  # type: ignore[union-attr]
    wide = trial.model_copy(update={"assessments": schedule})
    for today, state, days in ((34, "not due", 0), (35, "due", 0), (49, "due", 0), (52, "overdue", 3)):
        found = of(calendar_of(wide, patient(), day(today)), "Tumour assessment 1")
        assert (found.state, found.days, found.opens, found.closes) == (state, days, day(35), day(49))


def test_a_window_that_is_not_said_changes_no_fingerprint() -> None:
    definition = north().definition
    assert '"window":null' not in definition.replace('"window":"10 weeks"', "")
    assert north().fingerprint == read_trial(find_trial("north")).fingerprint


def test_nothing_but_enrolment_is_due_before_entry() -> None:
    screened = Patient("S01-001")
    screened.add(Event(1, "screened", ENTRY, moment(ENTRY), "t", patient="S01-001", site="S01", data={"failed": []}))
    assert [d.what for d in calendar_of(north(), screened, day(1))] == ["enrolment"]
    failed = Patient("S01-001")
    failed.add(Event(1, "screened", ENTRY, moment(ENTRY), "t", patient="S01-001", site="S01", data={"failed": [2]}))
    assert calendar_of(north(), failed, day(1)) == ()


def test_a_reduced_dose_is_offered_again_with_the_full_one_beside_it() -> None:
    found = patient(dose(0, "carboplatin", 1, 1, 4.0))
    offers = of(calendar_of(north(), found, day(21)), CARBO_2).offers
    assert [(o.dose, o.unit, o.share) for o in offers] == [(4.0, "AUC", 0.8), (5.0, "AUC", 1.0)]


def test_what_is_offered_is_what_the_amendment_in_force_says() -> None:
    arm = north().arm_by_name["IMGN901"]
    less = replace_dose(arm, "IMGN901", 90.0)
    amended = north().model_copy(update={"arms": tuple(less if a.name == "IMGN901" else a for a in north().arms)})
    trial = north().as_amended(lambda site, on: amended if on >= day(20) else north())
    found = patient(dose(0, "IMGN901", 1, 1, 112.0, "mg/m2"), arm="IMGN901")
    assert [o.dose for o in offers_of(trial, found, "IMGN901", day(7))] == [112.0]
    assert [o.dose for o in offers_of(trial, found, "IMGN901", day(21))] == [90.0]
    # a share is of what was planned on the day: 84 of 112 are three quarters, and of 90 they are 67.5
    reduced = patient(dose(0, "IMGN901", 1, 1, 84.0, "mg/m2"), arm="IMGN901")
    assert [o.dose for o in offers_of(trial, reduced, "IMGN901", day(21))] == [67.5, 90.0]


def replace_dose(arm: Any, drug: str, amount: float) -> Any:
    regimen = tuple(t.model_copy(update={"dose": amount}) if t.drug == drug else t for t in arm.regimen)
    return arm.model_copy(update={"regimen": regimen})


def test_a_drug_that_goes_on_is_asked_for_cycle_by_cycle() -> None:
    given = [dose(LENGTH * (c - 1) + d - 1, "IMGN901", c, d, 112.0, "mg/m2") for c in range(1, 8) for d in (1, 8)]
    found = calendar_of(north(), patient(*given, arm="IMGN901"), day(LENGTH * 7))
    cycles = {d.cycle for d in found if d.drug == "IMGN901"}
    assert max(cycles) == 8
    assert of(found, "IMGN901, cycle 8, day 1").state == "due"


@pytest.mark.property
@settings(max_examples=80, deadline=None)
@given(late=st.lists(st.integers(0, 14), min_size=1, max_size=6), look=st.integers(-5, 40))
def test_who_was_delayed_is_not_late_for_ever(late: list[int], look: int) -> None:
    """Whatever the delays, each cycle is due 21 days after the one before was given, and nothing given is asked for again."""
    on, events = 0, []
    for cycle, delay in enumerate(late, 1):
        on += delay + (LENGTH if cycle > 1 else 0)
        events.append(dose(on, "carboplatin", cycle, 1))
    found = calendar_of(north(), patient(*events), day(on + look if on + look > on else on))
    carbo = [d for d in found if d.drug == "carboplatin"]
    assert [d.state for d in carbo[: len(late)]] == ["done"] * len(late)
    if len(late) < 6:
        assert carbo[len(late)].on == day(on + LENGTH)
    assert [d.cycle for d in carbo] == list(range(1, 7))


@pytest.mark.property
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_the_simulators_own_delays_are_the_schedules(data: st.DataObject) -> None:
    """A dose given on its due day is due on that day: the schedule agrees with itself for any regimen and any doses before."""
    t = north().arm_by_name["CE"].regimen[1]
    places = list(planned(t))
    n = data.draw(st.integers(0, len(places) - 1))
    doses, on = [], ENTRY
    for i, (cycle, of_cycle) in enumerate(places[:n]):
        due = due_on(t, (cycle, of_cycle), ENTRY, given_on(doses, date.max))
        assert due >= on if i else due == ENTRY
        on = due + timedelta(days=data.draw(st.integers(0, 5)) if of_cycle == 1 else 0)
        details = {"drug": t.drug, "cycle": cycle, "day": of_cycle}
        doses.append(Event(i + 1, "treated", on, moment(on), "t", patient="P", data=details))
    cycle, of_cycle = places[n]
    before = given_on(doses, date.max)
    due = due_on(t, places[n], ENTRY, before)
    # what comes after does not move it
    later = Event(
        99,
        "treated",
        due + timedelta(days=60),
        moment(due),
        "t",
        patient="P",
        data={"drug": t.drug, "cycle": cycle + 1, "day": 1},
    )
    assert due_on(t, places[n], ENTRY, given_on([*doses, later], date.max)) == due
    if of_cycle > 1:
        assert due == before[cycle, 1][0] + timedelta(days=of_cycle - 1)


def test_the_level_that_a_patient_was_assigned_to_is_what_is_offered() -> None:
    trial = phase1_trials.trial()
    level = trial.dose_levels[0]
    found = Patient("S01-001")
    for kind, data in (("screened", {"failed": []}), ("enrolled", {"factors": {}, "arm": trial.arms[0].name})):
        found.add(Event(1, kind, ENTRY, moment(ENTRY), "t", patient="S01-001", site="S01", data=data))
    asked = calendar_of(trial, found, ENTRY)
    assert [d.state for d in asked if d.what == "dose level"] == ["due"]
    found.add(Event(3, "assigned", ENTRY, moment(ENTRY), "t", patient="S01-001", data={"level": level.label}))
    asked = calendar_of(trial, found, ENTRY)
    first = next(d for d in asked if d.drug == level.drug)
    assert [(o.dose, o.unit) for o in first.offers] == [(level.dose, level.unit)]
    assert [d.state for d in asked if d.what == "dose level"] == ["done"]


def test_in_a_trial_of_two_parts_levels_are_for_the_first() -> None:
    second = calendar_of(north(), patient(arm="IMGN901"), ENTRY)
    assert [d.what for d in second if d.what == "dose level"] == []
    first = north().handed_over(None, from_first=True)
    found = Patient("S01-001")
    found.add(Event(1, "screened", ENTRY, moment(ENTRY), "t", patient="S01-001", site="S01", data={"failed": []}))
    found.add(Event(2, "enrolled", ENTRY, moment(ENTRY), "t", patient="S01-001", data={"factors": {}, "part": 1}))
    assert [d.what for d in calendar_of(first, found, ENTRY) if d.open and d.what != "assessment"] == ["dose level"]
    level = first.dose_levels[0]
    found.add(Event(3, "assigned", day(2), moment(day(2)), "t", patient="S01-001", data={"level": level.label}))
    given = next(d for d in calendar_of(first, found, day(2)) if d.drug == level.drug)
    assert (given.on, given.state, given.offers[0].dose) == (day(2) + timedelta(days=given.day - 1), "due", level.dose)
