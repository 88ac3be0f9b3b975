"""How a design says from what it borrows and how: the terms, and historical arms given as successes and patients. Shared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from equipoise.design.spec import Entries, Error, Hypotheses, Power, Probability, below, between
from equipoise.numerics.borrowing.methods import Borrowing, Method
from equipoise.numerics.borrowing.spread_prior import SpreadPrior
from equipoise.trial.problem import Problem

#: Beyond this a pooled history is finer than the grid of logits that posteriors are kept on (1e-7 here).
MOST_HISTORY = 20000


class Terms(Entries):
    """How history is borrowed from."""

    method: Method = Field(default="robust-map", description="How history is borrowed from.")
    tau: Literal["half-normal", "half-cauchy", "half-t", "uniform"] = Field(
        default="half-normal", description="Prior of the spread between trials, logit scale or log hazards (MAP)."
    )
    tau_scale: float = Field(default=0.5, gt=0, le=10, description="Scale of that prior.")
    weight: float = Field(default=0.2, gt=0, lt=1, description="Weight of the vague part (robust MAP, commensurate).")
    a0: float = Field(default=0.5, gt=0, le=1, description="Power of history (power prior).")

    @property
    def borrowing(self) -> Borrowing:
        """The way of borrowing."""
        return borrowing_of(dict(self))


def borrowing_of(v: Mapping[str, Any]) -> Borrowing:
    """The way of borrowing that checked terms state."""
    return Borrowing(v["method"], SpreadPrior(v["tau"], float(v["tau_scale"])), float(v["weight"]), float(v["a0"]))


class RateTerms(Terms, Hypotheses):
    """What a design may be told that borrows a control rate: historical arms, the terms, the rule and its errors."""

    p0: Probability = Field(description="Control rate at which errors are stated.")
    history_x: tuple[Annotated[int, Field(ge=0, le=10000)], ...] = Field(
        min_length=1, description="Successes of each historical arm."
    )
    history_n: tuple[Annotated[int, Field(ge=1, le=10000)], ...] = Field(
        min_length=1, description="Patients of each historical arm."
    )
    threshold: Probability = Field(default=0.95, description="Declare at this posterior probability or more.")
    p_low: float = Field(default=0.3, ge=0, lt=1, description="First look: stop at this probability or less.")
    alpha: Error = Field(default=0.10, description="Type I error at p0 that is acceptable: a caution beyond.")
    power: Power = Field(default=0.80, description="Power wanted: a caution below it.")

    @between("p_low", "threshold")
    def _p_low_below_threshold(self) -> Iterator[Problem]:
        return below(self, "p_low", "threshold")

    @between("history_n")
    def _history_is_not_too_large(self) -> Iterator[Problem]:
        if (total := sum(self.history_n)) > MOST_HISTORY:
            yield Problem("too-many", "history_n", f"{total} in all", f"at most {MOST_HISTORY} patients in all")

    @between("history_x", "history_n")
    def _successes_are_of_patients(self) -> Iterator[Problem]:
        x, n = self.history_x, self.history_n
        if len(x) != len(n):
            yield Problem("arms", "history_x", f"{len(x)} arms", f"as many as in history_n, {len(n)}")
            return
        for i, (a, m) in enumerate(zip(x, n, strict=True)):
            if a > m:
                yield Problem("too-many", f"history_x[{i}]", str(a), f"at most its {m} patients")
