"""Mander & Thompson's designs against mtdesign, the first author's Stata program, and plain loops over all designs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.design.one_rate.mander_thompson import (
    CRITERIA,
    EXAMPLE,
    Criterion,
    Spec,
    TwoStageBothWays,
    from_spec,
    search,
)
from equipoise.numerics.random.streams import generator
from equipoise.trial.decision import Continue, Declare, Stop
from equipoise.trial.evidence import Evidence
from equipoise.trial.problem import BadInput


def b(x: int, n: int, p: float) -> float:
    return math.comb(n, x) * p**x * (1 - p) ** (n - x)


def naive(d: TwoStageBothWays, p: float) -> tuple[float, float, float, float]:
    """P(reject), P(ends early), EN, total probability: outcome by outcome."""
    reject = early = expected = total = 0.0
    for x1 in range(d.n1 + 1):
        for x2 in range(d.n - d.n1 + 1):
            mass = b(x1, d.n1, p) * b(x2, d.n - d.n1, p)
            total += mass
            if x1 <= d.r1 or x1 > d.u1:
                early += mass
                expected += mass * d.n1
                reject += mass * (x1 > d.u1)
            else:
                expected += mass * d.n
                reject += mass * (x1 + x2 > d.r)
    return reject, early, expected, total


def all_designs(p0: float, p1: float, alpha: float, power: float, nmax: int) -> dict[str, tuple[float, int]]:
    """Best (EN, n) by criterion, every r1, u1, n1, r, n tried, without any bound; r1 < r, so that stage two matters."""
    best: dict[str, tuple[float, int]] = {}
    for n in range(2, nmax + 1):
        for n1 in range(1, n):
            n2 = n - n1
            f = [np.array([b(x, n1, p) for x in range(n1 + 1)]) for p in (p0, p1)]
            g = [np.array([b(x, n2, p) for x in range(n2 + 1)]) for p in (p0, p1)]
            r1, u1, x = np.ogrid[0:n1, 1 : n1 + 1, 0 : n1 + 1]
            on, won = (x > r1) & (x <= u1), x > u1
            stays = [on @ w for w in f]
            for r in range(n):
                later = [np.array([t[max(0, r - i + 1) :].sum() for i in range(n1 + 1)]) for t in g]
                error, reached = (won @ w + on @ (w * t) for w, t in zip(f, later, strict=True))
                good = ((r1 < u1) & (r1 < r))[:, :, 0] & (error <= alpha) & (reached >= power)
                if not good.any():
                    continue
                for h, stay in zip(("h0", "h1"), stays, strict=True):
                    en = float(np.where(good, n1 + stay * n2, np.inf).min())
                    if en < best.get(f"{h}-optimal", (math.inf, 0))[0] - 1e-9:
                        best[f"{h}-optimal"] = en, n
                    least, size = best.get(f"{h}-minimax", (math.inf, n))
                    if n == size and en < least:
                        best[f"{h}-minimax"] = en, n
    return best


# r1, u1, n1, r, n; type I, type II, PET and EN at p0, PET at p1: https://github.com/openpharma/mtdesign, README.md
MTDESIGN = {
    "h0-optimal": (0, 2, 9, 2, 17, 0.047, 0.19, 0.64, 11.9, 0.47),
    "h0-minimax": (0, 2, 12, 2, 16, 0.043, 0.20, 0.56, 13.8, 0.64),
    "h1-optimal": (0, 2, 9, 2, 17, 0.047, 0.19, 0.64, 11.9, 0.47),
    "h1-minimax": (0, 2, 12, 2, 16, 0.043, 0.20, 0.56, 13.8, 0.64),
}


@pytest.mark.independent
@pytest.mark.parametrize("criterion", CRITERIA)
def test_as_r_mtdesign(criterion: Criterion) -> None:
    d = search(0.05, 0.25, 0.05, 0.80, criterion)
    *sizes, alpha, beta, pet0, en0, pet1 = MTDESIGN[criterion]
    assert [d.r1, d.u1, d.n1, d.r, d.n] == sizes
    null, target = d.behaviour(0.05), d.behaviour(0.25)
    assert null.reject == pytest.approx(alpha, abs=5e-4)
    assert 1 - target.reject == pytest.approx(beta, abs=5e-3)
    assert (null.pet, target.pet) == pytest.approx((pet0, pet1), abs=5e-3)
    assert null.en == pytest.approx(en0, abs=0.05)


@pytest.mark.independent
def test_as_the_first_author_in_stata() -> None:
    """simon2stage's help (Mander, version 1.1): (1 2)/7 3/15 at 0.1 v 0.4 expects 9.202 at 0.2, at most 9.550 at any."""
    d = search(0.1, 0.4, 0.05, 0.80, "h1-optimal")
    assert (d.r1, d.u1, d.n1, d.r, d.n) == (1, 2, 7, 3, 15)
    assert d.behaviour(0.2).en == pytest.approx(9.202, abs=5e-4)
    assert d.behaviour(0.2).pet == pytest.approx(0.725, abs=5e-4)
    assert max(d.behaviour(p).en for p in np.linspace(0, 1, 1001)) == pytest.approx(9.550, abs=5e-4)


