"""Chen's three-stage designs for one arm and a rate: two looks for futility.

With X_k successes among the first n_k: stop if X1 ≤ r1, stop if X2 ≤ r2, and at n3 reject the null hypothesis (rate ≤
p0) if X3 > r3. Optimal: least EN(p0); minimax: least n3, and least EN(p0) among those. Chen 1997,
doi:10.1002/(SICI)1097-0258(19971215)16:23<2701::AID-SIM704>3.0.CO;2-1. All 0 ≤ r1 ≤ r2 ≤ r3 are looked at; with r2 = r1 the
second look stops nobody, and where that is best the design says so.

Nothing is missed:

* *No size is skipped from below.* n3 begins where the most powerful randomised test reaches the power.
* *Nothing beyond the last size.* Going on must have probability ≥ power at p1 at each look. So at p0 it is at least
  1 - PETmax(n1) at the first look, and at the second at least the size of the most powerful test of that power on n2
  patients (Neyman and Pearson): EN(p0) ≥ n1 + (1 - PETmax(n1)) (n2 - n1) + that · (n3 - n2), which grows with n3. The
  search ends at the first n3 at which this bound reaches the best for all n1 < n2 (and n3 - 1 does, for larger n1).
* *Within a size* all n1 < n2 whose bound is below the best are tried with every r1, r2 and r3. The r3 go down from the
  largest with P(X3 > r3 | p1) ≥ power, to the first at which no (r1, r2) keeps alpha.

Simon's design of n3 patients with a second look that stops nobody only gives a first value to beat.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from equipoise.design.one_rate.rate_design import RateDesign
from equipoise.design.one_rate.simon_search import (
    Found,
    Tables,
    best_of_size,
    out_of_reach,
    search_frontier,
    smallest_n,
)
from equipoise.design.spec import MOST_COUNT, Hypotheses, at_most, below, between, first_stage
from equipoise.design.stated import Searched, Spaced
from equipoise.numerics.counts.binomial import exceeds, pmf
from equipoise.numerics.sequential.staged_binomial import Stages
from equipoise.trial.problem import BadInput, Problem

KIND = "chen"
TITLE = "Three stages for futility (Chen)"
FAMILY = "one arm, a rate"
REFERENCE = (
    "Chen TT. Optimal three-stage designs for phase II cancer clinical trials. Stat Med 1997;16:2701-2711. "
    "doi:10.1002/(SICI)1097-0258(19971215)16:23<2701::AID-SIM704>3.0.CO;2-1"
)
EXAMPLE = {"p0": 0.10, "p1": 0.30, "alpha": 0.10, "power": 0.80}
Criterion = Literal["optimal", "minimax"]
NMAX = 200
#: Most patients that a search goes up to, whatever is asked for: its work grows with the fifth power.
MOST = 300
_EPSILON = 1e-11


class Spec(Searched, Spaced, Hypotheses):
    """Chen's three-stage design, searched, or stated as it was published."""

    published: ClassVar[tuple[str, ...]] = ("r1", "n1", "r2", "n2", "r3", "n3")
    kind: Literal["chen"]
    criterion: Criterion = Field(default="optimal", description="Least EN(p0), or least n3 first.")
    nmax: int = Field(default=NMAX, ge=3, le=MOST, description="Largest number of patients in all.")
    r1: int | None = Field(
        default=None, ge=0, le=MOST_COUNT, description="Stated: stop with r1 or fewer successes of n1."
    )
    n1: int | None = Field(default=None, ge=1, le=MOST_COUNT, description="Stated: patients at the first look.")
    r2: int | None = Field(
        default=None, ge=0, le=MOST_COUNT, description="Stated: stop with r2 or fewer successes of n2."
    )
    n2: int | None = Field(default=None, ge=2, le=MOST_COUNT, description="Stated: patients at the second look.")
    r3: int | None = Field(
        default=None, ge=0, le=MOST_COUNT, description="Stated: reject with more than r3 successes of n3."
    )
    n3: int | None = Field(default=None, ge=3, le=MOST, description="Stated: patients in all.")

    @between("n1", "n2")
    def _n1_below_n2(self) -> Iterator[Problem]:
        return first_stage(self, "n1", "n2")

    @between("n2", "n3")
    def _n2_below_n3(self) -> Iterator[Problem]:
        return first_stage(self, "n2", "n3")

    @between("r1", "n1")
    def _r1_below_n1(self) -> Iterator[Problem]:
        return below(self, "r1", "n1")

    @between("r2", "n2")
    def _r2_below_n2(self) -> Iterator[Problem]:
        return below(self, "r2", "n2")

    @between("r3", "n3")
    def _r3_below_n3(self) -> Iterator[Problem]:
        return below(self, "r3", "n3")

    @between("r1", "r2")
    def _r2_from_r1(self) -> Iterator[Problem]:
        return at_most(self, "r1", "r2")

    @between("r2", "r3")
    def _r3_from_r2(self) -> Iterator[Problem]:
        return at_most(self, "r2", "r3")


