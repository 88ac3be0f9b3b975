"""Rates pooled without the normal approximation: counts are binomial, logits vary normally between trials."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import expit, gammaln, log_expit, logsumexp

Array = NDArray[np.float64]


@dataclass(frozen=True)
class BinomialNormal:
    """Maximum likelihood of logit(rate_i) ~ Normal(mean, tau²): estimates, the mean's standard error, log-likelihood."""

    k: int
    mean: float
    se: float
    tau: float
    log_likelihood: float


def fit_binomial_normal(successes: ArrayLike, n: ArrayLike, nodes: int = 61) -> BinomialNormal:
    """Fit counts (k,) out of n (k,) by maximum likelihood, integrals by adaptive Gauss–Hermite quadrature.

    The exact model of Hamza, van Houwelingen & Stijnen (2008, doi:10.1016/j.jclinepi.2007.03.016) and Stijnen, Hamza &
    Özdemir (2010, doi:10.1002/sim.4040). The standard error is from the observed information of mean and τ (of the
    mean alone where τ = 0). Counts need not be whole: a converted arm comes with pseudo-counts. Raises ValueError unless
    0 ≤ successes ≤ n, n > 0, k ≥ 2, or where all counts are 0 or all are n (the mean is then infinite).
    """
    x, m = (np.asarray(a, dtype=np.float64) for a in (successes, n))
    if x.shape != m.shape or x.ndim != 1 or len(x) < 2:
        raise ValueError(f"successes, n: got shapes {x.shape}, {m.shape}; both (k,) with k of 2 or more")
    if not ((x >= 0) & (x <= m) & (m > 0)).all():
        raise ValueError("successes: got a count below 0 or above n; 0 to n")
    if x.sum() == 0 or x.sum() == m.sum():
        raise ValueError("successes: got none, or nothing else; the mean logit is then infinite")
    roots, weights = np.polynomial.hermite.hermgauss(nodes)

    def minus(par: Array) -> float:
        return -float(log_marginal(x, m, par[0], abs(par[1]), roots, weights).sum())

    start = math.log(x.sum() / (m.sum() - x.sum()))
    best = min(
        (minimize(minus, [start, t], method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-13, "maxiter": 4000}) for t in (0.05, 0.4, 1.0)),
        key=lambda r: float(r.fun),
    )  # fmt: skip
    mean, tau = float(best.x[0]), abs(float(best.x[1]))
    if minus(np.array([start, 0.0])) <= best.fun + 1e-9:
        mean, tau = start, 0.0  # nothing is gained by letting the trials differ
    p = expit(mean)
    if tau == 0.0:
        se = 1 / math.sqrt(float((m * p * (1 - p)).sum()))
    else:
        se = math.sqrt(float(np.linalg.inv(_hessian(minus, np.array([mean, tau])))[0, 0]))
    return BinomialNormal(len(x), mean, se, tau, -minus(np.array([mean, tau])))


def log_marginal(x: Array, n: Array, mean: ArrayLike, tau: ArrayLike, roots: Array, weights: Array) -> Array:
    """Log-probability of each count (k,) with its own logit integrated out; shape of mean and tau, then (k,).

    Gauss–Hermite nodes are put at each integrand's own mode and width: few suffice for any n.
    """
    mu, t = (np.asarray(a, dtype=np.float64)[..., None] for a in np.broadcast_arrays(mean, tau))
    choose = gammaln(n + 1) - gammaln(x + 1) - gammaln(n - x + 1)
    # The mode of x log p + (n - x) log(1 - p) - u²/2, logit p = mu + t u, by Newton steps kept short.
    u = np.zeros(np.broadcast_shapes(mu.shape, x.shape))
    for _ in range(60):
        p = expit(mu + t * u)
        step = (t * (x - n * p) - u) / (1 + t**2 * n * p * (1 - p))
        step = np.clip(step, -2.0, 2.0)
        u = u + step
        if np.abs(step).max() < 1e-12:
            break
    p = expit(mu + t * u)
    width = 1 / np.sqrt(1 + t**2 * n * p * (1 - p))
    at = u[..., None] + math.sqrt(2) * width[..., None] * roots
    eta = mu[..., None] + t[..., None] * at
    logs = x[..., None] * log_expit(eta) + (n - x)[..., None] * log_expit(-eta) - at**2 / 2
    total = logsumexp(logs + np.log(weights) + roots**2, axis=-1) + np.log(width) + 0.5 * math.log(2)
    return np.asarray(choose + total - 0.5 * math.log(2 * math.pi))


def _hessian(f: object, at: Array, h: float = 1e-4) -> Array:
    """Second derivatives by central differences."""
    assert callable(f)
    size = len(at)
    found = np.empty((size, size))
    steps = h * np.maximum(1.0, np.abs(at))
    for i in range(size):
        for j in range(size):
            e, g = np.zeros(size), np.zeros(size)
            e[i], g[j] = steps[i], steps[j]
            found[i, j] = (f(at + e + g) - f(at + e - g) - f(at - e + g) + f(at - e - g)) / (4 * steps[i] * steps[j])
    return found
