"""Simulated trials: the same bytes however they are run, and the design's exact probabilities."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np
import pytest

from equipoise.conduct.conduct import replay
from equipoise.design import shelf
from equipoise.design.one_rate.simon import SimonTwoStage
from equipoise.simulate.plan import Plan
from equipoise.simulate.replicates import reference_lines, simulate
from equipoise.simulate.run import run
from equipoise.simulate.summary import Summary, exact_of, summarise, summary_table
from equipoise.simulate.tally import Tally
from equipoise.simulate.truth import calibrated, rate_shown
from equipoise.trial.problem import BadInput
from equipoise.trial.trial import Trial
from variants import scenario

COLUMNS = ("looks", "evaluable", "declared", "stopped_early")


@pytest.mark.slow
@pytest.mark.property
def test_simulated_agrees_with_exact(plan: Any, north: Trial) -> None:
    """With nobody lost, and the final boundary at the number attained, the simulation is the binomial design."""
    still = scenario(withdrawal_per_year=0.0, loss_per_year=0.0, arms__IMGN901__observed_rate=0.5)
    p = Plan.of(north, still, 11, "continue")
    n = 400
    done = {name: np.concatenate([lines[name] for lines in simulate(p, n, 2, engine="reference")]) for name in COLUMNS}
    stop_early = done["stopped_early"].mean()
    exact = p.design.behaviour(0.5)  # type: ignore[attr-defined]
    assert abs(stop_early - exact.pet) < 4 * math.sqrt(exact.pet * (1 - exact.pet) / n)
    # How many are evaluated at the end varies with the strata's last blocks: average the exact power over it.
    finals = Counter(done["evaluable"][done["looks"] == 2].tolist())
    design: SimonTwoStage = p.design  # type: ignore[assignment]
    expected = sum(
        k / sum(finals.values()) * (design if m == design.n else design.attained(m)).behaviour(0.5).reject
        for m, k in finals.items()
    )
    declared = done["declared"].mean()
    assert abs(declared - expected) < 4 * math.sqrt(expected * (1 - expected) / n)


@pytest.mark.thorough
def test_one_worker_or_two_and_any_order(plan: Any) -> None:
    p = plan("null")
    alone, two = (
        [{n: v.tolist() for n, v in x.items()} for x in simulate(p, 12, w, engine="reference")] for w in (1, 2)
    )
    assert alone == two
    seventh = reference_lines(p, 7, 1)
    assert all(values[0] == alone[0][name][7] for name, values in seventh.items())


@pytest.mark.slow
def test_details_change_no_decision(plan: Any) -> None:
    for replicate in range(4):
        plain, full = (run(plan("null"), replicate, detail=d) for d in (False, True))
        assert [t.decision.evidence for t in plain.looks] == [t.decision.evidence for t in full.looks]
        assert [t.cutoff for t in plain.looks] == [t.cutoff for t in full.looks]
        assert plain.randomised == full.randomised
        assert replay(plan("null").trial, list(full.log)) == []


def test_a_simulated_log_could_have_been_conducted(plan: Any) -> None:
    for waiting in ("continue", "pause"):
        result = run(plan("history", waiting), 3)
        assert replay(plan().trial, list(result.log)) == []


def summary(p: Any, n: int) -> Summary:
    tally = Tally()
    for lines in simulate(p, n, 2):
        tally.add(lines)
    return summarise(p, tally, n)


@pytest.mark.thorough
def test_pausing_leaves_fewer_on_study_at_the_readout(plan: Any) -> None:
    going, capped, waiting = (
        summary(plan("null", w, cap=c), 30) for w, c in (("continue", None), ("cap", 20), ("pause", None))
    )
    assert going.at_readout.value > 100
    assert capped.at_readout.value == pytest.approx(capped.at_cohort_full.value + 20, abs=1.5)
    assert waiting.at_readout.value < 70
    assert going.at_cohort_full.value == waiting.at_cohort_full.value


def test_the_truth_is_calibrated(plan: Any, north: Trial) -> None:
    for name in ("null", "target"):
        p = plan(name)
        tested = p.courses["IMGN901"]
        assert rate_shown("IMGN901", tested, north, p.scenario) == pytest.approx(
            p.scenario.arms["IMGN901"].observed_rate, abs=1e-9
        )
        median = p.scenario.arms["IMGN901"].median_os.exact_days
        low, high = tested.alive[math.floor(median)], tested.alive[math.ceil(median)]
        assert low >= 0.5 >= high
    history = plan("history").courses["CE"].event_free
    assert history[167] > 0.5 > history[168]  # 5.5 months are 167.4 days


@pytest.mark.parametrize(
    "changes",
    [
        {"arms__IMGN901__observed_rate": None, "arms__IMGN901__median_pfs": "14 months"},
        {"arms__IMGN901__observed_rate": 0.99},
    ],
)
def test_truths_that_contradict_themselves_are_refused(north: Trial, changes: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match="median"):
        calibrated(north, scenario(**changes))


def test_a_scenario_for_other_arms_is_refused(plan: Any, north: Trial) -> None:
    truth = scenario(arms__CE=None)
    with pytest.raises(BadInput, match="a truth for each arm"):
        Plan.of(north, truth, 1)


def test_a_trial_that_cannot_end_says_which_and_why(north: Trial, plan: Any) -> None:
    """Everybody withdraws at once: nobody is evaluable, and no look is ever ripe."""
    p = Plan.of(north, scenario(withdrawal_per_year=1 - 1e-12), 1)
    with pytest.raises(
        BadInput, match="replicate 0, waiting 'continue', has 120 of 120 randomised and goes on ten years"
    ):
        run(p, 0)


@pytest.mark.thorough
def test_with_three_looks_a_stop_is_told_by_look(north: Trial) -> None:
    """P(stop early) of a three-stage design is that of either early look: each is told, and they add up."""
    design = shelf.build(
        "chen", {"kind": "chen", "p0": 0.44, "p1": 0.58, "alpha": 0.05, "power": 0.8, "criterion": "minimax"}
    )
    monitoring = north.monitoring.model_copy(update={"control_cohort": (10, 20, 40)})  # type: ignore[union-attr]
    p = Plan.of(
        north.model_copy(update={"monitoring": monitoring}).designed(design),
        scenario(arms__IMGN901__observed_rate=0.5),
        1,
    )
    tally = Tally()
    for lines in simulate(p, 20, engine="reference"):
        tally.add(lines)
    s = summarise(p, tally, 20)
    at_1, at_2 = s.characteristics.ends_at[:2]
    assert at_1 + at_2 == pytest.approx(s.characteristics.stop_early.value)
    table = summary_table([s], [exact_of(p)])
    assert "P(stop early)" in table.columns
    assert f"stops {at_1:.3f}" in table.notes[0]
    assert f"{at_2:.3f}" in table.notes[0]
