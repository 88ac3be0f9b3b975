"""Jung's randomised two-stage design with a concurrent control, at any allocation.

With a : b allocation, stage k ends with a·m_k tested patients (X_k successes) and b·m_k controls (Y_k). The statistic is
D = b·X - a·Y, that is a·b·m times the difference of the two rates. Stop after stage one with D1 < a1; at the end
reject with D ≥ c. The null hypothesis is that both rates are p0, the alternative that the tested one is p1. Jung 2008,
doi:10.1002/sim.2707, with 1:1 in the paper's tables. D is a sum over the stages, so both errors are sums over one count.
As in the paper alpha is kept where both rates are p0; the largest error at any common rate is shown beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from equipoise.design.earlier import two_arm_problems
from equipoise.design.one_rate.simon_search import smallest_n
from equipoise.design.randomised.allocation import Allocated, parse
from equipoise.design.spec import Hypotheses, Probability, between, first_stage, no_design
from equipoise.design.truth import truth_of
from equipoise.numerics.counts.binomial import pmf
from equipoise.numerics.counts.two_binomials import Region, at_the_end
from equipoise.trial.decision import Action, Continue, Declare, Stop, Verdict
from equipoise.trial.design import Characteristics, Look, Quantity, Truth
from equipoise.trial.evidence import TwoArmEvidence
from equipoise.trial.problem import BadInput, Problem

KIND = "jung"
TITLE = "Randomised, two stages, against a concurrent control (Jung)"
FAMILY = "randomised phase II"
REFERENCE = (
    "Jung SH. Randomized phase II trials with a prospective control. Stat Med 2008;27:568-583. doi:10.1002/sim.2707"
)
EXAMPLE = {"p0": 0.10, "p1": 0.30, "alpha": 0.10, "power": 0.80}
_EPSILON = 1e-11


class Spec(Allocated, Hypotheses):
    """Jung's design: searched, or its sizes and boundaries stated as published."""

    together: ClassVar[tuple[str, ...]] = ("n1", "n", "a1", "a")
    kind: Literal["jung"]
    p0: Probability = Field(description="Rate with the control treatment.")
    p1: Probability = Field(description="Rate worth finding in the tested arm; above p0.")
    alpha: Probability = Field(description="One-sided type I error where both rates are p0.")
    power: Probability = Field(description="Power at p1 against p0.")
    criterion: Literal["optimal", "minimax"] = Field(default="optimal", description="Least EN(p0), or least n first.")
    nmax: int = Field(default=400, ge=4, le=800, description="Largest number of patients in all, both arms.")
    n1: int | None = Field(default=None, ge=1, le=800, description="Stated: tested patients of the first stage.")
    n: int | None = Field(default=None, ge=2, le=800, description="Stated: tested patients in all.")
    a1: int | None = Field(default=None, ge=-640000, le=640000, description="Stated: go on with D of a1 or more.")
    a: int | None = Field(default=None, ge=-640000, le=640000, description="Stated: reject with D of a or more.")
    least_gap: int = Field(
        default=1, ge=1, le=400, description="Least tested patients between the stages, in the search."
    )

    @between("n1", "n")
    def _n1_below_n(self) -> Iterator[Problem]:
        return first_stage(self, "n1", "n")

    @between("allocation", "n1", "n")
    def _sizes_are_multiples(self) -> Iterator[Problem]:
        ratio = parse(self.allocation)
        for name in ("n1", "n"):
            value = getattr(self, name)
            if ratio is not None and value is not None and value % ratio[0]:
                yield Problem("allocation", name, str(value), f"a multiple of {ratio[0]}, as the allocation has it")


def _distribution(m: int, tested: int, control: int, px: float, py: float) -> NDArray[np.float64]:
    """P(D = d) for d = -tested·control·m … tested·control·m: D = control·X - tested·Y."""
    x = np.zeros(tested * control * m + 1)
    x[::control] = pmf(tested * m, px)
    y = np.zeros(tested * control * m + 1)
    y[::tested] = pmf(control * m, py)
    return np.convolve(x, y[::-1])


