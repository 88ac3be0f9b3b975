"""The two-parameter logistic model of dose and toxicity: logit p(d) = α + β ln(d/d*), with (α, ln β) bivariate normal.

Neuenschwander, Branson & Gsponer 2008, doi:10.1002/sim.3230. What is learnt is reckoned by sums over a grid that reaches six standard
deviations of the prior to either side: no sampling. Probabilities of intervals of p are exact in α between grid points: a cell that
a boundary cuts counts by its part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_expit, logit

Real = NDArray[np.float64]
_REACH, _ALPHAS, _BETAS = 6.0, 481, 121

#: Boundaries that are kept: a decision asks for two at each of a few doses.
_MOST_CUTS = 256


@dataclass(frozen=True)
class BlrmModel:
    """Doses in the drug's unit, the reference dose d*, and the prior of (α, ln β): means, standard deviations, correlation."""

    levels: tuple[float, ...]
    reference: float
    means: tuple[float, float]
    sds: tuple[float, float]
    correlation: float = 0.0

    @cached_property
    def _grid(self) -> tuple[Real, Real, Real]:
        """α (a column a point), ln β, and the logarithm of the prior; α is counted from its conditional mean given ln β, so that a strong
        correlation leaves no cell empty."""
        (ma, mb), (sa, sb), r = self.means, self.sds, self.correlation
        b = np.linspace(mb - _REACH * sb, mb + _REACH * sb, _BETAS)[:, None]
        z = np.linspace(-_REACH, _REACH, _ALPHAS)[None, :]
        a = ma + r * sa * (b - mb) / sb + z * sa * np.sqrt(1 - r * r)
        return a, b, -(z**2) / 2 - ((b - mb) / sb) ** 2 / 2

    @cached_property
    def _logs(self) -> tuple[Real, Real]:
        """ln p and ln(1 - p) of each dose at each point of the grid, flat."""
        a, b, _ = self._grid
        x = np.array([(a + np.exp(b) * np.log(d / self.reference)).ravel() for d in self.levels])
        return log_expit(x), log_expit(-x)

    def weights(self, n: Sequence[int], dlt: Sequence[int]) -> Real:
        """Posterior weights of the grid, adding up to 1; a row a point of ln β."""
        a, _, prior = self._grid
        log_p, log_q = self._logs
        found = prior.ravel() + np.asarray(dlt, float) @ log_p + (np.asarray(n, float) - np.asarray(dlt, float)) @ log_q
        w: Real = np.exp(found - found.max()).reshape(a.shape)
        w /= w.sum()
        return w

    @cached_property
    def _rates(self) -> Real:
        """The DLT rate of each dose at each point of the grid, flat."""
        rates: Real = np.exp(self._logs[0])
        return rates

    def mean_rates(self, w: Real) -> tuple[float, ...]:
        """Posterior mean of each dose's DLT rate."""
        return tuple(map(float, self._rates @ w.ravel()))

    def mean_and_sd(self, w: Real, dose: float) -> tuple[float, float]:
        """Posterior mean and standard deviation of the DLT rate at a dose, which need not be one of the levels."""
        a, b, _ = self._grid
        p = expit(a + np.exp(b) * np.log(dose / self.reference))
        mean = float((w * p).sum())
        return mean, float(np.sqrt((w * (p - mean) ** 2).sum()))

    @cached_property
    def _cuts(self) -> dict[tuple[float, float], tuple[NDArray[np.intp], Real]]:
        return {}

    def _cut(self, dose: float, rate: float) -> tuple[NDArray[np.intp], Real]:
        """Where the boundary p = ``rate`` cuts each row of the grid: the cell, and the part of it that lies below."""
        if (dose, rate) not in self._cuts:
            if len(self._cuts) >= _MOST_CUTS:  # a quantile is looked for at many rates, each asked once
                self._cuts.clear()
            a, b, _ = self._grid
            edge = logit(rate) - np.exp(b[:, 0]) * np.log(dose / self.reference)
            at = np.clip((edge - a[:, 0]) / (a[:, 1] - a[:, 0]) + 0.5, 0.0, a.shape[1])
            whole = np.minimum(at.astype(int), a.shape[1] - 1)
            self._cuts[dose, rate] = whole, np.minimum(at - whole, 1.0)
        return self._cuts[dose, rate]

    def below(self, w: Real, doses: Sequence[float], rate: float) -> tuple[float, ...]:
        """P(DLT rate < ``rate``) at each of some doses."""
        before = np.concatenate([np.zeros((len(w), 1)), np.cumsum(w, axis=1)], axis=1)
        rows, last = np.arange(len(w)), w.shape[1] - 1
        found = []
        for dose in doses:
            whole, part = self._cut(dose, rate)
            # Within the cell the density is taken as a line through its neighbours'.
            slope = (w[rows, np.minimum(whole + 1, last)] - w[rows, np.maximum(whole - 1, 0)]) / 2
            found.append(float((before[rows, whole] + part * w[rows, whole] + slope * (part**2 - part) / 2).sum()))
        return tuple(found)
