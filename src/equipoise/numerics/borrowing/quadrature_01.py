"""Nodes and weights on (0, 1) for a Beta(c, d) weight, fine near both ends: the power of a power prior."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln

Array = NDArray[np.float64]


@lru_cache(maxsize=16)
def beta_nodes(c: float, d: float, nodes: int = 121) -> tuple[Array, Array]:
    """Nodes and weights, which add up to 1. Double-exponential (tanh–sinh) steps: they crowd towards 0 and 1, where a power
    prior of a large trial changes from nothing to much."""
    u = np.linspace(-3.6, 3.6, nodes)
    z = np.pi * np.sinh(u)
    log_t, log_s = -np.logaddexp(0, -z), -np.logaddexp(0, z)
    # dt/du = t (1 - t) pi cosh(u)
    logs = c * log_t + d * log_s + np.log(np.cosh(u)) - betaln(c, d)
    weight = np.exp(logs - logs.max())
    t, w = np.exp(log_t), weight / weight.sum()
    t.setflags(write=False)
    w.setflags(write=False)
    return t, w
