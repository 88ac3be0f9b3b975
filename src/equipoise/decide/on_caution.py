"""What a caution of the control arm's check changes, by the trial file's ``on_caution``: the comparison, the hurdle, or all."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from equipoise.numerics.counts.proportions import exact_binomial
from equipoise.numerics.counts.two_binomials import rejection_region
from equipoise.trial.decision import Action, Continue, Declare, Stop

Policy = Literal["note", "randomised comparison", "re-estimate the hurdle", "stop"]


@dataclass(frozen=True)
class OnCaution:
    """What takes over when the control arm contradicts history: the policy, the design's own ``alpha`` (one-sided; None for a design
    that tests nothing), history's ``rate``, and how many patients it is ``worth``."""

    policy: Policy
    alpha: float | None
    rate: float
    worth: float | None = None

    @property
    def takes_over(self) -> bool:
        """False where a caution is only noted."""
        return self.policy != "note"


@dataclass(frozen=True)
class Counts:
    """A look's cohorts: ``x`` of ``n`` tested, ``y`` of ``m`` controls; ``last`` at the final look."""

    x: int
    n: int
    y: int
    m: int
    last: bool


@dataclass(frozen=True)
class Consequence:
    """What is decided instead, why, and how far the outcome is from the boundary of the rule that took over."""

    action: Action
    because: str
    distance: float | None
    unit: str


@lru_cache(maxsize=200_000)
def needed(rule: OnCaution, n: int, y: int, m: int, last: bool) -> int:
    """The least successes among ``n`` tested that still go on or, at the last look, declare; n + 1 if none do.

    'randomised comparison': at the last look Barnard's exact test of tested against control, one-sided at the design's
    alpha; earlier, the tested rate must be the higher. 're-estimate the hurdle': history (worth ``worth`` patients) and
    the controls together give a new hurdle; at the last look an exact binomial test against it at the design's alpha; earlier,
    the tested rate must be above it. 'stop': the trial stops.
    """
    if rule.policy == "stop":
        return n + 1
    if not last:
        least = y * n / m if rule.policy == "randomised comparison" else n * hurdle(rule, y, m)
        # The rate must be above, not at, what it is held against.
        x = max(math.floor(least) - 1, 0)
        while x <= n and not _above(rule, x, n, y, m):
            x += 1
        return x
    assert rule.alpha is not None, "checked when the trial file is read"
    if rule.policy == "randomised comparison":
        column = rejection_region(n, m, rule.alpha, "barnard")[:, y]
        return int(np.argmax(column)) if column.any() else n + 1
    low, high = 0, n + 1  # p falls as x grows
    while low < high:
        middle = (low + high) // 2
        if exact_binomial(middle, n, hurdle(rule, y, m), "greater").p <= rule.alpha:
            high = middle
        else:
            low = middle + 1
    return low


def _above(rule: OnCaution, x: int, n: int, y: int, m: int) -> bool:
    return x * m > y * n if rule.policy == "randomised comparison" else x - n * hurdle(rule, y, m) > 0


def hurdle(rule: OnCaution, y: int, m: int) -> float:
    """The rate of history and the controls together."""
    assert rule.worth is not None, "checked when the trial file is read"
    return (rule.worth * rule.rate + y) / (rule.worth + m)


def consequence(rule: OnCaution, c: Counts) -> Consequence | None:
    """The decision that follows from a caution, in words; None where it is only noted. See ``needed``."""
    if not rule.takes_over:
        return None
    if rule.policy == "stop":
        because = "A control arm that contradicts history stops this trial."
        return Consequence(Stop("history does not hold"), because, None, "")
    least = needed(rule, c.n, c.y, c.m, c.last)
    enough = c.x >= least
    if rule.policy == "randomised comparison":
        seen = f"{c.x} of {c.n} tested against {c.y} of {c.m} controls"
        lead = "As the control arm contradicts history, the randomised comparison decides"
        if not c.last:
            gap = (c.x * c.m - c.y * c.n) / (c.n * c.m)
            because = f"{lead}: {seen}; the tested rate must be the higher to go on."
            return Consequence(Continue() if enough else Stop("futility"), because, gap, "difference of rates")
        because = f"{lead}: {seen}; Barnard's exact test at {rule.alpha:g} needs {least}."
        what, otherwise = "a higher rate than with the control", "no higher rate than with the control"
        action: Action = Declare(what) if enough else Stop(otherwise)
        return Consequence(action, because, c.x - least + 1, "successes above the boundary")
    bar = hurdle(rule, c.y, c.m)
    lead = (
        f"As the control arm contradicts history, the hurdle is re-estimated: {bar:.3f} from {c.y} of {c.m} controls and "
        f"history at {rule.rate:.2f}, worth {rule.worth:g} patients"
    )
    above = c.x - c.n * bar
    if not c.last:
        because = f"{lead}; {c.x} of {c.n} must be above it to go on."
        return Consequence(Continue() if enough else Stop("futility"), because, above, "successes above the hurdle")
    p = exact_binomial(c.x, c.n, bar, "greater").p
    action = Declare(f"a rate above {bar:.3f}") if enough else Stop("the re-estimated hurdle was not cleared")
    because = f"{lead}; {c.x} of {c.n}, exact one-sided p = {p:.4f}, at most {rule.alpha:g} is needed."
    return Consequence(action, because, above, "successes above the hurdle")
