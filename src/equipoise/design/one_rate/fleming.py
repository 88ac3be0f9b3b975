"""Fleming's multiple-testing design for one arm and a rate: stated sizes, boundaries by his formula.

At look g, with S responses among the N_g so far of N in all, stop for futility if S ≤ a_g and reject the null hypothesis
(rate ≤ p0) if S ≥ r_g, where, with [·] the nearest integer and z = z(1 - alpha),

    r_g = [N_g p0 + z sqrt(N p0 (1 - p0))] + 1,    a_g = [N_g p̃ - z sqrt(N p̃ (1 - p̃))],   a_K = r_K - 1,
    p̃ = (sqrt(N p0) + z sqrt(1 - p0))² / (N + z²).

Fleming 1982, doi:10.2307/2530297. p̃ is the rate at which the two boundaries of the last look meet: p1 does not enter the
boundaries, only the power. The formula is a normal approximation; the errors printed are exact, and a caution says where
they miss what was asked for.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, ClassVar, Literal

from pydantic import Field
from scipy.special import ndtri

from equipoise.design.one_rate.rate_design import RateDesign
from equipoise.design.one_rate.stated_boundaries import Boundaries, StatedBoundaries, stops_of
from equipoise.design.spec import Hypotheses, Probability, between, growing
from equipoise.numerics.sequential.staged_binomial import Stages
from equipoise.trial.problem import Problem

KIND = "fleming"
TITLE = "Several stages, stopping for futility or efficacy (Fleming)"
FAMILY = "one arm, a rate"
REFERENCE = "Fleming TR. One-sample multiple testing procedure for phase II clinical trials. Biometrics 1982;38:143-151. doi:10.2307/2530297"
EXAMPLE = {"p0": 0.20, "p1": 0.40, "alpha": 0.05, "power": 0.80, "sizes": (15, 30, 45)}
#: Fleming tabulates one to three; more are allowed.
MOST_LOOKS = 20
#: Most patients in all.
MOST = 2000


class Spec(StatedBoundaries, Hypotheses):
    """Fleming's design at stated sizes; its boundaries follow, or are stated as they were published."""

    sized_by: ClassVar[tuple[str, ...]] = ("sizes",)
    kind: Literal["fleming"]
    alpha: Probability = Field(description="One-sided type I error aimed at.")
    power: Probability = Field(description="Power at p1 aimed at.")
    sizes: tuple[Annotated[int, Field(ge=1, le=MOST)], ...] = Field(
        min_length=1, max_length=MOST_LOOKS, description="Patients in all at each look, such as 15,30,45."
    )

    @between("sizes")
    def _sizes_grow(self) -> Iterator[Problem]:
        return growing(self, "sizes", "15,30,45")

    @property
    def planned_sizes(self) -> tuple[int, ...]:
        """As stated."""
        return self.sizes


@dataclass(frozen=True)
class Fleming(RateDesign):
    """Sizes at the looks (in all); the boundaries follow. ``stages.high`` is r_g - 1: more than that rejects.

    0.2 against 0.4 with 15 and then 10 patients: stop with 3 or fewer or 7 or more of 15, reject with 9 or more of 25.

    >>> s = Fleming((15, 25), 0.2, 0.4, 0.05, 0.80).stages
    >>> s.low, s.high
    ((3, 8), (6, 8))
    """

    sizes: tuple[int, ...]
    p0: float
    p1: float
    alpha: float
    power: float
    #: low (all looks but the last) and high, where they are stated
    stated: Boundaries | None = None

    @cached_property
    def stages(self) -> Stages:
        """a_g is the low boundary, r_g - 1 the high one."""
        if self.stated is not None:
            below, above = self.stated
            return Stages(self.sizes, (*below, above[-1]), above)
        total, z = self.sizes[-1], float(ndtri(1 - self.alpha))
        high_rate = (math.sqrt(total * self.p0) + z * math.sqrt(1 - self.p0)) ** 2 / (total + z * z)
        low, high = [], []
        for n in self.sizes:
            r = _nearest(n * self.p0 + z * math.sqrt(total * self.p0 * (1 - self.p0))) + 1
            a = _nearest(n * high_rate - z * math.sqrt(total * high_rate * (1 - high_rate)))
            high.append(min(max(r - 1, 0), n))
            low.append(min(max(a, -1), high[-1]))
        low[-1] = high[-1]
        return Stages(self.sizes, tuple(low), tuple(high))

    @cached_property
    def cautions(self) -> tuple[str, ...]:
        """Errors not kept, and a look before the last at which every trial ends."""
        s = self.stages
        ends = [n for n, low, high in zip(s.n[:-1], s.low, s.high, strict=False) if low == high]
        if not ends:
            return super().cautions
        note = f"At {ends[0]} patients every number of successes ends the trial: the later looks are never reached."
        return (*super().cautions, note)

    def _low_name(self, k: int) -> str:
        return f"a{k + 1}"

    def _high_name(self, k: int) -> str:
        return f"r{k + 1} - 1"

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        s, null, target = self.stages, self.behaviour(self.p0), self.behaviour(self.p1)
        rules = "; ".join(
            f"after {n} evaluable patients " + " and ".join(stops_of(low, high, n))
            for n, low, high in zip(s.n[:-1], s.low, s.high, strict=False)
        )
        early = f"The trial stops early, by Fleming's procedure, as follows: {rules}. " if rules else ""
        expected = (
            f" The trial expects {null.en:.1f} patients under the null hypothesis and {target.en:.1f} under the alternative."
            if rules
            else ""
        )
        return (
            f"The null hypothesis that the true rate is at most {100 * self.p0:g}% is tested against the alternative that it is "
            f"at least {100 * self.p1:g}%, with {len(s.n)} look{'s' if len(s.n) > 1 else ''} at the data (Fleming 1982). {early}"
            f"After {s.n[-1]} evaluable patients the null hypothesis is rejected with {s.high[-1] + 1} or more successes. The "
            f"exact one-sided type I error is {null.reject:.4f} and the exact power {target.reject:.4f}.{expected}"
        )


def _nearest(x: float) -> int:
    return math.floor(x + 0.5)


def from_spec(spec: Spec) -> Fleming:
    """The design that a spec states."""
    return Fleming(spec.sizes, spec.p0, spec.p1, spec.alpha, spec.power, spec.boundaries)
