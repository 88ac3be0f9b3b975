"""Arms and what is given in them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from equipoise.trial.duration import Duration
from equipoise.trial.part import Part


class Treatment(Part):
    """One drug of a regimen: how much, on which days of the cycle, for how many cycles."""

    drug: str = Field(min_length=1, description="The drug, as the protocol names it.")
    dose: float = Field(gt=0, description="The planned dose, in `unit`.")
    unit: str = Field(min_length=1, description="Unit of the dose: 'mg/m2', 'AUC', 'mg/kg' …")
    days: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        min_length=1, description="Days of the cycle on which it is given; day 1 is the first."
    )
    cycle_length: Duration = Field(description="Length of a cycle, such as '21 days'.")
    cycles: int = Field(ge=1, description="The most cycles that may be given.")
    may_continue: bool = Field(
        default=False,
        description="True if the drug alone may go on after the last cycle while the patient benefits.",
    )

    def __str__(self) -> str:
        days = ", ".join(str(d) for d in self.days)
        amount = f"{self.unit} {self.dose:g}" if self.unit == "AUC" else f"{self.dose:g} {self.unit}"
        text = (
            f"{self.drug} {amount}, day{'s' if len(self.days) > 1 else ''} {days} of a {self.cycle_length.days}-day "
            f"cycle, up to {self.cycles} cycles"
        )
        return text + "; alone afterwards while benefiting" if self.may_continue else text


class Arm(Part):
    """A group of the trial. A control arm has ``tested = false``."""

    name: str = Field(pattern=r"^[A-Za-z0-9+._-]+$", description="Short name: letters, digits, + . _ -, no spaces.")
    label: str = Field(min_length=1, description="The name that a reader sees.")
    tested: bool = Field(description="True for the arm on trial, false for a control arm.")
    share: int = Field(default=1, ge=1, description="Its share of the allocation: 2 and 1 for 2:1.")
    regimen: tuple[Treatment, ...] = Field(default=(), description="The drugs given.")