@dataclass(frozen=True)
class ThreeStage(RateDesign):
    """Three sizes and boundaries."""

    r1: int
    n1: int
    r2: int
    n2: int
    r3: int
    n3: int
    p0: float
    p1: float
    alpha: float
    power: float

    @cached_property
    def stages(self) -> Stages:
        """Futility at the first two looks."""
        return Stages((self.n1, self.n2, self.n3), (self.r1, self.r2, self.r3), (self.n1, self.n2, self.r3))

    @cached_property
    def cautions(self) -> tuple[str, ...]:
        """Errors not kept, and a second look that is none."""
        idle = self.r2 <= self.r1
        note = "Nobody stops at the second look (r2 = r1): no three-stage design beats this one, which has two stages."
        return (*super().cautions, note) if idle else super().cautions

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        null, target = self.behaviour(self.p0), self.behaviour(self.p1)
        return (
            f"A three-stage design tests the null hypothesis that the true rate is at most {100 * self.p0:g}% against the "
            f"alternative that it is at least {100 * self.p1:g}%. The trial stops for futility with {self.r1} or fewer successes "
            f"among the first {self.n1} evaluable patients or {self.r2} or fewer among the first {self.n2}; otherwise the null "
            f"hypothesis is rejected with more than {self.r3} successes among {self.n3}. The exact one-sided type I error is "
            f"{null.reject:.4f} and the exact power {target.reject:.4f}; under the null hypothesis the trial stops early with "
            f"probability {null.pet:.4f} and expects {null.en:.1f} patients (Chen 1997)."
        )


