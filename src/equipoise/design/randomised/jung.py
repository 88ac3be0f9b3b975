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
from itertools import chain
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from equipoise.design.looks_taken import no_such_look, raised, wrong_earlier_pairs
from equipoise.design.one_rate.simon_search import smallest_n
from equipoise.design.randomised.allocation import Allocated, in_ratio, parse
from equipoise.design.spec import MOST_COUNT, Error, Hypotheses, Power, Probability, between, first_stage, no_design
from equipoise.design.stated import ROUNDING, Searched, Spaced, missed
from equipoise.design.truth import truth_of
from equipoise.numerics.counts.binomial import pmf
from equipoise.numerics.counts.two_binomials import two_stage_counts
from equipoise.trial.decision import Action, Continue, Declare, Stop, Verdict
from equipoise.trial.design import Characteristics, Look, Quantity, Truth
from equipoise.trial.evidence import TwoArmEvidence
from equipoise.trial.problem import Problem

KIND = "jung"
TITLE = "Randomised, two stages, against a concurrent control (Jung)"
FAMILY = "randomised phase II"
REFERENCE = (
    "Jung SH. Randomized phase II trials with a prospective control. Stat Med 2008;27:568-583. doi:10.1002/sim.2707"
)
EXAMPLE = {"p0": 0.10, "p1": 0.30, "alpha": 0.10, "power": 0.80}
_EPSILON = 1e-11
#: D is never further from 0: up to 800 patients of either arm.
MOST_D = 800 * 800


class Spec(Searched, Spaced, Allocated, Hypotheses):
    """Jung's design, searched, or stated as it was published."""

    published: ClassVar[tuple[str, ...]] = ("n1_tested", "a1", "n_tested", "a")
    kind: Literal["jung"]
    p0: Probability = Field(description="Rate with the control treatment.")
    p1: Probability = Field(description="Rate worth finding in the tested arm; above p0.")
    alpha: Error = Field(description="One-sided type I error where both rates are p0.")
    power: Power = Field(description="Power at p1 against p0.")
    criterion: Literal["optimal", "minimax"] = Field(default="optimal", description="Least EN(p0), or least n first.")
    nmax: int = Field(default=400, ge=4, le=800, description="Largest number of patients in all, both arms.")
    n1_tested: int | None = Field(
        default=None,
        ge=1,
        le=MOST_COUNT,
        description="Stated: tested patients of the first stage; controls by the allocation.",
    )
    a1: int | None = Field(
        default=None, ge=-MOST_D, le=MOST_D, description="Stated: go on with D ≥ a1 after the first stage."
    )
    n_tested: int | None = Field(default=None, ge=2, le=800, description="Stated: tested patients in all.")
    a: int | None = Field(default=None, ge=-MOST_D, le=MOST_D, description="Stated: reject with D ≥ a at the end.")

    @between("n1_tested", "n_tested")
    def _n1_below_n(self) -> Iterator[Problem]:
        return first_stage(self, "n1_tested", "n_tested")

    @between("allocation", "n1_tested", "n_tested")
    def _sizes_are_in_ratio(self) -> Iterator[Problem]:
        return in_ratio(self.allocation, {"n1_tested": self.n1_tested, "n_tested": self.n_tested})

    @between("allocation", "n1_tested", "a1", "n_tested", "a")
    def _boundaries_are_in_reach(self) -> Iterator[Problem]:
        control = (parse(self.allocation) or (1, 1))[1]
        for name, size in (("a1", self.n1_tested), ("a", self.n_tested)):
            value = getattr(self, name)
            if value is not None and size is not None and abs(value) > control * size:
                yield Problem("out-of-range", name, str(value), f"{-control * size} to {control * size}: D is no other")


def _distribution(m: int, tested: int, control: int, px: float, py: float) -> NDArray[np.float64]:
    """P(D = d) for d = -tested·control·m … tested·control·m: D = control·X - tested·Y."""
    x = np.zeros(tested * control * m + 1)
    x[::control] = pmf(tested * m, px)
    y = np.zeros(tested * control * m + 1)
    y[::tested] = pmf(control * m, py)
    return np.convolve(x, y[::-1])


