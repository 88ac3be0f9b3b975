"""Two looks at survival at a landmark: what the kinds share that test it, each on its own scale."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from equipoise.design.one_time.landmark_theory import Scale, moments
from equipoise.design.one_time.two_look_survival import (
    Plan,
    Survival,
    Theory,
    TwoLookSurvival,
    search,
    survival_problems,
)
from equipoise.numerics.sequential.two_look_normal import Moments
from equipoise.trial.problem import Problem


@dataclass(frozen=True)
class CumulativeHazardTest(TwoLookSurvival):
    """The Nelson–Aalen cumulative hazard at the landmark against the reference's."""

    #: Errors that simulation found, in words.
    simulated: ClassVar[str]

    def theory(self, plan: Plan, hazard_ratio: float) -> Moments:
        """Moments of the statistic at the two looks."""
        return moments(self.survival, plan, hazard_ratio, "hazard")

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


def landmark_problems(values: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with what is asked for; patients are followed up to the landmark."""
    return survival_problems({**values, "follow_up": values.get("landmark")})


def theory_of(survival: Survival, scale: Scale) -> Theory:
    """The moments at the two looks, for a search."""
    return lambda plan, hazard_ratio: moments(survival, plan, hazard_ratio, scale)


def planned(values: Mapping[str, Any], scale: Scale) -> tuple[Survival, Plan, float, float, float, float]:
    """Reference, plan, c1, c2, alpha and power. Raises BadInput if no n up to nmax has the power."""
    survival = Survival(*(float(values[k]) for k in ("s0", "landmark", "hazard_ratio", "shape")))
    rate, alpha, power = (float(values[k]) for k in ("rate", "alpha", "power"))
    plan, c1, c2 = search(
        theory_of(survival, scale), survival, rate, survival.landmark, alpha, power, values["criterion"], survival.landmark,
        values["nmax"],
    )  # fmt: skip
    return survival, plan, c1, c2, alpha, power
