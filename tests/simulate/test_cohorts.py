"""Cohorts in a simulation: their truths, their seeds, and the same kernel and reference as any trial's."""

from __future__ import annotations

import copy
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from equipoise.conduct.conduct import replay
from equipoise.desk import cohorts, plans
from equipoise.desk.simulate import run as run_plans
from equipoise.files.bundled import find_scenario, find_trial
from equipoise.files.scenario_file import read_scenario
from equipoise.files.trial_file import read_trial, trial_from
from equipoise.simulate.cohorts import scenario_of, seed_of
from equipoise.simulate.plan import Plan
from equipoise.simulate.replicates import Kernel, reference_lines
from equipoise.simulate.run import run
from equipoise.simulate.scenario import ArmTruth, Scenario
from equipoise.simulate.truth import rate_shown
from equipoise.trial.problem import BadInput
from equipoise.trial.trial import Trial

CREATE = find_trial("create")


def north_by_ecog() -> Trial:
    """NORTH in two strata of a prognostic factor, randomised with controls."""
    raw: dict[str, Any] = copy.deepcopy(tomllib.loads(find_trial("north").read_text()))
    raw["assumptions"] = raw["sources"] = []
    raw.pop("safety", None)  # rules beside a design go with no cohorts yet
    own = {"monitoring": {"control_cohort": [10, 20]}, "design": {"n1": 20, "r1": 9, "n": 40, "r": 21}}
    raw["cohorts"] = [
        {"name": "fit", "target_enrolment": 60, "of": {"ecog": "0-1"}, "share": 3.0, **own},
        {"name": "frail", "target_enrolment": 60, "of": {"ecog": "2"}, "share": 2.0, **own},
    ]
    return trial_from(raw, "north by ECOG")


def scenario(trial: str, name: str) -> Scenario:
    return read_scenario(find_scenario(find_trial(trial), name))


def test_a_cohort_s_own_truth_takes_the_place_of_the_trial_s() -> None:
    trial, base = read_trial(CREATE), scenario("create", "null")
    truth = base.arms["CRZ"].model_copy(update={"observed_response": 0.3})
    told = Scenario.model_validate({**dict(base), "cohorts": {"IMT": {"arms": {"CRZ": truth}}}})
    for name, rate in (("IMT", 0.3), ("ALCL", 0.1)):
        view = trial.cohort(name)
        plan = Plan.of(view, scenario_of(told, view), 1)
        assert rate_shown("CRZ", plan.courses["CRZ"], view, plan.scenario) == pytest.approx(rate, abs=1e-9)
    assert isinstance(told.cohorts["IMT"].arms["CRZ"], ArmTruth)


@pytest.mark.parametrize(
    ("cohort", "arm", "words"),
    [("IMX", "CRZ", "a cohort of the trial: ALCL"), ("IMT", "CRX", "an arm of the cohort: CRZ")],
)
def test_a_truth_of_nobody_is_refused(cohort: str, arm: str, words: str) -> None:
    trial, base = read_trial(CREATE), scenario("create", "null")
    told = Scenario.model_validate({**dict(base), "cohorts": {cohort: {"arms": {arm: base.arms["CRZ"]}}}})
    with pytest.raises(BadInput, match=words):
        Plan.of(trial.cohort("ALCL"), scenario_of(told, trial.cohort("ALCL")), 1)
    plain = read_trial(find_trial("merkel"))
    with pytest.raises(BadInput, match="this trial has no cohorts"):
        Plan.of(plain, told, 1)


def test_the_folder_s_check_tells_a_cohort_s_problem_once(tmp_path: Path) -> None:
    from equipoise.files.trial_folder import read_folder

    (tmp_path / "trial.toml").write_text(CREATE.read_text())
    (tmp_path / "scenarios").mkdir()
    text = find_scenario(CREATE, "null").read_text()
    (tmp_path / "scenarios" / "null.toml").write_text(text.replace('[arms."CRZ"]', '[arms."CRX"]'))
    with pytest.raises(BadInput) as caught:
        read_folder(tmp_path / "trial.toml")
    assert len(caught.value.problems) == 1


def test_seeds_are_by_name_and_of_the_trial_itself_unchanged() -> None:
    trial = read_trial(CREATE)
    seeds = [seed_of(view, 2012) for view in trial.views.values()]
    assert len(set(seeds)) == 6
    assert all(0 <= s < 2**48 for s in seeds)
    assert seed_of(trial, 2012) == 2012
    assert seed_of(trial.cohort("IMT"), 2012) != seed_of(trial.cohort("IMT"), 2013)


@pytest.mark.parametrize("name", ["fit", "frail"])
def test_a_stratum_of_a_randomised_trial_in_kernel_and_reference(name: str) -> None:
    view = north_by_ecog().cohort(name)
    own = scenario_of(scenario("north", "target"), view)
    assert "ecog" not in own.factors
    plan = Plan.of(view, own, seed_of(view, 5), "pause")
    assert plan.usual
    fast, slow = Kernel(plan).lines(0, 6), reference_lines(plan, 0, 6)
    for column in slow:
        apart = np.abs(fast[column].astype(float) - slow[column].astype(float))
        assert (apart <= (2 if column.startswith("log_hr") else 0)).all(), column


def test_what_was_simulated_of_a_stratum_could_be_conducted_in_the_whole_trial() -> None:
    trial = north_by_ecog()
    view = trial.cohort("frail")
    done = run(Plan.of(view, scenario_of(scenario("north", "target"), view), 3), 0)
    assert replay(trial, list(done.log)) == []
    strata = {e.data["stratum"] for e in done.log if e.kind == "randomised"}
    assert strata <= {f"cohort=frail / ecog=2 / ldh={level}" for level in ("normal", "raised")}
    assert {e.data["cohort"] for e in done.log if e.kind in ("enrolled", "decided", "enrolment closed")} == {"frail"}


def test_the_cohorts_add_up_replicate_by_replicate() -> None:
    trial = read_trial(CREATE)
    found = cohorts.simulate("create", trial, ["null"], 7, "as planned", 50, 1)
    declared = np.zeros(50, dtype=int)
    for own in plans.plans_by_cohort("create", trial, ["null"], 7).values():
        run_plans(own, 50, 1, seen=lambda _, lines: np.add(declared, lines["declared"], out=declared))
    [together] = found.families
    assert together.any_declared.value == (declared > 0).mean()
    assert [q.value for q in together.number] == [(declared == k).mean() for k in range(7)]


def test_an_interrupt_keeps_what_is_done_and_adds_nothing_up() -> None:
    trial = read_trial(CREATE)

    def stop(plan: Plan) -> Any:
        def told(done: int) -> None:
            if plan.trial.cohort_name == "PRCC":
                raise KeyboardInterrupt

        return told

    found = cohorts.simulate("create", trial, ["null"], 7, "as planned", 20, 1, watch=stop)
    assert not found.whole
    assert found.families == ()
    assert list(found.of) == ["ALCL", "IMT", "PRCC"]
    assert len(next(iter(found.tables())).rows) == 3