def search(
    p0: float, p1: float, alpha: float, power: float, criterion: Criterion = "optimal", nmax: int = NMAX,
    least_gap: int = 1,
) -> ThreeStage:  # fmt: skip
    """The best three-stage design with ``least_gap`` patients or more between two stages. Raises BadInput with all problems, or if nothing up to ``nmax`` will do."""
    Spec.read({"p0": p0, "p1": p1, "alpha": alpha, "power": power, "criterion": criterion, "nmax": nmax})
    hypotheses = (p0, p1, alpha, power)
    first = smallest_n(p0, p1, alpha, power, nmax)
    if first is None:
        raise out_of_reach(*hypotheses, nmax)
    tables = Tables.up_to(nmax, p0, p1, power)
    second = np.array([_least_size(n, p0, p1, power) for n in range(nmax + 1)])
    best: ThreeStage | None = None
    least = np.inf
    sizes = list(range(max(first, 3), nmax + 1))
    if criterion == "optimal":  # a good design early prunes the rest: Simon's optimum, and three stages of near size
        try:
            simon = search_frontier(*hypotheses, nmax).optimal
            best, least = _with_idle_look(simon, hypotheses, least_gap) or (best, least)
            sizes = [min(simon.n + simon.n // 15, nmax), *sizes]
        except BadInput:
            pass  # two stages do not reach it; three may
    for step, n3 in enumerate(sizes):
        n1, n2 = np.triu_indices(n3, 1)
        usable = (n1 >= 1) & (tables.largest[n1] >= 0)
        n1, n2 = n1[usable], n2[usable]
        bound = n1 + (1 - tables.pet_max[n1]) * (n2 - n1) + second[n2] * (n3 - n2)
        if best is not None and step and n3 - 1 >= least and not (bound < least - _EPSILON).any():
            break
        two = best_of_size(n3, tables.bound(n3), tables, least, hypotheses)
        if two is not None:
            best, least = _with_idle_look(two, hypotheses, least_gap) or (best, least)
        for i in np.argsort(bound, kind="stable"):
            if bound[i] >= least - _EPSILON:
                break
            if min(n2[i] - n1[i], n3 - n2[i]) < least_gap:
                continue
            found = _best_of_sizes(int(n1[i]), int(n2[i]), n3, tables, least, hypotheses)
            if found is not None:
                best, least = found
        if best is not None and criterion == "minimax":
            break
    if best is None:
        raise out_of_reach(*hypotheses, nmax)
    return best


def _least_size(n: int, p0: float, p1: float, power: float) -> float:
    """The size of the most powerful test on n patients whose power is just ``power`` (randomised at its boundary)."""
    tail1 = exceeds(n, p1)
    r = int(np.argmax(tail1 < power))  # more than r falls short: take a part of r as well
    part = (power - tail1[r]) / pmf(n, p1)[r]
    return float(exceeds(n, p0)[r] + min(part, 1.0) * pmf(n, p0)[r])


def _with_idle_look(
    two: Found, hypotheses: tuple[float, float, float, float], gap: int
) -> tuple[ThreeStage, float] | None:
    """Simon's design with a second look, ``gap`` patients on, that stops nobody; None if there is no room for one."""
    if two.n1 + 2 * gap > two.n:
        return None
    return ThreeStage(two.r1, two.n1, two.r1, two.n1 + gap, two.r, two.n, *hypotheses), two.en0


def _best_of_sizes(
    n1: int, n2: int, n3: int, tables: Tables, least: float, hypotheses: tuple[float, float, float, float]
) -> tuple[ThreeStage, float] | None:
    """The best r1, r2, r3 for given sizes if it is below ``least``: all tried, r1 by rows and r2 by columns."""
    p0, p1, alpha, power = hypotheses
    rows, columns = int(tables.largest[n1]) + 1, int(tables.largest[n2]) + 1
    passed, going = _goes_on(n1, n2, rows, columns, p0, p1, power)
    if not len(passed) or (n1 + passed * (n2 - n1) + going * (n3 - n2)).min() >= least - _EPSILON:
        return None
    arrived = [_arrived(n1, n2, p, rows) for p in (p0, p1)]  # P(X1 > r1, X2 = x), (r1, x)
    going0 = _from_right(arrived[0])[:, 1 : columns + 1]  # P(X1 > r1, X2 > r2)
    passed1 = exceeds(n1, p0)[:rows, None]
    expected = n1 + passed1 * (n2 - n1) + going0 * (n3 - n2)
    r1, r2 = np.arange(rows)[:, None], np.arange(columns)[None, :]
    open_cells = (r2 >= r1) & (expected < least - _EPSILON)
    open_cells &= _from_right(arrived[1])[:, 1 : columns + 1] >= power
    if not open_cells.any():
        return None
    left, x = n3 - n2, np.arange(n2 + 1)
    best: tuple[ThreeStage, float] | None = None
    for r3 in range(int((exceeds(n3, p1) >= power).sum()) - 1, -1, -1):
        y = r3 - x
        size, reach = (
            _from_right(a * np.where(y < 0, 1.0, exceeds(left, p)[np.clip(y, 0, left)]))[:, 1 : columns + 1]
            for a, p in zip(arrived, (p0, p1), strict=True)
        )
        keeps = open_cells & (size <= alpha)
        if not keeps.any():
            break
        good = keeps & (reach >= power) & (r2 <= r3)
        if good.any():
            i, j = np.unravel_index(int(np.argmin(np.where(good, expected, np.inf))), good.shape)
            # an equal one found later has a smaller r3: more power
            best = ThreeStage(int(i), n1, int(j), n2, r3, n3, *hypotheses), float(expected[i, j])
            open_cells &= expected <= expected[i, j] + _EPSILON
    return best


@lru_cache(maxsize=16384)
def _goes_on(
    n1: int, n2: int, rows: int, columns: int, p0: float, p1: float, power: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """P(passes look 1 | p0) and P(passes both | p0) for each r1 with the largest r2 that keeps the power at p1."""
    both0, both1 = (_from_right(_arrived(n1, n2, p, rows))[:, 1 : columns + 1] for p in (p0, p1))
    keeps = (both1 >= power) & (np.arange(columns)[None, :] >= np.arange(rows)[:, None])
    r1 = np.flatnonzero(keeps.any(axis=1))
    r2 = columns - 1 - np.argmax(keeps[r1, ::-1], axis=1)
    return exceeds(n1, p0)[r1], both0[r1, r2]


def _arrived(n1: int, n2: int, p: float, rows: int) -> NDArray[np.float64]:
    """P(X1 > r1, X2 = x), (rows, n2 + 1)."""
    second = np.concatenate([pmf(n2 - n1, p), np.zeros(n1 + 1)])
    x1, x2 = np.arange(n1 + 1)[:, None], np.arange(n2 + 1)[None, :]
    joint = pmf(n1, p)[:, None] * second[np.where(x2 >= x1, x2 - x1, n2 + 1)]
    # P(X1 > r1, …): sums over the rows below
    return _from_right(joint.T).T[1 : rows + 1]


def _from_right(a: NDArray[np.float64]) -> NDArray[np.float64]:
    """Running sums along the last axis from the far end."""
    return np.cumsum(a[:, ::-1], axis=1)[:, ::-1]


def from_spec(spec: Spec) -> ThreeStage:
    """The design that a spec states. Raises BadInput if nothing up to ``nmax`` will do."""
    if spec.are_stated:
        stated = {k: getattr(spec, k) for k in spec.published}
        return ThreeStage(**stated, p0=spec.p0, p1=spec.p1, alpha=spec.alpha, power=spec.power)
    return search(spec.p0, spec.p1, spec.alpha, spec.power, spec.criterion, spec.nmax, spec.least_gap)
