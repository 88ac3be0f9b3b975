"""Lee & Liu's predictive probability: phase1b's numbers and plain sums."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta, betabinom

from equipoise.design.bayesian.lee_liu import PredictiveProbability, Spec, from_spec, predictive_probability
from equipoise.trial.problem import BadInput


@pytest.mark.independent
def test_phase1b() -> None:
    """R phase1b, tests/testthat/test-predprob.R: 16 of 23 of 40, p0 = 0.6, theta_T = 0.9, prior Beta(0.6, 0.4)."""
    assert predictive_probability(16, 23, 40, 0.6, 0.9, 0.6, 0.4) == pytest.approx(0.5655589, abs=6e-8)


@pytest.mark.independent
@settings(max_examples=30, deadline=None)
@given(st.integers(1, 30), st.integers(1, 15), st.floats(0.1, 0.8), st.floats(0.6, 0.97), st.data())
def test_by_plain_sums(n: int, left: int, p0: float, theta: float, data: st.DataObject) -> None:
    x = data.draw(st.integers(0, n))
    wins = [y for y in range(left + 1) if beta.sf(p0, p0 + x + y, 1 - p0 + n + left - x - y) > theta]
    expected = math.fsum(betabinom.pmf(y, left, p0 + x, 1 - p0 + n - x) for y in wins)
    assert predictive_probability(x, n, n + left, p0, theta, p0, 1 - p0) == pytest.approx(expected, abs=1e-10)


@pytest.mark.property
def test_the_boundaries_are_those_of_the_predictive_probability() -> None:
    d = from_spec(
        Spec.read({"p0": 0.2, "p1": 0.4, "alpha": 0.1, "power": 0.9, "nmax": 36, "theta_l": 0.001, "theta_t": 0.9})
    )
    for n, low in zip(d.stages.n[:-1], d.stages.low[:-1], strict=True):
        pp = [predictive_probability(x, n, 36, 0.2, 0.9, 0.2, 0.8) for x in range(n + 1)]
        assert all(v < 0.001 for v in pp[: low + 1])
        assert pp[low + 1] >= 0.001
    numbers = d.numbers()
    assert numbers["futility"] == "0/10, 1/17, 2/21, 3/24, 4/27, 5/29, 6/31, 7/33, 8/34, 9/35"
    assert numbers["r"] == 10
    # Lee & Liu quote 0.088, 0.906, 27.67 and 0.86 for this design; their table itself was not at hand
    assert [round(float(numbers[k]), 3) for k in ("alpha", "power")] == [0.088, 0.906]
    assert float(numbers["en0"]) == pytest.approx(27.67, abs=0.005)


@pytest.mark.property
def test_a_searched_design_keeps_both_errors_and_simulates() -> None:
    d = from_spec(Spec.read({"p0": 0.2, "p1": 0.4, "alpha": 0.1, "power": 0.9, "nmax": 36}))
    for rate, low, high in ((0.2, 0.0, 0.1), (0.4, 0.9, 1.0)):
        on = {0: 1.0}  # patient by patient: successes so far, and the probability of going on
        looks = dict(zip(d.stages.n[:-1], d.stages.low[:-1], strict=True))
        for n in range(1, 37):
            new: dict[int, float] = {}
            for x, p in on.items():
                new[x] = new.get(x, 0.0) + p * (1 - rate)
                new[x + 1] = new.get(x + 1, 0.0) + p * rate
            on = {x: p for x, p in new.items() if x > looks.get(n, -1)}
        passes = sum(p for x, p in on.items() if x > d.stages.high[-1])
        assert low <= passes <= high
        assert d.behaviour(rate).reject == pytest.approx(passes, abs=1e-12)
    assert not d.cautions
    rng = np.random.default_rng(8)
    counts = rng.random((20_000, 36)).__lt__(0.4).cumsum(axis=1)
    on = np.ones(20_000, bool)
    for n, low in zip(d.stages.n[:-1], d.stages.low[:-1], strict=True):
        on &= counts[:, n - 1] > low
    simulated = (on & (counts[:, 35] > d.stages.high[-1])).mean()
    assert abs(simulated - d.behaviour(0.4).reject) < 4 * math.sqrt(0.09 / 20_000)


def test_early_declaration_only_where_wanted() -> None:
    table = {"p0": 0.2, "p1": 0.4, "alpha": 0.15, "power": 0.8, "nmax": 36, "theta_l": 0.01, "theta_t": 0.9}
    never, early = from_spec(Spec.read(table)), from_spec(Spec.read({**table, "theta_u": 0.99}))
    assert isinstance(never, PredictiveProbability)
    assert never.behaviour(0.4).pet_efficacy == 0 < early.behaviour(0.4).pet_efficacy


def test_bad_input() -> None:
    with pytest.raises(BadInput) as bad:
        Spec.read(
            {"p0": 0.4, "p1": 0.2, "alpha": 0.1, "power": 0.9, "nmax": 8, "nmin": 10, "theta_l": 0.1, "prior_a": -1}
        )
    assert {"p1", "nmin", "prior_a", "theta_l"} <= {p.where for p in bad.value.problems}
    with pytest.raises(BadInput, match="no theta"):
        from_spec(Spec.read({"p0": 0.2, "p1": 0.25, "alpha": 0.05, "power": 0.9, "nmax": 40}))
