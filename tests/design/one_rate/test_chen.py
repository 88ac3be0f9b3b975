"""Chen's three-stage designs against plain loops over all designs, all outcomes, and simulated trials."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.design.one_rate.chen import EXAMPLE, Criterion, Spec, ThreeStage, from_spec, search
from equipoise.design.one_rate.simon import search as simon
from equipoise.numerics.random.streams import generator
from equipoise.trial.decision import Continue, Declare, Stop
from equipoise.trial.evidence import Evidence
from equipoise.trial.problem import BadInput


def b(x: int, n: int, p: float) -> float:
    return math.comb(n, x) * p**x * (1 - p) ** (n - x)


def naive(d: ThreeStage, p: float) -> tuple[float, float, float, float]:
    """P(reject), P(ends early), EN, total probability: outcome by outcome."""
    reject = early = expected = total = 0.0
    for x1 in range(d.n1 + 1):
        for x2 in range(d.n2 - d.n1 + 1):
            for x3 in range(d.n3 - d.n2 + 1):
                mass = b(x1, d.n1, p) * b(x2, d.n2 - d.n1, p) * b(x3, d.n3 - d.n2, p)
                total += mass
                if x1 <= d.r1:
                    n = d.n1
                elif x1 + x2 <= d.r2:
                    n = d.n2
                else:
                    n = d.n3
                    reject += mass * (x1 + x2 + x3 > d.r3)
                early += mass * (n < d.n3)
                expected += mass * n
    return reject, early, expected, total


def all_designs(p0: float, p1: float, alpha: float, power: float, nmax: int) -> dict[str, tuple[float, int]]:
    """Best (EN(p0), n3) by criterion, every boundary and size tried, without any bound on them."""
    tail = [
        [[sum(b(i, n, p) for i in range(max(0, y), n + 1)) for y in range(nmax + 2)] for n in range(nmax + 1)]
        for p in (p0, p1)
    ]
    best: dict[str, tuple[float, int]] = {}
    for n3 in range(3, nmax + 1):
        for n2 in range(2, n3):
            beyond = [
                np.array([[tail[h][n3 - n2][max(0, r3 + 1 - s)] for r3 in range(n3)] for s in range(n2 + 1)])
                for h in (0, 1)
            ]
            for n1 in range(1, n2):
                for r1 in range(n1):
                    at_two = [np.zeros(n2 + 1), np.zeros(n2 + 1)]
                    for h, p in enumerate((p0, p1)):
                        for x1 in range(r1 + 1, n1 + 1):
                            for x2 in range(n2 - n1 + 1):
                                at_two[h][x1 + x2] += b(x1, n1, p) * b(x2, n2 - n1, p)
                    if at_two[1].sum() < power:
                        break  # more futility still loses more power
                    for r2 in range(r1, n2):
                        error, reached = (at_two[h][r2 + 1 :] @ beyond[h][r2 + 1 :] for h in (0, 1))
                        if not ((error <= alpha) & (reached >= power)).any():
                            continue
                        en = n1 + at_two[0].sum() * (n2 - n1) + at_two[0][r2 + 1 :].sum() * (n3 - n2)
                        if en < best.get("optimal", (math.inf, 0))[0]:
                            best["optimal"] = en, n3
                        least, size = best.get("minimax", (math.inf, n3))
                        if n3 == size and en < least:
                            best["minimax"] = en, n3
    return best


@pytest.mark.independent
@pytest.mark.parametrize(
    ("problem", "nmax"),
    [
        ((0.1, 0.5, 0.10, 0.80), 12),
        ((0.05, 0.3, 0.10, 0.80), 17),
        ((0.3, 0.6, 0.10, 0.80), 17),
        ((0.1, 0.4, 0.05, 0.80), 18),
        ((0.7, 0.9, 0.20, 0.80), 16),
    ],
)
def test_nothing_better_among_all_designs(problem: tuple[float, float, float, float], nmax: int) -> None:
    best = all_designs(*problem, nmax)
    optimal, minimax = search(*problem), search(*problem, "minimax")
    assert optimal.n3 <= nmax
    assert optimal.behaviour(problem[0]).en == pytest.approx(best["optimal"][0], abs=1e-9)
    assert (minimax.behaviour(problem[0]).en, minimax.n3) == pytest.approx(best["minimax"], abs=1e-9)


rates = st.floats(0.02, 0.98)
designs = st.builds(
    lambda m1, m2, m3, a, c, e: ThreeStage(
        r1 := int(a * m1), m1, r2 := r1 + int(c * m2), m1 + m2, r2 + int(e * m3), m1 + m2 + m3, 0.2, 0.4, 0.1, 0.8
    ),
    st.integers(1, 9), st.integers(1, 9), st.integers(1, 9), st.floats(0, 0.99), st.floats(0, 0.99), st.floats(0, 0.99),
)  # fmt: skip


@pytest.mark.independent
@settings(max_examples=25, deadline=None)
@given(designs, rates)
def test_behaviour_as_outcome_by_outcome(d: ThreeStage, p: float) -> None:
    reject, early, expected, total = naive(d, p)
    found = d.behaviour(p)
    assert total == pytest.approx(1, abs=1e-12)
    assert sum(found.ends_at) == pytest.approx(1, abs=1e-12)
    assert (found.reject, found.pet, found.en) == pytest.approx((reject, early, expected), abs=1e-12)


@pytest.mark.property
@settings(max_examples=20, deadline=None)
@given(
    st.floats(0.05, 0.5), st.floats(0.22, 0.35), st.sampled_from([0.05, 0.1]), st.sampled_from(["optimal", "minimax"])
)
@pytest.mark.slow
def test_both_errors_are_kept_and_simon_is_never_better(
    p0: float, gain: float, alpha: float, criterion: Criterion
) -> None:
    d = search(p0, p0 + gain, alpha, 0.8, criterion)
    assert 0 <= d.r1 <= d.r2 <= d.r3 < d.n3
    assert 0 < d.n1 < d.n2 < d.n3
    assert all(d.behaviour(p).reject <= alpha + 1e-12 for p in np.linspace(0, p0, 12))
    assert all(d.behaviour(p).reject >= 0.8 - 1e-12 for p in np.linspace(p0 + gain, 1, 12))
    two = simon(p0, p0 + gain, alpha, 0.8)
    if two.optimal.n1 + 1 < two.optimal.n:  # else there is no room for a look between
        optimal = search(p0, p0 + gain, alpha, 0.8)
        assert optimal.behaviour(p0).en <= two.optimal.behaviour(p0).en + 1e-9
        assert d.n3 <= optimal.n3


@pytest.mark.property
@pytest.mark.thorough
def test_the_third_stage_saves_about_a_tenth() -> None:
    """Chen's abstract: the average reduction from two stages to three is 10 per cent."""
    gains = []
    for problem in [
        (0.05, 0.25, 0.05, 0.8),
        (0.1, 0.3, 0.05, 0.9),
        (0.2, 0.4, 0.1, 0.9),
        (0.3, 0.5, 0.05, 0.8),
        (0.6, 0.8, 0.05, 0.8),
    ]:
        two = simon(*problem).optimal.behaviour(problem[0]).en
        gains.append(1 - search(*problem).behaviour(problem[0]).en / two)
    assert 0.05 < float(np.mean(gains)) < 0.15


