"""Bryant & Day's two stages for response and toxicity together.

After n1 patients stop with too few responses (R1 ≤ c_r1) or too many toxicities (T1 > c_t1); after n the treatment is
recommended with R > c_r and T ≤ c_t. Rates: response p_r0 (too low) against p_r1, toxicity p_t0 (too high) against p_t1.
Kept: P(recommend | p_r0, p_t1) ≤ alpha_r, P(recommend | p_r1, p_t0) ≤ alpha_t, P(recommend | p_r1, p_t1) ≥ power.
Optimal: least max of EN(p_r0, p_t1) and EN(p_r1, p_t0). Bryant & Day 1995, doi:10.2307/2533268. As there, the search takes
the two outcomes as independent (odds ratio 1); the behaviour at any odds ratio is exact. The paper counts patients
without toxicity; here toxicities are counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from equipoise.design.looks_taken import no_such_look, wrong_earlier
from equipoise.design.one_rate.simon_search import smallest_n
from equipoise.design.spec import MOST_COUNT, Error, Power, above, at_most, below, between, first_stage, no_design
from equipoise.design.stated import ROUNDING, Searched, Spaced, missed
from equipoise.design.truth import truth_of
from equipoise.numerics.counts.binomial import exceeds, pmf
from equipoise.numerics.sequential.staged_pairs import cells, pair_ends
from equipoise.trial.decision import Continue, Declare, Stop, Verdict
from equipoise.trial.design import Characteristics, Look, Quantity, Truth
from equipoise.trial.evidence import PairEvidence
from equipoise.trial.problem import BadInput, Problem

KIND = "bryant-day"
TITLE = "Two stages for response and toxicity (Bryant & Day)"
FAMILY = "one arm, a rate"
REFERENCE = (
    "Bryant J, Day R. Incorporating toxicity considerations into the design of two-stage phase II clinical trials. "
    "Biometrics 1995;51:1372-1383. doi:10.2307/2533268"
)
EXAMPLE = {
    "response0": 0.30, "response1": 0.50, "toxicity0": 0.40, "toxicity1": 0.20, "alpha_r": 0.10, "alpha_t": 0.10, "power": 0.85,
}  # fmt: skip
_EPSILON = 1e-11


class Spec(Searched, Spaced):
    """Bryant & Day's design, searched, or stated as it was published."""

    published: ClassVar[tuple[str, ...]] = ("n1", "c_r1", "c_t1", "n", "c_r", "c_t")
    kind: Literal["bryant-day"]
    response0: float = Field(gt=0, lt=1, description="Response rate of no interest.")
    response1: float = Field(gt=0, lt=1, description="Response rate worth finding; above response0.")
    toxicity0: float = Field(gt=0, lt=1, description="Toxicity rate that is too high.")
    toxicity1: float = Field(gt=0, lt=1, description="Toxicity rate that is acceptable; below toxicity0.")
    alpha_r: Error = Field(default=0.10, description="Error: recommended though response is response0.")
    alpha_t: Error = Field(default=0.10, description="Error: recommended though toxicity is toxicity0.")
    power: Power = Field(default=0.85, description="Power at response1 and toxicity1.")
    criterion: Literal["optimal", "minimax"] = Field(
        default="optimal", description="Least expected number, or least n first."
    )
    nmax: int = Field(default=120, ge=3, le=200, description="Largest number of patients in all.")

    n1: int | None = Field(default=None, ge=1, le=MOST_COUNT, description="Stated: patients of the first stage.")
    c_r1: int | None = Field(
        default=None, ge=-1, le=MOST_COUNT, description="Stated: stop with c_r1 or fewer responses of n1."
    )
    c_t1: int | None = Field(
        default=None, ge=0, le=MOST_COUNT, description="Stated: stop with more than c_t1 toxicities of n1."
    )
    n: int | None = Field(default=None, ge=2, le=200, description="Stated: patients in all.")
    c_r: int | None = Field(
        default=None, ge=0, le=MOST_COUNT, description="Stated: recommend with more than c_r responses of n."
    )
    c_t: int | None = Field(
        default=None, ge=0, le=MOST_COUNT, description="Stated: recommend with at most c_t toxicities of n."
    )

    @between("n1", "n")
    def _n1_below_n(self) -> Iterator[Problem]:
        return first_stage(self, "n1", "n")

    @between("c_r1", "n1")
    def _c_r1_of_n1(self) -> Iterator[Problem]:
        return below(self, "c_r1", "n1")

    @between("c_t1", "n1")
    def _c_t1_of_n1(self) -> Iterator[Problem]:
        return at_most(self, "c_t1", "n1")

    @between("c_r", "n")
    def _c_r_of_n(self) -> Iterator[Problem]:
        return below(self, "c_r", "n")

    @between("c_t", "n")
    def _c_t_of_n(self) -> Iterator[Problem]:
        return at_most(self, "c_t", "n")

    @between("response0", "response1")
    def _response1_above_response0(self) -> Iterator[Problem]:
        return above(self, "response0", "response1", "the rate worth finding")

    @between("toxicity0", "toxicity1")
    def _toxicity0_above_toxicity1(self) -> Iterator[Problem]:
        return above(self, "toxicity1", "toxicity0", "the rate that is too high")


