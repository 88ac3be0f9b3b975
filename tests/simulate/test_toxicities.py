"""Toxicities of virtual patients: the rate asked for, the odds ratio asked for, and nothing else moved."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given as given_by
from hypothesis import strategies as st

from equipoise.analyse.binary import status_of
from equipoise.analyse.data import cut
from equipoise.decide.decide import decide
from equipoise.simulate.own_truth import own_scenarios
from equipoise.simulate.plan import Plan
from equipoise.simulate.replicates import reference_lines
from equipoise.simulate.run import run
from equipoise.simulate.scenario import AdverseEventTruth, Scenario
from equipoise.simulate.shown_truth import truth_shown
from equipoise.simulate.toxicities import event_that_counts, given
from equipoise.trial.decision import Decision
from equipoise.trial.organ_class import ORGAN_CLASSES
from equipoise.trial.problem import BadInput
from equipoise.trial.trial import Trial
from equipoise.trial.what_counts import WhatCounts
from toxicity_trials import pair


def scenario(trial: Trial, which: int = -1, **arm: Any) -> Scenario:
    own = own_scenarios(trial)[which]
    arms = {n: t.model_copy(update=arm) for n, t in own.arms.items()}
    return own.model_copy(update={"arms": arms})


def test_the_design_s_own_truths_are_what_virtual_patients_have() -> None:
    trial = pair()
    for s in own_scenarios(trial):
        plan = Plan.of(trial, s, 5)
        truth, shown = trial.monitored.design.truths()[s.id.replace("-", " ")], truth_shown(plan)
        assert not plan.usual, "the kernel does not know adverse events"
        assert shown == pytest.approx({k: truth[k] for k in ("response", "toxicity")}, abs=1e-9)


def _pairs(plan: Plan, replicates: int) -> np.ndarray[Any, Any]:
    """Of every patient of some simulated trials whether he responded and whether he had the toxicity."""
    m, found = plan.trial.monitored, []
    for r in range(replicates):
        done = run(plan, r)
        snap = cut(plan.trial, done.log, done.ended)
        for p in snap.randomised:
            both = [status_of(p, e, plan.trial, snap.cutoff) for e in (m.binary, m.toxicity) if e is not None]
            if all(s is not None and s.status in ("success", "failure") for s in both):
                found.append([s is not None and s.status == "success" for s in both])
    return np.array(found)


def test_the_rate_and_the_odds_ratio_that_were_asked_for() -> None:
    trial = pair()
    plan = Plan.of(trial, scenario(trial, response=0.4, toxicities={"DLT": 0.3}, toxicity_odds_ratio=6.0), 5)
    seen = _pairs(plan, 40)
    n = len(seen)
    assert n > 800
    assert seen[:, 1].mean() == pytest.approx(0.3, abs=4 * (0.21 / n) ** 0.5)
    a, b = seen[seen[:, 0], 1], seen[~seen[:, 0], 1]
    log_ratio = np.log(a.mean() / (1 - a.mean())) - np.log(b.mean() / (1 - b.mean()))
    error = sum(1 / x.sum() + 1 / (~x).sum() for x in (a, b)) ** 0.5
    assert abs(log_ratio - np.log(6.0)) < 4 * error


@given_by(st.floats(0.01, 0.99), st.floats(0.01, 0.99), st.floats(0.01, 100))
def test_plackett_s_cell_has_its_margins_and_its_odds_ratio(p: float, q: float, ratio: float) -> None:
    yes, no = given(p, q, ratio, responds=True), given(p, q, ratio, responds=False)
    assert q * yes + (1 - q) * no == pytest.approx(p, abs=1e-9)
    assert yes * (1 - no) == pytest.approx(ratio * no * (1 - yes), rel=1e-4, abs=1e-7)


FILTERS = st.builds(
    WhatCounts,
    terms=st.sampled_from([(), ("rash",), ("sepsis", "rash")]),
    organ_class=st.sampled_from([None, *ORGAN_CLASSES[:3]]),
    grade_at_least=st.integers(1, 4),
    related=st.sampled_from([None, True, False]),
    serious=st.sampled_from([None, True, False]),
    fatal=st.sampled_from([None, False]),
)


@given_by(FILTERS)
def test_the_event_that_is_recorded_counts(what: WhatCounts) -> None:
    assert what.counts(event_that_counts(what, "Toxicity"))


def test_a_toxicity_shifts_no_other_draw() -> None:
    """Responses, deaths and doses of a trial are the same whatever is said of its toxicities."""
    trial = pair()

    def others(**arm: Any) -> list[Any]:
        log = run(Plan.of(trial, scenario(trial, **arm), 5), 3).log
        return [(e.kind, e.patient, e.happened, e.data) for e in log if e.kind in ("assessed", "died", "treated")][:40]

    assert others(toxicities={"DLT": 0.05}) == others(toxicities={"DLT": 0.05}, toxicity_odds_ratio=3.0)


def test_looks_are_decided_from_the_log() -> None:
    trial = pair()
    plan = Plan.of(trial, own_scenarios(trial)[-1], 5)
    done = run(plan, 1)
    assert any(e.kind == "adverse event" for e in done.log)
    for taken in done.looks:
        again = decide(trial, cut(trial, done.log, taken.cutoff), taken.decision.look)
        assert isinstance(again, Decision)
        assert again.action == taken.decision.action
        day_before = cut(trial, done.log, taken.cutoff.fromordinal(taken.cutoff.toordinal() - 1))
        assert not isinstance(decide(trial, day_before, taken.decision.look), Decision), "no look is taken late"
    assert len(reference_lines(plan, 0, 2)) > 0


@pytest.mark.parametrize(
    ("arm", "code"),
    [
        ({"toxicities": {}}, "toxicity-unsaid"),
        ({"toxicities": {"DLT": 0.1, "DTL": 0.1}}, "unknown-toxicity"),
        ({"adverse_events": (AdverseEventTruth(term="rash", probability=0.2, severe=0.1),)}, "toxicity-twice"),
        ({"outcomes": {"pCR": 0.1}}, "unknown-outcome"),
    ],
)
def test_a_scenario_that_does_not_fit_is_refused(arm: dict[str, Any], code: str) -> None:
    trial = pair()
    with pytest.raises(BadInput) as bad:
        Plan.of(trial, scenario(trial, **arm), 5)
    assert {p.code for p in bad.value.problems} == {code}


def test_toxicities_may_be_those_of_the_adverse_events_that_are_drawn() -> None:
    trial = pair(counts={"terms": ("neutropenia",), "grade_at_least": 3})
    drawn = (AdverseEventTruth(term="neutropenia", probability=0.8, severe=0.9),)
    plan = Plan.of(trial, scenario(trial, toxicities={}, adverse_events=drawn), 5)
    assert truth_shown(plan) is None
    assert any(e.kind == "adverse event" and e.data["grade"] >= 3 for e in run(plan, 1).log)
