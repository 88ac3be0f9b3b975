"""Intervals and tests of rates against R, lrstat and first principles."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from equipoise.numerics.proportions import clopper_pearson, exact_binomial, risk_difference, wilson


@pytest.mark.independent
def test_binomial_as_in_r(r: dict[str, Any]) -> None:
    for case in r["binomial"]:
        x, n, p0 = case["x"], case["n"], case["p0"]
        interval, score = clopper_pearson(x, n), wilson(x, n)
        np.testing.assert_allclose(
            [interval.lower, interval.upper], [case["lower"], case["upper"]], rtol=1e-9, atol=1e-12
        )
        np.testing.assert_allclose(
            [score.lower, score.upper], [case["wilson_lower"], case["wilson_upper"]], rtol=1e-9, atol=1e-12
        )
        np.testing.assert_allclose(exact_binomial(x, n, p0, "two-sided").p, case["p_two"], rtol=1e-9)
        np.testing.assert_allclose(exact_binomial(x, n, p0, "greater").p, case["p_greater"], rtol=1e-9)


@pytest.mark.independent
def test_miettinen_nurminen_as_in_lrstat() -> None:
    # R lrstat 0.3.3, riskDiffExactCI and friends; see oracles row 13
    found = risk_difference(50, 80, 20, 40)
    assert found.lower == pytest.approx(-0.06125143368, abs=1e-7)
    assert found.upper == pytest.approx(0.3072033919, abs=1e-7)


def closed_form_score(x1: int, n1: int, x2: int, n2: int, d: float) -> float:
    """Miettinen and Nurminen's own cubic for the restricted estimate: another route to the score statistic."""
    n = n1 + n2
    l3 = n
    l2 = (n1 + 2 * n2) * d - n - (x1 + x2)
    l1 = (n2 * d - n - 2 * x2) * d + x1 + x2
    l0 = x2 * d * (1 - d)
    q = l2**3 / (3 * l3) ** 3 - l1 * l2 / (6 * l3**2) + l0 / (2 * l3)
    p = math.copysign(math.sqrt(max(l2**2 / (3 * l3) ** 2 - l1 / (3 * l3), 0.0)), q)
    a = (math.pi + math.acos(max(-1.0, min(1.0, q / p**3)))) / 3
    p2 = 2 * p * math.cos(a) - l2 / (3 * l3)
    p1 = p2 + d
    variance = (p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2) * n / (n - 1)
    return (x1 / n1 - x2 / n2 - d) / math.sqrt(variance)


@pytest.mark.property
@given(st.integers(5, 90), st.integers(5, 90), st.floats(0.1, 0.9), st.floats(0.1, 0.9))
def test_miettinen_nurminen_limits_meet_the_quantile(n1: int, n2: int, f1: float, f2: float) -> None:
    x1, x2 = min(max(round(f1 * n1), 1), n1 - 1), min(max(round(f2 * n2), 1), n2 - 1)
    found = risk_difference(x1, n1, x2, n2)
    z = norm.ppf(0.975)
    assert closed_form_score(x1, n1, x2, n2, found.lower) == pytest.approx(z, abs=1e-6)
    assert closed_form_score(x1, n1, x2, n2, found.upper) == pytest.approx(-z, abs=1e-6)
    turned = risk_difference(x2, n2, x1, n1)
    assert turned.lower == pytest.approx(-found.upper, abs=1e-9)


@pytest.mark.property
@given(st.integers(1, 60), st.floats(0.02, 0.98))
def test_clopper_pearson_covers(n: int, p: float) -> None:
    from scipy.stats import binom

    covered = sum(
        binom.pmf(x, n, p) for x in range(n + 1) if clopper_pearson(x, n).lower <= p <= clopper_pearson(x, n).upper
    )
    assert covered >= 0.95 - 1e-9
