"""A forecast is the log conducted onward: its pauses and looks are those of the loop, whatever the endpoint and the arms are."""

from __future__ import annotations

import copy
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
import pytest

from equipoise.analyse.data import cut
from equipoise.files.bundled import find_scenario, find_trial
from equipoise.files.scenario_file import read_scenario
from equipoise.files.trial_file import read_trial, trial_from
from equipoise.simulate.forecast import Forecast, forecast
from equipoise.simulate.own_truth import own_scenarios
from equipoise.simulate.plan import Plan
from equipoise.simulate.run import SimulatedTrial, run
from equipoise.simulate.scenario import Scenario
from equipoise.trial.log import Log
from equipoise.trial.problem import BadInput
from equipoise.trial.trial import Trial
from variants import NORTH, TRUTH, other_trial, otherwise_paced


def by_outcome() -> tuple[dict[str, Any], dict[str, Any]]:
    """NORTH, looking at an outcome that is recorded by its own name."""
    raw, truth = copy.deepcopy(NORTH), copy.deepcopy(TRUTH)
    raw["assumptions"], raw["sources"] = [], []
    raw["endpoints"].append(
        {
            "name": "CLEAR", "label": "Marker cleared", "role": "secondary", "kind": "outcome", "success": ["yes"],
            "failure": ["no"], "due": "12 weeks", "window": "4 weeks", "not_evaluable": "replace",
        }
    )  # fmt: skip
    raw["monitoring"]["endpoint"] = "CLEAR"
    raw.pop("history")
    raw.pop("control_check")
    for arm in truth["arms"].values():
        arm.pop("observed_rate")
        arm |= {"median_pfs": "6 months", "outcomes": {"CLEAR": 0.5}}
    return raw, truth


def made(name: str) -> tuple[Trial, Scenario]:
    """A trial with a truth, by name."""
    match name:
        case "one arm, response":
            trial = read_trial(find_trial("create")).cohort("IMT")
            return trial, read_scenario(find_scenario(find_trial("create"), "target"))
        case "one arm, confirmed response":
            trial = read_trial(find_trial("merkel"))
            return trial, own_scenarios(trial)[-1]
        case "outcome":
            raw, truth = by_outcome()
        case _:
            raw, truth = other_trial(name)
    return trial_from(raw, name), Scenario.model_validate(truth)


def entries(trial: Trial, log: Log) -> list[date]:
    kind = "randomised" if trial.randomisation is not None else "enrolled"
    return [e.happened for e in log if e.kind == kind]


def at(trial: Trial, done: SimulatedTrial, day: date, look: int = 1, **options: Any) -> Forecast:
    return forecast(trial, cut(trial, done.log, day), look, **{"draws": 100, **options})


