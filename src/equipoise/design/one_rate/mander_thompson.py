"""Two stages that may stop for futility or for efficacy.

After n1 patients stop for futility if X1 ≤ r1, reject the null hypothesis (rate ≤ p0) if X1 > u1, else go on to n and
reject if X > r. Written (r1 u1)/n1 r/n. Mander & Thompson 2010, doi:10.1016/j.cct.2010.07.008; the idea of early
rejection is Fleming's (1982, doi:10.2307/2530297).

H0-optimal, H1-optimal: least expected number at p0, at p1. H0-minimax, H1-minimax: least n, and least expected number at
p0, at p1, among those. Looked at are all 0 ≤ r1 < u1 ≤ r. There is always a futility stop, as in R's mtdesign. With
r1 ≥ r the second stage could change nothing; and u1 > r rejects the same as u1 = r but stops later. So where u1 = r the
early rejection only curtails.

Nothing is missed:

* *No size is skipped from below.* A design on n patients is a test on n observations: the search begins at the first n
  at which the most powerful randomised test reaches the power (Neyman and Pearson).
* *Nothing beyond the last size.* Rejecting needs X1 > r1, so P(X1 > r1 | p1) ≥ power bounds r1; P(X1 > u1 | p0) ≤ alpha
  bounds u1. Then EN ≥ n1 + P(r1max < X1 ≤ u1min) (n - n1), which grows with n. The search ends at the first n at which
  this bound reaches the best for every n1 (and n - 1 does, for the larger n1 to come).
* *Within a size* every n1 whose bound is below the best is tried with every r1, u1 and r. The r go down from the largest
  that leaves the power in reach, at u1min and r1 = 0, to the first at which no (r1, u1) below the best keeps alpha: the
  probability of rejecting only falls as r grows. An early rejection counts however the trial would have gone on, so r may be
  beyond that of any single-stage design with the power.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from equipoise.design.one_rate.rate_design import RateDesign
from equipoise.design.one_rate.simon_search import out_of_reach, smallest_n
from equipoise.design.spec import MOST_COUNT, Hypotheses, between
from equipoise.design.stated import Spaced
from equipoise.numerics.counts.binomial import exceeds, pmf
from equipoise.numerics.sequential.staged_binomial import Stages
from equipoise.trial.problem import Problem

KIND = "mander-thompson"
TITLE = "Two stages, stopping for futility or efficacy (Mander & Thompson)"
FAMILY = "one arm, a rate"
REFERENCE = (
    "Mander AP, Thompson SG. Two-stage designs optimal under the alternative hypothesis for phase II cancer clinical trials. "
    "Contemp Clin Trials 2010;31:572-578. doi:10.1016/j.cct.2010.07.008"
)
EXAMPLE = {"p0": 0.10, "p1": 0.30, "alpha": 0.05, "power": 0.90, "criterion": "h1-optimal"}
Criterion = Literal["h0-optimal", "h1-optimal", "h0-minimax", "h1-minimax"]
CRITERIA = get_args(Criterion)
NMAX = 300
#: Most patients that a search goes up to, whatever is asked for.
MOST = 500
_EPSILON = 1e-11


class Spec(Spaced, Hypotheses):
    """Two stages with both early stops: searched by a criterion, or stated."""

    together: ClassVar[tuple[str, ...]] = ("r1", "u1", "n1", "r", "n")
    kind: Literal["mander-thompson"]
    criterion: Criterion = Field(
        default="h0-optimal", description="Least expected number at p0 or p1; minimax: least n first."
    )
    nmax: int = Field(default=NMAX, ge=2, le=MOST, description="Largest number of patients in all.")
    n1: int | None = Field(default=None, ge=1, le=MOST_COUNT, description="Stated: patients of the first stage.")
    n: int | None = Field(default=None, ge=2, le=MOST_COUNT, description="Stated: patients in all.")
    r1: int | None = Field(
        default=None, ge=0, le=MOST_COUNT, description="Stated: stop for futility with r1 or fewer of n1."
    )
    u1: int | None = Field(default=None, ge=0, le=MOST_COUNT, description="Stated: reject with more than u1 of n1.")
    r: int | None = Field(default=None, ge=0, le=MOST_COUNT, description="Stated: reject with more than r of n.")

    @between("r1", "u1", "n1", "r", "n")
    def _in_order(self) -> Iterator[Problem]:
        r1, u1, n1, r, n = self.r1, self.u1, self.n1, self.r, self.n
        if r1 is None or u1 is None or n1 is None or r is None or n is None:
            return
        if n1 >= n:
            yield Problem("boundaries", "n1", str(n1), f"the first stage must be smaller than the whole (n = {n})")
        if not r1 < u1 <= n1:
            yield Problem("boundaries", "u1", str(u1), f"above r1 = {r1}, at most n1 = {n1}")
        if not (r1 <= r < n and u1 <= r):
            yield Problem("boundaries", "r", str(r), f"at least u1 = {u1} and below n = {n}")


@dataclass(frozen=True)
class TwoStageBothWays(RateDesign):
    """Sizes and boundaries, with the hypotheses and errors asked for."""

    r1: int
    u1: int
    n1: int
    r: int
    n: int
    p0: float
    p1: float
    alpha: float
    power: float

    @cached_property
    def stages(self) -> Stages:
        """r1 < X1 ≤ u1 goes on."""
        return Stages((self.n1, self.n), (self.r1, self.r), (self.u1, self.r))

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        null, target = self.behaviour(self.p0), self.behaviour(self.p1)
        return (
            f"A two-stage design with early stopping for futility and efficacy tests the null hypothesis that the true rate is "
            f"at most {100 * self.p0:g}% against the alternative that it is at least {100 * self.p1:g}%. After {self.n1} evaluable "
            f"patients the trial stops for futility with {self.r1} or fewer successes and rejects the null hypothesis with more "
            f"than {self.u1}; otherwise enrolment goes on to {self.n} patients and the null hypothesis is rejected with more "
            f"than {self.r}. The exact one-sided type I error is {null.reject:.4f} and the exact power {target.reject:.4f}; the "
            f"trial expects {null.en:.1f} patients under the null hypothesis and {target.en:.1f} under the alternative (Mander "
            f"& Thompson 2010)."
        )


def search(
    p0: float, p1: float, alpha: float, power: float, criterion: Criterion = "h0-optimal", nmax: int = NMAX,
    least_gap: int = 1,
) -> TwoStageBothWays:  # fmt: skip
    """The best design by ``criterion``, with ``least_gap`` patients or more in its second stage. Raises BadInput with all problems, or if nothing up to ``nmax`` will do.

    Of designs that differ in r only the most powerful is given. For 0.05 against 0.25 at 5 % and 80 % R's mtdesign has
    the same:

    >>> d = search(0.05, 0.25, 0.05, 0.80)
    >>> d.r1, d.u1, d.n1, d.r, d.n
    (0, 2, 9, 2, 17)
    """
    Spec.read({"p0": p0, "p1": p1, "alpha": alpha, "power": power, "criterion": criterion, "nmax": nmax})
    hypotheses = (p0, p1, alpha, power)
    first = smallest_n(*hypotheses, nmax)
    weigh = p0 if criterion.startswith("h0") else p1
    sizes = np.arange(nmax)  # n1 by index; 0 is none
    r1, u1 = np.array([_limits(int(m), *hypotheses) for m in sizes]).T
    going_on = np.array(
        [pmf(int(m), weigh)[a + 1 : b + 1].sum() if b > a else 0.0 for m, a, b in zip(sizes, r1, u1, strict=True)]
    )
    best: TwoStageBothWays | None = None
    least = np.inf
    for n in range(first or nmax + 1, nmax + 1):
        bound = np.where(r1[:n] >= 0, sizes[:n] + going_on[:n] * (n - sizes[:n]), np.inf)
        bound[0] = np.inf
        if bound.min() >= least - _EPSILON and n - 1 >= least:
            break
        for n1 in np.argsort(bound, kind="stable"):
            if bound[n1] >= least - _EPSILON:
                break
            if n - n1 < least_gap:
                continue
            found = _best_of_sizes(int(n1), n, int(r1[n1]), int(u1[n1]), hypotheses, weigh, least)
            if found is not None:
                best, least = found
        if best is not None and criterion.endswith("minimax"):
            break
    if best is None:
        raise out_of_reach(*hypotheses, nmax)
    return best


def _limits(n1: int, p0: float, p1: float, alpha: float, power: float) -> tuple[int, int]:
    """The largest r1 that keeps the power (-1 if none) and the smallest u1 that keeps alpha."""
    return int((exceeds(n1, p1) >= power).sum()) - 1, int(np.argmax(exceeds(n1, p0) <= alpha))


def _best_of_sizes(
    n1: int,
    n: int,
    r1_most: int,
    u1_least: int,
    hypotheses: tuple[float, float, float, float],
    weigh: float,
    least: float,
) -> tuple[TwoStageBothWays, float] | None:
    """The best r1, u1, r for given sizes if it is below ``least``: all of them tried, r1 by rows and u1 by columns."""
    p0, p1, alpha, power = hypotheses
    r1, u1 = np.arange(r1_most + 1)[:, None], np.arange(max(u1_least, 1), n1 + 1)[None, :]
    below = np.concatenate([[0.0], np.cumsum(pmf(n1, weigh))])
    expected = n1 + (below[u1 + 1] - below[r1 + 1]) * (n - n1)
    open_cells = (r1 < u1) & (expected < least - _EPSILON)
    if not open_cells.any():
        return None
    x, r = np.arange(n1 + 1)[None, :], np.arange(n)[:, None]
    # P(X1 < x, X > r) with n patients whatever happens, by rows r and columns x
    joint0, joint1 = (
        np.cumsum(np.pad(pmf(n1, p) * _beyond(n - n1, p)[np.clip(r - x + 1, 0, n - n1 + 1)], ((0, 0), (1, 0))), axis=1)
        for p in (p0, p1)
    )
    early0, early1 = exceeds(n1, p0)[u1], exceeds(n1, p1)[u1]
    in_reach = exceeds(n1, p1)[u1_least] + joint1[:, u1_least + 1] - joint1[:, 1] >= power
    best: tuple[TwoStageBothWays, float] | None = None
    cheapest = least
    for k in range(int(in_reach.sum()) - 1, -1, -1):
        keeps = open_cells & (early0 + joint0[k, u1 + 1] - joint0[k, r1 + 1] <= alpha)
        if not keeps.any():
            break
        # u1 > r stops later than u1 = r and rejects the same
        good = keeps & (u1 <= k) & (early1 + joint1[k, u1 + 1] - joint1[k, r1 + 1] >= power)
        if good.any():
            i, j = np.unravel_index(int(np.argmin(np.where(good, expected, np.inf))), good.shape)
            if expected[i, j] < cheapest + _EPSILON:  # an equal one has a smaller r: more power
                cheapest = min(cheapest, float(expected[i, j]))
                best = TwoStageBothWays(int(i), int(u1[0, j]), n1, k, n, *hypotheses), float(expected[i, j])
                open_cells &= expected <= expected[i, j] + _EPSILON
    return best


def _beyond(n: int, p: float) -> NDArray[np.float64]:
    """P(X > y - 1) for y = 0 … n + 1, so that index 0 stands for every y < 0."""
    return np.concatenate([[1.0], exceeds(n, p)])


def from_spec(spec: Spec) -> TwoStageBothWays:
    """The design that a spec states. Raises BadInput if nothing up to ``nmax`` will do."""
    r1, u1, n1, r, n = spec.r1, spec.u1, spec.n1, spec.r, spec.n
    if r1 is None or u1 is None or n1 is None or r is None or n is None:
        return search(spec.p0, spec.p1, spec.alpha, spec.power, spec.criterion, spec.nmax, spec.least_gap)
    return TwoStageBothWays(r1, u1, n1, r, n, spec.p0, spec.p1, spec.alpha, spec.power)