@pytest.mark.independent
@pytest.mark.parametrize(
    ("problem", "nmax"),
    [
        ((0.1, 0.3, 0.05, 0.80), 31),  # n = 24 against Simon's 25: r lies beyond that of any single stage
        ((0.1, 0.4, 0.05, 0.80), 20),
        ((0.3, 0.6, 0.10, 0.80), 21),
        ((0.2, 0.5, 0.05, 0.90), 25),
        ((0.7, 0.9, 0.10, 0.80), 26),
        ((0.1, 0.3, 0.20, 0.70), 15),
        ((0.12, 0.54, 0.30, 0.76), 12),  # without r1 < r a single stage would win
    ],
)
@pytest.mark.thorough
def test_nothing_better_among_all_designs(problem: tuple[float, float, float, float], nmax: int) -> None:
    best = all_designs(*problem, nmax)
    for criterion in CRITERIA:
        d = search(*problem, criterion)
        assert d.n <= nmax
        assert d.behaviour(problem[0] if criterion.startswith("h0") else problem[1]).en == pytest.approx(
            best[criterion][0]
        )
        if criterion.endswith("minimax"):
            assert d.n == best[criterion][1]


rates = st.floats(0.02, 0.98)
designs = st.builds(
    lambda n1, n2, a, c, e: TwoStageBothWays(
        r1 := int(a * n1), u1 := r1 + 1 + int(c * (n1 - r1)), n1, min(u1 + int(e * n2), n1 + n2 - 1), n1 + n2, 0.2, 0.4, 0.1, 0.8
    ),
    st.integers(2, 14), st.integers(3, 14), st.floats(0, 0.6), st.floats(0, 0.99), st.floats(0, 0.99),
)  # fmt: skip


@pytest.mark.independent
@settings(max_examples=25, deadline=None)
@given(designs, rates)
def test_behaviour_as_outcome_by_outcome(d: TwoStageBothWays, p: float) -> None:
    reject, early, expected, total = naive(d, p)
    found = d.behaviour(p)
    assert total == pytest.approx(1, abs=1e-12)
    assert sum(found.ends_at) == pytest.approx(1, abs=1e-12)
    assert (found.reject, found.pet, found.en) == pytest.approx((reject, early, expected), abs=1e-12)


@pytest.mark.property
@settings(max_examples=25, deadline=None)
@given(st.floats(0.05, 0.5), st.floats(0.2, 0.35), st.sampled_from([0.05, 0.1, 0.2]), st.sampled_from(CRITERIA))
def test_both_errors_are_kept_at_every_rate(p0: float, gain: float, alpha: float, criterion: Criterion) -> None:
    d = search(p0, p0 + gain, alpha, 0.8, criterion)
    assert 0 <= d.r1 < d.u1 <= d.r < d.n
    assert all(d.behaviour(p).reject <= alpha + 1e-12 for p in np.linspace(0, p0, 12))
    assert all(d.behaviour(p).reject >= 0.8 - 1e-12 for p in np.linspace(p0 + gain, 1, 12))
    assert not d.cautions


