"""Beta posteriors: exact sums, fractions, and a second quadrature."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import numpy as np
import pytest
from scipy.special import betaincc, betaincinv
from scipy.stats import beta, betabinom

from equipoise.numerics.counts.beta_binomial import beyond, exceeds_other, predictive


@pytest.mark.independent
def test_predictive_is_scipy_s() -> None:
    for m, a, b in [(17, 16.6, 7.4), (5, 0.2, 0.8), (40, 3.0, 90.0)]:
        assert predictive(m, a, b) == pytest.approx(betabinom.pmf(np.arange(m + 1), m, a, b), abs=1e-12)
        assert predictive(m, a, b).sum() == pytest.approx(1.0, abs=1e-12)


@pytest.mark.independent
@pytest.mark.parametrize(
    "four",
    [
        (0.5, 94.5, 0.5, 47.5),
        (1.5, 20.5, 0.5, 9.5),
        (18.5, 76.5, 3.5, 44.5),
        (52.0, 40.0, 88.0, 112.0),
        (1, 1, 1, 1),
        (600, 400, 500, 500),
        (21, 21, 440_000.0, 560_000.0),
    ],
)
@pytest.mark.parametrize("delta", [0.0, 0.1])
@pytest.mark.thorough
def test_one_rate_beyond_another(four: tuple[float, float, float, float], delta: float) -> None:
    a, b, c, d = four
    # midpoints on the scale of the other's distribution function, where no density is singular
    u = (np.arange(100_000) + 0.5) / 100_000
    whole = float(betaincc(a, b, np.clip(betaincinv(c, d, u) + delta, 0.0, 1.0)).mean())
    assert exceeds_other(a, b, c, d, delta) == pytest.approx(whole, abs=2e-6)


@pytest.mark.independent
def test_whole_parameters_in_fractions() -> None:
    """P(Beta(3, 5) > Beta(4, 2)) as a finite sum of fractions."""
    a, b, c, d = 3, 5, 4, 2
    # P(E > O) = sum over j of P(Bin(a + b - 1, o) ≤ a - 1) integrated over o ~ Beta(c, d)
    n = a + b - 1
    total = sum(Fraction(comb(n, j)) * _b(c + j, d + n - j) / _b(c, d) for j in range(a))
    assert exceeds_other(a, b, c, d) == pytest.approx(float(total), abs=1e-12)


def _b(x: int, y: int) -> Fraction:
    """The beta function of whole numbers."""
    return Fraction(1, y * comb(x + y - 1, y))


def test_beyond() -> None:
    assert beyond(0.3, 2, 3) == pytest.approx(beta.sf(0.3, 2, 3))
