"""A mixture of beta distributions: a prior of a rate whose posterior is again one, in closed form."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import betainc, betaincc, betaln, gammaln

from equipoise.numerics.borrowing import logit_grid
from equipoise.numerics.borrowing.effective_size import EffectiveSize, Place, elir, mode, moment, morita_rate

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class BetaMixture:
    """Weights that add up to 1, and the parameters of each component; all of shape (K,)."""

    weights: Array
    a: Array
    b: Array

    @classmethod
    def of(cls, *components: Sequence[float]) -> Self:
        """From (weight, a, b), weights in proportion.

        >>> BetaMixture.of((1, 4, 16)).mean
        0.2
        """
        w, a, b = np.array(components, dtype=np.float64).T
        return cls(w / w.sum(), a, b)

    @property
    def mean(self) -> float:
        """Mean of the rate."""
        return float(self.weights @ (self.a / (self.a + self.b)))

    @property
    def sd(self) -> float:
        """Standard deviation of the rate."""
        n = self.a + self.b
        second = self.weights @ (self.a * (self.a + 1) / (n * (n + 1)))
        return math.sqrt(max(float(second - self.mean**2), 0.0))

    def density(self, p: Array) -> Array:
        """Density at rates strictly between 0 and 1."""
        x = np.asarray(p)[..., None]
        logs = (self.a - 1) * np.log(x) + (self.b - 1) * np.log1p(-x) - betaln(self.a, self.b)
        return np.asarray(np.exp(logs) @ self.weights)

    def cdf(self, p: float) -> float:
        """P(rate ≤ p)."""
        return float(self.weights @ betainc(self.a, self.b, p))

    def beyond(self, p: float) -> float:
        """P(rate > p)."""
        return float(self.weights @ betaincc(self.a, self.b, p))

    def quantile(self, q: float) -> float:
        """The rate that is not exceeded with probability ``q``."""
        return float(brentq(lambda p: self.cdf(p) - q, 0.0, 1.0, xtol=1e-14))

    def predictive(self, m: int) -> Array:
        """P(Y = y) for y = 0 … m successes to come, shape (m + 1,): a mixture of beta-binomials."""
        y = np.arange(m + 1)[:, None]
        logs = betaln(self.a + y, self.b + m - y) - betaln(self.a, self.b)
        logs = logs + gammaln(m + 1) - gammaln(y + 1) - gammaln(m - y + 1)
        return np.asarray(np.exp(logs) @ self.weights)

    def posterior(self, x: int, n: int) -> BetaMixture:
        """After ``x`` successes among ``n``: each component is updated, and weighed by how well it foresaw the data."""
        a, b = self.a + x, self.b + n - x
        with np.errstate(divide="ignore"):
            logs = np.log(self.weights) + betaln(a, b) - betaln(self.a, self.b)
        w = np.exp(logs - logs.max())
        return BetaMixture(w / w.sum(), a, b)

    def robust(self, weight: float, mean: float = 0.5, n: float = 2.0) -> BetaMixture:
        """With a vague component of this ``weight`` besides: a beta worth ``n`` patients (Schmidli 2014)."""
        return BetaMixture(
            np.append((1 - weight) * self.weights, weight),
            np.append(self.a, n * mean),
            np.append(self.b, n * (1 - mean)),
        )

    def mass(self) -> Array:
        """Probability at each point of the grid of ``logit_grid``, adds up to 1."""
        theta = logit_grid.THETA
        log_p, log_q = -np.logaddexp(0, -theta), -np.logaddexp(0, theta)
        found = np.zeros_like(theta)
        for w, a, b in zip(self.weights, self.a, self.b, strict=True):
            found += w * np.exp(a * log_p + b * log_q - betaln(a, b))
        return np.asarray(found / found.sum())

    def _slope(self) -> Array:
        """d log f / d logit on the grid."""
        theta, p = logit_grid.THETA, logit_grid.RATE
        log_p, log_q = -np.logaddexp(0, -theta), -np.logaddexp(0, theta)
        logs = np.log(self.weights + 1e-300)[:, None] + (self.a - 1)[:, None] * log_p + (self.b - 1)[:, None] * log_q
        logs -= betaln(self.a, self.b)[:, None]
        share = np.exp(logs - logs.max(axis=0))
        share /= share.sum(axis=0)
        return np.asarray((share * ((self.a - 1)[:, None] * (1 - p) - (self.b - 1)[:, None] * p)).sum(axis=0))

    def effective_size(self) -> EffectiveSize:
        """What the prior is worth, in patients."""
        return EffectiveSize(
            elir(self.mass(), self._slope()) if min(self.a.min(), self.b.min()) >= 1 else None,
            moment(self.mean, self.sd),
            morita=self.morita(),
        )

    def morita(self, at: Place = "mean", vague: float = math.inf) -> float:
        """Morita's size: at the mean as in the paper, or at the mode with a large constant ``vague`` of 100 as in RBesT.

        >>> BetaMixture.of((1, 5, 15)).morita()
        20.0
        """
        p = self.mean
        if at == "mode":
            p = mode(lambda x: float(self.density(np.array(x))), 0.0, 1.0)
        parts = self.weights * np.exp(
            (self.a - 1) * math.log(p) + (self.b - 1) * math.log1p(-p) - betaln(self.a, self.b)
        )
        share = parts / parts.sum()
        first = (self.a - 1) / p - (self.b - 1) / (1 - p)
        second = -(self.a - 1) / p**2 - (self.b - 1) / (1 - p) ** 2
        slope = float(share @ first)
        return round(morita_rate(slope**2 - float(share @ (second + first**2)), p, self.mean, vague), 12)
