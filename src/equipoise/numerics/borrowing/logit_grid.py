"""The grid on which densities of a rate are kept: even steps of the logit.

Sums over even steps of a smooth density that vanishes at both ends are right to near machine precision, and convolutions
with a normal are products of Fourier transforms. The step serves posteriors of up to several thousand patients.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, rfft
from scipy.special import expit, sici

Array = NDArray[np.float64]

STEP = 1 / 64
THETA: Array = np.asarray(np.arange(-2048, 2048) * STEP, dtype=np.float64)
RATE: Array = expit(THETA)
THETA.setflags(write=False)
RATE.setflags(write=False)
#: What is below this share of the largest mass may be the rounding of a Fourier transform.
ROUNDING = 1e-14
_LENGTH = 2 * len(THETA)
_FREQUENCY = 2 * np.pi * np.arange(_LENGTH // 2 + 1) / (_LENGTH * STEP)


def likelihood(x: float, n: float) -> Array:
    """The binomial likelihood on the grid, 1 at its largest. Fractions are allowed: a published rate's effective counts."""
    logs = -x * np.logaddexp(0, -THETA) - (n - x) * np.logaddexp(0, THETA)
    return np.asarray(np.exp(logs - logs.max()))


def blurred(values: Array, sd: Array) -> Array:
    """Convolution of each row of ``values`` (…, grid) with a normal of each ``sd`` (S,) [logit]: shape (S, …, grid).

    Beyond the grid there is nothing; what rounding leaves below 0 is 0.
    """
    spectrum = rfft(values, _LENGTH, axis=-1)
    gauss = np.exp(-0.5 * np.multiply.outer(np.asarray(sd, dtype=np.float64), _FREQUENCY) ** 2)
    shape = (len(gauss), *([1] * (values.ndim - 1)), gauss.shape[-1])
    # the kernel is centred on 0: nothing to shift
    found = irfft(spectrum[None] * gauss.reshape(shape), _LENGTH, axis=-1)[..., : len(THETA)]
    return np.asarray(np.maximum(found, 0.0))


def cdf(mass: Array, rate: float) -> float:
    """P(rate ≤ ``rate``) by the integral of the band-limited function through the masses."""
    if not 0 < rate < 1:
        return 0.0 if rate <= 0 else 1.0
    theta = float(np.log(rate) - np.log1p(-rate))
    si, _ = sici(np.pi * (theta - THETA) / STEP)
    return min(max(float(mass @ (0.5 + si / np.pi)), 0.0), 1.0)


def slope(mass: Array) -> Array:
    """d log mass / d logit: central differences of the sixth order; 0 where there is no mass to speak of."""
    logs = np.log(np.maximum(mass, 1e-290))
    found = np.zeros_like(logs)
    for k, c in ((1, 3 / 4), (2, -3 / 20), (3, 1 / 60)):
        found[3:-3] += c * (logs[3 + k : len(logs) - 3 + k] - logs[3 - k : len(logs) - 3 - k])
    return np.where(mass > 1e-280, found / STEP, 0.0)


def curvature(mass: Array, rate: float) -> tuple[float, float]:
    """First and second derivative of log mass in the logit at a rate, by the polynomial through its nine nearest points."""
    theta = float(np.log(rate) - np.log1p(-rate))
    middle = round((theta - float(THETA[0])) / STEP)
    near = slice(middle - 4, middle + 5)
    fit = np.polynomial.Polynomial.fit((THETA[near] - theta) / STEP, np.log(mass[near]), 8).convert().coef
    return float(fit[1] / STEP), float(2 * fit[2] / STEP**2)
