"""Power priors: the likelihood of history to a power a0 between 0 (ignored) and 1 (pooled).

Fixed: a0 is given (Ibrahim & Chen 2000, doi:10.1214/ss/1009212673). Normalised: a0 has a Beta(c, d) prior and the prior
given a0 is made to integrate to 1, so that the data may speak on a0 (Duan, Ye & Smith 2006, doi:10.1002/env.752;
Neuenschwander, Branson & Spiegelhalter 2009, doi:10.1002/sim.3722). History's trials are pooled.
"""

from __future__ import annotations

import numpy as np

from equipoise.numerics.borrowing.beta_mixture import BetaMixture
from equipoise.numerics.borrowing.gamma_mixture import GammaMixture
from equipoise.numerics.borrowing.normal_mixture import NormalMixture
from equipoise.numerics.borrowing.quadrature_01 import Array, beta_nodes

#: A power and its weight each; one of weight 1 for a fixed power.
Powers = tuple[Array, Array]


def fixed(a0: float) -> Powers:
    """One power."""
    return np.array([a0]), np.array([1.0])


def uncertain(c: float = 1.0, d: float = 1.0) -> Powers:
    """A power that is Beta(c, d), by quadrature: a mixture in closed form at each node."""
    return beta_nodes(c, d)


def rate_prior(x: float, n: float, powers: Powers, a: float = 1.0, b: float = 1.0) -> BetaMixture:
    """From ``x`` successes of ``n``; Beta(a, b) before history."""
    t, w = powers
    return BetaMixture(w, a + t * x, b + t * (n - x))


def hazard_prior(events: float, time: float, powers: Powers, shape: float = 0.001, rate: float = 0.001) -> GammaMixture:
    """From ``events`` over a total ``time`` at risk; Gamma(shape, rate) before history."""
    t, w = powers
    return GammaMixture(w, shape + t * events, rate + t * time)


def normal_prior(estimate: float, se: float, powers: Powers, mean: float = 0.0, sd: float = 10.0) -> NormalMixture:
    """From an estimate with its standard error; N(mean, sd²) before history."""
    t, w = powers
    precision = t / se**2 + 1 / sd**2
    return NormalMixture(w, (t * estimate / se**2 + mean / sd**2) / precision, 1 / np.sqrt(precision))


def mean_power(posterior: BetaMixture | GammaMixture | NormalMixture, powers: Powers) -> float:
    """Posterior mean of a0, from the weights of the posterior mixture: how much of history the data let in."""
    return float(posterior.weights @ powers[0])
