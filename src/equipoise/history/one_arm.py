"""One historical arm alone: it tells its own rate, and nothing of how much trials differ."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaincinv, expit, log_expit, logit

from equipoise.numerics.quadrature import panels

Array = NDArray[np.float64]
#: What lies beyond on each side is left out of sums.
_OUT = 1e-15


def exact_interval(successes: float, n: float, conf_level: float = 0.95) -> tuple[float, float]:
    """Clopper & Pearson's interval (1934, doi:10.1093/biomet/26.4.404); counts need not be whole.

    >>> low, high = exact_interval(0, 20)
    >>> low, round(high, 12) == round(1 - 0.025 ** (1 / 20), 12)
    (0.0, True)
    """
    tail = (1 - conf_level) / 2
    low = 0.0 if successes <= 0 else float(betaincinv(successes, n - successes + 1, tail))
    high = 1.0 if successes >= n else float(betaincinv(successes + 1, n - successes, 1 - tail))
    return low, high


@dataclass(frozen=True)
class OneArmRate:
    """The rate of one arm as a distribution: a beta with Jeffreys' prior, (successes + ½, failures + ½).

    Where it stands for the next trial's rate, trials are taken not to differ: ``tau_mean`` is 0.
    """

    successes: float
    n: float

    @property
    def a(self) -> float:
        """First parameter."""
        return self.successes + 0.5

    @property
    def b(self) -> float:
        """Second parameter."""
        return self.n - self.successes + 0.5

    @property
    def method(self) -> str:
        """In words."""
        return (
            f"binomial, one arm: {self.successes:.4g} of {self.n:.4g}, Jeffreys' prior; trials are taken not to differ"
        )

    @property
    def tau_mean(self) -> float:
        """One arm tells no spread between trials."""
        return 0.0

    def cdf(self, rate: float) -> float:
        """P(rate ≤ ``rate``)."""
        return float(betainc(self.a, self.b, min(max(rate, 0.0), 1.0)))

    def quantile(self, p: float) -> float:
        """The rate below which it lies with probability ``p``. Raises ValueError unless 0 < p < 1."""
        if not 0 < p < 1:
            raise ValueError(f"p: got {p}; a probability between 0 and 1")
        return float(betaincinv(self.a, self.b, p))

    def mean(self) -> float:
        """The mean rate."""
        return self.a / (self.a + self.b)

    @cached_property
    def nodes(self) -> tuple[Array, Array]:
        """Rates (m,) and weights (m,) that add up to 1: Gauss–Legendre panels on the logit scale, where the density is smooth."""
        low, high = float(logit(betaincinv(self.a, self.b, _OUT))), -float(logit(betaincinv(self.b, self.a, _OUT)))
        middle = float(logit(self.mean()))
        # closer where most of the probability is
        t = np.linspace(0, 1, 25) ** 1.7
        edges = np.concatenate([middle - (middle - low) * t[:0:-1], middle + (high - middle) * t])
        x, width = panels(edges, 12)
        logs = self.a * log_expit(x) + self.b * log_expit(-x)
        weight = width * np.exp(logs - logs.max())
        return np.asarray(expit(x)), weight / weight.sum()

    def expect(self, f: Callable[[float], float]) -> float:
        """The mean of ``f(rate)``."""
        rates, weights = self.nodes
        return math.fsum(w * f(float(r)) for r, w in zip(rates, weights, strict=True) if w > 0)
