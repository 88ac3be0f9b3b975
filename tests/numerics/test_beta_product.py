"""Products of Betas: moments by two routes, quantiles by closed forms, by sampling, and by inversion of the characteristic function."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats
from scipy.special import loggamma

from equipoise.numerics.beta_product import Beta, BetaProduct, beta_of_counts, beta_of_interval, beta_of_moments

SHAPES = st.floats(0.3, 300)
BETAS = st.lists(st.builds(Beta, SHAPES, SHAPES), min_size=1, max_size=5)
FIVE = (Beta(495.5, 51.5), Beta(50, 2.6), Beta(2, 98), Beta(5, 5), Beta(15, 40))


@given(BETAS, st.floats(0.1, 1e5))
def test_mean_and_variance_are_those_of_the_moments_of_each_factor(factors: list[Beta], constant: float) -> None:
    """E X^r of a product is the product of E X^r, each from SciPy's Beta; and the variance is E X² - (E X)²."""
    first, second = (math.prod(stats.beta(f.a, f.b).moment(r) for f in factors) for r in (1, 2))
    product = BetaProduct(constant, factors)
    assert product.mean == pytest.approx(constant * first, rel=1e-10)
    assert product.sd**2 + product.mean**2 == pytest.approx(constant**2 * second, rel=1e-10)


@given(st.floats(0.001, 0.999), st.floats(0.001, 0.99))
def test_a_beta_has_the_moments_that_made_it(mean: float, share: float) -> None:
    sd = share * math.sqrt(mean * (1 - mean))
    made = beta_of_moments(mean, sd)
    assert (made.mean, made.sd) == pytest.approx((mean, sd), rel=1e-9)


@settings(max_examples=40)
@given(st.floats(0.02, 0.98), st.floats(0.05, 0.95), st.floats(0.05, 0.95))
def test_a_beta_holds_95_percent_in_the_interval_that_made_it(mean: float, down: float, up: float) -> None:
    low, high = mean * (1 - down), mean + (1 - mean) * up
    made = beta_of_interval(mean, low, high)
    inside = stats.beta(made.a, made.b).cdf(high) - stats.beta(made.a, made.b).cdf(low)
    assert made.mean == pytest.approx(mean)
    assert inside == pytest.approx(0.95, abs=1e-8)


@pytest.mark.parametrize(("mean", "low", "high"), [(0.5, 0.6, 0.9), (0.5, 0.1, 0.5), (0.5, 0.0, 0.9), (1.0, 0.5, 1.0)])
def test_no_beta_is_made_of_an_interval_beside_its_mean(mean: float, low: float, high: float) -> None:
    with pytest.raises(ValueError, match="about its mean"):
        beta_of_interval(mean, low, high)


@pytest.mark.parametrize(("mean", "sd"), [(0.5, 0.5), (0.1, 0.31), (1.0, 0.1), (0.2, 0.0)])
def test_no_beta_has_impossible_moments(mean: float, sd: float) -> None:
    with pytest.raises(ValueError, match="no Beta"):
        beta_of_moments(mean, sd)


@given(SHAPES, SHAPES, st.floats(0.001, 0.999))
def test_one_factor_has_the_quantiles_of_its_beta(a: float, b: float, p: float) -> None:
    found = BetaProduct(2.0, [Beta(a, b)]).quantile(p)
    assert abs(found.value - 2 * stats.beta(a, b).ppf(p)) <= found.within + 1e-12


@pytest.mark.parametrize("k", [2, 3, 5])
@pytest.mark.parametrize("p", [0.025, 0.5, 0.975])
def test_a_product_of_uniforms_is_minus_log_gamma(k: int, p: float) -> None:
    """-log of a product of k uniforms is Gamma(k, 1)."""
    found = BetaProduct(1.0, [Beta(1, 1)] * k).quantile(p)
    exact = math.exp(-stats.gamma(k).ppf(1 - p))
    assert abs(found.value - exact) <= found.within
    assert found.value == pytest.approx(exact, rel=1e-6)


@pytest.mark.parametrize("p", [0.005, 0.3, 0.9])
def test_two_betas_that_follow_on_make_a_third(p: float) -> None:
    """Beta(a, b) times Beta(a + b, c) is Beta(a, b + c)."""
    found = BetaProduct(1.0, [Beta(3, 4), Beta(7, 2.5)]).quantile(p)
    assert found.value == pytest.approx(stats.beta(3, 6.5).ppf(p), rel=1e-6)


@pytest.mark.parametrize("p", [0.025, 0.5, 0.975])
def test_quantiles_by_inverting_the_characteristic_function(p: float) -> None:
    """Gil-Pelaez (1951) on log X: the share below the quantile is ``p``."""
    at = math.log(BetaProduct(1.0, FIVE).quantile(p).value)

    def integrand(t: float) -> float:
        phi = sum(
            loggamma(f.a + 1j * t) - loggamma(f.a) + loggamma(f.a + f.b) - loggamma(f.a + f.b + 1j * t) for f in FIVE
        )
        return float(np.exp(phi - 1j * t * at).imag) / t

    below = 0.5 - integrate.quad(integrand, 1e-12, 60, limit=400)[0] / math.pi
    assert below == pytest.approx(p, abs=1e-7)


def test_quantiles_by_sampling() -> None:
    """Shares of 200,000 draws below each quantile, within four standard errors."""
    random, n, product = np.random.default_rng(20), 200_000, BetaProduct(1722.0, FIVE)
    drawn = 1722.0 * np.prod([stats.beta(f.a, f.b).rvs(n, random_state=random) for f in FIVE], axis=0)
    for p in (0.025, 0.25, 0.5, 0.75, 0.975):
        assert (drawn <= product.quantile(p).value).mean() == pytest.approx(p, abs=4 * math.sqrt(p * (1 - p) / n))
    assert drawn.mean() == pytest.approx(product.mean, abs=4 * product.sd / math.sqrt(n))


def test_extreme_shapes_keep_within_the_bound() -> None:
    sharp = BetaProduct(10.0, [Beta(5e8, 5e8), beta_of_counts(0, 10), beta_of_counts(20, 20)])
    quantiles = [sharp.quantile(p) for p in (0.025, 0.5, 0.975)]
    values = [q.value for q in quantiles]
    assert values == sorted(values)
    assert all(0 < q.value < 5 and q.within < 0.01 * q.value for q in quantiles)
    alone = BetaProduct(5.0, [beta_of_counts(0, 10), beta_of_counts(20, 20)])
    assert values == pytest.approx([alone.quantile(p).value for p in (0.025, 0.5, 0.975)], rel=1e-3)


def test_nothing_uncertain_is_a_number() -> None:
    assert BetaProduct(3.0, []).quantile(0.9).value == 3.0
    assert BetaProduct(3.0, []).sd == 0.0
