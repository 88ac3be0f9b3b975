"""A hurdle with its uncertainty: how a design behaves when the control rate is only known as far as history allows.

The control rate c follows its predictive distribution. The tested arm's rate t is c moved by an effect on the log odds
(0: the treatment adds nothing). A *false go* is: the trial declares, and the true effect relative to the true control
rate is 0 or less. All is exact: the design's own probabilities, summed over the quadrature of c and of the effect.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.special import expit, logit, ndtr

from equipoise.history.next_trial import NextRate
from equipoise.history.one_arm import OneArmRate
from equipoise.history.pooling import Prediction, summed
from equipoise.numerics.quadrature import legendre
from equipoise.numerics.sequential.staged_binomial import Stages, arrive
from equipoise.trial.design import Design
from equipoise.trial.problem import BadInput, Problem

#: P(declare) at a true control rate and a true rate of the tested arm.
Declares = Callable[[float, float], float]


@dataclass(frozen=True)
class EffectPrior:
    """What is thought of the effect on the log odds: nothing with probability ``p_null``, else Normal(mean, sd²).

    ``sd`` 0: exactly ``mean``.
    """

    mean: float
    sd: float = 0.0
    p_null: float = 0.5

    def nodes(self) -> list[tuple[float, float]]:
        """Effects and weights; the panels meet at 0, so that the sign of the effect is summed exactly."""
        found = [(0.0, self.p_null)] if self.p_null else []
        rest = 1 - self.p_null
        if self.sd == 0:
            return [*found, (self.mean, rest)] if rest else found
        x, w = legendre(24)
        low, high = self.mean - 8 * self.sd, self.mean + 8 * self.sd
        edges = sorted({low, high, *(e for e in (0.0, self.mean) if low < e < high)})
        for a, b in pairwise(edges):
            at = (a + b) / 2 + (b - a) / 2 * x
            density = np.exp(-(((at - self.mean) / self.sd) ** 2) / 2) / (self.sd * math.sqrt(2 * math.pi))
            share = (b - a) / 2 * w * density
            share *= float(ndtr((b - self.mean) / self.sd) - ndtr((a - self.mean) / self.sd)) / share.sum()
            found += [(float(e), rest * float(s)) for e, s in zip(at, share, strict=True)]
        return found

    def __str__(self) -> str:
        rest = (
            f"odds ratio {math.exp(self.mean):.2f}"
            if self.sd == 0
            else f"log odds ratio N({self.mean:.3f}, {self.sd:g}²)"
        )
        return f"no effect with probability {self.p_null:g}, else {rest}"


@dataclass(frozen=True)
class Assurance:
    """Averages over history and the effect: P(declare), P(declare and effect ≤ 0), P(declare and effect > 0), P(effect ≤ 0 | declare)."""

    effect: str
    success: float
    false_go: float
    true_go: float
    false_given_go: float


@dataclass(frozen=True)
class Calibrated:
    """The last boundary raised until the averaged type I error is within alpha: r, and what it does to both errors."""

    r: int
    planned_r: int
    type_one: float
    power: float


@dataclass(frozen=True)
class Hurdle:
    """A design against what history allows.

    ``type_one`` is P(declare) with no effect: at the design's own p0, averaged over history, and at the control rates at
    the ends of the predictive interval. ``power`` the same with the design's own effect (odds ratio of p1 and p0).
    ``p0_at`` are quantiles of the control rate: the p0 that the true control rate exceeds with the rest's probability.
    ``p0_exceeded`` = P(control rate > p0).
    """

    control: Prediction
    p0: float | None
    p1: float | None
    odds_ratio: float
    p0_exceeded: float | None
    p0_at: Mapping[str, float]
    type_one_stated: float
    type_one_averaged: float
    type_one_range: tuple[float, float]
    power_stated: float
    power_averaged: float
    power_range: tuple[float, float]
    assurance: Assurance
    calibrated: Calibrated | None
    method: str


def hurdle(
    design: Design[Any],
    control: NextRate | OneArmRate,
    effect: EffectPrior | None = None,
    odds_ratio: float | None = None,
) -> Hurdle:
    """How the design behaves when the control rate is as uncertain as ``control``.

    For every design whose truth is one arm's 'rate' or the rates 'tested' and 'control'. The effect is the odds ratio
    between the design's null and target unless given; the prior of it, half nothing and half that, unless given. Raises
    BadInput for other designs, and where null or target have no odds and no odds ratio is given.
    """
    declares, null, target = _declares(design)
    if odds_ratio is None:
        if not (0 < null < 1 and 0 < target < 1):
            given = f"rates {null:g} and {target:g}"
            raise BadInput("hurdle", [Problem("no-effect", "--odds-ratio", given, "an odds ratio: these have none")])
        odds_ratio = math.exp(float(logit(target) - logit(null)))
    if not odds_ratio > 0 or not math.isfinite(odds_ratio):
        raise BadInput("hurdle", [Problem("out-of-range", "--odds-ratio", f"{odds_ratio:g}", "a number above 0")])
    shift = math.log(odds_ratio)
    prior = effect or EffectPrior(shift)

    def at(c: float, e: float) -> float:
        return declares(c, c if e == 0 else _moved(c, e))

    one_arm = set(next(iter(design.truths().values()))) == {"rate"}
    low, high = control.quantile(0.025), control.quantile(0.975)
    stages = getattr(design, "stages", None)
    staged = stages if isinstance(stages, Stages) and hasattr(design, "alpha") else None
    return Hurdle(
        summed(control), null, target, odds_ratio, 1 - control.cdf(null) if 0 < null < 1 else None,
        {f"{p:g}": control.quantile(p) for p in (0.5, 0.7, 0.8, 0.9, 0.95)},
        at(null, 0.0), control.expect(lambda c: at(c, 0.0)), (at(low, 0.0), at(high, 0.0)),
        at(null, shift), control.expect(lambda c: at(c, shift)), (at(low, shift), at(high, shift)),
        _assurance(control, at, prior, one_arm=one_arm), None if staged is None else _calibrated(design, staged, control, shift),
        f"exact sums of the design over {len(control.nodes[0])} nodes of the control rate ({control.method})",
    )  # fmt: skip


def _assurance(control: NextRate | OneArmRate, at: Declares, prior: EffectPrior, *, one_arm: bool) -> Assurance:
    false_go = true_go = 0.0
    effects = prior.nodes()
    if one_arm and len(effects) > 3:
        at = _drawn_through(at, control, [e for e, _ in effects])
    for e, w in effects:
        if w <= 0:
            continue
        found = w * control.expect(partial(_with_effect, at, e))
        if e <= 0:
            false_go += found
        else:
            true_go += found
    total = false_go + true_go
    return Assurance(str(prior), total, false_go, true_go, false_go / total if total else math.nan)


def _calibrated(design: Any, stages: Stages, control: NextRate | OneArmRate, shift: float) -> Calibrated | None:
    """Raise r at the last look only: all r at once from one pass over the nodes."""
    open_end = Stages(stages.n, (*stages.low[:-1], stages.n[-1]), (*stages.high[:-1], stages.n[-1]))

    def beyond(rate: float) -> np.ndarray[Any, np.dtype[np.float64]]:
        arrays = arrive(open_end, rate)
        early = sum(float(a[h + 1 :].sum()) for a, h in zip(arrays[:-1], stages.high[:-1], strict=True))
        return early + np.concatenate([np.cumsum(arrays[-1][:0:-1])[::-1], [0.0]])

    rates, weights = control.nodes
    error = sum(w * beyond(float(c)) for c, w in zip(rates, weights, strict=True) if w > 1e-15)
    within = np.flatnonzero(error <= design.alpha)
    if not len(within):
        return None  # declaring early exceeds alpha by itself
    r = max(int(within[0]), stages.high[-1])
    power = sum(w * float(beyond(_moved(float(c), shift))[r]) for c, w in zip(rates, weights, strict=True) if w > 1e-15)
    return Calibrated(r, stages.high[-1], float(error[r]), float(power))


def _declares(design: Design[Any]) -> tuple[Declares, float, float]:
    """P(declare) by control and tested rate, and the design's own null and target rates of the tested arm."""
    truths = list(design.truths().values())
    names = set(truths[0])
    if names == {"rate"}:
        known: dict[float, float] = {}

        def one(_c: float, t: float) -> float:
            if t not in known:
                known[t] = design.characteristics({"rate": t}).declare.value
            return known[t]

        return one, float(truths[0]["rate"]), float(truths[-1]["rate"])
    if names == {"tested", "control"}:
        return (
            lambda c, t: design.characteristics({"tested": t, "control": c}).declare.value,
            float(truths[0]["control"]),
            float(truths[-1]["tested"]),
        )
    raise BadInput(
        "hurdle",
        [
            Problem(
                "not-a-rate-design", "design", f"truth by {', '.join(sorted(names))}",
                "a design on one arm's rate, or on the rates of two arms",
            )
        ],
    )  # fmt: skip


def _drawn_through(at: Declares, control: NextRate | OneArmRate, effects: list[float]) -> Declares:
    """P(declare) of one arm as a spline through 1201 exact values on the logit scale, good to 1e-8: many effects ask for it."""
    rates = control.nodes[0][1:-1]
    low = max(float(logit(rates.min())) + min(effects), -16.0)
    high = min(float(logit(rates.max())) + max(effects), 16.0)
    x = np.linspace(low, high, 1201)
    spline = CubicSpline(x, [at(float(expit(v)), 0.0) for v in x])
    return lambda c, e: float(spline(min(max(float(logit(c)) + e, low), high))) if 0 < c < 1 else at(c, 0.0)


def _with_effect(at: Declares, effect: float, c: float) -> float:
    return at(c, effect)


def _moved(rate: float, effect: float) -> float:
    return float(expit(logit(rate) + effect)) if 0 < rate < 1 else rate