@dataclass(frozen=True)
class ResponseToxicity:
    """Sizes and boundaries; hypotheses and errors as asked for."""

    c_r1: int
    c_t1: int
    n1: int
    c_r: int
    c_t: int
    n: int
    response0: float
    response1: float
    toxicity0: float
    toxicity1: float
    alpha_r: float
    alpha_t: float
    power: float

    takes = PairEvidence

    @property
    def looks(self) -> tuple[Look, Look]:
        """Two looks."""
        return Look(1, self.n1), Look(2, self.n)

    def truths(self) -> Mapping[str, Truth]:
        """Response too low; toxicity too high; both good. 'null' is the first."""
        return {
            "null": {"response": self.response0, "toxicity": self.toxicity1},
            "too toxic": {"response": self.response1, "toxicity": self.toxicity0},
            "both bad": {"response": self.response0, "toxicity": self.toxicity0},
            "target": {"response": self.response1, "toxicity": self.toxicity1},
        }

    def characteristics(self, truth: Truth) -> Characteristics:
        """Exact behaviour; ``truth`` is {'response', 'toxicity'} and, if not 1, 'odds_ratio'."""
        response, toxicity, odds = truth_of(
            {"odds_ratio": 1.0, **truth}, response=(0.0, 1.0), toxicity=(0.0, 1.0), odds_ratio=(1e-6, 1e6)
        )
        e = pair_ends((self.n1, self.n), (self.c_r1, self.c_r), (self.c_t1, self.c_t), cells(response, toxicity, odds))
        return Characteristics(
            f"response {response:g}, toxicity {toxicity:g}, odds ratio {odds:g}", "exact enumeration of both counts",
            Quantity(e.passes), Quantity(e.stops[0]), Quantity(e.expected_n), (e.stops[0], 1 - e.stops[0]),
        )  # fmt: skip

    @cached_property
    def cautions(self) -> tuple[str, ...]:
        """Errors over odds ratios from 1/20 to 20, where they exceed what was asked."""
        reached = [self.characteristics(self.truths()[k]).declare.value for k in ("null", "too toxic", "target")]
        found = [
            f"The exact {name} error is {value:.4f}, above the stated {allowed:g}."
            for name, value, allowed in (("response", reached[0], self.alpha_r), ("toxicity", reached[1], self.alpha_t))
            if value > allowed * (1 + ROUNDING)
        ]
        found += missed(0.0, 1.0, reached[2], self.power, "where both are good")
        for name, truth, allowed in (
            ("response", self.truths()["null"], self.alpha_r), ("toxicity", self.truths()["too toxic"], self.alpha_t)
        ):  # fmt: skip
            worst = max(
                self.characteristics({**truth, "odds_ratio": o}).declare.value for o in (0.05, 0.2, 0.5, 1, 2, 5, 20)
            )
            if worst > allowed:
                found.append(
                    f"If response and toxicity are associated (odds ratio 1/20 to 20) the {name} error reaches {worst:.4f}; asked: {allowed:g}."
                )
        worst = min(
            self.characteristics({**self.truths()["target"], "odds_ratio": o}).declare.value
            for o in (0.05, 0.2, 0.5, 1, 2, 5, 20)
        )
        if worst < self.power:
            found.append(
                f"If response and toxicity are associated (odds ratio 1/20 to 20) the power falls to {worst:.4f}; asked: {self.power:g}."
            )
        return tuple(found)

    def verdict(self, evidence: PairEvidence) -> Verdict:
        """Stop for too few responses or too many toxicities; recommend if neither at the end.

        At other numbers than planned the boundaries are those of ``attained``. Raises BadInput for no such look, and for earlier
        numbers that cannot have been.
        """
        problems = [
            *no_such_look(evidence.look, 2),
            *wrong_earlier(evidence.earlier, evidence.look, evidence.n, "patients"),
        ]
        if problems:
            raise BadInput("evidence", problems)
        first, n = evidence.look == 1, evidence.n
        n1 = n if first else min((evidence.earlier or (self.n1,))[0], n)
        d, cautions = self, tuple[str, ...]()
        if n1 != self.n1 or (not first and n != self.n):
            d = self.attained(n1, max(self.n, n1) if first else n)
            cautions = (self._said(d, first),)
        c_r, c_t = (d.c_r1, d.c_t1) if first else (d.c_r, d.c_t)
        because = (
            f"{evidence.responses} responses among {n} patients; more than {c_r} are needed.",
            f"{evidence.toxicities} toxicities; at most {c_t} are allowed.",
        )
        spare = min(evidence.responses - c_r, c_t + 1 - evidence.toxicities)
        unit = "patients to the nearer boundary"
        if evidence.toxicities > c_t:
            return Verdict(Stop("safety"), because, spare, unit, cautions)
        if evidence.responses <= c_r:
            return Verdict(Stop("futility"), because, spare, unit, cautions)
        action = Continue() if first else Declare("a treatment that works and is safe enough")
        return Verdict(action, because, spare, unit, cautions)

    def attained(self, n1: int, n: int) -> ResponseToxicity:
        """This design on ``n1`` and ``n`` patients, with boundaries that keep both errors exactly (outcomes independent).

        First look: the largest number of responses, and the smallest of toxicities, at which what is good goes on at least as often as
        planned, each by itself. Last: of the boundaries that keep both errors, or what the plan attained if that is more, those of
        the largest power; a boundary that nothing can pass if none does.
        """
        c_r1, safe1 = self.c_r1, self.n1 - self.c_t1 - 1
        if n1 != self.n1:
            c_r1 = _goes_on(self.n1, c_r1, n1, self.response1)
            safe1 = _goes_on(self.n1, safe1, n1, 1 - self.toxicity1)
        if n == self.n and n1 == self.n1:
            return self
        r_bad, r_good = (_passes(n1, c_r1, n, p) for p in (self.response0, self.response1))
        t_bad, t_good = (_passes(n1, safe1, n, 1 - p) for p in (self.toxicity0, self.toxicity1))
        reached = [self.characteristics(self.truths()[k]).declare.value for k in ("null", "too toxic")]
        alpha_r, alpha_t = (
            max(a, b) * (1 + _EPSILON) for a, b in zip((self.alpha_r, self.alpha_t), reached, strict=True)
        )
        keeps = (np.outer(r_bad, t_good) <= alpha_r) & (np.outer(r_good, t_bad) <= alpha_t)
        power = np.where(keeps, np.outer(r_good, t_good), -1.0)
        i, j = np.unravel_index(int(np.argmax(power)), power.shape)
        return replace(self, c_r1=c_r1, c_t1=n1 - safe1 - 1, n1=n1, c_r=int(i), c_t=n - int(j) - 1, n=n)

    def _said(self, d: ResponseToxicity, first: bool) -> str:
        """The caution for a look on other numbers."""
        if first:
            return (
                f"{d.n1} patients could be evaluated, {self.n1} were planned: the first boundaries are those at which what is good goes on at "
                "least as often as planned, and the last will be recomputed."
            )
        null, toxic, target = (
            d.characteristics(self.truths()[k]).declare.value for k in ("null", "too toxic", "target")
        )
        return (
            f"{d.n} patients could be evaluated and {d.n1} at the first look, {self.n} and {self.n1} were planned: the last boundaries are "
            f"recomputed exactly, with errors {null:.4f} (response) and {toxic:.4f} (toxicity) and power {target:.4f}."
        )

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        c = {k: self.characteristics(t) for k, t in self.truths().items()}
        return (
            f"A two-stage design tests response and toxicity together (Bryant & Day 1995). After {self.n1} evaluable patients the "
            f"trial stops with {self.c_r1} or fewer responses or with more than {self.c_t1} patients with toxicity. After "
            f"{self.n} the treatment is recommended with more than {self.c_r} responses and at most {self.c_t} patients with "
            f"toxicity. If response is {100 * self.response0:g}% and toxicity {100 * self.toxicity1:g}% it is recommended with probability "
            f"{c['null'].declare.value:.4f}; if response is {100 * self.response1:g}% and toxicity {100 * self.toxicity0:g}%, with "
            f"probability {c['too toxic'].declare.value:.4f}; if response is {100 * self.response1:g}% and toxicity "
            f"{100 * self.toxicity1:g}%, with probability {c['target'].declare.value:.4f} (exact, the two outcomes taken as independent)."
        )

    def numbers(self) -> Mapping[str, float | int | str]:
        """Boundaries, sizes and exact errors."""
        c = {k: self.characteristics(t) for k, t in self.truths().items()}
        return {
            "n1": self.n1, "c_r1": self.c_r1, "c_t1": self.c_t1, "n": self.n, "c_r": self.c_r, "c_t": self.c_t,
            "alpha_r": c["null"].declare.value, "alpha_t": c["too toxic"].declare.value, "power": c["target"].declare.value,
            "en_low_response": c["null"].expected_n.value, "en_toxic": c["too toxic"].expected_n.value,
            "pet_both_bad": c["both bad"].stop_early.value,
        }  # fmt: skip


