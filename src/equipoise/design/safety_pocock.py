"""Continuous monitoring of toxicity with the same level at every look (Pocock-type).

Stop after m patients with x toxicities if P(X ≥ x | m, theta0) ≤ level. The level is the largest at which a trial with an
acceptable rate theta0 is ever stopped with probability at most ``allowed``, exactly. Ivanova, Qaqish & Schell 2005,
doi:10.1111/j.1541-0420.2005.00311.x.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from pydantic import Field

from equipoise.design import checks
from equipoise.design.safety_rule import SafetyRule, rule_problems
from equipoise.numerics.safety_boundaries import pocock_level, pointwise
from equipoise.trial.part import Part

KIND = "safety-pocock"
TITLE = "Continuous monitoring of toxicity, one level (Pocock-type)"
FAMILY = "safety"
REFERENCE = (
    "Ivanova A, Qaqish BF, Schell MJ. Continuous toxicity monitoring in phase II trials in oncology. Biometrics "
    "2005;61:540-545. doi:10.1111/j.1541-0420.2005.00311.x"
)
EXAMPLE = {"theta0": 0.20, "theta1": 0.40, "n": 40}


class Spec(Part):
    """A Pocock-type rule."""

    kind: Literal["safety-pocock"]
    theta0: float = Field(gt=0, lt=1, description="Toxicity rate that is acceptable.")
    theta1: float = Field(gt=0, lt=1, description="Toxicity rate at which the trial should stop; above theta0.")
    n: int = Field(ge=1, le=1000, description="Patients in all.")
    cohort: int = Field(default=1, ge=1, description="Patients between two looks.")
    allowed: float = Field(default=0.05, gt=0, lt=1, description="Probability allowed of ever stopping at theta0.")


@dataclass(frozen=True)
class PocockSafety(SafetyRule):
    """A Pocock-type rule. ``cohort`` 1 is a look after each patient."""

    theta0: float
    theta1: float
    n: int
    cohort: int
    allowed: float

    @cached_property
    def level(self) -> float:
        """The level of every look; 0 where even the strictest rule would stop too often."""
        return pocock_level(self.sizes, self.theta0, self.allowed) or 0.0

    @cached_property
    def boundary(self) -> tuple[int, ...]:
        """Toxicities that stop."""
        return pointwise(self.sizes, self.theta0, self.level)

    @property
    def rule(self) -> str:
        """The rule in words."""
        return f"so many toxicities or more have probability at most {self.level:.4f} at a rate of {self.theta0:.0%} (Ivanova et al. 2005)"

    def numbers(self) -> Mapping[str, float | int | str]:
        """With the level."""
        return {**super().numbers(), "level": self.level}


def from_spec(table: Mapping[str, Any]) -> PocockSafety:
    """The rule that a table states. Raises BadInput with all its problems."""
    values = {"cohort": 1, "allowed": 0.05, **table}
    checks.raise_if(list(rule_problems(values)))
    return PocockSafety(float(values["theta0"]), float(values["theta1"]), values["n"], values["cohort"], float(values["allowed"]))
