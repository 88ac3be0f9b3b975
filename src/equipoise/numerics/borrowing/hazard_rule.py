"""Two log hazards compared with a prior of the control's: the posterior, the boundary, and how often it is crossed.

An arm with ``d`` events over a total time T gives y = log(d / T), taken as N(log hazard, 1/d); the tested arm's log hazard is
flat before the trial, the control's a mixture of normals. Declared if P(tested - control < log margin | data) ≥ threshold.
The working likelihood is normal, the behaviour is not approximated: while patients come, go and are censored independently,
hazard x (time at risk when the d-th event happens) is Gamma(d, 1), since events are a Poisson process on the scale of time at
risk (Epstein 1954, doi:10.1214/aoms/1177728723, for items that start together). One arm is summed over that law, the other
is in closed form.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincc as gamma_above
from scipy.special import gammainccinv, gammaincinv, gammaln, ndtr, ndtri

from equipoise.numerics.borrowing.normal_mixture import NormalMixture

Array = NDArray[np.float64]


@lru_cache(maxsize=256)
def log_gamma_nodes(d: float, nodes: int | None = None) -> tuple[Array, Array]:
    """log G for G ~ Gamma(d, 1) and its probabilities, which add up to 1: even steps, as good as exact for a smooth function.

    161 nodes, 257 for fewer than 20 events. For the priors of ``methods``: right to 1e-9 from 10 events on, to 1e-6 for one.
    """
    nodes = nodes or (257 if d < 20 else 161)
    low, high = np.log(gammaincinv(d, 1e-18)), np.log(gammainccinv(d, 1e-18))
    w = np.linspace(low, high, nodes)
    logs = d * w - np.exp(w) - gammaln(d)
    p = np.exp(logs)
    p /= p.sum()
    w.setflags(write=False)
    p.setflags(write=False)
    return w, p


@dataclass(frozen=True, eq=False)
class HazardRule:
    """The control's prior, the events of each arm, and the log hazard ratio that must be beaten (0: any benefit)."""

    prior: NormalMixture
    tested_events: float
    control_events: float
    log_margin: float = 0.0

    def _after(self, control: Array) -> tuple[Array, Array, Array]:
        """Weights and means (J, K), and SDs (K,), of the posterior after each of J estimates of the control's log hazard."""
        p, se2 = self.prior, 1 / self.control_events
        spread = np.sqrt(p.sds**2 + se2)
        with np.errstate(divide="ignore"):
            logs = np.log(p.weights) - np.log(spread) - 0.5 * ((control[:, None] - p.means) / spread) ** 2
        weights = np.exp(logs - logs.max(axis=1, keepdims=True))
        variance = 1 / (1 / p.sds**2 + self.control_events)
        means = variance * (p.means / p.sds**2 + control[:, None] * self.control_events)
        return weights / weights.sum(axis=1, keepdims=True), means, np.sqrt(variance)

    def probability(self, tested: Array, control: Array) -> Array:
        """P(tested - control < log margin | data) at estimates of the two log hazards, both of shape (J,)."""
        weights, means, sds = self._after(np.asarray(control, dtype=np.float64))
        z = (self.log_margin + means - np.asarray(tested)[:, None]) / np.sqrt(sds**2 + 1 / self.tested_events)
        return np.asarray((weights * ndtr(z)).sum(axis=1))

    def boundary(self, control: Array, threshold: float) -> Array:
        """The largest estimate of the tested log hazard that is declared, for each estimate of the control's, (J,).

        Newton's steps, kept between the boundaries that each component would have by itself; bisection where they leave.
        """
        weights, means, sds = self._after(np.asarray(control, dtype=np.float64))
        # components that nothing is left of do not bound
        means = np.where(weights > 1e-17, means, (weights * means).sum(axis=1, keepdims=True))
        spread = np.sqrt(sds**2 + 1 / self.tested_events)
        alone = self.log_margin + means - float(ndtri(threshold)) * spread
        low, high = alone.min(axis=1), alone.max(axis=1)
        at = (weights * alone).sum(axis=1)
        for _ in range(60):
            z = (self.log_margin + means - at[:, None]) / spread
            gap = (weights * ndtr(z)).sum(axis=1) - threshold
            slope = (weights * np.exp(-0.5 * z**2) / spread).sum(axis=1) / np.sqrt(2 * np.pi)
            low, high = np.where(gap >= 0, at, low), np.where(gap >= 0, high, at)
            with np.errstate(divide="ignore", invalid="ignore"):
                new = at + gap / slope
            new = np.where((new >= low) & (new <= high), new, (low + high) / 2)
            done = np.abs(new - at).max() < 1e-11
            at = new
            if done:
                break
        return np.asarray(at)

    def declares(self, tested: float, control: float, threshold: float) -> float:
        """P(declare) at true log hazards of the two arms."""
        return float(self._declares(np.array([tested - control]), control, threshold)[0])

    def _declares(self, log_ratio: Array, control: float, threshold: float) -> Array:
        """P(declare) at each of several true log hazard ratios: the boundary is the same."""
        w, p = log_gamma_nodes(self.control_events)
        bound = self.boundary(control + np.log(self.control_events) - w, threshold)
        d = self.tested_events
        return np.asarray(gamma_above(d, d * np.exp(np.minimum(control + log_ratio[:, None] - bound, 700.0))) @ p)

    def borrowed(self, control: float) -> float:
        """Expected events borrowed at a true control log hazard: 1 / (posterior variance) less the events that were seen.

        Below 0 where history and controls contradict each other so much that they leave two humps.
        """
        w, p = log_gamma_nodes(self.control_events)
        weights, means, sds = self._after(control + np.log(self.control_events) - w)
        mean = (weights * means).sum(axis=1, keepdims=True)
        variance = (weights * (sds**2 + (means - mean) ** 2)).sum(axis=1)
        return float(p @ (1 / variance)) - self.control_events

    def averaged(self, log_ratio: Array, threshold: float, nodes: int = 161) -> Array:
        """P(declare) at true log hazard ratios, averaged over what the prior says of the control's log hazard.

        Even steps of the normal score of the prior's quantiles, from -6 to 6: right to 1e-9, to 2e-5 for a spike and slab.
        """
        z = np.linspace(-6, 6, nodes)
        weight = np.exp(-0.5 * z**2)
        found = [self._declares(log_ratio, self.prior.quantile(float(q)), threshold) for q in ndtr(z)]
        return np.asarray(weight @ np.array(found) / weight.sum())
