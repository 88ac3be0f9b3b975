"""Jung's randomised design: ph2rand's numbers, plain loops over both arms, and nothing better."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from equipoise.design.randomised.jung import JungTwoStage, Spec, search
from equipoise.trial.evidence import TwoArmEvidence
from equipoise.trial.problem import BadInput


def b(k: int, n: int, p: float) -> float:
    return math.comb(n, k) * p**k * (1 - p) ** (n - k)


def naive(d: JungTwoStage, px: float, py: float) -> tuple[float, float]:
    """P(stops), P(rejects), outcome by outcome of both arms and stages."""
    a, c = d.tested, d.control
    stop = reject = 0.0
    for x1 in range(a * d.m1 + 1):
        for y1 in range(c * d.m1 + 1):
            mass = b(x1, a * d.m1, px) * b(y1, c * d.m1, py)
            d1 = c * x1 - a * y1
            if d1 < d.a1:
                stop += mass
                continue
            for x2 in range(a * (d.m - d.m1) + 1):
                for y2 in range(c * (d.m - d.m1) + 1):
                    if d1 + c * x2 - a * y2 >= d.c:
                        reject += mass * b(x2, a * (d.m - d.m1), px) * b(y2, c * (d.m - d.m1), py)
    return stop, reject


@pytest.mark.independent
def test_as_ph2rand_prints_it() -> None:
    """ph2rand's default two-stage design, 17 + 17 an arm (a1 = 1, a = 4): alpha 0.0702, power 0.813, ESS 47.0 and 64.7, PET 0.617."""
    d = JungTwoStage(1, 17, 4, 34, 1, 1, 0.10, 0.30, 0.10, 0.80)
    n = d.numbers()
    assert n["alpha"] == pytest.approx(0.0702, abs=6e-5)
    assert n["power"] == pytest.approx(0.813, abs=6e-4)
    assert n["en0"] == pytest.approx(47.0, abs=0.06)
    assert n["en1"] == pytest.approx(64.7, abs=0.06)
    assert n["pet0"] == pytest.approx(0.617, abs=6e-4)


@pytest.mark.independent
@settings(max_examples=20, deadline=None)
@given(
    st.integers(1, 3),
    st.integers(1, 3),
    st.sampled_from([(1, 1), (2, 1), (3, 2)]),
    st.floats(0.05, 0.95),
    st.floats(0.05, 0.95),
    st.data(),
)
def test_outcome_by_outcome(
    m1: int, more: int, arms: tuple[int, int], px: float, py: float, data: st.DataObject
) -> None:
    a, c = arms
    d = JungTwoStage(
        data.draw(st.integers(-a * c * m1, a * c * m1)),
        m1,
        data.draw(st.integers(-3, 4)),
        m1 + more,
        a,
        c,
        0.2,
        0.5,
        0.1,
        0.8,
    )
    found = d.characteristics({"tested": px, "control": py})
    stop, reject = naive(d, px, py)
    assert found.stop_early.value == pytest.approx(stop, abs=1e-12)
    assert found.declare.value == pytest.approx(reject, abs=1e-12)
    assert sum(found.ends_at) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.independent
@pytest.mark.parametrize(
    ("p0", "p1", "alpha", "power", "arms"), [(0.2, 0.6, 0.15, 0.8, (1, 1)), (0.1, 0.6, 0.2, 0.75, (2, 1))]
)
@pytest.mark.thorough
def test_nothing_better_among_all(p0: float, p1: float, alpha: float, power: float, arms: tuple[int, int]) -> None:
    """The difference c X - a Y of both stages by plain convolution in the test, every a1 and every last boundary."""
    a, c = arms
    best: tuple[float, int] | None = None
    least = None

    def difference(m: int, px: float) -> np.ndarray:
        """P(c X - a Y = k - a c m), k = 0 … 2 a c m."""
        mass = np.zeros(2 * a * c * m + 1)
        for x, y in itertools.product(range(a * m + 1), range(c * m + 1)):
            mass[c * x - a * y + a * c * m] += b(x, a * m, px) * b(y, c * m, p0)
        return mass

    first = {(m, p): difference(m, p) for m in range(1, 18) for p in (p0, p1)}
    for m in range(2, 18):
        for m1 in range(1, m):
            for a1 in range(-a * c * m1, a * c * m1 + 1):
                on = {p: first[m1, p][a1 + a * c * m1 :].sum() for p in (p0, p1)}
                if on[p1] < power:
                    break
                tails = {}
                for p in (p0, p1):
                    kept = first[m1, p].copy()
                    kept[: a1 + a * c * m1] = 0
                    tails[p] = np.cumsum(np.convolve(kept, first[m - m1, p])[::-1])[::-1]
                least_cut = int(np.argmax(tails[p0] <= alpha))  # the least last boundary that keeps alpha
                if tails[p0][least_cut] <= alpha and tails[p1][least_cut] >= power:
                    least = least or m
                    best = min(best or (math.inf, 0), (m1 + on[p0] * (m - m1), m))
    found, minimax = search(p0, p1, alpha, power, arms), search(p0, p1, alpha, power, arms, "minimax")
    assert best is not None
    assert found.numbers()["en0"] == pytest.approx((a + c) * best[0])
    assert minimax.m == least


