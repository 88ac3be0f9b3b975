"""BOIN for two drugs: levels i of the first and j of the second, moved one at a time. Lin & Yin 2017, doi:10.1177/0962280215594494.

y DLTs of n at (i, j), λe and λd as in BOIN. y/n ≤ λe: up to (i + 1, j) or (i, j + 1); y/n ≥ λd: down to (i - 1, j) or (i, j - 1); of the two
the one with the larger P(λe < p < λd), p ~ beta(1/2 + y, 1/2 + n - y). Nobody goes up to a combination that is eliminated, or beside which one
already tried, with the same or less of the other drug, has a rate of at least λd. A combination that is too toxic is eliminated with all that has
no less of either drug; (1, 1) eliminated ends the trial. At the end the combination is named whose rate is closest to the target, among those
given: rates (y + 0.05)/(n + 0.1) that do not fall in either drug (bivariate isotonic regression, weights n + 0.1, untried ones included), to two digits.

Where R's BOIN 2.7.2 parts ways with itself or with us a parameter says which. ``selection``: at the end what is eliminated is the same 'block' and
cannot be named; or 'row and column', as the package has it there, where it counts as 1.1 and can: with 3 of 3 at (1, 2) it can name (2, 3).
``tie``: whose level moves where both are as likely; the package draws lots, and exact numbers cannot.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from pydantic import Field
from scipy.special import betainc

from equipoise.design.dose.boin import usual_lambdas, without_lambda
from equipoise.design.dose.counts import Counts, nobody, treated
from equipoise.design.dose.dose_design import DoseVerdict, End, Give, Seen
from equipoise.design.dose.dose_spec import CohortSpec
from equipoise.design.dose.isotonic import chance_above
from equipoise.design.dose.isotonic_grid import grid_rates
from equipoise.design.dose.rules import DoseRule, EnoughAnywhere, EnoughPatients, most_cautious
from equipoise.design.spec import Probability, between
from equipoise.trial.problem import Problem

DOSE_KIND = "boin-combination"
TITLE = "BOIN for two drugs"
FAMILY = "combinations"
REFERENCE = (
    "Lin R, Yin G. Bayesian optimal interval design for dose finding in drug-combination trials. Stat Methods Med Res 2017;26:2155-2167. "
    "doi:10.1177/0962280215594494"
)
EXAMPLE = {"target": 0.30, "first": 2, "second": 3, "cohort": 3, "cohorts": 8}
_HAIR = 1e-12
Cell = tuple[int, int]


class Spec(CohortSpec):
    """BOIN for two drugs: their levels, the target, and the conventions."""

    kind: Literal["boin-combination"]
    target: Probability = Field(description="Target probability of a DLT, below 1/1.4.")
    first: int = Field(ge=1, le=6, description="Levels of the first drug.")
    second: int = Field(ge=1, le=6, description="Levels of the second drug.")
    certainty: float = Field(default=0.95, ge=0.5, lt=1, description="Eliminated if P(rate > target) exceeds this.")
    n_stop: int = Field(
        default=0, ge=0, le=1000, description="Patients at one combination that end the trial; 0: never."
    )
    tie: Literal["first", "second"] = Field(default="first", description="Whose level moves where both are as likely.")
    selection: Literal["block", "row and column"] = Field(
        default="block", description="What is eliminated at the end: as during the trial, or as R's BOIN has it."
    )

    @between("target")
    def _too_high_is_a_rate(self) -> Iterator[Problem]:
        """1.4 times the target is a probability."""
        yield from without_lambda("target", self.target)


@dataclass(frozen=True, kw_only=True)
class BoinCombination:
    """BOIN for two drugs; see the module. Combinations are numbered row by row: (i, j) is (i - 1) second + j."""

    target: float
    first: int
    second: int
    cohort: int = 3
    cohorts: int = 10
    certainty: float = 0.95
    n_stop: int = 0
    tie: Literal["first", "second"] = "first"
    selection: Literal["block", "row and column"] = "block"

    @property
    def shape(self) -> tuple[int, int]:
        """Levels of each drug."""
        return self.first, self.second

    @property
    def doses(self) -> int:
        """How many combinations there are."""
        return self.first * self.second

    @property
    def of_response(self) -> bool:
        """Only DLTs count."""
        return False

    @property
    def cautions(self) -> tuple[str, ...]:
        """What a user must be told."""
        if self.selection == "block":
            return ()
        return ("A combination may be named that has no less of either drug than one that is too toxic.",)

    @cached_property
    def lambdas(self) -> tuple[float, float]:
        """λe and λd."""
        return usual_lambdas(self.target)

    @cached_property
    def rules(self) -> tuple[DoseRule, ...]:
        """Enough patients, in all or at one combination."""
        enough = EnoughPatients(self.cohort * self.cohorts)
        return (enough, EnoughAnywhere(self.n_stop)) if self.n_stop else (enough,)

    def cell(self, dose: int) -> Cell:
        """The levels of a combination's number."""
        return (dose - 1) // self.second + 1, (dose - 1) % self.second + 1

    def number(self, cell: Cell) -> int:
        """The number of a combination."""
        return (cell[0] - 1) * self.second + cell[1]

    def start(self) -> Counts:
        """Nobody is treated."""
        return nobody(self.doses)

    def step(self, state: Counts, dose: int, seen: Seen) -> Counts:
        """The counts after a cohort; what is eliminated follows from them."""
        return treated(state, dose, seen)

    def too_toxic(self, state: Counts, cell: Cell) -> bool:
        """Whether a combination's own numbers eliminate it: from three patients on."""
        n, y = state.of(self.number(cell))
        return n >= 3 and chance_above(self.target, n, y) > self.certainty

    def eliminated(self, state: Counts, cell: Cell) -> bool:
        """Whether it, or one with no more of either drug, is too toxic."""
        return any(self.too_toxic(state, (a, b)) for a in range(1, cell[0] + 1) for b in range(1, cell[1] + 1))

    def gone(self, state: Counts) -> tuple[int, ...]:
        """The numbers of the combinations that are eliminated."""
        return tuple(d for d in range(1, self.doses + 1) if self.eliminated(state, self.cell(d)))

    def verdict(self, state: Counts) -> DoseVerdict:
        """The next combination, or the end."""
        size = min(self.cohort, max(self.cohort * self.cohorts - state.patients, 1))
        if state.at == 0:
            return most_cautious(
                DoseVerdict(Give(1, size), ("The first cohort.",)), (r.asked(state, 1) for r in self.rules)
            )
        if self.too_toxic(state, (1, 1)):
            n, y = state.of(1)
            return DoseVerdict(End("too toxic", declares=False), (f"1.1, the lowest, is eliminated ({y} of {n}).",))
        to, because, bound = self._next(state)
        base = DoseVerdict(Give(self.number(to), size), because, bound)
        return most_cautious(base, (r.asked(state, self.number(to)) for r in self.rules))

    def _next(self, state: Counts) -> tuple[Cell, tuple[str, ...], tuple[str, ...]]:
        at = i, j = self.cell(state.at)
        n, y = state.of(state.at)
        low, high = self.lambdas
        if n == 0:
            return at, (f"Nobody at {i}.{j} can be counted: again.",), ()
        told = f"{y} of {n} at {i}.{j}, {y / n:.3f}"
        if y <= low * n + _HAIR:
            up = [c for c in ((i + 1, j), (i, j + 1)) if c[0] <= self.first and c[1] <= self.second]
            may = [c for c in up if self._may_go_up(state, at, c)]
            said = f"{told} ≤ λe = {low:.4f}: escalate"
            if not may:
                why = (
                    "There is no higher combination."
                    if not up
                    else "What lies above is eliminated or too toxic beside."
                )
                return at, (f"{said}.", why), ("highest dose" if not up else "eliminated",)
            return self._likelier(state, may), (f"{said} one drug; {self._words(state, may)}.",), ()
        if y >= high * n - _HAIR:
            down = [c for c in ((i - 1, j), (i, j - 1)) if min(c) >= 1]
            said = f"{told} ≥ λd = {high:.4f}: de-escalate"
            if not down:
                return at, (f"{said}.", "There is no lower combination."), ("lowest dose",)
            return self._likelier(state, down), (f"{said} one drug; {self._words(state, down)}.",), ()
        return at, (f"{told} between λe = {low:.4f} and λd = {high:.4f}: stay.",), ()

    def _may_go_up(self, state: Counts, at: Cell, to: Cell) -> bool:
        """Not eliminated, and nothing tried with the raised drug's level and no more of the other is at or above λd."""
        if self.eliminated(state, to):
            return False
        other = 1 if to[0] > at[0] else 0
        for k in range(1, to[other] + 1):
            n, y = state.of(self.number((to[0], k) if other == 1 else (k, to[1])))
            if n and y >= self.lambdas[1] * n - _HAIR:
                return False
        return True

    def _chance(self, state: Counts, cell: Cell) -> float:
        """P(λe < p < λd)."""
        n, y = state.of(self.number(cell))
        low, high = (float(betainc(0.5 + y, 0.5 + n - y, x)) for x in self.lambdas)
        return round(high - low, 12)

    def _likelier(self, state: Counts, cells: list[Cell]) -> Cell:
        # Cells come with the first drug's move before the second's.
        ranked = cells if self.tie == "first" else cells[::-1]
        return max(ranked, key=lambda c: self._chance(state, c))

    def _words(self, state: Counts, cells: list[Cell]) -> str:
        return "P(λe < rate < λd) " + ", ".join(f"{i}.{j} {self._chance(state, (i, j)):.3f}" for i, j in cells)

    def recommend(self, state: Counts) -> int:
        """The combination given whose isotonic rate is closest to the target; of equals the one with less of the second drug, then of the first."""
        if state.patients == 0 or self.too_toxic(state, (1, 1)):
            return 0
        rates = grid_rates(state.n, state.dlt, self.shape)
        found = {}
        for d, n in enumerate(state.n, 1):
            if n == 0:
                continue
            i, j = self.cell(d)
            if self.selection == "block" and self.eliminated(state, (i, j)):
                continue
            out = self.selection == "row and column" and self._beside_one_too_toxic(state, (i, j))
            rate = 1.1 if out else round(rates[d - 1], 2)
            found[d] = (abs(rate + (i + j) * 1e-5 - self.target), j, i)
        return min(found, key=lambda d: found[d], default=0)

    def _beside_one_too_toxic(self, state: Counts, cell: Cell) -> bool:
        """R's BOIN at the end: to the right of, or above in its column, the first of a row that is too toxic."""
        i, j = cell
        for a in range(1, i + 1):
            first = next((b for b in range(1, self.second + 1) if self.too_toxic(state, (a, b))), None)
            if first is not None and ((a == i and j >= first) or j == first):
                return True
        return False

    def numbers(self) -> Mapping[str, Any]:
        """The levels, the boundaries and the conventions."""
        low, high = self.lambdas
        names = ("target", "first", "second", "cohort", "cohorts", "certainty", "n_stop", "tie", "selection")
        return {**{k: getattr(self, k) for k in names}, "lambda_e": low, "lambda_d": high}

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        low, high = self.lambdas
        more = "".join(f" {r.in_words()}" for r in self.rules if not isinstance(r, EnoughPatients))
        named = "" if self.selection == "row and column" else ", not eliminated"
        return (
            f"Up to {self.cohort * self.cohorts} patients are treated in cohorts of {self.cohort} with combinations of {self.first} levels of a first and "
            f"{self.second} of a second drug, from the lowest on, by BOIN for two drugs (Lin & Yin 2017); the target DLT rate is {self.target:g}. One drug "
            f"is escalated if the DLT rate at the combination is at most {low:.4f} and de-escalated if it is at least {high:.4f}: the one of the two that "
            f"leads where the rate lies between these the more probably (prior beta(1/2, 1/2)), the {self.tie} where both do. Nobody goes up to a "
            f"combination beside which one already tried, with no more of the other drug, has a rate of at least {high:.4f}. A combination is eliminated "
            f"with all that has no less of either drug when at least 3 patients were treated there and the probability that its rate exceeds the target is "
            f"above {self.certainty:g}; if that is the lowest, the trial ends without one.{more} At the end the combination is recommended whose bivariate "
            f"isotonic estimate is closest to the target, among those given{named}."
        )


def from_spec(spec: Spec) -> BoinCombination:
    """The design that a spec states."""
    return BoinCombination(**spec.model_dump(exclude={"kind"}))
