"""A simulated trial takes each look on the first day on which ``decide`` calls it ripe: the loop skips days, and misses none."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from equipoise.analyse.data import cut
from equipoise.decide.decide import decide
from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import read_toml, trial_from
from equipoise.simulate.own_truth import own_scenarios
from equipoise.simulate.plan import Plan
from equipoise.simulate.run import SimulatedTrial, run
from equipoise.simulate.scenario import AdverseEventTruth
from equipoise.trial.decision import NotRipe
from equipoise.trial.problem import BadInput
from variants import plans


@pytest.mark.property
@pytest.mark.slow
@pytest.mark.parametrize("contacts", [False, True])
@settings(max_examples=20, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_the_day_before_a_look_it_was_not_ripe(data: st.DataObject, contacts: bool) -> None:
    """``contacts``: of trials in which a dose or an adverse event says that somebody was alive, and settles a status."""
    try:
        plan = data.draw(plans())
        assume(not contacts or (plan.contacts and plan.trial.safety))
        done = [run(plan, r) for r in range(2)]
    except BadInput:
        assume(False)
    for trial in done:
        none_was_ripe_before(plan, trial)


def none_was_ripe_before(plan: Plan, trial: SimulatedTrial) -> None:
    """On the day before each look, once the look before it was known, it was not ripe."""
    free_from = plan.trial.start
    for taken in trial.looks:
        before, look = taken.cutoff - timedelta(days=1), taken.decision.look
        if before >= free_from and look == 1 + sum(t.decision.look < look for t in trial.looks):
            found = decide(plan.trial, cut(plan.trial, trial.log, before, fingerprint=False), look, ends_anyway=True)
            assert isinstance(found, NotRipe), (trial.replicate, look, before)
        free_from = taken.readout


def test_an_adverse_event_settles_who_is_followed_to_the_last_contact() -> None:
    """Between the landmark and its window's end no scan is due: that a patient was alive says an adverse event. In replicate 7 a look hangs on it."""
    raw = read_toml(find_trial("kinds/simon"), "a trial file")
    (arm,) = raw["arms"]
    arm["regimen"] = [{"drug": "X", "dose": 10, "unit": "mg", "days": [1], "cycle_length": "21 days", "cycles": 10}]
    raw["assessments"] |= {"first": "12 weeks", "every": "12 weeks"}
    raw["endpoints"] = [
        {
            "name": "PFS", "label": "Progression-free survival", "role": "secondary", "kind": "time to event", "origin": "randomisation",
            "events": ["progression", "death"], "report_at": "6 months",
            "censoring": [{"when": when, "at": "last contact"} for when in ("withdrawal", "loss", "no event")],
        },
        {
            "name": "PFS4", "label": "Progression-free at 4 months", "role": "primary", "kind": "landmark", "of": "PFS", "landmark": "4 months",
            "window": "5 weeks", "not_evaluable": "replace",
        },
    ]  # fmt: skip
    raw |= {
        "design": {"kind": "simon", "sizes": "stated", "p0": 0.2, "p1": 0.5, "alpha": 0.3, "power": 0.5, "n1": 6, "r1": 1, "n": 14, "r": 4},
        "target_enrolment": 20,
        "monitoring": {"endpoint": "PFS4", "while_waiting": "continue", "readout_delay": "0 days", "final_follow_up": "1 month"},
        "safety": [{
            "name": "harm", "label": "Harm", "arm": arm["name"], "counts": {"grade_at_least": 3}, "does": "caution",
            "rule": {"kind": "safety-pocock", "theta0": 0.3, "theta1": 0.6, "n": 14, "phi": 0.2},
        }],
        "assumptions": [],
    }  # fmt: skip
    trial = trial_from(raw, "followed")
    truth = own_scenarios(trial)[-1]
    events = tuple(
        AdverseEventTruth(term=t, probability=p, severe=s)
        for t, p, s in (("neutropenia", 0.6, 0.75), ("infection", 0.4, 0.6))
    )
    arms = {name: of.model_copy(update={"adverse_events": events}) for name, of in truth.arms.items()}
    plan = Plan.of(trial, truth.model_copy(update={"arms": arms}), 1)
    for replicate in range(10):
        none_was_ripe_before(plan, run(plan, replicate))
