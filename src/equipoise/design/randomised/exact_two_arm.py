"""Two randomised arms compared by an exact test of two rates, in one stage or in two.

The final test is 'barnard' (unconditional, in the order of the pooled Z: exact size at most alpha at every common rate),
'fisher' (conditional: size at most alpha, usually well below) or 'pooled-z' (the normal approximation: its exact size may
exceed alpha, and is shown). With two stages the trial stops for futility after a share of the patients if the tested
rate is not above the control's by at least ``margin``; the final test takes no account of that, so that the error can
only fall. Barnard 1947, doi:10.1093/biomet/34.1-2.123; Suissa & Shuster 1985, doi:10.2307/2981892; for phase II with two
stages Kepner 2010, doi:10.1002/sim.3997, and Shan et al. 2013.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from equipoise.design.looks_taken import no_such_look, nobody, raised, wrong_earlier_pairs
from equipoise.design.randomised.allocation import Allocated, in_ratio
from equipoise.design.saw_tooth import SawTooth, saw_tooth
from equipoise.design.spec import MOST_COUNT, Error, Hypotheses, Power, Probability, between, first_stage, no_design
from equipoise.design.stated import Searched, missed
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
from equipoise.trial.problem import Problem

KIND = "exact-two-arm"
TITLE = "Randomised, exact test of two rates, one stage or two (Barnard, Fisher, pooled Z)"
FAMILY = "randomised phase II"
REFERENCE = "Suissa S, Shuster JJ. Exact unconditional sample sizes for the 2 x 2 binomial trial. J R Stat Soc A 1985;148:317-327. doi:10.2307/2981892"
EXAMPLE = {"p0": 0.20, "p1": 0.45, "alpha": 0.10, "power": 0.80, "method": "barnard", "stages": 2}


class Spec(Searched, Allocated, Hypotheses):
    """A comparison of two rates by an exact test: sizes searched, or stated."""

    published: ClassVar[tuple[str, ...]] = ("n_tested",)
    may_be_published: ClassVar[tuple[str, ...]] = ("n1_tested",)
    kind: Literal["exact-two-arm"]
    p0: Probability = Field(description="Rate with the control treatment.")
    p1: Probability = Field(description="Rate worth finding in the tested arm; above p0.")
    alpha: Error = Field(description="One-sided level of the test.")
    power: Power = Field(description="Power at p1 against p0.")
    method: Method = Field(default="barnard", description="The final test.")
    stages: int = Field(default=1, ge=1, le=2, description="1, or 2 with a look for futility.")
    share: float = Field(default=0.5, gt=0, lt=1, description="Share of the patients at the first look.")
    margin: float = Field(
        default=0.0, gt=-1, lt=1, description="Stop at the first look if the rates differ by no more than this."
    )
    nmax: int = Field(default=300, ge=4, le=600, description="Largest number of patients in all, both arms.")
    n_tested: int | None = Field(
        default=None, ge=2, le=600, description="Stated: tested patients in all; controls by the allocation."
    )
    n1_tested: int | None = Field(
        default=None,
        ge=1,
        le=MOST_COUNT,
        description="Stated: tested patients at the first look (stages = 2; default: by share).",
    )

    @between("n1_tested", "n_tested")
    def _n1_below_n(self) -> Iterator[Problem]:
        return first_stage(self, "n1_tested", "n_tested")

    @between("allocation", "n1_tested", "n_tested")
    def _sizes_are_in_ratio(self) -> Iterator[Problem]:
        return in_ratio(self.allocation, {"n1_tested": self.n1_tested, "n_tested": self.n_tested})

    @between("stages", "n1_tested")
    def _a_first_look_of_two(self) -> Iterator[Problem]:
        if self.n1_tested is not None and self.stages == 1:
            yield Problem("not-together", "n1_tested", str(self.n1_tested), "stages = 2, or nothing")


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
    #: the largest number of patients that is looked at; None: no larger one is
    searched_to: int | None = None

    takes = TwoArmEvidence

    @cached_property
    def tooth(self) -> SawTooth | None:
        """How the power of one stage goes on from the least n, both arms; Barnard's test, which is slow, until it has settled."""
        if self.searched_to is None or self.m1 is not None or self.ends(self.p1, self.p0)[1] < self.power:
            return None
        arms = self.tested + self.control
        larger = range(arms * (self.m + 1), self.searched_to + 1, arms)
        settled = 6 if self.method == "barnard" else None

        def power_at(n: int) -> float:
            return replace(self, m=n // arms).ends(self.p1, self.p0)[1]

        return saw_tooth(power_at, arms * self.m, self.power, larger, settled, proved=False)

    @cached_property
    def region(self) -> Region:
        """Where the final test rejects, by successes of the tested and the control arm."""
        return rejection_region(self.tested * self.m, self.control * self.m, self.alpha, self.method)

    @cached_property
    def goes_on(self) -> Region | None:
        """Where the first look goes on."""
        if self.m1 is None:
            return None
        nx, ny = self.tested * self.m1, self.control * self.m1
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
        reached = self.ends(self.p1, self.p0)[1]
        short = missed(0.0, 1.0, reached, self.power, f"at {self.p1:g} against {self.p0:g}")
        if self.tooth is not None:
            short = (*short, *self.tooth.in_words(reached, self.power, "patients in both arms"))
        if worst <= self.alpha * (1 + 1e-9):
            return short
        return (
            *short,
            f"The exact type I error of the final test reaches {worst:.4f} (common rate {at:.3f}), above its level of {self.alpha:g}.",
        )

    def verdict(self, evidence: TwoArmEvidence) -> Verdict:
        """First look: go on if the difference exceeds the margin. Last: the exact test."""
        count = len(self.looks)
        raised(chain(no_such_look(evidence.look, count), wrong_earlier_pairs(evidence)))
        last = evidence.look == count
        m = self.m if last or self.m1 is None else self.m1
        planned = self.tested * m, self.control * m
        seen = f"{evidence.successes} of {evidence.n} against {evidence.control_successes} of {evidence.control_n}"
        cautions: tuple[str, ...] = ()
        if not evidence.n or not evidence.control_n:
            return nobody(seen, last)
        difference = evidence.successes / evidence.n - evidence.control_successes / evidence.control_n
        if not last:
            if (evidence.n, evidence.control_n) != planned:
                cautions = (
                    f"{evidence.n} and {evidence.control_n} patients, {planned[0]} and {planned[1]} were planned: the boundary is the same "
                    f"difference of the rates. The last test takes no account of the first look and keeps its level.",
                )
            action: Action = Continue() if difference > self.margin + 1e-12 else Stop("futility")
            because = f"{seen}: a difference of {difference:+.3f}; more than {self.margin:g} is needed."
            return Verdict(
                action, (because,), difference - self.margin, "difference of rates above the margin", cautions
            )
        region = self.region
        if (evidence.n, evidence.control_n) != planned:
            region = rejection_region(evidence.n, evidence.control_n, self.alpha, self.method)
            cautions = (
                f"{evidence.n} and {evidence.control_n} patients, {planned[0]} and {planned[1]} were planned: the test is of the numbers attained.",
            )
        rejects = bool(region[evidence.successes, evidence.control_successes])
        column = region[:, evidence.control_successes]
        needed = int(np.argmax(column)) if column.any() else evidence.n + 1
        because = f"{seen}; with {evidence.control_successes} controls the {self.method} test at {self.alpha:g} rejects from {needed} on."
        action = Declare("a higher rate than with the control") if rejects else Stop("no higher rate was shown")
        return Verdict(action, (because,), evidence.successes - needed + 1, "successes above the boundary", cautions)

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
        if self.tooth is not None and self.tooth.never_below <= self.tooth.looked_to:
            found |= {"n_never_below": self.tooth.never_below, "looked_to": self.tooth.looked_to}
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

    def of(m: int, by: Method) -> ExactTwoArm:
        return ExactTwoArm(first_look(share, m) if stages == 2 else None, m, a, b, by, margin, p0, p1, alpha, power)

    quick: dict[int, float] = {}
    for m in range(2, nmax // (a + b) + 1):
        # cheap: where the pooled Z at the same level lacks a fifth of the power, no exact test of that level has it
        quick[m] = of(m, "pooled-z").ends(p1, p0)[1]
        if method != "pooled-z" and quick[m] < power - 0.2:
            continue
        d = of(m, method)
        if d.ends(p1, p0)[1] >= power:
            return replace(d, searched_to=nmax)
    if not quick:
        raise no_design(nmax, f"{nmax} patients are too few for two of each arm at {a}:{b}", "raise nmax")
    nearest = (0.0, 0)
    for m in sorted(quick, key=lambda k: -quick[k]):
        # the exact tests take the pooled Z's order: they have hardly more power than it has
        if quick[m] + 0.01 < nearest[0]:
            break
        nearest = max(nearest, (of(m, method).ends(p1, p0)[1], (a + b) * m))
    nothing = f"no n up to {nmax} has power {power:g}; n = {nearest[1]} comes nearest, with {nearest[0]:.4f}"
    raise no_design(nmax, nothing, "raise nmax, alpha or p1, or ask for less power")


def first_look(share: float, m: int) -> int:
    """How many of ``m`` are looked at first: the share of them, one or more and not all."""
    return min(max(1, round(share * m)), m - 1)


def from_spec(spec: Spec) -> ExactTwoArm:
    """The design that a spec states. Raises BadInput if nothing up to ``nmax`` will do."""
    hypotheses = (spec.p0, spec.p1, spec.alpha, spec.power)
    if spec.n_tested is None:
        return search(*hypotheses, spec.method, spec.stages, spec.share, spec.margin, spec.ratio, spec.nmax)
    tested, control = spec.ratio
    m = spec.n_tested // tested
    m1 = None
    if spec.stages == 2:
        m1 = first_look(spec.share, m) if spec.n1_tested is None else spec.n1_tested // tested
    return ExactTwoArm(m1, m, tested, control, spec.method, spec.margin, *hypotheses, spec.nmax)
