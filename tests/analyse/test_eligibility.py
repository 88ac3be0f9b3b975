"""Eligibility confirmed after enrolment: who waits, who gives up the place, and what the simulated trials show of it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from equipoise.analyse.binary import status_of
from equipoise.analyse.data import cut
from equipoise.analyse.flow import flow
from equipoise.analyse.rates import analyse_rate
from equipoise.conduct.conduct import Conduct, Refused, replay
from equipoise.decide.decide import decide
from equipoise.files.bundled import find_trial
from equipoise.files.scenario_file import scenarios_of
from equipoise.files.trial_file import read_toml, trial_from
from equipoise.simulate.own_truth import own_scenarios
from equipoise.simulate.plan import Plan
from equipoise.simulate.run import run
from equipoise.simulate.truth import rate_shown
from equipoise.trial.decision import Decision
from equipoise.trial.problem import BadInput
from equipoise.trial.trial import Trial
from helpers import moment

DAY0 = date(2024, 3, 4)
REVIEW = {"by": "central pathology", "within": "6 weeks", "ineligible": "replace"}


def reviewed(policy: str = "failure", **changes: Any) -> Trial:
    raw = read_toml(find_trial("merkel"), "a trial")
    raw["eligibility_review"] = {**REVIEW, **changes}
    raw["endpoints"] = ({**raw["endpoints"][0], "not_evaluable": policy}, *raw["endpoints"][1:])
    return trial_from(raw, "reviewed")


def conducted(trial: Trial, *record: tuple[int, str, dict[str, Any]]) -> Conduct:
    c = Conduct.open(trial, moment(trial.start), "t")
    c.activate("S01", trial.start, moment(trial.start), "t")
    c.screen("P1", "S01", DAY0, moment(DAY0), "t")
    c.enrol("P1", DAY0, moment(DAY0), "t")
    for day, kind, data in record:
        on = DAY0 + timedelta(days=day)
        c.order(kind, on, moment(on), "t", patient="P1", data=data)
    return c


def status(trial: Trial, day: int, *record: tuple[int, str, dict[str, Any]]) -> Any:
    on = DAY0 + timedelta(days=day)
    snap = cut(trial, conducted(trial, *[r for r in record if r[0] <= day]).log, on)
    return status_of(snap.patients["P1"], trial.monitored.binary, trial, on)


PROGRESSION = (40, "assessed", {"response": "PD"})
YES, NO = {"eligible": True}, {"eligible": False, "reason": "another tumour"}


def test_pending_until_the_review_is_recorded() -> None:
    trial = reviewed()
    assert status(trial, 40, PROGRESSION).status == "pending"
    assert status(trial, 41, PROGRESSION, (41, "eligibility reviewed", YES)).status == "failure"
    assert status(trial, 20, (20, "eligibility reviewed", YES)).status == "pending", "no response so far"


def test_found_ineligible_or_never_confirmed_gives_up_the_place() -> None:
    trial = reviewed()
    found = status(trial, 20, (20, "eligibility reviewed", NO))
    assert (found.status, found.ineligible, found.because) == (
        "not evaluable", True, "found ineligible by central pathology: another tumour",
    )  # fmt: skip
    assert not status(trial, 42).ineligible
    assert status(trial, 43).ineligible, "6 weeks are over"
    assert status(reviewed(ineligible="failure"), 20, (20, "eligibility reviewed", NO)).status == "failure"


def test_it_is_counted_and_shown() -> None:
    trial = reviewed()
    snap = cut(trial, conducted(trial, (20, "eligibility reviewed", NO)).log, DAY0 + timedelta(days=400))
    arm = analyse_rate(trial, snap, trial.monitored.binary).arms["DRUG"]
    assert (arm.n, arm.left_out["ineligible"]) == (0, 1)
    boxes = {b.heading: b for b in flow(trial, snap).arms[0].boxes}
    assert boxes["Eligible by central pathology"].lines == ["ineligible (replace): 1", "awaiting review: 0"]


def test_a_review_may_come_after_death_and_not_twice() -> None:
    trial = reviewed()
    c = conducted(trial, (10, "died", {}), (20, "eligibility reviewed", YES))
    on = DAY0 + timedelta(days=30)
    with pytest.raises(Refused) as refused:
        c.order("eligibility reviewed", on, moment(on), "t", patient="P1", data={"eligible": False, "failed": [99]})
    assert [p.code for p in refused.value.problems] == ["reviewed-twice", "unknown-criterion"]
    c = conducted(trial)
    with pytest.raises(Refused) as refused:
        c.order("eligibility reviewed", on, moment(on), "t", patient="P1", data={"eligible": False})
    assert [p.code for p in refused.value.problems] == ["no-reason"]


def test_places_are_filled_again_or_left_empty_by_one_policy() -> None:
    with pytest.raises(BadInput) as bad:
        reviewed("exclude")
    assert [p.code for p in bad.value.problems] == ["two-policies"]
    assert reviewed("exclude", ineligible="exclude").eligibility_review is not None


def test_without_it_nothing_changes() -> None:
    trial = trial_from(read_toml(find_trial("merkel"), "a trial"), "merkel")
    assert trial.eligibility_review is None
    scenario = own_scenarios(trial)[-1].model_copy(update={"ineligible": 0.1})
    with pytest.raises(BadInput) as bad:
        Plan.of(trial, scenario, 1)
    assert [p.code for p in bad.value.problems] == ["no-review"]


@pytest.mark.parametrize("way", ["replace", "failure"])
def test_simulated_trials_replace_them_or_count_them(way: str) -> None:
    trial = reviewed(ineligible=way)
    own = own_scenarios(trial)[-1]
    plan = Plan.of(trial, own.model_copy(update={"ineligible": 0.3}), 4)
    assert not plan.usual
    shown = rate_shown("DRUG", plan.courses["DRUG"], trial, plan.scenario)
    assert shown == pytest.approx(0.4 * (0.7 if way == "failure" else 1.0), abs=1e-9)
    reviews = []
    for r in range(3):
        done = run(plan, r)
        assert replay(trial, list(done.log)) == []
        reviews += [e.data["eligible"] for e in done.log if e.kind == "eligibility reviewed"]
        for taken in done.looks:
            snap = cut(trial, done.log, taken.cutoff)
            found = decide(trial, snap, taken.decision.look)
            assert isinstance(found, Decision)
            assert found.action == taken.decision.action
            assert bool(found.evidence["DRUG"]["not_evaluable_replaced"]) == (way == "replace")
            before = cut(trial, done.log, taken.cutoff - timedelta(days=1))
            assert not isinstance(decide(trial, before, taken.decision.look), Decision), "no look is taken late"
    assert 0.15 < 1 - sum(reviews) / len(reviews) < 0.45


def test_the_share_that_is_asked_for_shifts_no_other_draw() -> None:
    trial = reviewed(ineligible="failure")
    scenario = scenarios_of(trial, find_trial("merkel"), [])[-1][1]()

    def seen(share: float) -> list[Any]:
        log = run(Plan.of(trial, scenario.model_copy(update={"ineligible": share}), 4), 0).log
        return [(e.kind, e.patient, e.happened) for e in log if e.kind in ("assessed", "died")][:40]

    assert seen(0.0) == seen(0.2)
