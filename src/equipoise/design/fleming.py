"""Fleming's multiple-testing design for one arm and a rate: stated sizes, boundaries by his formula.

At look g, with S responses among the N_g so far of N in all, stop for futility if S ≤ a_g and reject the null hypothesis
(rate ≤ p0) if S ≥ r_g, where, with [·] the nearest integer and z = z(1 - alpha),

    r_g = [N_g p0 + z sqrt(N p0 (1 - p0))] + 1,    a_g = [N_g p̃ - z sqrt(N p̃ (1 - p̃))],   a_K = r_K - 1,
    p̃ = (sqrt(N p0) + z sqrt(1 - p0))² / (N + z²).

Fleming 1982, doi:10.2307/2530297. The formula is a normal approximation; the errors printed are exact.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from pydantic import Field
from scipy.special import ndtri

from equipoise.design import checks
from equipoise.design.rate_design import RateDesign
from equipoise.numerics.staged_binomial import Stages
from equipoise.trial.part import Part
from equipoise.trial.problem import Problem

KIND = "fleming"
TITLE = "Several stages, stopping for futility or efficacy (Fleming)"
FAMILY = "one arm, a rate"
REFERENCE = "Fleming TR. One-sample multiple testing procedure for phase II clinical trials. Biometrics 1982;38:143-151. doi:10.2307/2530297"
EXAMPLE = {"p0": 0.20, "p1": 0.40, "alpha": 0.05, "power": 0.80, "sizes": (15, 30, 45)}


class Spec(Part):
    """Fleming's design at stated sizes."""

    kind: Literal["fleming"]
    p0: float = Field(gt=0, lt=1, description="Rate of no interest.")
    p1: float = Field(gt=0, lt=1, description="Rate worth finding; above p0.")
    alpha: float = Field(gt=0, lt=1, description="One-sided type I error aimed at.")
    power: float = Field(gt=0, lt=1, description="Power at p1 aimed at.")
    sizes: tuple[int, ...] = Field(description="Patients in all at each look, such as 15,30,45.")


@dataclass(frozen=True)
class Fleming(RateDesign):
    """Sizes at the looks (in all); the boundaries follow."""

    sizes: tuple[int, ...]
    p0: float
    p1: float
    alpha: float
    power: float

    @cached_property
    def stages(self) -> Stages:
        """a_g is the low boundary, r_g - 1 the high one."""
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

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        s, a, power = self.stages, self.behaviour(self.p0).reject, self.behaviour(self.p1).reject
        rules = "; ".join(
            f"after {n} patients, {f'futility with {low} or fewer, ' if low >= 0 else ''}rejection with {high + 1} or more"
            for n, low, high in zip(s.n, s.low, s.high, strict=True)
        )
        return (
            f"The null hypothesis that the true rate is at most {self.p0:.0%} is tested at {len(s.n)} "
            f"look{'s' if len(s.n) > 1 else ''} by Fleming's procedure (1982): {rules}. At a true rate of {self.p1:.0%} the "
            f"exact power is {power:.4f}; the exact one-sided type I error is {a:.4f}."
        )


def _nearest(x: float) -> int:
    return math.floor(x + 0.5)


def from_spec(table: Mapping[str, Any]) -> Fleming:
    """The design that a [design] table states. Raises BadInput with all its problems."""
    problems = list(checks.hypotheses(*(table.get(k) for k in ("p0", "p1", "alpha", "power"))))
    sizes = table.get("sizes") or ()
    bad = not isinstance(sizes, tuple | list) or any(isinstance(n, bool) or not isinstance(n, int) for n in sizes)
    if bad or not sizes or any(b <= a for a, b in zip((0, *sizes), sizes, strict=False)) or sizes[-1] > 2000:
        problems.append(Problem("sizes", "sizes", str(table.get("sizes")), "whole numbers that grow, up to 2000, such as 15,30,45"))
    checks.raise_if(problems)
    return Fleming(tuple(sizes), *(float(table[k]) for k in ("p0", "p1", "alpha", "power")))
