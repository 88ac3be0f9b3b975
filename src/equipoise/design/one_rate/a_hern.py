"""The exact single-stage design for a rate.

n patients; the null hypothesis (rate ≤ p0) is rejected with more than r successes. The sizes are the least n for which
some r keeps both errors exactly. Fleming 1982, doi:10.2307/2530297, by the exact binomial after A'Hern 2001,
doi:10.1002/sim.721.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from pydantic import Field

from equipoise.design.one_rate.rate_design import RateDesign
from equipoise.design.saw_tooth import SawTooth, saw_tooth, surely_enough
from equipoise.design.spec import MOST_COUNT, Hypotheses, below, between, no_design
from equipoise.numerics.counts.binomial import exceeds
from equipoise.numerics.sequential.staged_binomial import Stages, single
from equipoise.trial.problem import Problem

KIND = "a-hern"
TITLE = "Exact single stage (A'Hern)"
FAMILY = "one arm, a rate"
REFERENCE = "A'Hern RP. Sample size tables for exact single-stage phase II designs. Stat Med 2001;20:859-866. doi:10.1002/sim.721"
#: No n beyond this is asked for its power.
_MOST = 3000
EXAMPLE = {"p0": 0.44, "p1": 0.58, "alpha": 0.05, "power": 0.80}


class Spec(Hypotheses):
    """The exact single-stage design: sizes computed from the hypotheses, or stated."""

    kind: Literal["a-hern"]
    n: int | None = Field(
        default=None,
        ge=1,
        le=MOST_COUNT,
        description="Patients, if stated; alone, the boundary that keeps alpha is found.",
    )
    r: int | None = Field(
        default=None, ge=0, le=MOST_COUNT, description="Reject the null with more than r successes, if stated."
    )
    nmax: int = Field(default=1000, ge=2, le=5000, description="Largest number of patients to consider.")

    @between("n", "r")
    def _r_below_n(self) -> Iterator[Problem]:
        if self.r is not None and self.n is None:
            yield Problem("half-stated", "n", "nothing", "n, where r is stated")
        yield from below(self, "r", "n")


@dataclass(frozen=True)
class SingleStage(RateDesign):
    """n patients; reject p0 with more than r successes.

    A'Hern's table gives the number needed to reject, r + 1. For 0.05 against 0.20 at 5 % and 80 %, East needs 27:

    >>> d = search(0.05, 0.20, 0.05, 0.80)
    >>> d.n, d.r
    (27, 3)
    """

    n: int
    r: int
    p0: float
    p1: float
    alpha: float
    power: float

    @cached_property
    def tooth(self) -> SawTooth | None:
        """How the power goes on from n, if n has it with the r that keeps alpha. Proved, unless that takes more than ``_MOST`` patients."""
        r, reached = at(self.n, self.p0, self.p1, self.alpha)
        if r != self.r or reached < self.power:
            return None
        enough = surely_enough(self.p0, self.p1, self.alpha, self.power)
        larger = range(self.n + 1, min(enough, _MOST) + 1)
        return saw_tooth(
            lambda n: at(n, self.p0, self.p1, self.alpha)[1], self.n, self.power, larger, None, proved=enough <= _MOST
        )

    @cached_property
    def cautions(self) -> tuple[str, ...]:
        """Errors not kept; that a larger n may have less power."""
        if self.tooth is None:
            return super().cautions
        return (*super().cautions, *self.tooth.in_words(self.behaviour(self.p1).reject, self.power))

    def numbers(self) -> Mapping[str, float | int | str]:
        """With the n from which on the power never falls below, and its boundary."""
        shown = super().numbers()
        if self.tooth is None or self.tooth.never_below > self.tooth.looked_to:
            return shown
        n = self.tooth.never_below
        return {**shown, "n_never_below": n, "r_never_below": at(n, self.p0, self.p1, self.alpha)[0]}

    @property
    def stages(self) -> Stages:
        """One stage."""
        return single(self.n, self.r)

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        a, power = self.behaviour(self.p0).reject, self.behaviour(self.p1).reject
        return (
            f"An exact single-stage design tests the null hypothesis that the true rate is at most {100 * self.p0:g}% against the "
            f"alternative that it is at least {100 * self.p1:g}%. {self.n} evaluable patients are enrolled in the tested arm; the "
            f"null hypothesis is rejected with more than {self.r} successes. The exact one-sided type I error is {a:.4f} "
            f"and the exact power {power:.4f} (A'Hern 2001)."
        )


def at(n: int, p0: float, p1: float, alpha: float) -> tuple[int, float]:
    """The least r with which n patients keep alpha, and the power."""
    r = int(np.argmax(exceeds(n, p0) <= alpha))
    return r, float(exceeds(n, p1)[r])


def search(p0: float, p1: float, alpha: float, power: float, nmax: int = 1000) -> SingleStage:
    """The least n for which some r keeps both errors. Raises BadInput with all problems, or naming the nearest n.

    Power saws up and down with n: a larger n may fail again.
    """
    Hypotheses.read({"p0": p0, "p1": p1, "alpha": alpha, "power": power})
    nearest = (0.0, 0)
    for n in range(1, nmax + 1):
        r, reached = at(n, p0, p1, alpha)
        if reached >= power:
            return SingleStage(n, r, p0, p1, alpha, power)
        nearest = max(nearest, (reached, n))
    nothing = f"no n up to {nmax} has power {power:g} at alpha {alpha:g}; n = {nearest[1]} comes nearest, with {nearest[0]:.4f}"
    raise no_design(nmax, nothing)


def from_spec(spec: Spec) -> SingleStage:
    """The design that a spec states. Raises BadInput if nothing up to ``nmax`` will do."""
    if spec.n is None:
        return search(spec.p0, spec.p1, spec.alpha, spec.power, spec.nmax)
    r = at(spec.n, spec.p0, spec.p1, spec.alpha)[0] if spec.r is None else spec.r
    return SingleStage(spec.n, r, spec.p0, spec.p1, spec.alpha, spec.power)
