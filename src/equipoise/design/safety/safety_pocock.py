"""Continuous monitoring of a toxicity rate by a Pocock-type boundary: the same pointwise level at every look.

At a look on m patients, x with toxicity: stop if P(X ≥ x) ≤ level, X binomial with m and theta0. The level is the
largest with P(ever stopped by n patients | theta0) ≤ phi, found exactly. Ivanova, Qaqish & Schell 2005,
doi:10.1111/j.1541-0420.2005.00311.x; the boundary's shape is Pocock's (1977, doi:10.1093/biomet/64.2.191).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from pydantic import Field

from equipoise.design.looks_taken import look_sizes
from equipoise.design.safety.safety_rule import (
    Array,
    SafetyRule,
    SafetySpec,
    calibrated,
    least_reaching,
    log_score,
    out_of_reach,
)
from equipoise.numerics.counts.binomial import exceeds

KIND = "safety-pocock"
TITLE = "Toxicity monitored by a Pocock-type boundary (Ivanova, Qaqish & Schell)"
FAMILY = "safety"
REFERENCE = (
    "Ivanova A, Qaqish BF, Schell MJ. Continuous toxicity monitoring in phase II trials in oncology. Biometrics "
    "2005;61:540-545. doi:10.1111/j.1541-0420.2005.00311.x"
)
EXAMPLE = {"theta0": 0.20, "theta1": 0.40, "n": 30, "phi": 0.05}


class Spec(SafetySpec):
    """A Pocock-type boundary: its level calibrated to a false stop, or stated."""

    kind: Literal["safety-pocock"]
    phi: float = Field(default=0.05, gt=0, lt=1, description="Allowed probability of ever stopping at theta0.")
    level: float | None = Field(
        default=None, gt=0, lt=1, description="Level of each look, if stated (default: calibrated to phi)."
    )


def tail_scores(n: int, p: float) -> Array:
    """-log P(X ≥ x) for x = 0 … n, X binomial with ``n`` and ``p``: it grows with x."""
    return log_score(np.concatenate([[1.0], exceeds(n, p)[:-1]]))


@dataclass(frozen=True)
class PocockSafety(SafetyRule):
    """Rates, sizes, the allowed false stop and the pointwise level; the boundary follows.

    >>> d = search(0.20, 0.40, 30, 0.05)
    >>> d.stops_at[2], d.stops_at[29]
    (3, 12)
    """

    phi: float
    level: float

    @property
    def allowed(self) -> float:
        """phi."""
        return self.phi

    def rule_at(self, n: int) -> int:
        """Least x with P(X ≥ x) ≤ level among ``n`` patients at theta0; n + 1 if there is none."""
        return least_reaching(tail_scores(n, self.theta0), -math.log(self.level))

    @property
    def rule_numbers(self) -> Mapping[str, float | int | str]:
        """The pointwise level."""
        return {"level": self.level}

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        return (
            f"{self.opening()} This is a Pocock-type boundary (Ivanova, Qaqish & Schell 2005): at each look it is the least number "
            f"that would be reached or exceeded with a probability of at most {self.level:.4g} at the acceptable rate, a level at "
            f"which the probability of ever stopping at the acceptable rate was to be at most {self.phi:g}. {self.closing()}"
        )


def search(theta0: float, theta1: float, n: int, phi: float = 0.05, first: int = 1, cohort: int = 1) -> PocockSafety:
    """The rule with the largest level that keeps ``phi``. Raises BadInput with all problems, or if no level does."""
    Spec.read({"theta0": theta0, "theta1": theta1, "n": n, "phi": phi, "first": first, "cohort": cohort})
    sizes = look_sizes(first, cohort, n)
    found = calibrated(sizes, [tail_scores(m, theta0) for m in sizes], theta0, phi)
    if found is None:
        raise out_of_reach(theta0, n, phi, "phi")
    return PocockSafety(theta0, theta1, n, first, cohort, phi, math.exp(-found.threshold))


def from_spec(spec: Spec) -> PocockSafety:
    """The design that a spec states. Raises BadInput if no level keeps ``phi``."""
    theta0, theta1, n, first, cohort = spec.theta0, spec.theta1, spec.n, spec.first, spec.cohort
    if spec.level is not None:
        return PocockSafety(theta0, theta1, n, first, cohort, spec.phi, spec.level, stated=spec.stops_at)
    return replace(search(theta0, theta1, n, spec.phi, first, cohort), stated=spec.stops_at)