@pytest.mark.property
def test_each_criterion_is_best_at_its_own() -> None:
    found = {c: search(0.2, 0.4, 0.05, 0.9, c) for c in CRITERIA}
    en = {c: (d.behaviour(0.2).en, d.behaviour(0.4).en) for c, d in found.items()}
    assert min(v[0] for v in en.values()) == en["h0-optimal"][0]
    assert min(v[1] for v in en.values()) == en["h1-optimal"][1]
    assert found["h0-minimax"].n == found["h1-minimax"].n == min(d.n for d in found.values())
    assert en["h0-minimax"][0] <= en["h1-minimax"][0]
    assert en["h1-minimax"][1] <= en["h0-minimax"][1]


@pytest.mark.independent
def test_simulated_trials_agree() -> None:
    d, trials = search(0.1, 0.3, 0.05, 0.9, "h1-optimal"), 100_000
    for p in (0.1, 0.2, 0.3):
        y = generator(3, f"mander-thompson {p}").random((trials, d.n)) < p
        x1, x = y[:, : d.n1].sum(axis=1), y.sum(axis=1)
        reject = (x1 > d.u1) | ((x1 > d.r1) & (x > d.r))
        size = np.where((x1 <= d.r1) | (x1 > d.u1), d.n1, d.n)
        found = d.characteristics({"rate": p})
        for seen, exact in ((reject, found.declare), (size == d.n1, found.stop_early), (size, found.expected_n)):
            assert abs(seen.mean() - exact.value) < 4 * seen.std() / math.sqrt(trials)


def test_verdicts() -> None:
    d = TwoStageBothWays(1, 4, 16, 6, 33, 0.1, 0.3, 0.05, 0.9)
    actions = [d.verdict(Evidence(1, "a", 16, x)) for x in (1, 2, 4, 5)]
    assert [type(v.action) for v in actions] == [Stop, Continue, Continue, Declare]
    assert [v.distance for v in actions] == [0, 1, 3, 1]
    assert isinstance(d.verdict(Evidence(2, "a", 33, 7)).action, Declare)
    assert isinstance(d.verdict(Evidence(2, "a", 33, 6)).action, Stop)
    for words in ("16 evaluable", "more than 4", "33 patients", "0.0471", "0.9000", "24.0", "23.2"):
        assert words in d.describe()


def test_from_a_table() -> None:
    assert from_spec(Spec.read({"kind": "mander-thompson", **EXAMPLE})) == search(0.1, 0.3, 0.05, 0.9, "h1-optimal")
    stated = {"p0": 0.1, "p1": 0.3, "alpha": 0.05, "power": 0.9, "r1": 1, "u1": 4, "n1": 16, "r": 6, "n": 33}
    assert from_spec(Spec.read(stated)) == from_spec(Spec.read(EXAMPLE))
    lax = from_spec(Spec.read(stated | {"r": 5}))
    assert "above the stated alpha" in lax.cautions[0]


@pytest.mark.parametrize(
    ("table", "where"),
    [
        ({}, {"p0", "p1", "alpha", "power"}),
        (
            {"p0": 0.5, "p1": 0.3, "alpha": 0.9, "power": 0.8, "criterion": "best", "nmax": 1.5},
            {"p1", "alpha", "criterion", "nmax"},
        ),
        ({**EXAMPLE, "r1": 1, "n1": 2.5}, {"u1, r, n", "n1"}),
        ({**EXAMPLE, "r1": 5, "u1": 4, "n1": 40, "r": 60, "n": 33}, {"n1", "u1", "r"}),
        ({**EXAMPLE, "nmax": 20}, {"nmax"}),
    ],
)
def test_all_problems_at_once(table: dict[str, Any], where: set[str]) -> None:
    with pytest.raises(BadInput) as caught:
        from_spec(Spec.read(table))
    assert {p.where for p in caught.value.problems} == where


def test_out_of_reach_names_the_nearest() -> None:
    with pytest.raises(BadInput, match="n = 20 comes nearest"):
        search(0.1, 0.3, 0.05, 0.9, nmax=20)
