"""The Kaplan–Meier estimate at a landmark tested against a rate in two stages, the first look while enrolment goes on.

z is the difference to the reference over its Greenwood standard error, on the log(-log) scale (default) or as it is. Stop with
Z1 ≤ c1, declare with Z2 > c2. Patients who have not reached the landmark count with the time they have. Lin, Shen, Ying &
Breslow 1996, doi:10.2307/2533064.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from pydantic import Field

from equipoise.design.one_time.landmark_looks import LandmarkSpec, planned
from equipoise.design.one_time.landmark_theory import Scale, moments
from equipoise.design.one_time.two_look_survival import Plan, TwoLookSurvival
from equipoise.numerics.sequential.two_look_normal import Moments
from equipoise.numerics.times.at_landmark import survival_at
from equipoise.numerics.times.by_day import StatisticByDay, last_day

KIND = "km-landmark"
TITLE = "Kaplan–Meier at a landmark, two stages, enrolment going on"
FAMILY = "one arm, time to event"
REFERENCE = (
    "Lin DY, Shen L, Ying Z, Breslow NE. Group sequential designs for monitoring survival probabilities. Biometrics "
    "1996;52:1033-1042. doi:10.2307/2533064"
)
EXAMPLE = {"s0": 0.44, "landmark": 6.0, "hazard_ratio": 0.66, "rate": 5.0, "alpha": 0.05, "power": 0.80}


class Spec(LandmarkSpec):
    """Kaplan–Meier at a landmark, two stages, enrolment going on."""

    kind: Literal["km-landmark"]
    scale: Literal["log-log", "survival"] = Field(default="log-log", description="Scale of the test.")


@dataclass(frozen=True)
class KaplanMeierLandmark(TwoLookSurvival):
    """Sizes, times and boundaries."""

    scale: Scale

    def theory(self, plan: Plan, hazard_ratio: float) -> Moments:
        """Moments of the statistic at the two looks."""
        return moments(self.survival, plan, hazard_ratio, self.scale)

    @property
    def least_follow_up(self) -> float:
        """The landmark: before, nothing is known of it."""
        return self.survival.landmark

    def statistic_of(self, time: ArrayLike, event: ArrayLike) -> float:
        """The Kaplan–Meier estimate at the landmark against s0, over its Greenwood standard error, on the scale of the test."""
        found = survival_at(time, event, self.survival.landmark)
        s0, s = self.survival.s0, found.survival
        if self.scale == "survival":
            return (s - s0) / found.standard_error
        return (math.log(-math.log(s0)) - math.log(-math.log(s))) * -math.log(s) * s / found.standard_error

    def by_day(self, days_per_unit: float, days: int) -> StatisticByDay:
        """The same of times in whole days."""
        last = min(last_day(self.survival.landmark, days_per_unit), days)
        return StatisticByDay("survival" if self.scale == "survival" else "log-log", last, np.array([self.survival.s0]))

    @property
    def statistic(self) -> str:
        """The statistic in words."""
        return f"the Kaplan–Meier estimate at the landmark, standardised on the {self.scale} scale"


def from_spec(spec: Spec) -> KaplanMeierLandmark:
    """The design that a spec states. Raises BadInput if no n up to nmax has the power."""
    return KaplanMeierLandmark(*planned(spec, spec.scale), spec.scale)
