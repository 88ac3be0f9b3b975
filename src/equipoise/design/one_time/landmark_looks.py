"""Two looks at survival at a landmark: what the kinds share that test it, each on its own scale."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from equipoise.design.one_time.landmark_theory import Scale, moments
from equipoise.design.one_time.two_look_survival import (
    Plan,
    Survival,
    SurvivalSpec,
    Theory,
    TwoLookSurvival,
    search,
)
from equipoise.design.spec import between
from equipoise.numerics.sequential.two_look_normal import Moments
from equipoise.numerics.times.at_landmark import hazard_at
from equipoise.numerics.times.by_day import StatisticByDay, last_day
from equipoise.trial.problem import Problem


class LandmarkSpec(SurvivalSpec):
    """With a first look after the landmark: before, nothing is known of it."""

    @between("t1", "landmark")
    def _first_look_after_the_landmark(self) -> Iterator[Problem]:
        if self.t1 is not None and self.t1 <= self.landmark:
            yield Problem("t1-not-above-landmark", "t1", f"{self.t1:g}", f"above the landmark, {self.landmark:g}")


@dataclass(frozen=True)
class CumulativeHazardTest(TwoLookSurvival):
    """The Nelson–Aalen cumulative hazard at the landmark against the reference's."""

    #: Errors that simulation found, in words.
    simulated: ClassVar[str]

    def theory(self, plan: Plan, hazard_ratio: float) -> Moments:
        """Moments of the statistic at the two looks."""
        return moments(self.survival, plan, hazard_ratio, "hazard")

    @property
    def least_follow_up(self) -> float:
        """The landmark: before, nothing is known of it."""
        return self.survival.landmark

    def statistic_of(self, time: ArrayLike, event: ArrayLike) -> float:
        """(reference - Nelson–Aalen) / standard error, at the landmark."""
        found = hazard_at(time, event, self.survival.landmark)
        return (-math.log(self.survival.s0) - found.cumulative) / found.standard_error

    def by_day(self, days_per_unit: float, days: int) -> StatisticByDay:
        """The same of times in whole days."""
        last = min(last_day(self.survival.landmark, days_per_unit), days)
        return StatisticByDay("hazard", last, np.array([-math.log(self.survival.s0)]))

    @property
    def statistic(self) -> str:
        """The statistic in words."""
        return "the standardised difference of the cumulative hazards at the landmark"

    @property
    def cautions(self) -> tuple[str, ...]:
        """With what simulation says of the test."""
        return (
            *super().cautions,
            f"Simulated in NORTH's setting (20,000 trials, MC error 0.003 or less) {self.simulated}: the test of cumulative "
            "hazards is skewed in small trials. The kind km-landmark keeps its errors better.",
        )


def theory_of(survival: Survival, scale: Scale) -> Theory:
    """The moments at the two looks, for a search."""
    return lambda plan, hazard_ratio: moments(survival, plan, hazard_ratio, scale)


def planned(spec: SurvivalSpec, scale: Scale) -> tuple[Survival, Plan, float, float, float, float]:
    """Reference, plan, c1, c2, alpha and power; patients are followed up to the landmark.

    Raises BadInput if no n up to nmax has the power.
    """
    survival, theory = spec.survival, theory_of(spec.survival, scale)
    stated = spec.stated_plan(spec.landmark, theory)
    if stated is not None:
        return survival, *stated, spec.alpha, spec.power
    plan, c1, c2 = search(
        theory,
        survival,
        spec.enrolment,
        spec.landmark,
        spec.alpha,
        spec.power,
        spec.criterion,
        spec.landmark,
        spec.nmax,
    )
    return survival, plan, c1, c2, spec.alpha, spec.power
