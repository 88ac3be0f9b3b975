"""The Kaplan–Meier estimate at a landmark tested against a rate in two stages, the first look while enrolment goes on.

z is the difference to the reference over its Greenwood standard error, on the log(-log) scale (default) or as it is. Stop with
Z1 ≤ c1, declare with Z2 > c2. Patients who have not reached the landmark count with the time they have. Lin, Shen, Ying &
Breslow 1996, doi:10.2307/2533064.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from equipoise.design import checks
from equipoise.design.one_time.landmark_looks import landmark_problems, planned
from equipoise.design.one_time.landmark_theory import Scale, moments
from equipoise.design.one_time.two_look_survival import Plan, SurvivalSpec, TwoLookSurvival
from equipoise.numerics.sequential.two_look_normal import Moments
from equipoise.trial.problem import Problem

KIND = "km-landmark"
TITLE = "Kaplan–Meier at a landmark, two stages, enrolment going on"
FAMILY = "one arm, time to event"
REFERENCE = (
    "Lin DY, Shen L, Ying Z, Breslow NE. Group sequential designs for monitoring survival probabilities. Biometrics "
    "1996;52:1033-1042. doi:10.2307/2533064"
)
EXAMPLE = {"s0": 0.44, "landmark": 6.0, "hazard_ratio": 0.66, "rate": 5.0, "alpha": 0.05, "power": 0.80}


class Spec(SurvivalSpec):
    """Kaplan–Meier at a landmark, two stages, enrolment going on."""

    kind: Literal["km-landmark"]
    criterion: Literal["expected-n", "expected-length", "expected-accrual"] = Field(
        default="expected-n", description="What is least under the reference."
    )
    scale: Literal["log-log", "survival"] = Field(default="log-log", description="Scale of the test.")


@dataclass(frozen=True)
class KaplanMeierLandmark(TwoLookSurvival):
    """Sizes, times and boundaries."""

    scale: Scale

    def theory(self, plan: Plan, hazard_ratio: float) -> Moments:
        """Moments of the statistic at the two looks."""
        return moments(self.survival, plan, hazard_ratio, self.scale)

    @property
    def statistic(self) -> str:
        """The statistic in words."""
        return f"the Kaplan–Meier estimate at the landmark, standardised on the {self.scale} scale"


def from_spec(table: Mapping[str, Any]) -> KaplanMeierLandmark:
    """The design that a [design] table states. Raises BadInput with all its problems."""
    values = checks.stated(Spec, table)
    problems = list(landmark_problems(values))
    if values["scale"] not in ("log-log", "survival"):
        problems.append(Problem("not-a-choice", "scale", repr(values["scale"]), "log-log or survival"))
    checks.raise_if(problems)
    return KaplanMeierLandmark(*planned(values, values["scale"]), values["scale"])
