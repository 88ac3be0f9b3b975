"""Two looks at a normal statistic: go on with Z1 > c1, reject with Z2 > c2."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from equipoise.numerics.quadrature import panels

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Moments:
    """Means, standard deviations and correlation of the two statistics under some truth."""

    mean1: float
    mean2: float
    sd1: float = 1.0
    sd2: float = 1.0
    rho: float = 0.0


def both(c1: float, c2: float, m: Moments) -> float:
    """P(Z1 > c1, Z2 > c2), by quadrature over Z2 in panels as wide as the conditional standard deviation; to about 1e-12."""
    a1, a2 = (c1 - m.mean1) / m.sd1, (c2 - m.mean2) / m.sd2
    low, high = max(a2, -9.0), max(a2, 0.0) + 9.0
    spread = math.sqrt(max(1 - m.rho**2, 1e-12))
    count = min(max(2, math.ceil((high - low) * abs(m.rho) / spread / 6)), 400)
    z, width = panels(np.linspace(low, high, count + 1), 40)
    weight = width * np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
    return float(weight @ ndtr((m.rho * z - a1) / spread))


def final_boundary(c1: float, alpha: float, rho: float) -> float:
    """The c2 with P(Z1 > c1, Z2 > c2) = alpha under no effect; -inf if c1 alone keeps alpha."""
    from scipy.optimize import brentq

    null = Moments(0.0, 0.0, rho=rho)
    if float(ndtr(-c1)) <= alpha:
        return -math.inf
    high = float(ndtri(1 - alpha))  # without the first look; the first can only lower it
    return float(brentq(lambda c: both(c1, c, null) - alpha, -9.0, high + 1e-9, xtol=1e-12))
