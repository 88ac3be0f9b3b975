"""Gehan's two-stage design: screen for any activity, then estimate the rate with a stated precision.

Stage one: the least n1 with (1 - p1)^n1 ≤ beta; the trial stops if nobody responds. Stage two: after x1 > 0 responses the
least n2 with

    sqrt(p (1 - p) / (n1 + n2)) ≤ se,

where p is the rate that stage two is sized for: the upper limit of a one-sided 75 % interval after stage one (Clopper &
Pearson), but at most one half, where the variance is largest; or, if asked for, the rate observed, x1/n1. Gehan 1961,
doi:10.1016/0021-9681(61)90060-1. The kind of interval is ours: we could not see the paper's table of second stages.

There is no null hypothesis to reject. To 'declare' means here: somebody responded in stage one, so that there is activity
worth estimating. The truth 'null' is a drug without any activity (rate 0), 'target' the rate p1 that must not be missed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field
from scipy.special import betaincinv

from equipoise.design.spec import Error, between
from equipoise.design.stated import Searched
from equipoise.design.truth import truth_of
from equipoise.numerics.counts.binomial import pmf
from equipoise.numerics.whole import at_least
from equipoise.trial.decision import Action, Continue, Declare, Stop, Verdict
from equipoise.trial.design import Characteristics, Look, Quantity, Truth
from equipoise.trial.evidence import Evidence
from equipoise.trial.exhibits import Curve, LineFigure, Mark
from equipoise.trial.problem import BadInput, Problem

KIND = "gehan"
TITLE = "Screen for activity, then estimate with a stated precision (Gehan)"
FAMILY = "one arm, a rate"
REFERENCE = (
    "Gehan EA. The determination of the number of patients required in a preliminary and a follow-up trial of a new "
    "chemotherapeutic agent. J Chronic Dis 1961;13:346-353. doi:10.1016/0021-9681(61)90060-1"
)
EXAMPLE = {"p1": 0.20, "beta": 0.05, "se": 0.10}
SizedFor = Literal["upper-limit", "observed"]
#: Most patients of stage one.
MOST = 5000


class Spec(Searched):
    """Gehan's design: the first stage computed, or stated as published."""

    published: ClassVar[tuple[str, ...]] = ("n1",)
    kind: Literal["gehan"]
    p1: float = Field(gt=0, lt=1, description="Rate that must not be missed.")
    beta: Error = Field(default=0.05, description="Probability that nobody responds in stage one at p1.")
    se: float = Field(default=0.10, gt=0, lt=0.5, description="Standard error wanted of the estimated rate.")
    sized_for: SizedFor = Field(
        default="upper-limit",
        description="Rate that stage two is sized for: its upper limit after stage one, or as observed.",
    )
    level: float = Field(default=0.75, gt=0, lt=1, description="Level of that one-sided upper limit.")

    n1: int | None = Field(default=None, ge=1, le=MOST, description="Stated: patients of stage one.")

    @between("p1", "beta")
    def _first_stage_is_not_too_large(self) -> Iterator[Problem]:
        if (n1 := _first_stage(self.p1, self.beta)) > MOST:
            given = f"{self.p1:g}, {self.beta:g}"
            yield Problem("too-large", "p1, beta", given, f"values that need at most {MOST} patients, not {n1}")


