"""Case & Morgan's two stages for survival at a landmark, the first look while enrolment goes on.

z compares the Nelson–Aalen cumulative hazard at the landmark with the reference's. Stop with Z1 ≤ c1, declare with Z2 > c2. Least
expected length of the study, or of accrual, under the reference. As in the paper (so R's OptInterim says of it) n and the
times are then raised by the ratio of the exact binomial single-stage size to the normal one. Case & Morgan 2003,
doi:10.1186/1471-2288-3-6.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from pydantic import Field

from equipoise.design.one_rate.a_hern import search as exact_single_stage
from equipoise.design.one_time.landmark_looks import CumulativeHazardTest, LandmarkSpec, planned, theory_of
from equipoise.design.one_time.two_look_survival import Criterion, single_stage
from equipoise.numerics.sequential.two_look_normal import final_boundary

KIND = "case-morgan"
TITLE = "Survival at a landmark, two stages, enrolment going on (Case & Morgan)"
FAMILY = "one arm, time to event"
REFERENCE = (
    "Case LD, Morgan TM. Design of phase II cancer trials evaluating survival probabilities. BMC Med Res Methodol 2003;3:6. "
    "doi:10.1186/1471-2288-3-6"
)
EXAMPLE = {"s0": 0.44, "landmark": 6.0, "hazard_ratio": 0.66, "rate": 5.0, "alpha": 0.05, "power": 0.80}


class Spec(LandmarkSpec):
    """Survival at a landmark, two stages, enrolment going on (Case & Morgan)."""

    kind: Literal["case-morgan"]
    criterion: Criterion = Field(default="expected-length", description="What is least under the reference.")
    adjust: bool = Field(default=True, description="Whether sizes and times are raised to the exact binomial's.")


@dataclass(frozen=True)
class CaseMorgan(CumulativeHazardTest):
    """Sizes, times and boundaries."""

    adjusted: bool
    simulated = "the type I error is 0.065 where 0.05 is asked, and the power 0.87"


def from_spec(spec: Spec) -> CaseMorgan:
    """The design that a spec states. Raises BadInput if no n up to nmax has the power."""
    survival, plan, c1, c2, alpha, power = planned(spec, "hazard")
    if spec.adjust and not spec.are_stated:
        theory = theory_of(survival, "hazard")
        normal = single_stage(theory, survival, plan.enrolment, survival.landmark, alpha, power, spec.nmax)
        exact = exact_single_stage(survival.s0, survival.s1, alpha, power).n
        if normal is not None and exact > normal:
            n = -(-plan.n * exact // normal)
            # the same share of the patients is in by then
            t1 = (
                plan.t1 * n / plan.n
                if not plan.ramp
                else plan.enrolment.time_of(plan.enrolment.by(plan.t1) * n / plan.n)
            )
            plan = replace(plan, n=n, t1=t1)
            c2 = final_boundary(c1, alpha, theory(plan, 1.0).rho)  # the looks' correlation has changed
    return CaseMorgan(survival, plan, c1, c2, alpha, power, spec.adjust)
