"""Phase I through the log: held against the design's own behaviour, against `doses`, and against arithmetic."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from equipoise import desk
from equipoise.analyse.data import cut
from equipoise.conduct.conduct import replay
from equipoise.design.dose.exact import characteristics
from equipoise.design.dose.simulated import Calendar, simulate
from equipoise.simulate.phase1_look import DeliveredLook
from equipoise.simulate.phase1_patient import Phase1People
from equipoise.simulate.phase1_plan import Phase1Plan
from equipoise.simulate.phase1_rows import rows, simulate_phase1
from equipoise.simulate.phase1_run import run
from equipoise.simulate.phase1_summary import summarise_phase1
from equipoise.simulate.scenario import Scenario
from equipoise.trial.duration import DAYS_PER_MONTH
from equipoise.trial.log import Log
from equipoise.trial.problem import BadInput
from equipoise.trial.trial import Trial
from phase1_trials import trial

WINDOW = Path(__file__).parents[1] / "fixtures" / "phase1" / "neuropathy_window.csv"
RATES = {"DL1": 0.05, "DL2": 0.15, "DL3": 0.3, "DL4": 0.5}
NEUROPATHY = {"term": "peripheral neuropathy", "grade": 3, "risk": {"DL4": 0.29}, "cycles": 6, "shape": 2.0}
DESIGNS: dict[str, dict[str, Any]] = {
    "3+3": {"design": {"kind": "a-plus-b"}},
    "boin": {"design": {"kind": "boin"}, "target": 0.3},
    "keyboard": {"design": {"kind": "keyboard"}, "target": 0.25},
    "crm": {"design": {"kind": "crm", "skeleton": (0.05, 0.12, 0.25, 0.4), "cohorts": 6}, "target": 0.25},
}


def of(name: str, *changes: Callable[[dict[str, Any]], object]) -> Trial:
    """The example with another design, without its other entries on one."""

    def put(raw: dict[str, Any]) -> None:
        kept = {k: raw["phase1"][k] for k in ("window", "dlt", "start")}
        raw["phase1"] = {**kept, **DESIGNS[name]}

    return trial(put, *changes)


def more_patients(raw: dict[str, Any]) -> None:
    raw["target_enrolment"] = 100


def scenario(phase1: dict[str, Any] | None = None, **said: Any) -> Scenario:
    base: dict[str, Any] = {
        "format": 1, "id": "x", "label": "x", "because": "x", "screening_failure": 0.0, "withdrawal_per_year": 0.0,
        "loss_per_year": 0.0, "reporting_delay": "0 days", "phase1": {"dlt": RATES, **(phase1 or {})},
    }  # fmt: skip
    return Scenario.model_validate({**base, **said})


def plain(name: str, seed: int = 1, pace: float = 1.0, **phase1: Any) -> Phase1Plan:
    return Phase1Plan.of(of(name, more_patients), scenario(phase1, accrual={"pace": pace}), seed)


#: Everything that may go otherwise than planned.
ROUGH: dict[str, Any] = {
    "dropout": 0.15, "doses_missed": 0.1, "on_treatment": "3 months", "waiting_list": 2, "waits_at_most": "20 days",
    "late": 0.5, "cumulative": (NEUROPATHY,),
}  # fmt: skip


def rough(name: str, seed: int = 1, **said: Any) -> Phase1Plan:
    other = {
        "screening_failure": 0.2,
        "withdrawal_per_year": 0.2,
        "loss_per_year": 0.3,
        "reporting_delay": "9 days",
        **said,
    }
    return Phase1Plan.of(of(name), scenario(ROUGH, **other), seed)


@pytest.mark.parametrize("name", DESIGNS)
def test_without_losses_or_delays_it_is_the_design_trial_by_trial(name: str) -> None:
    """Where a cohort is there on one day, patient i is the i-th who is treated: the same as in the simulation without a log."""
    plan = plain(name, pace=200, waiting_list="everyone")
    design, truth = plan.phase1.finder, plan.true_dlt()
    n = 40
    found = rows(plan, 0, n)
    by_verdict = simulate(design, truth, n, seed=1)
    assert [sum(r.dose == k for r in found) / n for k in range(1, 5)] == pytest.approx(by_verdict.select)
    assert [sum(r.patients[k] for r in found) / n for k in range(4)] == pytest.approx(by_verdict.patients)
    assert [sum(r.dlts[k] for r in found) / n for k in range(4)] == pytest.approx(by_verdict.dlts)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["3+3", "boin"])
def test_selection_is_the_exact_one_within_its_error(name: str) -> None:
    plan = plain(name, pace=200, waiting_list="everyone")
    exact = characteristics(plan.phase1.finder, plan.true_dlt())
    s = summarise_phase1(plan, rows(plan, 0, 600), 600)
    for q, p in zip([*s.select, s.select_none], [*exact.select, exact.select_none], strict=True):
        error = (p * (1 - p) / 600) ** 0.5
        assert abs(q.value - p) < 4 * error + 1e-9


@pytest.mark.slow
def test_months_and_who_is_turned_away_are_those_of_the_calendar() -> None:
    """A log counts whole days, and knows what happened on the next morning: half a day to one and a half a cohort."""
    plan = plain("boin")
    window = 21 / DAYS_PER_MONTH
    by_calendar = simulate(plan.phase1.finder, plan.true_dlt(), 4000, 1, Calendar(2.0, window))
    s = summarise_phase1(plan, rows(plan, 0, 300), 300)
    assert by_calendar.months is not None
    assert by_calendar.months_error is not None
    error = (by_calendar.months_error**2 + (s.months.mc_error or 0) ** 2) ** 0.5
    more = s.months.value - by_calendar.months
    assert -4 * error < more < 4 * error + 1.5 * by_calendar.cohorts / DAYS_PER_MONTH
    assert by_calendar.turned_away is not None
    assert (
        abs(s.turned_away.value - by_calendar.turned_away)
        < 4 * (s.turned_away.mc_error or 0) + 2 * by_calendar.cohorts / 15
    )


@pytest.mark.parametrize("name", DESIGNS)
@pytest.mark.parametrize("replicate", range(4))
def test_what_it_decides_is_what_doses_says_of_the_log(name: str, replicate: int) -> None:
    """Of each decision, from the log as it was then; and at the end."""
    plan = rough(name)
    found = run(plan, replicate)
    assert not replay(plan.trial, list(found.log))
    full = len(found.patients) == plan.trial.target_enrolment
    for d in found.decisions[: -1 if full else None]:
        then = Log(list(found.log)[: d.number])
        said = desk.doses.take(plan.trial, cut(plan.trial, then, d.day)).next
        assert (said.action, said.dose) == (d.answer.action, d.answer.dose)
    last = desk.doses.take(plan.trial, cut(plan.trial, found.log)).next
    assert (last.recommend or 0) == found.dose
    assert full or last.action == found.end.action in ("declare", "stop")


def test_patients_are_the_same_whatever_the_design() -> None:
    """A DLT at a dose is one at each higher dose; more is given, more cumulative toxicity comes, and not later."""
    one, other = plain("3+3", cumulative=(NEUROPATHY,)), plain("crm", cumulative=(NEUROPATHY,))
    a, b = Phase1People(one, 7), Phase1People(other, 7)
    for i in (150, 3, 40):
        for level in (1, 4):
            assert a.life(i, level) == b.life(i, level)
    came = 0
    for i in range(200):
        terms = [{h.data["term"] for h in a.life(i, level) if h.kind == "adverse event"} for level in range(1, 5)]
        dlt = ["febrile neutropenia" in t for t in terms]
        assert dlt == sorted(dlt)
        came += dlt[-1]
    assert 60 < came < 140


@pytest.mark.parametrize(
    "row", list(csv.DictReader(WINDOW.read_text().splitlines())), ids=lambda r: f"shape {r['shape_k']}"
)
def test_the_blind_window_is_the_arithmetic_one(row: dict[str, str]) -> None:
    """Cumulative hazard H u^k, 1 - exp(-H) = 0.29 after six cycles at 112 mg/m2: its share in cycle 1, and at 90."""
    toxicity = {**NEUROPATHY, "shape": float(row["shape_k"])}
    none = dict.fromkeys(RATES, 0.0)
    one = Phase1Plan.of(trial(), scenario({"dlt": none, "cumulative": (toxicity,)}), 1)
    assert one.true_dlt().dlt[3] == pytest.approx(float(row["p_cycle1"]), abs=5e-5)

    def longer(raw: dict[str, Any]) -> None:
        raw["phase1"]["window"] = "126 days"

    six = Phase1Plan.of(trial(longer), scenario({"dlt": none, "cumulative": (toxicity,)}), 1)
    assert six.true_dlt().dlt[3] == pytest.approx(float(row["risk_6_cycles_at_112"]), abs=5e-4)
    assert six.true_dlt().dlt[2] == pytest.approx(float(row["risk_6_cycles_at_90"]), abs=5e-4)
    people = Phase1People(six, 1)
    n = 3000
    seen = sum(any(h.kind == "adverse event" for h in people.life(i, 4)) for i in range(n)) / n
    assert abs(seen - 0.29) < 4 * (0.29 * 0.71 / n) ** 0.5


def test_a_late_report_is_counted_only_where_there_is_one() -> None:
    assert sum(r.would_differ for r in rows(plain("3+3"), 0, 20)) == 0
    late = Phase1Plan.of(of("3+3"), scenario({}, reporting_delay="60 days"), 1)
    found = [run(late, r) for r in range(20)]
    assert sum(len(f.would_differ) for f in found) > 5
    assert all(d in f.decisions for f in found for d in f.would_differ)


def test_who_comes_to_no_place_waits_goes_elsewhere_or_is_turned_away() -> None:
    none, some, all_ = (rows(plain("3+3", waiting_list=w), 0, 10) for w in (0, 3, "everyone"))
    assert sum(r.waited for r in none) == 0 < sum(r.turned_away for r in none)
    assert 0 < sum(r.turned_away for r in some) < sum(r.turned_away for r in none)
    assert sum(r.turned_away for r in all_) == 0
    assert sum(r.days for r in all_) <= sum(r.days for r in some) < sum(r.days for r in none)
    impatient = rows(plain("3+3", waiting_list="everyone", waits_at_most="5 days"), 0, 10)
    assert sum(r.went for r in impatient) > 20


def test_a_look_at_what_was_given_hands_over_less_where_less_was_borne() -> None:
    """With everybody stopped by a toxicity in cycle 2 the mean share is low, and the level below is asked."""
    heavy = {**NEUROPATHY, "risk": {"DL4": 0.9}, "cycles": 2, "shape": 1.0}
    said = scenario({"dlt": dict.fromkeys(RATES, 0.02), "cumulative": (heavy,), "window": "21 days"})
    without = Phase1Plan.of(of("3+3", more_patients), said, 1)
    looked = Phase1Plan.of(of("3+3", more_patients), said, 1, DeliveredLook(3, 0.8))
    lower = 0
    for r in range(8):
        a, b = run(without, r), run(looked, r)
        assert (a.dose, a.handed_over) == (b.dose, a.dose)
        assert b.handed_over <= b.dose
        assert b.ended >= a.ended
        lower += b.handed_over < b.dose
    assert lower > 0
    easy = Phase1Plan.of(
        of("3+3", more_patients), scenario({"dlt": dict.fromkeys(RATES, 0.0)}), 1, DeliveredLook(3, 0.8)
    )
    found = run(easy, 0)
    assert found.handed_over == found.dose == 4
    last = max(p.until for p in found.patients if p.until is not None)
    assert found.ended >= last + timedelta(days=42)


@pytest.mark.slow
def test_rows_are_the_same_for_any_number_of_workers() -> None:
    plan = rough("boin")
    one = [r for found in simulate_phase1(plan, 45, 1) for r in found]
    two = [r for found in simulate_phase1(rough("boin"), 45, 2) for r in found]
    assert one == two
    assert [r.replicate for r in one] == list(range(45))


@pytest.mark.parametrize(
    ("phase1", "code", "where"),
    [
        ({"dlt": {"DL1": 0.1, "DL2": 0.2, "DL3": 0.3}}, "level-unsaid", "phase1.dlt"),
        ({"dlt": {**RATES, "DL9": 0.6}}, "unknown-level", "phase1.dlt.DL9"),
        ({"dlt": {**RATES, "DL4": 0.1}}, "falls", "phase1.dlt"),
        ({"waits_at_most": "9 days"}, "nobody-waits", "phase1.waits_at_most"),
        ({"cumulative": ({**NEUROPATHY, "risk": {"DL7": 0.2}},)}, "unknown-level", "phase1.cumulative[0].risk.DL7"),
    ],
)
def test_what_does_not_fit_is_told(phase1: dict[str, Any], code: str, where: str) -> None:
    with pytest.raises(BadInput) as bad:
        Phase1Plan.of(trial(), scenario(phase1), 1)
    assert [(p.code, p.where) for p in bad.value.problems] == [(code, where)]


def test_all_that_does_not_fit_is_told_at_once() -> None:
    without = trial().model_copy(update={"sites": ()})
    with pytest.raises(BadInput) as bad:
        Phase1Plan.of(without, scenario({"dlt": {"DL9": 0.1}, "waits_at_most": "9 days"}), 1)
    assert [p.code for p in bad.value.problems] == ["not-simulable", "unknown-level", "level-unsaid", "nobody-waits"]
