"""The compiled simulator serves designs on two rates, on events and on patients enrolled, with any safety rules beside: the reference's
decisions, column by column."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from equipoise.decide.ruling import CODES
from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import read_toml, read_trial, trial_from
from equipoise.simulate.kernel.answers_of_times import of_times
from equipoise.simulate.lines import Lines
from equipoise.simulate.own_truth import own_scenarios
from equipoise.simulate.plan import Plan
from equipoise.simulate.replicates import simulate
from equipoise.simulate.scenario import AdverseEventTruth, Scenario, Visits
from equipoise.simulate.summary import stops_by_look, summarise
from equipoise.simulate.tally import Tally
from equipoise.trial.duration import Duration
from equipoise.trial.evidence import StatisticEvidence
from equipoise.trial.problem import BadInput
from equipoise.trial.trial import Trial
from random_rules import TOXICITY, harms, later_treatment, rules

KINDS = (
    "group-sequential", "screening", "one-sample-logrank", "km-landmark", "case-morgan", "huang-talukder-thomas", "exact-two-arm",
    "borrowing-rate", "safety-pocock",
)  # fmt: skip
#: More than ten seconds each.
LONG = ("case-morgan", "km-landmark", "one-sample-logrank", "huang-talukder-thomas")


@cache
def example(kind: str) -> Trial:
    return read_trial(find_trial(f"kinds/{kind}"))


@st.composite
def with_rules(draw: st.DrawFn, kind: str) -> Trial:
    """An example trial with safety rules beside its design."""
    raw = read_toml(find_trial(f"kinds/{kind}"), "a trial file")
    if draw(st.booleans()):
        raw["endpoints"] = [*raw["endpoints"], dict(TOXICITY)]
    draw(later_treatment(raw))
    raw["safety"] = draw(rules(raw, 2))
    return trial_from(raw, "variant")


def days(n: int) -> Duration:
    return Duration(float(n), f"{n} days")


def worse(scenario: Scenario, **changed: Any) -> Scenario:
    return scenario.model_copy(update=changed)


@st.composite
def plans(draw: st.DrawFn, kind: str) -> Plan:
    """An example trial under one of its truths, run less well than planned, with another follow-up and other endpoints' rules."""
    trial = draw(with_rules(kind))
    scenario = draw(st.sampled_from(own_scenarios(trial)))
    toxicity = any(e.name == "rash-3" for e in trial.endpoints)
    arms = {}
    for name, truth in scenario.arms.items():
        said = draw(harms(toxicity=toxicity))
        events = tuple(AdverseEventTruth(**e) for e in said.pop("adverse_events"))
        arms[name] = truth.model_copy(update={**said, "adverse_events": events})
    scenario = worse(
        scenario,
        arms=arms,
        withdrawal_per_year=draw(st.sampled_from([0.0, 0.1, 0.4])),
        loss_per_year=draw(st.sampled_from([0.0, 0.1])),
        reporting_delay=days(draw(st.sampled_from([0, 9, 40]))),
        screening_failure=draw(st.sampled_from([0.0, 0.2])),
        visits=Visits(jitter=days(draw(st.sampled_from([0, 5]))), missed=draw(st.sampled_from([0.0, 0.15]))),
    )
    m = trial.monitoring
    assert m is not None
    follow = days(draw(st.sampled_from([30, 180, 600])))
    changed: dict[str, Any] = {"monitoring": m.model_copy(update={"final_follow_up": follow, "readout_delay": days(draw(st.sampled_from([0, 14, 90] if len(trial.monitored.looks) < 5 else [0, 7])))})}  # fmt: skip
    if not trial.monitored.by_cohort:
        at = draw(st.sampled_from(["that day", "last contact"]))
        times = trial.endpoints[0]
        censoring = tuple(c.model_copy(update={"at": at}) if c.when == "no event" else c for c in times.censoring)  # type: ignore[union-attr]
        changed["endpoints"] = (times.model_copy(update={"censoring": censoring}), *trial.endpoints[1:])
        changed["target_enrolment"] = max(trial.target_enrolment - draw(st.sampled_from([0, 30, 60])), 12)
    return Plan.of(trial.model_copy(update=changed), scenario, draw(st.integers(0, 9)))


def lines(plan: Plan, engine: Any, n: int) -> Lines:
    return next(iter(simulate(plan, n, engine=engine, chunk=n)))


@pytest.mark.property
@pytest.mark.parametrize("kind", [pytest.param(k, marks=[pytest.mark.slow] if k in LONG else []) for k in KINDS])
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_kernel_and_reference_agree(kind: str, data: st.DataObject) -> None:
    try:
        plan = data.draw(plans(kind))
    except BadInput:
        # Random truths may contradict themselves; they are refused before anything runs.
        assume(False)
    assert plan.usual
    try:
        a = lines(plan, "reference", 3)
    except BadInput:
        # Such as a trial that goes on for ten years: both say so.
        with pytest.raises(BadInput):
            lines(plan, "compiled", 3)
        return
    b = lines(plan, "compiled", 3)
    for column, values in a.items():
        # Cox's model is fitted to convergence by one and by Halley's steps by the other: a millionth.
        off = 1 if column in ("log_hr", "log_hr_se") else 0
        assert np.abs(values - b[column]).max() <= off, column


@pytest.mark.parametrize("kind", ["group-sequential", "screening"])
def test_a_last_look_without_any_event_ends_the_trial_with_nothing_shown(kind: str) -> None:
    """The design refuses it in words; in a simulation the trial is counted, by both engines alike, and the page says so."""
    trial = example(kind)
    m = trial.monitoring
    assert m is not None
    soon = trial.model_copy(update={"monitoring": m.model_copy(update={"final_follow_up": days(1)})})
    plan = Plan.of(soon, worse(own_scenarios(trial)[-1], reporting_delay=days(60_000)), 1)
    a, b = lines(plan, "reference", 6), lines(plan, "compiled", 6)
    assert all((a[name] == b[name]).all() for name in a)
    unruled = a["unruled"] == 1
    assert 0 < unruled.sum() < 6
    assert (a["action"][unruled] == CODES["stop"]).all()
    assert (a["successes"][unruled] + a["control_successes"][unruled] == 0).all()
    tally = Tally()
    tally.add(b)
    s = summarise(plan, tally, 6)
    assert s.unruled.value == unruled.mean()
    assert any("they end with nothing shown" in note for note in stops_by_look([s]))


def test_the_places_where_the_rule_changes_are_found_to_the_last_bit() -> None:
    plan = Plan.of(example("group-sequential"), own_scenarios(example("group-sequential"))[0], 1)
    side, looks = plan.trial.target_enrolment + 1, 2
    for attained, earlier, look in ((93, 0, 1), (97, 0, 1), (186, 93, 2), (180, 95, 2), (150, 0, 2)):
        question = (earlier * side + attained) * looks + look - 1
        codes, switches = of_times(plan, question if look == 2 else attained * looks)
        assert codes in ((1, 0, 2), (1, 2, 2))
        taken = (float(earlier),) if earlier else ()
        for switch in (s for s in switches if np.isfinite(s)):
            said = [
                plan.design.verdict(StatisticEvidence(look, z, float(attained), taken)).action.name
                for z in (np.nextafter(switch, -np.inf), switch)
            ]
            assert said[0] != said[1]
