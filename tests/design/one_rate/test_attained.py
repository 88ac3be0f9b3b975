"""Designs at the sizes attained: plain loops, and the promise that alpha holds."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from equipoise.design import shelf
from equipoise.design.one_rate import attained, englert_kieser, green_dahlberg
from equipoise.design.one_rate.simon import SimonTwoStage
from equipoise.trial.evidence import Evidence
from equipoise.trial.problem import BadInput

NORTH = SimonTwoStage(r1=17, n1=39, r=42, n=80, p0=0.44, p1=0.58, alpha=0.05, power=0.80)


def b(x: int, n: int, p: float) -> float:
    return math.comb(n, x) * p**x * (1 - p) ** (n - x) if 0 <= x <= n else 0.0


def tail(x: int, n: int, p: float) -> float:
    """P(X ≥ x)."""
    return math.fsum(b(k, n, p) for k in range(max(x, 0), n + 1))


def rejects(n1: int, r1: int, n: int, r: int, p: float) -> float:
    return math.fsum(b(x, n1, p) * tail(r + 1 - x, n - n1, p) for x in range(r1 + 1, n1 + 1))


@pytest.mark.independent
@pytest.mark.parametrize(("n1", "n"), [(39, 80), (42, 83), (36, 76), (45, 90)])
def test_attained_by_plain_sums(n1: int, n: int) -> None:
    """r1 the largest that goes on as often as planned at p1; r the smallest that keeps alpha."""
    s = attained.Attained(NORTH, n1, n).stages
    planned = tail(18, 39, 0.58)
    r1, r = s.low[0], s.high[1]
    assert tail(r1 + 1, n1, 0.58) >= planned - 1e-12
    if n1 != 39:
        assert tail(r1 + 2, n1, 0.58) < planned
    assert rejects(n1, r1, n, r, 0.44) <= 0.05 < rejects(n1, r1, n, r - 1, 0.44)


@pytest.mark.property
@settings(max_examples=40, deadline=None)
@given(st.integers(30, 50), st.integers(55, 110))
def test_attained_keeps_alpha_at_any_size(n1: int, n: int) -> None:
    d = attained.Attained(NORTH, n1, n)
    assert rejects(n1, d.stages.low[0], n, d.stages.high[1], 0.44) <= 0.05
    assert sum(d.behaviour(0.3).ends_at) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.independent
@pytest.mark.parametrize(("n1", "n"), [(42, 83), (20, 45), (15, 30)])
def test_green_dahlberg_by_plain_sums(n1: int, n: int) -> None:
    s = green_dahlberg.GreenDahlberg(n1, n, 0.44, 0.58, 0.05, 0.80).stages
    a, r = s.low[0], s.high[1]
    assert 1 - tail(a + 1, n1, 0.58) <= 0.02 < 1 - tail(a + 2, n1, 0.58)
    assert tail(r + 1, n, 0.44) <= 0.055 < tail(r, n, 0.44)


@pytest.mark.independent
def test_conditional_errors_by_plain_sums() -> None:
    """Englert & Kieser's CE(x1), and the critical number of the second stage for each x1."""
    d = englert_kieser.EnglertKieser(NORTH, 83)
    ce, critical = d.conditional_error(), d.critical()
    for x1 in range(40):
        expected = 0.0 if x1 <= 17 else tail(43 - x1, 41, 0.44)
        assert ce[x1] == pytest.approx(expected, abs=1e-12)
        if 17 < x1 < 39:
            c = int(critical[x1])
            assert tail(c + 1, 44, 0.44) <= expected * (1 + 1e-9)
            if c >= 0:
                assert tail(c, 44, 0.44) > expected


@pytest.mark.property
@settings(max_examples=40, deadline=None)
@given(st.integers(41, 140))
def test_the_conditional_error_keeps_the_plan_s_alpha(n: int) -> None:
    """Rejection by plain sums over x1 and the second stage, against the plan's own by plain sums."""
    d = englert_kieser.EnglertKieser(NORTH, n)
    critical = d.critical()
    passes = math.fsum(b(x, 39, 0.44) * tail(int(critical[x]) + 1, n - 39, 0.44) for x in range(18, 40))
    assert d.reject(0.44) == pytest.approx(passes, abs=1e-12)
    assert passes <= rejects(39, 17, 80, 42, 0.44) + 1e-12


@pytest.mark.property
@settings(max_examples=30, deadline=None)
@given(st.data())
def test_as_planned_all_agree(data: st.DataObject) -> None:
    """With the planned sizes every one of them is the plan."""
    x1 = data.draw(st.integers(18, 39))
    x = data.draw(st.integers(x1, x1 + 41))
    assume(x1 <= x)
    plan = NORTH.verdict(Evidence(2, "T", 80, x)).action.name
    assert attained.Attained(NORTH, 39, 80).verdict(Evidence(2, "T", 80, x)).action.name == plan
    assert englert_kieser.EnglertKieser(NORTH, 80, x1).verdict(Evidence(2, "T", 80, x)).action.name == plan


def test_the_last_look_needs_the_first() -> None:
    with pytest.raises(BadInput, match="x1"):
        englert_kieser.EnglertKieser(NORTH, 83).verdict(Evidence(2, "T", 83, 50))


def test_problems_come_all_at_once() -> None:
    with pytest.raises(BadInput) as bad:
        attained.Spec.read(
            {
                "p0": 0.5,
                "p1": 0.4,
                "alpha": 2,
                "power": 0.8,
                "r1": 3,
                "n1": 50,
                "r": 20,
                "n": 40,
                "attained_n1": 9.5,
                "attained_n": 8,
            }
        )
    assert {"p1", "alpha", "n1", "attained_n1"} <= {p.where for p in bad.value.problems}
    with pytest.raises(BadInput) as bad:
        green_dahlberg.Spec.read({"p0": 0.5, "p1": 0.7, "n1": 30, "n": 20, "first_level": 0})
    assert {"n1", "first_level"} <= {p.where for p in bad.value.problems}


def test_englert_kieser_where_nobody_who_came_since_could_be_evaluated() -> None:
    """Without a second stage nothing is left to reject with; without the first look's count the number is refused."""
    d = shelf.build("englert-kieser", shelf.one("englert-kieser").example)
    assert d.verdict(Evidence(2, "A", 39, 25, 39, 25)).action.name == "stop"
    with pytest.raises(BadInput, match="more than the 39"):
        d.verdict(Evidence(2, "A", 39, 25, 39))
