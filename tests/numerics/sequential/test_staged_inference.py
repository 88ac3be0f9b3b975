"""Inference after stages: clinfun's numbers, unbiasedness, coverage, over-running."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.numerics.sequential.staged_binomial import Stages, arrive, outcomes
from equipoise.numerics.sequential.staged_inference import (
    Outcome,
    at_least,
    at_most,
    bias_of_naive,
    expected_umvue,
    infer,
    umvue,
)

NORTH = Stages((39, 80), (17, 42), (39, 42))
BOTH_WAYS = Stages((6, 11, 16), (1, 4, 8), (4, 7, 8))

#: x, stage, UMVUE, p, 90 % limits: R clinfun 1.1.5, twostage.inference, for 17/39 42/80 and p0 = 0.44.
CLINFUN = [
    (42, 2, 0.53547421, 0.07395199, 0.4291, 0.6142),
    (43, 2, 0.54483327, 0.04864981, 0.4408, 0.6242),
    (50, 2, 0.625128, 6.62899e-4, 0.5274, 0.7039),
]


@pytest.mark.independent
@pytest.mark.parametrize("row", CLINFUN, ids=lambda r: f"x={r[0]}")
def test_clinfun(row: tuple[int, int, float, float, float, float]) -> None:
    x, stage, estimate, p, low, high = row
    found = infer(NORTH, Outcome(stage, x), 0.44, 0.90)
    assert found.umvue == pytest.approx(estimate, abs=6e-8)
    assert found.p == pytest.approx(p, rel=1e-5)
    assert found.koyama_chen_ci == pytest.approx((low, high), abs=1.2e-4)  # theirs is on a grid
    assert found.ci[0] == found.koyama_chen_ci[0]


@pytest.mark.independent
def test_clinfun_after_the_first_stage() -> None:
    found = infer(NORTH, Outcome(1, 15), 0.44)
    assert found.umvue == pytest.approx(15 / 39)
    assert found.p == pytest.approx(0.8039439, abs=6e-8)


@pytest.mark.independent
def test_our_interval_covers_and_that_of_koyama_and_chen_does_not() -> None:
    """Exact coverage at 90 %, at every rate from 0.2 to 0.8: at least 0.90 with ours; theirs falls to 0.854."""
    found = {(k, s): infer(NORTH, Outcome(k + 1, s), 0.44, 0.90) for k, s in outcomes(NORTH)}
    ours, theirs = [], []
    for p in np.linspace(0.2, 0.8, 61):
        mass = arrive(NORTH, float(p))
        ours.append(sum(mass[k][s] for (k, s), f in found.items() if f.ci[0] <= p <= f.ci[1]))
        theirs.append(sum(mass[k][s] for (k, s), f in found.items() if f.koyama_chen_ci[0] <= p <= f.koyama_chen_ci[1]))
    assert min(ours) >= 0.90
    assert min(theirs) < 0.86


@pytest.mark.property
@settings(max_examples=25, deadline=None)
@given(st.floats(0.05, 0.95), st.sampled_from([NORTH, BOTH_WAYS, Stages((12,), (4,), (4,))]))
def test_the_umvue_is_unbiased_and_the_naive_is_not(p: float, rule: Stages) -> None:
    assert expected_umvue(rule, p) == pytest.approx(p, abs=1e-12)
    if rule is NORTH and 0.3 < p < 0.6:
        assert bias_of_naive(rule, p) < -1e-4


@pytest.mark.independent
def test_the_umvue_by_counting_orders() -> None:
    """Of all sequences that end in an outcome, the share whose first patient is a success."""
    rule = Stages((3, 6, 8), (0, 2, 4), (2, 4, 4))
    first: dict[tuple[int, int], list[int]] = {}
    for bits in itertools.product((0, 1), repeat=8):
        for k, (n, low, high) in enumerate(zip(rule.n, rule.low, rule.high, strict=True)):
            s = sum(bits[:n])
            if s <= low or s > high:
                first.setdefault((k, s), []).extend([bits[0]] if not any(bits[n:]) else [])
                break
    for (k, s), bits_of in first.items():
        assert float(umvue(rule, Outcome(k + 1, s))) == pytest.approx(sum(bits_of) / len(bits_of))


@pytest.mark.property
@settings(max_examples=40, deadline=None)
@given(st.floats(0.02, 0.98), st.sampled_from([NORTH, BOTH_WAYS]))
def test_tails_overlap_in_the_outcome_alone(p: float, rule: Stages) -> None:
    mass = arrive(rule, p)
    total = 0.0
    for k, s in outcomes(rule):
        o = Outcome(k + 1, s)
        assert at_least(rule, o, p) + at_most(rule, o, p) == pytest.approx(1 + mass[k][s], abs=1e-12)
        total += float(mass[k][s])
    assert total == pytest.approx(1.0, abs=1e-12)


@pytest.mark.property
def test_estimates_rise_with_the_outcome() -> None:
    """In the order of outcomes the median-unbiased estimate and both limits rise, and the p falls."""
    found = [infer(BOTH_WAYS, Outcome(k + 1, s), 0.4) for k, s in outcomes(BOTH_WAYS)]
    for a, b in itertools.pairwise(found):
        assert a.median_unbiased < b.median_unbiased
        assert a.p > b.p
        assert a.ci[0] <= b.ci[0]
        assert a.ci[1] <= b.ci[1]


@pytest.mark.independent
@pytest.mark.parametrize(("x1", "over", "y"), [(15, 6, 3), (17, 4, 0), (10, 1, 1)])
def test_overrunning_by_plain_sums(x1: int, over: int, y: int) -> None:
    """Stopped with x1 ≤ 17 of 39, then ``over`` more were evaluated: P(stopped, and at least as many in all), and what went on."""
    p0 = 0.44

    def b(x: int, n: int) -> float:
        return math.comb(n, x) * p0**x * (1 - p0) ** (n - x) if 0 <= x <= n else 0.0

    total = x1 + y
    worse = sum(b(a, 39) * b(c, over) for a in range(18) for c in range(over + 1) if a + c < total)
    found = infer(NORTH, Outcome(1, total, over), p0)
    assert found.p == pytest.approx(1 - worse, abs=1e-12)
    assert found.n == 39 + over


def test_outcomes_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="does not end there"):
        infer(NORTH, Outcome(1, 25), 0.44)
    with pytest.raises(ValueError, match="stage"):
        infer(NORTH, Outcome(3, 25), 0.44)
    with pytest.raises(ValueError, match="p0"):
        infer(NORTH, Outcome(2, 45), 1.44)


@pytest.mark.property
def test_whitehead_s_estimate_is_what_it_says() -> None:
    found = infer(NORTH, Outcome(2, 47), 0.44)
    p = found.bias_adjusted
    assert p + bias_of_naive(NORTH, p) == pytest.approx(47 / 80, abs=1e-10)
    assert found.bias_subtracted == pytest.approx(47 / 80 - bias_of_naive(NORTH, 47 / 80))
