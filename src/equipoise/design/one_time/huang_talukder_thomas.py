"""Huang, Talukder & Thomas's two stages for survival at a landmark: Case & Morgan's, for the least expected number.

z compares the Nelson–Aalen cumulative hazard at the landmark with the reference's. Stop with Z1 ≤ c1, declare with Z2 > c2.
Against Case & Morgan the expected number of patients can be made least, and sizes are not raised to the exact binomial's.
The paper also takes uneven enrolment; here it is even in each piece (ramp_rates). Huang, Talukder & Thomas 2010, doi:10.1198/sbr.2010.09002.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from equipoise.design.one_time.landmark_looks import CumulativeHazardTest, LandmarkSpec, planned

KIND = "huang-talukder-thomas"
TITLE = "Survival at a landmark, two stages, least expected number (Huang, Talukder & Thomas)"
FAMILY = "one arm, time to event"
REFERENCE = (
    "Huang B, Talukder E, Thomas N. Optimal two-stage phase II designs with long-term endpoints. Stat Biopharm Res "
    "2010;2:51-61. doi:10.1198/sbr.2010.09002"
)
EXAMPLE = {"s0": 0.44, "landmark": 6.0, "hazard_ratio": 0.66, "rate": 5.0, "alpha": 0.05, "power": 0.80}


class Spec(LandmarkSpec):
    """Survival at a landmark, two stages, least expected number (Huang, Talukder & Thomas)."""

    kind: Literal["huang-talukder-thomas"]


@dataclass(frozen=True)
class HuangTalukderThomas(CumulativeHazardTest):
    """Sizes, times and boundaries."""

    simulated = "the type I error is 0.062 where 0.05 is asked, and the power 0.74 where 0.80 is"


def from_spec(spec: Spec) -> HuangTalukderThomas:
    """The design that a spec states. Raises BadInput if no n up to nmax has the power."""
    return HuangTalukderThomas(*planned(spec, "hazard"))
