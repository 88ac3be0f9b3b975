"""Gehan's two-stage design: screen for any activity, then estimate the rate with a stated precision.

Stage one: the least n1 with (1 - p1)^n1 ≤ beta; the trial stops if nobody responds. Stage two: as many patients more as
bring the standard error of the estimated rate down to ``se``, taking for the rate the upper limit of a one-sided
interval after stage one, but at most one half (a rate beyond it has a smaller variance). Gehan 1961,
doi:10.1016/0021-9681(61)90060-1. There is no null hypothesis to reject: 'declare' means that activity was seen.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from pydantic import Field
from scipy.special import betaincinv

from equipoise.design import checks
from equipoise.numerics.binomial import pmf
from equipoise.trial.decision import Action, Continue, Declare, Stop, Verdict
from equipoise.trial.design import Characteristics, Look, Quantity, Truth
from equipoise.trial.evidence import Evidence
from equipoise.trial.part import Part
from equipoise.trial.problem import BadInput, Problem

KIND = "gehan"
TITLE = "Screen for activity, then estimate with a stated precision (Gehan)"
FAMILY = "one arm, a rate"
REFERENCE = (
    "Gehan EA. The determination of the number of patients required in a preliminary and a follow-up trial of a new "
    "chemotherapeutic agent. J Chronic Dis 1961;13:346-353. doi:10.1016/0021-9681(61)90060-1"
)
EXAMPLE = {"p1": 0.20, "beta": 0.05, "se": 0.10}


class Spec(Part):
    """Gehan's design."""

    kind: Literal["gehan"]
    p1: float = Field(gt=0, lt=1, description="Rate that must not be missed.")
    beta: float = Field(default=0.05, gt=0, lt=1, description="Probability that nobody responds in stage one at p1.")
    se: float = Field(default=0.10, gt=0, lt=0.5, description="Standard error wanted of the estimated rate.")
    level: float = Field(
        default=0.75, gt=0, lt=1, description="Level of the one-sided upper limit of the rate that stage two is sized for."
    )


@dataclass(frozen=True)
class Gehan:
    """Gehan's design. With 0.20 at 5 % the first stage has 14 patients, as the paper says:

    >>> Gehan(0.20, 0.05, 0.10).n1
    14
    """

    p1: float
    beta: float
    se: float
    level: float = 0.75

    @cached_property
    def n1(self) -> int:
        """Patients of stage one."""
        return math.ceil(math.log(self.beta) / math.log1p(-self.p1) - 1e-12)

    def assumed_rate(self, x1: int) -> float:
        """The rate that stage two is sized for: the upper limit after x1 of n1 by Clopper & Pearson, at most one half."""
        upper = 1.0 if x1 >= self.n1 else float(betaincinv(x1 + 1, self.n1 - x1, self.level))
        return min(upper, 0.5)

    def n2(self, x1: int) -> int:
        """Patients of stage two after ``x1`` responses; 0 if stage one is enough (or nobody responded)."""
        if x1 == 0:
            return 0
        p = self.assumed_rate(x1)
        return max(0, math.ceil(p * (1 - p) / self.se**2 - 1e-9) - self.n1)

    @property
    def looks(self) -> tuple[Look, Look]:
        """After n1, and after the largest number that stage two can bring."""
        most = max(self.n2(x) for x in range(1, self.n1 + 1))
        return Look(1, self.n1), Look(2, self.n1 + max(most, 1))

    @property
    def cautions(self) -> tuple[str, ...]:
        """That the design tests nothing."""
        return ("This design screens and estimates. It keeps no type I error: a rate of little use passes stage one often.",)

    def truths(self) -> Mapping[str, Truth]:
        """A rate of no use (a quarter of p1), and the rate that must not be missed."""
        return {"null": {"rate": self.p1 / 4}, "target": {"rate": self.p1}}

    def characteristics(self, truth: Truth) -> Characteristics:
        """Exact behaviour: ``declare`` is P(someone responds in stage one); ``truth`` is {'rate': probability}."""
        (rate,) = checks.truth_of(truth, rate=(0.0, 1.0))
        mass = pmf(self.n1, rate)
        en = self.n1 + sum(float(m) * self.n2(x) for x, m in enumerate(mass))
        none = float(mass[0])
        return Characteristics(
            f"rate {rate:g}", "exact binomial enumeration", Quantity(1 - none), Quantity(none), Quantity(en), (none, 1 - none)
        )

    def verdict(self, evidence: Evidence) -> Verdict:
        """Look 1: stop if nobody responded, else say how many more. Look 2: the estimate and its standard error."""
        if evidence.look == 1:
            if evidence.n != self.n1:
                raise BadInput("evidence", [Problem("cohort", "n", str(evidence.n), f"the first look is on {self.n1} patients")])
            x = evidence.successes
            if x == 0:
                why = f"nobody among {self.n1} responded; at a rate of {self.p1:g} that happens with probability {(1 - self.p1) ** self.n1:.4f}."
                return Verdict(Stop("futility"), (why,), 0, "responses")
            more = self.n2(x)
            why = (
                f"{x} of {self.n1} responded; sized for a rate of {self.assumed_rate(x):.3f}, {more} patients more give a standard "
                f"error of {self.se:g}."
            )
            action: Action = Continue() if more else Declare("activity; the rate is estimated precisely enough")
            return Verdict(action, (why,), x, "responses")
        if evidence.look != 2 or evidence.n < self.n1:
            raise BadInput("evidence", [Problem("no-such-look", "look, n", f"{evidence.look}, {evidence.n}", "look 1 or 2")])
        rate = evidence.successes / evidence.n
        se = math.sqrt(rate * (1 - rate) / evidence.n)
        why = f"{evidence.successes} of {evidence.n} responded: {rate:.3f}, standard error {se:.3f} (wanted: {self.se:g})."
        return Verdict(Declare("activity; the rate is estimated"), (why,), self.se - se, "standard error to spare")

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        sizes = ", ".join(f"{self.n2(x)} after {x}" for x in range(1, min(self.n1, 5) + 1))
        return (
            f"In the first stage {self.n1} patients are treated (Gehan 1961). If none responds the trial stops; with a true rate "
            f"of {self.p1:.0%} that happens with probability {(1 - self.p1) ** self.n1:.4f}. Otherwise patients are added so "
            f"that the response rate is estimated with a standard error of about {self.se:g}, taking for the rate the one-sided "
            f"{self.level:.0%} upper limit after the first stage, at most one half: {sizes} responses."
        )

    def numbers(self) -> Mapping[str, float | int | str]:
        """Sizes: n1, and n2 by the responses of stage one."""
        sizes = {f"n2_after_{x}": self.n2(x) for x in range(1, min(self.n1, 6) + 1)}
        return {"n1": self.n1, "missed": (1 - self.p1) ** self.n1, **sizes}


def from_spec(table: Mapping[str, Any]) -> Gehan:
    """The design that a [design] table states. Raises BadInput with all its problems."""
    values = {"beta": 0.05, "se": 0.10, "level": 0.75} | dict(table)
    problems = [p for k in ("p1", "beta", "se", "level") for p in checks.probability(k, values.get(k))]
    if not problems and values["se"] >= 0.5:
        problems.append(Problem("out-of-range", "se", f"{values['se']:g}", "a standard error below 0.5"))
    checks.raise_if(problems)
    return Gehan(*(float(values[k]) for k in ("p1", "beta", "se", "level")))
