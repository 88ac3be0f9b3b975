"""Simulation-based calibration of every posterior: draw the truth from the prior, the data from the truth; the posterior's
probability of less than the truth is then uniform. Talts et al. 2018, arXiv:1804.06788; with exact posteriors no ranks are
needed, the posterior's own distribution function is the rank. For counts nothing is randomised: the truth is continuous."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import chisquare

from equipoise.numerics.borrowing import commensurate, power_prior
from equipoise.numerics.borrowing.beta_mixture import BetaMixture
from equipoise.numerics.borrowing.gamma_mixture import GammaMixture
from equipoise.numerics.borrowing.map_prior import map_normal, map_rate
from equipoise.numerics.borrowing.normal_mixture import NormalMixture
from equipoise.numerics.borrowing.spread_prior import SpreadPrior

Rng = np.random.Generator
STEP = commensurate.Step("spike-and-slab", 0.5, 0.1, 0.3, 2.0)


def draw(rng: Rng, weights: np.ndarray) -> int:
    return int(rng.choice(len(weights), p=weights / weights.sum()))


def robust_beta(rng: Rng) -> float:
    prior = BetaMixture.of((0.6, 9, 20), (0.4, 3, 4)).robust(0.2)
    k = draw(rng, prior.weights)
    p = rng.beta(prior.a[k], prior.b[k])
    return prior.posterior(rng.binomial(25, p), 25).cdf(p)


def normalised_power(rng: Rng) -> float:
    powers = power_prior.uncertain(1, 1)
    prior = power_prior.rate_prior(30, 70, powers)
    a0 = rng.uniform()
    p = rng.beta(1 + 30 * a0, 1 + 40 * a0)
    return prior.posterior(rng.binomial(30, p), 30).cdf(p)


def commensurate_rate(rng: Rng) -> float:
    history = rng.beta(31, 41)
    sd = 0.1 if rng.uniform() < 0.5 else 1 / np.sqrt(rng.uniform(0.3, 2.0))
    p = expit(np.log(history / (1 - history)) + sd * rng.normal())
    return commensurate.rate_prior(30, 70, STEP).posterior(rng.binomial(30, p), 30).cdf(p)


def commensurate_normal(rng: Rng) -> float:
    history = rng.normal(-0.3, 0.1)
    sd = 0.1 if rng.uniform() < 0.5 else 1 / np.sqrt(rng.uniform(0.3, 2.0))
    theta = history + sd * rng.normal()
    return commensurate.normal_prior(-0.3, 0.1, STEP).posterior(theta + 0.2 * rng.normal(), 0.2).cdf(theta)


def hazard(rng: Rng) -> float:
    prior = power_prior.hazard_prior(20, 100, power_prior.uncertain(), 2, 10)
    a0 = rng.uniform()
    h = rng.gamma(2 + 20 * a0) / (10 + 100 * a0)
    return prior.posterior(rng.poisson(h * 40), 40).cdf(h)


def robust_gamma(rng: Rng) -> float:
    prior = GammaMixture.of((1, 12, 60)).robust(0.3, 2.0)
    k = draw(rng, prior.weights)
    h = rng.gamma(prior.shapes[k]) / prior.rates[k]
    time = rng.gamma(8) / h  # followed to the eighth event
    return prior.posterior(8, time).cdf(h)


def power_normal(rng: Rng) -> float:
    prior = power_prior.normal_prior(-0.3, 0.15, power_prior.uncertain(), 0, 1)
    k = draw(rng, prior.weights)
    theta = rng.normal(prior.means[k], prior.sds[k])
    return prior.posterior(rng.normal(theta, 0.2), 0.2).cdf(theta)


def map_of_normals(rng: Rng) -> float:
    mu, tau = rng.normal(0, 1), abs(rng.normal(0, 0.5))
    theta = rng.normal(mu, tau, 5)
    se = np.array([0.1, 0.2, 0.3, 0.2, 0.25])
    y = rng.normal(theta, se)
    prior = map_normal(y[:4], se[:4], SpreadPrior("half-normal", 0.5), 0, 1).prior
    return prior.posterior(y[4], se[4]).cdf(theta[4])


def robust_map_of_normals(rng: Rng) -> float:
    prior = map_normal([-0.2, 0.1], [0.2, 0.3], SpreadPrior("half-normal", 0.5), 0, 1).prior.robust(0.3, 0.0, 1.0)
    k = draw(rng, prior.weights)
    theta = rng.normal(prior.means[k], prior.sds[k])
    return prior.posterior(rng.normal(theta, 0.3), 0.3).cdf(theta)


def normal_mixture(rng: Rng) -> float:
    prior = NormalMixture.of((0.7, 0, 0.2), (0.3, 1, 1))
    k = draw(rng, prior.weights)
    theta = rng.normal(prior.means[k], prior.sds[k])
    return prior.posterior(rng.normal(theta, 0.4), 0.4).cdf(theta)


def map_of_rates(rng: Rng) -> float:
    mu, tau = rng.normal(0, 1), abs(rng.normal(0, 0.5))
    p = expit(rng.normal(mu, tau, 4))
    n = [30, 50, 40, 20]
    x = [int(rng.binomial(m, q)) for m, q in zip(n, p, strict=True)]
    prior = map_rate(x[:3], n[:3], SpreadPrior("half-normal", 0.5), 0, 1, nodes=4).prior
    return prior.posterior(x[3], n[3]).cdf(p[3])


@pytest.mark.independent
@pytest.mark.parametrize(
    ("one", "times"),
    [
        (robust_beta, 1000), (normalised_power, 600), (commensurate_rate, 200), (commensurate_normal, 1000), (hazard, 1000),
        (robust_gamma, 1000), (power_normal, 1000), (map_of_normals, 1000), (robust_map_of_normals, 1000),
        (normal_mixture, 1000), (map_of_rates, 60),
    ],
)  # fmt: skip
@pytest.mark.thorough
def test_every_posterior_is_calibrated(one: Callable[[Rng], float], times: int) -> None:
    rng = np.random.default_rng(2012)
    found = np.array([one(rng) for _ in range(times)])
    assert ((found >= 0) & (found <= 1)).all()
    counts = np.histogram(found, bins=10, range=(0, 1))[0]
    assert counts.sum() == times
    assert chisquare(counts).pvalue > 0.001


def test_a_posterior_that_is_too_sure_is_found_out() -> None:
    """The test can fail: history taken at full weight where its truth is drawn with a random one."""
    rng = np.random.default_rng(2012)
    pooled = power_prior.rate_prior(30, 70, power_prior.fixed(1.0))
    found = []
    for _ in range(600):
        a0 = rng.uniform()
        p = rng.beta(1 + 30 * a0, 1 + 40 * a0)
        found.append(pooled.posterior(rng.binomial(30, p), 30).cdf(p))
    assert chisquare(np.histogram(found, bins=10, range=(0, 1))[0]).pvalue < 0.001
