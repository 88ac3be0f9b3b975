"""The ways of borrowing by their names, for a rate and for a log hazard: what the designs, the check and the answers share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincc

from equipoise.numerics.borrowing import commensurate, logit_grid, power_prior
from equipoise.numerics.borrowing.beta_mixture import BetaMixture
from equipoise.numerics.borrowing.map_prior import map_normal, map_rate
from equipoise.numerics.borrowing.normal_mixture import NormalMixture
from equipoise.numerics.borrowing.rate_density import RateDensity
from equipoise.numerics.borrowing.spread_prior import SpreadPrior

Array = NDArray[np.float64]
Method = Literal["robust-map", "map", "power", "normalised-power", "commensurate", "pooled", "none"]
METHODS: tuple[Method, ...] = ("robust-map", "map", "power", "normalised-power", "commensurate", "pooled", "none")
RatePrior = BetaMixture | RateDensity


@dataclass(frozen=True)
class Borrowing:
    """A way of borrowing. ``weight``: of the vague part of a robust MAP prior, or of the slab. ``a0``: a fixed power."""

    method: Method = "robust-map"
    tau: SpreadPrior = field(default_factory=lambda: SpreadPrior("half-normal", 0.5))
    weight: float = 0.2
    a0: float = 0.5

    def rate_prior(self, x: Sequence[float], n: Sequence[float]) -> RatePrior:
        """The prior of today's control rate from ``x`` successes among ``n`` in each historical arm."""
        total = sum(x), sum(n)
        match self.method:
            case "robust-map":
                return map_rate(x, n, self.tau).prior.robust(self.weight)
            case "map":
                return map_rate(x, n, self.tau).prior
            case "power":
                return power_prior.rate_prior(*total, power_prior.fixed(self.a0))
            case "normalised-power":
                return power_prior.rate_prior(*total, power_prior.uncertain())
            case "commensurate":
                return commensurate.rate_prior(*total, commensurate.Step(spike=1 - self.weight))
            case "pooled":
                return power_prior.rate_prior(*total, power_prior.fixed(1.0))
            case "none":
                return BetaMixture.of((1, 1, 1))

    def log_hazard_prior(self, estimate: Sequence[float], se: Sequence[float]) -> NormalMixture:
        """The prior of today's control log hazard from an estimate with its standard error for each historical arm.

        The vague part is centred on history and worth one event. Power and commensurate priors take the arms pooled.
        """
        y, s = np.asarray(estimate), np.asarray(se)
        precision = (1 / s**2).sum()
        centre, pooled = float((y / s**2).sum() / precision), float(1 / np.sqrt(precision))
        match self.method:
            case "robust-map" | "map":
                found = map_normal(estimate, se, self.tau, centre, 2.0).prior
                return found if self.method == "map" else found.robust(self.weight, centre, 1.0)
            case "power":
                return power_prior.normal_prior(centre, pooled, power_prior.fixed(self.a0))
            case "normalised-power":
                return power_prior.normal_prior(centre, pooled, power_prior.uncertain())
            case "commensurate":
                return commensurate.normal_prior(centre, pooled, commensurate.Step(spike=1 - self.weight))
            case "pooled":
                return power_prior.normal_prior(centre, pooled, power_prior.fixed(1.0))
            case "none":
                return NormalMixture.of((1, centre, 10.0))

    def __str__(self) -> str:
        match self.method:
            case "robust-map":
                return f"a robust meta-analytic-predictive prior ({self.tau}; {self.weight:.0%} of it vague)"
            case "map":
                return f"a meta-analytic-predictive prior ({self.tau})"
            case "power":
                return f"a power prior with history to the power {self.a0:g}"
            case "normalised-power":
                return "a normalised power prior (power uniform from 0 to 1)"
            case "commensurate":
                return f"a commensurate prior (spike of probability {1 - self.weight:g} and slab)"
            case "pooled":
                return "history pooled with the controls, patient for patient"
            case "none":
                return "no borrowing (a uniform prior)"


def exceedance(nx: int, ny: int, control: RatePrior, a: float = 1.0, b: float = 1.0, delta: float = 0.0) -> Array:
    """P(tested rate > control rate + delta) after each outcome, (nx + 1, ny + 1); the tested arm's prior is Beta(a, b)."""
    mass = control.mass()
    theta, rate = logit_grid.THETA, logit_grid.RATE
    keep = mass > 1e-15
    y = np.arange(ny + 1)[:, None]
    logs = np.log(mass[keep]) - y * np.logaddexp(0, -theta[keep]) - (ny - y) * np.logaddexp(0, theta[keep])
    after = np.exp(logs - logs.max(axis=1, keepdims=True))
    after /= after.sum(axis=1, keepdims=True)
    x = np.arange(nx + 1)[:, None]
    above = betaincc(a + x, b + nx - x, np.clip(rate[keep] + delta, 0.0, 1.0))
    return np.asarray(above @ after.T)
