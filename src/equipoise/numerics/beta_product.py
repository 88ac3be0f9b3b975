"""The product of independent Betas, times a constant: exact mean and variance, quantiles by convolution.

The logarithms of the factors add up. Each is put on one grid by its exact distribution function, rounded down to a cell, and the cells
are convolved: with k factors and cells of width h the sum lies within k cells above its rounded value, whatever the shapes, so that the
error of a quantile is bounded and not estimated. Nothing is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import betainc, betaincinv

#: Cells of the grid, over the ranges of all factors together.
_CELLS = 1 << 17
#: What of a factor may lie outside its range, at each end.
_OUTSIDE = 1e-13
#: The range of a logarithm ends here: exp(-700) is hardly a number any more.
_LOWEST = 700.0
#: Concentrations a + b that are searched for an interval.
_MOST, _LEAST = 1e12, 1e-6


@dataclass(frozen=True)
class Beta:
    """A Beta distribution by its shapes, both above 0."""

    a: float
    b: float

    @property
    def mean(self) -> float:
        """a / (a + b)."""
        return self.a / (self.a + self.b)

    @property
    def cv2(self) -> float:
        """Squared coefficient of variation: b / (a (a + b + 1))."""
        return self.b / (self.a * (self.a + self.b + 1))

    @property
    def sd(self) -> float:
        """Standard deviation."""
        return self.mean * math.sqrt(self.cv2)

    def quantile(self, p: float) -> float:
        """The number below which it lies with probability ``p``."""
        return float(betaincinv(self.a, self.b, p))


def beta_of_counts(k: int, n: int) -> Beta:
    """k of n, with Jeffreys' prior: Beta(k + 1/2, n - k + 1/2)."""
    return Beta(k + 0.5, n - k + 0.5)


def beta_of_moments(mean: float, sd: float) -> Beta:
    """The Beta of a mean and a standard deviation. Raises ValueError where there is none: sd² must be below mean (1 - mean)."""
    if not 0 < mean < 1 or not 0 < sd * sd < mean * (1 - mean):
        raise ValueError("no Beta has this mean and standard deviation")
    concentration = mean * (1 - mean) / (sd * sd) - 1
    return Beta(mean * concentration, (1 - mean) * concentration)


def beta_of_interval(mean: float, low: float, high: float, level: float = 0.95) -> Beta:
    """The Beta of a mean that lies between ``low`` and ``high`` with probability ``level``: the most concentrated one that does.

    Raises ValueError unless 0 < low < mean < high < 1: then there is one, for all its mass is at the mean in one limit and at 0 and 1 in
    the other.
    """
    if not 0 < low < mean < high < 1:
        raise ValueError("an interval lies about its mean, inside 0 and 1")

    def beyond(log_concentration: float) -> float:
        c = math.exp(log_concentration)
        a, b = mean * c, (1 - mean) * c
        return float(betainc(a, b, high) - betainc(a, b, low)) - level

    at = math.log(_MOST)
    if beyond(at) < 0:
        raise ValueError("this interval is narrower than any count of patients makes it")
    while beyond(at - 0.25) >= 0:
        at -= 0.25
        if at < math.log(_LEAST):
            raise ValueError("this interval is wider than that of any Beta with this mean")
    c = math.exp(brentq(beyond, at - 0.25, at, xtol=1e-13))
    return Beta(mean * c, (1 - mean) * c)


@dataclass(frozen=True)
class Quantile:
    """A quantile and how far it may be off at most, in its own unit."""

    value: float
    within: float


@dataclass(frozen=True)
class BetaProduct:
    """``constant`` times independent Betas."""

    constant: float
    factors: Sequence[Beta]

    @property
    def mean(self) -> float:
        """Exact: the product of the means."""
        return self.constant * math.prod(f.mean for f in self.factors)

    @property
    def sd(self) -> float:
        """Exact: the squared coefficient of variation plus 1 is the product of the factors' squared ones plus 1."""
        return self.mean * math.sqrt(math.expm1(math.fsum(math.log1p(f.cv2) for f in self.factors)))

    def quantile(self, p: float) -> Quantile:
        """The quantile of probability ``p``, from 0 to 1 exclusive."""
        if not self.factors:
            return Quantile(self.constant, 0.0)
        lowest, width, passed = self._grid
        # X is below its p-quantile where Y = -log X is above its own of 1 - p.
        j = int(np.searchsorted(passed, 1 - p))
        before = float(passed[j - 1]) if j > 0 else 0.0
        share = (1 - p - before) / (float(passed[min(j, len(passed) - 1)]) - before) if j < len(passed) else 0.0
        # Rounding down took half a cell from each factor but one, whose cell is filled evenly.
        cells = j + min(max(share, 0.0), 1.0) + (len(self.factors) - 1) / 2
        value = self.constant * math.exp(-(lowest + width * cells))
        return Quantile(value, value * math.expm1(width * (len(self.factors) + 1) / 2))

    @cached_property
    def _grid(self) -> tuple[float, float, NDArray[np.float64]]:
        """Where Y = -log X begins, the cells' width, and P(the sum of rounded values is in cell 0 … j)."""
        ends = [(_minus_log(f.quantile(1 - _OUTSIDE)), _minus_log(f.quantile(_OUTSIDE))) for f in self.factors]
        width = max(math.fsum(high - low for low, high in ends), 1e-12) / _CELLS
        pieces = [_cells(f, low, high, width) for f, (low, high) in zip(self.factors, ends, strict=True)]
        size = sum(len(p) - 1 for p in pieces) + 1
        padded = 1 << (size - 1).bit_length()
        product = np.ones(padded // 2 + 1, dtype=np.complex128)
        for piece in pieces:
            product *= np.fft.rfft(piece, padded)
        mass = np.maximum(np.fft.irfft(product, padded)[:size], 0.0)
        passed = np.cumsum(mass)
        return math.fsum(low for low, _ in ends), width, passed / passed[-1]


def _minus_log(x: float) -> float:
    return min(-math.log(x), _LOWEST) if x > 0 else _LOWEST


def _cells(f: Beta, low: float, high: float, width: float) -> NDArray[np.float64]:
    """P(-log X in each cell from ``low`` on); what lies outside is in the first and the last."""
    n = max(math.ceil((high - low) / width), 1)
    edges = low + width * np.arange(1, n)
    # P(-log X <= y) = P(1 - X <= 1 - exp(-y)), and 1 - X is a Beta with the shapes the other way round.
    below = betainc(f.b, f.a, -np.expm1(-edges))
    return np.diff(below, prepend=0.0, append=1.0)
