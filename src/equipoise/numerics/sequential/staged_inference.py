"""Estimation and tests after a binomial count that was looked at in stages: exact, in the stagewise order.

Outcomes are ordered so: stopped low, the earlier the worse; then what went on; then stopped high, the earlier the
better; within a stage by successes. p-value, interval and median-unbiased estimate come from this order (Jennison &
Turnbull 1983, doi:10.1080/00401706.1983.10487845; Jung & Kim 2004, doi:10.1002/sim.1653; Koyama & Chen 2008,
doi:10.1002/sim.3123). ``overrun`` counts patients who were evaluated after the stop, beyond the stage's size: their
successes count, and the order keeps the stage at which the trial stopped. A last stage of another size than planned
needs no rule: its boundary does not enter.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from equipoise.numerics.counts.binomial import pmf
from equipoise.numerics.sequential.staged_binomial import Stages, arrive, ends, outcomes, path_counts

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Outcome:
    """Where a trial ended: stage (from 1), successes in all, and the patients evaluated beyond the stage's size."""

    stage: int
    successes: int
    overrun: int = 0


@dataclass(frozen=True)
class StagedInference:
    """Estimates of the rate after the stages, beside the naive ones.

    ``umvue``: unbiased, of least variance. ``median_unbiased``: P(outcome or better) = 0.5 there. ``bias_adjusted``: the
    rate at which the naive estimate is expected to be what was seen (Whitehead 1986, doi:10.1093/biomet/73.3.573).
    ``bias_subtracted``: the naive estimate less its bias there (Guo & Liu 2005, doi:10.1111/j.1541-0420.2005.00293.x).
    ``p`` is P(outcome or better | p0); the naive p and interval (Clopper & Pearson) take the patients as if their number
    had been fixed. ``ci`` ends where P(outcome or better) and where P(outcome or worse) are half of 1 - conf_level: it
    covers at least at that level, whatever the rate. ``koyama_chen_ci`` holds the rates whose p-value lies between the
    two tails, as Koyama & Chen write and R's clinfun computes: its upper limit leaves out the outcome that was seen, and
    it covers less than it says.
    """

    outcome: Outcome
    n: int
    p0: float
    conf_level: float
    naive: float
    naive_p: float
    naive_ci: tuple[float, float]
    umvue: float
    median_unbiased: float
    bias_adjusted: float
    bias_subtracted: float
    p: float
    ci: tuple[float, float]
    koyama_chen_ci: tuple[float, float]


def infer(stages: Stages, outcome: Outcome, p0: float, conf_level: float = 0.90) -> StagedInference:
    """All estimates after ``outcome``. Raises ValueError for an outcome at which these stages do not end.

    Koyama & Chen's example, a design 1/10, 5/29 that ended with 10 successes, as R's clinfun gives it:

    >>> s = Stages((10, 29), (1, 5), (10, 5))
    >>> found = infer(s, Outcome(2, 10), p0=0.1)
    >>> f"{found.umvue:.10f} {found.p:.6e} {found.koyama_chen_ci[0]:.4f} {found.koyama_chen_ci[1]:.4f}"
    '0.3583977618 3.172244e-04 0.2019 0.4869'
    """
    check(stages, outcome)
    if not 0 < p0 < 1 or not 0 < conf_level < 1:
        raise ValueError(f"p0, conf_level: got {p0}, {conf_level}; probabilities between 0 and 1")
    n = stages.n[outcome.stage - 1] + outcome.overrun
    tail = (1 - conf_level) / 2
    naive = outcome.successes / n
    low = _root(lambda p: at_least(stages, outcome, p) - tail)
    high = _root(lambda p: tail - at_most(stages, outcome, p))
    one = Stages((n,), (-1,), (-1,))
    fixed = Outcome(1, outcome.successes)
    return StagedInference(
        outcome, n, p0, conf_level, naive,
        naive_p=at_least(one, fixed, p0),
        naive_ci=(_root(lambda p: at_least(one, fixed, p) - tail), _root(lambda p: tail - at_most(one, fixed, p))),
        umvue=float(umvue(stages, outcome)),
        median_unbiased=_root(lambda p: at_least(stages, outcome, p) - 0.5),
        bias_adjusted=_root(lambda p: expected_naive(stages, outcome.overrun, p) - naive),
        bias_subtracted=2 * naive - expected_naive(stages, outcome.overrun, naive),
        p=at_least(stages, outcome, p0),
        ci=(low, high),
        koyama_chen_ci=(low, _root(lambda p: at_least(stages, outcome, p) - (1 - tail))),
    )  # fmt: skip


def check(stages: Stages, outcome: Outcome) -> None:
    """Raise ValueError unless these stages can end with ``outcome``."""
    if not 1 <= outcome.stage <= len(stages.n):
        raise ValueError(f"stage: got {outcome.stage}; 1 to {len(stages.n)}")
    if outcome.overrun < 0:
        raise ValueError(f"overrun: got {outcome.overrun}; 0 or more")
    if not any(weight for weight in _ways(stages, outcome, "low").values()) and not any(
        _ways(stages, outcome, "high").values()
    ):
        raise ValueError(
            f"got {outcome.successes} successes at stage {outcome.stage}; the trial does not end there: "
            f"{stages.low[outcome.stage - 1]} or fewer, or more than {stages.high[outcome.stage - 1]}, of "
            f"{stages.n[outcome.stage - 1]} end it"
        )


