"""Green & Dahlberg's two-stage rule for the sizes that were attained, not those that were planned.

At the first look, on the n1 patients that came, the trial stops if a rate of p1 is rejected: P(X1 ≤ x | p1) ≤ 0.02. At
the end, on n, a rate of p0 is rejected if P(X ≥ x | p0) ≤ 0.055. The levels 0.02 and 0.055 are for an overall 0.05.
Green & Dahlberg 1992, doi:10.1002/sim.4780110703.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from equipoise.design.one_rate.stated_boundaries import Boundaries, RuledOrStated, StatedBoundaries
from equipoise.design.spec import MOST_COUNT, Error, Hypotheses, Power, between, first_stage
from equipoise.numerics.counts.binomial import exceeds
from equipoise.numerics.sequential.staged_binomial import Stages
from equipoise.trial.problem import Problem

KIND = "green-dahlberg"
TITLE = "Two stages with the sizes attained (Green & Dahlberg)"
FAMILY = "one arm, a rate"
REFERENCE = "Green SJ, Dahlberg S. Planned versus attained design in phase II clinical trials. Stat Med 1992;11:853-862. doi:10.1002/sim.4780110703"
EXAMPLE = {"p0": 0.44, "p1": 0.58, "alpha": 0.05, "power": 0.80, "n1": 42, "n": 83}


class Spec(StatedBoundaries, Hypotheses):
    """Green & Dahlberg's rule at given sizes; its boundaries follow, or are stated."""

    sized_by: ClassVar[tuple[str, ...]] = ("n1", "n")

    kind: Literal["green-dahlberg"]
    alpha: Error = Field(default=0.05, description="Overall one-sided type I error aimed at.")
    power: Power = Field(default=0.80, description="Power at p1 aimed at.")
    n1: int = Field(ge=1, le=MOST_COUNT, description="Patients at the first look, as attained.")
    n: int = Field(ge=2, le=MOST_COUNT, description="Patients at the end, as attained.")
    first_level: Error = Field(default=0.02, description="Level at which p1 is rejected at the first look.")
    final_level: Error = Field(default=0.055, description="Level at which p0 is rejected at the end.")

    @between("n1", "n")
    def _n1_below_n(self) -> Iterator[Problem]:
        return first_stage(self, "n1", "n")

    @property
    def planned_sizes(self) -> tuple[int, ...]:
        """The first look and the end."""
        return self.n1, self.n


@dataclass(frozen=True)
class GreenDahlberg(RuledOrStated):
    """The rule at attained sizes. Its errors are not fixed beforehand: what they are is in ``numbers``."""

    n1: int
    n: int
    p0: float
    p1: float
    alpha: float
    power: float
    first_level: float = 0.02
    final_level: float = 0.055
    stated: Boundaries | None = None

    @property
    def by_rule(self) -> Stages:
        """Stop low with at most r1; reject with more than r."""
        at_most1 = 1 - exceeds(self.n1, self.p1)
        r1 = int((at_most1 <= self.first_level).sum()) - 1
        r = int(np.argmax(exceeds(self.n, self.p0) <= self.final_level))
        return Stages((self.n1, self.n), (min(r1, r), r), (self.n1, r))

    def attained_stages(self, n: int) -> Stages:
        """The same rule at another last size; where boundaries are stated, the r that keeps their error."""
        if self.stated is not None:
            return super().attained_stages(n)
        return self.with_last(n, int(np.argmax(exceeds(n, self.p0) <= self.final_level)))

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        s, a, power = self.by_rule, self.behaviour(self.p0).reject, self.behaviour(self.p1).reject
        stop = f"{s.low[0]} or fewer successes" if s.low[0] >= 0 else "no number of successes"
        return (
            f"The boundaries are set for the sizes attained (Green & Dahlberg 1992). At the first look the trial stops if a "
            f"rate of {100 * self.p1:g}% is rejected at the {self.first_level:g} level: with {self.n1} patients, {stop}. At "
            f"the end a rate of {100 * self.p0:g}% is rejected at the {self.final_level:g} level: with {self.n} patients, more than "
            f"{s.high[1]} successes.{self.in_force()} At these sizes the exact one-sided type I error is {a:.4f} and the exact power {power:.4f}."
        )


def from_spec(spec: Spec) -> GreenDahlberg:
    """The design that a spec states."""
    levels = spec.first_level, spec.final_level
    return GreenDahlberg(spec.n1, spec.n, spec.p0, spec.p1, spec.alpha, spec.power, *levels, spec.boundaries)
