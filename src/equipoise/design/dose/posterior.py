"""What a design's own model says of each dose's DLT rate: mean, interval, and the probability of too high a rate.

Interval designs judge each dose alone, by a uniform prior: Beta(1 + y, 1 + n - y); too high is above the target. The CRM's one parameter and the
BLRM's two are learnt from all doses together; too high is above the target, and above the BLRM's target interval. Rule-based designs, and the CRM
by likelihood, have no posterior.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.optimize import brentq
from scipy.stats import beta

from equipoise.design.dose.blrm import Blrm
from equipoise.design.dose.boin_combination import BoinCombination
from equipoise.design.dose.crm import Crm
from equipoise.design.dose.dose_design import Counted, DoseDesign
from equipoise.design.dose.interval import IntervalDesign
from equipoise.design.dose.isotonic import chance_above
from equipoise.design.dose.meanwhile import Meanwhile
from equipoise.design.dose.tite_crm import TiteCrm

#: Probability that an interval holds.
HELD = 0.95


@dataclass(frozen=True)
class RateOfDose:
    """Of one dose: posterior mean, equal-tailed interval, and P(rate above ``limit``)."""

    mean: float
    lower: float
    upper: float
    above: float
    limit: float


def posterior(design: DoseDesign[Any], state: Counted, known: Meanwhile | None = None) -> list[RateOfDose] | None:
    """A rate for each dose; None of a design without a posterior. ``known``: who is pending, for the CRM in time."""
    while hasattr(design, "base"):  # backfill and expansion change nothing of what is known of a rate
        design = design.base
    if isinstance(design, IntervalDesign | BoinCombination):
        return [_alone(design.target, n, y) for n, y in zip(state.n, state.dlt, strict=True)]
    if isinstance(design, Crm) and design.method == "bayes":
        return _of_crm(design, state, known or Meanwhile())
    if isinstance(design, Blrm):
        return _of_blrm(design, state)
    return None


def _alone(target: float, n: int, y: int) -> RateOfDose:
    a, b = 1 + y, 1 + n - y
    low, high = (float(beta.ppf(p, a, b)) for p in _TAILS)
    return RateOfDose(a / (a + b), low, high, chance_above(target, n, y), target)


_TAILS = ((1 - HELD) / 2, (1 + HELD) / 2)


def _of_crm(design: Crm, state: Counted, known: Meanwhile) -> list[RateOfDose]:
    """Rates fall with θ, so that the tails of a rate are those of θ, the other way round. Between grid points the density is a cubic spline."""
    without = [n - y for n, y in zip(state.n, state.dlt, strict=True)]
    pending = (
        [(d, design.weight(share, known.dlts)) for d, share in known.pending] if isinstance(design, TiteCrm) else []
    )
    theta, w = design.crm.density(state.dlt, without, pending)
    below = CubicSpline(theta, w).antiderivative()
    first, last, whole = float(theta[0]), float(theta[-1]), float(below(theta[-1]))
    high, low = (
        design.crm.rates(float(brentq(lambda t, p=p: float(below(t)) / whole - p, first, last))) for p in _TAILS
    )
    with np.errstate(under="ignore"):
        rates = np.array([design.crm.rates(float(t)) for t in theta])
    found = []
    for k in range(design.doses):
        edge = float(brentq(lambda t, k=k: design.crm.rates(t)[k] - design.target, first, last))
        above = float(below(edge)) / whole
        found.append(RateOfDose(float(w @ rates[:, k]), low[k], high[k], above, design.target))
    return found


def _of_blrm(design: Blrm, state: Counted) -> list[RateOfDose]:
    m = design.blrm
    w = m.weights(state.n, state.dlt)
    found = []
    for dose in m.levels:
        low, high = (
            float(brentq(lambda r, p=p, d=dose: m.below(w, (d,), r)[0] - p, 1e-12, 1 - 1e-12, xtol=1e-9))
            for p in _TAILS
        )
        above = 1 - m.below(w, (dose,), design.target_to)[0]
        found.append(RateOfDose(m.mean_and_sd(w, dose)[0], low, high, above, design.target_to))
    return found
