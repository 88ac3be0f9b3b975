"""Two regressions: of the logarithm of exposure on that of dose, and of the logit of a DLT on the logarithm of exposure. By quadrature, no sampling.

    ln AUC | d  ~  N(b0 + b1 ln d, v²),     b0 ~ N(-ln CL, s²),  b1 ~ N(1, s²),  v ~ U(0, 1)
    logit P(DLT | AUC)  =  -b2 + b3 ln(AUC / unit),     b2 ~ U(0, 20),  b3 ~ U(0, 10)

PKLOGIT of Ursino and others 2017, doi:10.1002/bimj.201600084. The rate at a dose is the second's, over the patients that the first gives at that dose. Given
v the first is normal; v is summed over 48 Gauss-Legendre points of (0, 1), b2 and b3 over 48 x 48 of their square.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_expit, ndtr

Real = NDArray[np.float64]
_SPREADS, _SQUARE = 48, 48


@cache
def _legendre(n: int) -> tuple[Real, Real]:
    """Points and weights on (0, 1)."""
    x, w = np.polynomial.legendre.leggauss(n)
    return (x + 1) / 2, w / 2


@cache
def _normal() -> tuple[Real, Real]:
    """Points and weights of the standard normal: a trapezoid of steps of 0.1, which the logistic of any slope that comes here needs."""
    x = np.linspace(-8.0, 8.0, 161)
    w = np.exp(-x * x / 2)
    return x, w / w.sum()


@dataclass(frozen=True)
class Pharmacokinetics:
    """What is known of ln AUC at a dose: for each point of v its weight, and mean and covariance of (b0, b1)."""

    spread: Real
    weight: Real
    mean: Real
    covariance: Real

    @cached_property
    def expected(self) -> tuple[float, float, float]:
        """Posterior means of b0, b1 and v."""
        b = self.weight @ self.mean
        return float(b[0]), float(b[1]), float(self.weight @ self.spread)

    def at(self, log_dose: float) -> tuple[Real, Real]:
        """Mean and standard deviation of b0 + b1 ln d for each point of v."""
        x = np.array([1.0, log_dose])
        return self.mean @ x, np.sqrt(np.einsum("i,nij,j->n", x, self.covariance, x))


def pharmacokinetics(log_doses: Sequence[float], log_areas: Sequence[float], clearance: float, sd: float) -> Pharmacokinetics:  # fmt: skip
    """The posterior after some patients' exposures; before any it is the prior."""
    v, weight = _legendre(_SPREADS)
    m = np.array([-math.log(clearance), 1.0])
    x = np.column_stack([np.ones(len(log_doses)), np.asarray(log_doses, float)])
    r = np.asarray(log_areas, float) - x @ m
    # By directions: at one dose alone only one of them is seen, and the other stays as the prior has it.
    seen, u = np.linalg.eigh(x.T @ x)
    blind = seen <= 1e-12 * seen.max(initial=0.0)
    seen, towards = np.where(blind, 0.0, seen), np.where(blind, 0.0, u.T @ (x.T @ r))
    held = seen + (v[:, None] / sd) ** 2
    covariance = np.einsum("ik,nk,jk->nij", u, v[:, None] ** 2 / held, u)
    shift = (towards / held) @ u.T
    left = r @ r - (towards**2 / held).sum(axis=1)
    log_marginal = -len(r) * np.log(v) - np.log(held * (sd / v[:, None]) ** 2).sum(axis=1) / 2 - left / v**2 / 2
    w = weight * np.exp(log_marginal - log_marginal.max())
    return Pharmacokinetics(v, w / w.sum(), m + shift, covariance)


@dataclass(frozen=True)
class Toxicity:
    """Posterior weights of (b2, b3) over their square, flat."""

    b2: Real
    b3: Real
    weight: Real

    @cached_property
    def expected(self) -> tuple[float, float]:
        """Posterior means of b2 and b3."""
        return float(self.weight @ self.b2), float(self.weight @ self.b3)


