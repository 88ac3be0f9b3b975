"""Rubinstein's screening design: a log-rank comparison with relaxed errors, to choose what goes to phase III.

One look at d events, one-sided alpha of 0.10 to 0.20. With a : b allocation, d = (z(1 - alpha) + z(power))² (a + b)² / (a b
log²HR); promising if z ≥ z(1 - alpha), that is, if the hazard ratio is at most exp(-z(1 - alpha) (a + b) / sqrt(a b d)).
Rubinstein et al. 2005, doi:10.1200/JCO.2005.01.149; events after Schoenfeld 1981, doi:10.1093/biomet/68.1.316.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar, Literal

from pydantic import Field
from scipy.special import ndtr, ndtri

from equipoise.design.looks_taken import no_such_look, wrong_earlier
from equipoise.design.randomised.logrank_plan import (
    LogRankSpec,
    Pace,
    counted,
    drift,
    events_for,
    month_of,
    patients_said,
    too_few,
)
from equipoise.design.spec import Error, Power
from equipoise.design.stated import missed
from equipoise.design.truth import truth_of
from equipoise.numerics.whole import at_least
from equipoise.trial.decision import Action, Declare, Stop, Verdict
from equipoise.trial.design import Characteristics, Look, Quantity, Truth
from equipoise.trial.evidence import StatisticEvidence
from equipoise.trial.problem import BadInput, Problem

KIND = "screening"
TITLE = "Randomised screening, log-rank with relaxed errors (Rubinstein)"
FAMILY = "randomised phase II"
REFERENCE = (
    "Rubinstein LV, Korn EL, Freidlin B, et al. Design issues of randomized phase II trials and a proposal for phase II "
    "screening trials. J Clin Oncol 2005;23:7199-7206. doi:10.1200/JCO.2005.01.149"
)
EXAMPLE = {"hazard_ratio": 0.67, "alpha": 0.20, "power": 0.80, "allocation": "2:1"}


class Spec(LogRankSpec):
    """A screening design: events computed, or stated as published."""

    published: ClassVar[tuple[str, ...]] = ("events",)
    kind: Literal["screening"]
    events: int | None = Field(default=None, ge=2, le=100_000, description="Stated: events at the look.")
    alpha: Error = Field(default=0.20, description="One-sided type I error.")
    power: Power = Field(default=0.80, description="Power at the hazard ratio.")


@dataclass(frozen=True)
class Screening:
    """A screening design. For a hazard ratio of 1 / 1.5 at 20 % and 80 %, 1:1, 69 events:

    >>> Screening(1 / 1.5, 0.20, 0.80, 1, 1).events
    69
    """

    hazard_ratio: float
    alpha: float
    power: float
    tested: int
    control: int
    pace: Pace | None = None
    #: as published; None: those that have the power
    stated_events: int | None = None
    #: patients of both arms, where they are stated
    patients: int | None = None

    takes = StatisticEvidence

    @cached_property
    def events(self) -> int:
        """Events at the look, rounded up."""
        if self.stated_events is not None:
            return self.stated_events
        wanted = float(ndtri(1 - self.alpha) + ndtri(self.power))
        return at_least(events_for(wanted, self.hazard_ratio, self.tested, self.control))

    @property
    def critical_ratio(self) -> float:
        """The largest observed hazard ratio that is promising."""
        return math.exp(-float(ndtri(1 - self.alpha)) / -drift(self.events, math.e, self.tested, self.control))

    @property
    def looks(self) -> tuple[Look]:
        """One look, at events."""
        return (Look(1, self.events, "events"),)

    @property
    def cautions(self) -> tuple[str, ...]:
        """What a relaxed alpha means."""
        found = []
        if self.alpha > 0.05:
            found.append(
                f"A screening result: of treatments without effect {100 * self.alpha:g}% look promising. It is no proof of efficacy."
            )
        reached = self.characteristics(self.truths()["target"]).declare.value
        found += missed(self.alpha, self.alpha, reached, self.power, f"at a hazard ratio of {self.hazard_ratio:g}")
        found += too_few(self.pace, self.patients, self.events, self.hazard_ratio, self.tested, self.control)
        return tuple(found)

    def _month(self, ratio: float) -> float:
        assert self.pace is not None
        return month_of(self.events, self.pace, ratio, self.tested, self.control)

    def truths(self) -> Mapping[str, Truth]:
        """No difference, and the hazard ratio worth finding."""
        return {"null": {"hazard_ratio": 1.0}, "target": {"hazard_ratio": self.hazard_ratio}}

    def characteristics(self, truth: Truth) -> Characteristics:
        """By the normal approximation; ``expected_n`` is the number enrolled, where a pace is given."""
        (ratio,) = truth_of(truth, hazard_ratio=(0.01, 100.0))
        reach = float(ndtr(drift(self.events, ratio, self.tested, self.control) - ndtri(1 - self.alpha)))
        more = {"expected events": Quantity(float(self.events))}
        if self.pace is not None:
            more["expected months"] = Quantity(self._month(ratio))
        n = float(patients_said(self.pace, self.patients).get("patients", math.nan))
        return Characteristics(
            f"hazard ratio {ratio:g}", "normal approximation of the log-rank statistic (Schoenfeld)", Quantity(reach),
            Quantity(0.0), Quantity(n), (1.0,), more,
        )  # fmt: skip

    def verdict(self, evidence: StatisticEvidence) -> Verdict:
        """Promising with z ≥ z(1 - alpha), at any number of events: alpha is kept, and a caution says what power is left."""
        problems = list(no_such_look(evidence.look, 1))
        if math.isnan(evidence.z):
            problems.append(Problem("not-a-number", "z", "nan", "a number"))
        if not 0 < evidence.information < math.inf:
            problems.append(Problem("cohort", "information", f"{evidence.information:g}", "events: 1 or more"))
        problems += wrong_earlier(evidence.earlier, evidence.look, evidence.information, "events")
        if problems:
            raise BadInput("evidence", problems)
        bound = float(ndtri(1 - self.alpha))
        action: Action = Declare("promising: worth a phase III trial") if evidence.z >= bound else Stop("not promising")
        cautions: tuple[str, ...] = ()
        if evidence.information != self.events:
            reach = float(ndtr(drift(evidence.information, self.hazard_ratio, self.tested, self.control) - bound))
            cautions = (
                f"{evidence.information:g} events, {self.events} were planned: the boundary of z is the same and keeps alpha; the power is "
                f"{reach:.4f} at a hazard ratio of {self.hazard_ratio:g}.",
            )
        return Verdict(
            action,
            (f"z = {evidence.z:.4f}; {bound:.4f} or more is promising.",),
            evidence.z - bound,
            "z above the boundary",
            cautions,
        )

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        time = ""
        if self.pace is not None:
            time = (
                f" With {self.pace.patients} patients enrolled over {self.pace.accrual_time:g} months and a control median of "
                f"{self.pace.median:g} months they are expected by month {self._month(1.0):.1f} under no difference and "
                f"{self._month(self.hazard_ratio):.1f} under the alternative."
            )
        reached = self.characteristics(self.truths()["target"]).declare.value
        return (
            f"This is a phase II screening trial (Rubinstein 2005). The arms, randomised {self.tested}:{self.control}, are compared by "
            f"the log-rank test after {self.events} events at a one-sided {self.alpha:g} level: the treatment is promising if the "
            f"hazard ratio is about {self.critical_ratio:.3f} or less. The power is {reached:.4f} at a hazard ratio of {self.hazard_ratio:g}.{time}"
        )

    def numbers(self) -> Mapping[str, float | int | str]:
        """Events, the critical hazard ratio, errors."""
        return {
            "events": self.events, "critical_z": float(ndtri(1 - self.alpha)), "critical_hazard_ratio": self.critical_ratio,
            "boundaries": f"z≥{float(ndtri(1 - self.alpha)):.3f}/{self.events}", "alpha": self.alpha,
            "power": self.characteristics(self.truths()["target"]).declare.value,
            **patients_said(self.pace, self.patients),
        }  # fmt: skip


def from_spec(spec: Spec) -> Screening:
    """The design that a spec states."""
    events = spec.events
    if (by_then := spec.events_by_then()) is not None:
        events = counted(by_then, spec)
    bare = Screening(spec.hazard_ratio, spec.alpha, spec.power, *spec.ratio, None, events)
    return replace(bare, pace=spec.pace_for(bare.events), patients=spec.patients)
