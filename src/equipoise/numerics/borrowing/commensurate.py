"""The commensurate prior: the control of today is a normal step away from that of history, and how long a step is uncertain.

theta ~ N(theta_0, s²), theta_0 as history has it. Spike and slab: with probability ``spike`` the step has SD ``spike_sd``
(today is history), else its precision 1/s² is uniform between ``slab_low`` and ``slab_high`` (Hobbs, Sargent & Carlin 2012,
doi:10.1214/12-BA722). Half-Cauchy: s has that prior. On the logit scale for rates, as it stands for log hazards.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from equipoise.numerics.borrowing import logit_grid
from equipoise.numerics.borrowing.beta_mixture import BetaMixture
from equipoise.numerics.borrowing.map_prior import MOST_TAU
from equipoise.numerics.borrowing.normal_mixture import NormalMixture
from equipoise.numerics.borrowing.rate_density import RateDensity
from equipoise.numerics.borrowing.spread_prior import SpreadPrior
from equipoise.numerics.quadrature import legendre

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Step:
    """How far today may be from history."""

    family: Literal["spike-and-slab", "half-cauchy"] = "spike-and-slab"
    spike: float = 0.5
    spike_sd: float = 0.07
    slab_low: float = 0.05
    slab_high: float = 2.0
    scale: float = 0.5

    def nodes(self) -> tuple[Array, Array]:
        """Values of s and their probabilities, which add up to 1."""
        if self.family == "half-cauchy":
            return SpreadPrior("half-cauchy", self.scale).nodes(most=MOST_TAU)
        x, w = legendre(24)
        precision = self.slab_low + (self.slab_high - self.slab_low) * (x + 1) / 2
        return np.append(1 / np.sqrt(precision), self.spike_sd), np.append((1 - self.spike) * w / 2, self.spike)


def rate_prior(x: float, n: float, step: Step) -> RateDensity:
    """From ``x`` successes of ``n`` in history's trials, pooled; Beta(1, 1) before history."""
    history = BetaMixture.of((1, 1 + x, 1 + n - x)).mass()
    s, w = step.nodes()
    return RateDensity.of(w @ logit_grid.blurred(history, s))


def normal_prior(estimate: float, se: float, step: Step) -> NormalMixture:
    """From history's estimate with its standard error; flat before history."""
    s, w = step.nodes()
    return NormalMixture(w, np.full(len(s), estimate), np.sqrt(se**2 + s**2))
