"""Moments of the one-sample log-rank statistic at two looks, with patients who enter at known rates.

Per patient, with cumulative reference hazard y at his limit of follow-up and true hazard h times the reference's: W = (what was
expected) - (event or not). Times enter through y only, so that with E = min(Y, y), Y ~ exponential with rate h,
E(W) = (1 - exp(-h y)) (1 / h - 1), and the products E(W1 W2) have closed forms; the entry is integrated numerically.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from equipoise.design.one_time.two_look_survival import Plan, Survival
from equipoise.numerics.quadrature import panels
from equipoise.numerics.sequential.two_look_normal import Moments

Array = NDArray[np.float64]
Variance = Literal["exact", "kwak-jung-2014", "expected-events", "onearm2stage"]


@dataclass(frozen=True)
class _PerPatient:
    """Means of W, of what is expected, of events, and of W1 W1, W2 W2, W1 W2, over all entries."""

    w: tuple[float, float]
    expected: tuple[float, float]
    events: tuple[float, float]
    squares: tuple[float, float]
    product: float


def per_patient(survival: Survival, plan: Plan, h: float, restricted: bool) -> _PerPatient:
    """Averages over patients whose entry on (0, ta) is uniform in each piece of the enrolment."""
    limit = plan.follow_up if restricted else math.inf
    pieces = [t for t, _ in plan.ramp]
    bends = (plan.t1, plan.t1 - limit, plan.end - limit, *pieces)
    kinks = sorted({0.0, plan.ta, *(min(max(v, 0.0), plan.ta) for v in bends)})
    u, width = panels(np.array(kinks), 40)
    share = width / plan.ta if not pieces else width * [plan.enrolment.rate_at(t) for t in u] / plan.n
    y1, y2 = (np.asarray(survival.cumulative(np.clip(t - u, 0.0, limit))) for t in (plan.t1, plan.end))
    event = [1 - np.exp(-h * y) for y in (y1, y2)]

    def mean(values: Array) -> float:
        return float(share @ values)

    return _PerPatient(
        w=(mean(event[0]) * (1 / h - 1), mean(event[1]) * (1 / h - 1)),
        expected=(mean(event[0]) / h, mean(event[1]) / h),
        events=(mean(event[0]), mean(event[1])),
        squares=(mean(_product(y1, y1, h)), mean(_product(y2, y2, h))),
        product=mean(_product(y1, y2, h)),
    )


def _product(a: Array, b: Array, h: float) -> Array:
    """E(W1 W2) of a patient with limits a ≤ b on the reference's hazard scale."""
    ea, eb = np.exp(-h * a), np.exp(-h * b)
    zero = 1 - ea
    one = (1 - ea * (1 + h * a)) / h
    two = (2 - ea * (h * h * a * a + 2 * h * a + 2)) / (h * h)
    # between the limits: at the first look no event and a expected, at the second an event at y
    zero_ab = ea - eb
    one_ab = (ea * (1 + h * a) - eb * (1 + h * b)) / h
    return np.asarray((zero - 2 * one + two) - a * (zero_ab - one_ab) + a * b * eb)


def moments(survival: Survival, plan: Plan, h: float, restricted: bool, variance: Variance) -> Moments:
    """Moments of Z_k = (expected - observed) / sqrt(expected) at the two looks.

    'exact': variance of W under the truth, true correlation (Wu et al. 2020 for the variances). 'kwak-jung-2014': as Kwak & Jung
    compute their tables, see ``_kwak_jung``. 'expected-events': the events expected under the truth for the variance, as if W
    were a martingale under it. 'onearm2stage': as R's OneArm2stage 1.1.5 computes it, which scales the first look's mean by
    sqrt(rate t1) although its averages are over all n patients, and takes sqrt(variance 1 / variance 2) for the correlation.
    """
    p = per_patient(survival, plan, h, restricted)
    root = math.sqrt(plan.n)
    scale = [math.sqrt(e) for e in p.expected]
    means = [root * w / s for w, s in zip(p.w, scale, strict=True)]
    if variance == "kwak-jung-2014":
        between = per_patient(survival, plan, (1 + h) / 2, restricted).events
        sds = [math.sqrt(e) / s for e, s in zip(between, scale, strict=True)]
        return Moments(means[0], means[1], sds[0], sds[1], _kwak_jung(plan, between))
    if h == 1.0:
        return Moments(means[0], means[1], 1.0, 1.0, math.sqrt(p.expected[0] / p.expected[1]))
    if variance == "expected-events":
        sds = [math.sqrt(e) / s for e, s in zip(p.events, scale, strict=True)]
        return Moments(means[0], means[1], sds[0], sds[1], math.sqrt(p.events[0] / p.events[1]))
    var = [q - w * w for q, w in zip(p.squares, p.w, strict=True)]
    sds = [math.sqrt(v) / s for v, s in zip(var, scale, strict=True)]
    if variance == "onearm2stage":
        first = math.sqrt(plan.enrolment.by(plan.t1)) * p.w[0] / scale[0]
        return Moments(first, means[1], sds[0], sds[1], math.sqrt(var[0] / var[1]))
    rho = (p.product - p.w[0] * p.w[1]) / math.sqrt(var[0] * var[1])
    return Moments(means[0], means[1], sds[0], sds[1], rho)


def _kwak_jung(plan: Plan, events: tuple[float, float]) -> float:
    """The correlation that Kwak & Jung's tables rest on (and their Fortran): sqrt(v1 / v) of variances per patient *entered*.

    v1 is an average over the n1 in by the first look; the share n1 / n is missing under the root, so it is too large. The
    variances are the events expected at the mean of both hazards; ``events`` are those, averaged over all n.
    """
    entered = min(plan.t1 / plan.ta, 1.0)
    return math.sqrt(min(events[0] / entered / events[1], 1.0))
