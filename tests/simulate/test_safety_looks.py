"""Safety rules in simulated trials: the looks, and what a rule does when it speaks."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from equipoise.analyse.data import cut
from equipoise.conduct.conduct import replay
from equipoise.decide.safety import safety_rulings
from equipoise.files.bundled import find_scenario, find_trial
from equipoise.files.scenario_file import read_scenario
from equipoise.simulate.plan import Plan
from equipoise.simulate.replicates import Kernel, reference_lines
from equipoise.simulate.run import SimulatedTrial, run
from equipoise.simulate.summary import safety_table, summarise
from equipoise.simulate.tally import Tally
from equipoise.trial.endpoint import Censoring
from equipoise.trial.problem import BadInput
from equipoise.trial.trial import Trial
from helpers import moment
from safety_trials import conducted, trial_with
from variants import plans


def toxic(trial: Trial, waiting: str = "continue") -> Plan:
    """A plan of a variant of NORTH under its scenario with deaths due to adverse events."""
    return Plan.of(trial, read_scenario(find_scenario(find_trial("north"), "toxic")), 2012, waiting)  # type: ignore[arg-type]


def enrolled_between(done: SimulatedTrial, first: Any, last: Any) -> int:
    return sum(e.kind == "randomised" and first <= e.happened < last for e in done.log)


def test_each_look_says_what_real_data_would_be_told_that_day() -> None:
    p = toxic(trial_with({}))
    done = run(p, 0)
    assert done.safety
    looked = [e for e in done.log if e.kind == "safety look"]
    assert [e.happened for e in looked] == [look.on for look in done.safety]
    for event, look in zip(looked, done.safety, strict=True):
        (said,) = safety_rulings(p.trial, cut(p.trial, done.log, event.happened))
        assert (said.speaks, said.reading.events) == (look.speaks, look.events)
        (eve,) = safety_rulings(p.trial, cut(p.trial, done.log, event.happened - timedelta(days=1)))
        assert eve.reading.events < look.events


@pytest.mark.thorough
@pytest.mark.parametrize("looks", ["each event", "monthly", {"each": 7}])
@pytest.mark.parametrize("counts", [{"fatal": True}, {"grade_at_least": 3, "terms": ["infection"]}])
def test_the_looks_are_the_same_with_detail_and_without(looks: Any, counts: Any) -> None:
    p = toxic(trial_with({"looks": looks, "counts": counts}))
    one, other = run(p, 1), run(p, 1, detail=True)
    assert one.safety == other.safety
    assert one.safety
    assert [look.decision.action for look in one.looks] == [look.decision.action for look in other.looks]


def test_monthly_looks_come_monthly() -> None:
    done = run(toxic(trial_with({"looks": "monthly"})), 0)
    days = [(look.on - done.log[0].happened).days for look in done.safety]
    assert days[:3] == [30, 61, 91]
    assert {b - a for a, b in pairwise(days)} <= {30, 31}


def test_a_rule_that_pauses_keeps_patients_out_until_its_review_is_done() -> None:
    p = toxic(trial_with({"does": "pause", "review": "6 weeks"}))
    done = run(p, 0)
    paused = [e for e in done.log if e.kind == "enrolment paused"]
    resumed = [e for e in done.log if e.kind == "enrolment resumed"]
    assert paused
    for a, b in zip(paused, resumed, strict=False):
        assert (b.happened - a.happened).days >= 42
        assert enrolled_between(done, a.happened + timedelta(days=1), b.happened) == 0
    assert not replay(p.trial, list(done.log))
    # Nothing new since: the same events do not pause again. Each pause has a look that saw more than the one before.
    seen = [look.events for look in done.safety if look.speaks and look.on in {e.happened for e in paused}]
    assert seen == sorted(set(seen))
    free = run(toxic(trial_with({})), 0)
    assert done.ended > free.ended or done.randomised < free.randomised


def test_a_rule_that_stops_ends_the_trial_that_day() -> None:
    p = toxic(trial_with({"does": "stop"}))
    done, free = run(p, 0), run(toxic(trial_with({})), 0)
    speaks = next(look for look in free.safety if look.speaks)
    assert done.stopped
    assert done.ended == speaks.on
    assert not done.looks
    assert [e.kind for e in list(done.log)[-2:]] == ["safety look", "enrolment closed"]
    lines = reference_lines(p, 0, 4)
    assert lines["safety_stopped"].sum() > 0
    stopped = lines["safety_stopped"] == 1
    assert (lines["stopped_early"][stopped] == 1).all()
    assert (lines["declared"][stopped] == 0).all()
    assert (lines["spared"][stopped] == 120 - lines["randomised"][stopped]).all()
    assert (lines["duration"][stopped] == lines["safety_day"][stopped]).all()


def test_a_pause_for_a_look_and_one_for_a_review_do_not_get_in_each_others_way() -> None:
    p = toxic(trial_with({"does": "pause", "review": "3 weeks", "looks": "monthly"}), "pause")
    for k in range(3):
        done = run(p, k)
        assert not replay(p.trial, list(done.log))
        states = [e.kind for e in done.log if e.kind.startswith("enrolment") and e.kind != "enrolment closed"]
        assert all(a != b for a, b in pairwise(states))


FATAL = {"term": "infection", "grade": 5, "serious": True}
SURVIVAL = {
    "rule": {"kind": "safety-survival", "margin": 1.3, "benefit": 0.8, "deaths": [20, 40, 60], "allocation": "2:1"},
    "counts": None, "within": None, "among": None, "looks": None, "arm": None, "between": ["IMGN901", "CE"], "endpoint": "OS",
}  # fmt: skip
IMBALANCE = {
    "rule": {"kind": "safety-imbalance", "method": "pocock", "n": 80, "control_n": 40, "events": 20, "false_alarm": 0.3},
    "arm": None, "between": ["IMGN901", "CE"],
}  # fmt: skip


@pytest.mark.parametrize("does", [{"does": "caution"}, {"does": "pause", "review": "3 weeks"}, {"does": "stop"}])
@pytest.mark.parametrize(
    "rules",
    [
        [{}], [{"looks": {"each": 7}}], [{"looks": "monthly", "within": "30 days"}], [{"counts": {"grade_at_least": 3}, "among": "randomised"}],
        [{"counts": {"serious": True, "terms": ["infection", "neutropenia"]}, "looks": {"each": 5}}], [SURVIVAL], [IMBALANCE],
        [IMBALANCE | {"counts": {"grade_at_least": 4}, "looks": "monthly"}], [{"counts": {"fatal": True, "terms": ["infection"]}}, SURVIVAL],
    ],
)  # fmt: skip
def test_any_rule_is_compiled_and_says_what_the_reference_says(does: Any, rules: Any) -> None:
    p = toxic(trial_with(*(rule | does | {"name": f"rule-{i}"} for i, rule in enumerate(rules))))
    assert p.usual
    theirs, ours = reference_lines(p, 0, 3), Kernel(p).lines(0, 3)
    for name, values in theirs.items():
        assert abs(values - ours[name]).max() <= (2 if name.startswith("log_hr") else 0), name


def test_a_rule_that_stops_has_a_say_at_the_design_s_own_look() -> None:
    """It looks so seldom that a look of the design comes first: there it is asked too, as ``decide`` asks it."""
    p = toxic(trial_with({"does": "stop", "looks": {"each": 79}}))
    theirs, ours = reference_lines(p, 0, 4), Kernel(p).lines(0, 4)
    assert ((theirs["looks"] == 1) & (theirs["safety_stopped"] == 0)).any()
    assert all((theirs[name] == ours[name]).all() for name in ("looks", "action", "duration", "safety_stopped"))


def test_survival_censored_by_a_next_therapy_is_for_the_reference() -> None:
    trial = trial_with(SURVIVAL)
    endpoints = [
        e if e.name != "OS" else e.model_copy(update={"censoring": (Censoring(when="next therapy", at="that day"), *e.censoring)})  # type: ignore[union-attr]
        for e in trial.endpoints
    ]  # fmt: skip
    assert toxic(trial).usual
    assert not toxic(trial.model_copy(update={"endpoints": tuple(endpoints)})).usual


def test_an_earlier_event_that_is_recorded_later_changes_no_order() -> None:
    """Two events of a patient of the control arm, the first of them told last, and one of a tested patient between."""
    trial = trial_with(IMBALANCE)
    found = conducted(trial, [("IMGN901", 0, None, 0), ("CE", 0, None, 0)])
    start = trial.start
    for patient, happened, told in (("P001", 15, 15), ("P000", 20, 25), ("P001", 10, 40)):
        on = start + timedelta(days=told)
        found.order("adverse event", start + timedelta(days=happened), moment(on), "test", patient=patient, data=FATAL)
    for day in (30, 50):
        (said,) = safety_rulings(trial, cut(trial, found.log, start + timedelta(days=day)))
        assert said.reading.counts["with_event"] == ["P001", "P000"]


@pytest.mark.slow
@pytest.mark.property
@settings(max_examples=10, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_rules_that_caution_change_nothing_else(data: st.DataObject) -> None:
    try:
        drawn = data.draw(plans())
    except BadInput:
        assume(False)

    def with_rules(rules: Any) -> Plan:
        cap = drawn.cap if drawn.waiting == "cap" else None
        trial = drawn.trial.model_copy(update={"safety": rules})
        return Plan.of(trial, drawn.scenario, drawn.seed, drawn.waiting, cap)

    quiet = {"does": "caution", "review": None}
    plan = with_rules(tuple(rule.model_copy(update=quiet) for rule in drawn.trial.safety))
    bare = with_rules(())
    # An adverse event that is recorded because a rule asks for it is a contact like any other.
    assume(not plan.contacts)
    try:
        beside, without = reference_lines(plan, 0, 2), reference_lines(bare, 0, 2)
    except BadInput:
        assume(False)
    for name in without:
        if not name.startswith("safety"):
            assert (beside[name] == without[name]).all(), name


def test_the_summary_says_how_often_and_when() -> None:
    p = toxic(trial_with({}))
    lines = reference_lines(p, 0, 6)
    tally = Tally()
    tally.add(lines)
    s = summarise(p, tally, 6)
    assert s.safety is not None
    assert s.safety.by_rule["toxic-death"].value == pytest.approx((lines["safety_spoke"] > 0).mean())
    there = lines["safety_day"][lines["safety_spoke"] > 0]
    assert s.safety.month.value == pytest.approx(there.mean() / 30.4375)
    table = safety_table({("toxic", "continue"): s}, ["Waiting"])
    assert table is not None
    assert "P(toxic-death speaks)" in table.columns
    assert safety_table({}, []) is None
