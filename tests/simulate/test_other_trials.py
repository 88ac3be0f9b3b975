"""The road is not NORTH's alone: other arms, policies and designs go the same way."""

from __future__ import annotations

import pytest

from equipoise.analyse.analysis import analyse
from equipoise.conduct.conduct import replay
from equipoise.decide.decide import decide
from equipoise.dossier.document import trial_document
from equipoise.dossier.findings import Findings
from equipoise.files.trial_file import trial_from
from equipoise.report.page import render
from equipoise.simulate.plan import Plan
from equipoise.simulate.run import run
from equipoise.simulate.scenario import Scenario
from equipoise.simulate.truth import rate_shown
from equipoise.trial.decision import Decision
from equipoise.trial.problem import BadInput
from equipoise.trial.snapshot import snapshot
from helpers import tried
from variants import other_trial


def test_the_rate_of_survival_is_that_of_being_alive() -> None:
    raw, truth = other_trial("equal arms without strata, survival at a year")
    trial = trial_from(raw, "t")
    assert trial.design is not None
    plan = Plan.of(trial, Scenario.model_validate(truth), 5)
    course = plan.courses["IMGN901"]
    assert rate_shown("IMGN901", course, trial, plan.scenario) == course.alive[365]
    truth["arms"]["CE"].pop("median_pfs")
    truth["arms"]["CE"]["observed_rate"] = 0.4
    with pytest.raises(BadInput, match="give median_pfs"):
        Plan.of(trial, Scenario.model_validate(truth), 5)


@pytest.mark.thorough
@pytest.mark.parametrize(
    "name",
    tried(
        [
            "one arm, computed design, no history",
            "not evaluable is failure, pause",
            "equal arms without strata, survival at a year",
        ],
        {"one arm, computed design, no history"},
    ),
)
def test_another_trial_goes_the_whole_road(name: str) -> None:
    raw, truth = other_trial(name)
    trial = trial_from(raw, name)
    plan = Plan.of(trial, Scenario.model_validate(truth), 5)
    for replicate in range(3):
        result = run(plan, replicate, detail=True)
        assert replay(trial, list(result.log)) == []
        for taken in result.looks:
            again = decide(trial, snapshot(result.log, taken.cutoff), taken.decision.look)
            assert isinstance(again, Decision)
            assert again.action == taken.decision.action
            if name.startswith("not evaluable is failure"):
                assert all(n["not_evaluable_replaced"] == 0 for n in again.evidence.values())
    snap = snapshot(result.log, result.looks[-1].cutoff)
    html = render(trial_document(Findings(trial, snap, analyse(trial, snap), [again]))).html
    assert trial.arms[0].label in html
