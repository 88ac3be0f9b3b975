"""Two-stage one-sample log-rank test against a reference curve, the first look while enrolment goes on.

z = (expected - observed) / sqrt(expected), expected by the reference's cumulative hazard at each patient's time. Stop with Z1 ≤
c1, declare with Z2 > c2. Each patient is followed for ``follow_up`` (restricted), or all until ``follow_up`` after the last
entered. Kwak & Jung 2014, doi:10.1002/sim.6073; with the exact variance Wu et al. 2020, doi:10.1002/pst.1983.

``variance``: 'exact' takes the variance of observed less expected, and its correlation between the looks, as they are.
'kwak-jung' takes the expected events for the variance; its power is then too low where the hazard ratio is far from 1.
'onearm2stage' reproduces R's OneArm2stage 1.1.5, whose first look has too small a mean: the designs keep alpha and are
larger than they need be.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from pydantic import Field

from equipoise.design.one_time.one_sample_logrank_theory import Variance, moments
from equipoise.design.one_time.two_look_survival import (
    Plan,
    SurvivalSpec,
    TwoLookSurvival,
    search,
)
from equipoise.numerics.sequential.two_look_normal import Moments
from equipoise.numerics.times.by_day import StatisticByDay, last_day
from equipoise.numerics.times.one_sample import one_sample_logrank

KIND = "one-sample-logrank"
TITLE = "One-sample log-rank in two stages, enrolment going on (Kwak & Jung; Wu)"
FAMILY = "one arm, time to event"
REFERENCE = "Wu J, Chen L, Wei J, Weiss H, Chauhan A. Two-stage phase II survival trial design. Pharm Stat 2020;19:214-229. doi:10.1002/pst.1983"
EXAMPLE = {
    "s0": 0.44, "landmark": 6.0, "hazard_ratio": 0.66, "rate": 5.0, "alpha": 0.05, "power": 0.80, "follow_up": 12.0,
}  # fmt: skip


class Spec(SurvivalSpec):
    """A two-stage one-sample log-rank design."""

    kind: Literal["one-sample-logrank"]
    follow_up: float = Field(gt=0, description="Follow-up of each patient, or after the last entered.")
    restricted: bool = Field(default=True, description="Whether each patient is followed for follow_up only.")
    variance: Variance = Field(default="exact", description="See the design's page.")
    least_t1: float = Field(default=0.0, ge=0, description="The first look comes no earlier than this.")


@dataclass(frozen=True)
class OneSampleLogRankDesign(TwoLookSurvival):
    """Sizes, times and boundaries."""

    restricted: bool
    variance: Variance

    def theory(self, plan: Plan, hazard_ratio: float) -> Moments:
        """Moments of the statistic at the two looks."""
        return moments(self.survival, plan, hazard_ratio, self.restricted, self.variance)

    def statistic_of(self, time: ArrayLike, event: ArrayLike) -> float:
        """(expected - observed) / sqrt(expected); restricted, nobody is followed beyond ``follow_up``."""
        t, e = np.asarray(time, dtype=float), np.asarray(event, dtype=bool)
        if self.restricted:
            t, e = np.minimum(t, self.plan.follow_up), e & (t <= self.plan.follow_up)
        found = one_sample_logrank(t, e, self.survival.cumulative(t))
        # Nobody has been followed for a moment: nothing speaks for or against.
        return 0.0 if math.isnan(found.z) else -found.z

    def by_day(self, days_per_unit: float, days: int) -> StatisticByDay:
        """The same of times in whole days."""
        t = np.arange(days + 1) / days_per_unit
        limit = min(last_day(self.plan.follow_up, days_per_unit), days) if self.restricted else days
        held = np.minimum(t, self.plan.follow_up) if self.restricted else t
        return StatisticByDay("expected", limit, np.asarray(self.survival.cumulative(held)))

    @property
    def statistic(self) -> str:
        """The statistic in words."""
        return "(expected - observed) / sqrt(expected) of the one-sample log-rank test"

    @property
    def cautions(self) -> tuple[str, ...]:
        """With what is known of the variances."""
        found = super().cautions
        if self.variance == "kwak-jung":
            found = (
                *found,
                "Kwak & Jung's variance: simulated, the power falls short where the hazard ratio is far from 1. Prefer 'exact'.",
            )
        if self.variance == "onearm2stage":
            found = (
                *found,
                "As in R's OneArm2stage 1.1.5, whose first look has too small a mean: larger than needed. Prefer 'exact'.",
            )
        return found


def from_spec(spec: Spec) -> OneSampleLogRankDesign:
    """The design that a spec states. Raises BadInput if no n up to nmax has the power."""
    survival = spec.survival

    def theory(plan: Plan, h: float) -> Moments:
        return moments(survival, plan, h, spec.restricted, spec.variance)

    stated = spec.stated_plan(spec.follow_up, theory)
    if stated is not None:
        return OneSampleLogRankDesign(survival, *stated, spec.alpha, spec.power, spec.restricted, spec.variance)
    least_t1 = max(spec.least_t1, 0.02 * spec.landmark)
    plan, c1, c2 = search(
        theory, survival, spec.enrolment, spec.follow_up, spec.alpha, spec.power, spec.criterion, least_t1, spec.nmax
    )
    return OneSampleLogRankDesign(survival, plan, c1, c2, spec.alpha, spec.power, spec.restricted, spec.variance)
