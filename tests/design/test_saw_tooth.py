"""The least n and the n from which on the power never falls below; what comes nearest where a search finds nothing."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from equipoise.design import shelf
from equipoise.design.one_rate.a_hern import at, search
from equipoise.design.randomised import exact_two_arm
from equipoise.design.randomised.selection import chances
from equipoise.trial.problem import BadInput


def power_at(n: int, p0: float, p1: float, alpha: float) -> float:
    """By scipy's binomial."""
    r = next(r for r in range(n + 1) if binom.sf(r, n, p0) <= alpha)
    return float(binom.sf(r, n, p1))


@pytest.mark.independent
def test_a_hern_says_both() -> None:
    """East, in gsDesign's tests: 33 is the least and 35 has 0.728; from 39 on the power stays above 0.80."""
    design = search(0.05, 0.20, 0.025, 0.80)
    numbers = design.numbers()
    assert (numbers["n"], round(float(numbers["power"]), 3)) == (33, 0.818)
    assert (numbers["n_never_below"], numbers["r_never_below"]) == (39, 5)
    (said,) = [c for c in design.cautions if "saws" in c]
    assert "33 patients have 0.8179, 34 only 0.7004; from 39 patients on it never falls below 0.8" in said
    assert design.tooth.proved


@pytest.mark.property
@settings(max_examples=8, deadline=None)
@given(st.floats(0.03, 0.6), st.floats(0.15, 0.35), st.sampled_from([0.025, 0.05, 0.1]), st.sampled_from([0.8, 0.9]))
def test_it_never_falls_below_and_one_less_does(p0: float, delta: float, alpha: float, power: float) -> None:
    design = search(p0, p0 + delta, alpha, power)
    found = design.tooth
    assert found.proved
    for n in range(found.never_below, found.looked_to + 60):
        assert power_at(n, p0, p0 + delta, alpha) >= power
    if found.never_below > design.n:
        assert power_at(found.never_below - 1, p0, p0 + delta, alpha) < power
        assert found.short is not None
        assert found.short[1] == pytest.approx(power_at(found.short[0], p0, p0 + delta, alpha))


@pytest.mark.parametrize("n", [25, 34, 60])
def test_n_alone_gives_the_boundary(n: int) -> None:
    design: Any = shelf.build("a-hern", {"p0": 0.05, "p1": 0.20, "alpha": 0.025, "power": 0.80, "n": n})
    assert (design.n, design.r) == (n, at(n, 0.05, 0.20, 0.025)[0])
    assert binom.sf(design.r, n, 0.05) <= 0.025 < binom.sf(design.r - 1, n, 0.05)
    assert design.numbers().get("n_never_below") == (60 if n == 60 else None), "only where n has the power"


@pytest.mark.parametrize("method", ["fisher", "pooled-z"])
def test_two_arms(method: Any) -> None:
    found = exact_two_arm.search(0.2, 0.5, 0.05, 0.8, method, nmax=160)
    tooth = found.tooth
    assert tooth is not None
    powers = {
        2 * m: exact_two_arm.ExactTwoArm(None, m, 1, 1, method, 0.0, 0.2, 0.5, 0.05, 0.8).ends(0.5, 0.2)[1]
        for m in range(found.m, 81)
    }
    short = [n for n, p in powers.items() if p < 0.8]
    assert tooth.looked_to == 160
    assert tooth.never_below == (max(short) + 2 if short else 2 * found.m)
    assert (tooth.short is None) == (not short)


def test_selection_with_an_ambiguous_zone() -> None:
    design: Any = shelf.build(
        "selection", {"arms": 2, "p0": 0.3, "delta": 0.15, "correct": 0.8, "ambiguity": 0.05, "rho": 0.0}
    )
    tooth = design.tooth
    assert tooth.short is not None
    n, reached = tooth.short
    assert reached == pytest.approx(chances(n, 2, 0.3, 0.45, 0.05, 0.0).correct)
    assert reached < 0.8
    assert any("saws" in c for c in design.cautions)


#: Searches that find nothing, and what they are asked.
IMPOSSIBLE: dict[str, dict[str, Any]] = {
    "a-hern": {"p0": 0.4, "p1": 0.45, "alpha": 0.05, "power": 0.9, "nmax": 40},
    "simon": {"p0": 0.4, "p1": 0.45, "alpha": 0.05, "power": 0.9, "nmax": 40},
    "chen": {"p0": 0.4, "p1": 0.45, "alpha": 0.05, "power": 0.9, "nmax": 30},
    "mander-thompson": {"p0": 0.4, "p1": 0.45, "alpha": 0.05, "power": 0.9, "nmax": 30},
    "bryant-day": {"nmax": 15},
    "jung": {"p0": 0.2, "p1": 0.3, "alpha": 0.05, "power": 0.9, "nmax": 60},
    "exact-two-arm": {"p0": 0.2, "p1": 0.3, "alpha": 0.05, "power": 0.9, "method": "fisher", "stages": 1, "nmax": 80},
    "selection": {"nmax": 5, "delta": 0.05},
    "lee-liu": {"p0": 0.4, "p1": 0.45, "alpha": 0.05, "power": 0.9, "nmax": 20},
    "bop2": {"looks": (1,), "p0": 0.01, "p1": 0.3, "alpha": 0.001},
    "one-sample-logrank": {"nmax": 10},
    "km-landmark": {"nmax": 10},
    "case-morgan": {"nmax": 10},
    "huang-talukder-thomas": {"nmax": 10},
}


@pytest.mark.parametrize("kind", IMPOSSIBLE)
def test_a_refusal_names_what_comes_nearest(kind: str) -> None:
    with pytest.raises(BadInput) as bad:
        shelf.build(kind, {**shelf.one(kind).example, **IMPOSSIBLE[kind]})
    (problem,) = bad.value.problems
    assert problem.code == "no-design"
    assert "nearest" in problem.allowed, problem
    (reached,) = re.findall(r"with (?:power |at most )?(\d\.\d{4})", problem.allowed)
    assert float(reached) > 0, problem.allowed


def test_two_arms_name_it_truly() -> None:
    asked = IMPOSSIBLE["exact-two-arm"]
    best = max(
        (exact_two_arm.ExactTwoArm(None, m, 1, 1, "fisher", 0.0, 0.2, 0.3, 0.05, 0.9).ends(0.3, 0.2)[1], 2 * m)
        for m in range(2, 41)
    )
    with pytest.raises(BadInput, match=f"n = {best[1]} comes nearest, with {best[0]:.4f}"):
        shelf.build("exact-two-arm", asked)
