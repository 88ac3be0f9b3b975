"""Any one-arm rate design with a look after each patient: it stops as soon as its own outcome is settled.

What is declared is what the design would have declared, for every sequence of outcomes, so both errors stay what they
are; only the expected number falls (Herrmann & Szatrowski 1985 for single stages; Chi & Chen 2008,
doi:10.1002/sim.3424, for Simon's). The estimate after an early stop needs the stages: see ``estimate``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from equipoise.design.one_rate.rate_design import RateDesign
from equipoise.numerics.sequential.staged_binomial import Stages, fully_sequential

Side = Literal["futility", "efficacy", "both"]


@dataclass(frozen=True)
class Curtailed(RateDesign):
    """``base`` curtailed on one side or both."""

    base: RateDesign
    side: Side = "both"

    @property
    def p0(self) -> float:  # type: ignore[override]
        """Rate of no interest of the base."""
        return self.base.p0

    @property
    def p1(self) -> float:  # type: ignore[override]
        """Rate worth finding of the base."""
        return self.base.p1

    @property
    def alpha(self) -> float:  # type: ignore[override]
        """Alpha of the base."""
        return self.base.alpha

    @property
    def power(self) -> float:  # type: ignore[override]
        """Power asked of the base."""
        return self.base.power

    @cached_property
    def stages(self) -> Stages:
        """A look after each patient."""
        return fully_sequential(self.base.stages, self.side != "efficacy", self.side != "futility")

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        null, target = self.behaviour(self.p0), self.behaviour(self.p1)
        was0, was1 = self.base.behaviour(self.p0), self.base.behaviour(self.p1)
        what = {
            "futility": "the trial will stop for futility",
            "efficacy": "the null hypothesis will be rejected",
            "both": "its outcome, either way, is settled",
        }[self.side]
        return (
            f"{self.base.describe()} The design is curtailed: it is looked at after each patient and stops as soon as "
            f"{what}, however the patients to come do. The errors are unchanged; the expected number of patients falls from "
            f"{was0.en:.1f} to {null.en:.1f} at a true rate of {100 * self.p0:g}% and from {was1.en:.1f} to {target.en:.1f} at "
            f"{100 * self.p1:g}%."
        )