def _goes_on(planned: int, c: int, n: int, rate: float) -> int:
    """The largest c' with P(X > c' | n, rate) no less than P(X > c | planned, rate); -1: always."""
    wanted = 1.0 if c < 0 else float(exceeds(planned, rate)[c])
    return int((exceeds(n, rate) >= wanted * (1 - _EPSILON)).sum()) - 1


def _passes(n1: int, c1: int, n: int, rate: float) -> NDArray[np.float64]:
    """P(X1 > c1, X > c) for c = 0 … n, X1 of the first n1 of n."""
    first = pmf(n1, rate).copy()
    first[: c1 + 1] = 0.0
    whole = np.convolve(first, pmf(n - n1, rate))
    return np.concatenate([np.cumsum(whole[:0:-1])[::-1], [0.0]])


@dataclass(frozen=True)
class _Side:
    """One outcome's candidates at given sizes: (c1, c), with P(passes both looks) bad and good and P(passes the first)."""

    c1: NDArray[np.int64]
    c: NDArray[np.int64]
    bad: NDArray[np.float64]
    good: NDArray[np.float64]
    first_bad: NDArray[np.float64]
    first_good: NDArray[np.float64]


def _side(n1: int, n: int, bad: float, good: float, power: float, most: float) -> _Side:
    """Candidates of a count that must exceed c1 and c, whose rate is ``bad`` or ``good`` (> bad).

    ``most``: no design passes with more probability than this at ``bad``, for the other outcome passes with at least
    ``power`` when good. It grows as c falls, so the candidates end there.
    """
    c1 = np.arange(-1, n1)
    c1 = c1[np.concatenate([[1.0], exceeds(n1, good)[:-1]]) >= power]
    x = np.arange(n1 + 1)
    found = []
    for c in range(int((exceeds(n, good) >= power).sum()) - 1, -1, -1):
        y = np.clip(c - x, -1, n - n1)
        passes = []
        for rate in (bad, good):
            second = np.where(y < 0, 1.0, exceeds(n - n1, rate)[np.maximum(y, 0)])
            from_right = np.cumsum((pmf(n1, rate) * second)[::-1])[::-1]
            passes.append(from_right[c1 + 1])
        found.append((np.full(len(c1), c), *passes))
        if passes[0].size == 0 or passes[0].min() > most:
            break
    if not found:
        empty = np.empty(0)
        return _Side(np.empty(0, int), np.empty(0, int), empty, empty, empty, empty)
    c_all = np.concatenate([f[0] for f in found])
    c1_all = np.tile(c1, len(found))
    bad_all, good_all = (np.concatenate([f[i] for f in found]) for i in (1, 2))
    keep = (good_all >= power) & (c1_all <= c_all) & (bad_all <= most)
    first_bad, first_good = (np.concatenate([[1.0], exceeds(n1, r)])[c1_all + 1] for r in (bad, good))
    return _Side(c1_all[keep], c_all[keep], bad_all[keep], good_all[keep], first_bad[keep], first_good[keep])