_kept = lru_cache(maxsize=4096)(_distribution)


@dataclass(frozen=True)
class Attained:
    """The final boundary at numbers attained, of ny·X - nx·Y, with its exact type I error at p0 and power at p1."""

    c: int
    alpha: float
    power: float


@dataclass(frozen=True)
class JungTwoStage:
    """Sizes m1 and m in units of the allocation, boundaries of D, and what was asked for."""

    a1: int
    m1: int
    c: int
    m: int
    tested: int
    control: int
    p0: float
    p1: float
    alpha: float
    power: float

    takes = TwoArmEvidence

    @property
    def looks(self) -> tuple[Look, ...]:
        """Two looks, counted in patients of the tested arm."""
        return tuple(Look(k, self.tested * m, control_n=self.control * m) for k, m in enumerate((self.m1, self.m), 1))

    def truths(self) -> Mapping[str, Truth]:
        """Both rates p0; the tested rate p1."""
        return {
            "null": {"tested": self.p0, "control": self.p0},
            "target": {"tested": self.p1, "control": self.p0},
        }

    def _ends(self, px: float, py: float) -> tuple[float, float]:
        """P(stops after stage one), P(rejects)."""
        s = self.tested * self.control
        first = _kept(self.m1, self.tested, self.control, px, py)
        second = _kept(self.m - self.m1, self.tested, self.control, px, py)
        d1 = np.arange(-s * self.m1, s * self.m1 + 1)
        upper = np.concatenate([np.cumsum(second[::-1])[::-1], [0.0]])  # P(D2 ≥ i - span)
        need = np.clip(self.c - d1 + s * (self.m - self.m1), 0, len(second))
        on = d1 >= self.a1
        return float(first[~on].sum()), float((first * upper[need])[on].sum())

    def characteristics(self, truth: Truth) -> Characteristics:
        """Exact behaviour; ``truth`` is {'tested': rate, 'control': rate}. ``expected_n`` counts both arms."""
        px, py = truth_of(truth, tested=(0.0, 1.0), control=(0.0, 1.0))
        pet, reject = self._ends(px, py)
        arms = self.tested + self.control
        return Characteristics(
            f"tested {px:g}, control {py:g}", "exact enumeration of both arms", Quantity(reject), Quantity(pet),
            Quantity(arms * (self.m1 + (1 - pet) * (self.m - self.m1))), (pet, 1 - pet),
        )  # fmt: skip

    @cached_property
    def largest_error(self) -> tuple[float, float]:
        """The largest type I error at any common rate, and that rate: on a grid of 0.005, then refined."""
        from scipy.optimize import minimize_scalar

        grid = np.linspace(0.005, 0.995, 199)
        errors = [self._ends(p, p)[1] for p in grid]
        at = grid[int(np.argmax(errors))]
        found = minimize_scalar(
            lambda p: -self._ends(p, p)[1], bounds=(at - 0.005, at + 0.005), method="bounded", options={"xatol": 1e-7}
        )
        return max((-float(found.fun), float(found.x)), (float(max(errors)), float(at)))

    @cached_property
    def cautions(self) -> tuple[str, ...]:
        """Where another common rate than p0 would break alpha."""
        found = []
        null, target = (self.characteristics(self.truths()[k]).declare.value for k in ("null", "target"))
        if null > self.alpha:
            found.append(f"The exact type I error is {null:.4f}, above the stated alpha of {self.alpha:g}.")
        if target < self.power:
            found.append(f"The exact power is {target:.4f}, below the stated {self.power:g}.")
        worst, at = self.largest_error
        if worst <= self.alpha or null > self.alpha:
            return tuple(found)
        return (
            *found,
            f"Alpha is kept where both rates are {self.p0:g}. If the common rate were {at:.3f} the exact type I error would be {worst:.4f}.",
        )

    def verdict(self, evidence: TwoArmEvidence) -> Verdict:
        """Look 1: go on with D1 ≥ a1. Look 2: reject with D ≥ c.

        At other numbers than planned the difference of the two rates takes the place of D. Look 1 asks for the same difference
        as planned; look 2 for the least one that keeps alpha exactly, given what both looks were really taken on (Jung's own
        search at the numbers attained).
        """
        problems = two_arm_problems(evidence.look, evidence.n, evidence.control_n, evidence.earlier)
        if evidence.look not in (1, 2):
            problems.append(Problem("no-such-look", "look", str(evidence.look), "1 or 2"))
        if problems:
            raise BadInput("evidence", problems)
        m, bound = (self.m1, self.a1) if evidence.look == 1 else (self.m, self.c)
        planned = self.tested * m, self.control * m
        first = self.tested * self.m1, self.control * self.m1
        before = evidence.earlier[0] if evidence.earlier else first
        if (evidence.n, evidence.control_n) != planned or (evidence.look == 2 and before != first):
            return self._off_plan(evidence, before if evidence.look == 2 else None)
        d = self.control * evidence.successes - self.tested * evidence.control_successes
        because = (
            f"{evidence.successes} of {planned[0]} against {evidence.control_successes} of {planned[1]}: D = "
            f"{self.control}·X - {self.tested}·Y = {d}; {bound} or more is needed."
        )
        action = self._action(evidence.look, d >= bound)
        return Verdict(action, (because,), d - bound + 1, "steps of D above the boundary")

    def _action(self, look: int, good: bool) -> Action:
        if look == 1:
            return Continue() if good else Stop("futility")
        return Declare("a higher rate than with the control") if good else Stop("no higher rate was shown")

    def _goes_on(self, nx: int, ny: int) -> Region:
        """Where look 1 goes on with ``nx`` tested and ``ny`` control patients: the difference of rates is no less than planned."""
        s = self.tested * self.control * self.m1
        x, y = np.arange(nx + 1)[:, None], np.arange(ny + 1)[None, :]
        return np.asarray(s * (ny * x - nx * y) >= self.a1 * nx * ny)

    def attained(self, first: tuple[int, int], last: tuple[int, int]) -> Attained:
        """The final boundary with ``first`` and ``last`` (tested, control) patients really looked at: the least ny·X - nx·Y whose
        exact error where both rates are p0 is within alpha (or within the plan's own error, if that is larger).

        A first look said to be on more than the last is left out: it cannot have been, and without it no boundary is too low.
        """
        nx, ny = last
        on = self._goes_on(*first) if first[0] <= nx and first[1] <= ny else np.ones((1, 1), dtype=bool)
        alpha = max(self.alpha, self._ends(self.p0, self.p0)[1])
        (_, null), (_, target) = (at_the_end(on, last, p, self.p0) for p in (self.p0, self.p1))
        d = ny * np.arange(nx + 1)[:, None] - nx * np.arange(ny + 1)[None, :]
        values, index = np.unique(d, return_inverse=True)
        beyond = np.cumsum(np.bincount(index.ravel(), null.ravel())[::-1])[::-1]
        kept = beyond <= alpha
        c = int(values[int(np.argmax(kept))]) if kept.any() else int(values[-1]) + 1
        return Attained(c, float(null[d >= c].sum()), float(target[d >= c].sum()))

    def _off_plan(self, evidence: TwoArmEvidence, before: tuple[int, int] | None) -> Verdict:
        """The verdict at other numbers than planned; ``before``: those of the first look, at the second."""
        nx, ny = evidence.n, evidence.control_n
        m = self.m if before else self.m1
        d = ny * evidence.successes - nx * evidence.control_successes
        seen = f"{evidence.successes} of {nx} against {evidence.control_successes} of {ny}: a difference of {d / (nx * ny):+.4f}"
        said = f"{nx} and {ny} patients, {self.tested * m} and {self.control * m} were planned"
        planned = (self.a1 if before is None else self.c) / (self.tested * self.control * m)
        if before is None:
            good = bool(self._goes_on(nx, ny)[evidence.successes, evidence.control_successes])
            least, caution = planned, f"{said}: the difference of rates that is needed to go on stays {planned:+.4f}."
        else:
            found = self.attained(before, (nx, ny))
            good, least = d >= found.c, found.c / (nx * ny)
            caution = (
                f"{said}, after {before[0]} and {before[1]} at the first look ({self.tested * self.m1} and "
                f"{self.control * self.m1} planned): the difference of rates that is needed is recomputed from these, {least:+.4f} "
                f"instead of {planned:+.4f}, with exact type I error {found.alpha:.4f} and power {found.power:.4f}."
            )
        because = f"{seen}; {least:+.4f} or more is needed."
        action = self._action(evidence.look, good)
        return Verdict(action, (because,), d / (nx * ny) - least, "difference of rates above the boundary", (caution,))

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        null, target = (self.characteristics(self.truths()[k]) for k in ("null", "target"))
        a, b = self.tested, self.control
        difference = "X - Y" if a == b == 1 else f"{b}·X - {a}·Y" if b > 1 else f"X - {a}·Y"
        worst, at = self.largest_error
        return (
            f"Patients are randomised {a}:{b} to the tested and the control arm. With X and Y successes, D = {difference}. After "
            f"{a * self.m1} tested and {b * self.m1} control patients the trial stops for futility if D is below {self.a1}. "
            f"After {a * self.m} and {b * self.m} the null hypothesis of equal rates is rejected if D is {self.c} or more. If both "
            f"rates are {100 * self.p0:g}% the exact one-sided type I error is {null.declare.value:.4f} (at most {worst:.4f} at any common "
            f"rate, near {at:.2f}), the trial stops early with probability {null.stop_early.value:.4f} and expects "
            f"{null.expected_n.value:.1f} patients in both arms; if the tested rate is {100 * self.p1:g}% the exact power is "
            f"{target.declare.value:.4f} (Jung 2008)."
        )

    def numbers(self) -> Mapping[str, float | int | str]:
        """Sizes by arm, boundaries and exact errors."""
        null, target = (self.characteristics(self.truths()[k]) for k in ("null", "target"))
        return {
            "n1_tested": self.tested * self.m1, "n1_control": self.control * self.m1, "a1": self.a1,
            "n_tested": self.tested * self.m, "n_control": self.control * self.m, "a": self.c,
            "boundaries": f"D ≥ {self.a1} at {self.tested * self.m1}+{self.control * self.m1}, D ≥ {self.c} at {self.tested * self.m}+{self.control * self.m}",
            "alpha": null.declare.value, "largest_alpha": self.largest_error[0], "power": target.declare.value,
            "pet0": null.stop_early.value, "en0": null.expected_n.value, "en1": target.expected_n.value,
        }  # fmt: skip


