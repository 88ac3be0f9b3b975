"""Does the concurrent control arm agree with history? A disagreement is a caution, never a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from equipoise.analyse.landmark import Cohort
from equipoise.numerics.proportions import clopper_pearson, exact_binomial
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class ControlCheckResult:
    """The check's numbers, and the caution if it raises one."""

    numbers: Mapping[str, Any]
    caution: str | None


def p_against_history(trial: Trial, successes: int, n: int) -> float | None:
    """p of the two-sided exact binomial test (minimum likelihood) against history; None without a check or patients."""
    if trial.control_check is None or trial.history is None or n == 0:
        return None
    return exact_binomial(successes, n, trial.history.rate, "two-sided").p


def control_check(trial: Trial, cohorts: Mapping[str, Cohort]) -> ControlCheckResult | None:
    """Two-sided exact binomial test (minimum-likelihood) of the control cohort's rate against history's.

    A caution is raised when p < alpha. None without a check, a history or a control patient.
    """
    if trial.control_check is None or trial.history is None or not trial.control_arms:
        return None
    arm = trial.control_arms[0]
    found = cohorts.get(arm.name)
    if found is None or not found.members:
        return None
    n, x, p0 = len(found.members), found.successes, trial.history.rate
    p = p_against_history(trial, x, n)
    assert p is not None
    interval = clopper_pearson(x, n)
    disagrees = p < trial.control_check.alpha
    caution = None
    if disagrees:
        better = "better" if x / n > p0 else "worse"
        caution = (
            f"The control arm does {better} than history: {x} of {n} ({x / n:.0%}) against {p0:.0%} (two-sided exact "
            f"binomial p = {p:.4f} < {trial.control_check.alpha:g}). The comparison with history may mislead: read the "
            f"randomised comparison beside it."
        )
    return ControlCheckResult(
        {
            "arm": arm.name,
            "n": n,
            "successes": x,
            "rate": x / n,
            "ci": [interval.lower, interval.upper],
            "reference": p0,
            "p": p,
            "alpha": trial.control_check.alpha,
            "disagrees": disagrees,
            "method": "two-sided exact binomial test (minimum likelihood), Clopper–Pearson interval 95 %",
        },
        caution,
    )
