"""The exact single stage against East's numbers (as gsDesign's tests quote them) and plain loops."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.design.one_rate.a_hern import Spec, search
from equipoise.numerics.counts.binomial import exceeds
from equipoise.trial.problem import BadInput

#: n → power of the exact test of 0.05 against 0.20 at one-sided 0.025: East 6.5, in gsDesign's nBinomial1Sample tests.
EAST = {25: 0.57932569, 28: 0.6851126, 30: 0.74476675, 33: 0.81787426, 35: 0.72790831}


@pytest.mark.independent
@pytest.mark.parametrize("n", EAST)
def test_east(n: int) -> None:
    r = next(r for r in range(n) if exceeds(n, 0.05)[r] <= 0.025)
    assert exceeds(n, 0.20)[r] == pytest.approx(EAST[n], abs=6e-9)


def tail(x: int, n: int, p: float) -> float:
    return math.fsum(math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(x, n + 1))


@pytest.mark.independent
@settings(max_examples=25, deadline=None)
@given(st.floats(0.05, 0.6), st.floats(0.2, 0.35), st.sampled_from([0.05, 0.1]), st.sampled_from([0.8, 0.9]))
def test_nothing_smaller_will_do(p0: float, delta: float, alpha: float, power: float) -> None:
    d = search(p0, p0 + delta, alpha, power)
    assert tail(d.r + 1, d.n, p0) <= alpha
    assert tail(d.r + 1, d.n, p0 + delta) >= power
    for n in range(1, d.n):
        assert not any(tail(r + 1, n, p0) <= alpha and tail(r + 1, n, p0 + delta) >= power for r in range(n))


def test_the_nearest_is_named() -> None:
    with pytest.raises(BadInput, match="comes nearest"):
        search(0.4, 0.45, 0.05, 0.9, nmax=20)


def test_all_problems_at_once() -> None:
    with pytest.raises(BadInput) as bad:
        Spec.read({"p0": 1.4, "p1": 0.2, "alpha": 0, "power": 0.8, "r": 10})
    assert {"p0", "alpha", "n"} <= {p.where for p in bad.value.problems}
