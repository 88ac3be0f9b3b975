"""Continuous monitoring of toxicity by its posterior.

Stop with x toxicities among m patients if P(rate > theta0 | x of m) ≥ cutoff, the prior a beta distribution. The cut-off is
stated, or the smallest at which a trial with an acceptable rate theta0 is ever stopped with probability at most
``allowed``, exactly. The rule is that of Thall & Simon 1994 (doi:10.2307/2533377) for a fixed standard.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from pydantic import Field

from equipoise.design import checks
from equipoise.design.safety_rule import SafetyRule, rule_problems
from equipoise.numerics.safety_boundaries import posterior, posterior_cutoff
from equipoise.trial.part import Part

KIND = "safety-bayes"
TITLE = "Continuous monitoring of toxicity, beta-binomial posterior"
FAMILY = "safety"
REFERENCE = "Thall PF, Simon R. Practical Bayesian guidelines for phase IIB clinical trials. Biometrics 1994;50:337-349. doi:10.2307/2533377"
EXAMPLE = {"theta0": 0.20, "theta1": 0.40, "n": 40}


class Spec(Part):
    """A posterior rule."""

    kind: Literal["safety-bayes"]
    theta0: float = Field(gt=0, lt=1, description="Toxicity rate that is acceptable.")
    theta1: float = Field(gt=0, lt=1, description="Toxicity rate at which the trial should stop; above theta0.")
    n: int = Field(ge=1, le=1000, description="Patients in all.")
    cohort: int = Field(default=1, ge=1, description="Patients between two looks.")
    allowed: float = Field(default=0.05, gt=0, lt=1, description="Probability allowed of ever stopping at theta0.")
    cutoff: float | None = Field(default=None, gt=0, lt=1, description="Posterior probability that stops (default: calibrated).")
    prior_a: float = Field(default=0.5, gt=0, description="Beta parameter of toxicity.")
    prior_b: float = Field(default=0.5, gt=0, description="Beta parameter of no toxicity.")


@dataclass(frozen=True)
class BayesSafety(SafetyRule):
    """A posterior rule with its cut-off."""

    theta0: float
    theta1: float
    n: int
    cohort: int
    allowed: float
    prior_a: float
    prior_b: float
    stated: float | None = None

    @cached_property
    def cutoff(self) -> float:
        """The posterior probability that stops."""
        if self.stated is not None:
            return self.stated
        return posterior_cutoff(self.sizes, self.theta0, self.allowed, self.prior_a, self.prior_b) or 1.0

    @cached_property
    def boundary(self) -> tuple[int, ...]:
        """Toxicities that stop."""
        return posterior(self.sizes, self.theta0, self.cutoff, self.prior_a, self.prior_b)

    @property
    def rule(self) -> str:
        """The rule in words."""
        return (
            f"the posterior probability of a rate above {self.theta0:.0%} is at least {self.cutoff:.4f}, with a Beta({self.prior_a:g}, "
            f"{self.prior_b:g}) prior"
        )

    def numbers(self) -> Mapping[str, float | int | str]:
        """With the cut-off."""
        return {**super().numbers(), "cutoff": self.cutoff}


def from_spec(table: Mapping[str, Any]) -> BayesSafety:
    """The rule that a table states. Raises BadInput with all its problems."""
    values = {"cohort": 1, "allowed": 0.05, "prior_a": 0.5, "prior_b": 0.5, **{k: v for k, v in table.items() if v is not None}}
    problems = list(rule_problems(values))
    problems += [p for k in ("prior_a", "prior_b") for p in checks.positive(k, values[k])]
    if "cutoff" in values:
        problems += checks.probability("cutoff", values["cutoff"])
    checks.raise_if(problems)
    return BayesSafety(
        float(values["theta0"]), float(values["theta1"]), values["n"], values["cohort"], float(values["allowed"]),
        float(values["prior_a"]), float(values["prior_b"]), values.get("cutoff"),
    )  # fmt: skip