def at_most(stages: Stages, outcome: Outcome, p: float) -> float:
    """P(an outcome no better than this one) when the rate is ``p``."""
    k = outcome.stage - 1
    arrays, e = arrive(stages, p), ends(stages, p)
    if _stopped_low(stages, outcome):
        part = _with_overrun(arrays[k][: stages.low[k] + 1], outcome.overrun, p)
        return math.fsum(e.low[:k]) + float(part[: outcome.successes + 1].sum())
    return max(0.0, 1.0 - _better(stages, outcome, arrays, e.high, p, 1))


def at_least(stages: Stages, outcome: Outcome, p: float) -> float:
    """P(an outcome no worse than this one) when the rate is ``p``: at p0, the one-sided p-value."""
    k = outcome.stage - 1
    arrays, e = arrive(stages, p), ends(stages, p)
    if _stopped_low(stages, outcome):
        part = _with_overrun(arrays[k][: stages.low[k] + 1], outcome.overrun, p)
        worse = math.fsum(e.low[:k]) + float(part[: outcome.successes].sum())
        return max(0.0, 1.0 - worse)
    return _better(stages, outcome, arrays, e.high, p, 0)


def _better(
    stages: Stages, outcome: Outcome, arrays: tuple[Array, ...], high: tuple[float, ...], p: float, beyond: int
) -> float:
    """P(stopped high before this stage) and, of this stage, with at least (``beyond`` = 1: more than) these successes."""
    k = outcome.stage - 1
    here = arrays[k].copy()
    # At the last stage low and high meet: all that is there is ordered by successes.
    if k < len(stages.n) - 1:
        here[: stages.high[k] + 1] = 0.0
    part = _with_overrun(here, outcome.overrun, p)
    return math.fsum(high[:k]) + float(part[outcome.successes + beyond :][::-1].sum())


def _stopped_low(stages: Stages, outcome: Outcome) -> bool:
    """Whether this stage's low end holds the outcome. The last stage is ordered as a whole: counted as high."""
    k = outcome.stage - 1
    if k == len(stages.n) - 1:
        return False
    return any(_ways(stages, outcome, "low").values()) and not any(_ways(stages, outcome, "high").values())


def _ways(stages: Stages, outcome: Outcome, side: str) -> dict[int, int]:
    """Orders that reach this outcome through each S of its stage, on one side: exact counts by S."""
    k, m = outcome.stage - 1, outcome.overrun
    counts = path_counts(stages)[k]
    span = range(stages.low[k] + 1) if side == "low" else range(stages.high[k] + 1, len(counts))
    return {s: counts[s] * math.comb(m, outcome.successes - s) for s in span if 0 <= outcome.successes - s <= m}


def _with_overrun(mass: Array, overrun: int, p: float) -> Array:
    return np.convolve(mass, pmf(overrun, p)) if overrun else mass


def umvue(stages: Stages, outcome: Outcome) -> Fraction:
    """The unbiased estimate of least variance: of all orders that end here, the share that begin with a success.

    Exact: a ratio of counts (Girshick, Mosteller & Savage 1946, doi:10.1214/aoms/1177731018; Jung & Kim 2004).
    """
    check(stages, outcome)
    k, m = outcome.stage - 1, outcome.overrun
    whole = path_counts(stages)[k]
    begins = _first_success_counts(stages)[k]
    sides = ("low", "high") if k == len(stages.n) - 1 else ("low",) if _stopped_low(stages, outcome) else ("high",)
    over, under = 0, 0
    for side in sides:
        for s in _ways(stages, outcome, side):
            w = math.comb(m, outcome.successes - s)
            over += begins[s] * w
            under += whole[s] * w
    return Fraction(over, under)


def _first_success_counts(stages: Stages) -> list[list[int]]:
    """As ``path_counts``, of the orders whose first patient is a success."""
    found: list[list[int]] = []
    state = [0, 1]
    for k, step in enumerate(stages.increments()):
        draws = step - (k == 0)
        new = [0] * (len(state) + draws)
        for s, count in enumerate(state):
            if count:
                for x in range(draws + 1):
                    new[s + x] += count * math.comb(draws, x)
        found.append(new)
        state = [c if stages.low[k] < s <= stages.high[k] else 0 for s, c in enumerate(new)]
    return found


def expected_naive(stages: Stages, overrun: int, p: float) -> float:
    """E(successes / patients) over all ends of the stages; ``overrun`` patients follow a stop before the last stage.

    The same overrun is taken for each stop: what would have followed at another stage was not seen.
    """
    total = 0.0
    last = len(stages.n) - 1
    for k, mass in enumerate(arrive(stages, p)):
        m = overrun if k < last else 0
        s = np.arange(len(mass))
        stops = mass * ((s <= stages.low[k]) | (s > stages.high[k]))
        total += float((stops * (s + m * p)).sum()) / (stages.n[k] + m)
    return total


def bias_of_naive(stages: Stages, p: float) -> float:
    """E(naive estimate) - p."""
    return expected_naive(stages, 0, p) - p


def expected_umvue(stages: Stages, p: float) -> float:
    """E(UMVUE), which is p: for checks."""
    arrays = arrive(stages, p)
    return math.fsum(float(arrays[k][s]) * float(umvue(stages, Outcome(k + 1, s))) for k, s in outcomes(stages))


def _root(difference: Callable[[float], float]) -> float:
    """The rate at which an increasing function crosses 0; 0 or 1 where it does not."""
    from scipy.optimize import brentq

    edge = 1e-12
    if difference(edge) >= 0:
        return 0.0
    if difference(1 - edge) <= 0:
        return 1.0
    return float(brentq(difference, edge, 1 - edge, xtol=1e-14, rtol=1e-14))
