"""The beta posterior of a rate and the beta-binomial prediction of what is to come."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaincc, betaln, gammaln, roots_jacobi

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


def exceeds_other(a: float, b: float, other_a: float, other_b: float, delta: float = 0.0, nodes: int = 200) -> float:
    """P(rate > other + delta) for independent Beta(a, b) and Beta(other_a, other_b).

    By Gauss–Jacobi quadrature in the other's own weight, so that its density is never evaluated: with 200 nodes right
    to about 1e-9 for parameters of 0.1 and more.
    """
    x, w = roots_jacobi(nodes, other_b - 1, other_a - 1)
    rate = (x + 1) / 2
    edge = np.clip(rate + delta, 0.0, 1.0)
    return float((w * (1 - betainc(a, b, edge))).sum() / w.sum())
