"""A planned two-stage design at the sizes attained, with the type I error kept exactly.

First look on n1' patients: the largest r1' with P(X1 > r1' | p1) not below what was planned, so that a good treatment
goes on as often as planned. Last look on n' patients: the smallest r' with P(X1 > r1', X > r' | p0) ≤ alpha. For an n1'
known beforehand this is exact; that the sizes came by without regard to the outcomes is assumed, as in Green & Dahlberg
1992, doi:10.1002/sim.4780110703, whose rule has fixed levels instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from pydantic import Field

from equipoise.design.one_rate.simon import Planned, SimonTwoStage
from equipoise.design.one_rate.stated_boundaries import Boundaries, RuledOrStated
from equipoise.design.spec import MOST_COUNT, at_most, below, between, first_stage
from equipoise.numerics.counts.binomial import exceeds
from equipoise.numerics.sequential.staged_binomial import Stages
from equipoise.trial.problem import Problem

KIND = "attained"
TITLE = "Two stages with the sizes attained, alpha kept exactly"
FAMILY = "one arm, a rate"
REFERENCE = (
    "Boundaries recomputed at the attained sizes, exactly; the question is that of Green SJ, Dahlberg S. Planned versus "
    "attained design in phase II clinical trials. Stat Med 1992;11:853-862. doi:10.1002/sim.4780110703"
)
EXAMPLE = {
    "p0": 0.44, "p1": 0.58, "alpha": 0.05, "power": 0.80, "r1": 17, "n1": 39, "r": 42, "n": 80, "attained_n1": 42,
    "attained_n": 83,
}  # fmt: skip


class Spec(Planned):
    """A planned Simon design and the sizes that came."""

    kind: Literal["attained"]
    attained_n1: int = Field(ge=1, le=MOST_COUNT, description="Patients at the first look, as attained.")
    attained_n: int = Field(ge=2, le=MOST_COUNT, description="Patients at the end, as attained.")

    attained_r1: int | None = Field(
        default=None,
        ge=-1,
        le=MOST_COUNT,
        description="Stated: stop with so many successes or fewer at the first look, as attained.",
    )
    attained_r: int | None = Field(
        default=None,
        ge=0,
        le=MOST_COUNT,
        description="Stated: reject with more than so many successes at the end, as attained.",
    )

    @between("attained_r1", "attained_r", "attained_n1", "attained_n")
    def _boundaries_of_attained(self) -> Iterator[Problem]:
        stated = [k for k in ("attained_r1", "attained_r") if getattr(self, k) is not None]
        if len(stated) == 1:
            missing = "attained_r" if stated == ["attained_r1"] else "attained_r1"
            yield Problem("half-stated", missing, "nothing", "both attained_r1 and attained_r, or neither")
        yield from below(self, "attained_r1", "attained_n1")
        yield from below(self, "attained_r", "attained_n")
        yield from at_most(self, "attained_r1", "attained_r")

    @between("attained_n1", "attained_n")
    def _attained_n1_below_attained_n(self) -> Iterator[Problem]:
        return first_stage(self, "attained_n1", "attained_n")


@dataclass(frozen=True)
class Attained(RuledOrStated):
    """A planned design and the sizes that came. The boundaries in force are those of ``stages``: the rule's, or stated."""

    planned: SimonTwoStage
    attained_n1: int
    attained_n: int
    stated: Boundaries | None = None

    @property
    def p0(self) -> float:  # type: ignore[override]
        """Rate of no interest, as planned."""
        return self.planned.p0

    @property
    def p1(self) -> float:  # type: ignore[override]
        """Rate worth finding, as planned."""
        return self.planned.p1

    @property
    def alpha(self) -> float:  # type: ignore[override]
        """The type I error to keep."""
        return self.planned.alpha

    @property
    def power(self) -> float:  # type: ignore[override]
        """The power that was planned."""
        return self.planned.power

    @cached_property
    def by_rule(self) -> Stages:
        """The boundaries at the attained sizes."""
        plan, m = self.planned, self.attained_n1
        goes_on = float(exceeds(plan.n1, plan.p1)[plan.r1])
        r1 = plan.r1 if m == plan.n1 else int((exceeds(m, plan.p1) >= goes_on).sum()) - 1
        first = Stages((m, self.attained_n), (r1, self.attained_n), (m, self.attained_n))
        return _smallest_r(first, plan)

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        s, plan = self.by_rule, self.planned
        a, power = self.behaviour(self.p0).reject, self.behaviour(self.p1).reject
        return (
            f"The design was planned with {plan.r1}/{plan.n1} and {plan.r}/{plan.n}. At the first look {s.n[0]} patients "
            f"could be evaluated: with {s.low[0]} or fewer successes the trial stops, the largest number with which a rate "
            f"of {100 * self.p1:g}% goes on at least as often as planned. At the end {s.n[1]} could be evaluated: the null "
            f"hypothesis of a rate of at most {100 * self.p0:g}% is rejected with more than {s.high[1]} successes, the smallest "
            f"number that keeps the one-sided type I error.{self.in_force()} That error is exactly {a:.4f}; the power is {power:.4f}."
        )


def _smallest_r(open_end: Stages, plan: SimonTwoStage) -> Stages:
    """The stages with the smallest last r that keeps alpha (or what the plan itself attained, if that is more)."""
    from equipoise.numerics.sequential.staged_binomial import arrive

    allowed = max(plan.alpha, plan.behaviour(plan.p0).reject)
    last = arrive(open_end, plan.p0)[-1]
    beyond = np.concatenate([np.cumsum(last[:0:-1])[::-1], [0.0]])
    r = max(int(np.argmax(beyond <= allowed)), open_end.low[0])
    return Stages(open_end.n, (open_end.low[0], r), (open_end.high[0], r))


def from_spec(spec: Spec) -> Attained:
    """The design that a spec states."""
    r1, r = spec.attained_r1, spec.attained_r
    return Attained(
        spec.plan,
        spec.attained_n1,
        spec.attained_n,
        None if r1 is None or r is None else ((r1,), (spec.attained_n1, r)),
    )
