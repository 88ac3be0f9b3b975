"""The compiled kernel takes the reference's decision at every look of every replicate."""

from __future__ import annotations

import math
import os
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import safety_trials
from equipoise.files.bundled import find_scenario, find_trial, scenario_names
from equipoise.files.kernels import ready
from equipoise.files.scenario_file import read_scenario
from equipoise.files.trial_file import read_trial, trial_from
from equipoise.numerics.random.streams import minus_log
from equipoise.simulate.lines import INTEGERS, NONE
from equipoise.simulate.own_truth import own_scenarios
from equipoise.simulate.plan import Plan
from equipoise.simulate.replicates import Kernel, reference_lines, simulate
from equipoise.simulate.tally import Tally
from equipoise.simulate.truth import rate_shown
from equipoise.trial.problem import BadInput
from variants import ENDPOINTS, POLICIES, plans, scenario

pytest.importorskip("numba")
# Compiled code is kept from run to run; kernels are imported when first used.
ready()

#: More of them on request: EQUIPOISE_EXAMPLES=2000.
EXAMPLES = int(os.environ.get("EQUIPOISE_EXAMPLES", "25"))
REPLICATES = 4


def differing(a: Any, b: Any) -> dict[str, Any]:
    """Columns that differ: whole numbers at all, logarithms by more than two millionths."""
    found = {}
    for name in a:
        apart = np.abs(a[name].astype(float) - b[name].astype(float))
        allowed = 2 if name.startswith("log_hr") else 0
        if (apart > allowed).any():
            found[name] = (a[name].tolist(), b[name].tolist())
    return found


def decides_as_the_reference(data: st.DataObject, *given: str) -> None:
    """A random trial, of the endpoint and policy given, replicate by replicate and column by column."""
    try:
        plan = data.draw(plans(*given))
    except BadInput:
        # Random truths may contradict themselves; they are refused before anything runs.
        assume(False)
    assert plan.usual
    try:
        theirs = reference_lines(plan, 0, REPLICATES)
    except BadInput as bad:
        with pytest.raises(BadInput, match=bad.problems[0].where):
            Kernel(plan).lines(0, REPLICATES)
        return
    assert differing(Kernel(plan).lines(0, REPLICATES), theirs) == {}


@pytest.mark.property
@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_the_kernel_decides_as_the_reference_in_random_trials(data: st.DataObject) -> None:
    decides_as_the_reference(data)


