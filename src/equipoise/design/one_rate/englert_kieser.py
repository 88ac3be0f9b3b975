"""Two stages whose second may change its size: the conditional error decides at the end.

A Simon design is planned. After x1 > r1 successes of n1 it grants the second stage the conditional type I error
CE(x1) = P(X2 > r - x1 | p0, n - n1). If the second stage then has n2' patients, for whatever reason, the null hypothesis
is rejected with x2 successes if P(X2' ≥ x2 | p0, n2') ≤ CE(x1). So the type I error is at most the plan's, whatever n2'
and however it depends on x1. Englert & Kieser 2012, doi:10.1002/pst.541.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from equipoise.design.one_rate.simon import Planned, SimonTwoStage
from equipoise.design.spec import MOST_COUNT, at_most, between
from equipoise.design.truth import truth_of
from equipoise.numerics.counts.binomial import exceeds, pmf
from equipoise.trial.decision import Declare, Stop, Verdict
from equipoise.trial.design import Characteristics, Look, Quantity, Truth
from equipoise.trial.evidence import Evidence
from equipoise.trial.problem import BadInput, Problem

KIND = "englert-kieser"
TITLE = "Two stages, second size changed: conditional error (Englert & Kieser)"
FAMILY = "one arm, a rate"
REFERENCE = "Englert S, Kieser M. Adaptive designs for single-arm phase II trials in oncology. Pharm Stat 2012;11:241-249. doi:10.1002/pst.541"
EXAMPLE = {
    "p0": 0.44, "p1": 0.58, "alpha": 0.05, "power": 0.80, "r1": 17, "n1": 39, "r": 42, "n": 80, "attained_n": 83, "x1": 21,
}  # fmt: skip


class Spec(Planned):
    """A planned Simon design, and the size that the whole attained."""

    kind: Literal["englert-kieser"]
    attained_n: int = Field(ge=2, le=MOST_COUNT, description="Patients in all, as attained or as now wanted.")
    x1: int | None = Field(
        default=None,
        ge=0,
        le=MOST_COUNT,
        description="Successes at the first look, once known: the last look needs it.",
    )

    totals: tuple[Annotated[int, Field(ge=0, le=MOST_COUNT)], ...] | None = Field(
        default=None,
        description="Stated: reject with more than so many successes in all, for r1 + 1 … n1 of them at the first look.",
    )

    @between("totals", "r1", "n1", "attained_n")
    def _totals_of_first_looks(self) -> Iterator[Problem]:
        if self.totals is None:
            return
        first = range(self.r1 + 1, self.n1 + 1)
        if len(self.totals) != len(first):
            allowed = f"{len(first)} numbers, for {first[0]} to {first[-1]} successes at the first look"
            yield Problem("boundaries", "totals", f"{len(self.totals)} numbers", allowed)
            return
        n2 = self.attained_n - self.n1
        for k, (x1, total) in enumerate(zip(first, self.totals, strict=True)):
            if not x1 - 1 <= total <= x1 + n2:
                allowed = f"{x1 - 1} to {x1 + n2} after {x1} successes at the first look"
                yield Problem("boundaries", f"totals[{k}]", str(total), allowed)

    @between("n1", "attained_n")
    def _attained_n_above_n1(self) -> Iterator[Problem]:
        if self.attained_n <= self.n1:
            yield Problem("n1-not-below-n", "attained_n", str(self.attained_n), f"above n1 = {self.n1}")

    @between("x1", "n1")
    def _x1_of_n1(self) -> Iterator[Problem]:
        return at_most(self, "x1", "n1")


@dataclass(frozen=True)
class EnglertKieser:
    """A planned design, the size attained, and the successes of the first look once they are known."""

    planned: SimonTwoStage
    attained_n: int
    x1: int | None = None
    #: for each x1 from r1 + 1 to n1, the largest total that does not reject, where they are stated
    totals: tuple[int, ...] | None = None

    takes = Evidence
    #: The last boundary follows from the successes of the first stage.
    looks_back = True

    @property
    def looks(self) -> tuple[Look, Look]:
        """The first look as planned, the last on the patients attained."""
        return Look(1, self.planned.n1), Look(2, self.attained_n)

    def conditional_error(self) -> NDArray[np.float64]:
        """CE(x1) for x1 = 0 … n1; 0 where the trial stops."""
        d = self.planned
        tail = exceeds(d.n - d.n1, d.p0)
        y = d.r - np.arange(d.n1 + 1)
        found = np.where(y < 0, 1.0, tail[np.clip(y, 0, d.n - d.n1)])
        found[: d.r1 + 1] = 0.0
        return found

    def critical(self) -> NDArray[np.int64]:
        """For each x1 the largest x2 that does not reject, by the rule or as stated: -1 rejects always, n2' never. Shape (n1 + 1,)."""
        ruled = self.by_rule()
        if self.totals is not None:
            x1 = np.arange(self.planned.r1 + 1, self.planned.n1 + 1)
            ruled[x1] = np.array(self.totals) - x1
        return ruled

    def by_rule(self) -> NDArray[np.int64]:
        """``critical`` by the conditional error."""
        n2 = self.attained_n - self.planned.n1
        tail = exceeds(n2, self.planned.p0)  # P(X2 > y), the p-value of x2 = y + 1
        allowed = self.conditional_error()
        found = np.array([int(np.argmax(tail <= a * (1 + 1e-12))) for a in allowed])
        return np.where(allowed >= 1, -1, np.where(allowed <= 0, n2, found))

    def truths(self) -> Mapping[str, Truth]:
        """The null and the target rate."""
        return {"null": {"rate": self.planned.p0}, "target": {"rate": self.planned.p1}}

    def reject(self, rate: float) -> float:
        """P(null hypothesis rejected) at a true rate, exact."""
        d = self.planned
        c = self.critical()
        n2 = self.attained_n - d.n1
        second = np.where(c < 0, 1.0, exceeds(n2, rate)[np.clip(c, 0, n2)])
        return float((pmf(d.n1, rate) * np.where(np.arange(d.n1 + 1) > d.r1, second, 0.0)).sum())

    def characteristics(self, truth: Truth) -> Characteristics:
        """Exact behaviour; ``truth`` is {'rate': probability}."""
        (rate,) = truth_of(truth, rate=(0.0, 1.0))
        pet = self.planned.behaviour(rate).pet
        en = self.planned.n1 + (1 - pet) * (self.attained_n - self.planned.n1)
        return Characteristics(
            f"rate {rate:g}", "exact binomial enumeration", Quantity(self.reject(rate)), Quantity(pet), Quantity(en),
            (pet, 1 - pet),
        )  # fmt: skip

    @cached_property
    def cautions(self) -> tuple[str, ...]:
        """Where the power is not what was planned."""
        power = self.reject(self.planned.p1)
        said = f"With {self.attained_n} patients the exact power at {self.planned.p1:g} is {power:.4f}, below the planned {self.planned.power:g}."
        found = [*self.planned.cautions, *([said] if power < self.planned.power else [])]
        if self.totals is None:
            return tuple(found)
        alpha, allowed = (
            self.reject(self.planned.p0),
            max(self.planned.alpha, self.planned.behaviour(self.planned.p0).reject),
        )
        if alpha > allowed * (1 + 1e-9):
            found.append(f"With the stated totals the exact type I error is {alpha:.4f}, above {allowed:.4f}.")
        rule = self.by_rule()
        first = range(self.planned.r1 + 1, self.planned.n1 + 1)
        other = [
            f"{t} after {x} (the rule: {x + rule[x]})"
            for x, t in zip(first, self.totals, strict=True)
            if t != x + rule[x]
        ]
        if other:
            found.append(f"The stated totals are not those of the conditional error: {', '.join(other)}.")
        return tuple(found)

    def verdict(self, evidence: Evidence) -> Verdict:
        """Look 1 as planned. Look 2: reject if the second stage's own p-value is within the conditional error."""
        d = self.planned
        if evidence.look == 1:
            return d.verdict(evidence)
        problems = []
        x1 = self.x1 if evidence.earlier_successes is None else evidence.earlier_successes
        if evidence.look != 2:
            problems.append(Problem("no-such-look", "look", str(evidence.look), "1 or 2"))
        # The first stage may have left places empty; the second is what has come since.
        before = min(evidence.earlier_n or d.n1, d.n1)
        # Nobody who came since may have been evaluable: then nothing but the first stage speaks, and it cannot reject alone.
        if evidence.n < before or (evidence.n == before and evidence.earlier_successes is None):
            problems.append(
                Problem("cohort", "n", str(evidence.n), f"more than the {before} patients of the look before")
            )
        if x1 is None:
            problems.append(
                Problem("missing", "x1", "nothing", "the successes at the first look: the boundary depends on them")
            )
        elif not x1 <= evidence.successes <= x1 + max(evidence.n - before, 0):
            problems.append(Problem("not-allowed", "successes", str(evidence.successes), f"at least x1 = {x1}"))
        if problems:
            raise BadInput("evidence", problems)
        assert x1 is not None
        # The second stage may have any size: that is what the design is for.
        second = d.n1 + evidence.n - before
        attained = self if second == self.attained_n else _attained(d, second)  # stated totals are for their own size
        r = x1 + int(attained.critical()[x1])
        x = evidence.successes
        because = (
            f"{x} successes among {evidence.n} patients, {x1} of them at the first look; the conditional type I error "
            f"is {attained.conditional_error()[x1]:.4f}, and more than {r} in all reject a rate of {d.p0:g} or less."
        )
        cautions = () if attained is self else (
            f"{evidence.n} patients could be evaluated, {self.attained_n} were expected; with them the exact type I error is "
            f"{attained.reject(d.p0):.4f} and the power {attained.reject(d.p1):.4f}.",
        )  # fmt: skip
        action = Declare(f"a rate above {d.p0:g}") if x > r else Stop("the hurdle was not cleared")
        return Verdict(action, (because,), x - r, "successes above the boundary", cautions)

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        d = self.planned
        text = (
            f"{d.describe()} Should the second stage have another size than planned, the final test keeps the conditional "
            f"type I error of the plan given the first stage's successes (Englert & Kieser 2012); the overall one-sided type I "
            f"error then stays at most {d.behaviour(d.p0).reject:.4f}. With {self.attained_n} patients in all it is "
            f"{self.reject(d.p0):.4f} and the power {self.reject(d.p1):.4f}."
        )
        if self.totals is not None:
            said = ", ".join(f"{t} after {x}" for x, t in enumerate(self.totals, d.r1 + 1))
            text += f" With {self.attained_n} the totals that were published are in force: reject with more than {said} at the first look."
        if self.x1 is not None and self.x1 > d.r1:
            text += f" After {self.x1} successes at the first look, more than {self.x1 + int(self.critical()[self.x1])} in all reject."
        return text

    def numbers(self) -> Mapping[str, float | int | str]:
        """Planned and attained sizes, exact errors; the last boundary once x1 is known."""
        d = self.planned
        found: dict[str, float | int | str] = {
            "r1": d.r1, "n1": d.n1, "planned_r": d.r, "planned_n": d.n, "attained_n": self.attained_n,
            "alpha": self.reject(d.p0), "power": self.reject(d.p1),
        }  # fmt: skip
        if self.x1 is not None:
            found |= {"x1": self.x1, "conditional_error": float(self.conditional_error()[self.x1])}
            if self.x1 > d.r1:
                found["r"] = self.x1 + int(self.critical()[self.x1])
        return found


@lru_cache(maxsize=256)
def _attained(planned: SimonTwoStage, n: int) -> EnglertKieser:
    return EnglertKieser(planned, n, None)


def from_spec(spec: Spec) -> EnglertKieser:
    """The design that a spec states."""
    return EnglertKieser(spec.plan, spec.attained_n, spec.x1, spec.totals)
