"""What the randomised survival design that borrows is computed from: history's log hazards, the threshold, the events.

Times are Weibull with a known ``shape`` k: (time at risk)^k is then exponential, and a hazard is one of that scale. 1 is
exponential. A log hazard from a median m is log(log 2) - k log m.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from equipoise.numerics.borrowing.hazard_rule import HazardRule
from equipoise.numerics.borrowing.methods import Borrowing
from equipoise.numerics.borrowing.normal_mixture import NormalMixture

#: History as log hazards and their standard errors, one each a past arm.
PastHazards = tuple[tuple[float, ...], tuple[float, ...]]


def log_hazard(median: float, shape: float = 1.0) -> float:
    """Of the median, both in one unit of time."""
    return math.log(math.log(2)) - shape * math.log(median)


def median_of(hazard: float, shape: float = 1.0) -> float:
    """The median at a log hazard."""
    return math.exp((math.log(math.log(2)) - hazard) / shape)


def from_medians(median: Sequence[float], n: Sequence[float], shape: float = 1.0) -> PastHazards:
    """From Kaplan–Meier medians of n patients, nobody censored before: SE of a log hazard 1 / (log 2 · sqrt(n)), whatever the shape.

    By the variance of a sample median, 1 / (4 n f(m)²), with f(m) = k log 2 / (2 m). n patients are thus worth 0.48 n events.
    """
    return tuple(log_hazard(m, shape) for m in median), tuple(1 / (math.log(2) * math.sqrt(size)) for size in n)


def from_times(time: Sequence[float], events: Sequence[float]) -> PastHazards:
    """From events over a total time at risk: SE of a log hazard 1 / sqrt(events)."""
    pairs = list(zip(time, events, strict=True))
    return tuple(math.log(d / t) for t, d in pairs), tuple(1 / math.sqrt(d) for _, d in pairs)


@lru_cache(maxsize=64)
def prior_of(borrowing: Borrowing, past: PastHazards) -> NormalMixture:
    """The prior of the control's log hazard."""
    return borrowing.log_hazard_prior(*past)


def split(events: int, tested: int, control: int) -> tuple[int, int]:
    """Events of the tested and of the control arm, as the allocation has it; one at least in each."""
    of_control = min(max(round(events * control / (tested + control)), 1), events - 1)
    return events - of_control, of_control


def calibrated(rule: HazardRule, control: float, alpha: float) -> float:
    """The threshold at which P(declare) is ``alpha`` where the hazard ratio is the margin and the control's log hazard as stated."""
    from scipy.optimize import brentq
    from scipy.special import ndtr, ndtri

    def gap(z: float) -> float:
        found = rule.declares(control + rule.log_margin, control, float(ndtr(z)))
        return float(ndtri(min(max(found, 1e-15), 1 - 1e-15)) - ndtri(alpha))

    # on the scale of z both are nearly straight, and history seldom moves the bound by more than 1
    start = float(ndtri(1 - alpha))
    low, high = start - 1.0, start + 1.0
    while gap(low) < 0 and low > -30:
        low -= 2.0
    while gap(high) > 0 and high < 8:
        high += 2.0
    z = float(brentq(gap, low, high, xtol=1e-10))
    return float(ndtr(z))


def least_events(power: Callable[[int], float], wanted: float, each: int, most: int) -> int | None:
    """The least number of events with the power wanted; None if there is none up to ``most``.

    Power grows with the events but for the rounding of their split between the arms, which comes round after ``each``
    events: below the number that bisection finds, all are tried until so many in a row have less power.
    """
    low, high = 1, 16
    while power(min(high, most)) < wanted:
        if high >= most:
            return None
        low, high = high, 2 * high
    high = min(high, most)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power(middle) >= wanted else (middle, high)
    found, idle = high, 0
    for events in range(high - 1, 1, -1):
        found, idle = (events, 0) if power(events) >= wanted else (found, idle + 1)
        if idle > each:
            break
    return found


@dataclass(frozen=True)
class Question:
    """What is asked of a comparison without drift: hypotheses, allocation and errors, at a stated log hazard of the control.

    ``threshold`` None: the one that keeps alpha.
    """

    control: float
    margin: float
    hazard_ratio: float
    allocation: tuple[int, int]
    alpha: float
    power: float
    threshold: float | None

    def rule(self, prior: NormalMixture, events: int) -> HazardRule:
        """The comparison after so many events of both arms."""
        return HazardRule(prior, *split(events, *self.allocation), math.log(self.margin))

    def bound(self, prior: NormalMixture, events: int) -> float:
        """The threshold, given or found."""
        if self.threshold is not None:
            return self.threshold
        return calibrated(self.rule(prior, events), self.control, self.alpha)

    def power_at(self, prior: NormalMixture, events: int) -> float:
        """Power after so many events."""
        if events < 2:
            return 0.0
        bound = self.bound(prior, events)
        return self.rule(prior, events).declares(self.control + math.log(self.hazard_ratio), self.control, bound)

    def least(self, prior: NormalMixture, most: int) -> int | None:
        """The least number of events with the power."""
        return least_events(lambda d: self.power_at(prior, d), self.power, sum(self.allocation), most)
