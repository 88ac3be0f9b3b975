"""What is still to come at a look: how likely a design of one rate then declares, given what was seen.

Conditional power takes a rate as true; predictive power averages over what the data leave of it, from a uniform prior
(Spiegelhalter, Freedman & Blackburn 1986, doi:10.1016/0197-2456(86)90003-6). Both pass every boundary that is still to come.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from equipoise.numerics.counts.beta_binomial import predictive
from equipoise.numerics.counts.binomial import pmf
from equipoise.numerics.sequential.staged_binomial import Stages

Array = NDArray[np.float64]


@dataclass(frozen=True)
class StillToCome:
    """After ``x`` successes among ``n``: P(declares in the end) at p0, at p1, at the rate that was seen, and averaged."""

    n: int
    x: int
    at_p0: float
    at_p1: float
    at_seen: float
    predictive: float


def still_to_come(stages: Stages, look: int, n: int, x: int, p0: float, p1: float) -> StillToCome:
    """At look ``look`` (from 1), which ended neither way. Raises ValueError for a last look, or counts that cannot be."""
    if not 1 <= look < len(stages.n):
        raise ValueError(f"look: got {look}; 1 to {len(stages.n) - 1}, one that is followed by another")
    if not 0 <= x <= n or n < 1 or n >= stages.n[look]:
        raise ValueError(f"x, n: got {x} of {n}; 0 ≤ x ≤ n < {stages.n[look]}")

    def at(p: float) -> float:
        return _declares(stages, look, n, x, lambda s, m, step: pmf(step, p))

    averaged = _declares(stages, look, n, x, lambda s, m, step: predictive(step, 1 + s, 1 + m - s))
    return StillToCome(n, x, at(p0), at(p1), at(x / n), averaged)


def _declares(stages: Stages, look: int, n: int, x: int, step_from: Callable[[int, int, int], Array]) -> float:
    """P(S > high at some later look), ``step_from(successes, patients, new)`` being the law of the successes among the new."""
    state, size, won = {x: 1.0}, n, 0.0
    for k in range(look, len(stages.n)):
        new = stages.n[k] - size
        law: dict[int, float] = {}
        for s, weight in state.items():
            for y, q in enumerate(step_from(s, size, new)):
                law[s + y] = law.get(s + y, 0.0) + weight * float(q)
        won += sum(q for s, q in law.items() if s > stages.high[k])
        state, size = {s: q for s, q in law.items() if stages.low[k] < s <= stages.high[k]}, stages.n[k]
    return won
