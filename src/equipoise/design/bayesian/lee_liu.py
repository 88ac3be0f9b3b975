"""Lee & Liu's predictive-probability design for one arm and a rate.

At n of Nmax patients with x successes, PP is the predictive probability that at the end P(rate > p0 | data) > theta_T. Stop
for futility if PP < theta_L; declare if PP > theta_U (1: never early). At Nmax declare if P(rate > p0 | data) > theta_T. Lee &
Liu 2008, doi:10.1177/1740774508089279. theta_L and theta_T are searched so that the exact type I error and power hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field
from scipy.special import betaln, gammaln

from equipoise.design.boundary_in_words import steps
from equipoise.design.looks_taken import look_sizes
from equipoise.design.one_rate.simon_search import smallest_n
from equipoise.design.one_rate.stated_boundaries import Boundaries, RuledOrStated, StatedBoundaries
from equipoise.design.spec import MOST_COUNT, MOST_WEIGHT, Hypotheses, below, between, no_design
from equipoise.numerics.counts.beta_binomial import beyond, predictive
from equipoise.numerics.counts.binomial import exceeds
from equipoise.numerics.sequential.staged_binomial import Stages, ends
from equipoise.trial.problem import Problem

KIND = "lee-liu"
TITLE = "Predictive probability, a look after each patient (Lee & Liu)"
FAMILY = "Bayesian"
REFERENCE = "Lee JJ, Liu DD. A predictive probability design for phase II cancer clinical trials. Clin Trials 2008;5:93-106. doi:10.1177/1740774508089279"
EXAMPLE = {"p0": 0.20, "p1": 0.40, "alpha": 0.10, "power": 0.90, "nmax": 36}


class Spec(StatedBoundaries, Hypotheses):
    """Lee & Liu's design: theta_L and theta_T stated, or searched for the errors; boundaries follow, or are stated with them."""

    sized_by: ClassVar[tuple[str, ...]] = ("nmin", "nmax", "cohort")

    kind: Literal["lee-liu"]
    nmax: int | None = Field(
        default=None, ge=2, le=300, description="Patients in all (default: searched from the least that could do)."
    )
    nmin: int = Field(default=10, ge=1, le=MOST_COUNT, description="Patients before the first look.")
    cohort: int = Field(default=1, ge=1, le=MOST_COUNT, description="Patients between two looks.")
    prior_a: float | None = Field(
        default=None, gt=0, le=MOST_WEIGHT, description="Prior beta parameter of success (default: p0)."
    )
    prior_b: float | None = Field(
        default=None, gt=0, le=MOST_WEIGHT, description="Prior beta parameter of failure (default: 1 - p0)."
    )
    theta_l: float | None = Field(
        default=None, ge=0, lt=1, description="Stop for futility if PP is below (default: searched)."
    )
    theta_t: float | None = Field(
        default=None, gt=0, lt=1, description="Posterior probability to declare at the end (default: searched)."
    )
    theta_u: float = Field(default=1.0, gt=0, le=1, description="Declare early if PP exceeds this; 1: never.")

    @between("nmin", "nmax")
    def _nmin_below_nmax(self) -> Iterator[Problem]:
        return below(self, "nmin", "nmax")

    @between("theta_l", "theta_t", "nmax")
    def _thresholds_are_whole(self) -> Iterator[Problem]:
        stated = [k for k in ("theta_l", "theta_t") if getattr(self, k) is not None]
        if len(stated) == 1 or (stated and self.nmax is None):
            allowed = "theta_l, theta_t and nmax, or neither theta"
            yield Problem("half-stated", ", ".join(stated), "without the rest", allowed)

    @between("low", "high", "theta_l", "theta_t")
    def _boundaries_of_thresholds(self) -> Iterator[Problem]:
        if self.boundaries is not None and (self.theta_l is None or self.theta_t is None):
            allowed = "stated with low and high: the boundaries of a search are found"
            yield Problem("half-stated", "theta_l, theta_t", "nothing", allowed)

    @property
    def planned_sizes(self) -> tuple[int, ...] | None:
        """From nmin by cohorts to nmax; None where nmax is searched."""
        return None if self.nmax is None else look_sizes(self.nmin, self.cohort, self.nmax)


