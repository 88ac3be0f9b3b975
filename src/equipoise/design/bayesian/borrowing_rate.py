"""Two randomised arms and history: the tested rate against a control rate that borrows from historical controls.

The control's prior is made from historical arms (robust MAP, power, commensurate …); declare if the posterior probability that
the tested rate exceeds the control's is at least ``threshold``. With a first look the trial stops there if that probability
is at most ``p_low``. Behaviour is exact: both binomials are enumerated. Without drift borrowing buys power; where the true
control rate has drifted from history, the type I error moves with it, and is shown. Schmidli et al. 2014,
doi:10.1111/biom.12242.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import chain, pairwise
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from equipoise.design.bayesian.borrowing_terms import RateTerms
from equipoise.design.looks_taken import no_such_look, raised, wrong_earlier_pairs
from equipoise.design.spec import MOST_COUNT, Probability, below, between
from equipoise.design.truth import truth_of
from equipoise.numerics.borrowing.methods import Array, Borrowing, RatePrior, exceedance
from equipoise.numerics.counts.two_binomials import after_two_stages, probability, size
from equipoise.trial.decision import Action, Continue, Declare, Stop, Verdict
from equipoise.trial.design import Characteristics, Look, Quantity, Truth
from equipoise.trial.evidence import TwoArmEvidence
from equipoise.trial.exhibits import Curve, LineFigure, Mark
from equipoise.trial.problem import Problem

KIND = "borrowing-rate"
TITLE = "Randomised, control rate borrowing from history (robust MAP, power, commensurate priors)"
FAMILY = "Bayesian"
REFERENCE = "Schmidli H et al. Robust meta-analytic-predictive priors in clinical trials with historical control information. Biometrics 2014;70:1023-1032. doi:10.1111/biom.12242"
EXAMPLE = {
    "p0": 0.44, "p1": 0.62, "history_x": (40, 61, 26), "history_n": (90, 140, 60), "n_tested": 80, "n_control": 40,
    "n1_tested": 40, "n1_control": 20,
}  # fmt: skip


class Spec(RateTerms):
    """A randomised comparison that borrows from history."""

    together: ClassVar[tuple[str, ...]] = ("n1_tested", "n1_control")
    kind: Literal["borrowing-rate"]
    p1: Probability = Field(description="Rate worth finding in the tested arm; above p0.")
    n_tested: int = Field(ge=2, le=400, description="Tested patients in all.")
    n_control: int = Field(ge=1, le=400, description="Control patients in all.")
    n1_tested: int | None = Field(
        default=None, ge=1, le=MOST_COUNT, description="Tested patients at the first look (default: no look)."
    )
    n1_control: int | None = Field(default=None, ge=1, le=MOST_COUNT, description="Control patients at the first look.")

    @between("n1_tested", "n_tested")
    def _n1_tested_below_n_tested(self) -> Iterator[Problem]:
        return below(self, "n1_tested", "n_tested")

    @between("n1_control", "n_control")
    def _n1_control_below_n_control(self) -> Iterator[Problem]:
        return below(self, "n1_control", "n_control")


@dataclass(frozen=True)
class BorrowingRate:
    """Sizes, history and thresholds; the regions follow."""

    history_x: tuple[int, ...]
    history_n: tuple[int, ...]
    sizes: tuple[tuple[int, int], ...]
    borrowing: Borrowing
    threshold: float
    p_low: float
    p0: float
    p1: float
    alpha: float
    power: float

    takes = TwoArmEvidence

    @property
    def prior(self) -> RatePrior:
        """The prior of the control rate."""
        return _prior(self.borrowing, self.history_x, self.history_n)

    def exceedance(self, nx: int, ny: int) -> Array:
        """P(tested > control) after each outcome of these sizes, (nx + 1, ny + 1)."""
        return _exceedance(self.borrowing, self.history_x, self.history_n, nx, ny)

    @cached_property
    def region(self) -> Any:
        """Where the last look declares."""
        return self.exceedance(*self.sizes[-1]) >= self.threshold

    @property
    def looks(self) -> tuple[Look, ...]:
        """Looks, counted in patients of the tested arm."""
        return tuple(Look(k, nx, control_n=ny) for k, (nx, ny) in enumerate(self.sizes, 1))

    def truths(self) -> Mapping[str, Truth]:
        """Both rates p0; the tested rate p1."""
        return {"null": {"tested": self.p0, "control": self.p0}, "target": {"tested": self.p1, "control": self.p0}}

    def ends(self, px: float, py: float) -> tuple[float, float]:
        """P(stops at the first look), P(declares)."""
        if len(self.sizes) == 1:
            return 0.0, probability(self.region, px, py)
        on, declares = after_two_stages(self.exceedance(*self.sizes[0]) > self.p_low, self.region, px, py)
        return 1 - on, declares

    def characteristics(self, truth: Truth) -> Characteristics:
        """Exact behaviour; ``truth`` is {'tested': rate, 'control': rate}. ``expected_n`` counts both arms."""
        px, py = truth_of(truth, tested=(0.0, 1.0), control=(0.0, 1.0))
        pet, declares = self.ends(px, py)
        first, last = sum(self.sizes[0]), sum(self.sizes[-1])
        return Characteristics(
            f"tested {px:g}, control {py:g}", "exact enumeration of both arms, posteriors by quadrature", Quantity(declares),
            Quantity(pet), Quantity(first + (1 - pet) * (last - first)), (pet, 1 - pet) if len(self.sizes) > 1 else (1.0,),
        )  # fmt: skip

    def error_after_drift(self, drift: float) -> float:
        """The exact type I error where both true rates lie ``drift`` above p0 while history says what it says."""
        rate = min(max(self.p0 + drift, 0.0), 1.0)
        return self.ends(rate, rate)[1]

    @cached_property
    def cautions(self) -> tuple[str, ...]:
        """Where errors exceed what was asked for; what drift does."""
        found = []
        null, target = (self.characteristics(t).declare.value for t in self.truths().values())
        if null > self.alpha:
            found.append(f"The exact type I error at {self.p0:g} is {null:.4f}, above {self.alpha:g}.")
        if target < self.power:
            found.append(f"The exact power is {target:.4f}, below {self.power:g}.")
        worst, at = size(self.region, 101)
        if worst > self.alpha:
            found.append(
                f"If the true control rate is not what history says, the type I error of the last look reaches {worst:.4f} (at a rate of {at:.2f})."
            )
        return tuple(found)

    def verdict(self, evidence: TwoArmEvidence) -> Verdict:
        """First look: stop at a posterior probability of ``p_low`` or less. Last: declare at ``threshold`` or more."""
        count = len(self.sizes)
        raised(chain(no_such_look(evidence.look, count), wrong_earlier_pairs(evidence)))
        last, planned = evidence.look == count, self.sizes[evidence.look - 1]
        sizes = evidence.n, evidence.control_n
        value = float(self.exceedance(*sizes)[evidence.successes, evidence.control_successes])
        seen = (
            f"{evidence.successes} of {sizes[0]} against {evidence.control_successes} of {sizes[1]} and history "
            f"({sum(self.history_x)} of {sum(self.history_n)}): P(tested > control) = {value:.4f}"
        )
        if last:
            declares = value >= self.threshold
            action: Action = (
                Declare("a higher rate than with the control") if declares else Stop("no higher rate was shown")
            )
            because, bound = f"{seen}; {self.threshold:g} is needed.", self.threshold
        else:
            action = Continue() if value > self.p_low else Stop("futility")
            because, bound = f"{seen}; more than {self.p_low:g} is needed to go on.", self.p_low
        cautions = () if sizes == planned else (self._at(evidence, sizes),)
        return Verdict(action, (because,), value - bound, "posterior probability above the bound", cautions)

    def _at(self, evidence: TwoArmEvidence, sizes: tuple[int, int]) -> str:
        """The caution for a look on other numbers: the bound is the same probability, and the errors from these numbers on."""
        look = evidence.look
        planned, before = self.sizes[look - 1], evidence.earlier or self.sizes[: look - 1]
        attained = replace(self, sizes=(*before, sizes, *self.sizes[look:]))
        said = (
            f"{sizes[0]} and {sizes[1]} patients, {planned[0]} and {planned[1]} were planned: the posterior is of these numbers, its bound "
            "the same."
        )
        if any(b < a for one, two in pairwise(attained.sizes) for a, b in zip(one, two, strict=True)):
            return said
        null, target = (attained.ends(t["tested"], t["control"])[1] for t in self.truths().values())
        return f"{said} With them the exact type I error at {self.p0:g} is {null:.4f} and the power {target:.4f}."

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        null, target = (self.characteristics(t) for t in self.truths().values())
        nx, ny = self.sizes[-1]
        arms = ", ".join(f"{x} of {n}" for x, n in zip(self.history_x, self.history_n, strict=True))
        first = ""
        if len(self.sizes) > 1:
            a, b = self.sizes[0]
            first = f" After {a} tested and {b} control patients the trial stops for futility if that probability is at most {self.p_low:g}."
        return (
            f"The tested arm is compared with randomised controls whose rate borrows from historical arms ({arms} successes) by "
            f"{self.borrowing}: {self.prior.effective_size()}. With {nx} tested and {ny} control patients a higher rate is "
            f"declared if its posterior probability is at least {self.threshold:g}.{first} The exact type I error is {null.declare.value:.4f} "
            f"where both rates are {100 * self.p0:g}%, {self.error_after_drift(0.1):.4f} where both have drifted up and "
            f"{self.error_after_drift(-0.1):.4f} where both have drifted down by 10 points. The exact power at {100 * self.p1:g}% is "
            f"{target.declare.value:.4f}. {null.expected_n.value:.1f} patients are expected under the null hypothesis."
        )

    def numbers(self) -> Mapping[str, float | int | str]:
        """Sizes, what the prior is worth, exact errors with and without drift."""
        null, target = (self.characteristics(t) for t in self.truths().values())
        worth = self.prior.effective_size()
        return {
            "sizes": ", ".join(f"{a} + {b}" for a, b in self.sizes), "prior_mean": self.prior.mean, "prior_sd": self.prior.sd,
            "worth_patients": worth.best, "worth_by_moments": worth.moment, "alpha": null.declare.value,
            "alpha_drift_up_0.1": self.error_after_drift(0.1), "alpha_drift_down_0.1": self.error_after_drift(-0.1),
            "power": target.declare.value, "pet0": null.stop_early.value, "en0": null.expected_n.value,
            "en1": target.expected_n.value,
        }  # fmt: skip

    def curve(self) -> LineFigure:
        """Type I error and power against the true control rate: what drift does."""
        rates = np.linspace(max(self.p0 - 0.3, 0.01), min(self.p0 + 0.3, 0.99), 61).tolist()
        gain = self.p1 - self.p0
        curves = [
            Curve("Type I error: both rates the same", rates, [self.ends(p, p)[1] for p in rates]),
            Curve(
                f"Power: tested arm better by {gain:.2f}", rates, [self.ends(min(p + gain, 1.0), p)[1] for p in rates]
            ),
        ]
        return LineFigure(
            "Operating characteristics, exact", "True control rate", "Probability of declaring", curves,
            [Mark(f"history {self.prior.mean:.3f}", x=self.prior.mean)],
            caption="Exact enumeration of both arms. Away from what history says, the error moves with the drift.",
            y_range=(0.0, 1.0),
        )  # fmt: skip


@lru_cache(maxsize=64)
def _prior(borrowing: Borrowing, x: tuple[int, ...], n: tuple[int, ...]) -> RatePrior:
    return borrowing.rate_prior(x, n)


@lru_cache(maxsize=64)
def _exceedance(borrowing: Borrowing, x: tuple[int, ...], n: tuple[int, ...], nx: int, ny: int) -> Array:
    return exceedance(nx, ny, _prior(borrowing, x, n))


def from_spec(spec: Spec) -> BorrowingRate:
    """The design that a spec states."""
    last = (spec.n_tested, spec.n_control)
    first = (spec.n1_tested, spec.n1_control)
    sizes = (last,) if first[0] is None or first[1] is None else ((first[0], first[1]), last)
    return BorrowingRate(
        spec.history_x, spec.history_n, sizes, spec.borrowing, spec.threshold, spec.p_low, spec.p0, spec.p1, spec.alpha,
        spec.power,
    )  # fmt: skip
