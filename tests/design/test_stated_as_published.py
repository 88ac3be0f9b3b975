"""Published designs written down as published, and what a search found stated again."""

from __future__ import annotations

from typing import Any

import pytest
from scipy.stats import multivariate_normal

from equipoise.design import shelf
from equipoise.trial.evidence import StatisticEvidence
from equipoise.trial.problem import BadInput

#: What a search found, by the names under which it is stated.
NAMES = {
    "jung": {"n1": "n1_tested", "n": "n_tested", "a1": "a1", "a": "a"},
    "bryant-day": {k: k for k in ("n1", "n", "c_r1", "c_t1", "c_r", "c_t")},
    "screening": {"events": "events"},
}


@pytest.mark.published
def test_optimal_ttf_2() -> None:
    """26 + 26, then 42 + 42 patients; D of 0 or more, then of 5 or more."""
    table = {"p0": 0.40, "p1": 0.60, "alpha": 0.15, "power": 0.80, "n1": 26, "n": 42, "a1": 0, "a": 5}
    d = shelf.build("jung", table)
    found = d.numbers()
    assert (round(found["alpha"], 4), round(found["largest_alpha"], 4)) == (0.1545, 0.1591)
    assert (round(found["power"], 4), round(found["pet0"], 4), round(found["en0"], 1)) == (0.8007, 0.4438, 69.8)
    assert any("0.1545, above the stated alpha of 0.15" in c for c in d.cautions)


@pytest.mark.published
def test_e2511() -> None:
    """110 events for a hazard ratio of 0.625 at one-sided 0.10: power 0.88."""
    d = shelf.build("screening", {"hazard_ratio": 0.625, "alpha": 0.10, "power": 0.88, "events": 110})
    assert round(d.numbers()["power"], 4) == 0.8816
    assert not any("below the stated" in c for c in d.cautions)
    short = shelf.build("screening", {"hazard_ratio": 0.625, "alpha": 0.10, "power": 0.90, "events": 110})
    assert "0.8816, below the stated 0.9" in " ".join(short.cautions)


@pytest.mark.independent
@pytest.mark.parametrize("boundary", ["obrien-fleming", "classical-pocock"])
def test_a_sequential_design_by_its_events_and_boundaries(boundary: str) -> None:
    table = {"hazard_ratio": 0.67, "alpha": 0.05, "power": 0.80, "fractions": (0.4, 0.7, 1.0), "boundary": boundary}
    searched = shelf.build("group-sequential", table)
    n = searched.numbers()
    stated = shelf.build(
        "group-sequential",
        {**table, "events": n["events"], "upper": tuple(n[f"upper_z_{k}"] for k in (1, 2, 3))},
    )
    for k, v in n.items():
        assert stated.numbers()[k] == (v if isinstance(v, str) else pytest.approx(v, rel=1e-9))
    assert stated.looks == searched.looks
    assert not stated.cautions
    last = searched.looks[-1].n
    e = StatisticEvidence(3, 1.9, last + 9, (searched.looks[0].n + 7, searched.looks[1].n - 4))
    assert (stated.verdict(e).action, boundary) in [(searched.verdict(e).action, boundary)]
    short = shelf.build("group-sequential", {**table, "events": 120.0})
    assert any("below the stated 0.8" in c for c in short.cautions)
    assert "power of 80%" not in short.describe()
    loose = shelf.build("group-sequential", {**table, "events": 200.0, "upper": (2.0, 1.8, 1.7)})
    t, upper = [0.4, 0.7, 1.0], [2.0, 1.8, 1.7]
    rho = [[min(a, b) ** 0.5 / max(a, b) ** 0.5 for a in t] for b in t]
    error = 1 - multivariate_normal.cdf(upper, [0, 0, 0], rho, abseps=1e-8, releps=1e-8)
    assert loose.numbers()["alpha"] == pytest.approx(error, abs=1e-6)
    assert any(f"{error:.4f}, above the stated alpha" in c for c in loose.cautions)
    with pytest.raises(BadInput) as bad:
        shelf.build("group-sequential", {**table, "upper": (2.0, 1.8), "beta_spending": "pocock"})
    assert {p.where for p in bad.value.problems} >= {"upper", "events", "beta_spending"}


@pytest.mark.parametrize("kind", [*NAMES])
def test_stating_what_the_search_found_gives_it_back(kind: str) -> None:
    table: dict[str, Any] = dict(shelf.one(kind).example)
    if kind == "bryant-day":
        table |= {"nmax": 60, "alpha_r": 0.15, "alpha_t": 0.15, "power": 0.7}
    searched = shelf.build(kind, table)
    stated = shelf.build(kind, {**table, **{k: searched.numbers()[v] for k, v in NAMES[kind].items()}})
    assert stated.numbers() == searched.numbers()
    assert stated.looks == searched.looks
    for truth in searched.truths().values():
        a, b = searched.characteristics(truth), stated.characteristics(truth)
        assert (a.declare, a.stop_early, a.ends_at) == (b.declare, b.stop_early, b.ends_at)


def test_half_stated_and_not_in_proportion() -> None:
    with pytest.raises(BadInput) as bad:
        shelf.build("jung", {**shelf.one("jung").example, "allocation": "2:1", "n1": 25, "n": 25, "a1": 0})
    assert {p.code for p in bad.value.problems} == {"half-stated", "n1-not-below-n", "allocation"}


def test_a_least_gap_between_the_stages() -> None:
    d = shelf.build("jung", {**shelf.one("jung").example, "least_gap": 24})
    assert d.m - d.m1 >= 24
    assert d.numbers()["en0"] > shelf.build("jung", shelf.one("jung").example).numbers()["en0"]
