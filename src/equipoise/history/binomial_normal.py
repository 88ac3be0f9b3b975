"""Rates pooled without the normal approximation: counts are binomial, logits vary normally between trials."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import expit, gammaln, log_expit, logsumexp

Array = NDArray[np.float64]
#: How far from its mode an integrand over a standard normal matters: exp(-9²/2) is 3e-18.
_FAR = 9.0
#: Ends of the panels from the mode's width out to there, as powers; nodes and weights in each.
_PANELS = np.linspace(1.0, 0.0, 6)
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(10)


@dataclass(frozen=True)
class BinomialNormal:
    """Maximum likelihood of logit(rate_i) ~ Normal(mean, tau²): estimates, the mean's standard error, log-likelihood."""

    k: int
    mean: float
    se: float
    tau: float
    log_likelihood: float


def fit_binomial_normal(successes: ArrayLike, n: ArrayLike) -> BinomialNormal:
    """Fit counts (k,) out of n (k,) by maximum likelihood, integrals by quadrature around each one's mode.

    The exact model of Hamza, van Houwelingen & Stijnen (2008, doi:10.1016/j.jclinepi.2007.03.016) and Stijnen, Hamza &
    Özdemir (2010, doi:10.1002/sim.4040). The standard error is from the observed information of mean and τ (of the
    mean alone where τ = 0). Counts need not be whole: a converted arm comes with pseudo-counts. Raises ValueError unless
    0 ≤ successes ≤ n, n > 0, k ≥ 2, or where each count is 0 or n: nothing is then most likely. Where all are 0, or all n, the mean
    is infinite; where there are both, the wider apart the trials, the likelier.
    """
    x, m = (np.asarray(a, dtype=np.float64) for a in (successes, n))
    if x.shape != m.shape or x.ndim != 1 or len(x) < 2:
        raise ValueError(f"successes, n: got shapes {x.shape}, {m.shape}; both (k,) with k of 2 or more")
    if not ((x >= 0) & (x <= m) & (m > 0)).all():
        raise ValueError("successes: got a count below 0 or above n; 0 to n")
    if ((x == 0) | (x == m)).all():
        raise ValueError("successes: got none or all in each trial; the mean logit, or the spread, is then infinite")

    def minus(par: Array) -> float:
        return -float(log_marginal(x, m, par[0], abs(par[1])).sum())

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


def log_marginal(x: Array, n: Array, mean: ArrayLike, tau: ArrayLike) -> Array:
    """Log-probability of each count (k,) with its own logit integrated out; shape of mean and tau, then (k,).

    The integrand falls from its mode at least as fast as a normal of standard deviation 1: beyond 9 nothing is left. On each side
    panels that widen from the mode's own width serve any n and tau, also where it falls off a step on one side only.
    """
    mu, t = (np.asarray(a, dtype=np.float64)[..., None] for a in np.broadcast_arrays(mean, tau))
    choose = gammaln(n + 1) - gammaln(x + 1) - gammaln(n - x + 1)
    mode = _mode(x, n, mu, t)
    p = expit(mu + t * mode)
    width = 1 / np.sqrt(1 + t**2 * n * p * (1 - p))
    least = np.minimum(width, 1 / (1 + t))
    edges = np.concatenate([np.zeros((*least.shape, 1)), _FAR * (least[..., None] / _FAR) ** _PANELS], axis=-1)
    half = np.diff(edges) / 2
    out = ((edges[..., :-1] + half)[..., None] + half[..., None] * _NODES).reshape(*least.shape, -1)
    log_weight = np.log((half[..., None] * _WEIGHTS).reshape(*least.shape, -1))
    sides = []
    for at in (mode[..., None] - out, mode[..., None] + out):
        eta = mu[..., None] + t[..., None] * at
        sides.append(x[..., None] * log_expit(eta) + (n - x)[..., None] * log_expit(-eta) - at**2 / 2 + log_weight)
    return np.asarray(choose + logsumexp(np.concatenate(sides, axis=-1), axis=-1) - 0.5 * math.log(2 * math.pi))


def _mode(x: Array, n: Array, mu: Array, t: Array) -> Array:
    """Where x log p + (n - x) log(1 - p) - u²/2 is greatest, logit p = mu + t u.

    Newton's steps; the bracket is halved where one leaves it or is not half as long as the last.
    """
    reach = t * (x - n * expit(mu))
    low, high = np.minimum(reach, 0.0), np.maximum(reach, 0.0)
    u, last = np.zeros_like(reach), np.full_like(reach, np.inf)
    for _ in range(200):
        p = expit(mu + t * u)
        slope = t * (x - n * p) - u
        low, high = np.where(slope >= 0, u, low), np.where(slope <= 0, u, high)
        after = u + slope / (1 + t**2 * n * p * (1 - p))
        kept = (after >= low) & (after <= high) & (np.abs(after - u) <= last / 2)
        after = np.where(kept, after, (low + high) / 2)
        last = np.abs(after - u)
        u = after
        if last.max() < 1e-9:
            break
    return np.asarray(u)


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
