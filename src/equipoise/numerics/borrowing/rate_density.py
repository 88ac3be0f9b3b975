"""A density of a rate on the grid of logits: for priors that are no mixture of betas, such as the MAP prior."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import betaln, gammaln

from equipoise.numerics.borrowing import logit_grid
from equipoise.numerics.borrowing.effective_size import EffectiveSize, Place, elir, mode, moment, morita_rate

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RateDensity:
    """Probability at each point of ``logit_grid``; adds up to 1."""

    masses: Array

    @classmethod
    def of(cls, values: Array) -> RateDensity:
        """From values in proportion to the density of the logit."""
        return cls(values / values.sum())

    def mass(self) -> Array:
        """Probability at each point of the grid."""
        return self.masses

    @property
    def mean(self) -> float:
        """Mean of the rate."""
        return float(self.masses @ logit_grid.RATE)

    @property
    def sd(self) -> float:
        """Standard deviation of the rate."""
        return float(np.sqrt(self.masses @ (logit_grid.RATE - self.mean) ** 2))

    def density(self, p: Array) -> Array:
        """Density at rates strictly between 0 and 1, by the band-limited function through the masses."""
        p = np.asarray(p, dtype=np.float64)
        theta = np.log(p) - np.log1p(-p)
        near = np.sinc((theta[..., None] - logit_grid.THETA) / logit_grid.STEP) @ self.masses
        return np.asarray(near / logit_grid.STEP / (p * (1 - p)))

    def cdf(self, p: float) -> float:
        """P(rate ≤ p)."""
        return logit_grid.cdf(self.masses, p)

    def beyond(self, p: float) -> float:
        """P(rate > p)."""
        return 1 - self.cdf(p)

    def quantile(self, q: float) -> float:
        """The rate that is not exceeded with probability ``q``."""
        return float(brentq(lambda p: self.cdf(p) - q, 1e-12, 1 - 1e-12, xtol=1e-12))

    def predictive(self, m: int) -> Array:
        """P(Y = y) for y = 0 … m successes to come, shape (m + 1,)."""
        y = np.arange(m + 1)[:, None]
        theta = logit_grid.THETA
        counts = gammaln(m + 1) - gammaln(y + 1) - gammaln(m - y + 1)
        logs = counts - y * np.logaddexp(0, -theta) - (m - y) * np.logaddexp(0, theta)
        return np.asarray(np.exp(logs) @ self.masses)

    def posterior(self, x: int, n: int) -> RateDensity:
        """After ``x`` successes among ``n``."""
        return RateDensity.of(self.masses * logit_grid.likelihood(x, n))

    def robust(self, weight: float, mean: float = 0.5, n: float = 2.0) -> RateDensity:
        """With a vague component of this ``weight`` besides: a beta worth ``n`` patients (Schmidli 2014)."""
        a, b = n * mean, n * (1 - mean)
        theta = logit_grid.THETA
        vague = np.exp(-a * np.logaddexp(0, -theta) - b * np.logaddexp(0, theta) - betaln(a, b))
        return RateDensity((1 - weight) * self.masses + weight * vague / vague.sum())

    def effective_size(self) -> EffectiveSize:
        """What the prior is worth, in patients."""
        # of the rate's density, f = (density of the logit) / (p (1 - p))
        slope = logit_grid.slope(self.masses) - (1 - 2 * logit_grid.RATE)
        return EffectiveSize(
            elir(self.masses, slope, logit_grid.ROUNDING), moment(self.mean, self.sd), morita=self.morita()
        )

    def morita(self, at: Place = "mean", vague: float = math.inf) -> float:
        """Morita's size: at the mean as in the paper, or at the mode with a large constant ``vague`` of 100 as in RBesT."""
        p = self.mean
        if at == "mode":
            p = mode(lambda x: float(self.density(np.array(x))), 1e-6, 1 - 1e-6, 1001)
        slope, curve = logit_grid.curvature(self.masses, p)
        # of the rate's density, f = (density of the logit) / (p (1 - p))
        v, d = p * (1 - p), 1 - 2 * p
        return morita_rate(-(curve + 2 * v - (slope - d) * d) / v**2, p, self.mean, vague)
