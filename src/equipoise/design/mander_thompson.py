"""Two stages that may stop for futility or for efficacy.

After n1 patients stop for futility with X1 ≤ r1, reject the null hypothesis (rate ≤ p0) with X1 > u1, else go on to n and
reject with X > r. Mander & Thompson 2010, doi:10.1016/j.cct.2010.07.008; the idea of early rejection is Fleming's (1982,
doi:10.2307/2530297).

Nothing is missed: power at p1 bounds r1 for each n1 (P(X1 > r1 | p1) ≥ power), alpha bounds u1 (P(X1 > u1 | p0) ≤ alpha),
so the probability of going on is at least P(r1max < X1 ≤ u1min), and with it EN ≥ n1 + that · (n - n1), which grows with n.
The first n is that of the most powerful test; the search ends where the bound exceeds the best for every n1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from pydantic import Field

from equipoise.design import checks
from equipoise.design.rate_design import RateDesign
from equipoise.design.simon_search import best_single_stage_power, smallest_n
from equipoise.numerics.binomial import exceeds, pmf
from equipoise.numerics.staged_binomial import Stages
from equipoise.trial.part import Part
from equipoise.trial.problem import BadInput, Problem

KIND = "mander-thompson"
TITLE = "Two stages, stopping for futility or efficacy (Mander & Thompson)"
FAMILY = "one arm, a rate"
REFERENCE = (
    "Mander AP, Thompson SG. Two-stage designs optimal under the alternative hypothesis for phase II cancer clinical trials. "
    "Contemp Clin Trials 2010;31:572-578. doi:10.1016/j.cct.2010.07.008"
)
EXAMPLE = {"p0": 0.10, "p1": 0.30, "alpha": 0.05, "power": 0.90, "criterion": "h1-optimal"}
Criterion = Literal["h0-optimal", "h1-optimal", "h0-minimax", "h1-minimax"]
_EPSILON = 1e-11


class Spec(Part):
    """Two stages with both early stops: searched by a criterion, or stated."""

    kind: Literal["mander-thompson"]
    p0: float = Field(gt=0, lt=1, description="Rate of no interest.")
    p1: float = Field(gt=0, lt=1, description="Rate worth finding; above p0.")
    alpha: float = Field(gt=0, lt=1, description="One-sided type I error.")
    power: float = Field(gt=0, lt=1, description="Power at p1.")
    criterion: Criterion = Field(
        default="h0-optimal", description="Least expected number at p0 or p1; minimax: least n first."
    )
    nmax: int = Field(default=300, ge=2, le=500, description="Largest number of patients in all.")
    n1: int | None = Field(default=None, ge=1, description="Stated: patients of the first stage.")
    n: int | None = Field(default=None, ge=2, description="Stated: patients in all.")
    r1: int | None = Field(default=None, ge=0, description="Stated: stop for futility with r1 or fewer of n1.")
    u1: int | None = Field(default=None, ge=0, description="Stated: reject with more than u1 of n1.")
    r: int | None = Field(default=None, ge=0, description="Stated: reject with more than r of n.")


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
            f"at most {self.p0:.0%} against the alternative that it is at least {self.p1:.0%}. After {self.n1} evaluable "
            f"patients the trial stops for futility with {self.r1} or fewer successes and rejects the null hypothesis with more "
            f"than {self.u1}; otherwise enrolment goes on to {self.n} patients and the null hypothesis is rejected with more "
            f"than {self.r}. The exact one-sided type I error is {null.reject:.4f} and the exact power {target.reject:.4f}; the "
            f"trial expects {null.en:.1f} patients under the null hypothesis and {target.en:.1f} under the alternative (Mander "
            f"& Thompson 2010)."
        )


def search(
    p0: float, p1: float, alpha: float, power: float, criterion: Criterion = "h0-optimal", nmax: int = 300
) -> TwoStageBothWays:
    """The best design by ``criterion``. Raises BadInput with all problems, or if nothing up to ``nmax`` will do."""
    checks.raise_if([*checks.hypotheses(p0, p1, alpha, power), *checks.count("nmax", nmax, 2, 500)])
    first = smallest_n(p0, p1, alpha, power, nmax)
    weigh = p0 if criterion.startswith("h0") else p1
    best: TwoStageBothWays | None = None
    least = np.inf
    for n in range(first or nmax + 1, nmax + 1):
        n1s = np.arange(1, n)
        bound = np.array([_least_expected(int(m), n, p0, p1, alpha, power, weigh) for m in n1s])
        if best is not None and bound.min() >= least - _EPSILON:
            break
        for i in np.argsort(bound, kind="stable"):
            if bound[i] >= least - _EPSILON:
                break
            found = _best_of_sizes(int(n1s[i]), n, (p0, p1, alpha, power), weigh, least)
            if found is not None:
                best, least = found
        if best is not None and criterion.endswith("minimax"):
            break
    if best is None:
        reached = best_single_stage_power(nmax, p0, p1, alpha)
        raise BadInput(
            "design",
            [
                Problem(
                    "no-design", "nmax", str(nmax),
                    f"no design up to {nmax} patients has power {power:g} at alpha {alpha:g}; n = {nmax} comes nearest, with at "
                    f"most {reached:.4f}",
                    "raise nmax or p1, or ask for less power",
                )
            ],
        )  # fmt: skip
    return best


def _limits(n1: int, p0: float, p1: float, alpha: float, power: float) -> tuple[int, int]:
    """The largest r1 that keeps the power and the smallest u1 that keeps alpha."""
    r1 = int((exceeds(n1, p1) >= power).sum()) - 1
    u1 = int(np.argmax(exceeds(n1, p0) <= alpha))
    return r1, u1


def _least_expected(n1: int, n: int, p0: float, p1: float, alpha: float, power: float, weigh: float) -> float:
    r1, u1 = _limits(n1, p0, p1, alpha, power)
    if r1 < 0:
        return np.inf
    going_on = float(pmf(n1, weigh)[r1 + 1 : u1 + 1].sum()) if u1 > r1 else 0.0
    return n1 + going_on * (n - n1)


def _best_of_sizes(
    n1: int, n: int, hypotheses: tuple[float, float, float, float], weigh: float, least: float
) -> tuple[TwoStageBothWays, float] | None:
    """The best r1, u1, r for given sizes if it is below ``least``: all of them tried, r1 by rows and u1 by columns."""
    p0, p1, alpha, power = hypotheses
    r1_most, u1_least = _limits(n1, p0, p1, alpha, power)
    r1 = np.arange(0, r1_most + 1)[:, None]
    u1 = np.arange(max(u1_least, 1), n1 + 1)[None, :]
    if not r1.size or not u1.size:
        return None
    below = np.concatenate([[0.0], np.cumsum(pmf(n1, weigh))])
    expected = n1 + (below[u1 + 1] - below[r1 + 1]) * (n - n1)
    open_cells = (r1 < u1) & (expected < least - _EPSILON)
    if not open_cells.any():
        return None
    n2, x = n - n1, np.arange(n1 + 1)
    best: tuple[TwoStageBothWays, float] | None = None
    done = np.zeros_like(open_cells)
    for r in range(int((exceeds(n, p1) >= power).sum()) - 1, -1, -1):
        y = r - x
        size, reach = (
            exceeds(n1, p)[u1] + joint[u1 + 1] - joint[r1 + 1]
            for p in (p0, p1)
            for joint in [
                np.concatenate(
                    [[0.0], np.cumsum(pmf(n1, p) * np.where(y < 0, 1.0, exceeds(n2, p)[np.clip(y, 0, n2)]))]
                )
            ]
        )
        keeps = open_cells & ~done & (size <= alpha)
        if not keeps.any():
            break
        # u1 > r says nothing: the last stage has rejected there already
        good = keeps & (reach >= power) & (u1 <= r) & (r1 <= r)
        done |= good
        if good.any():
            cost = np.where(good, expected, np.inf)
            i, j = np.unravel_index(int(np.argmin(cost)), cost.shape)
            if best is None or cost[i, j] < best[1] - _EPSILON:
                best = (
                    TwoStageBothWays(int(r1[i, 0]), int(u1[0, j]), n1, r, n, p0, p1, alpha, power),
                    float(cost[i, j]),
                )
    return best


def from_spec(table: Mapping[str, Any]) -> TwoStageBothWays:
    """The design that a [design] table states. Raises BadInput with all its problems."""
    problems = list(checks.hypotheses(*(table.get(k) for k in ("p0", "p1", "alpha", "power"))))
    given = {k: table[k] for k in ("r1", "u1", "n1", "r", "n") if table.get(k) is not None}
    if given and len(given) < 5:
        missing = ", ".join(k for k in ("r1", "u1", "n1", "r", "n") if k not in given)
        problems.append(Problem("half-stated", missing, "nothing", "all of r1, u1, n1, r, n, or none to have them found"))
    sizes = [p for k, v in given.items() for p in checks.count(k, v, 1 if k[0] == "n" else 0)]
    problems += sizes
    if len(given) == 5 and not sizes:
        r1, u1, n1, r, n = (given[k] for k in ("r1", "u1", "n1", "r", "n"))
        for where, ok, rule in (
            ("n1", n1 < n, f"the first stage must be smaller than the whole (n = {n})"),
            ("u1", r1 < u1 <= n1, f"above r1 = {r1}, at most n1 = {n1}"),
            ("r", r1 <= r < n and u1 <= r, f"at least u1 = {u1} and below n = {n}"),
        ):
            if not ok:
                problems.append(Problem("boundaries", where, str(given[where]), rule))
    criterion = table.get("criterion", "h0-optimal")
    if criterion not in ("h0-optimal", "h1-optimal", "h0-minimax", "h1-minimax"):
        problems.append(Problem("not-a-choice", "criterion", repr(criterion), "h0-optimal, h1-optimal, h0-minimax or h1-minimax"))
    checks.raise_if(problems)
    values = [float(table[k]) for k in ("p0", "p1", "alpha", "power")]
    if given:
        return TwoStageBothWays(*(given[k] for k in ("r1", "u1", "n1", "r", "n")), *values)
    return search(*values, criterion=criterion, nmax=int(table.get("nmax", 300)))