_kept = lru_cache(maxsize=4096)(_distribution)


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
        worst, at = self.largest_error
        null, target = (self.characteristics(t).declare.value for t in self.truths().values())
        unkept = missed(null, self.alpha, target, self.power, f"at {self.p1:g} against {self.p0:g}")
        if worst <= self.alpha:
            return unkept
        if null > self.alpha * (1 + ROUNDING):
            return (*unkept, f"If the common rate were {at:.3f} the exact type I error would be {worst:.4f}.")
        return (
            *unkept,
            f"Alpha is kept where both rates are {self.p0:g}. If the common rate were {at:.3f} the exact type I error would be {worst:.4f}.",
        )

    def verdict(self, evidence: TwoArmEvidence) -> Verdict:
        """Look 1: go on with D1 ≥ a1. Look 2: reject with D ≥ c.

        On other numbers than planned, or after a first look on others, the boundaries are those of ``Unplanned``. Raises BadInput
        for no such look, and for earlier looks that cannot have been.
        """
        raised(chain(no_such_look(evidence.look, 2), wrong_earlier_pairs(evidence)))
        m, bound = (self.m1, self.a1) if evidence.look == 1 else (self.m, self.c)
        planned = self.tested * m, self.control * m
        first = self.tested * self.m1, self.control * self.m1
        if (evidence.n, evidence.control_n) != planned or evidence.earlier not in ((), (first,)):
            return self._unplanned(evidence)
        d = self.control * evidence.successes - self.tested * evidence.control_successes
        because = (
            f"{evidence.successes} of {planned[0]} against {evidence.control_successes} of {planned[1]}: D = "
            f"{self.control}·X - {self.tested}·Y = {d}; {bound} or more is needed."
        )
        good: Action = Continue() if evidence.look == 1 else Declare("a higher rate than with the control")
        bad = Stop("futility" if evidence.look == 1 else "no higher rate was shown")
        return Verdict(good if d >= bound else bad, (because,), d - bound + 1, "steps of D above the boundary")

    def _unplanned(self, evidence: TwoArmEvidence) -> Verdict:
        n, controls = evidence.n, evidence.control_n
        first = (evidence.earlier or ((self.tested * self.m1, self.control * self.m1),))[-1]
        at = Unplanned.of(self, first, (n, controls))
        d = controls * evidence.successes - n * evidence.control_successes
        seen = f"{evidence.successes} of {n} against {evidence.control_successes} of {controls}"
        if evidence.look == 1:
            bound = self.a1 * n * controls / (self.tested * self.control * self.m1)
            good, bad = d >= bound - _EPSILON * max(1, n * controls), Stop("futility")
            need = self.a1 / (self.tested * self.control * self.m1)
            action: Action = Continue() if good else bad
            caution = (
                f"{n} and {controls} patients, {self.tested * self.m1} and {self.control * self.m1} were planned: the first look's boundary "
                f"is the planned one as a difference of the rates, {need:+.4f}."
            )
        else:
            bound = at.c
            action = Declare("a higher rate than with the control") if d >= bound else Stop("no higher rate was shown")
            need = bound / max(n * controls, 1)
            caution = at.caution(self, first)
        low = max(n * controls, 1)
        because = f"{seen}: a difference of the rates of {d / low:+.4f}; {need:+.4f} or more is needed."
        return Verdict(action, (because,), (d - bound) / low, "difference of the rates above the boundary", (caution,))

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


