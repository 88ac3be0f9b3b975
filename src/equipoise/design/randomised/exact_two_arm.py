"""Two randomised arms compared by an exact test of two rates, in one stage or in two.

The final test is 'barnard' (unconditional, in the order of the pooled Z: exact size at most alpha at every common rate),
'fisher' (conditional: size at most alpha, usually well below) or 'pooled-z' (the normal approximation: its exact size may
exceed alpha, and is shown). With two stages the trial stops for futility after a share of the patients if the tested
rate is not above the control's by at least ``margin``; the final test takes no account of that, so that the error can
only fall. Barnard 1947, doi:10.1093/biomet/34.1-2.123; Suissa & Shuster 1985, doi:10.2307/2981892; for phase II with two
stages Kepner 2010, doi:10.1002/sim.3997, and Shan et al. 2013.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from pydantic import Field

from equipoise.design.earlier import two_arm_problems
from equipoise.design.randomised.allocation import Allocated
from equipoise.design.spec import Hypotheses, Probability, no_design
from equipoise.design.truth import truth_of
from equipoise.numerics.counts.two_binomials import (
    Method,
    Region,
    after_two_stages,
    probability,
    rejection_region,
    size,
)
from equipoise.trial.decision import Action, Continue, Declare, Stop, Verdict
from equipoise.trial.design import Characteristics, Look, Quantity, Truth
from equipoise.trial.evidence import TwoArmEvidence
from equipoise.trial.problem import BadInput, Problem

KIND = "exact-two-arm"
TITLE = "Randomised, exact test of two rates, one stage or two (Barnard, Fisher, pooled Z)"
FAMILY = "randomised phase II"
REFERENCE = "Suissa S, Shuster JJ. Exact unconditional sample sizes for the 2 x 2 binomial trial. J R Stat Soc A 1985;148:317-327. doi:10.2307/2981892"
EXAMPLE = {"p0": 0.20, "p1": 0.45, "alpha": 0.10, "power": 0.80, "method": "barnard", "stages": 2}


class Spec(Allocated, Hypotheses):
    """A comparison of two rates by an exact test."""

    kind: Literal["exact-two-arm"]
    p0: Probability = Field(description="Rate with the control treatment.")
    p1: Probability = Field(description="Rate worth finding in the tested arm; above p0.")
    alpha: Probability = Field(description="One-sided level of the test.")
    power: Probability = Field(description="Power at p1 against p0.")
    method: Method = Field(default="barnard", description="The final test.")
    stages: int = Field(default=1, ge=1, le=2, description="1, or 2 with a look for futility.")
    share: float = Field(default=0.5, gt=0, lt=1, description="Share of the patients at the first look.")
    margin: float = Field(
        default=0.0, gt=-1, lt=1, description="Stop at the first look if the rates differ by no more than this."
    )
    nmax: int = Field(default=300, ge=4, le=600, description="Largest number of patients in all, both arms.")


@dataclass(frozen=True)
class ExactTwoArm:
    """``m`` and, with two stages, ``m1`` count multiples of the allocation."""

    m1: int | None
    m: int
    tested: int
    control: int
    method: Method
    margin: float
    p0: float
    p1: float
    alpha: float
    power: float

    takes = TwoArmEvidence

    @cached_property
    def region(self) -> Region:
        """Where the final test rejects, by successes of the tested and the control arm."""
        return rejection_region(self.tested * self.m, self.control * self.m, self.alpha, self.method)

    @cached_property
    def goes_on(self) -> Region | None:
        """Where the first look goes on."""
        return None if self.m1 is None else self._goes_on(self.tested * self.m1, self.control * self.m1)

    def _goes_on(self, nx: int, ny: int) -> Region:
        difference = np.arange(nx + 1)[:, None] / nx - np.arange(ny + 1)[None, :] / ny
        return np.asarray(difference > self.margin + 1e-12)

    @property
    def looks(self) -> tuple[Look, ...]:
        """Looks, counted in patients of the tested arm."""
        sizes = [s for s in (self.m1, self.m) if s is not None]
        return tuple(Look(k, self.tested * s, control_n=self.control * s) for k, s in enumerate(sizes, 1))

    def truths(self) -> Mapping[str, Truth]:
        """Both rates p0; the tested rate p1."""
        return {"null": {"tested": self.p0, "control": self.p0}, "target": {"tested": self.p1, "control": self.p0}}

    def ends(self, px: float, py: float) -> tuple[float, float]:
        """P(stops at the first look), P(rejects)."""
        if self.goes_on is None:
            return 0.0, probability(self.region, px, py)
        on, reject = after_two_stages(self.goes_on, self.region, px, py)
        return 1 - on, reject

    def characteristics(self, truth: Truth) -> Characteristics:
        """Exact behaviour; ``truth`` is {'tested': rate, 'control': rate}. ``expected_n`` counts both arms."""
        px, py = truth_of(truth, tested=(0.0, 1.0), control=(0.0, 1.0))
        pet, reject = self.ends(px, py)
        arms = self.tested + self.control
        n = arms * (self.m if self.m1 is None else self.m1 + (1 - pet) * (self.m - self.m1))
        return Characteristics(
            f"tested {px:g}, control {py:g}", "exact enumeration of both arms", Quantity(reject), Quantity(pet), Quantity(n),
            (pet, 1 - pet) if self.m1 is not None else (1.0,),
        )  # fmt: skip

    @cached_property
    def largest_error(self) -> tuple[float, float]:
        """The largest exact type I error at any common rate, of the final test alone, and that rate."""
        return size(self.region)

    @cached_property
    def cautions(self) -> tuple[str, ...]:
        """Where the exact error exceeds the level."""
        worst, at = self.largest_error
        if worst <= self.alpha * (1 + 1e-9):
            return ()
        return (
            f"The exact type I error of the final test reaches {worst:.4f} (common rate {at:.3f}), above its level of {self.alpha:g}.",
        )

    def verdict(self, evidence: TwoArmEvidence) -> Verdict:
        """First look: go on if the difference exceeds the margin. Last: the exact test, at the numbers attained.

        Neither depends on the plan: the margin is of rates, and the final test takes no account of the first look. What
        changes with the numbers attained is the exact error and the power, which a caution gives.
        """
        count = len(self.looks)
        problems = two_arm_problems(evidence.look, evidence.n, evidence.control_n, evidence.earlier)
        if not 1 <= evidence.look <= count:
            problems.append(Problem("no-such-look", "look", str(evidence.look), f"1 to {count}"))
        if problems:
            raise BadInput("evidence", problems)
        last = evidence.look == count
        m = self.m if last or self.m1 is None else self.m1
        planned = self.tested * m, self.control * m
        sizes = evidence.n, evidence.control_n
        seen = f"{evidence.successes} of {evidence.n} against {evidence.control_successes} of {evidence.control_n}"
        difference = evidence.successes / evidence.n - evidence.control_successes / evidence.control_n
        said = f"{sizes[0]} and {sizes[1]} patients, {planned[0]} and {planned[1]} were planned"
        cautions: tuple[str, ...] = ()
        if not last:
            if sizes != planned:
                cautions = (
                    f"{said}: the rates of the numbers attained are compared, and the margin stays {self.margin:g}.",
                )
            action: Action = Continue() if difference > self.margin + 1e-12 else Stop("futility")
            because = f"{seen}: a difference of {difference:+.3f}; more than {self.margin:g} is needed."
            unit = "difference of rates above the margin"
            return Verdict(action, (because,), difference - self.margin, unit, cautions)
        region = self.region
        first = None if self.m1 is None else (self.tested * self.m1, self.control * self.m1)
        before = evidence.earlier[0] if evidence.earlier else first
        if sizes != planned or before != first:
            region = rejection_region(*sizes, self.alpha, self.method)
            null, target = (self._attained(region, before, p) for p in (self.p0, self.p1))
            after = (
                "" if before is None or before == first else f", after {before[0]} and {before[1]} at the first look"
            )
            cautions = (
                f"{said}{after}: the test is of the numbers attained, with exact type I error {null:.4f} at {self.p0:g} and power "
                f"{target:.4f}.",
            )
        rejects = bool(region[evidence.successes, evidence.control_successes])
        column = region[:, evidence.control_successes]
        needed = int(np.argmax(column)) if column.any() else evidence.n + 1
        because = f"{seen}; with {evidence.control_successes} controls the {self.method} test at {self.alpha:g} rejects from {needed} on."
        action = Declare("a higher rate than with the control") if rejects else Stop("no higher rate was shown")
        return Verdict(action, (because,), evidence.successes - needed + 1, "successes above the boundary", cautions)

    def _attained(self, region: Region, before: tuple[int, int] | None, px: float) -> float:
        """P(rejects) at the numbers attained, the tested rate ``px``. A first look on more than the last cannot have been."""
        if before is None or before[0] >= region.shape[0] or before[1] >= region.shape[1]:
            return probability(region, px, self.p0)
        return after_two_stages(self._goes_on(*before), region, px, self.p0)[1]

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        null, target = (self.characteristics(self.truths()[k]) for k in ("null", "target"))
        name = {
            "barnard": "Barnard's unconditional exact test (pooled Z)",
            "fisher": "Fisher's exact test",
            "pooled-z": "the pooled Z test",
        }
        first = ""
        if self.m1 is not None:
            first = (
                f" After {self.tested * self.m1} tested and {self.control * self.m1} control patients the trial stops for futility unless "
                f"the tested arm's rate is higher by more than {self.margin:g}."
            )
        return (
            f"Patients are randomised {self.tested}:{self.control}.{first} With {self.tested * self.m} tested and {self.control * self.m} "
            f"control patients the rates are compared by {name[self.method]} at a one-sided {self.alpha:g} level. The exact type I "
            f"error is {null.declare.value:.4f} where both rates are {100 * self.p0:g}%, and that of the final test at most "
            f"{self.largest_error[0]:.4f} at any common rate; the exact power is {target.declare.value:.4f} at {100 * self.p1:g}% "
            f"against {100 * self.p0:g}%. {null.expected_n.value:.1f} patients are expected under the null hypothesis."
        )

    def numbers(self) -> Mapping[str, float | int | str]:
        """Sizes and exact errors."""
        null, target = (self.characteristics(self.truths()[k]) for k in ("null", "target"))
        found: dict[str, float | int | str] = {"n_tested": self.tested * self.m, "n_control": self.control * self.m}
        if self.m1 is not None:
            found |= {"n1_tested": self.tested * self.m1, "n1_control": self.control * self.m1}
        return found | {
            "boundaries": f"{self.method} at {self.alpha:g}", "alpha": null.declare.value, "largest_alpha": self.largest_error[0],
            "power": target.declare.value, "pet0": null.stop_early.value, "en0": null.expected_n.value, "en1": target.expected_n.value,
        }  # fmt: skip


def search(
    p0: float, p1: float, alpha: float, power: float, method: Method = "barnard", stages: int = 1, share: float = 0.5,
    margin: float = 0.0, allocation: tuple[int, int] = (1, 1), nmax: int = 300,
) -> ExactTwoArm:  # fmt: skip
    """The least m with the power at p1 against p0. Power saws with m: a larger m may fall below again.

    Raises BadInput with all problems, or naming the n that comes nearest.
    """
    Spec.read({"p0": p0, "p1": p1, "alpha": alpha, "power": power, "nmax": nmax})
    a, b = allocation
    nearest = (0.0, 0)
    for m in range(2, nmax // (a + b) + 1):
        m1 = min(max(1, round(share * m)), m - 1) if stages == 2 else None
        # cheap: where the pooled Z at the same level lacks a fifth of the power, no exact test of that level has it
        quick = ExactTwoArm(m1, m, a, b, "pooled-z", margin, p0, p1, alpha, power)
        if method != "pooled-z" and quick.ends(p1, p0)[1] < power - 0.2:
            continue
        d = ExactTwoArm(m1, m, a, b, method, margin, p0, p1, alpha, power)
        reached = d.ends(p1, p0)[1]
        if reached >= power:
            return d
        nearest = max(nearest, (reached, (a + b) * m))
    nothing = f"no n up to {nmax} has power {power:g}; n = {nearest[1]} comes nearest, with {nearest[0]:.4f}"
    raise no_design(nmax, nothing, "raise nmax, alpha or p1, or ask for less power")


def from_spec(spec: Spec) -> ExactTwoArm:
    """The design that a spec states. Raises BadInput if nothing up to ``nmax`` will do."""
    return search(
        spec.p0,
        spec.p1,
        spec.alpha,
        spec.power,
        spec.method,
        spec.stages,
        spec.share,
        spec.margin,
        spec.ratio,
        spec.nmax,
    )
