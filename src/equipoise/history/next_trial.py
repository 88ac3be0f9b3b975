"""What history allows the next trial's rate to be: a distribution on the logit scale, by quadrature over (μ, τ)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import BarycentricInterpolator
from scipy.optimize import brentq
from scipy.special import expit, logit, logsumexp, ndtr, stdtr

from equipoise.history.binomial_normal import log_marginal
from equipoise.history.random_effects import Pooled, checked
from equipoise.numerics.quadrature import legendre, panels

Array = NDArray[np.float64]
#: Beyond this the rate is 0 or 1 to 14 figures.
_FAR = 32.0


@dataclass(frozen=True, eq=False)
class NextRate:
    """The next trial's true rate: logit(rate) is a mixture of normals or t's with these weights, places and scales.

    ``tau`` (m,) is the spread between trials at each component. ``method`` says in words where it comes from.
    """

    weight: Array
    place: Array
    scale: Array
    df: float
    method: str
    tau: Array

    def cdf(self, rate: float) -> float:
        """P(the next trial's rate ≤ ``rate``)."""
        if not 0 < rate < 1:
            return float(rate >= 1)
        return self._cumulated(float(logit(rate)))

    def quantile(self, p: float) -> float:
        """The rate below which the next trial's lies with probability ``p``; 0 or 1 where that is beyond ``_FAR``."""
        if not 0 < p < 1:
            raise ValueError(f"p: got {p}; a probability between 0 and 1")
        beyond = self._cumulated(-_FAR) >= p, self._cumulated(_FAR) <= p
        if any(beyond):
            return float(beyond[1])
        return float(expit(brentq(lambda x: self._cumulated(x) - p, -_FAR, _FAR, xtol=1e-13)))

    @property
    def tau_mean(self) -> float:
        """Mean of τ, the standard deviation of logits between trials."""
        return float(self.weight @ self.tau)

    @cached_property
    def nodes(self) -> tuple[Array, Array]:
        """Rates (m,) and weights (m,) that add up to 1: what is averaged over the next trial's rate is their sum."""
        spread = float(self.scale.max())
        middle = float(self.weight @ self.place)
        out = 9.0 if math.isinf(self.df) else 60.0
        low = max(middle - out * spread - float(np.ptp(self.place)), -_FAR)
        high = min(middle + out * spread + float(np.ptp(self.place)), _FAR)
        # closer where most of the probability is
        t = np.linspace(-1, 1, 33)
        edges = (low + high) / 2 + (high - low) / 2 * np.sign(t) * np.abs(t) ** 1.7
        x, width = panels(edges, 12)
        weight = width * self._density(x)
        below, above = self._cumulated(low), 1 - self._cumulated(high)
        rates = np.concatenate([[expit(low)], expit(x), [expit(high)]])
        weights = np.concatenate([[below], weight, [max(above, 0.0)]])
        return rates, weights / weights.sum()

    def expect(self, f: Callable[[float], float]) -> float:
        """The mean of ``f(rate)`` over the next trial's rate."""
        rates, weights = self.nodes
        return math.fsum(w * f(float(r)) for r, w in zip(rates, weights, strict=True) if w > 0)

    def mean(self) -> float:
        """The mean rate."""
        rates, weights = self.nodes
        return float(rates @ weights)

    def _cumulated(self, x: float) -> float:
        return float(self.weight @ self._below(x))

    def _below(self, x: float) -> Array:
        z = (x - self.place) / self.scale
        return np.asarray(ndtr(z) if math.isinf(self.df) else stdtr(self.df, z))

    def _density(self, x: Array) -> Array:
        z = (x[:, None] - self.place) / self.scale
        if math.isinf(self.df):
            each = np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
        else:
            d = self.df
            constant = math.exp(math.lgamma((d + 1) / 2) - math.lgamma(d / 2)) / math.sqrt(d * math.pi)
            each = constant * (1 + z**2 / d) ** (-(d + 1) / 2)
        return np.asarray(each / self.scale @ self.weight)


def from_pooled(pooled: Pooled) -> NextRate:
    """The t distribution behind a prediction interval. Raises ValueError for fewer than 3 trials (no degrees are left)."""
    if math.isnan(pooled.prediction_df):
        raise ValueError("a prediction by t needs 3 trials or more")
    one = np.ones(1)
    method = f"{pooled.method}, t with {pooled.prediction_df:g} degree{'' if pooled.prediction_df == 1 else 's'} of freedom, variance τ² + se²"
    return NextRate(
        one, one * pooled.mean, one * max(pooled.prediction_sd, 1e-9), pooled.prediction_df, method,
        one * math.sqrt(pooled.tau2),
    )  # fmt: skip


def certain(rate: float, se: float = 0.0, tau: float = 0.0) -> NextRate:
    """A rate with a normal logit of standard deviation sqrt(se² + tau²); at least 1e-6, so that it has a density."""
    one = np.ones(1)
    spread = max(math.hypot(se, tau), 1e-6)
    return NextRate(one, one * float(logit(rate)), one * spread, math.inf, "normal logit", one * tau)


@dataclass(frozen=True)
class Priors:
    """logit mean ~ Normal(``mean``, ``sd``²); τ ~ half-normal(``tau_scale``): 0.5 is moderate to large on logits."""

    mean: float = 0.0
    sd: float = 2.0
    tau_scale: float = 0.5

    def __str__(self) -> str:
        return f"μ ~ N({self.mean:g}, {self.sd:g}²), τ ~ half-normal({self.tau_scale:g})"


def bayes_normal(estimates: ArrayLike, variances: ArrayLike, priors: Priors | None = None) -> NextRate:
    """The predictive distribution from logits (k,) with variances (k,), k ≥ 2, by quadrature over τ.

    Given τ all is normal and closed (Röver 2020, doi:10.18637/jss.v093.i06); τ is summed over Gauss–Legendre panels
    from 0 to 7 scales of its prior. No sampling, no error of it. Raises ValueError as ``pool``.
    """
    y, v = checked(estimates, variances)
    pr = priors or Priors()
    tau, prior = _tau_nodes(pr)
    total = v + tau[:, None] ** 2
    precision = 1 / pr.sd**2 + (1 / total).sum(axis=1)
    middle = (pr.mean / pr.sd**2 + (y / total).sum(axis=1)) / precision
    logs = -0.5 * (
        np.log(total).sum(axis=1) + np.log(precision)
        + (y**2 / total).sum(axis=1) + pr.mean**2 / pr.sd**2 - precision * middle**2
    )  # fmt: skip
    weight = np.exp(logs + prior - logsumexp(logs + prior))
    return NextRate(
        weight,
        middle,
        np.sqrt(1 / precision + tau**2),
        math.inf,
        f"Bayes, normal logits; {pr}",
        tau,
    )


def bayes_binomial(successes: ArrayLike, n: ArrayLike, priors: Priors | None = None) -> NextRate:
    """The same from counts (k,) out of n (k,), without the normal approximation of each logit.

    Quadrature over μ and τ, each trial's own logit integrated out. The posterior of μ is skewed where few
    succeed: it enters point by point, not as a normal. Arms in which none or all succeeded are taken as they are. With one arm
    τ is what its prior says. Raises ValueError unless 0 ≤ successes ≤ n, n > 0 and k ≥ 1.
    """
    x, m = (np.asarray(a, dtype=np.float64) for a in (successes, n))
    if x.shape != m.shape or x.ndim != 1 or len(x) < 1 or not ((x >= 0) & (x <= m) & (m > 0)).all():
        raise ValueError("successes, n: both (k,), k of 1 or more, 0 ≤ successes ≤ n and n above 0")
    pr = priors or Priors()
    tau, prior = _tau_nodes(pr)
    u, w = legendre(40)
    # Where the mean may lie: 9 standard errors of the normal approximation, at each τ.
    y = np.log((x + 0.5) / (m - x + 0.5))
    v = 1 / (x + 0.5) + 1 / (m - x + 0.5)
    total = v + tau[:, None] ** 2
    precision = 1 / pr.sd**2 + (1 / total).sum(axis=1)
    middle = (pr.mean / pr.sd**2 + (y / total).sum(axis=1)) / precision
    half = 9 / np.sqrt(precision)
    mu = middle[:, None] + half[:, None] * u
    logs = log_marginal(x, m, mu, np.broadcast_to(tau[:, None], mu.shape)).sum(axis=-1)
    logs = logs - 0.5 * ((mu - pr.mean) / pr.sd) ** 2
    at_tau = logsumexp(logs + np.log(w) + np.log(half)[:, None], axis=1) + prior
    weight = np.exp(at_tau - logsumexp(at_tau))
    parts = [_spread(mu[i], logs[i], u, float(half[i]), float(tau[i])) for i in range(len(tau))]
    return NextRate(
        np.concatenate([weight[i] * share for i, (share, _, _) in enumerate(parts)]),
        np.concatenate([place for _, place, _ in parts]),
        np.concatenate([scale for _, _, scale in parts]),
        math.inf,
        f"Bayes, binomial counts; {pr}",
        np.concatenate([np.full(len(place), t) for (_, place, _), t in zip(parts, tau, strict=True)]),
    )


def _spread(mu: Array, logs: Array, u: Array, half: float, tau: float) -> tuple[Array, Array, Array]:
    """The next logit at one τ as a mixture: weights, places and scales (m,), from the log density of the mean at nodes ``mu``.

    The density is drawn through the nodes and summed on even steps. No step is wider than the normal that is put on it, so that the
    mixture is smooth; where τ is below the least step the places are drawn in, so that mean and variance stay what they are.
    """
    sd = half / 9
    step = min(max(tau, sd / 40), sd / 3)
    at = np.linspace(u[0], u[-1], 2 + int(18 * sd / step))
    drawn = np.asarray(BarycentricInterpolator(u, logs - logs.max())(at))
    share = np.exp(drawn - drawn.max())
    share /= share.sum()
    place = mu[0] + (mu[-1] - mu[0]) * (at - u[0]) / (u[-1] - u[0])
    scale = max(tau, step)
    centre = float(share @ place)
    variance = float(share @ (place - centre) ** 2)
    kept = math.sqrt(max(1 - (scale**2 - tau**2) / variance, 0.0))
    return share, centre + kept * (place - centre), np.full(len(at), scale)


def _tau_nodes(pr: Priors) -> tuple[Array, Any]:
    """τ (m,) and the log of prior density times weight."""
    edges = pr.tau_scale * 7.0 * np.linspace(0, 1, 9) ** 1.5
    tau, width = panels(edges, 16)
    return tau, np.log(width) - 0.5 * (tau / pr.tau_scale) ** 2