@pytest.mark.slow
@pytest.mark.property
@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("endpoint", ENDPOINTS)
@settings(max_examples=2 * EXAMPLES, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_the_kernel_decides_as_the_reference_in_thousands(data: st.DataObject, endpoint: str, policy: str) -> None:
    decides_as_the_reference(data, endpoint, policy)


@pytest.mark.parametrize("name", ["create", "merkel", "myeloma"])
def test_the_kernel_decides_as_the_reference_in_bundled_trials(name: str) -> None:
    file = find_trial(name)
    trial = read_trial(file)
    trial = trial.cohort("ALCL") if trial.divided else trial
    named = [read_scenario(find_scenario(file, s)) for s in scenario_names(file)]
    for truth in named or own_scenarios(trial):
        p = Plan.of(trial, truth, 3)
        assert p.usual
        assert differing(Kernel(p).lines(0, 12), reference_lines(p, 0, 12)) == {}


@pytest.mark.parametrize("name", ["null", "target", "history", "observed"])
@pytest.mark.parametrize(("waiting", "cap"), [("continue", None), ("pause", None), ("cap", 20)])
@pytest.mark.thorough
def test_the_kernel_decides_as_the_reference_in_north(plan: Any, name: str, waiting: str, cap: int | None) -> None:
    p = plan(name, waiting, seed=3, cap=cap)
    assert differing(Kernel(p).lines(100, 8), reference_lines(p, 100, 8)) == {}


def test_a_trial_may_outlast_the_years_for_which_a_patient_is_followed(north: Any) -> None:
    p = Plan.of(north, scenario(accrual={"pace": 0.2}), 3, "continue")
    theirs = reference_lines(p, 0, 6)
    assert theirs["duration"].max() > 6.5 * 365
    assert differing(Kernel(p).lines(0, 6), theirs) == {}


def test_the_same_lines_for_any_workers_chunks_and_beginnings(plan: Any) -> None:
    p = plan("history", "cap", cap=11)
    whole = Kernel(p).lines(0, 1500)
    for workers, chunk in ((1, 7), (2, 100), (2, 4096)):
        parts = list(simulate(p, 1500, workers, chunk=chunk))
        for name in whole:
            assert np.concatenate([x[name] for x in parts]).tobytes() == whole[name].tobytes()
    later = Kernel(p).lines(1000, 500)
    assert all((later[name] == whole[name][1000:]).all() for name in whole)


def test_tallies_add_up_however_they_are_merged(plan: Any) -> None:
    p = plan("null")
    parts = list(simulate(p, 2000, chunk=300))
    one, forward, backward = Tally(), Tally(), Tally()
    for x in parts:
        one.add(x)
    for order, into in ((parts, forward), (parts[::-1], backward)):
        for x in order:
            single = Tally()
            single.add(x)
            into.merge(single)
    for other in (forward, backward):
        assert other.moments == one.moments
        assert all((other.counts[k] == one.counts[k]).all() for k in one.counts)
    lines = Kernel(p).lines(0, 2000)
    there = lines["log_hr"][lines["log_hr"] != NONE] / 1e6
    assert one.mean("log_hr", 1e6).value == pytest.approx(there.mean(), rel=1e-12)
    assert one.spread("log_hr", 1e6) == pytest.approx(there.std(ddof=1), rel=1e-9)
    assert one.quantile("randomised", 0.1) == np.quantile(lines["randomised"], 0.1, method="inverted_cdf")


def test_patients_by_month_add_up(plan: Any) -> None:
    whole, _, by_month = Kernel(plan("null")).rows(0, 300, 60)
    assert (by_month[:, -1] == whole[:, INTEGERS.index("randomised")]).all()
    assert (np.diff(by_month, axis=1) >= 0).all()


@pytest.mark.property
@pytest.mark.parametrize("rate", [0.35, 0.44, 0.5, 0.58])
@pytest.mark.thorough
def test_with_nobody_lost_it_is_the_binomial_design(plan: Any, north: Any, rate: float) -> None:
    """The first look is on 39 patients exactly: simulated and exact probabilities of stopping agree."""
    still = scenario(withdrawal_per_year=0.0, loss_per_year=0.0, arms__IMGN901__observed_rate=rate)
    p = Plan.of(north, still, 5, "continue")
    assert rate_shown("IMGN901", p.courses["IMGN901"], north, still) == pytest.approx(rate, abs=1e-9)
    n = 40_000
    lines = Kernel(p).lines(0, n)
    exact = p.design.behaviour(rate).pet  # type: ignore[attr-defined]
    assert abs(lines["stopped_early"].mean() - exact) < 4 * math.sqrt(exact * (1 - exact) / n)


@pytest.mark.property
@pytest.mark.thorough
def test_proportional_hazards_come_back_from_cox(plan: Any, north: Any) -> None:
    """Scans on every day, all followed: the mean log hazard ratio is the log of the ratio, its variance Schoenfeld's."""
    raw = north.model_copy(
        update={"assessments": north.assessments.model_copy(update={"first": days(7), "every": days(7)})}
    )
    truth = scenario(
        withdrawal_per_year=0.0, loss_per_year=0.0, reporting_delay="0 days", arms__IMGN901__like="CE",
        arms__IMGN901__hazard_ratio=0.7, arms__IMGN901__observed_rate=None, arms__IMGN901__death_first=None,
        arms__IMGN901__median_os=None,
    )  # fmt: skip
    p = Plan.of(raw, truth, 5, "continue")
    lines = Kernel(p).lines(0, 20_000)
    last = lines["looks"] == 2
    log_hr = lines["log_hr"][last] / 1e6
    events = (lines["events"] + lines["control_events"])[last].mean()
    assert log_hr.mean() == pytest.approx(math.log(0.7), abs=0.04)
    assert log_hr.var() == pytest.approx(1 / (events * (2 / 9)), rel=0.12)


def days(n: int) -> Any:
    from equipoise.trial.duration import Duration

    return Duration(float(n), f"{n} days")


@pytest.mark.property
@given(st.floats(2.0**-33, 1 - 2.0**-33))
def test_the_logarithm_is_good_to_the_last_bits(u: float) -> None:
    assert minus_log(u) == pytest.approx(-math.log(u), rel=5e-16)


@pytest.mark.thorough
def test_streams_are_the_same_compiled(plan: Any) -> None:
    from numba import njit

    from equipoise.numerics.random import philox
    from equipoise.numerics.random.streams import key_of, short_uniforms, uniforms

    @njit  # type: ignore[untyped-decorator]
    def draw(k0: Any, k1: Any, replicate: int, longs: Any, shorts: Any, logs: Any) -> None:
        for b in range(len(longs)):
            words = philox.block(k0, k1, b, replicate)
            for c in range(4):
                longs[b, c] = philox.uniform(words[c])
                shorts[b, 2 * c] = philox.short(words[c] & np.uint64(0xFFFFFFFF))
                shorts[b, 2 * c + 1] = philox.short(words[c] >> np.uint64(32))
                logs[b, c] = philox.minus_log(longs[b, c])

    key = key_of("a seed", "a purpose")
    longs, shorts, logs = np.empty((500, 4)), np.empty((500, 8)), np.empty((500, 4))
    draw(key[0], key[1], 7, longs, shorts, logs)
    assert longs.tobytes() == uniforms("a seed", "a purpose", 7, 500, 4).tobytes()
    assert shorts.tobytes() == short_uniforms("a seed", "a purpose", 7, 500, 8).tobytes()
    assert logs.ravel().tolist() == [minus_log(u) for u in longs.ravel().tolist()]


@pytest.mark.property
@pytest.mark.thorough
def test_deaths_of_adverse_events_are_part_of_the_rate_that_is_shown(plan: Any, north: Any) -> None:
    """With nobody lost the simulated first look is the binomial design's at that rate, deaths due to adverse events included."""
    still = plan("toxic").scenario.model_copy(update={"withdrawal_per_year": 0.0, "loss_per_year": 0.0})
    p = Plan.of(north, still, 5, "continue")
    free = rate_shown("IMGN901", p.courses["IMGN901"], north, plan("observed").scenario)
    rate = rate_shown("IMGN901", p.courses["IMGN901"], north, still)
    assert rate == pytest.approx(free * (1 - 0.34 * 0.5) * (1 - 0.62 * 0.04))
    n = 40_000
    exact = p.design.behaviour(rate).pet  # type: ignore[attr-defined]
    simulated = Kernel(p).lines(0, n)["stopped_early"].mean()
    assert abs(simulated - exact) < 4 * math.sqrt(exact * (1 - exact) / n)


@pytest.mark.property
@pytest.mark.thorough
@pytest.mark.parametrize("rate", [0.05, 0.15])
def test_a_safety_rule_speaks_as_often_as_the_shelf_says(rate: float) -> None:
    """Everybody is followed through the window, and nobody dies of the disease in it: the shelf's exact probability."""
    raw = safety_trials.with_rules({"within": "160 days"})
    north = trial_from(raw, "variant")
    fatal = ({"term": "infection", "probability": rate, "severe": 0.5, "fatal": 1.0},)
    truth = scenario(
        withdrawal_per_year=0.0, loss_per_year=0.0,
        **{f"arms__{arm}__{k}": v for arm in ("IMGN901", "CE") for k, v in (
            ("adverse_events", fatal), ("observed_rate", None), ("death_first", 0.0), ("median_pfs", "900 months"),
            ("median_os", "950 months"),
        )},
    )  # fmt: skip
    # The trial goes on to its last look, with all 80 patients, whatever the drug does.
    n = 20_000
    lines = Kernel(Plan.of(north, truth, 5, "continue")).lines(0, n)
    full = lines["tested"] >= 80
    assert full.mean() > 0.3
    exact = north.safety[0].design.stop_probability(rate)
    spoke = lines["safety_spoke"][full].mean()
    assert abs(spoke - exact) < 4 * math.sqrt(exact * (1 - exact) / full.sum()) + 0.004
