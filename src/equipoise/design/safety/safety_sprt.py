"""Continuous monitoring of a toxicity rate by Wald's sequential probability ratio test, truncated at n patients.

At a look on m patients, x with toxicity, the log likelihood ratio of theta1 to theta0 is L = x log(theta1 / theta0) +
(m - x) log((1 - theta1) / (1 - theta0)). Stop for toxicity if L ≥ log A. With the lower boundary the rate is held
acceptable, and the monitoring ends, if L ≤ log B. Wald's approximations are A = power / alpha and B = (1 - power) /
(1 - alpha); A may also be the least that keeps alpha exactly. A trial that reaches n without crossing ends with the rate
acceptable. Wald 1945, doi:10.1214/aoms/1177731118. Truncation and the jumps of L move the errors off the nominal ones:
the exact ones stand beside them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import Field

from equipoise.design.looks_taken import look_sizes
from equipoise.design.safety.safety_rule import (
    MOST,
    TIE,
    Array,
    SafetyRule,
    SafetySpec,
    calibrated,
    least_reaching,
    out_of_reach,
)
from equipoise.design.spec import Errors, Probability

KIND = "safety-sprt"
TITLE = "Toxicity monitored by the truncated sequential probability ratio test (Wald)"
FAMILY = "safety"
REFERENCE = (
    "Wald A. Sequential tests of statistical hypotheses. Ann Math Stat 1945;16:117-186. doi:10.1214/aoms/1177731118"
)
EXAMPLE = {"theta0": 0.20, "theta1": 0.40, "n": 30, "alpha": 0.05, "power": 0.80}


class Spec(SafetySpec, Errors):
    """The truncated SPRT: Wald's thresholds, or the upper one calibrated."""

    kind: Literal["safety-sprt"]
    n: int = Field(ge=1, le=MOST, description="Patients in all: the test is truncated there.")
    alpha: Probability = Field(default=0.05, description="Nominal probability of stopping at theta0.")
    power: Probability = Field(default=0.80, description="Nominal probability of stopping at theta1.")
    threshold: Literal["wald", "exact"] = Field(
        default="wald", description="A = power / alpha ('wald'), or the least A that keeps alpha exactly ('exact')."
    )
    lower: bool = Field(default=False, description="End the monitoring early where the rate is acceptable.")


def likelihood_scores(n: int, theta0: float, theta1: float) -> Array:
    """The log likelihood ratio of theta1 to theta0 for x = 0 … n toxicities: it grows with x."""
    x = np.arange(n + 1)
    return np.asarray(x * math.log(theta1 / theta0) + (n - x) * math.log((1 - theta1) / (1 - theta0)))


@dataclass(frozen=True)
class SprtSafety(SafetyRule):
    """Rates, sizes, nominal errors and the log threshold; the boundary follows.

    >>> d = from_spec(Spec.read({"theta0": 0.1, "theta1": 0.3, "n": 40}))
    >>> round(d.log_a, 4), d.stops_at[:5]
    (2.7726, (2, 3, 3, 3, 3))
    """

    alpha: float
    power: float
    #: log A: stop when the log likelihood ratio reaches it
    log_a: float
    #: whether log_a is Wald's or calibrated
    exact: bool
    lower: bool

    @property
    def allowed(self) -> float:
        """alpha."""
        return self.alpha

    @property
    def log_b(self) -> float:
        """Wald's log B: with the lower boundary, the rate is acceptable when the log likelihood ratio falls to it."""
        return math.log((1 - self.power) / (1 - self.alpha))

    def rule_at(self, n: int) -> int:
        """Least x with L ≥ log A among ``n`` patients; n + 1 if there is none."""
        return least_reaching(likelihood_scores(n, self.theta0, self.theta1), self.log_a)

    def low_at(self, n: int) -> int:
        """Largest x with L ≤ log B among ``n`` patients; -1 if there is none, or no lower boundary."""
        return _low_at(n, self.theta0, self.theta1, self.log_b) if self.lower else -1

    @property
    def cautions(self) -> tuple[str, ...]:
        """As for every safety rule, and where the exact power falls short of the nominal."""
        found = list(super().cautions)
        reached = self.stop_probability(self.theta1)
        if reached < self.power:
            found.append(
                f"Truncated at {self.n} patients, the exact probability of stopping at {self.theta1:g} is {reached:.4f}, below the "
                f"nominal {self.power:g}."
            )
        return tuple(found)

    @property
    def rule_numbers(self) -> Mapping[str, float | int | str]:
        """Thresholds, nominal errors beside which the exact ones stand, and the lower boundary where there is one."""
        shown: dict[str, float | int | str] = {
            "log_a": self.log_a,
            "alpha_nominal": self.alpha,
            "power_nominal": self.power,
        }
        if self.lower:
            lows = [(n, self.low_at(n)) for n in self.sizes[:-1]]
            moves = [f"{a}/{n}" for (n, a), (_, was) in zip(lows, [(0, -1), *lows], strict=False) if a > was]
            shown |= {"log_b": self.log_b, "acceptable": ", ".join(moves) or "none"}
        return shown

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        how = (
            f"log A = {self.log_a:.4f}, the least that keeps a probability of {self.alpha:g} of stopping at the acceptable rate"
            if self.exact
            else f"log A = log({self.power:g} / {self.alpha:g}) = {self.log_a:.4f}"
        )
        low = (
            f" The monitoring ends with the rate acceptable once the log likelihood ratio is at most {self.log_b:.4f}."
            if self.lower
            else ""
        )
        return (
            f"{self.opening()} This is Wald's sequential probability ratio test (Wald 1945) truncated at {self.n} patients: it stops "
            f"when the log likelihood ratio of the two rates reaches {how}.{low} The nominal probabilities of stopping are "
            f"{self.alpha:g} and {self.power:g}. {self.closing()}"
        )


def _low_at(n: int, theta0: float, theta1: float, log_b: float) -> int:
    return int(np.searchsorted(likelihood_scores(n, theta0, theta1), log_b + TIE, side="right")) - 1


def from_spec(spec: Spec) -> SprtSafety:
    """The design that a spec states. Raises BadInput if an exact threshold is asked for and none keeps alpha."""
    theta0, theta1, alpha, power = spec.theta0, spec.theta1, spec.alpha, spec.power
    n, first, cohort, lower = spec.n, spec.first, spec.cohort, spec.lower
    exact, log_a = spec.threshold == "exact", math.log(power / alpha)
    if exact:
        sizes = look_sizes(first, cohort, n)
        log_b = math.log((1 - power) / (1 - alpha))
        lows = [_low_at(m, theta0, theta1, log_b) for m in sizes] if lower else []
        found = calibrated(sizes, [likelihood_scores(m, theta0, theta1) for m in sizes], theta0, alpha, lows)
        if found is None:
            raise out_of_reach(theta0, n, alpha, "alpha")
        log_a = found.threshold
    return SprtSafety(theta0, theta1, n, first, cohort, alpha, power, log_a, exact, lower, stated=spec.stops_at)
