"""What a group-sequential log-rank design may be told: looks, spending of both errors, events and boundaries as published."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from equipoise.design.randomised.logrank_plan import LogRankSpec
from equipoise.design.spec import between, growing
from equipoise.trial.problem import Problem

Boundary = Literal["obrien-fleming", "pocock", "hsd", "power", "classical-obrien-fleming", "classical-pocock"]
#: gamma of the hsd family, or rho of the power family.
Parameter = Annotated[float, Field(ge=-50, le=50)]
Spending = Literal["none", "obrien-fleming", "pocock", "hsd", "power"]


class Spec(LogRankSpec):
    """A group-sequential log-rank design: events computed, or stated with or without their boundaries."""

    published: ClassVar[tuple[str, ...]] = ("events",)
    may_be_published: ClassVar[tuple[str, ...]] = ("upper_z", "lower_z")
    kind: Literal["group-sequential"]
    fractions: tuple[Annotated[float, Field(gt=0, le=1)], ...] = Field(
        default=(0.5, 1.0), min_length=1, description="Share of the events at each look; the last is 1."
    )
    boundary: Boundary = Field(default="obrien-fleming", description="Spending of alpha, or a classical boundary.")
    alpha_parameter: Parameter = Field(default=-4.0, description="gamma of hsd, rho of power, for alpha.")
    beta_spending: Spending = Field(default="none", description="Spending of beta: futility stops.")
    beta_parameter: Parameter = Field(default=-2.0, description="gamma of hsd, rho of power, for beta.")
    binding: bool = Field(default=False, description="Whether the futility stops may not be overruled.")

    events: tuple[Annotated[float, Field(gt=0, le=1e6)], ...] | None = Field(
        default=None, min_length=1, description="Stated: events at each look; fractions then follow."
    )
    upper_z: tuple[Annotated[float, Field(ge=-20, le=20)], ...] | None = Field(
        default=None, description="Stated: z that rejects at each look (default: by the spending of alpha)."
    )
    lower_z: tuple[Annotated[float, Field(ge=-20, le=20)], ...] | None = Field(
        default=None, description="Stated: z below which each look but the last stops (with upper_z; default: none)."
    )

    @between("events")
    def _events_grow(self) -> Iterator[Problem]:
        return growing(self, "events", "87,174") if self.events is not None else iter(())

    @between("events", "upper_z", "lower_z")
    def _boundaries_of_each_look(self) -> Iterator[Problem]:
        if self.events is None:
            return
        looks = len(self.events)
        for name, values, count in (("upper_z", self.upper_z, looks), ("lower_z", self.lower_z, looks - 1)):
            if values is not None and len(values) != count:
                yield Problem("boundaries", name, str(values), f"{count} numbers, for {looks} looks")
        if self.lower_z is not None and self.upper_z is None:
            yield Problem("half-stated", "upper_z", "nothing", "stated with lower_z")
        elif self.lower_z is not None and any(a > b for a, b in zip(self.lower_z, self.upper_z or (), strict=False)):
            yield Problem("boundaries", "lower_z", str(self.lower_z), f"at most upper_z = {self.upper_z} at each look")

    @between("fractions")
    def _fractions_grow_to_one(self) -> Iterator[Problem]:
        if any(b <= a for a, b in pairwise(self.fractions)) or abs(self.fractions[-1] - 1) > 1e-12:
            allowed = "growing shares of the events, the last 1, such as 0.5,1"
            yield Problem("fractions", "fractions", str(self.fractions), allowed)

    @between("boundary", "beta_spending")
    def _classical_spends_no_beta(self) -> Iterator[Problem]:
        if self.beta_spending != "none" and self.boundary.startswith("classical"):
            yield Problem("not-together", "beta_spending", self.beta_spending, "none, with a classical boundary")

    @between("boundary", "alpha_parameter")
    def _rho_of_alpha(self) -> Iterator[Problem]:
        return _rho("alpha_parameter", self.boundary, self.alpha_parameter)

    @between("beta_spending", "beta_parameter")
    def _rho_of_beta(self) -> Iterator[Problem]:
        return _rho("beta_parameter", self.beta_spending, self.beta_parameter)


def _rho(where: str, spending: str, value: float) -> Iterator[Problem]:
    """The power family spends with rho, which is above 0."""
    if spending == "power" and value <= 0:
        yield Problem("out-of-range", where, f"{value:g}", "rho above 0")