def search(
    response0: float, response1: float, toxicity0: float, toxicity1: float, alpha_r: float, alpha_t: float, power: float,
    criterion: Literal["optimal", "minimax"] = "optimal", nmax: int = 120, least_gap: int = 1,
) -> ResponseToxicity:  # fmt: skip
    """The best design. Every n from the least that either outcome alone needs; raises BadInput if none up to ``nmax`` will do."""
    asked = (response0, response1, toxicity0, toxicity1, alpha_r, alpha_t, power)
    needs = [
        smallest_n(response0, response1, alpha_r / power, power, nmax),
        smallest_n(1 - toxicity0, 1 - toxicity1, alpha_t / power, power, nmax),
    ]
    best: ResponseToxicity | None = None
    least = np.inf
    first = max([n if n is not None else nmax + 1 for n in needs])
    for n in range(first, nmax + 1):
        if least < n and _least_possible(n, asked) >= least:
            break
        for n1 in range(1, n - least_gap + 1):
            if n1 >= least:
                break
            found = _best_of_sizes(n1, n, asked, least)
            if found is not None:
                best, least = found
        if best is not None and criterion == "minimax":
            break
    if best is None:
        reached, n = max((_power_of_one_stage(n, asked), n) for n in range(1, nmax + 1))
        nothing = (
            f"no design up to {nmax} patients keeps the errors with power {power:g}; n = {n} comes nearest, with {reached:.4f} "
            "in one stage"
        )
        raise no_design(nmax, nothing, "raise nmax or the errors, or ask for less power")
    return best