@cache
def square(most_b2: float, most_b3: float) -> tuple[Real, Real, Real]:
    """b2, b3 and the weights of their prior, flat."""
    x, w = _legendre(_SQUARE)
    b2, b3 = np.meshgrid(most_b2 * x, most_b3 * x, indexing="ij")
    return b2.ravel(), b3.ravel(), np.outer(w, w).ravel()


def toxicity(measured: Sequence[tuple[float, bool]], unmeasured: Sequence[tuple[float, float, int, int]], most: tuple[float, float]) -> Toxicity:  # fmt: skip
    """The posterior. ``measured``: ln(AUC/unit) of each patient and whether he had a DLT. ``unmeasured``: of patients whose exposure is not known, at one
    dose, mean and deviation of ln(AUC/unit), how many there are and how many had a DLT: each over what it may be."""
    b2, b3, prior = square(*most)
    log_w = np.log(prior)
    for z, toxic in measured:
        a = -b2 + b3 * z
        log_w = log_w + (log_expit(a) if toxic else log_expit(-a))
    e, weight = _normal()
    for mean, sd, n, dlt in unmeasured:
        rate = expit(-b2[:, None] + b3[:, None] * (mean + sd * e)) @ weight
        rate = np.clip(rate, 1e-300, 1 - 1e-16)
        log_w = log_w + dlt * np.log(rate) + (n - dlt) * np.log1p(-rate)
    w = np.exp(log_w - log_w.max())
    return Toxicity(b2, b3, w / w.sum())


def rate_at(mean: float, sd: float, b2: float, b3: float) -> float:
    """The DLT rate over patients whose ln(AUC/unit) is normal."""
    e, weight = _normal()
    return float(expit(-b2 + b3 * (mean + sd * e)) @ weight)


@cache
def _threshold(rate: float) -> tuple[Real, Real]:
    """s, and the a at which the mean of expit(a + s e) is ``rate``, e standard normal: found by halving."""
    s = np.linspace(0.0, 12.0, 241)
    e, weight = _normal()
    low, high = np.full(s.size, -60.0), np.full(s.size, 60.0)
    for _ in range(60):
        middle = (low + high) / 2
        over = expit(middle[:, None] + s[:, None] * e) @ weight > rate
        low, high = np.where(over, low, middle), np.where(over, middle, high)
    return s, (low + high) / 2


@cache
def _needed(rate: float, last_b3: float) -> Real:
    """The mean logit at which the rate is ``rate``, for each point of v and of b3 (of which the last is ``last_b3``)."""
    x, _ = _legendre(_SQUARE)
    found: Real = np.interp(np.outer(_legendre(_SPREADS)[0], last_b3 * x / x[-1]), *_threshold(rate))
    return found


def chance_above(rate: float, log_dose: float, shift: float, kinetics: Pharmacokinetics, found: Toxicity) -> float:
    """P(the DLT rate at a dose > ``rate``), over everything that is not known. ``shift``: ln of the unit of exposure.

    The mean of the logit over patients rises with the mean of ln AUC, so for each v, b2 and b3 the question is of one normal.
    """
    mean, sd = kinetics.at(log_dose)
    # What is left out weighs less than two in a hundred thousand in all.
    rows, columns = _heavy(kinetics.weight), _heavy(found.weight)
    weight, mean, sd = kinetics.weight[rows], mean[rows], sd[rows]
    b2, b3, likely = found.b2[columns], found.b3[columns], found.weight[columns]
    edge = (_needed(rate, float(found.b3.max()))[np.ix_(rows, columns % _SQUARE)] + b2) / b3 + shift
    over = ndtr((mean[:, None] - edge) / np.maximum(sd, 1e-12)[:, None])
    return float(weight @ over @ likely / (weight.sum() * likely.sum()))


def _heavy(weights: Real) -> NDArray[np.intp]:
    """The places of the weights that hold all but a hundred-thousandth, heaviest first."""
    order = np.argsort(weights)[::-1]
    found: NDArray[np.intp] = order[: int(np.searchsorted(np.cumsum(weights[order]), 1 - 1e-5)) + 1]
    return found