def predictive_probability(x: int, n: int, nmax: int, p0: float, theta_t: float, a: float, b: float) -> float:
    """PP after ``x`` successes among ``n`` of ``nmax`` patients, with a Beta(a, b) prior.

    The paper's example, 16 of 23 of 40 with p0 = 0.6, theta_T = 0.9 and prior Beta(0.6, 0.4):

    >>> round(predictive_probability(16, 23, 40, 0.6, 0.9, 0.6, 0.4), 4)
    0.5656
    """
    m = nmax - n
    y = np.arange(m + 1)
    wins = beyond(p0, a + x + y, b + nmax - x - y) > theta_t
    return float(predictive(m, a + x, b + n - x)[wins].sum())


@dataclass(frozen=True)
class PredictiveProbability(RuledOrStated):
    """Sizes, thresholds and prior; the boundaries follow."""

    nmin: int
    cohort: int
    nmax: int
    theta_l: float
    theta_t: float
    theta_u: float
    prior_a: float
    prior_b: float
    p0: float
    p1: float
    alpha: float
    power: float
    stated: Boundaries | None = None

    @cached_property
    def by_rule(self) -> Stages:
        """The boundaries at every look."""
        last = _last_boundary(self.nmax, self.p0, self.theta_t, self.prior_a, self.prior_b)
        n = look_sizes(self.nmin, self.cohort, self.nmax)
        low, high = [], []
        for size in n[:-1]:
            pp = _pp(size, self.nmax, last, self.prior_a, self.prior_b)
            low.append(int((pp < self.theta_l).sum()) - 1)
            high.append(max(size - int((pp > self.theta_u).sum()), low[-1]) if self.theta_u < 1 else size)
        return Stages(n, (*low, last), (*high, last))

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        null, target = self.behaviour(self.p0), self.behaviour(self.p1)
        ruled = self.by_rule
        rising = steps((n, low, low >= 0) for n, low in zip(ruled.n[:-1], ruled.low, strict=False))
        early = f" or declares early if it exceeds {self.theta_u:g}" if self.theta_u < 1 else ""
        return (
            f"The rate has a Beta({self.prior_a:g}, {self.prior_b:g}) prior. After the first {self.nmin} evaluable patients, and "
            f"then after every {self.cohort if self.cohort > 1 else ''} patient{'s' if self.cohort > 1 else ''}, the predictive probability is computed that with {self.nmax} patients the posterior "
            f"probability of a rate above {100 * self.p0:g}% will exceed {self.theta_t:g}. The trial stops for futility if it is below "
            f"{self.theta_l:g}{early}: with no more than {rising}. With all {self.nmax} patients the treatment is "
            f"declared promising with more than {ruled.high[-1]} successes.{self.in_force()} The exact one-sided type I error at a rate of "
            f"{100 * self.p0:g}% is {null.reject:.4f} and the exact power at {100 * self.p1:g}% is {target.reject:.4f}; under the null "
            f"hypothesis the trial expects {null.en:.1f} patients (Lee & Liu 2008)."
        ).replace("every  patient", "every patient")

    def numbers(self) -> Mapping[str, float | int | str]:
        """Thresholds beside the sizes and exact errors."""
        return {
            **super().numbers(),
            "nmin": self.nmin,
            "theta_l": self.theta_l,
            "theta_t": self.theta_t,
            "theta_u": self.theta_u,
        }


def _last_boundary(nmax: int, p0: float, theta_t: float, a: float, b: float) -> int:
    """The most successes at which P(rate > p0 | data) ≤ theta_T at the end."""
    x = np.arange(nmax + 1)
    return int((beyond(p0, a + x, b + nmax - x) <= theta_t).sum()) - 1


@lru_cache(maxsize=512)
def _future(n: int, nmax: int, a: float, b: float) -> np.ndarray:
    """P(at least y successes to come | x of n), y = 0 … m + 1 for m = nmax - n, shape (n + 1, m + 2)."""
    m = nmax - n
    x, y = np.arange(n + 1)[:, None], np.arange(m + 1)[None, :]
    mass = np.exp(
        gammaln(m + 1)
        - gammaln(y + 1)
        - gammaln(m - y + 1)
        + betaln(a + x + y, b + nmax - x - y)
        - betaln(a + x, b + n - x)
    )
    tail = np.zeros((n + 1, m + 2))
    tail[:, :-1] = np.cumsum(mass[:, ::-1], axis=1)[:, ::-1]
    return tail


