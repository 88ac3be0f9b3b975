"""The beta posterior of a rate and the beta-binomial prediction of what is to come."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincc, betaincinv, betaln, gammaln

from equipoise.numerics.quadrature import panels

Array = NDArray[np.float64]


def predictive(m: int, a: float, b: float) -> Array:
    """P(Y = y) for y = 0 … m future successes when the rate is Beta(a, b); shape (m + 1,)."""
    y = np.arange(m + 1)
    return np.asarray(
        np.exp(gammaln(m + 1) - gammaln(y + 1) - gammaln(m - y + 1) + betaln(a + y, b + m - y) - betaln(a, b))
    )


def beyond(p0: float, a: Any, b: Any) -> Array:
    """P(rate > p0) when the rate is Beta(a, b)."""
    return np.asarray(betaincc(a, b, p0))


def exceeds_other(a: float, b: float, other_a: float, other_b: float, delta: float = 0.0) -> float:
    """P(rate > other + delta) for independent Beta(a, b) and Beta(other_a, other_b).

    By Gauss–Legendre panels on the scale t, other = sin² t, on which the square-root edges of flat priors are smooth; the range
    is split where other + delta reaches 1. To about 1e-10 for parameters from 0.5 to thousands.
    """
    # where all but 1e-15 of the other's probability lies, and other + delta stays below 1
    low = float(betaincinv(other_a, other_b, 1e-15))
    high = 1.0 - float(betaincinv(other_b, other_a, 1e-15))
    high = min(high, 1.0 - max(delta, 0.0))
    if high <= low:
        return 0.0
    edges = np.linspace(math.asin(math.sqrt(low)), math.asin(math.sqrt(high)), 61)
    t, width = panels(edges, 20)
    other = np.sin(t) ** 2
    logs = (2 * other_a - 1) * np.log(np.sin(t)) + (2 * other_b - 1) * np.log(np.cos(t)) - betaln(other_a, other_b)
    density = 2 * np.exp(logs)
    return float((width * density) @ betaincc(a, b, np.clip(other + delta, 0.0, 1.0)))
