"""Two-stage one-sample log-rank test against a reference curve, the first look while enrolment goes on.

z = (expected - observed) / sqrt(expected), expected by the reference's cumulative hazard at each patient's time. Stop with Z1 ≤
c1, declare with Z2 > c2. Each patient is followed for ``follow_up`` (restricted), or all until ``follow_up`` after the last
entered. Kwak & Jung 2014, doi:10.1002/sim.6073; with the exact variance Wu et al. 2020, doi:10.1002/pst.1983.

``variance``: 'exact' takes the variance of observed less expected, and its correlation between the looks, as they are. The
others are there for what was designed with them: they find sizes and boundaries; what the design then keeps is by 'exact'.
'kwak-jung-2014' is the paper's: it gives table 1 back. Its variance is at the mean of both hazards, and the correlation of its
looks lacks the share of patients in by the first look: it is too large, so c is too strict and the power too low.
'expected-events' takes the events expected under the alternative for the variance; its power is too low as well.
'onearm2stage' reproduces R's OneArm2stage 1.1.5, whose first look has too small a mean: the designs keep alpha and are
larger than they need be.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal

import numpy as np
from numpy.typing import ArrayLike
from pydantic import Field

from equipoise.design.one_time.one_sample_logrank_theory import Variance, moments
from equipoise.design.one_time.two_look_survival import Plan, SurvivalSpec, TwoLookSurvival, search
from equipoise.design.spec import MOST_TIME
from equipoise.numerics.sequential.two_look_normal import Moments, both
from equipoise.numerics.times.by_day import StatisticByDay, last_day
from equipoise.numerics.times.one_sample import one_sample_logrank
from equipoise.trial.retired import Retired

KIND = "one-sample-logrank"
TITLE = "One-sample log-rank in two stages, enrolment going on (Kwak & Jung; Wu)"
FAMILY = "one arm, time to event"
REFERENCE = "Wu J, Chen L, Wei J, Weiss H, Chauhan A. Two-stage phase II survival trial design. Pharm Stat 2020;19:214-229. doi:10.1002/pst.1983"
EXAMPLE = {
    "s0": 0.44, "landmark": 6.0, "hazard_ratio": 0.66, "rate": 5.0, "alpha": 0.05, "power": 0.80, "follow_up": 12.0,
}  # fmt: skip

#: What 'kwak-jung' was, for who meets it in an older file.
RETIRED = Retired(
    {
        "kwak-jung": "it was never Kwak & Jung's formula. What it stood for is now 'expected-events'; the paper's is 'kwak-jung-2014'. "
        "Both fall short of their power: 'exact' has it"
    }
)


class Spec(SurvivalSpec):
    """A two-stage one-sample log-rank design."""

    kind: Literal["one-sample-logrank"]
    follow_up: float = Field(gt=0, le=MOST_TIME, description="Follow-up of each patient, or after the last entered.")
    restricted: bool = Field(default=True, description="Whether each patient is followed for follow_up only.")
    variance: Annotated[Variance, RETIRED] = Field(
        default="exact",
        description="'exact': as they are. For designs made by others: 'kwak-jung-2014', the paper's, whose correlation of the looks is "
        "wrong (simulated power .87 where .90 is asked); 'expected-events', the alternative's events for the variance (.86 for .90); "
        "'onearm2stage', R's, larger than needed.",
    )
    least_t1: float = Field(default=0.0, ge=0, le=MOST_TIME, description="The first look comes no earlier than this.")


@dataclass(frozen=True)
class OneSampleLogRankDesign(TwoLookSurvival):
    """Sizes, times and boundaries."""

    restricted: bool
    variance: Variance

    def theory(self, plan: Plan, hazard_ratio: float) -> Moments:
        """Moments of the statistic at the two looks, as they are, whatever the sizes were found with."""
        return moments(self.survival, plan, hazard_ratio, self.restricted, "exact")

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

    @cached_property
    def cautions(self) -> tuple[str, ...]:
        """With what the formula claims that the design was found with, where it is not the exact one."""
        found = super().cautions
        if self.variance == "exact":
            return found
        size, power = (
            both(self.c1, self.c2, moments(self.survival, self.plan, h, self.restricted, self.variance))
            for h in (1.0, self.survival.hazard_ratio)
        )
        claims = f"It claims a type I error of {size:.4f} and a power of {power:.4f}; shown is what the exact variance gives."
        return (*found, f"{_ABOUT[self.variance]} {claims} Prefer 'exact'.")


#: What is wrong with each variance but the exact one.
_ABOUT = {
    "kwak-jung-2014": "Kwak & Jung's own formula: its correlation of the looks lacks the share of patients in by the first, so c is too "
    "strict, and its variance is at the mean of both hazards.",
    "expected-events": "The alternative's expected events stand for the variance ('kwak-jung' in older files, though not theirs): the "
    "power falls short where the hazard ratio is far from 1.",
    "onearm2stage": "As in R's OneArm2stage 1.1.5, whose first look has too small a mean: larger than needed.",
}


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