def _power_of_one_stage(n: int, asked: tuple[float, ...]) -> float:
    """The largest power at n patients, all looked at once, with both errors kept: a guide to what is missing."""
    response0, response1, toxicity0, toxicity1, alpha_r, alpha_t, _ = asked
    r_bad, r_good = exceeds(n, response0)[:, None], exceeds(n, response1)[:, None]
    t_bad, t_good = exceeds(n, 1 - toxicity0)[None, :], exceeds(n, 1 - toxicity1)[None, :]
    kept = (r_bad * t_good <= alpha_r) & (r_good * t_bad <= alpha_t)
    return float(np.where(kept, r_good * t_good, 0.0).max())


def _least_possible(n: int, asked: tuple[float, ...]) -> float:
    """A lower bound of the larger EN with n patients: each look must pass with probability ≥ power when all is good."""
    response0, response1, toxicity0, toxicity1, _, _, power = asked
    low = np.inf
    for n1 in range(1, n):
        going = max(
            float(exceeds(n1, bad)[c]) if (c := int((exceeds(n1, good) >= power).sum()) - 1) >= 0 else 1.0
            for bad, good in ((response0, response1), (1 - toxicity0, 1 - toxicity1))
        )
        # the other outcome, when good, passes with probability ≥ power
        low = min(low, n1 + going * power * (n - n1))
    return low


def _best_of_sizes(n1: int, n: int, asked: tuple[float, ...], least: float) -> tuple[ResponseToxicity, float] | None:
    response0, response1, toxicity0, toxicity1, alpha_r, alpha_t, power = asked
    r = _side(n1, n, response0, response1, power, alpha_r / power)
    t = _side(n1, n, 1 - toxicity0, 1 - toxicity1, power, alpha_t / power)
    if not len(r.c) or not len(t.c):
        return None
    ok = np.outer(r.good, t.good) >= power
    ok &= np.outer(r.bad, t.good) <= alpha_r
    ok &= np.outer(r.good, t.bad) <= alpha_t
    if not ok.any():
        return None
    expected = n1 + np.maximum(np.outer(r.first_bad, t.first_good), np.outer(r.first_good, t.first_bad)) * (n - n1)
    expected = np.where(ok, expected, np.inf)
    i, j = np.unravel_index(int(np.argmin(expected)), expected.shape)
    if expected[i, j] >= least - _EPSILON:
        return None
    # patients without toxicity must exceed c: toxicities are at most n - c - 1
    design = ResponseToxicity(int(r.c1[i]), n1 - int(t.c1[j]) - 1, n1, int(r.c[i]), n - int(t.c[j]) - 1, n, *asked)
    return design, float(expected[i, j])


def from_spec(spec: Spec) -> ResponseToxicity:
    """The design that a spec states. Raises BadInput if nothing up to ``nmax`` will do."""
    asked = (
        spec.response0, spec.response1, spec.toxicity0, spec.toxicity1, spec.alpha_r, spec.alpha_t, spec.power,
    )  # fmt: skip
    if spec.are_stated:
        stated: dict[str, int] = {k: getattr(spec, k) for k in spec.published}
        return ResponseToxicity(
            stated["c_r1"], stated["c_t1"], stated["n1"], stated["c_r"], stated["c_t"], stated["n"], *asked
        )
    return search(*asked, spec.criterion, spec.nmax, spec.least_gap)
