"""Randomised exact tests: regions, levels, power and the least size by another engine."""

from __future__ import annotations

import itertools
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from scipy.stats import binom, hypergeom, norm

from equipoise.design.randomised.exact_two_arm import Spec, search
from equipoise.numerics.counts.two_binomials import rejection_region
from equipoise.trial.evidence import TwoArmEvidence
from equipoise.trial.problem import BadInput


@cache
def rejects(nx: int, ny: int, alpha: float, method: str) -> np.ndarray:
    """Where the test rejects, apart from ours: Fisher by scipy's hypergeometric, the others by exact squares of the pooled Z.

    Barnard's is the largest region of the form Z >= z whose size is within alpha at 2,001 common rates.
    """
    x, y = np.arange(nx + 1)[:, None], np.arange(ny + 1)[None, :]
    if method == "fisher":
        return hypergeom.sf(x - 1, nx + ny, nx, x + y) <= alpha * (1 + 1e-9)
    total = np.array([[Fraction(i + j) for j in range(ny + 1)] for i in range(nx + 1)])
    gap = np.array([[Fraction(i, nx) - Fraction(j, ny) for j in range(ny + 1)] for i in range(nx + 1)])
    spread = total * (nx + ny - total)  # of Z squared all that varies with the outcome
    square = np.array(
        [[g * abs(g) / v if v else Fraction(0) for g, v in zip(*r, strict=True)] for r in zip(gap, spread, strict=True)]
    )
    if method == "pooled-z":
        z = np.sqrt(np.maximum(square.astype(float), 0) * (nx + ny) ** 2 / (1 / nx + 1 / ny))
        return norm.sf(z) * (z > 0) + (z <= 0) <= alpha
    at = np.linspace(0, 1, 2001)[:, None]
    px, py = binom.pmf(np.arange(nx + 1), nx, at), binom.pmf(np.arange(ny + 1), ny, at)
    region = np.zeros((nx + 1, ny + 1), bool)
    for level in sorted({v for v in square.flat if v > 0}, reverse=True):
        wider = square >= level
        if np.einsum("gx,xy,gy->g", px, wider, py).max() > alpha:
            break
        region = wider
    return region


def ends_by_sums(
    m1: int | None, m: int, a: int, b: int, method: str, alpha: float, px: float, py: float
) -> tuple[float, float]:
    """P(goes on), P(rejects): every outcome of the first look, scipy's binomials for the rest."""
    region = rejects(a * m, b * m, alpha, method)
    if m1 is None:
        return 1.0, float(
            binom.pmf(np.arange(a * m + 1), a * m, px) @ region @ binom.pmf(np.arange(b * m + 1), b * m, py)
        )
    on = reached = 0.0
    x2 = binom.pmf(np.arange(a * (m - m1) + 1), a * (m - m1), px)
    y2 = binom.pmf(np.arange(b * (m - m1) + 1), b * (m - m1), py)
    for x1, y1 in itertools.product(range(a * m1 + 1), range(b * m1 + 1)):
        if Fraction(x1, a * m1) > Fraction(y1, b * m1):
            mass = binom.pmf(x1, a * m1, px) * binom.pmf(y1, b * m1, py)
            on += mass
            reached += mass * float(x2 @ region[x1 : x1 + len(x2), y1 : y1 + len(y2)] @ y2)
    return on, reached


