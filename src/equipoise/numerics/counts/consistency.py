"""Do concurrent controls agree with history? Numbers that are small in disagreement, from a count; and what they can see."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from equipoise.numerics.counts.beta_binomial import exceeds_other, predictive
from equipoise.numerics.counts.binomial import pmf

Array = NDArray[np.float64]


def two_sided(n: int, rate: float) -> Array:
    """p of the two-sided exact binomial test (minimum likelihood) for each count 0 … n."""
    chances = pmf(n, rate)
    return np.array([min(chances[chances <= c * (1 + 1e-7)].sum(), 1.0) for c in chances])


def prior_predictive(n: int, rate: float, worth: float) -> Array:
    """Box's p for each count 0 … n: the predictive probability of all counts no more likely, when the rate is a beta with
    mean ``rate`` worth ``worth`` patients (Box 1980, doi:10.2307/2982063)."""
    chances = predictive(n, rate * worth, (1 - rate) * worth)
    return np.array([min(chances[chances <= c * (1 + 1e-7)].sum(), 1.0) for c in chances])


def agreement(n: int, rate: float, worth: float, margin: float) -> Array:
    """P(|control rate - history's rate| ≤ ``margin``) for each count 0 … n: history's rate a beta worth ``worth`` patients,
    the controls' uniform before their data."""
    a, b = rate * worth, (1 - rate) * worth
    apart = [
        exceeds_other(1 + y, 1 + n - y, a, b, margin) + exceeds_other(a, b, 1 + y, 1 + n - y, margin)
        for y in range(n + 1)
    ]
    return np.asarray(np.clip(1 - np.array(apart), 0.0, 1.0))


def power(p_values: Array, alpha: float, true_rate: float) -> float:
    """P(a number below ``alpha``) when the controls' true rate is ``true_rate``: exact."""
    return float(pmf(len(p_values) - 1, true_rate) @ (p_values < alpha))


def least_drift(p_values: Array, alpha: float, rate: float, wanted: float, sign: int) -> float | None:
    """The least drift in this direction (``sign`` 1 up, -1 down) from which on it is seen with probability ``wanted``, to a
    tenth of a point; None if no drift is."""
    room = 1 - rate if sign > 0 else rate
    steps = np.arange(round(room * 1000) + 1) / 1000
    seen = [power(p_values, alpha, min(max(rate + sign * d, 0.0), 1.0)) >= wanted for d in steps]
    if not seen[-1]:
        return None
    return float(steps[len(seen) - int(np.argmin(seen[::-1])) if not all(seen) else 0])
