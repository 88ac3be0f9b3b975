"""Looks at a normal statistic with independent increments: crossing probabilities, boundaries, power.

B(t) is the score process on the scale of information: B(t) ~ N(drift · t, t), z = B / sqrt(t), with increments independent
(Armitage, McPherson & Rowe 1969, doi:10.2307/2343787; Jennison & Turnbull 2000, chapter 19). Larger z is better; a look
rejects with z ≥ upper and stops for futility with z < lower. The density of B at the next look, on the part of the line
that goes on, is a smooth integral over the last: Gauss–Legendre panels no wider than the increment's standard deviation
give it to about 1e-13.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from equipoise.numerics.quadrature import panels

Array = NDArray[np.float64]

#: Standard deviations from the mean beyond which nothing is integrated.
_FAR = 9.0
_NODES = 16


@dataclass(frozen=True)
class Crossing:
    """P(first crosses the upper, the lower boundary at each look)."""

    upper: tuple[float, ...]
    lower: tuple[float, ...]

    @property
    def reject(self) -> float:
        """P(rejects at any look)."""
        return math.fsum(self.upper)


@dataclass
class _State:
    """The density of B where the trial goes on, at nodes, with their weights; ``t`` is the information so far."""

    t: float
    at: Array
    mass: Array

    @staticmethod
    def start() -> _State:
        return _State(0.0, np.zeros(1), np.ones(1))

    def beyond(self, t: float, b: float, drift: float) -> float:
        """P(still on, and B(t) ≥ b)."""
        step = t - self.t
        return float(self.mass @ ndtr((self.at + drift * step - b) / math.sqrt(step)))

    def below(self, t: float, a: float, drift: float) -> float:
        """P(still on, and B(t) < a)."""
        step = t - self.t
        return float(self.mass @ ndtr((a - self.at - drift * step) / math.sqrt(step)))

    def go_on(self, t: float, a: float, b: float, drift: float) -> _State:
        """The state at t on a ≤ B < b."""
        step = t - self.t
        sd = math.sqrt(step)
        # what is still on is part of N(drift t, t): many close looks do not widen the range that matters
        mean, far = drift * t, _FAR * math.sqrt(t)
        low = max(a, float(self.at.min()) + drift * step - _FAR * sd, mean - far)
        high = min(b, float(self.at.max()) + drift * step + _FAR * sd, mean + far)
        if high <= low:
            return _State(t, np.array([(a + b) / 2 if math.isfinite(a + b) else 0.0]), np.zeros(1))
        edges = np.linspace(low, high, max(1, math.ceil((high - low) / sd)) + 1)
        at, weights = panels(edges, _NODES)
        kernel = np.exp(-0.5 * ((at[:, None] - self.at - drift * step) / sd) ** 2) / (sd * math.sqrt(2 * math.pi))
        return _State(t, at, weights * (kernel @ self.mass))


def crossing(information: Sequence[float], lower: Sequence[float], upper: Sequence[float], drift: float) -> Crossing:
    """Crossing probabilities; z boundaries, -inf and inf for none. ``drift`` is E(z) at information 1."""
    state = _State.start()
    ups, downs = [], []
    for t, a, b in zip(information, lower, upper, strict=True):
        root = math.sqrt(t)
        ups.append(state.beyond(t, b * root, drift))
        downs.append(state.below(t, a * root, drift))
        state = state.go_on(t, a * root, b * root, drift)
    return Crossing(tuple(ups), tuple(downs))


def spending_boundaries(information: Sequence[float], spent: Sequence[float]) -> tuple[float, ...]:
    """Upper z boundaries that spend ``spent`` (cumulative) under no drift, with no lower boundary (non-binding)."""
    none = [-math.inf] * len(information)
    return _upper(information, none, spent)


def _upper(information: Sequence[float], lower: Sequence[float], spent: Sequence[float]) -> tuple[float, ...]:
    state, found, before = _State.start(), [], 0.0
    for t, a, s in zip(information, lower, spent, strict=True):
        root = math.sqrt(t)
        b = _solve_upper(state, t, s - before, 0.0)
        found.append(b)
        state = state.go_on(t, a * root, b * root, 0.0)
        before = s
    return tuple(found)


def _solve_upper(state: _State, t: float, target: float, drift: float) -> float:
    from scipy.optimize import brentq

    root = math.sqrt(t)
    if target <= 1e-15:
        return math.inf
    span = 12 + abs(drift)
    if state.beyond(t, -span * root, drift) <= target:
        return -span  # a binding lower boundary took so much that nothing else is left to be spent
    return float(brentq(lambda z: state.beyond(t, z * root, drift) - target, -span, span, xtol=1e-13, rtol=1e-14))


def _solve_lower(state: _State, t: float, target: float, drift: float) -> float:
    from scipy.optimize import brentq

    root = math.sqrt(t)
    if target <= 1e-15:
        return -math.inf
    span = 12 + abs(drift)
    if state.below(t, span * root, drift) <= target:
        return span
    return float(brentq(lambda z: state.below(t, z * root, drift) - target, -span, span, xtol=1e-13, rtol=1e-14))


def shaped_boundaries(information: Sequence[float], alpha: float, delta: float) -> tuple[float, ...]:
    """Upper boundaries c · t^(delta - 1/2) of total error alpha: delta 0 is O'Brien & Fleming, 1/2 is Pocock.

    Wang & Tsiatis 1987, doi:10.2307/2531959; ``information`` relative to the last look.
    """
    from scipy.optimize import brentq

    t = [v / information[-1] for v in information]
    none = [-math.inf] * len(t)

    def error(c: float) -> float:
        return crossing(t, none, [c * v ** (delta - 0.5) for v in t], 0.0).reject - alpha

    c = float(brentq(error, 0.0, 12.0, xtol=1e-13, rtol=1e-14))
    return tuple(c * v ** (delta - 0.5) for v in t)


@dataclass(frozen=True)
class Boundaries:
    """z boundaries of all looks and the drift at which the power is reached; the last lower equals the last upper."""

    lower: tuple[float, ...]
    upper: tuple[float, ...]
    drift: float


def with_power(
    information: Sequence[float], upper: Sequence[float], power: float, lower: Sequence[float] | None = None
) -> Boundaries:
    """The drift at which fixed boundaries have the power."""
    from scipy.optimize import brentq

    low = list(lower) if lower is not None else [-math.inf] * (len(upper) - 1) + [upper[-1]]
    drift = float(
        brentq(lambda d: crossing(information, low, upper, d).reject - power, 0.0, 20.0, xtol=1e-13, rtol=1e-14)
    )
    return Boundaries(tuple(low), tuple(upper), drift)


def spend_both(
    information: Sequence[float], alpha_spent: Sequence[float], beta_spent: Sequence[float], drift: float, binding: bool
) -> tuple[list[float], list[float], float]:
    """Lower and upper boundaries that spend both errors, the lower at ``drift``, and the total missed there.

    The last look has one boundary, that of alpha. A lower boundary never exceeds the upper one.
    """
    none = [-math.inf] * len(information)
    free = _upper(information, none, alpha_spent)
    null, target = _State.start(), _State.start()
    lower: list[float] = []
    upper: list[float] = []
    missed = 0.0
    last = len(information) - 1
    for k, t in enumerate(information):
        root = math.sqrt(t)
        spend_a = alpha_spent[k] - (alpha_spent[k - 1] if k else 0.0)
        b = _solve_upper(null, t, spend_a, 0.0) if binding else free[k]
        spend_b = beta_spent[k] - (beta_spent[k - 1] if k else 0.0)
        a = b if k == last else min(_solve_lower(target, t, spend_b, drift), b)
        missed += target.below(t, a * root, drift)
        lower.append(a)
        upper.append(b)
        if k < last:
            target = target.go_on(t, a * root, b * root, drift)
            if binding:
                null = null.go_on(t, a * root, b * root, 0.0)
    return lower, upper, missed


def with_beta_spending(
    information: Sequence[float], alpha_spent: Sequence[float], beta_spent: Sequence[float], binding: bool
) -> Boundaries:
    """Lower boundaries that spend ``beta_spent`` (cumulative) at the drift at which the last look spends all of it.

    Non-binding: the upper boundaries ignore the lower ones, so that alpha holds if a futility stop is overruled. Binding: they
    count on them. Pampallona & Tsiatis 1994, doi:10.1016/0378-3758(94)90187-2; information at the last look is 1.
    """
    from scipy.optimize import brentq

    beta, alpha = beta_spent[-1], alpha_spent[-1]
    fixed = fixed_drift(alpha, 1 - beta)

    def gap(drift: float) -> float:
        return spend_both(information, alpha_spent, beta_spent, drift, binding)[2] - beta

    drift = float(brentq(gap, 0.5 * fixed, 2.5 * fixed, xtol=1e-12, rtol=1e-13))
    lower, upper, _ = spend_both(information, alpha_spent, beta_spent, drift, binding)
    return Boundaries(tuple(lower), tuple(upper), drift)


def fixed_drift(alpha: float, power: float) -> float:
    """The drift of a single look: z(1 - alpha) + z(power)."""
    return float(ndtri(1 - alpha) + ndtri(power))
