"""Continuous monitoring of toxicity by Wald's sequential probability ratio test, truncated at n patients.

Stop for toxicity when the likelihood ratio of theta1 to theta0 reaches (1 - beta) / alpha; with ``lower``, end the monitoring
as acceptable when it falls to beta / (1 - alpha). Wald 1945, doi:10.1214/aoms/1177731118. The errors of the truncated
test are exact, and shown beside the nominal ones.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from pydantic import Field

from equipoise.design import checks
from equipoise.design.safety_rule import SafetyRule, rule_problems
from equipoise.numerics.safety_boundaries import sprt, sprt_low, stages_of
from equipoise.numerics.staged_binomial import Stages
from equipoise.trial.part import Part
from equipoise.trial.problem import Problem

KIND = "safety-sprt"
TITLE = "Continuous monitoring of toxicity, sequential probability ratio test"
FAMILY = "safety"
REFERENCE = "Wald A. Sequential tests of statistical hypotheses. Ann Math Stat 1945;16:117-186. doi:10.1214/aoms/1177731118"
EXAMPLE = {"theta0": 0.20, "theta1": 0.40, "n": 40}


class Spec(Part):
    """A sequential probability ratio test; ``allowed`` is Wald's nominal alpha."""

    kind: Literal["safety-sprt"]
    theta0: float = Field(gt=0, lt=1, description="Toxicity rate that is acceptable.")
    theta1: float = Field(gt=0, lt=1, description="Toxicity rate at which the trial should stop; above theta0.")
    n: int = Field(ge=1, le=1000, description="Patients in all.")
    cohort: int = Field(default=1, ge=1, description="Patients between two looks.")
    allowed: float = Field(default=0.05, gt=0, lt=1, description="Probability allowed of ever stopping at theta0.")
    beta: float = Field(default=0.20, gt=0, lt=1, description="Wald's nominal error at theta1.")
    lower: bool = Field(default=False, description="Whether the monitoring may end early as acceptable.")


@dataclass(frozen=True)
class SprtSafety(SafetyRule):
    """A truncated sequential probability ratio test."""

    theta0: float
    theta1: float
    n: int
    cohort: int
    allowed: float
    beta: float
    lower: bool

    @cached_property
    def boundary(self) -> tuple[int, ...]:
        """Toxicities that stop."""
        return sprt(self.sizes, self.theta0, self.theta1, math.log((1 - self.beta) / self.allowed))

    @cached_property
    def stages(self) -> Stages:
        """With the lower boundary, where it is wanted."""
        low = sprt_low(self.sizes, self.theta0, self.theta1, math.log(self.beta / (1 - self.allowed))) if self.lower else None
        return stages_of(self.sizes, self.boundary, low)

    @property
    def rule(self) -> str:
        """The rule in words."""
        return (
            f"the likelihood ratio of a rate of {self.theta1:.0%} to one of {self.theta0:.0%} reaches "
            f"{(1 - self.beta) / self.allowed:.3g} (Wald 1945, nominal errors {self.allowed:g} and {self.beta:g})"
        )

    def numbers(self) -> Mapping[str, float | int | str]:
        """With the nominal errors."""
        return {**super().numbers(), "nominal_alpha": self.allowed, "nominal_beta": self.beta}


def from_spec(table: Mapping[str, Any]) -> SprtSafety:
    """The rule that a table states. Raises BadInput with all its problems."""
    values = {"cohort": 1, "allowed": 0.05, "beta": 0.20, "lower": False, **table}
    problems = [*rule_problems(values), *checks.probability("beta", values["beta"])]
    if not problems and values["allowed"] + values["beta"] >= 1:
        problems.append(Problem("errors", "allowed, beta", f"{values['allowed']:g}, {values['beta']:g}", "a sum below 1"))
    checks.raise_if(problems)
    return SprtSafety(
        float(values["theta0"]), float(values["theta1"]), values["n"], values["cohort"], float(values["allowed"]),
        float(values["beta"]), bool(values["lower"]),
    )  # fmt: skip
