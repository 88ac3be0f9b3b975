"""EXNEX: each cohort's log odds are exchangeable with the others' or, with a stated probability, its own affair; by quadrature.

Neuenschwander et al. 2016, Pharm Stat 15:123-134, doi:10.1002/pst.1730. theta_i ~ N(mu, tau^2) with probability ``weight``, else
N(own_mean, own_sd^2); mu ~ N(mean, sd^2), tau ~ half-normal(spread). ``weight`` 1 is the plain exchangeable model (EX).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from equipoise.design.basket.cohorts import BasketCohort
from equipoise.numerics.quadrature import legendre, panels

#: A spread of log odds below which the normal law is the narrower factor.
NARROW = 0.35


@dataclass(frozen=True)
class Prior:
    """The model's prior on the log odds scale."""

    weight: float = 0.5
    mean: float = 0.0
    sd: float = 2.5
    spread: float = 1.0
    own_mean: float = 0.0
    own_sd: float = 2.5


@dataclass(frozen=True)
class Exchangeable:
    """Declare where P(rate > p0) is above ``certainty``."""

    cohorts: tuple[BasketCohort, ...]
    certainty: float
    prior: Prior = Prior()
    name: str = "exnex"
    #: Nodes in a panel of mu, of tau, and on each side of p0 for the log odds.
    nodes: tuple[int, int, int] = (6, 3, 48)

    @cached_property
    def grid(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """mu, tau and the prior weight of each pair, flat."""
        q, n_mu, n_tau = self.prior, *self.nodes[:2]
        # Data speak of log odds between -5 and 5; there the panels are narrow, whatever the prior's spread.
        far = np.array([-6.0, 6.0]) * q.sd + q.mean
        middle = np.linspace(max(far[0], -5.0), min(far[1], 5.0), 15)
        wide = np.linspace(far[0], far[1], 9)
        edges = np.unique(np.concatenate([wide[(wide < middle[0]) | (wide > middle[-1])], middle]))
        mu, w_mu = panels(edges, n_mu)
        tau, w_tau = panels(q.spread * np.array([0.0, 0.3, 0.8, 1.6, 2.8, 5.0]), n_tau)
        weight = np.multiply.outer(w_mu * norm.pdf(mu, q.mean, q.sd), w_tau * 2 * norm.pdf(tau, 0, q.spread))
        m, t = np.meshgrid(mu, tau, indexing="ij")
        return m.ravel(), t.ravel(), weight.ravel()

    def _table(self, c: BasketCohort, mu: NDArray[np.float64], tau: NDArray[np.float64]) -> NDArray[np.float64]:
        """By pair and end: the likelihood, its part above p0, and its part times the rate. Axes: (what, pair, end).

        Likelihoods are without the binomial coefficient, which cancels.
        """
        cut = float(np.log(c.p0 / (1 - c.p0)))
        n, hits = np.array([e.n for e in c.ends]), np.array([e.x for e in c.ends])
        found = np.zeros((3, len(mu), len(n)))
        # Where the spread is small the nodes follow the normal law; else they follow the likelihood, which is then the narrower.
        near = tau < NARROW
        at = np.clip((cut - mu[near]) / tau[near], -8.0, 8.0)
        x, w = legendre(self.nodes[2])
        for low, high, above in ((np.full_like(at, -8.0), at, False), (at, np.full_like(at, 8.0), True)):
            half = (high - low)[:, None] / 2
            z = (low + high)[:, None] / 2 + half * x
            weight = half * w * norm.pdf(z)
            like, p = _likelihood(mu[near, None] + tau[near, None] * z, hits, n)
            mass = np.einsum("gz,gze->ge", weight, like)
            found[0, near] += mass
            found[1, near] += mass if above else 0.0
            found[2, near] += np.einsum("gz,gze->ge", weight * p, like)
        edges = np.unique(np.concatenate([[cut], np.linspace(-10, 10, 41), [-30.0, -16.0, 16.0, 30.0]]))
        theta, w = panels(edges, 8)
        like, p = _likelihood(theta, hits, n)
        density = w * norm.pdf(theta, mu[~near, None], tau[~near, None])
        for k, part in enumerate((density, density * (theta > cut), density * p)):
            found[k, ~near] = part @ like
        return found

    @cached_property
    def _tables(self) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """For each cohort the exchangeable part by pair and end, and its own by end."""
        mu, tau, _ = self.grid
        q = self.prior
        return [
            (self._table(c, mu, tau), self._table(c, np.array([q.own_mean]), np.array([q.own_sd]))[:, 0])
            for c in self.cohorts
        ]

    def posterior(self, ends: tuple[int, ...]) -> tuple[list[float], list[float]]:
        """For one combination of ends (their places): P(rate > p0), and the mean rate, of each cohort."""
        certain, mean = self._of([np.array([e]) for e in ends])
        return [float(v) for v in certain[0]], [float(v) for v in mean[0]]

    def _of(self, ends: list[NDArray[np.intp]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        w = self.prior.weight
        _, _, prior = self.grid
        mixed = [w * t[:, :, e] + (1 - w) * own[:, None, e] for (t, own), e in zip(self._tables, ends, strict=True)]
        joint = prior[:, None] * np.prod([m[0] for m in mixed], axis=0)
        total = joint.sum(axis=0)
        certain = [(joint * m[1] / m[0]).sum(axis=0) / total for m in mixed]
        mean = [(joint * m[2] / m[0]).sum(axis=0) / total for m in mixed]
        return np.stack(certain, axis=-1), np.stack(mean, axis=-1)

    @cached_property
    def certainties(self) -> NDArray[np.float64]:
        """P(rate > p0) of each cohort for every combination of ends; the last axis is the cohort."""
        shape = tuple(len(c.ends) for c in self.cohorts)
        places = np.indices(shape).reshape(len(shape), -1)
        alike = len({(c.n, c.p0, c.n1, c.r1) for c in self.cohorts}) == 1
        if not alike:
            return self._in_parts(places).reshape((*shape, len(shape)))
        # Cohorts that are alike may change places: each multiset of ends is worked out once.
        order = np.argsort(places, axis=0, kind="stable")
        rising = np.take_along_axis(places, order, axis=0)
        once, back = np.unique(rising, axis=1, return_inverse=True)
        of_rising = self._in_parts(once)[back.ravel()]
        found = np.empty_like(of_rising)
        np.put_along_axis(found, order.T, of_rising, axis=1)
        return found.reshape((*shape, len(shape)))

    def _in_parts(self, places: NDArray[np.intp], size: int = 4096) -> NDArray[np.float64]:
        parts = [self._of([*places[:, i : i + size]])[0] for i in range(0, places.shape[1], size)]
        return np.concatenate(parts)

    @cached_property
    def declared(self) -> NDArray[np.bool_]:
        """For every combination of ends which cohorts are declared."""
        alive = np.stack(
            np.meshgrid(*[np.array([e.alive for e in c.ends]) for c in self.cohorts], indexing="ij"), axis=-1
        )
        return alive & (self.certainties > self.certainty)

    def in_words(self) -> str:
        """The rule for the protocol."""
        q = self.prior
        return (
            f"A cohort is declared if the posterior probability that its rate is above p0 exceeds {self.certainty:.4g}. Log odds are "
            f"exchangeable with probability {q.weight:g} (mean N({q.mean:.4g}, {q.sd:.4g}^2), spread half-normal({q.spread:g})), else "
            f"N({q.own_mean:.4g}, {q.own_sd:.4g}^2)."
        )


def _likelihood(
    theta: NDArray[np.float64], hits: NDArray[np.int_], n: NDArray[np.int_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """By log odds and end the likelihood, over that at the observed rate so that none is lost; and the rates."""
    log_p, log_q = -np.logaddexp(0, -theta), -np.logaddexp(0, theta)
    return np.exp(log_p[..., None] * hits + log_q[..., None] * (n - hits) - _top(hits, n)), np.exp(log_p)


def _top(hits: NDArray[np.int_], n: NDArray[np.int_]) -> NDArray[np.float64]:
    """The logarithm of the likelihood at the observed rate."""
    with np.errstate(divide="ignore", invalid="ignore"):
        p = hits / n
        parts = np.where(hits > 0, hits * np.log(p), 0.0) + np.where(hits < n, (n - hits) * np.log1p(-p), 0.0)
    found: NDArray[np.float64] = np.nan_to_num(parts)
    return found
