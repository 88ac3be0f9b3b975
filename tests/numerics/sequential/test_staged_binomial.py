"""Staged counts against sequences of outcomes, one by one."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.numerics.sequential.staged_binomial import (
    Stages,
    arrive,
    ends,
    fully_sequential,
    outcomes,
    path_counts,
)


@st.composite
def stages(draw: st.DrawFn, most: int = 9) -> Stages:
    """Any rule of up to three stages and ``most`` patients."""
    n = tuple(sorted(draw(st.sets(st.integers(1, most), min_size=1, max_size=3))))
    low, high = [], []
    for size in n[:-1]:
        a = draw(st.integers(-1, size))
        low.append(a)
        high.append(draw(st.integers(a, size)))
    r = draw(st.integers(-1, n[-1]))
    return Stages(n, (*low, r), (*high, r))


def walk(rule: Stages, bits: tuple[int, ...]) -> tuple[int, str, int]:
    """Where one sequence of outcomes ends: stage, side, successes."""
    for k, (n, low, high) in enumerate(zip(rule.n, rule.low, rule.high, strict=True)):
        s = sum(bits[:n])
        if s <= low:
            return k, "low", s
        if s > high:
            return k, "high", s
    raise AssertionError("the last stage always ends")


@pytest.mark.independent
@settings(max_examples=60, deadline=None)
@given(stages(), st.floats(0.01, 0.99))
def test_every_sequence(rule: Stages, p: float) -> None:
    low, high = [0.0] * len(rule.n), [0.0] * len(rule.n)
    ends_at: dict[tuple[int, int], float] = {}
    for bits in itertools.product((0, 1), repeat=rule.n[-1]):
        mass = math.prod(p if b else 1 - p for b in bits)
        k, side, s = walk(rule, bits)
        (low if side == "low" else high)[k] += mass
        ends_at[k, s] = ends_at.get((k, s), 0.0) + mass
    e = ends(rule, p)
    assert e.low == pytest.approx(low, abs=1e-12)
    assert e.high == pytest.approx(high, abs=1e-12)
    assert sum(e.at) == pytest.approx(1.0, abs=1e-12)
    each = [(rule.n[k], mass) for (k, _), mass in ends_at.items()]
    mean = sum(n * mass for n, mass in each)
    assert e.expected_n == pytest.approx(mean, abs=1e-12)
    assert e.sd_n == pytest.approx(math.sqrt(sum((n - mean) ** 2 * mass for n, mass in each)), abs=1e-7)
    arrays = arrive(rule, p)
    assert {o: float(arrays[o[0]][o[1]]) for o in outcomes(rule)} == pytest.approx(ends_at, abs=1e-12)


@pytest.mark.property
@settings(max_examples=60, deadline=None)
@given(stages())
def test_paths_times_probability_is_the_probability(rule: Stages) -> None:
    p = 0.37
    for k, (counts, mass) in enumerate(zip(path_counts(rule), arrive(rule, p), strict=True)):
        s = np.arange(len(counts))
        assert np.array(counts, float) * p**s * (1 - p) ** (rule.n[k] - s) == pytest.approx(mass, abs=1e-12)


@pytest.mark.property
@settings(max_examples=40, deadline=None)
@given(stages(8), st.booleans(), st.booleans())
def test_curtailed_says_the_same_and_never_later(rule: Stages, low: bool, high: bool) -> None:
    short = fully_sequential(rule, low, high)
    for bits in itertools.product((0, 1), repeat=rule.n[-1]):
        k, side, _ = walk(rule, bits)
        k2, side2, _ = walk(short, bits)
        assert side == side2
        assert short.n[k2] <= rule.n[k]


@pytest.mark.parametrize(
    ("n", "low", "high", "said"),
    [
        ((5, 5), (1, 2), (5, 2), "grow"),
        ((5, 9), (1,), (5, 2), "lengths"),
        ((5, 9), (1, 2), (5, 3), "equal"),
        ((5, 9), (6, 2), (6, 2), "low"),
    ],
)
def test_impossible_rules_are_refused(
    n: tuple[int, ...], low: tuple[int, ...], high: tuple[int, ...], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        Stages(n, low, high)
