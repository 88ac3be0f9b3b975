"""The meta-analytic-predictive prior: what trials of the past say of the next one, by quadrature over (mu, tau).

theta_h ~ N(mu, tau²) for each past trial h and for the next one; on the logit scale for rates (binomial likelihood), as it
stands for estimates with standard errors (log hazards). Neuenschwander, Capkun-Niggli, Branson & Spiegelhalter 2010,
doi:10.1177/1740774509356002; robust: Schmidli et al. 2014, doi:10.1111/biom.12242.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from equipoise.numerics.borrowing import logit_grid
from equipoise.numerics.borrowing.normal_mixture import NormalMixture
from equipoise.numerics.borrowing.rate_density import RateDensity
from equipoise.numerics.borrowing.spread_prior import SpreadPrior

Array = NDArray[np.float64]

#: On the logit scale tau beyond this is not looked at: there each trial would say nothing of the next.
MOST_TAU = 8.0


@dataclass(frozen=True, eq=False)
class Spread:
    """The posterior of tau: its nodes, their posterior weights and the marginal likelihood at each (logarithm)."""

    prior: SpreadPrior
    tau: Array
    weight: Array
    log_marginal: Array

    @property
    def mean(self) -> float:
        """Posterior mean of tau."""
        return float(self.weight @ self.tau)

    @property
    def sd(self) -> float:
        """Posterior standard deviation of tau."""
        return float(np.sqrt(self.weight @ (self.tau - self.mean) ** 2))

    @cached_property
    def _cumulated(self) -> tuple[Array, Array]:
        if len(self.tau) == 1:
            return self.tau, np.ones(1)
        fine = np.linspace(0, self.tau[-1], 8001)[1:]
        logs = CubicSpline(self.tau, self.log_marginal)(np.clip(fine, self.tau[0], self.tau[-1]))
        logs += self.prior.log_density(fine)
        total = np.cumsum(np.exp(logs - logs.max()))
        return fine, total / total[-1]

    def quantile(self, q: float) -> float:
        """Posterior quantile of tau, to about four digits."""
        fine, total = self._cumulated
        return float(np.interp(q, total, fine))


@dataclass(frozen=True, eq=False)
class MapRate:
    """The MAP prior of a rate, and what was learnt of tau."""

    prior: RateDensity
    spread: Spread


@dataclass(frozen=True, eq=False)
class MapNormal:
    """The MAP prior of an effect, and what was learnt of tau."""

    prior: NormalMixture
    spread: Spread


def map_rate(
    x: Sequence[float], n: Sequence[float], tau: SpreadPrior, mu_mean: float = 0.0, mu_sd: float = 2.0, nodes: int = 8
) -> MapRate:
    """From ``x`` successes among ``n`` patients in each past trial; mu ~ N(mu_mean, mu_sd²) on the logit scale.

    The integrals over each trial's own rate and over the next one's are convolutions with N(0, tau²); those over mu and tau
    are sums. ``nodes``: Gauss–Legendre nodes a panel of tau.
    """
    sds, prior = tau.nodes(nodes, MOST_TAU)
    likelihoods = np.array([logit_grid.likelihood(s, size) for s, size in zip(x, n, strict=True)])
    marginal = logit_grid.blurred(likelihoods, sds)  # (tau, trial, mu)
    with np.errstate(divide="ignore"):
        logs = np.log(marginal).sum(axis=1) - 0.5 * ((logit_grid.THETA - mu_mean) / mu_sd) ** 2
        largest = logs.max()
        of_mu = np.exp(logs - largest)
        log_marginal = np.log(of_mu.sum(axis=1)) + largest
        weight = np.log(prior) + log_marginal
    weight = np.exp(weight - weight.max())
    weight /= weight.sum()
    given = of_mu / np.maximum(of_mu.sum(axis=1, keepdims=True), 1e-300)
    predicted = sum(
        w * logit_grid.blurred(row, np.array([sd]))[0]
        for w, row, sd in zip(weight, given, sds, strict=True)
        if w > 1e-14
    )
    return MapRate(RateDensity.of(np.asarray(predicted)), Spread(tau, sds, weight, log_marginal))


def map_normal(
    estimate: Sequence[float],
    se: Sequence[float],
    tau: SpreadPrior,
    mu_mean: float = 0.0,
    mu_sd: float = 10.0,
    nodes: int = 8,
) -> MapNormal:
    """From estimates with standard errors, one a past trial; mu ~ N(mu_mean, mu_sd²). Given tau all is in closed form."""
    y, s = np.asarray(estimate, dtype=np.float64), np.asarray(se, dtype=np.float64)
    sds, prior = tau.nodes(nodes)
    precision = 1 / (s**2 + sds[:, None] ** 2)
    total = precision.sum(axis=1) + 1 / mu_sd**2
    centre = (precision @ y + mu_mean / mu_sd**2) / total
    # log N(y; mu_mean, V + mu_sd²) by completing the square
    quadratic = (precision * (y - mu_mean) ** 2).sum(axis=1) - (centre - mu_mean) ** 2 * total
    log_marginal = 0.5 * (np.log(precision).sum(axis=1) - np.log(total) - quadratic)
    weight = np.exp(np.log(prior) + log_marginal - (np.log(prior) + log_marginal).max())
    weight /= weight.sum()
    return MapNormal(NormalMixture(weight, centre, np.sqrt(1 / total + sds**2)), Spread(tau, sds, weight, log_marginal))
