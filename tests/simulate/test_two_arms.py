"""Two-arm survival trials: the kernel against plain Python, R's survival, exact expectations and rpact."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numba")

from equipoise.simulate.two_arms import PURPOSE, RESULT, TwoArms, simulate
from equipoise.simulate.two_arms_reference import dataset, replicate_of
from helpers import FIXTURES

# The first of them compiles the kernel.
pytestmark = pytest.mark.thorough

NAMES = RESULT.names or ()
HAZARD = st.floats(0.01, 1.0)


@st.composite
def trials(draw: st.DrawFn) -> TwoArms:
    n = draw(st.integers(1, 70))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    return TwoArms(
        hazard_tested=draw(HAZARD),
        hazard_control=draw(HAZARD),
        hazard_dropout=draw(st.sampled_from([0.0, 0.004, 0.1, 2.0])),
        arrivals=rng.uniform(0, draw(st.sampled_from([0.5, 10.0, 40.0])), n),
        arms=(rng.random(n) < draw(st.sampled_from([0.0, 0.3, 2 / 3, 1.0]))).astype(np.int64),
        cutoff=draw(st.floats(0.5, 40.0)),
        landmark=draw(st.floats(0.0, 20.0)),
    )


def same(row: Any, other: Any) -> None:
    for name in NAMES:
        np.testing.assert_allclose(row[name], other[name], rtol=1e-10, atol=1e-10, err_msg=name)


@pytest.mark.property
@settings(max_examples=100)
@given(trials(), st.integers(0, 2**63), st.integers(0, 2**40))
@pytest.mark.slow
def test_the_kernel_says_what_plain_python_says(trial: TwoArms, seed: int, first: int) -> None:
    for i, row in enumerate(simulate(trial, 40, seed, first=first)):
        same(row, replicate_of(trial, seed, first + i))


@pytest.mark.property
def test_the_kernel_says_what_plain_python_says_of_the_benchmark() -> None:
    trial = TwoArms.of()
    for i, row in enumerate(simulate(trial, 300, "a name for a seed")):
        same(row, replicate_of(trial, "a name for a seed", i))


@pytest.mark.property
@settings(max_examples=20)
@given(trials(), st.integers(1, 300), st.integers(1, 100), st.integers(1, 3), st.integers(0, 200))
def test_neither_threads_nor_chunks_nor_the_first_replicate_change_a_byte(
    trial: TwoArms, replicates: int, chunk: int, threads: int, first: int
) -> None:
    whole = simulate(trial, first + replicates, 7)
    part = simulate(trial, replicates, 7, threads=threads, first=first, chunk=chunk)
    assert part.tobytes() == whole[first:].tobytes()


def test_seeds_differ() -> None:
    trial = TwoArms.of()
    assert len({simulate(trial, 5, seed).tobytes() for seed in (1, 2, "1 ")}) == 3
    assert simulate(trial, 5, 1).tobytes() == simulate(trial, 5, "1").tobytes()


@pytest.mark.independent
def test_r_says_the_same_of_the_same_patients() -> None:
    fixture = json.loads((FIXTURES / "r" / "two_arms.json").read_text())
    trial = TwoArms.of()
    for i, (row, r) in enumerate(zip(simulate(trial, 5, 2012), fixture["trials"], strict=True)):
        time, event, arm = dataset(trial, 2012, i)
        np.testing.assert_allclose(time, r["time"], rtol=1e-14)
        assert event.tolist() == r["event"]
        assert arm.tolist() == r["arm"]
        same(row, r)


@pytest.mark.independent
def test_power_is_rpacts() -> None:
    rpact = json.loads((FIXTURES / "r" / "two_arms.json").read_text())["rpact"]
    n = 200_000
    power = float((simulate(TwoArms.of(), n, 2012)["z"] > 1.959963984540054).mean())
    error = math.sqrt(power * (1 - power) * (1 / n + 1 / rpact["iterations"]))
    # rpact looks at 82 events, we at the month in which 82.2 are due: power at 82.2 is 0.0006 above that at 82.
    assert abs(power - rpact["power"]) < 4 * error + 0.001


@pytest.mark.parametrize(
    "trial",
    [
        TwoArms.of(),
        TwoArms.of(median_tested=3.0, median_control=20.0, dropout_per_year=0.4, allocation=(1, 1)),
        TwoArms.of(cutoff=9.0, dropout_per_year=0.0),
    ],
    ids=["benchmark", "much drop-out", "early cut-off"],
)
def test_means_are_those_of_theory(trial: TwoArms) -> None:
    n = 40_000
    got = simulate(trial, n, 11)
    here = trial.arrivals < trial.cutoff
    hazard = np.where(trial.arms == 1, trial.hazard_tested, trial.hazard_control)[here]
    total = hazard + trial.hazard_dropout
    watched = trial.cutoff - trial.arrivals[here]
    events = hazard / total * -np.expm1(-total * watched)
    assert abs(got["events"].mean() - events.sum()) < 4 * math.sqrt(events @ (1 - events) / n)
    assert got["events"].var() == pytest.approx(events @ (1 - events), rel=0.05)
    for name, true in (("tested", trial.hazard_tested), ("control", trial.hazard_control)):
        s = got[f"survival_{name}"]
        # Where nobody is left before the landmark the curve is carried on: the mean is off by less than this.
        assert abs(s.mean() - math.exp(-true * trial.landmark)) < 4 * s.std() / math.sqrt(n) + 2e-3
        if trial.cutoff > 20:
            # Where few are at risk, as at the early cut-off, Greenwood's variance is too small on average.
            assert np.nanmean(got[f"variance_{name}"]) == pytest.approx(s.var(), rel=0.05)


def test_the_log_hazard_ratio_is_about_the_true_one() -> None:
    got = simulate(TwoArms.of(), 40_000, 12)
    # The estimate of a log hazard ratio has a bias of a few per cent of itself at 82 events.
    assert got["log_hr"].mean() == pytest.approx(math.log(5.5 / 7.7), abs=0.01)
    assert got["log_hr"].std() == pytest.approx(got["se"].mean(), rel=0.03)
    null = simulate(TwoArms.of(median_tested=5.5), 40_000, 13)["z"]
    assert abs(null.mean()) < 0.05
    assert null.std() == pytest.approx(1.0, abs=0.02)


def trial_of(arms: list[int], hazard_tested: float = 0.2, cutoff: float = 5.0) -> TwoArms:
    return TwoArms(hazard_tested, 0.2, 0.01, np.linspace(0, 3, len(arms)), np.array(arms), cutoff, 2.0)


def test_without_a_second_arm_nothing_is_compared() -> None:
    got = simulate(trial_of([1] * 10), 50, 1)
    for name in ("z", "log_hr", "se", "survival_control", "variance_control"):
        assert np.isnan(got[name]).all()
    assert (got["survival_tested"] <= 1).all()


def test_events_in_one_arm_only_put_the_hazard_ratio_at_its_end() -> None:
    got = simulate(trial_of([1, 0] * 5, hazard_tested=1e-9), 200, 1)
    some = got["events"] > 0
    assert some.any()
    assert (got["log_hr"][some] == -np.inf).all()
    assert np.isnan(got["se"]).all()
    assert np.isnan(got["log_hr"][~some]).all()
    assert (got["z"][some] > 0).all()


def test_before_the_first_patient_there_is_nothing() -> None:
    trial = TwoArms(0.1, 0.1, 0.0, np.array([5.0, 6.0]), np.array([1, 0]), 5.0, 1.0)
    row = simulate(trial, 1, 1)[0]
    assert row["events"] == 0
    assert all(np.isnan(row[name]) for name in NAMES if name != "events")
    assert simulate(trial, 0, 1).shape == (0,)


def test_tied_times_do_no_harm() -> None:
    # Hazards so large that times fall below what the months can show next to nothing: many are 0 or nearly so.
    trial = TwoArms(1e300, 1e300, 0.0, np.zeros(30), np.arange(30) % 2, 1.0, 0.0)
    got = simulate(trial, 100, 1)
    assert np.isfinite(got["z"]).all()
    assert (got["events"] == 30).all()


def test_progress_counts_up_to_all() -> None:
    seen: list[int] = []
    simulate(TwoArms.of(), 100, 1, threads=2, chunk=30, progress=seen.append)
    assert seen == [30, 60, 90, 100]


def test_the_benchmarks_trial() -> None:
    trial = TwoArms.of()
    assert len(trial.arrivals) == 120
    assert trial.arms.sum() == 80
    assert trial.arms[:6].tolist() == [1, 1, 0, 1, 1, 0]
    # As rpact prints them: accrualTime of getRawData.
    assert trial.arrivals[[0, 1, 23, 24, 59, 60, 119]] == pytest.approx([0.25, 0.5, 6, 6 + 1 / 6, 12, 12.1, 18])
    assert math.exp(-12 * trial.hazard_dropout) == pytest.approx(0.95)
    with pytest.raises(ValueError, match="read-only"):
        trial.arrivals[0] = 1.0


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ValueError) as said:
        TwoArms(0.0, math.nan, -1.0, np.array([1.0, -2.0]), np.array([1, 0, 1]), math.inf, True)
    for name in ("hazard_tested", "hazard_control", "hazard_dropout", "arrivals", "arms", "cutoff", "landmark"):
        assert f"{name}: got" in str(said.value)
    with pytest.raises(ValueError, match="neither 0 nor 1"):
        TwoArms(1.0, 1.0, 0.0, np.array([1.0, 2.0]), np.array([1, 2]), 3.0, 1.0)
    with pytest.raises(ValueError, match="at least 1"):
        TwoArms(1.0, 1.0, 0.0, np.array([]), np.array([]), 3.0, 1.0)
    with pytest.raises(ValueError) as said:
        TwoArms.of(median_tested=0, median_control=-1, accrual=((6, 0),), allocation=(0, 0), dropout_per_year=1.0)
    for name in ("median_tested", "median_control", "accrual", "allocation", "dropout_per_year"):
        assert f"{name}: got" in str(said.value)
    with pytest.raises(ValueError, match="at least one patient"):
        TwoArms.of(accrual=((0.1, 1),))
    with pytest.raises(ValueError) as said:
        simulate(TwoArms.of(), -1, 1, threads=0, first=-1, chunk=0)
    for name in ("replicates", "threads", "first", "chunk"):
        assert f"{name}: got" in str(said.value)
    with pytest.raises(ValueError, match="up to 2\\^62"):
        simulate(TwoArms.of(), 1, 1, first=2**64)


def test_the_stream_is_named() -> None:
    assert PURPOSE == "two-arm survival"
