"""Gehan's design against plain loops: sizes, the upper limit by bisection, behaviour outcome by outcome."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.design.one_rate.gehan import EXAMPLE, Gehan, Spec, from_spec
from equipoise.numerics.random.streams import generator
from equipoise.trial.decision import Continue, Declare, Stop
from equipoise.trial.evidence import Evidence
from equipoise.trial.problem import BadInput


def b(x: int, n: int, p: float) -> float:
    return math.comb(n, x) * p**x * (1 - p) ** (n - x)


def first_stage(p1: float, beta: float) -> int:
    n = 1
    while (1 - p1) ** n > beta:
        n += 1
    return n


def upper_limit(x: int, n: int, level: float) -> float:
    """The rate at which x or fewer of n have probability 1 - level: found by halving."""
    low, high = x / n, 1.0
    while high - low > 1e-13:
        p = (low + high) / 2
        low, high = (p, high) if sum(b(i, n, p) for i in range(x + 1)) > 1 - level else (low, p)
    return high


def second_stage(x: int, n1: int, p: float, se: float) -> int:
    """One patient more at a time, until the standard error is small enough."""
    n2 = 0
    while x and math.sqrt(p * (1 - p) / (n1 + n2)) > se + 1e-12:
        n2 += 1
    return n2


@pytest.mark.independent
@pytest.mark.parametrize("p1", [0.05, 0.10, 0.15, 0.20, 0.25, 0.30, 0.5, 0.9])
@pytest.mark.parametrize("beta", [0.01, 0.05, 0.10])
def test_first_stage(p1: float, beta: float) -> None:
    d = Gehan(p1, beta, 0.1)
    assert d.n1 == first_stage(p1, beta)
    assert d.missed <= beta + 1e-12


def test_fourteen_patients_for_a_rate_of_one_in_five() -> None:
    """The size known by this design's name: 0.8^14 = 0.044 and 0.8^13 = 0.055."""
    assert Gehan(0.20, 0.05, 0.10).n1 == 14
    assert Gehan(0.5, 0.25, 0.1).n1 == 2  # (1 - p1)^n1 = beta is enough


@pytest.mark.independent
@pytest.mark.parametrize("se", [0.05, 0.10])
@pytest.mark.parametrize(("p1", "level"), [(0.20, 0.75), (0.30, 0.75), (0.20, 0.90), (0.45, 0.75)])
def test_second_stage_for_the_upper_limit(p1: float, level: float, se: float) -> None:
    d = Gehan(p1, 0.05, se, level=level)
    for x in range(1, d.n1):
        rate = min(upper_limit(x, d.n1, level), 0.5)
        assert d.assumed_rate(x) == pytest.approx(rate, abs=1e-11)
        assert d.n2(x) == second_stage(x, d.n1, rate, se)
    assert d.assumed_rate(d.n1) == 0.5
    assert d.n2(0) == 0


@pytest.mark.independent
@pytest.mark.parametrize("se", [0.05, 0.10])
def test_second_stage_for_the_observed_rate(se: float) -> None:
    """The rule of Mander's sampsi_gehan in Stata: sqrt(p (1 - p) / (n1 + n2)) ≤ se at the observed p."""
    d = Gehan(0.20, 0.05, se, "observed")
    assert [d.n2(x) for x in range(15)] == [second_stage(x, 14, x / 14, se) for x in range(15)]
    assert d.n2(14) == 0


@pytest.mark.independent
@settings(max_examples=25, deadline=None)
@given(
    st.floats(0.1, 0.6),
    st.sampled_from([0.06, 0.1, 0.2]),
    st.sampled_from(["upper-limit", "observed"]),
    st.floats(0.01, 0.99),
)
def test_behaviour_as_outcome_by_outcome(p1: float, se: float, sized_for: Any, p: float) -> None:
    d = Gehan(p1, 0.1, se, sized_for)
    total = some = ended = expected = first = second = 0.0
    for x1 in range(d.n1 + 1):
        n2 = d.n2(x1)
        for x2 in range(n2 + 1):
            mass = b(x1, d.n1, p) * b(x2, n2, p)
            total += mass
            expected += mass * (d.n1 + n2)
            ended += mass * (n2 == 0)
            if x1:
                rate = (x1 + x2) / (d.n1 + n2)
                some, first, second = some + mass, first + mass * rate, second + mass * rate**2
    found = d.characteristics({"rate": p})
    assert total == pytest.approx(1, abs=1e-12)
    assert sum(found.ends_at) == pytest.approx(1, abs=1e-12)
    assert len(found.ends_at) == len(d.looks)
    assert (found.declare.value, found.expected_n.value) == pytest.approx((some, expected), abs=1e-10)
    assert found.stop_early.value == pytest.approx(ended, abs=1e-12)
    spread = found.more["standard deviation of the estimate"].value
    assert spread == pytest.approx(math.sqrt(max(0, second / some - (first / some) ** 2)), abs=1e-7)


