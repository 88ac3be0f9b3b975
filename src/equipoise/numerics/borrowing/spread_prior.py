"""Priors of tau, the standard deviation between trials, as nodes and weights."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from equipoise.numerics.quadrature import panels

Array = NDArray[np.float64]
Family = Literal["half-normal", "half-cauchy", "half-t", "uniform", "fixed"]

#: Ends of the panels, in multiples of the scale: from a hundredth of it to where nothing is left.
_PANELS = {
    "half-normal": (0.0, 0.0625, 0.25, 0.75, 1.75, 3.5, 6.5),
    "uniform": (0.0, 0.015625, 0.0625, 0.25, 0.5, 1.0),
    "half-cauchy": (0.0, 0.125, 0.5, 1.5, 4.0, 12.0, 40.0),
    "half-t": (0.0, 0.125, 0.5, 1.5, 4.0, 12.0, 40.0),
}


@dataclass(frozen=True)
class SpreadPrior:
    """``scale``: of the half-normal, half-Cauchy or half-t (``df`` degrees of freedom), the upper end of the uniform, or tau.

    The half-Cauchy and half-t end at 40 scales.
    """

    family: Family = "half-normal"
    scale: float = 1.0
    df: float = 3.0

    def nodes(self, each: int = 8, most: float = math.inf) -> tuple[Array, Array]:
        """Values of tau and their prior probabilities, which add up to 1. Values beyond ``most`` are left out."""
        if self.family == "fixed":
            return np.array([self.scale]), np.array([1.0])
        ends = np.unique(np.minimum(self.scale * np.array(_PANELS[self.family]), most))
        tau, width = panels(ends, each)
        weight = width * np.exp(self.log_density(tau))
        return tau, weight / weight.sum()

    def log_density(self, tau: Array) -> Array:
        """Logarithm of the density, up to a constant for the truncated ones."""
        z = tau / self.scale
        if self.family == "half-normal":
            return np.asarray(-0.5 * z**2 + 0.5 * math.log(2 / math.pi) - math.log(self.scale))
        if self.family == "uniform":
            return np.zeros_like(z) - math.log(self.scale)
        df = 1.0 if self.family == "half-cauchy" else self.df
        constant = gammaln((df + 1) / 2) - gammaln(df / 2) - 0.5 * math.log(df * math.pi) + math.log(2 / self.scale)
        return np.asarray(constant - (df + 1) / 2 * np.log1p(z**2 / df))

    def __str__(self) -> str:
        if self.family == "fixed":
            return f"tau = {self.scale:g}"
        df = f" with {self.df:g} degrees of freedom" if self.family == "half-t" else ""
        return (
            f"tau {self.family} (0, {self.scale:g}){df}"
            if self.family == "uniform"
            else f"tau {self.family} of scale {self.scale:g}{df}"
        )
