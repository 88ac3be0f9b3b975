"""A prior as a mixture of few components, to be written into a protocol: expectation–maximisation on its quadrature points.

Dempster, Laird & Rubin 1977. No sample is drawn: the points of the quadrature, weighed by the density, are the data, so that
the fit is the same each time. How far the fit is off is said by the Kullback–Leibler divergence.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln, digamma, polygamma

from equipoise.numerics.borrowing import logit_grid
from equipoise.numerics.borrowing.beta_mixture import BetaMixture
from equipoise.numerics.borrowing.rate_density import RateDensity

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class BetaFit:
    """The mixture, its divergence from the density (nats; 0 is perfect) and the number of rounds."""

    mixture: BetaMixture
    divergence: float
    rounds: int


def fit_beta(density: RateDensity, most: int = 4, good_enough: float = 2e-3, rounds: int = 3000) -> BetaFit:
    """The smallest number of components, up to ``most``, with a divergence of at most ``good_enough``; else the best.

    Parameters are kept at 1 or above: a density that is unbounded at 0 or 1 is no prior to plan with.
    """
    found: BetaFit | None = None
    for k in range(1, most + 1):
        fit = _fit(density, k, rounds)
        if found is None or fit.divergence < found.divergence:
            found = fit
        if found.divergence <= good_enough:
            break
    assert found is not None
    return found


def _fit(density: RateDensity, k: int, rounds: int) -> BetaFit:
    keep = density.masses > 1e-12
    mass, theta = density.masses[keep], logit_grid.THETA[keep]
    mass = mass / mass.sum()
    log_p, log_q = -np.logaddexp(0, -theta), -np.logaddexp(0, theta)
    rate = logit_grid.RATE[keep]
    # one start for all: equal shares of the mass from left to right, each a beta with its share's moments
    place = np.minimum((np.cumsum(mass) * k).astype(int), k - 1)
    w, a, b = np.empty(k), np.empty(k), np.empty(k)
    for j in range(k):
        share = np.where(place == j, mass, 0.0) if k > 1 else mass
        w[j] = share.sum()
        m = share @ rate / w[j]
        v = max(share @ (rate - m) ** 2 / w[j], 1e-8)
        n = max(m * (1 - m) / v / (2.0 if k > 1 else 1.0), 2.5)
        a[j], b[j] = max(n * m, 1.0), max(n * (1 - m), 1.0)
    before, done = -np.inf, rounds
    for turn in range(1, rounds + 1):
        logs = np.log(w)[:, None] + a[:, None] * log_p + b[:, None] * log_q - betaln(a, b)[:, None]
        top = logs.max(axis=0)
        parts = np.exp(logs - top)
        total = parts.sum(axis=0)
        score = float(mass @ (np.log(total) + top))
        if score - before < 1e-9:
            done = turn
            break
        before = score
        share = parts / total * mass
        w = share.sum(axis=1)
        a, b = _solve(share @ log_p / w, share @ log_q / w, a, b)
    # masses are of the logit; so are a log p + b log q - betaln: the divergence is the same on either scale
    own = float(mass @ np.log(mass / logit_grid.STEP))
    return BetaFit(BetaMixture(w, a, b), max(own - before, 0.0), done)


def _solve(mean_log_p: Array, mean_log_q: Array, a: Array, b: Array) -> tuple[Array, Array]:
    """The betas whose expected logarithms are these (maximum likelihood), by Newton's steps for all components at once."""
    for _ in range(4):
        both, s = digamma(a + b), polygamma(1, a + b)
        f, g = digamma(a) - both - mean_log_p, digamma(b) - both - mean_log_q
        p, q = polygamma(1, a) - s, polygamma(1, b) - s
        det = p * q - s * s
        da, db = (f * q + g * s) / det, (g * p + f * s) / det
        a = np.maximum(np.maximum(a - da, a / 4), 1.0)
        b = np.maximum(np.maximum(b - db, b / 4), 1.0)
    return a, b
