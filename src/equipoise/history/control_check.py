"""Does the concurrent control arm agree with history? A disagreement is a caution; the trial file says what follows from it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from equipoise.analyse.between_arms import arrays
from equipoise.analyse.survival import observations
from equipoise.numerics.counts import consistency
from equipoise.numerics.counts.proportions import clopper_pearson
from equipoise.numerics.times.one_sample import OneSampleLogRank, one_sample_logrank
from equipoise.trial.protocol_parts import ControlCheck
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class ControlCheckResult:
    """The check's numbers, and the caution if it raises one."""

    numbers: Mapping[str, Any]
    caution: str | None


@lru_cache(maxsize=512)
def numbers_by_count(check: ControlCheck, rate: float, n: int) -> consistency.Array:
    """The check's number for each count 0 … n."""
    match check.method:
        case "prior predictive":
            return consistency.prior_predictive(n, rate, check.worth or 0.0)
        case "Bayesian discrepancy":
            return consistency.agreement(n, rate, check.worth or 0.0, check.margin or 0.0)
        case _:
            return consistency.two_sided(n, rate)


def method_in_words(check: ControlCheck) -> str:
    """The method as it stands beside its number."""
    match check.method:
        case "prior predictive":
            return f"prior-predictive p (Box), history worth {check.worth:g} patients"
        case "Bayesian discrepancy":
            points = f"{100 * (check.margin or 0):g} points"
            return f"posterior probability of a difference of {points} or less, history worth {check.worth:g} patients"
        case "one-sample log-rank":
            return "two-sided one-sample log-rank test"
        case _:
            return "two-sided exact binomial test (minimum likelihood)"


def checked(trial: Trial, successes: int, n: int, times: OneSampleLogRank | None = None) -> ControlCheckResult | None:
    """The method of [control_check] on the control cohort; for the log-rank test, on all controls' ``times``.

    A caution is raised when its number is below alpha. None without a check, a history or a control patient.
    """
    check = trial.control_check
    if check is None or trial.history is None or not trial.control_arms or n == 0:
        return None
    x, p0 = successes, trial.history.rate
    if check.method == "one-sample log-rank":
        p = times.p_two_sided if times is not None else math.nan
    else:
        p = float(numbers_by_count(check, p0, n)[x])
    interval = clopper_pearson(x, n)
    disagrees = p < check.alpha
    numbers: dict[str, Any] = {
        "arm": trial.control_arms[0].name,
        "n": n,
        "successes": x,
        "rate": x / n,
        "ci": [interval.lower, interval.upper],
        "reference": p0,
        "p": p,
        "alpha": check.alpha,
        "disagrees": disagrees,
        "method": f"{method_in_words(check)}, Clopper–Pearson interval 95 %",
    }
    if check.on_caution != "note":
        numbers["on_caution"] = check.on_caution
    seen = f"{x} of {n} ({x / n:.0%}) against {p0:.0%}"
    better = x / n > p0
    if times is not None:
        numbers |= {"events": times.observed, "expected_events": times.expected}
        seen = f"{times.observed} events where history has {times.expected:.1f}"
        better = times.z < 0
    caution = None
    if disagrees:
        short = "two-sided exact binomial p" if check.method == "exact binomial" else method_in_words(check)
        caution = (
            f"The control arm does {'better' if better else 'worse'} than history: {seen} ({short} = {p:.4f} < "
            f"{check.alpha:g}). The comparison with history may mislead: read the randomised comparison beside it."
        )
    return ControlCheckResult(numbers, caution)


def control_times(trial: Trial, snap: Snapshot) -> OneSampleLogRank | None:
    """All controls with their times against history's curve of the monitored endpoint, taken as exponential.

    None for a check that does not read times, without such a curve, or without controls.
    """
    check, arm, endpoint = trial.control_check, trial.monitored.control, trial.monitored.times
    if (
        check is None
        or check.method != "one-sample log-rank"
        or trial.history is None
        or arm is None
        or endpoint is None
    ):
        return None
    curve = next((c for c in trial.history.curves if c.endpoint == endpoint.name), None)
    group = observations(trial, snap, endpoint)[arm.name]
    if curve is None or not group:
        return None
    time, event = arrays(group)
    return one_sample_logrank(time, event, time * (math.log(2) / curve.median.exact_days))