def search(
    p0: float, p1: float, alpha: float, power: float, allocation: tuple[int, int] = (1, 1),
    criterion: Literal["optimal", "minimax"] = "optimal", nmax: int = 400, least_gap: int = 1,
) -> JungTwoStage:  # fmt: skip
    """Least EN(p0), or least n and then least EN(p0). Raises BadInput with all problems, or if nothing up to ``nmax`` will do.

    The first m is the least at which the most powerful test, which would know the control's rate, reaches the power. The
    search ends where n1 + (1 - PETmax(n1)) (n - n1) exceeds the best for every n1.
    """
    Spec.read({"p0": p0, "p1": p1, "alpha": alpha, "power": power, "criterion": criterion, "nmax": nmax})
    a, b = allocation
    known = smallest_n(p0, p1, alpha, power, max(a * nmax, 2))
    first = max(2, -(-(known or nmax) // a))
    best: JungTwoStage | None = None
    least = np.inf
    for m in range(first, nmax // (a + b) + 1):
        m1s = np.arange(1, m + 1 - max(1, -(-least_gap // a)))  # the stages are so far apart
        if not len(m1s):
            continue
        pets = np.array([_pet_max(int(k), a, b, p0, p1, power)[0] for k in m1s])
        bound = m1s + (1 - pets) * (m - m1s)
        if best is not None and bound.min() >= least - _EPSILON:
            break
        for i in np.argsort(bound, kind="stable"):
            if bound[i] >= least - _EPSILON:
                break
            found = _best_of_sizes(int(m1s[i]), m, a, b, (p0, p1, alpha, power), least)
            if found is not None:
                best, least = found
        if best is not None and criterion == "minimax":
            break
    if best is None:
        nothing = f"no design up to {nmax} patients in both arms has power {power:g} at alpha {alpha:g}"
        raise no_design(nmax, nothing, "raise nmax, alpha or p1, or ask for less power")
    return best


def _upper(distribution: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([np.cumsum(distribution[::-1])[::-1], [0.0]])


@lru_cache(maxsize=4096)
def _pet_max(m1: int, a: int, b: int, p0: float, p1: float, power: float) -> tuple[float, int]:
    """The largest PET(p0) that keeps P(D1 ≥ a1 | p1) ≥ power, and that a1 as an index into D1's values."""
    index = int((_upper(_kept(m1, a, b, p1, p0)) >= power).sum()) - 1
    return float(_kept(m1, a, b, p0, p0)[:index].sum()), index


def _best_of_sizes(
    m1: int, m: int, a: int, b: int, hypotheses: tuple[float, float, float, float], least: float
) -> tuple[JungTwoStage, float] | None:
    """The best a1 and c for given sizes if EN(p0), in units of the allocation, is below ``least``."""
    p0, p1, alpha, power = hypotheses
    s, last = a * b, _pet_max(m1, a, b, p0, p1, power)[1]
    first = [_kept(m1, a, b, p, p0) for p in (p0, p1)]
    second = [_upper(_kept(m - m1, a, b, p, p0)) for p in (p0, p1)]
    below = np.concatenate([[0.0], np.cumsum(first[0])])[: last + 1]  # PET for a1 at index i
    expected = m1 + (1 - below) * (m - m1)
    open_cells = expected < least - _EPSILON
    if not open_cells.any():
        return None
    d1 = np.arange(-s * m1, s * m1 + 1)
    whole = _upper(_kept(m, a, b, p1, p0))
    best: tuple[JungTwoStage, float] | None = None
    done = np.zeros_like(open_cells)
    for c in range(int((whole >= power).sum()) - 1 - s * m, -s * m - 1, -1):
        need = np.clip(c - d1 + s * (m - m1), 0, len(second[0]) - 1)
        size, reach = (np.cumsum((f * u[need])[::-1])[::-1][: last + 1] for f, u in zip(first, second, strict=True))
        keeps = open_cells & ~done & (size <= alpha)
        if not keeps.any():
            break
        good = keeps & (reach >= power)
        done |= good
        if good.any():
            cost = np.where(good, expected, np.inf)
            i = int(np.argmin(cost))
            if best is None or cost[i] < best[1] - _EPSILON:
                best = JungTwoStage(i - s * m1, m1, c, m, a, b, *hypotheses), float(cost[i])
    return best


def from_spec(spec: Spec) -> JungTwoStage:
    """The design that a spec states. Raises BadInput if nothing up to ``nmax`` will do."""
    hypotheses = (spec.p0, spec.p1, spec.alpha, spec.power)
    if spec.n1 is None or spec.n is None or spec.a1 is None or spec.a is None:
        return search(*hypotheses, spec.ratio, spec.criterion, spec.nmax, spec.least_gap)
    tested, control = spec.ratio
    return JungTwoStage(spec.a1, spec.n1 // tested, spec.a, spec.n // tested, tested, control, *hypotheses)
