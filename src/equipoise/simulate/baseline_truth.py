"""What virtual patients are like at baseline: a truth for each variable of [[baseline]]. It has no say in what becomes of them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Annotated

from pydantic import Field

from equipoise.trial.baseline import Baseline, Value
from equipoise.trial.part import Part
from equipoise.trial.problem import Problem
from equipoise.trial.trial import Trial

#: Uniform numbers of each variable: its value, and whether it is missing.
EACH = 2


class BaselineTruth(Part):
    """Of a category the probabilities of its levels; of a number the smallest value, the quartiles and the largest, as papers print them."""

    levels: tuple[Annotated[float, Field(ge=0, le=1)], ...] = Field(
        default=(), description="Of a category: the probabilities of its levels, in their order."
    )
    quartiles: tuple[Annotated[float, Field(ge=-1e12, le=1e12)], ...] = Field(
        default=(),
        description="Of a number: smallest, lower quartile, median, upper quartile, largest; evenly between.",
    )
    decimals: int = Field(default=0, ge=0, le=6, description="Of a number: to how many decimals it is recorded.")
    missing: float = Field(default=0.0, ge=0, lt=1, description="Probability that it is not recorded.")

    def value(self, of: Baseline, u: float) -> Value:
        """The value at probability ``u``, 0 ≤ u < 1: a number lies on a line between two quartiles."""
        if of.kind == "category":
            return of.levels[min(bisect_right(list(accumulate(self.levels)), u), len(of.levels) - 1)]
        at = int(4 * u)
        low, high = self.quartiles[at], self.quartiles[at + 1]
        found = round(low + (4 * u - at) * (high - low), self.decimals)
        return int(found) if self.decimals == 0 else found


def baseline_of(trial: Trial, truths: Mapping[str, BaselineTruth], draws: Sequence[float]) -> dict[str, Value]:
    """What is recorded of a patient; nothing of a variable of which the scenario says nothing. ``draws``: EACH for each variable that is asked."""
    found: dict[str, Value] = {}
    for i, b in enumerate(b for b in trial.baseline if b.asked):
        truth = truths.get(b.name)
        if truth is not None and draws[EACH * i + 1] >= truth.missing:
            found[b.name] = truth.value(b, draws[EACH * i])
    return found


def baseline_problems(trial: Trial, truths: Mapping[str, BaselineTruth]) -> Iterator[Problem]:
    """A truth of what the trial does not ask, or of another kind."""
    asked = {b.name: b for b in trial.baseline if b.asked}
    for name, truth in truths.items():
        where, b = f"baseline.{name}", asked.get(name)
        if b is None:
            known = ", ".join(asked) or "the trial file has none"
            yield Problem("unknown-baseline", where, repr(name), f"one of [[baseline]] that is no factor: {known}")
        elif b.kind == "category":
            if len(truth.levels) != len(b.levels) or abs(sum(truth.levels) - 1) > 1e-9 or truth.quartiles:
                yield Problem("shares", f"{where}.levels", f"{list(truth.levels)}", f"a probability for each of {', '.join(b.levels)}, with sum 1")  # fmt: skip
        elif truth.levels or len(truth.quartiles) != 5 or list(truth.quartiles) != sorted(truth.quartiles):
            yield Problem("quartiles", f"{where}.quartiles", f"{list(truth.quartiles)}", "smallest, lower quartile, median, upper quartile, largest")  # fmt: skip
