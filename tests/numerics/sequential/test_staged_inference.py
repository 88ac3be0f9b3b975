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
    expected_naive,
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


#: Small enough to write out every sequence: it may stop both ways, at two looks of three.
SMALL = Stages((3, 6, 9), (0, 2, 4), (2, 4, 4))


def sequences(rule: Stages, p: float) -> list[tuple[int, str, int, float]]:
    """Of every sequence of outcomes: the stage at which it ends, the side, its successes, its probability."""
    found = []
    for bits in itertools.product((0, 1), repeat=rule.n[-1]):
        mass = p ** sum(bits) * (1 - p) ** (len(bits) - sum(bits))
        for k, (n, low, high) in enumerate(zip(rule.n, rule.low, rule.high, strict=True)):
            s = sum(bits[:n])
            if s <= low or s > high:
                found.append((k, "last" if k == len(rule.n) - 1 else "low" if s <= low else "high", s, mass))
                break
    return found


def expected_by_sequences(rule: Stages, over: int, p: float) -> float:
    """E(successes / patients), ``over`` patients more after a stop before the last stage."""
    total = 0.0
    for k, side, s, mass in sequences(rule, p):
        m = 0 if side == "last" else over
        for more in range(m + 1):
            chance = math.comb(m, more) * p**more * (1 - p) ** (m - more)
            total += mass * chance * (s + more) / (rule.n[k] + m)
    return total


@pytest.mark.independent
@pytest.mark.parametrize("over", [0, 2])
@pytest.mark.parametrize("p", [0.15, 0.5, 0.8])
def test_the_mean_of_the_naive_estimate_by_every_sequence(p: float, over: int) -> None:
    assert expected_naive(SMALL, over, p) == pytest.approx(expected_by_sequences(SMALL, over, p), abs=1e-12)
    assert bias_of_naive(SMALL, p) == pytest.approx(expected_by_sequences(SMALL, 0, p) - p, abs=1e-12)


@pytest.mark.independent
@pytest.mark.parametrize(
    "outcome",
    [Outcome(1, 0), Outcome(1, 3), Outcome(2, 2), Outcome(3, 4), Outcome(3, 6), Outcome(1, 4, 2), Outcome(2, 3, 2)],
)
def test_whitehead_s_estimate_by_every_sequence(outcome: Outcome) -> None:
    """The rate whose expected naive estimate is the one seen; at an edge no rate has it."""
    found = infer(SMALL, outcome, 0.4)
    mean = expected_by_sequences(SMALL, outcome.overrun, found.bias_adjusted)
    if 0 < found.bias_adjusted < 1:
        assert mean == pytest.approx(found.naive, abs=1e-9)
    else:
        assert found.naive in (0, 1)
    assert found.bias_subtracted == pytest.approx(
        2 * found.naive - expected_by_sequences(SMALL, outcome.overrun, found.naive), abs=1e-12
    )


@pytest.mark.independent
@pytest.mark.parametrize("over", [0, 2])
def test_p_and_limits_by_every_sequence(over: int) -> None:
    """Stagewise order: stopped low, the later the better; the last stage; stopped high, the earlier the better."""

    def rank(k: int, side: str, s: int) -> tuple[int, int, int]:
        return {"low": (0, k, s), "last": (1, 0, s), "high": (2, -k, s)}[side]

    def no_worse(outcome: Outcome, side: str, p: float, *, turned: bool = False) -> float:
        """P(as good or better); ``turned``: as good or worse."""
        here = rank(outcome.stage - 1, side, outcome.successes)
        total = 0.0
        for k, other, s, mass in sequences(SMALL, p):
            m = outcome.overrun if (k, other) == (outcome.stage - 1, side) else 0
            for more in range(m + 1):
                chance = math.comb(m, more) * p**more * (1 - p) ** (m - more)
                there = rank(k, other, s + more)
                total += mass * chance * ((there <= here) if turned else (there >= here))
        return total

    ends_of = {(k, side, s) for k, side, s, _ in sequences(SMALL, 0.5)}
    for k, side, s in ends_of:
        if over and side == "last":
            continue
        outcome = Outcome(k + 1, s, over)
        if over and side == "low" and s + over > SMALL.high[k]:
            continue  # could have stopped either way: counted by how many there are, not by side
        found = infer(SMALL, outcome, 0.4, 0.90)
        assert found.p == pytest.approx(no_worse(outcome, side, 0.4), abs=1e-12), outcome
        for limit, tail in ((found.ci[0], 0.05), (found.median_unbiased, 0.5)):
            if 0 < limit < 1:
                assert no_worse(outcome, side, limit) == pytest.approx(tail, abs=1e-9), outcome
        if 0 < found.ci[1] < 1:
            assert no_worse(outcome, side, found.ci[1], turned=True) == pytest.approx(0.05, abs=1e-9), outcome
