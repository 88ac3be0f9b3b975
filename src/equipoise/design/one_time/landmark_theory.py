"""Moments of a survival estimate at a landmark x, at two looks, with patients who enter at known rates.

At calendar time t a patient who entered at u has been followed for t - u. The Nelson–Aalen estimate of the cumulative hazard at x
has variance V(t) / n, V(t) = ∫ dΛ / (S(s) G_t(s)) over 0 … x, where G_t(s) is the share of all n patients whose follow-up reaches s
by t; increments of information are independent, so the correlation of the looks is sqrt(V(end) / V(t1)) (Lin, Shen, Ying &
Breslow 1996, doi:10.2307/2533064). The first look must come after x. At the end all are followed for x.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from equipoise.design.one_time.two_look_survival import Plan, Survival
from equipoise.numerics.quadrature import legendre
from equipoise.numerics.sequential.two_look_normal import Moments

Scale = Literal["hazard", "log-log", "survival"]


def variance(survival: Survival, plan: Plan, h: float, t: float) -> float:
    """V(t): n times the variance of the Nelson–Aalen estimate at the landmark, under hazard ratio h."""
    x = survival.landmark
    nodes, weights = legendre(60)
    # on the scale s = x v^(1 / shape) the hazard is even, so that a steep one at 0 is no trouble
    kink = min(max(t - plan.ta, 0.0), x)  # up to here everybody is followed
    total = 0.0
    bends = sorted({0.0, kink, x, *(t - piece for piece, _ in plan.ramp if kink < t - piece < x)})
    for a, b in pairwise(bends):
        va, vb = (a / x) ** survival.shape, (b / x) ** survival.shape
        v = (va + vb) / 2 + (vb - va) / 2 * nodes
        s = x * v ** (1 / survival.shape)
        at_risk = np.exp(-h * survival.cumulative(s)) * np.clip(_entered(plan, t - s), 1e-12, 1.0)
        total += float(((vb - va) / 2 * weights) @ (h * -math.log(survival.s0) / at_risk))
    return total


def _entered(plan: Plan, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """The share of the patients who have entered by each time."""
    if not plan.ramp:
        return np.asarray(times / plan.ta)
    return np.array([plan.entered(v) / plan.n for v in times])


def moments(survival: Survival, plan: Plan, h: float, scale: Scale) -> Moments:
    """Moments of z at the two looks; z is studentised by its own variance, so its standard deviation is 1."""
    v1, v2 = (variance(survival, plan, h, t) for t in (plan.t1, plan.end))
    reference = -math.log(survival.s0)
    true = h * reference
    if scale == "hazard":
        effect = reference - true
    elif scale == "log-log":
        effect = -math.log(h) * true
    else:
        effect = (math.exp(-true) - survival.s0) / math.exp(-true)
    root = math.sqrt(plan.n)
    return Moments(root * effect / math.sqrt(v1), root * effect / math.sqrt(v2), 1.0, 1.0, math.sqrt(v2 / v1))
