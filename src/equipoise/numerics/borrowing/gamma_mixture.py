"""A mixture of gammas: a prior of a constant hazard whose posterior is again one, in closed form.

For a piecewise constant hazard take one for each piece, with the events and the time at risk in it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import betainc, gammainc, gammaincinv, gammaln

from equipoise.numerics.borrowing.effective_size import EffectiveSize
from equipoise.numerics.quadrature import panels

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class GammaMixture:
    """Weights that add up to 1, shapes and rates [the unit of time] of the components; all of shape (K,)."""

    weights: Array
    shapes: Array
    rates: Array

    @classmethod
    def of(cls, *components: Sequence[float]) -> Self:
        """From (weight, shape, rate), weights in proportion."""
        w, a, b = np.array(components, dtype=np.float64).T
        return cls(w / w.sum(), a, b)

    @property
    def mean(self) -> float:
        """Mean of the hazard."""
        return float(self.weights @ (self.shapes / self.rates))

    @property
    def sd(self) -> float:
        """Standard deviation of the hazard."""
        second = self.weights @ (self.shapes * (self.shapes + 1) / self.rates**2)
        return math.sqrt(max(float(second - self.mean**2), 0.0))

    def cdf(self, hazard: float) -> float:
        """P(hazard ≤ ``hazard``)."""
        return float(self.weights @ gammainc(self.shapes, self.rates * hazard))

    def quantile(self, q: float) -> float:
        """The hazard that is not exceeded with probability ``q``."""
        each = gammaincinv(self.shapes, q) / self.rates
        low, high = float(each.min()), float(each.max())
        return low if high - low < 1e-15 else float(brentq(lambda h: self.cdf(h) - q, low, high, xtol=1e-15))

    def posterior(self, events: float, time: float) -> GammaMixture:
        """After ``events`` over a total ``time`` at risk: each component is updated, and weighed by how well it foresaw them."""
        shapes, rates = self.shapes + events, self.rates + time
        with np.errstate(divide="ignore"):
            logs = np.log(self.weights) + self.shapes * np.log(self.rates) - gammaln(self.shapes)
        logs = logs + gammaln(shapes) - shapes * np.log(rates)
        w = np.exp(logs - logs.max())
        return GammaMixture(w / w.sum(), shapes, rates)

    def robust(self, weight: float, events: float = 1.0) -> GammaMixture:
        """With a vague component of this ``weight`` besides: the same mean, worth ``events`` events."""
        return GammaMixture(
            np.append((1 - weight) * self.weights, weight),
            np.append(self.shapes, events),
            np.append(self.rates, events / self.mean),
        )

    def below(self, other: GammaMixture) -> float:
        """P(this hazard < an independent other): an incomplete beta for each pair of components."""
        a, b = self.shapes[:, None], self.rates[:, None]
        pairs = betainc(a, other.shapes, b / (b + other.rates))
        return float(self.weights @ pairs @ other.weights)

    def effective_size(self) -> EffectiveSize:
        """What the prior is worth, in events, for exponential times: of one component ELIR is its shape - 1, moment its shape."""
        if self.shapes.min() <= 1:
            return EffectiveSize(None, (self.mean / self.sd) ** 2, "events", self.morita())
        tail = np.array([1e-14, 1e-6, 1e-3, 0.02, 0.1, 0.5, 0.9, 0.98, 0.999, 1 - 1e-6, 1 - 1e-14])
        ends = np.unique(gammaincinv(self.shapes[:, None], tail) / self.rates[:, None])
        if len(ends) > 400:
            ends = np.geomspace(ends[0], ends[-1], 400)
        at, width = panels(ends, 40)
        h = at[:, None]
        logs = self.shapes * np.log(self.rates) - gammaln(self.shapes) + (self.shapes - 1) * np.log(h) - self.rates * h
        parts = np.exp(logs) * self.weights
        f = parts.sum(axis=1)
        slope = (parts * ((self.shapes - 1) / h - self.rates)).sum(axis=1)
        # E[-(log f)'' h²] by parts: E[2 h (log f)' + h² ((log f)')²]
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = np.where(f > 1e-280, 2 * at * slope + at**2 * slope**2 / f, 0.0)
        return EffectiveSize(float(width @ terms), (self.mean / self.sd) ** 2, "events", self.morita())

    def morita(self) -> float:
        """Morita's size for exponential times, at the mean: the events after which Gamma(0, 0) is as curved; 0 where negative.

        >>> GammaMixture.of((1, 12, 40)).morita()
        12.0
        """
        h = self.mean
        logs = (
            self.shapes * np.log(self.rates) - gammaln(self.shapes) + (self.shapes - 1) * math.log(h) - self.rates * h
        )
        parts = self.weights * np.exp(logs - logs.max())
        share = parts / parts.sum()
        first, second = (self.shapes - 1) / h - self.rates, -(self.shapes - 1) / h**2
        information = float(share @ first) ** 2 - float(share @ (second + first**2))
        return max(round(information * h**2 + 1, 12), 0.0)