def _pp(n: int, nmax: int, last: int, a: float, b: float) -> np.ndarray:
    """PP for x = 0 … n when more than ``last`` successes win at the end."""
    need = np.clip(last + 1 - np.arange(n + 1), 0, nmax - n + 1)
    found: np.ndarray = _future(n, nmax, a, b)[np.arange(n + 1), need]
    return found


#: theta_L that are tried.
_THETA_L = (0.001, 0.005, *(0.01 * k for k in range(1, 31)), 0.35, 0.4, 0.45, 0.5)


def search(
    p0: float, p1: float, alpha: float, power: float, nmin: int, cohort: int, nmax: int | None, prior: tuple[float, float],
    theta_u: float = 1.0,
) -> PredictiveProbability:  # fmt: skip
    """theta_L and theta_T of least EN(p0) among those that keep both errors exactly, at ``nmax`` or the least that does.

    Every last boundary r is tried with theta_L from 0.001 to 0.5; theta_T is given as the midpoint of the values that mean
    the same boundary. Raises BadInput if none keeps both, with the n that comes nearest.
    """
    reached = (0.0, 0)
    first = smallest_n(p0, p1, alpha, power, 300) or 300
    for n in [nmax] if nmax is not None else range(max(first, nmin + 1), 301):
        best: tuple[float, PredictiveProbability] | None = None
        x = np.arange(n + 1)
        at_end = beyond(p0, prior[0] + x, prior[1] + n - x)
        for r in range(n):
            theta_t = float((at_end[r] + at_end[r + 1]) / 2)
            if not 0.5 < theta_t < 1:
                continue
            if sum(ends(Stages((n,), (r,), (r,)), p1).high) < power:
                break
            seen = set()
            for theta_l in _THETA_L:
                d = PredictiveProbability(nmin, cohort, n, theta_l, theta_t, theta_u, *prior, p0, p1, alpha, power)
                if d.stages.low in seen:
                    continue
                seen.add(d.stages.low)
                target = ends(d.stages, p1)
                null = ends(d.stages, p0)
                if sum(null.high) <= alpha:
                    reached = max(reached, (sum(target.high), n))
                    if sum(target.high) >= power and (best is None or null.expected_n < best[0] - 1e-9):
                        best = null.expected_n, d
                if sum(target.high) < power:
                    break  # a larger theta_L stops more
        if best is not None:
            return best[1]
    most = nmax if nmax is not None else 300
    if not reached[1]:  # no thresholds were tried: in one stage a last boundary has the power or keeps alpha, not both
        reached = max(_in_one_stage(n, p0, p1, alpha) for n in range(1, most + 1))
    nearest = f"; n = {reached[1]} comes nearest, with power {reached[0]:.4f}"
    nothing = f"no theta_L and theta_T keep alpha {alpha:g} and power {power:g}{nearest}"
    raise no_design(nmax or "searched to 300", nothing, "raise nmax")


def _in_one_stage(n: int, p0: float, p1: float, alpha: float) -> tuple[float, int]:
    """The power of n patients looked at once with alpha kept, and n."""
    return float(exceeds(n, p1)[int(np.argmax(exceeds(n, p0) <= alpha))]), n


def from_spec(spec: Spec) -> PredictiveProbability:
    """The design that a spec states. Raises BadInput if no thresholds keep both errors."""
    p0, p1, alpha, power = spec.p0, spec.p1, spec.alpha, spec.power
    prior = (
        p0 if spec.prior_a is None else spec.prior_a,
        1 - p0 if spec.prior_b is None else spec.prior_b,
    )
    if spec.theta_l is None or spec.theta_t is None or spec.nmax is None:
        return search(p0, p1, alpha, power, spec.nmin, spec.cohort, spec.nmax, prior, spec.theta_u)
    return PredictiveProbability(
        spec.nmin, spec.cohort, spec.nmax, spec.theta_l, spec.theta_t, spec.theta_u, *prior, p0, p1, alpha, power,
        spec.boundaries,
    )  # fmt: skip