@pytest.mark.independent
@pytest.mark.parametrize("method", ["barnard", "fisher", "pooled-z"])
@pytest.mark.parametrize("stages", [1, 2])
def test_errors_and_power_by_another_engine(method: str, stages: int) -> None:
    d = search(0.2, 0.5, 0.10, 0.80, method, stages, allocation=(2, 1))  # type: ignore[arg-type]
    n = d.numbers()
    assert (d.region == rejects(2 * d.m, d.m, 0.10, method)).all()
    for name, px in (("alpha", 0.2), ("power", 0.5)):
        on, reached = ends_by_sums(d.m1, d.m, 2, 1, method, 0.10, px, 0.2)
        assert n[name] == pytest.approx(reached, abs=1e-10)
        if stages == 2 and name == "alpha":
            assert n["pet0"] == pytest.approx(1 - on, abs=1e-10)
    at = np.linspace(0, 1, 2001)[:, None]
    x, y = binom.pmf(np.arange(2 * d.m + 1), 2 * d.m, at), binom.pmf(np.arange(d.m + 1), d.m, at)
    worst = np.einsum("gx,xy,gy->g", x, rejects(2 * d.m, d.m, 0.10, method), y).max()
    assert d.largest_error[0] == pytest.approx(worst, abs=1e-5)
    assert bool(d.cautions) == (worst > 0.10)
    assert (worst > 0.10) == (method == "pooled-z")


@pytest.mark.independent
@pytest.mark.parametrize("alpha", [0.05, 0.1, 0.15, 0.2])
@pytest.mark.parametrize("method", ["barnard", "fisher", "pooled-z"])
def test_regions_by_another_engine(method: str, alpha: float) -> None:
    for nx, ny in ((7, 5), (10, 10), (12, 6), (9, 14), (15, 11), (20, 10)):
        assert (rejection_region(nx, ny, alpha, method) == rejects(nx, ny, alpha, method)).all(), (nx, ny)  # type: ignore[arg-type]


@pytest.mark.independent
@pytest.mark.parametrize("stages", [1, 2])
@pytest.mark.parametrize("method", ["barnard", "fisher"])
def test_no_smaller_size_has_the_power(method: str, stages: int) -> None:
    """Every smaller size by the other engine, and that the size found has it by the other engine too."""
    d = search(0.2, 0.6, 0.10, 0.80, method, stages)  # type: ignore[arg-type]
    reached = {}
    for m in range(2, d.m + 1):
        m1 = min(max(1, round(0.5 * m)), m - 1) if stages == 2 else None
        reached[m] = ends_by_sums(m1, m, 1, 1, method, 0.10, 0.6, 0.2)[1]
    assert reached.pop(d.m) >= 0.80
    assert max(reached.values()) < 0.80


def test_the_pooled_z_says_where_it_breaks_its_level() -> None:
    d = search(0.2, 0.45, 0.10, 0.80, "pooled-z")
    assert d.largest_error[0] > 0.10
    assert "above its level" in d.cautions[0]


def test_verdicts_at_other_numbers_than_planned() -> None:
    d = search(0.2, 0.5, 0.10, 0.80, "fisher", 2)
    stop = d.verdict(TwoArmEvidence(1, d.m1 or 0, 2, d.m1 or 0, 3))
    assert stop.action.name == "stop"
    final = d.verdict(TwoArmEvidence(2, d.m - 1, d.m - 1, d.m, 0))
    assert final.action.name == "declare"
    assert "were planned" in final.cautions[0]
    v = d.verdict(TwoArmEvidence(1, 1, 1, 1, 0))
    assert v.action.name == "continue"
    assert "were planned" in v.cautions[0]
    assert d.verdict(TwoArmEvidence(1, 3, 0, 0, 0)).action.name == "continue"
    assert d.verdict(TwoArmEvidence(len(d.looks), 3, 3, 0, 0)).action.name == "stop"
    with pytest.raises(BadInput, match="or fewer pairs"):
        d.verdict(TwoArmEvidence(1, 3, 0, 3, 0, ((1, 1),)))


def test_all_problems_at_once() -> None:
    with pytest.raises(BadInput) as bad:
        Spec.read(
            {"p0": 0.5, "p1": 0.4, "alpha": 0.1, "power": 0.8, "method": "chi", "stages": 3, "share": 0, "margin": 2}
        )
    assert {"p1", "method", "stages", "share", "margin"} <= {p.where for p in bad.value.problems}
    with pytest.raises(BadInput, match="comes nearest"):
        search(0.44, 0.5, 0.05, 0.9, "fisher", nmax=60)
