"""One-parameter models of the continual reassessment method: DLT rates by dose, and what is learnt of their parameter.

Empiric: p = s^exp(θ). Logistic: p = 1/(1 + exp(-c - exp(θ) x)) with x = logit(s) - c and a fixed intercept c (3). s is the skeleton. θ has a normal prior
with mean 0 and *variance* 1.34 (O'Quigley & Shen 1996; Neuenschwander 2008, doi:10.1002/sim.3230, Table I is reproduced by
the variance, not by a standard deviation of 1.34), and rates are taken at its posterior mean; or the slope exp(θ) has an exponential one
with mean 1, and rates are taken at the posterior mean *of the slope* (O'Quigley, Pepe & Fisher 1990, doi:10.2307/2531628).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit, log_expit, logit

Model = Literal["empiric", "logistic"]
Prior = Literal["normal", "exponential"]
Real = NDArray[np.float64]
#: θ beyond these has no weight: the normal prior's standard deviation is some 1.2.
_ENDS = 10.0
_STEP = 1 / 80
#: An exponential slope may be next to nothing, and is hardly ever above 50.
_OF_SLOPE = (-32.0, 6.0)


@dataclass(frozen=True)
class CrmModel:
    """A skeleton with a model. ``variance``: of the normal prior of θ. ``intercept``: c of the logistic model."""

    skeleton: tuple[float, ...]
    model: Model = "empiric"
    variance: float = 1.34
    intercept: float = 3.0
    prior: Prior = "normal"

    def rates(self, theta: float) -> tuple[float, ...]:
        """DLT rates of all doses at θ."""
        slope = math.exp(theta)
        if self.model == "empiric":
            return tuple(math.exp(slope * math.log(s)) for s in self.skeleton)
        c = self.intercept
        return tuple(float(expit(c + slope * (math.log(s / (1 - s)) - c))) for s in self.skeleton)

    def rates_at(self, theta: Real) -> Real:
        """The same at many θ, a row a dose."""
        rates: Real = np.exp(self._logs(theta)[0])
        return rates

    def _logs(self, theta: Real) -> tuple[Real, Real]:
        """log p and log(1 - p), a row a dose."""
        s = np.asarray(self.skeleton)[:, None]
        slope = np.exp(theta)[None, :]
        if self.model == "empiric":
            log_p = slope * np.log(s)
            return log_p, np.log(-np.expm1(log_p))
        x = self.intercept + slope * (logit(s) - self.intercept)
        return log_expit(x), log_expit(-x)

    @cached_property
    def grid(self) -> tuple[Real, Real, Real]:
        """θ, the logarithm of its prior, and the logarithms of p and of 1 - p, a row a dose."""
        low, high = (-_ENDS, _ENDS) if self.prior == "normal" else _OF_SLOPE
        theta = np.linspace(low, high, round((high - low) / _STEP) + 1)
        # The ends of the range give rates of 0 and 1; no likelihood is finite there and none is needed.
        with np.errstate(divide="ignore", over="ignore", under="ignore"):
            log_p, log_q = self._logs(theta)
        # The density of θ is that of the slope times the slope.
        prior = -(theta**2) / (2 * self.variance) if self.prior == "normal" else theta - np.exp(theta)
        logs = np.vstack((np.maximum(log_p, -1e300), np.maximum(log_q, -1e300)))
        return theta, prior, logs

    def posterior(self, dlt: Sequence[float], no_dlt: Sequence[float]) -> tuple[float, float]:
        """Mean and variance of θ after so many DLTs and patients without one at each dose (weights of patients may be fractions).

        By sums over a grid on ±10: for such a density their error vanishes faster than any power of the step.
        """
        theta, w = self.density(dlt, no_dlt)
        mean = float(w @ theta)
        return mean, float(w @ (theta - mean) ** 2)

    def estimate(self, theta: Real, w: Real) -> float:
        """The θ at which rates are taken, of a posterior: its mean, or where the slope has its mean."""
        return float(w @ theta) if self.prior == "normal" else float(np.log(w @ np.exp(theta)))

    def mean(self, dlt: Sequence[float], no_dlt: Sequence[float]) -> float:
        """The same after so many DLTs and patients without one."""
        return self.estimate(*self.density(dlt, no_dlt))

    def density(
        self, dlt: Sequence[float], no_dlt: Sequence[float], pending: Sequence[tuple[int, float]] = ()
    ) -> tuple[Real, Real]:
        """The grid of θ and its posterior weights, which add up to 1.

        ``pending``: the dose, from 1, and the weight w of each who has no DLT yet, with likelihood 1 - w p (TITE-CRM).
        """
        theta, prior, logs = self.grid
        log_w = prior + np.concatenate([np.asarray(dlt, float), np.asarray(no_dlt, float)]) @ logs
        for dose, w in pending:
            log_w = log_w + np.log1p(-w * np.exp(logs[dose - 1]))
        density = np.exp(log_w - log_w.max())
        return theta, density / density.sum()

    def likeliest(self, dlt: Sequence[float], no_dlt: Sequence[float]) -> float:
        """The maximum-likelihood estimate of θ; at an end of ±10 where all or none had a DLT."""
        counts = np.concatenate([np.asarray(dlt, float), np.asarray(no_dlt, float)])
        theta, _, logs = self.grid
        found = counts @ logs
        k = int(found.argmax())
        if k in (0, len(theta) - 1):
            return float(theta[k])

        def slope(t: float, h: float = 1e-6) -> float:
            low, high = (counts @ np.vstack(self._logs(np.array([t + d])))[:, 0] for d in (-h, h))
            return float(high - low)

        a, b = float(theta[k - 1]), float(theta[k + 1])
        return float(brentq(slope, a, b, xtol=1e-10)) if slope(a) * slope(b) < 0 else float(theta[k])


def skeleton_by_interval(
    target: float, half_width: float, prior_mtd: int, doses: int, model: Model = "empiric", intercept: float = 3.0
) -> tuple[float, ...]:
    """A skeleton by indifference intervals: Lee & Cheung 2009, doi:10.1177/1740774509105076.

    The prior MTD has the target's rate; each dose is so far from the next that, at the θ where one has the rate target + δ, the
    other has target - δ (δ: ``half_width``).

    >>> [round(s, 4) for s in skeleton_by_interval(0.25, 0.05, 3, 5)]
    [0.084, 0.1567, 0.25, 0.3545, 0.4603]
    """
    low, high = target - half_width, target + half_width
    found = [0.0] * doses
    found[prior_mtd - 1] = target
    if model == "empiric":
        up = math.log(high) / math.log(low)
        for k in range(prior_mtd, doses):
            found[k] = math.exp(math.log(found[k - 1]) * up)
        for k in range(prior_mtd - 2, -1, -1):
            found[k] = math.exp(math.log(found[k + 1]) / up)
        return tuple(found)
    up = (float(logit(high)) - intercept) / (float(logit(low)) - intercept)
    for k in range(prior_mtd, doses):
        found[k] = float(expit(intercept + (float(logit(found[k - 1])) - intercept) * up))
    for k in range(prior_mtd - 2, -1, -1):
        found[k] = float(expit(intercept + (float(logit(found[k + 1])) - intercept) / up))
    return tuple(found)


def closest_to(target: float, rates: Sequence[float]) -> int:
    """The dose (from 1) whose rate is closest to the target; of two the lower."""
    return min(range(len(rates)), key=lambda i: (abs(rates[i] - target), i)) + 1


def indifference(model: CrmModel, target: float) -> list[tuple[float | None, float | None]]:
    """Of each dose: if its true rate is the target, its neighbours' rates must lie outside this interval for the CRM to settle at it.

    Cheung & Chappell 2002, doi:10.1111/j.0006-341X.2002.00671.x. With b_k the θ at which the rates of doses k and k + 1 are as far from the
    target, on either side: from the rate of dose k - 1 at b_(k-1) to that of dose k + 1 at b_k. None: open at an end.
    """
    doses = len(model.skeleton)
    found: list[tuple[float | None, float | None]] = []
    cuts = [_indifferent(model, target, k) for k in range(doses - 1)]
    for k in range(doses):
        low = model.rates(cuts[k - 1])[k - 1] if k else None
        high = model.rates(cuts[k])[k + 1] if k < doses - 1 else None
        found.append((low, high))
    return found


def _indifferent(model: CrmModel, target: float, k: int) -> float:
    """The θ at which dose k (from 0) and the next are as far from the target; rates fall as θ rises."""

    def off(theta: float) -> float:
        rates = model.rates(theta)
        return rates[k] + rates[k + 1] - 2 * target

    return float(brentq(off, -_ENDS, _ENDS, xtol=1e-12))
