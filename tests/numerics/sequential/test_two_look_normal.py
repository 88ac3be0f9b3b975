"""Two looks at a normal statistic: a library's bivariate normal, and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal, norm

from equipoise.numerics.sequential.two_look_normal import Moments, both, final_boundary


@pytest.mark.independent
@settings(max_examples=30, deadline=None)
@given(
    st.floats(-3, 3), st.floats(-3, 3), st.floats(-1, 4), st.floats(-1, 4), st.floats(0.6, 1.4), st.floats(0.0, 0.97)
)
def test_scipy_s_bivariate_normal(c1: float, c2: float, m1: float, m2: float, sd: float, rho: float) -> None:
    found = both(c1, c2, Moments(m1, m2, sd, 1.1, rho))
    mean, cov = [-m1, -m2], [[sd * sd, rho * sd * 1.1], [rho * sd * 1.1, 1.21]]
    assert found == pytest.approx(float(multivariate_normal(mean, cov).cdf([-c1, -c2])), abs=2e-6)


@pytest.mark.independent
@settings(max_examples=30, deadline=None)
@given(st.floats(-3, 2.5), st.floats(0.01, 0.1), st.floats(0.1, 0.98))
def test_the_last_boundary_spends_alpha(c1: float, alpha: float, rho: float) -> None:
    """By scipy's bivariate normal; where the first look alone keeps alpha nothing more is asked."""
    c2 = final_boundary(c1, alpha, rho)
    assert math.isinf(c2) == (norm.sf(c1) <= alpha)
    if math.isfinite(c2):
        spent = multivariate_normal([0, 0], [[1, rho], [rho, 1]]).cdf([-c1, -c2])
        assert spent == pytest.approx(alpha, abs=2e-6)


@pytest.mark.property
def test_simulated() -> None:
    rng = np.random.default_rng(2)
    z = rng.multivariate_normal([1.2, 2.3], [[0.64, 0.4], [0.4, 0.6]], 400_000)
    m = Moments(1.2, 2.3, 0.8, math.sqrt(0.6), 0.4 / (0.8 * math.sqrt(0.6)))
    exact = both(0.3, 1.6, m)
    assert abs(((z[:, 0] > 0.3) & (z[:, 1] > 1.6)).mean() - exact) < 4 * math.sqrt(exact * (1 - exact) / 400_000)
