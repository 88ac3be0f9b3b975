"""Green & Dahlberg's two-stage rule for the sizes that were attained, not those that were planned.

At the first look, on the n1 patients that came, the trial stops if a rate of p1 is rejected: P(X1 ≤ x | p1) ≤ 0.02. At
the end, on n, a rate of p0 is rejected if P(X ≥ x | p0) ≤ 0.055. The levels 0.02 and 0.055 are for an overall 0.05.
Green & Dahlberg 1992, doi:10.1002/sim.4780110703.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from pydantic import Field

from equipoise.design import checks
from equipoise.design.one_rate.rate_design import RateDesign
from equipoise.numerics.counts.binomial import exceeds
from equipoise.numerics.sequential.staged_binomial import Stages
from equipoise.trial.part import Part
from equipoise.trial.problem import Problem

KIND = "green-dahlberg"
TITLE = "Two stages with the sizes attained (Green & Dahlberg)"
FAMILY = "one arm, a rate"
REFERENCE = "Green SJ, Dahlberg S. Planned versus attained design in phase II clinical trials. Stat Med 1992;11:853-862. doi:10.1002/sim.4780110703"
EXAMPLE = {"p0": 0.44, "p1": 0.58, "alpha": 0.05, "power": 0.80, "n1": 42, "n": 83}


class Spec(Part):
    """Green & Dahlberg's rule at given sizes."""

    kind: Literal["green-dahlberg"]
    p0: float = Field(gt=0, lt=1, description="Rate of no interest.")
    p1: float = Field(gt=0, lt=1, description="Rate worth finding; above p0.")
    alpha: float = Field(default=0.05, gt=0, lt=1, description="Overall one-sided type I error aimed at.")
    power: float = Field(default=0.80, gt=0, lt=1, description="Power at p1 aimed at.")
    n1: int = Field(ge=1, description="Patients at the first look, as attained.")
    n: int = Field(ge=2, description="Patients at the end, as attained.")
    first_level: float = Field(default=0.02, gt=0, lt=1, description="Level at which p1 is rejected at the first look.")
    final_level: float = Field(default=0.055, gt=0, lt=1, description="Level at which p0 is rejected at the end.")


@dataclass(frozen=True)
class GreenDahlberg(RateDesign):
    """The rule at attained sizes. Its errors are not fixed beforehand: what they are is in ``numbers``."""

    n1: int
    n: int
    p0: float
    p1: float
    alpha: float
    power: float
    first_level: float = 0.02
    final_level: float = 0.055

    @property
    def stages(self) -> Stages:
        """Stop low with at most r1; reject with more than r."""
        at_most1 = 1 - exceeds(self.n1, self.p1)
        r1 = int((at_most1 <= self.first_level).sum()) - 1
        r = int(np.argmax(exceeds(self.n, self.p0) <= self.final_level))
        return Stages((self.n1, self.n), (min(r1, r), r), (self.n1, r))

    def attained_stages(self, n: int) -> Stages:
        """The same rule at another last size."""
        return GreenDahlberg(
            self.n1, n, self.p0, self.p1, self.alpha, self.power, self.first_level, self.final_level
        ).stages

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        s, a, power = self.stages, self.behaviour(self.p0).reject, self.behaviour(self.p1).reject
        stop = f"{s.low[0]} or fewer successes" if s.low[0] >= 0 else "no number of successes"
        return (
            f"The boundaries are set for the sizes attained (Green & Dahlberg 1992). At the first look the trial stops if a "
            f"rate of {100 * self.p1:g}% is rejected at the {self.first_level:g} level: with {self.n1} patients, {stop}. At "
            f"the end a rate of {100 * self.p0:g}% is rejected at the {self.final_level:g} level: with {self.n} patients, more than "
            f"{s.high[1]} successes. At these sizes the exact one-sided type I error is {a:.4f} and the exact power {power:.4f}."
        )


def from_spec(table: Mapping[str, Any]) -> GreenDahlberg:
    """The design that a [design] table states. Raises BadInput with all its problems."""
    values = checks.stated(Spec, table)
    problems = list(checks.hypotheses(*(values.get(k) for k in ("p0", "p1", "alpha", "power"))))
    problems += [p for k in ("first_level", "final_level") for p in checks.probability(k, values[k])]
    sizes = [*checks.count("n1", values.get("n1"), 1), *checks.count("n", values.get("n"), 2)]
    if not sizes and values["n1"] >= values["n"]:
        sizes.append(
            Problem("n1-not-below-n", "n1", str(values["n1"]), f"the first stage must be smaller than the whole (n = {values['n']})")
        )  # fmt: skip
    checks.raise_if([*problems, *sizes])
    return GreenDahlberg(
        values["n1"],
        values["n"],
        *(float(values[k]) for k in ("p0", "p1", "alpha", "power", "first_level", "final_level")),
    )
