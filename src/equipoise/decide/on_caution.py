"""What a caution of the control arm's check changes, by the trial file's ``on_caution``: the comparison, the hurdle, or all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from equipoise.numerics.counts.proportions import exact_binomial
from equipoise.numerics.counts.two_binomials import rejection_region
from equipoise.trial.decision import Action, Continue, Declare, Stop
from equipoise.trial.trial import Trial


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


def consequence(trial: Trial, c: Counts) -> Consequence | None:
    """The decision that follows from a caution; None where it is only noted.

    'randomised comparison': at the last look Barnard's exact test of tested against control, one-sided at the design's
    alpha; earlier, go on if the tested rate is the higher. 're-estimate the hurdle': history (worth ``worth`` patients) and
    the controls together give a new hurdle; at the last look an exact binomial test against it at the design's alpha; earlier, go
    on if the tested rate is above it. 'stop': the trial stops.
    """
    check = trial.control_check
    if check is None or trial.history is None or check.on_caution == "note":
        return None
    alpha = float((trial.design or {}).get("alpha", 0.05))
    if check.on_caution == "stop":
        return Consequence(
            Stop("history does not hold"), "A control arm that contradicts history stops this trial.", None, ""
        )
    if check.on_caution == "randomised comparison":
        seen = f"{c.x} of {c.n} tested against {c.y} of {c.m} controls"
        lead = "As the control arm contradicts history, the randomised comparison decides"
        if not c.last:
            gap = c.x * c.m - c.y * c.n
            action: Action = Continue() if gap > 0 else Stop("futility")
            because = f"{lead}: {seen}; the tested rate must be the higher to go on."
            return Consequence(action, because, gap / (c.n * c.m), "difference of rates")
        column = rejection_region(c.n, c.m, alpha, "barnard")[:, c.y]
        needed = int(np.argmax(column)) if column.any() else c.n + 1
        declares = bool(column[c.x])
        action = (
            Declare("a higher rate than with the control") if declares else Stop("no higher rate than with the control")
        )
        because = f"{lead}: {seen}; Barnard's exact test at {alpha:g} needs {needed}."
        return Consequence(action, because, c.x - needed + 1, "successes above the boundary")
    assert check.worth is not None
    hurdle = (check.worth * trial.history.rate + c.y) / (check.worth + c.m)
    lead = (
        f"As the control arm contradicts history, the hurdle is re-estimated: {hurdle:.3f} from {c.y} of {c.m} controls and "
        f"history at {trial.history.rate:.2f}, worth {check.worth:g} patients"
    )
    if not c.last:
        above = c.x - c.n * hurdle
        action = Continue() if above > 0 else Stop("futility")
        return Consequence(
            action, f"{lead}; {c.x} of {c.n} must be above it to go on.", above, "successes above the hurdle"
        )
    p = exact_binomial(c.x, c.n, hurdle, "greater").p
    action = Declare(f"a rate above {hurdle:.3f}") if p <= alpha else Stop("the re-estimated hurdle was not cleared")
    because = f"{lead}; {c.x} of {c.n}, exact one-sided p = {p:.4f}, at most {alpha:g} is needed."
    return Consequence(action, because, c.x - c.n * hurdle, "successes above the hurdle")