@pytest.mark.property
def test_north_at_two_to_one() -> None:
    """What a comparison with the concurrent control would have taken: 246 patients at one-sided 15 % and 80 %."""
    d = search(0.44, 0.58, 0.15, 0.80, (2, 1))
    n = d.numbers()
    assert (n["n_tested"], n["n_control"]) == (164, 82)
    assert 0.14 < float(n["alpha"]) <= 0.15
    assert float(n["power"]) >= 0.80
    rng = np.random.default_rng(11)
    x1, y1 = rng.binomial(144 // 2, 0.58, 50_000), rng.binomial(36, 0.44, 50_000)
    x = x1 + rng.binomial(164 - 72, 0.58, 50_000)
    y = y1 + rng.binomial(82 - 36, 0.44, 50_000)
    simulated = ((x1 - 2 * y1 >= d.a1) & (x - 2 * y >= d.c)).mean()
    assert abs(simulated - float(n["power"])) < 4 * math.sqrt(0.16 / 50_000)


def test_verdicts() -> None:
    d = JungTwoStage(1, 17, 4, 34, 1, 1, 0.10, 0.30, 0.10, 0.80)
    assert d.verdict(TwoArmEvidence(1, 17, 3, 17, 3)).action.name == "stop"
    assert d.verdict(TwoArmEvidence(1, 17, 4, 17, 3)).action.name == "continue"
    assert d.verdict(TwoArmEvidence(2, 34, 8, 34, 4)).action.name == "declare"
    with pytest.raises(BadInput, match="1 or 2"):
        d.verdict(TwoArmEvidence(3, 34, 8, 34, 4))


def _last_boundary(d: JungTwoStage, first: tuple[int, int], last: tuple[int, int]) -> Fraction:
    """The least difference of the rates whose error is within alpha, by every outcome of both stages and both arms."""
    (n1, m1), (n, m) = first, last
    tail: dict[Fraction, float] = {}
    sizes = (n1, m1, n - n1, m - m1)
    masses = [[float(binom.pmf(i, size, d.p0)) for i in range(size + 1)] for size in sizes]
    for x1, y1, x2, y2 in itertools.product(*(range(size + 1) for size in sizes)):
        if Fraction(x1, n1) - Fraction(y1, m1) >= Fraction(d.a1, d.tested * d.control * d.m1):
            gap = Fraction(x1 + x2, n) - Fraction(y1 + y2, m)
            mass = math.prod(mass[i] for mass, i in zip(masses, (x1, y1, x2, y2), strict=True))
            tail[gap] = tail.get(gap, 0.0) + mass
    error, least = 0.0, Fraction(2)
    for gap in sorted(tail, reverse=True):
        error += tail[gap]
        if error > d.alpha:
            break
        least = gap
    return least


@pytest.mark.parametrize(
    ("first", "last"), [((7, 8), (15, 16)), ((8, 8), (15, 16)), ((6, 9), (14, 18)), ((8, 8), (16, 14))]
)
def test_other_numbers_than_planned_keep_alpha_by_every_outcome(first: tuple[int, int], last: tuple[int, int]) -> None:
    d = JungTwoStage(1, 8, 5, 16, 1, 1, 0.20, 0.50, 0.10, 0.80)
    least = _last_boundary(d, first, last)
    earlier = () if first == (8, 8) else (first,)
    for x, y in itertools.product(range(last[0] + 1), range(last[1] + 1)):
        v = d.verdict(TwoArmEvidence(2, last[0], x, last[1], y, earlier))
        assert (v.action.name == "declare") == (Fraction(x, last[0]) - Fraction(y, last[1]) >= least)
        assert "recomputed exactly" in v.cautions[0]


def test_a_first_look_as_planned_says_the_same_as_nothing_said() -> None:
    d = JungTwoStage(1, 17, 4, 34, 1, 1, 0.10, 0.30, 0.10, 0.80)
    for x in range(35):
        assert d.verdict(TwoArmEvidence(2, 34, x, 34, 4, ((17, 17),))) == d.verdict(TwoArmEvidence(2, 34, x, 34, 4))


def test_a_first_look_on_other_numbers_has_the_planned_difference() -> None:
    d = JungTwoStage(2, 10, 4, 20, 2, 1, 0.10, 0.30, 0.10, 0.80)
    for x, y in itertools.product(range(20), range(12)):
        goes = Fraction(x, 19) - Fraction(y, 11) >= Fraction(2, 2 * 10)
        v = d.verdict(TwoArmEvidence(1, 19, x, 11, y))
        assert (v.action.name == "continue") == goes, (x, y)
        assert "20 and 10 were planned" in v.cautions[0]


def test_an_arm_with_nobody_and_earlier_looks_that_cannot_have_been() -> None:
    d = JungTwoStage(0, 10, 4, 20, 1, 1, 0.10, 0.30, 0.10, 0.80)
    assert d.verdict(TwoArmEvidence(1, 3, 1, 0, 0)).action.name == "continue"
    assert d.verdict(TwoArmEvidence(2, 3, 3, 0, 0)).action.name == "stop"
    with pytest.raises(BadInput) as bad:
        d.verdict(TwoArmEvidence(2, 20, 3, 20, 0, ((0, 0), (22, 10))))
    assert {p.code for p in bad.value.problems} == {"too-many-earlier", "nothing-attained", "falls"}
    with pytest.raises(BadInput) as bad:
        d.verdict(TwoArmEvidence(3, 20, 3, 20, 0, ((10, 10), (9, 10))))
    assert {p.code for p in bad.value.problems} == {"no-such-look", "does-not-rise"}


def test_all_problems_at_once() -> None:
    with pytest.raises(BadInput) as bad:
        Spec.read({"p0": 0.5, "p1": 0.4, "alpha": 0, "power": 0.8, "allocation": "2/1", "nmax": 1})
    assert {"p1", "alpha", "allocation", "nmax"} <= {p.where for p in bad.value.problems}
    with pytest.raises(BadInput, match="no design up to 40"):
        search(0.44, 0.50, 0.05, 0.9, nmax=40)