@dataclass(frozen=True)
class Unplanned:
    """The last boundary at any numbers: reject with D = controls·X - tested·Y ≥ c, n·controls times the difference of the rates.

    c is the least at which P(went on, D ≥ c) is within alpha where both rates are p0, exactly, given what the first look was on. Where
    the plan does not keep its own alpha, that of the plan is kept instead. ``size`` and ``power`` are what is then reached.
    """

    c: int
    size: float
    power: float
    n: tuple[int, int]

    @classmethod
    def of(cls, plan: JungTwoStage, first: tuple[int, int], n: tuple[int, int]) -> Unplanned:
        """With these patients of both arms at the end, and ``first`` at the first look."""
        n1 = (min(first[0], n[0]), min(first[1], n[1]))
        x, y = np.arange(n1[0] + 1)[:, None], np.arange(n1[1] + 1)[None, :]
        gap, scale = n1[1] * x - n1[0] * y, plan.tested * plan.control * plan.m1
        goes_on = np.asarray(gap * scale >= plan.a1 * n1[0] * n1[1])
        alpha = max(plan.alpha, plan.characteristics(plan.truths()["null"]).declare.value)
        null, target = (two_stage_counts(goes_on, *n, p, plan.p0)[1] for p in (plan.p0, plan.p1))
        d = n[1] * np.arange(n[0] + 1)[:, None] - n[0] * np.arange(n[1] + 1)[None, :]
        values, at = np.unique(d, return_inverse=True)
        tail = np.cumsum(np.bincount(at.ravel(), null.ravel())[::-1])[::-1]
        keeps = np.flatnonzero(tail <= alpha * (1 + _EPSILON))
        c = int(values[keeps[0]]) if len(keeps) else int(values[-1]) + 1
        return cls(c, float(null[d >= c].sum()), float(target[d >= c].sum()), n)

    def caution(self, plan: JungTwoStage, first: tuple[int, int]) -> str:
        """What was recomputed, and from what."""
        m, m1 = plan.m, plan.m1
        return (
            f"{self.n[0]} and {self.n[1]} patients, {plan.tested * m} and {plan.control * m} were planned; the first look was on {first[0]} and "
            f"{first[1]} ({plan.tested * m1} and {plan.control * m1} planned): the last boundary is recomputed exactly from these, with type I "
            f"error {self.size:.4f} where both rates are {plan.p0:g} and power {self.power:.4f}."
        )


def search(
    p0: float, p1: float, alpha: float, power: float, allocation: tuple[int, int] = (1, 1),
    criterion: Literal["optimal", "minimax"] = "optimal", nmax: int = 400, least_gap: int = 1,
) -> JungTwoStage:  # fmt: skip
    """Least EN(p0), or least n and then least EN(p0), with ``least_gap`` patients or more, of both arms, in the second stage. Raises BadInput with all problems, or if nothing up to ``nmax`` will do.

    The first m is the least at which the most powerful test, which would know the control's rate, reaches the power. The
    search ends where n1 + (1 - PETmax(n1)) (n - n1) exceeds the best for every n1.
    """
    Spec.read({"p0": p0, "p1": p1, "alpha": alpha, "power": power, "criterion": criterion, "nmax": nmax})
    a, b = allocation
    gap = -(-least_gap // (a + b))
    known = smallest_n(p0, p1, alpha, power, max(a * nmax, 2))
    first = max(2, -(-(known or nmax) // a))
    best: JungTwoStage | None = None
    least = np.inf
    for m in range(first, nmax // (a + b) + 1):
        m1s = np.arange(1, m)
        pets = np.array([_pet_max(int(k), a, b, p0, p1, power)[0] for k in m1s])
        bound = m1s + (1 - pets) * (m - m1s)
        if best is not None and bound.min() >= least - _EPSILON:
            break
        for i in np.argsort(bound, kind="stable"):
            if bound[i] >= least - _EPSILON:
                break
            if m - m1s[i] < gap:
                continue
            found = _best_of_sizes(int(m1s[i]), m, a, b, (p0, p1, alpha, power), least)
            if found is not None:
                best, least = found
        if best is not None and criterion == "minimax":
            break
    if best is None:
        nothing = f"no design up to {nmax} patients in both arms has power {power:g} at alpha {alpha:g}{_nearest(a, b, nmax, p0, p1, alpha)}"
        raise no_design(nmax, nothing, "raise nmax, alpha or p1, or ask for less power")
    return best


def _nearest(a: int, b: int, nmax: int, p0: float, p1: float, alpha: float) -> str:
    """What comes nearest: the largest power in one stage with alpha kept where both rates are p0."""
    found = (0.0, 0)
    for m in range(2, nmax // (a + b) + 1):
        size, reach = (_upper(_kept(m, a, b, p, p0)) for p in (p0, p1))
        found = max(found, (float(reach[int(np.argmax(size <= alpha))]), (a + b) * m))
    return f"; n = {found[1]} comes nearest, with {found[0]:.4f} in one stage" if found[1] else ""


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
    n1, a1, n, a = spec.n1_tested, spec.a1, spec.n_tested, spec.a
    if not spec.are_stated or n1 is None or a1 is None or n is None or a is None:
        return search(*hypotheses, spec.ratio, spec.criterion, spec.nmax, spec.least_gap)
    tested, control = spec.ratio
    return JungTwoStage(a1, n1 // tested, a, n // tested, tested, control, *hypotheses)