@pytest.mark.thorough
@pytest.mark.property
@pytest.mark.parametrize(
    "name",
    [
        "one arm, response",
        "one arm, confirmed response",
        "outcome",
        "one arm, computed design, no history",
        "equal arms without strata, survival at a year",
    ],
)
def test_any_endpoint_and_any_arms(name: str) -> None:
    """Of the first look, foreseen when half of its cohort was in, between the 1 % and the 99 % that a normal spread would have."""
    trial, scenario = made(name)
    done = run(Plan.of(trial, scenario, 5), 1)
    first = done.looks[0]
    half = [d for d in entries(trial, done.log) if d <= first.full_on]
    day = half[len(half) // 2]
    f = at(trial, done, day)
    for foreseen, found in (
        (f.cohort_full, (first.full_on - day).days),
        (f.ripe, (first.cutoff - day).days),
        (f.known, (first.readout - day).days),
        (f.randomised_at_ripe, first.randomised_at_cutoff),
    ):
        assert foreseen is not None
        assert list(foreseen.quantiles.values()) == sorted(foreseen.quantiles.values())
        reach = foreseen.quantiles[0.9] - foreseen.quantiles[0.1]
        assert foreseen.quantiles[0.5] - reach - 1 <= found <= foreseen.quantiles[0.5] + reach + 1
    assert f.known is not None
    assert f.ripe is not None
    delay = trial.monitored.monitoring.readout_delay.days
    assert f.known.quantiles[0.5] == f.ripe.quantiles[0.5] + delay
    assert f.fan[-1][3] <= trial.target_enrolment


@pytest.mark.slow
@pytest.mark.property
@pytest.mark.parametrize("name", ["one arm, response", "outcome"])
def test_intervals_of_responses_and_outcomes_cover_too(name: str) -> None:
    trial, scenario = made(name)
    reps, covered = 40, 0
    courses = Plan.of(trial, scenario, 7).courses
    for i in range(reps):
        done = run(Plan.of(otherwise_paced(trial, i), scenario, 7, courses=courses), i)
        first = done.looks[0]
        half = [d for d in entries(trial, done.log) if d <= first.full_on]
        day = half[len(half) // 2]
        f = at(trial, done, day, seed=i)
        assert f.ripe is not None
        covered += f.ripe.quantiles[0.1] - 0.5 <= (first.cutoff - day).days <= f.ripe.quantiles[0.9] + 0.5
    assert abs(covered / reps - 0.8) < 4 * (0.8 * 0.2 / reps) ** 0.5, covered


@pytest.fixture(scope="module")
def paused() -> tuple[Trial, SimulatedTrial]:
    raw, truth = other_trial("not evaluable is failure, pause")
    trial = trial_from(raw, "paused")
    return trial, run(Plan.of(trial, Scenario.model_validate(truth), 5), 0)


@pytest.mark.property
def test_nobody_comes_while_enrolment_is_paused(paused: tuple[Trial, SimulatedTrial]) -> None:
    trial, done = paused
    first = done.looks[0]
    f = at(trial, done, first.full_on + timedelta(days=20))
    assert f.cohort_full is not None
    assert f.cohort_full.quantiles[0.9] == 0, "the cohort is full, and the log tells since when"
    for x in (f.randomised_at_ripe, f.randomised_at_known):
        assert x is not None
        assert set(x.quantiles.values()) == {first.randomised_at_cutoff}
    assert f.ripe is not None
    assert all(share <= f.randomised_today for day, *_, share in f.fan if day < f.ripe.quantiles[0.1])
    assert f.fan[-1][2] > f.randomised_today, "it goes on once the look is known"


@pytest.mark.thorough
@pytest.mark.property
@pytest.mark.slow
def test_a_look_that_is_awaited_is_known_when_it_was_to_be(paused: tuple[Trial, SimulatedTrial]) -> None:
    """Nine days after the cut-off of look 1 enrolment is paused, and resumes when its readout comes: 19 days later, in every draw."""
    trial, done = paused
    first = done.looks[0]
    today = first.cutoff + timedelta(days=9)
    f = at(trial, done, today, look=2)
    left = (first.readout - today).days
    assert {counts[0] for day, *counts in f.fan if day < left} == {f.randomised_today}
    assert next(most for day, _, _, most in f.fan if day > left + 20) > f.randomised_today


@pytest.mark.thorough
def test_a_pause_of_another_reason_ends_tomorrow(north: Trial, plan: Any) -> None:
    done = run(plan(), 1)
    day = entries(north, done.log)[29]
    log = Log(done.log.known_by(day))
    log.append("enrolment paused", day, datetime.combine(day, time(20), UTC), "t", "drug supply")
    f = forecast(north, cut(north, log, day), 1, draws=100)
    assert f.fan[4][1] > 30


def test_a_trial_that_is_over_has_no_look_to_come(north: Trial, plan: Any) -> None:
    done = next(d for i in range(20) if len((d := run(plan("null"), i)).looks) == 1)
    with pytest.raises(BadInput, match="the trial is over"):
        forecast(north, cut(north, done.log, done.ended), 2, draws=100)


def test_records_to_come_are_those_of_this_trial(north: Trial, plan: Any) -> None:
    """Nothing comes that would have been recorded by now, and nobody who is settled gets a future."""
    from equipoise.simulate.futures import NEW, Known, ToLandmark, Truth

    endpoint = north.landmark("PFS6")
    truth = Truth({"IMGN901": 0.5}, 0.1, 0.003)
    makes = ToLandmark(endpoint, north, truth, [0, 2, 5, 9], np.random.default_rng(1))
    last_days = []
    for _ in range(300):
        new = makes.life(NEW, "IMGN901").happenings
        assert [h.kind for h in new] in (["assessed"], ["lost"])
        assert new[0].kind == "lost" or new[0].day % 42 == 0
        known = makes.life(Known(age=130, last=84, visit=2), "IMGN901").happenings[0]
        assert known.recorded > 130
        last_days.append(known.day)
        assert not makes.life(Known(age=220, last=210, visit=5, settled=True), "IMGN901").happenings
    assert 126 in last_days, "the scan of four days ago may be on its way"
    overdue = [makes.life(Known(age=140, last=84, visit=2), "IMGN901").happenings[0] for _ in range(300)]
    assert 126 not in {h.day for h in overdue}, "all of this trial's records were made within nine days"
