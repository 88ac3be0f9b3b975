"""Borrowing by similarity: a cohort's Beta posterior takes in the others', by how alike their own posteriors are.

Fujikawa et al. 2020, Biom J 62:330-338, doi:10.1002/bimj.201800404: weights (1 - JSD)^epsilon of the Jensen-Shannon divergence of the
cohorts' own posteriors, 0 up to ``tau``; what is borrowed are the parameters of the other's posterior, prior and all.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from equipoise.design.basket.cohorts import BasketCohort
from equipoise.numerics.quadrature import panels


@dataclass(frozen=True)
class Similarity:
    """Declare where P(rate > p0) is above ``certainty``. ``prior``: of each rate; ``log_base`` of the divergence: e in the paper."""

    cohorts: tuple[BasketCohort, ...]
    certainty: float
    epsilon: float = 2.0
    tau: float = 0.0
    prior: tuple[float, float] = (1.0, 1.0)
    log_base: float = float(np.e)
    name: str = "similarity"

    @cached_property
    def _own(self) -> list[NDArray[np.float64]]:
        """For each cohort the parameters of its own posterior by end: rows of (a, b)."""
        a, b = self.prior
        return [np.array([(a + e.x, b + e.n - e.x) for e in c.ends]) for c in self.cohorts]

    def weights(self, i: int, j: int) -> NDArray[np.float64]:
        """The weight of cohort ``j`` for cohort ``i``, by their ends."""
        at, w = panels(np.linspace(0, 1, 41) ** 2 / (np.linspace(0, 1, 41) ** 2 + (1 - np.linspace(0, 1, 41)) ** 2), 24)
        f = np.array([beta.pdf(at, *row) for row in self._own[i]])
        g = np.array([beta.pdf(at, *row) for row in self._own[j]])
        found = np.empty((len(f), len(g)))
        for k, one in enumerate(f):
            middle = (one + g) / 2
            with np.errstate(divide="ignore", invalid="ignore"):
                left = np.where(one > 0, one * np.log(one / middle), 0.0)
                right = np.where(g > 0, g * np.log(g / middle), 0.0)
            found[k] = (np.nan_to_num(left) + np.nan_to_num(right)) @ w / 2
        like = (1 - found / np.log(self.log_base)) ** self.epsilon
        return np.where(like > self.tau, like, 0.0)

    @cached_property
    def certainties(self) -> NDArray[np.float64]:
        """P(rate > p0) of each cohort for every combination of ends; the last axis is the cohort."""
        k, shape = len(self.cohorts), tuple(len(c.ends) for c in self.cohorts)
        found = np.empty((*shape, k))
        for i, c in enumerate(self.cohorts):
            a, b = np.zeros(shape), np.zeros(shape)
            for j in range(k):
                axes = [1] * k
                axes[i] = shape[i]
                if i == j:
                    weight = np.ones(axes)
                    own = self._own[i].reshape((*axes, 2))
                else:
                    pair = [1] * k
                    pair[i], pair[j] = shape[i], shape[j]
                    table = self.weights(i, j)
                    weight = (table if i < j else table.T).reshape(pair)
                    other = [1] * k
                    other[j] = shape[j]
                    own = self._own[j].reshape((*other, 2))
                a = a + weight * own[..., 0]
                b = b + weight * own[..., 1]
            found[..., i] = beta.sf(c.p0, a, b)
        return found

    @cached_property
    def declared(self) -> NDArray[np.bool_]:
        """For every combination of ends which cohorts are declared."""
        alive = np.stack(
            np.meshgrid(*[np.array([e.alive for e in c.ends]) for c in self.cohorts], indexing="ij"), axis=-1
        )
        return alive & (self.certainties > self.certainty)

    def in_words(self) -> str:
        """The rule for the protocol."""
        return (
            f"A cohort is declared if the posterior probability that its rate is above p0 exceeds {self.certainty:.4g}, its Beta posterior "
            f"taking in the others' by (1 - Jensen-Shannon divergence)^{self.epsilon:g}, none where that is {self.tau:g} or less."
        )
