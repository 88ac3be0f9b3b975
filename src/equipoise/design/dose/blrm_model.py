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

    def mean_and_sd(self, w: Real, dose: float) -> tuple[float, float]:
        """Posterior mean and standard deviation of the DLT rate at a dose."""
        a, b, _ = self._grid
        p = expit(a + np.exp(b) * np.log(dose / self.reference))
        mean = float((w * p).sum())
        return mean, float(np.sqrt((w * (p - mean) ** 2).sum()))

    def below(self, w: Real, dose: float, rate: float) -> float:
        """P(DLT rate at ``dose`` < ``rate``)."""
        a, b, _ = self._grid
        edge = logit(rate) - np.exp(b[:, 0]) * np.log(dose / self.reference)
        step = a[:, 1] - a[:, 0]
        at = np.clip((edge - a[:, 0]) / step + 0.5, 0.0, a.shape[1])
        whole = np.minimum(at.astype(int), a.shape[1] - 1)
        rows = np.arange(len(whole))
        before = np.concatenate([np.zeros((len(w), 1)), np.cumsum(w, axis=1)], axis=1)
        # Within the cell the density is taken as a line through its neighbours'.
        here = w[rows, whole]
        slope = (w[rows, np.minimum(whole + 1, w.shape[1] - 1)] - w[rows, np.maximum(whole - 1, 0)]) / 2
        part = np.minimum(at - whole, 1.0)
        return float((before[rows, whole] + part * here + slope * (part**2 - part) / 2).sum())
