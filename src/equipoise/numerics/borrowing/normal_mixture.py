"""A mixture of normals: a prior of a log hazard or a log hazard ratio whose posterior is again one, in closed form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr

from equipoise.numerics.borrowing.effective_size import EffectiveSize, Place, mode
from equipoise.numerics.quadrature import panels

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class NormalMixture:
    """Weights that add up to 1, and mean and SD of each component; all of shape (K,)."""

    weights: Array
    means: Array
    sds: Array

    @classmethod
    def of(cls, *components: Sequence[float]) -> Self:
        """From (weight, mean, sd), weights in proportion."""
        w, m, s = np.array(components, dtype=np.float64).T
        return cls(w / w.sum(), m, s)

    @property
    def mean(self) -> float:
        """Mean."""
        return float(self.weights @ self.means)

    @property
    def sd(self) -> float:
        """Standard deviation."""
        return float(np.sqrt(self.weights @ (self.sds**2 + (self.means - self.mean) ** 2)))

    def density(self, x: Array) -> Array:
        """Density at ``x``."""
        z = (np.asarray(x)[..., None] - self.means) / self.sds
        return np.asarray(np.exp(-0.5 * z**2) / (self.sds * np.sqrt(2 * np.pi)) @ self.weights)

    def cdf(self, x: float) -> float:
        """P(effect ≤ x)."""
        return float(self.weights @ ndtr((x - self.means) / self.sds))

    def quantile(self, q: float) -> float:
        """The value that is not exceeded with probability ``q``."""
        low, high = (float(f(self.means + k * self.sds)) for f, k in ((np.min, -9.0), (np.max, 9.0)))
        return float(brentq(lambda x: self.cdf(x) - q, low, high, xtol=1e-13))

    def posterior(self, estimate: float, se: float) -> NormalMixture:
        """After an estimate with a standard error: each component is updated, and weighed by how well it foresaw it."""
        spread = np.sqrt(self.sds**2 + se**2)
        with np.errstate(divide="ignore"):
            logs = np.log(self.weights) - np.log(spread) - 0.5 * ((estimate - self.means) / spread) ** 2
        w = np.exp(logs - logs.max())
        variance = 1 / (1 / self.sds**2 + 1 / se**2)
        return NormalMixture(w / w.sum(), variance * (self.means / self.sds**2 + estimate / se**2), np.sqrt(variance))

    def robust(self, weight: float, mean: float, sd: float) -> NormalMixture:
        """With a vague component of this ``weight`` besides."""
        return NormalMixture(
            np.append((1 - weight) * self.weights, weight), np.append(self.means, mean), np.append(self.sds, sd)
        )

    def minus(self, other: NormalMixture) -> NormalMixture:
        """The distribution of this effect minus an independent other one."""
        return NormalMixture(
            np.multiply.outer(self.weights, other.weights).ravel(),
            np.subtract.outer(self.means, other.means).ravel(),
            np.sqrt(np.add.outer(self.sds**2, other.sds**2)).ravel(),
        )

    def effective_size(self, unit_sd: float = 1.0, unit: str = "events") -> EffectiveSize:
        """What the prior is worth, in observations of standard deviation ``unit_sd``: of a log hazard, 1 an event.

        ELIR is unit_sd² E[-(log f)''] = unit_sd² E[((log f)')²].
        """
        ends = np.unique(np.concatenate([self.means + k * self.sds for k in (-9, -4, -2, -1, 0, 1, 2, 4, 9)]))
        if len(ends) > 400:
            ends = np.linspace(ends[0], ends[-1], 400)
        at, width = panels(ends, 40)
        z = (at[:, None] - self.means) / self.sds
        parts = np.exp(-0.5 * z**2) / (self.sds * np.sqrt(2 * np.pi)) * self.weights
        f, slope = parts.sum(axis=1), -(parts * z / self.sds).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = np.where(f > 1e-280, slope**2 / f, 0.0)
        size = unit_sd**2 * float(width @ terms)
        return EffectiveSize(size, unit_sd**2 / self.sd**2, unit, self.morita(unit_sd))

    def morita(self, unit_sd: float = 1.0, at: Place = "mean") -> float:
        """Morita's size, against a flat prior: unit_sd² · -(log f)'' at the mean (the paper) or the mode (RBesT); 0 where negative."""
        x = self.mean
        if at == "mode":
            ends = float(self.means.min()) - 1e-9, float(self.means.max()) + 1e-9
            x = mode(lambda v: float(self.density(np.array(v))), *ends)
        z = (x - self.means) / self.sds
        parts = np.exp(-0.5 * z**2) / self.sds * self.weights
        share = parts / parts.sum()
        first, second = -z / self.sds, -1 / self.sds**2
        return max(unit_sd**2 * (float(share @ first) ** 2 - float(share @ (second + first**2))), 0.0)