@pytest.mark.independent
def test_simulated_trials_agree() -> None:
    d, trials = Gehan(0.2, 0.05, 0.1), 100_000
    y = generator(6, "gehan").random((trials, d.looks[-1].n)) < 0.25
    x1 = y[:, :14].sum(axis=1)
    size = 14 + np.array(d.second_stage)[x1]
    rate = np.cumsum(y, axis=1)[np.arange(trials), size - 1] / size
    found = d.characteristics({"rate": 0.25})
    for seen, exact in ((x1 > 0, found.declare), (size == 14, found.stop_early), (size, found.expected_n)):
        assert abs(seen.mean() - exact.value) < 4 * seen.std() / math.sqrt(trials)
    off = (rate[x1 > 0] - rate[x1 > 0].mean()) ** 2
    spread = found.more["standard deviation of the estimate"].value
    assert abs(off.mean() - spread**2) < 4 * off.std() / math.sqrt(len(off))


@pytest.mark.property
@settings(max_examples=25, deadline=None)
@given(st.floats(0.03, 0.9), st.floats(0.01, 0.3), st.floats(0.03, 0.3))
def test_sizes(p1: float, beta: float, se: float) -> None:
    d = Gehan(p1, beta, se)
    assert (1 - p1) ** d.n1 <= beta + 1e-9
    assert d.n1 == 1 or (1 - p1) ** (d.n1 - 1) > beta - 1e-9
    assert list(d.second_stage) == sorted(d.second_stage)  # more responses, at least as many patients
    for x in range(1, d.n1 + 1):
        assert math.sqrt(d.assumed_rate(x) * (1 - d.assumed_rate(x)) / (d.n1 + d.n2(x))) <= se + 1e-9
    assert d.looks[-1].n == d.n1 + max(d.second_stage)


def test_truths_and_the_drug_without_activity() -> None:
    d = Gehan(0.2, 0.05, 0.1)
    assert d.truths() == {"null": {"rate": 0.0}, "target": {"rate": 0.2}}
    null = d.characteristics({"rate": 0.0})
    assert (null.declare.value, null.stop_early.value, null.expected_n.value) == (0, 1, 14)
    with pytest.raises(BadInput):
        d.characteristics({"rate": 1.5})


def test_verdicts() -> None:
    d = Gehan(0.2, 0.05, 0.1)
    none, some = d.verdict(Evidence(1, "a", 14, 0)), d.verdict(Evidence(1, "a", 14, 3))
    assert isinstance(none.action, Stop)
    assert "0.0440" in none.because[0]
    assert isinstance(some.action, Continue)
    assert "9 patients more, 23 in all" in some.because[0]
    last = d.verdict(Evidence(2, "a", 23, 6))
    assert isinstance(last.action, Declare)
    assert last.distance == pytest.approx(0.1 - math.sqrt(6 / 23 * 17 / 23 / 23))
    enough = Gehan(0.2, 0.05, 0.1, "observed").verdict(Evidence(1, "a", 14, 1))
    assert isinstance(enough.action, Declare)
    for look, n in ((1, 15), (2, 14), (3, 30), (0, 14)):
        with pytest.raises(BadInput):
            d.verdict(Evidence(look, "a", n, 1))
    # A place left empty: the rule stands, and what it now misses is said.
    fewer = d.verdict(Evidence(1, "a", 13, 0))
    assert isinstance(fewer.action, Stop)
    assert "0.0550" in fewer.cautions[0]


def test_a_rough_estimate_needs_one_look() -> None:
    d = Gehan(0.2, 0.05, 0.3)
    assert [look.n for look in d.looks] == [14]
    assert d.characteristics({"rate": 0.2}).ends_at == (1.0,)
    assert len(d.cautions) == 1


def test_words_and_numbers() -> None:
    d = from_spec(Spec.read({"kind": "gehan", **EXAMPLE}))
    for words in ("14 evaluable", "0.0440", "75%", "1 after 1, 6 after 2, 9 after 3, 11 after 4", "at most 11"):
        assert words in d.describe()
    assert d.numbers()["n"] == 25
    assert "observed rate" in from_spec(Spec.read({**EXAMPLE, "sized_for": "observed"})).describe()
    assert d.curve().curves[0].y[0] == 1


@pytest.mark.parametrize(
    ("table", "where"),
    [
        ({}, {"p1"}),
        ({"p1": 2, "beta": 0, "se": 0.7, "level": 1, "sized_for": "guess"}, {"p1", "beta", "se", "level", "sized_for"}),
        ({"p1": 1e-5, "se": "x"}, {"p1, beta", "se"}),
    ],
)
def test_all_problems_at_once(table: dict[str, Any], where: set[str]) -> None:
    with pytest.raises(BadInput) as caught:
        Spec.read(table)
    assert {p.where for p in caught.value.problems} == where
