"""Continuous monitoring of a toxicity rate by its posterior: stop when it is probably above the acceptable rate.

The rate has a Beta(a, b) prior. At a look on m patients, x with toxicity: stop if P(theta > theta0 | x of m) > cutoff,
the posterior being Beta(a + x, b + m - x). The cutoff is stated, or the least with P(ever stopped by n patients |
theta0) ≤ phi, found exactly. Thall, Simon & Estey 1995, doi:10.1002/sim.4780140404; the cutoff calibrated to a
frequentist error as in Geller, Follmann, Leifer & Carter 2003.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from pydantic import Field
from scipy.special import betainc, betaln, roots_jacobi

from equipoise.design.looks_taken import look_sizes
from equipoise.design.safety.safety_rule import (
    TIE,
    Array,
    SafetyRule,
    SafetySpec,
    calibrated,
    least_reaching,
    log_score,
)
from equipoise.design.spec import MOST_WEIGHT, Error
from equipoise.trial.problem import BadInput, Problem

KIND = "safety-bayes"
TITLE = "Toxicity monitored by its posterior (beta-binomial)"
FAMILY = "safety"
REFERENCE = (
    "Thall PF, Simon RM, Estey EH. Bayesian sequential monitoring designs for single-arm clinical trials with multiple outcomes. "
    "Stat Med 1995;14:357-379. doi:10.1002/sim.4780140404"
)
EXAMPLE = {"theta0": 0.20, "theta1": 0.40, "n": 30, "phi": 0.10, "prior_n": 3.0}


class Spec(SafetySpec):
    """Posterior monitoring: the cutoff calibrated to a false stop, or stated."""

    kind: Literal["safety-bayes"]
    phi: Error = Field(default=0.05, description="Allowed probability of ever stopping at theta0.")
    prior_mean: float | None = Field(
        default=None, gt=0, lt=1, description="Mean of the prior of the rate (default: theta0)."
    )
    prior_n: float = Field(default=2.0, gt=0, le=MOST_WEIGHT, description="Patients that the prior is worth.")
    cutoff: float | None = Field(
        default=None, gt=0, lt=1, description="Stop if P(theta > theta0) exceeds this (default: calibrated to phi)."
    )


def posterior_scores(n: int, theta0: float, a: float, b: float) -> Array:
    """-log P(theta ≤ theta0 | x of n) for x = 0 … n, with a Beta(a, b) prior: it grows with x."""
    x = np.arange(n + 1)
    return log_score(np.asarray(betainc(a + x, b + n - x, theta0)))


def not_above(n: int, c: int, control_n: int, events: int, a: float = 0.5, b: float = 0.5) -> Array:
    """P(rate ≤ the control's rate | x of n, c of control_n) for x = 0 … min(events, n), both with Beta(a, b) priors.

    From a large x, where Gauss–Jacobi quadrature in the control's posterior has a smooth integrand, down to 0: one event
    less adds E[p^(k-1) q^m] (1/(k-1) + 1/m) / B(k-1, m), where k = a + x and m = b + n - x, by the beta distribution's
    own recursion. All terms are positive, so that nothing cancels.
    """
    high = max(min(events, n), n // 2)
    e, f = a + c, b + control_n - c
    nodes, w = roots_jacobi(100, f - 1, e - 1)
    at_high = float(betainc(a + high, b + n - high, (nodes + 1) / 2) @ w / w.sum())
    x = np.arange(high, 0, -1)
    k, m = a + x, b + n - x
    steps = np.exp(betaln(e + k - 1, f + m) - betaln(e, f) - betaln(k - 1, m)) * (1 / (k - 1) + 1 / m)
    down = np.concatenate([[at_high], at_high + np.cumsum(steps)])
    return np.asarray(down[::-1][: min(events, n) + 1])


@lru_cache(maxsize=64)
def not_above_table(n: int, control_n: int, events: int, a: float, b: float) -> Array:
    """``not_above`` for x and c from 0 to ``events``, shape (events + 1, events + 1), read-only.

    Where there are too few patients: 1 for c above control_n, else 0 for x above n, so that it still falls with x.
    """
    table = np.zeros((events + 1, events + 1))
    table[:, control_n + 1 :] = 1.0
    for c in range(min(events, control_n) + 1):
        column = not_above(n, c, control_n, events, a, b)
        table[: len(column), c] = column
    table.setflags(write=False)
    return table


def posterior_excess(x: int, n: int, c: int, control_n: int, a: float = 0.5, b: float = 0.5) -> float:
    """P(rate tested > rate control) after ``x`` of ``n`` and ``c`` of ``control_n`` with the event; Beta(a, b) priors."""
    return float(1 - not_above(n, c, control_n, x, a, b)[x])


@dataclass(frozen=True)
class BayesianSafety(SafetyRule):
    """Rates, sizes, prior and cutoff; the boundary follows.

    The first example of R's stoppingrule: 30 patients, 0.20, a Beta(0.6, 2.4) prior, false stop 10 %.

    >>> d = search(0.20, 0.40, 30, 0.10, prior_mean=0.2, prior_n=3.0)
    >>> round(d.cutoff, 6), round(d.stop_probability(0.20), 8)
    (0.963083, 0.09957367)
    """

    phi: float
    prior_a: float
    prior_b: float
    cutoff: float

    @property
    def allowed(self) -> float:
        """phi."""
        return self.phi

    def posterior(self, x: int, n: int) -> float:
        """P(theta > theta0 | x of n patients had the toxicity)."""
        return float(1 - betainc(self.prior_a + x, self.prior_b + n - x, self.theta0))

    def rule_at(self, n: int) -> int:
        """Least x with P(theta > theta0 | x of n) > cutoff; n + 1 if there is none."""
        # the cutoff itself does not stop, so the threshold is a hair above it
        return least_reaching(
            posterior_scores(n, self.theta0, self.prior_a, self.prior_b), -math.log1p(-self.cutoff) + 2 * TIE
        )

    @property
    def rule_numbers(self) -> Mapping[str, float | int | str]:
        """The prior and the cutoff."""
        return {"prior": f"Beta({self.prior_a:g}, {self.prior_b:g})", "cutoff": self.cutoff}

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        return (
            f"{self.opening()} At the boundary the posterior probability that the rate exceeds {100 * self.theta0:g}% is above "
            f"{self.cutoff:.4f}, with a Beta({self.prior_a:g}, {self.prior_b:g}) prior (mean "
            f"{self.prior_a / (self.prior_a + self.prior_b):.2f}, worth {self.prior_a + self.prior_b:g} patients; Thall, Simon & Estey "
            f"1995). {self.closing()}"
        )


def search(
    theta0: float,
    theta1: float,
    n: int,
    phi: float = 0.05,
    first: int = 1,
    cohort: int = 1,
    prior_mean: float | None = None,
    prior_n: float = 2.0,
) -> BayesianSafety:
    """The rule with the least cutoff that keeps ``phi``. Raises BadInput with all problems, or if no cutoff does."""
    asked: dict[str, Any] = {
        "theta0": theta0, "theta1": theta1, "n": n, "phi": phi, "first": first, "cohort": cohort, "prior_mean": prior_mean,
        "prior_n": prior_n,
    }  # fmt: skip
    return from_spec(Spec.read(asked))


def from_spec(spec: Spec) -> BayesianSafety:
    """The design that a spec states. Raises BadInput if no cutoff keeps ``phi``."""
    theta0, theta1, phi, n, first, cohort = spec.theta0, spec.theta1, spec.phi, spec.n, spec.first, spec.cohort
    mean = theta0 if spec.prior_mean is None else spec.prior_mean
    a, b = spec.prior_n * mean, spec.prior_n * (1 - mean)
    if spec.cutoff is not None:
        return BayesianSafety(theta0, theta1, n, first, cohort, phi, a, b, spec.cutoff, stated=spec.stops_at)
    sizes = look_sizes(first, cohort, n)
    found = calibrated(sizes, [posterior_scores(m, theta0, a, b) for m in sizes], theta0, phi)
    if found is None:
        raise BadInput(
            "design",
            [
                Problem(
                    "no-cutoff", "phi, n", f"{phi:g}, {n}",
                    f"no cutoff keeps {phi:g}: the likeliest {n} patients to stop already do so with probability {theta0**n:.4g} or more",
                    "raise n or phi, or let the prior weigh less",
                )
            ],
        )  # fmt: skip
    return BayesianSafety(theta0, theta1, n, first, cohort, phi, a, b, -math.expm1(-found.below), stated=spec.stops_at)