@dataclass(frozen=True)
class Gehan:
    """Gehan's design. At a rate of 0.20 nobody among 14 responds with probability 0.8^14 = 0.044, among 13 with 0.055:

    >>> d = Gehan(0.20, 0.05, 0.10)
    >>> d.n1, [d.n2(x) for x in range(6)]
    (14, [0, 1, 6, 9, 11, 11])
    """

    p1: float
    beta: float
    se: float
    sized_for: SizedFor = "upper-limit"
    level: float = 0.75
    #: patients of stage one as published; None: the least that miss p1 with probability beta
    stated_n1: int | None = None

    @cached_property
    def n1(self) -> int:
        """Patients of stage one."""
        if self.stated_n1 is not None:
            return self.stated_n1
        return _first_stage(self.p1, self.beta)

    @property
    def missed(self) -> float:
        """Probability that nobody responds in stage one at p1: at most ``beta``."""
        return float((1 - self.p1) ** self.n1)

    def assumed_rate(self, x1: int) -> float:
        """The rate that stage two is sized for after ``x1`` responses in stage one."""
        if self.sized_for == "observed":
            return x1 / self.n1
        upper = 1.0 if x1 >= self.n1 else float(betaincinv(x1 + 1, self.n1 - x1, self.level))
        return min(upper, 0.5)

    def n2(self, x1: int) -> int:
        """Patients of stage two after ``x1`` responses; 0 if stage one is enough (or nobody responded)."""
        if x1 == 0:
            return 0
        p = self.assumed_rate(x1)
        return max(0, at_least(p * (1 - p) / self.se**2) - self.n1)

    @cached_property
    def second_stage(self) -> tuple[int, ...]:
        """``n2`` after 0 … n1 responses."""
        return tuple(self.n2(x) for x in range(self.n1 + 1))

    takes = Evidence
    #: The second stage's size follows from the responses of the first.
    looks_back = True

    @property
    def looks(self) -> tuple[Look, ...]:
        """After n1, and after the largest number that stage two can bring; one look only if it never brings any."""
        most = max(self.second_stage)
        first = Look(1, self.n1)
        return (first, Look(2, self.n1 + most)) if most else (first,)

    @property
    def cautions(self) -> tuple[str, ...]:
        """That the design tests nothing, and that its last look has no fixed size."""
        found = [
            "This design screens and estimates. It keeps no type I error: a rate of little use passes stage one often."
        ]
        if self.missed > self.beta:
            found.append(
                f"Nobody of {self.n1} responds with probability {self.missed:.4f} at {self.p1:g}, above the stated beta of {self.beta:g}."
            )
        if max(self.second_stage):
            found.append(
                "The size of the second stage depends on the responses of the first; the look shows the largest."
            )
        return tuple(found)

    def truths(self) -> Mapping[str, Truth]:
        """No activity at all, and the rate that must not be missed."""
        return {"null": {"rate": 0.0}, "target": {"rate": self.p1}}

    def characteristics(self, truth: Truth) -> Characteristics:
        """Exact behaviour: ``declare`` is P(somebody responds in stage one); ``truth`` is {'rate': probability}.

        ``stop_early`` is P(stage two has no patients): nobody responded, or stage one was precise enough. ``more`` has the
        standard deviation of the estimated rate, given that somebody responded in stage one, where it can be.
        """
        (rate,) = truth_of(truth, rate=(0.0, 1.0))
        mass, n2 = pmf(self.n1, rate), np.array(self.second_stage)
        none = float(mass[0])
        ended = float(mass[n2 == 0].sum())
        more = {"patients of the second stage": Quantity(float(mass @ n2))}
        if none < 1:
            more["standard deviation of the estimate"] = Quantity(self._spread(rate))
        return Characteristics(
            f"rate {rate:g}",
            "exact binomial enumeration",
            declare=Quantity(1 - none),
            stop_early=Quantity(ended),
            expected_n=Quantity(self.n1 + float(mass @ n2)),
            ends_at=(ended, 1 - ended) if len(self.looks) > 1 else (1.0,),
            more=more,
        )

    def _spread(self, rate: float) -> float:
        """Standard deviation of the rate estimated at the end, given a response in stage one."""
        x1, n2 = np.arange(1, self.n1 + 1), np.array(self.second_stage[1:])
        weight = pmf(self.n1, rate)[1:] / pmf(self.n1, rate)[1:].sum()
        mean = (x1 + n2 * rate) / (self.n1 + n2)
        within = n2 * rate * (1 - rate) / (self.n1 + n2) ** 2
        return math.sqrt(float(weight @ (within + (mean - weight @ mean) ** 2)))

    def verdict(self, evidence: Evidence) -> Verdict:
        """Look 1: stop if nobody responded, else say how many more. Look 2: the estimate and its standard error.

        At look 2 the estimate is the plain rate: its standard error takes no account of the stages.
        """
        if evidence.look not in (1, 2) or evidence.look > len(self.looks):
            raise BadInput("evidence", [Problem("no-such-look", "look", str(evidence.look), f"1 to {len(self.looks)}")])
        if evidence.look == 1:
            return self._screened(evidence)
        before = min(evidence.earlier_n or self.n1, self.n1)
        if evidence.n < before + (evidence.earlier_successes is None):
            allowed = f"more than the {before} patients of the look before"
            raise BadInput("evidence", [Problem("cohort", "n", str(evidence.n), allowed)])
        rate = evidence.successes / evidence.n
        se = math.sqrt(rate * (1 - rate) / evidence.n)
        why = f"{evidence.successes} of {evidence.n} responded: {rate:.3f}, standard error {se:.3f} (wanted: {self.se:g})."
        return Verdict(Declare("activity; the rate is estimated"), (why,), self.se - se, "standard error to spare")

    def enrols(self, evidence: Evidence) -> int:
        """Patients in all that the look after ``evidence`` is to have."""
        return self.n1 + self.n2(evidence.successes)

    def _screened(self, evidence: Evidence) -> Verdict:
        if not 0 <= evidence.n <= self.n1:
            allowed = f"look 1 is on {self.n1} patients: its cohort is fixed, and may only have places left empty"
            raise BadInput("evidence", [Problem("cohort", "n", str(evidence.n), allowed)])
        x, n = evidence.successes, evidence.n
        missed = (1 - self.p1) ** n
        cautions = () if n == self.n1 else (
            f"{n} patients could be evaluated, {self.n1} were planned: nobody responds with probability {missed:.4f} at {self.p1:g}.",
        )  # fmt: skip
        if x == 0:
            why = f"Nobody among {n} responded; at a rate of {self.p1:g} that happens with probability {missed:.4f}."
            return Verdict(Stop("futility"), (why,), 0, "responses", cautions)
        more = self.n2(x)
        seen = f"{x} of {n} responded; sized for a rate of {self.assumed_rate(x):.3f}"
        if more:
            action: Action = Continue(enrol=self.enrols(evidence))
            why = (
                f"{seen}, {more} patients more, {self.n1 + more} in all, give a standard error of at most {self.se:g}."
            )
        else:
            action = Declare("activity; the rate is estimated precisely enough")
            why = f"{seen}, no more patients are needed for a standard error of at most {self.se:g}."
        return Verdict(action, (why,), x, "responses", cautions)

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        shown = min(self.n1, 6)
        sizes = ", ".join(f"{n2} after {x}" for x, n2 in enumerate(self.second_stage[: shown + 1]) if x)
        rate = (
            "the observed rate"
            if self.sized_for == "observed"
            else f"the upper limit of a one-sided {100 * self.level:g}% confidence interval after the first stage, at most one half"
        )
        return (
            f"In the first stage {self.n1} evaluable patients are treated (Gehan 1961). If none responds the trial stops; with a "
            f"true rate of {100 * self.p1:g}% that happens with probability {self.missed:.4f}. Otherwise patients are added so "
            f"that the response rate is estimated with a standard error of at most {self.se:g}, taking for the rate {rate}: "
            f"{sizes} response{'s' if shown > 1 else ''}, at most {max(self.second_stage)}. No hypothesis is tested."
        )

    def numbers(self) -> Mapping[str, float | int | str]:
        """Sizes: n1, the most in all, n2 by the responses of stage one; the chance of missing p1; EN at p1."""
        sizes = {f"n2_after_{x}": self.n2(x) for x in range(1, min(self.n1, 6) + 1)}
        en = self.characteristics({"rate": self.p1}).expected_n.value
        return {"n1": self.n1, "n": self.n1 + max(self.second_stage), "missed": self.missed, **sizes, "en1": en}

    def curve(self) -> LineFigure:
        """Probability that nobody responds in stage one, against the true rate."""
        rates = np.linspace(0.0, min(1.0, 2.5 * self.p1), 101).tolist()
        return LineFigure(
            "The screening stage, exact",
            "True rate",
            "Probability",
            [Curve("Nobody responds: the trial stops", rates, [(1 - p) ** self.n1 for p in rates])],
            [Mark(f"p1 = {self.p1:g}", x=self.p1), Mark(f"beta = {self.beta:g}", y=self.beta)],
            caption=f"Exact probability that none of the first {self.n1} patients responds.",
            y_range=(0.0, 1.0),
        )


def _first_stage(p1: float, beta: float) -> int:
    """The least n with (1 - p1)^n ≤ beta; a hair of rounding on the side of the smaller n."""
    return max(1, at_least(math.log(beta) / math.log1p(-p1)))


def from_spec(spec: Spec) -> Gehan:
    """The design that a spec states."""
    return Gehan(spec.p1, spec.beta, spec.se, spec.sized_for, spec.level, spec.n1)