@pytest.mark.independent
def test_simulated_trials_agree() -> None:
    d, trials = search(0.1, 0.3, 0.1, 0.8), 100_000
    for p in (0.1, 0.3):
        s = (generator(4, f"chen {p}").random((trials, d.n3)) < p).cumsum(axis=1)
        x1, x2, x3 = s[:, d.n1 - 1], s[:, d.n2 - 1], s[:, -1]
        size = np.where(x1 <= d.r1, d.n1, np.where(x2 <= d.r2, d.n2, d.n3))
        reject = (size == d.n3) & (x3 > d.r3)
        found = d.characteristics({"rate": p})
        for seen, exact in ((reject, found.declare), (size < d.n3, found.stop_early), (size, found.expected_n)):
            assert abs(seen.mean() - exact.value) < 4 * seen.std() / math.sqrt(trials)


def test_an_idle_second_look_is_said() -> None:
    """0.05 v 0.3 at 10 % and 80 %: no three-stage design beats Simon's, and the caution says so."""
    d = search(0.05, 0.3, 0.1, 0.8)
    two = simon(0.05, 0.3, 0.1, 0.8).optimal
    assert (d.r1, d.n1, d.r3, d.n3) == (two.r1, two.n1, two.r, two.n)
    assert d.r2 == d.r1
    assert "second look" in d.cautions[-1]
    assert not search(0.1, 0.3, 0.1, 0.8).cautions


def test_verdicts() -> None:
    d = search(0.1, 0.3, 0.1, 0.8)
    assert (d.r1, d.n1, d.r2, d.n2, d.r3, d.n3) == (0, 7, 1, 12, 3, 19)
    for look, n, x, action in (
        (1, 7, 0, Stop), (1, 7, 1, Continue), (2, 12, 1, Stop), (2, 12, 2, Continue), (3, 19, 3, Stop), (3, 19, 4, Declare),
    ):  # fmt: skip
        assert isinstance(d.verdict(Evidence(look, "a", n, x)).action, action)
    for words in (
        "first 7 evaluable",
        "first 12",
        "more than 3 successes among 19",
        "0.0971",
        "0.8104",
        "11.7 patients",
    ):
        assert words in d.describe()


@pytest.mark.parametrize(
    ("table", "where"),
    [
        ({}, {"p0", "p1", "alpha", "power"}),
        (
            {"p0": 0.5, "p1": 0.3, "alpha": 1.2, "power": 0.8, "criterion": "best", "nmax": 1.5},
            {"p1", "alpha", "criterion", "nmax"},
        ),
        ({**EXAMPLE, "nmax": 12}, {"nmax"}),
    ],
)
def test_all_problems_at_once(table: dict[str, Any], where: set[str]) -> None:
    with pytest.raises(BadInput) as caught:
        from_spec(Spec.read(table))
    assert {p.where for p in caught.value.problems} == where


def test_from_a_table_and_out_of_reach() -> None:
    assert from_spec(Spec.read({"kind": "chen", **EXAMPLE})) == search(0.1, 0.3, 0.1, 0.8)
    assert from_spec(Spec.read({**EXAMPLE, "criterion": "minimax"})).n3 == 18
    with pytest.raises(BadInput, match="n = 12 comes nearest"):
        search(0.1, 0.3, 0.1, 0.8, nmax=12)
