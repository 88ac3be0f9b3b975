"""Non-compartmental analysis: by hand, against closed forms, and its laws."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.analyse.noncompartmental import area, noncompartmental
from equipoise.drug.disposition import Course, Doses, macro
from equipoise.trial.problem import BadInput


def test_by_hand() -> None:
    """Up linearly, down by logarithms: (0,0) (1,4) (2,4) (4,1)."""
    expected = 2 + 4 + 2 * 3 / math.log(4)
    assert area([0, 1, 2, 4], [0, 4, 4, 1]) == pytest.approx(expected)
    # down to 0 no logarithm is
    assert area([0, 1, 2], [2, 4, 0]) == pytest.approx(3 + 2)


def test_an_exponential_is_exact() -> None:
    """Of a bolus in one compartment every area and the half-life are those of the closed form, however few the samples."""
    t = [0.0, 0.5, 2.0, 7.0, 9.0]
    found = noncompartmental(t, [8 * math.exp(-0.3 * x) for x in t], dose=24)
    assert found.cmax == 8
    assert found.tmax == 0
    assert found.half_life == pytest.approx(math.log(2) / 0.3)
    assert found.area_last == pytest.approx(8 / 0.3 * -math.expm1(-2.7))
    assert found.area_for_ever == pytest.approx(8 / 0.3)
    assert found.extrapolated == pytest.approx(math.exp(-2.7))
    assert found.clearance == pytest.approx(24 * 0.3 / 8)
    assert found.samples == 4


def test_against_two_compartments() -> None:
    """Dense samples of an infusion in T-DM1's model give back dose / CL and the terminal half-life."""
    constants = macro([0.676], [[3.127], [0.66]], [[1.534]])
    course = Course(constants, Doses.of([0.0], 252.0, 0.5 / 24))
    t = np.unique(np.concatenate([np.linspace(0, 1, 97), np.linspace(1, 42, 500)]))
    found = noncompartmental(t.tolist(), course.concentration(t)[0].tolist(), dose=252.0)
    assert found.clearance == pytest.approx(0.676, rel=1e-3)
    assert found.half_life == pytest.approx(float(constants.half_life()[0]), rel=1e-2)
    assert found.tmax == pytest.approx(0.5 / 24, abs=1 / 96)


@given(st.lists(st.floats(0.01, 100), min_size=4, max_size=10), st.floats(0.1, 10))
def test_it_scales(values: list[float], k: float) -> None:
    t = [float(i) for i in range(len(values))]
    one, other = noncompartmental(t, values, 1.0), noncompartmental([k * x for x in t], [3 * v for v in values], 3.0)
    assert other.cmax == pytest.approx(3 * one.cmax)
    assert other.area_last == pytest.approx(3 * k * one.area_last)
    assert one.area_last <= sum((a + b) / 2 for a, b in pairwise(values)) + 1e-9
    if one.half_life is not None and other.half_life is not None and one.samples == other.samples:
        assert other.half_life == pytest.approx(k * one.half_life)


def test_below_the_limit() -> None:
    found = noncompartmental([0, 1, 2, 3, 4], [None, 4.0, 2.0, 1.0, None])
    assert (found.last, found.samples) == (3, 0)
    assert found.area_last == pytest.approx(2 + 2 / math.log(2) + 1 / math.log(2))
    assert found.half_life is None


def test_all_that_is_wrong_at_once() -> None:
    with pytest.raises(BadInput) as bad:
        noncompartmental([0, 2, 2, -1], [0.0, -1.0, float("nan")], dose=0)
    assert [p.code for p in bad.value.problems] == ["length", "order", "order", "out-of-range", "out-of-range", "out-of-range", "out-of-range"]  # fmt: skip
    with pytest.raises(BadInput):
        noncompartmental([0, 1], [None, None])
