"""Thall & Simon's continuous monitoring of a response rate by its posterior, against a standard that is itself uncertain.

The standard's rate S has an informative beta prior, the treatment's E a vague one. At each look, with x of n responses:
declare promising if P(E > S | x, n) ≥ p_U; stop as not promising if P(E > S + delta | x, n) ≤ p_L; else go on. A trial
that reaches nmax without either ends without a conclusion, which counts as not declared. A fixed rate in place of S is
a prior that is certain. Thall & Simon 1994, doi:10.2307/2533377.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import ClassVar, Literal

from pydantic import Field

from equipoise.design.looks_taken import look_sizes
from equipoise.design.one_rate.stated_boundaries import Boundaries, RuledOrStated, StatedBoundaries
from equipoise.design.spec import MOST_COUNT, MOST_WEIGHT, Error, Hypotheses, Power, Probability, below, between
from equipoise.numerics.counts.beta_binomial import beyond, exceeds_other
from equipoise.numerics.sequential.staged_binomial import Stages
from equipoise.trial.problem import Problem

KIND = "thall-simon"
TITLE = "Posterior monitoring against an uncertain standard (Thall & Simon)"
FAMILY = "Bayesian"
REFERENCE = "Thall PF, Simon R. Practical Bayesian guidelines for phase IIB clinical trials. Biometrics 1994;50:337-349. doi:10.2307/2533377"
EXAMPLE = {"p0": 0.44, "p1": 0.58, "nmax": 60, "nmin": 10, "cohort": 5, "standard_n": 200.0, "delta": 0.14}


class Spec(StatedBoundaries, Hypotheses):
    """Thall & Simon's rule; its boundaries follow, or are stated."""

    sized_by: ClassVar[tuple[str, ...]] = ("nmin", "nmax", "cohort")

    kind: Literal["thall-simon"]
    p0: Probability = Field(description="Mean of the standard's rate.")
    nmax: int = Field(ge=2, le=400, description="Patients in all.")
    nmin: int = Field(default=10, ge=1, le=MOST_COUNT, description="Patients before the first look.")
    cohort: int = Field(default=1, ge=1, le=MOST_COUNT, description="Patients between two looks.")
    standard_n: float | None = Field(
        default=None,
        gt=0,
        le=MOST_WEIGHT,
        description="Patients that the prior of the standard is worth (default: its rate is taken as known).",
    )
    prior_n: float = Field(
        default=2.0, gt=0, le=MOST_WEIGHT, description="Patients that the treatment's prior is worth."
    )
    prior_mean: float | None = Field(
        default=None, gt=0, lt=1, description="Mean of the treatment's prior (default: between p0 and p1)."
    )
    delta: float = Field(
        default=0.0, ge=0, lt=1, description="Improvement that must stay plausible: stop if it is not."
    )
    p_low: float = Field(default=0.05, gt=0, lt=1, description="Stop if P(E > S + delta) is at most this.")
    p_high: float = Field(default=0.95, gt=0, lt=1, description="Declare if P(E > S) is at least this.")
    alpha: Error = Field(
        default=0.10, description="Type I error that the user would accept: a caution is shown beyond it."
    )
    power: Power = Field(default=0.80, description="Power that the user wants: a caution is shown below it.")

    @between("nmin", "nmax")
    def _nmin_below_nmax(self) -> Iterator[Problem]:
        return below(self, "nmin", "nmax")

    @between("p_low", "p_high")
    def _p_low_below_p_high(self) -> Iterator[Problem]:
        return below(self, "p_low", "p_high")

    @property
    def planned_sizes(self) -> tuple[int, ...]:
        """From nmin by cohorts to nmax."""
        return look_sizes(self.nmin, self.cohort, self.nmax)


@dataclass(frozen=True)
class PosteriorMonitoring(RuledOrStated):
    """Priors, thresholds and sizes; the boundaries follow."""

    nmin: int
    cohort: int
    nmax: int
    standard_n: float | None
    prior_n: float
    prior_mean: float
    delta: float
    p_low: float
    p_high: float
    p0: float
    p1: float
    alpha: float
    power: float
    stated: Boundaries | None = None

    def posterior(self, x: int, n: int, delta: float) -> float:
        """P(E > S + delta | x of n)."""
        a, b = self.prior_n * self.prior_mean + x, self.prior_n * (1 - self.prior_mean) + n - x
        if self.standard_n is None:
            return float(beyond(min(self.p0 + delta, 1.0), a, b))
        return exceeds_other(a, b, self.standard_n * self.p0, self.standard_n * (1 - self.p0), delta)

    def _plausible(self, n: int, x: int) -> bool:
        return self.posterior(x, n, self.delta) > self.p_low

    def _promising(self, n: int, x: int) -> bool:
        return self.posterior(x, n, 0.0) >= self.p_high

    @cached_property
    def by_rule(self) -> Stages:
        """Boundaries at each look; the posterior grows with x, so each is one number."""
        n = look_sizes(self.nmin, self.cohort, self.nmax)
        low, high = [], []
        for size in n:
            low.append(_first(size, partial(self._plausible, size)) - 1)
            high.append(_first(size, partial(self._promising, size)) - 1)
        # a treatment that is promising is not stopped for lacking more
        low = [min(a, b) for a, b in zip(low, high, strict=True)]
        low[-1] = high[-1]
        return Stages(n, tuple(low), tuple(high))

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        null, target = self.behaviour(self.p0), self.behaviour(self.p1)
        standard = (
            f"taken as known, {100 * self.p0:g}%"
            if self.standard_n is None
            else f"a beta distribution with mean {100 * self.p0:g}% worth {self.standard_n:g} patients"
        )
        plus = f" by more than {self.delta:g}" if self.delta else ""
        return (
            f"The response rate is monitored by its posterior (Thall & Simon 1994). The standard's rate is {standard}; the "
            f"treatment's prior has mean {self.prior_mean:.2f} and is worth {self.prior_n:g} patients. From {self.nmin} "
            f"evaluable patients on, after every {self.cohort} more and at {self.nmax}, the treatment is declared promising if "
            f"the posterior probability that it beats the standard is at least {self.p_high:g}, and the trial stops if the "
            f"probability that it does so{plus} is at most {self.p_low:g}.{self.in_force()} At a true rate of {100 * self.p0:g}% it is declared promising with "
            f"probability {null.reject:.4f}, at {100 * self.p1:g}% with probability {target.reject:.4f}; {null.en:.1f} and "
            f"{target.en:.1f} patients are expected. All figures are exact." + self.in_force()
        )

    def numbers(self) -> Mapping[str, float | int | str]:
        """The thresholds beside the sizes and exact errors."""
        return {**super().numbers(), "p_low": self.p_low, "p_high": self.p_high, "delta": self.delta}


def _first(n: int, holds: Callable[[int], bool]) -> int:
    """The least x from 0 to n at which an increasing condition holds; n + 1 if none. By bisection."""
    low, high = 0, n + 1
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low


def from_spec(spec: Spec) -> PosteriorMonitoring:
    """The design that a spec states."""
    mean = (spec.p0 + spec.p1) / 2 if spec.prior_mean is None else spec.prior_mean
    return PosteriorMonitoring(
        spec.nmin, spec.cohort, spec.nmax, spec.standard_n, spec.prior_n, mean, spec.delta, spec.p_low, spec.p_high, spec.p0,
        spec.p1, spec.alpha, spec.power, spec.boundaries,
    )  # fmt: skip
