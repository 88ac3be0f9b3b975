"""One arm against a control rate that only history knows: no concurrent controls, and the doubt about history in the rule.

The control's rate has a prior made from historical arms (robust MAP, power, commensurate …), the tested rate a beta one. At the
last look: declare if P(tested rate > control rate + delta | data) ≥ threshold; with a first look the trial stops there if that
probability is at most ``p_low``. Both are boundaries on a count, so that behaviour is exact. There is no control to see a drift:
the prior is never updated, and the type I error at each true control rate is the design's own at that rate. *Averaged over
history* is its mean over the prior. Neuenschwander et al. 2010, doi:10.1177/1740774509356002; Thall & Simon 1994,
doi:10.2307/2533377, with a beta prior.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field
from scipy.special import expit, gammaln, logit

from equipoise.design.bayesian.borrowing_terms import RateTerms
from equipoise.design.one_rate.stated_boundaries import Boundaries, RuledOrStated, StatedBoundaries
from equipoise.design.spec import MOST_COUNT, between, first_stage
from equipoise.numerics.borrowing import logit_grid
from equipoise.numerics.borrowing.methods import Array, Borrowing, Method, RatePrior, exceedance
from equipoise.numerics.sequential.staged_binomial import Stages, path_counts
from equipoise.trial.decision import Verdict
from equipoise.trial.evidence import Evidence
from equipoise.trial.exhibits import Curve, LineFigure, Mark
from equipoise.trial.problem import Problem

KIND = "borrowing-one-arm"
TITLE = "One arm against a control rate from history (MAP, power, commensurate priors)"
FAMILY = "Bayesian"
REFERENCE = (
    "Neuenschwander B, Capkun-Niggli G, Branson M, Spiegelhalter DJ. Summarizing historical information on controls in clinical "
    "trials. Clin Trials 2010;7:5-18. doi:10.1177/1740774509356002. The rule: Thall PF, Simon R. Biometrics 1994;50:337-349. "
    "doi:10.2307/2533377"
)
EXAMPLE = {
    "p0": 0.44, "p1": 0.58, "history_x": (136, 32, 183, 123, 13), "history_n": (278, 90, 381, 290, 40), "n": 80, "n1": 39,
}  # fmt: skip


class Spec(StatedBoundaries, RateTerms):
    """One arm against history; its boundaries follow, or are stated."""

    sized_by: ClassVar[tuple[str, ...]] = ("n1", "n")

    kind: Literal["borrowing-one-arm"]
    n: int = Field(ge=2, le=400, description="Patients in all.")
    n1: int | None = Field(
        default=None, ge=1, le=MOST_COUNT, description="Patients at the first look (default: no look)."
    )
    delta: float = Field(default=0.0, ge=0, lt=1, description="By how much the control rate must be beaten.")
    method: Method = Field(default="map", description="How the prior is made from history.")

    @between("n1", "n")
    def _n1_below_n(self) -> Iterator[Problem]:
        return first_stage(self, "n1", "n")

    @property
    def planned_sizes(self) -> tuple[int, ...]:
        """The end, after a first look if there is one."""
        return (self.n,) if self.n1 is None else (self.n1, self.n)


@dataclass(frozen=True)
class BorrowingOneArm(RuledOrStated):
    """History, sizes and thresholds; the boundaries follow."""

    history_x: tuple[int, ...]
    history_n: tuple[int, ...]
    sizes: tuple[int, ...]
    borrowing: Borrowing
    delta: float
    threshold: float
    p_low: float
    p0: float
    p1: float
    alpha: float
    power: float
    stated: Boundaries | None = None

    @property
    def prior(self) -> RatePrior:
        """The prior of the control rate, which this trial does not change."""
        return _prior(self.borrowing, self.history_x, self.history_n)

    def exceedance(self, n: int) -> Array:
        """P(tested rate > control rate + delta) after 0 … n successes among n."""
        return _exceedance(self.borrowing, self.history_x, self.history_n, n, self.delta)

    @cached_property
    def by_rule(self) -> Stages:
        """The posterior grows with the successes, so each bound on it is a number of them."""
        last = self.sizes[-1]
        r = int((self.exceedance(last) < self.threshold).sum()) - 1
        if len(self.sizes) == 1:
            return Stages((last,), (r,), (r,))
        first = self.sizes[0]
        r1 = int((self.exceedance(first) <= self.p_low).sum()) - 1
        return Stages((first, last), (r1, r), (first, r))

    @cached_property
    def _averages(self) -> tuple[float, float]:
        """P(declare) over the prior of the control rate: the tested rate the same, and with the odds ratio of p1 and p0."""
        mass = self.prior.mass()
        shift = float(logit(self.p1) - logit(self.p0))
        null, target = (float(mass @ self._declares(logit_grid.THETA + d)) for d in (0.0, shift))
        return null, target

    def _declares(self, theta: Array) -> Array:
        """P(declare) at true rates of these logits: each count above r by the share of its orders that reach the last look."""
        n, r = self.stages.n[-1], self.stages.high[-1]
        x = np.arange(r + 1, n + 1)
        ways = path_counts(self.stages)[-1]
        share = np.array([ways[k] / math.comb(n, k) for k in x.tolist()])
        logs = gammaln(n + 1) - gammaln(x + 1) - gammaln(n - x + 1)
        t = theta[:, None]
        return np.asarray(np.exp(logs - x * np.logaddexp(0, -t) - (n - x) * np.logaddexp(0, t)) @ share)

    @property
    def averaged_error(self) -> float:
        """P(declare) where the treatment adds nothing, averaged over what history says of the control rate."""
        return self._averages[0]

    @property
    def averaged_power(self) -> float:
        """P(declare) where the treatment's odds ratio is that of p1 and p0, averaged likewise."""
        return self._averages[1]

    @property
    def power_limit(self) -> float:
        """What the averaged power tends to with ever more patients: they do not teach the control rate.

        The tested rate is then known, and declared if it exceeds the prior's quantile at ``threshold`` by more than delta.
        """
        bound = self.prior.quantile(self.threshold) + self.delta
        if bound >= 1:
            return 0.0
        return self.prior.beyond(float(expit(logit(bound) - logit(self.p1) + logit(self.p0))))

    def error_range(self) -> tuple[float, float]:
        """Type I errors where the control rate is the 2.5 % or 97.5 % quantile of its prior."""
        low, high = (self.behaviour(self.prior.quantile(q)).reject for q in (0.025, 0.975))
        return low, high

    @cached_property
    def cautions(self) -> tuple[str, ...]:
        """Errors beyond what was asked for, at p0 and averaged; that no control watches."""
        found = [c.replace("stated alpha", "accepted alpha") for c in super().cautions]
        if self.averaged_error > self.alpha:
            found.append(
                f"Averaged over what history says of the control rate, the type I error is {self.averaged_error:.4f}, above {self.alpha:g}."
            )
        if self.power_limit < self.power:
            found.append(
                f"With ever more patients the power averaged over history tends to {self.power_limit:.4f}: they do not teach the control rate."
            )
        if self.borrowing.method == "robust-map":
            found.append(
                f"The vague part keeps its weight of {self.borrowing.weight:g}: no concurrent control speaks for history or against it."
            )
        found.append("Without concurrent controls a drift of the control rate is not seen, and counts as an effect.")
        return tuple(found)

    def verdict(self, evidence: Evidence) -> Verdict:
        """As every design for one arm and a rate, with the posterior probability besides."""
        found = super().verdict(evidence)
        value = float(self.exceedance(evidence.n)[evidence.successes])
        plus = f" + {self.delta:g}" if self.delta else ""
        seen = f"P(tested rate > control rate{plus}) = {value:.4f}."
        return Verdict(found.action, (*found.because, seen), found.distance, found.unit, found.cautions)

    def attained_stages(self, n: int) -> Stages:
        """With another number at the last look: the same bound on the posterior probability, on ``n`` patients.

        Where boundaries are stated, the r that keeps their error.
        """
        if self.stated is not None:
            return super().attained_stages(n)
        r = int((self.exceedance(n) < self.threshold).sum()) - 1
        return self.with_last(n, r)

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        null, target = self.behaviour(self.p0), self.behaviour(self.p1)
        low, high = self.error_range()
        a, b = self.prior.quantile(0.025), self.prior.quantile(0.975)
        plus = f" by more than {self.delta:g}" if self.delta else ""
        arms = ", ".join(f"{x} of {n}" for x, n in zip(self.history_x, self.history_n, strict=True))
        stages = self.by_rule
        first = ""
        if len(stages.n) > 1:
            first = (
                f" After {stages.n[0]} patients the trial stops for futility if that probability is at most {self.p_low:g}, that is, "
                f"with {stages.low[0]} or fewer successes."
            )
        return (
            f"The tested arm is compared with historical controls ({arms} successes), whose rate has {self.borrowing}: "
            f"{self.prior.effective_size()}, mean {100 * self.prior.mean:.1f}% (95% {100 * a:.1f} to {100 * b:.1f}%). There are no concurrent "
            f"controls. After {stages.n[-1]} patients a higher rate is declared if it exceeds the control's{plus} with a posterior probability of "
            f"at least {self.threshold:g}, that is, with more than {stages.high[-1]} successes.{first}{self.in_force()} The exact type I error at a control rate "
            f"of {100 * self.p0:g}% is {null.reject:.4f}, averaged over history {self.averaged_error:.4f}, and {low:.4f} and {high:.4f} at the "
            f"ends of the control rate's interval. The exact power at {100 * self.p1:g}% is {target.reject:.4f}, averaged over history with the same "
            f"odds ratio {self.averaged_power:.4f} ({self.power_limit:.4f} with ever more patients). {null.en:.1f} patients are expected at {100 * self.p0:g}%."
        )

    def numbers(self) -> Mapping[str, float | int | str]:
        """Boundaries and exact errors; what the prior says and is worth; errors averaged over it."""
        worth = self.prior.effective_size()
        low, high = self.error_range()
        return {
            **super().numbers(), "threshold": self.threshold, "prior_mean": self.prior.mean, "prior_sd": self.prior.sd,
            "worth_patients": worth.best, "worth_by_moments": worth.moment, "alpha_averaged": self.averaged_error,
            "alpha_at_2.5%": low, "alpha_at_97.5%": high, "power_averaged": self.averaged_power, "power_averaged_limit": self.power_limit,
        }  # fmt: skip

    def curve(self) -> LineFigure:
        """Type I error against the true control rate, and power with the odds ratio of p1 and p0."""
        a, b = (self.prior.quantile(q) for q in (0.005, 0.995))
        rates = np.linspace(max(min(a, self.p0 - 0.1), 0.01), min(max(b, self.p0 + 0.1), 0.99), 81)
        shift = float(logit(self.p1) - logit(self.p0))
        curves = [
            Curve("Type I error: the tested rate is the control's", rates.tolist(), [self.behaviour(float(p)).reject for p in rates]),
            Curve(
                "Power: odds ratio of p1 and p0", rates.tolist(),
                [self.behaviour(float(p)).reject for p in expit(logit(rates) + shift)],
            ),
        ]  # fmt: skip
        return LineFigure(
            "Operating characteristics, exact", "True control rate", "Probability of declaring", curves,
            [Mark(f"history {self.prior.mean:.3f}", x=self.prior.mean), Mark(f"p0 = {self.p0:g}", x=self.p0)],
            caption=f"Exact binomial enumeration. Averaged over history the type I error is {self.averaged_error:.3f}.",
            y_range=(0.0, 1.0),
        )  # fmt: skip


@lru_cache(maxsize=64)
def _prior(borrowing: Borrowing, x: tuple[int, ...], n: tuple[int, ...]) -> RatePrior:
    return borrowing.rate_prior(x, n)


@lru_cache(maxsize=256)
def _exceedance(borrowing: Borrowing, x: tuple[int, ...], past_n: tuple[int, ...], n: int, delta: float) -> Array:
    return exceedance(n, 0, _prior(borrowing, x, past_n), delta=delta)[:, 0]


def from_spec(spec: Spec) -> BorrowingOneArm:
    """The design that a spec states."""
    return BorrowingOneArm(
        spec.history_x, spec.history_n, spec.planned_sizes, spec.borrowing, spec.delta, spec.threshold, spec.p_low, spec.p0, spec.p1,
        spec.alpha, spec.power, spec.boundaries,
    )  # fmt: skip
