"""Exact tests of two rates against scipy and plain loops."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import barnard_exact, binom, fisher_exact

from equipoise.numerics.counts.two_binomials import (
    after_two_stages,
    barnard_p,
    fisher_p,
    pooled_z,
    probability,
    rejection_region,
    size,
)


@pytest.mark.independent
@pytest.mark.parametrize(("x", "nx", "y", "ny"), [(7, 12, 1, 14), (9, 10, 4, 12), (14, 16, 5, 8)])
def test_p_values_are_scipy_s(x: int, nx: int, y: int, ny: int) -> None:
    table = [[x, y], [nx - x, ny - y]]  # scipy's groups are columns
    assert fisher_p(nx, ny)[x, y] == pytest.approx(fisher_exact(table, alternative="greater").pvalue, rel=1e-10)
    scipy = barnard_exact(table, alternative="greater", pooled=True, n=64)
    assert pooled_z(nx, ny)[x, y] == pytest.approx(scipy.statistic)
    # the supremum over the common rate: ours may be a little higher, for it is searched to the end
    assert barnard_p(x, nx, y, ny) == pytest.approx(scipy.pvalue, abs=2e-6)


@pytest.mark.independent
def test_outcomes_that_tie_are_counted() -> None:
    """3 of 20 against 0 of 10 ties in pooled Z with 19 against 8: in fractions p = 0.1822. scipy 1.18 rounds the tie away: 0.1517."""

    def squared(x: int, y: int) -> Fraction:
        d, p = Fraction(x, 20) - Fraction(y, 10), Fraction(x + y, 30)
        return d * abs(d) / (p * (1 - p) * Fraction(3, 20)) if 0 < p < 1 else Fraction(0)

    region = np.array([[squared(x, y) >= squared(3, 0) for y in range(11)] for x in range(21)])
    assert region[19, 8]
    assert squared(19, 8) == squared(3, 0)
    assert barnard_p(3, 20, 0, 10) == pytest.approx(size(region)[0])
    assert barnard_p(3, 20, 0, 10) == pytest.approx(0.182181, abs=1e-6)


@pytest.mark.independent
@pytest.mark.parametrize(
    "alpha", [Fraction(1, 40), Fraction(1, 20), Fraction(1, 10), Fraction(3, 20), Fraction(1, 5)], ids=str
)
def test_fishers_region_in_fractions(alpha: Fraction) -> None:
    """All outcomes of up to 19 and 19 patients: p by counting tables, and p = alpha rejects (14 of 14 against 5 of 7 at 1 / 10)."""
    ties = 0
    for nx, ny in itertools.product(range(1, 20), (1, 2, 3, 7, 10, 14, 19)):
        region = rejection_region(nx, ny, float(alpha), "fisher")
        for x, y in itertools.product(range(nx + 1), range(ny + 1)):
            more = range(x, min(nx, x + y) + 1)
            p = Fraction(sum(math.comb(nx, i) * math.comb(ny, x + y - i) for i in more), math.comb(nx + ny, x + y))
            assert region[x, y] == (p <= alpha), (x, nx, y, ny)
            ties += p == alpha
    assert ties > 0


@pytest.mark.property
@settings(max_examples=25, deadline=None)
@given(st.integers(2, 25), st.integers(2, 25), st.sampled_from([0.05, 0.1, 0.2]))
def test_exact_tests_keep_their_level_at_every_rate(nx: int, ny: int, alpha: float) -> None:
    for method in ("barnard", "fisher"):
        region = rejection_region(nx, ny, alpha, method)  # type: ignore[arg-type]
        at = np.linspace(0, 1, 301)[:, None]
        x, y = binom.pmf(np.arange(nx + 1), nx, at), binom.pmf(np.arange(ny + 1), ny, at)
        assert np.einsum("gx,xy,gy->g", x, region, y).max() <= alpha + 1e-12
        # more successes, or fewer controls', never undo a rejection
        assert (np.diff(region.astype(int), axis=0) >= 0).all()
        assert (np.diff(region.astype(int), axis=1) <= 0).all()


@pytest.mark.property
@settings(max_examples=25, deadline=None)
@given(st.integers(2, 20), st.integers(2, 20), st.sampled_from([0.05, 0.1]))
def test_barnard_rejects_all_that_fits(nx: int, ny: int, alpha: float) -> None:
    """The next outcome by pooled Z would break the level."""
    region = rejection_region(nx, ny, alpha, "barnard")
    z = np.round(pooled_z(nx, ny), 12)
    outside = z[~region & (z > 0)]
    if outside.size:
        assert size(z >= outside.max())[0] > alpha


@pytest.mark.property
@settings(max_examples=25, deadline=None)
@given(st.integers(1, 12), st.integers(1, 12), st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_all_outcomes_together_are_certain(nx: int, ny: int, px: float, py: float) -> None:
    assert probability(np.ones((nx + 1, ny + 1)), px, py) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.independent
def test_two_stages_by_plain_loops() -> None:
    px, py, (n1x, n1y), (nx, ny) = 0.55, 0.3, (3, 2), (6, 5)
    goes_on = np.array([[x / n1x > y / n1y for y in range(n1y + 1)] for x in range(n1x + 1)])
    region = rejection_region(nx, ny, 0.2, "fisher")

    def b(k: int, n: int, p: float) -> float:
        return math.comb(n, k) * p**k * (1 - p) ** (n - k)

    on = reject = 0.0
    for x1 in range(n1x + 1):
        for y1 in range(n1y + 1):
            if not goes_on[x1, y1]:
                continue
            mass = b(x1, n1x, px) * b(y1, n1y, py)
            on += mass
            for x2 in range(nx - n1x + 1):
                for y2 in range(ny - n1y + 1):
                    if region[x1 + x2, y1 + y2]:
                        reject += mass * b(x2, nx - n1x, px) * b(y2, ny - n1y, py)
    assert after_two_stages(goes_on, region, px, py) == pytest.approx((on, reject), abs=1e-12)
