"""What rules for a toxicity rate in one arm share: looks, exact chances of stopping, the verdict.

'declare' means here that the trial ran to its end without stopping for toxicity; 'stop early' that the rule stopped it
(at the last patient too). A subclass gives the boundary: stop at the look after m patients with at least b[m] toxicities.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from equipoise.design import checks
from equipoise.numerics.safety_boundaries import stages_of
from equipoise.numerics.staged_binomial import Stages, ends
from equipoise.trial.decision import Action, Continue, Declare, Stop, Verdict
from equipoise.trial.design import Characteristics, Look, Quantity, Truth
from equipoise.trial.evidence import Evidence
from equipoise.trial.exhibits import Curve, LineFigure, Mark
from equipoise.trial.problem import BadInput, Problem


class SafetyRule(ABC):
    """A rule that stops for toxicity. ``theta0``: rate that is acceptable; ``theta1``: rate at which it should stop."""

    theta0: float
    theta1: float
    n: int
    cohort: int
    allowed: float

    @property
    @abstractmethod
    def boundary(self) -> tuple[int, ...]:
        """Toxicities that stop, at each look; more than the patients where none does."""

    @property
    @abstractmethod
    def rule(self) -> str:
        """The rule in words, to follow 'The trial stops if'."""

    @property
    def sizes(self) -> tuple[int, ...]:
        """Patients at each look: after each cohort, and at the end."""
        return tuple(dict.fromkeys([*range(self.cohort, self.n, self.cohort), self.n]))

    @cached_property
    def stages(self) -> Stages:
        """The looks as stages that stop high."""
        return stages_of(self.sizes, self.boundary)

    @property
    def looks(self) -> tuple[Look, ...]:
        """A look after each cohort."""
        return tuple(Look(k, m) for k, m in enumerate(self.sizes, 1))

    def truths(self) -> Mapping[str, Truth]:
        """The acceptable rate, and the one at which the trial should stop."""
        return {"null": {"toxicity": self.theta0}, "target": {"toxicity": self.theta1}}

    def stopped(self, toxicity: float) -> float:
        """P(ever stops for toxicity), exact."""
        return math.fsum(ends(self.stages, toxicity).high)

    def characteristics(self, truth: Truth) -> Characteristics:
        """Exact behaviour; ``truth`` is {'toxicity': probability}."""
        (rate,) = checks.truth_of(truth, toxicity=(0.0, 1.0))
        e = ends(self.stages, rate)
        stopped = math.fsum(e.high)
        return Characteristics(
            f"toxicity {rate:g}", "exact binomial enumeration", Quantity(1 - stopped), Quantity(stopped),
            Quantity(e.expected_n), e.at,
        )  # fmt: skip

    @cached_property
    def cautions(self) -> tuple[str, ...]:
        """Where the rule stops an acceptable treatment more often than allowed."""
        found = self.stopped(self.theta0)
        if found <= self.allowed * (1 + 1e-9):
            return ()
        return (f"At the acceptable rate of {self.theta0:g} the trial stops with probability {found:.4f}, above the stated {self.allowed:g}.",)

    def verdict(self, evidence: Evidence) -> Verdict:
        """Stop for safety at the boundary. ``successes`` of the evidence are patients with toxicity."""
        if not 1 <= evidence.look <= len(self.sizes) or evidence.n != self.sizes[evidence.look - 1]:
            allowed = f"look k after {', '.join(map(str, self.sizes[:3]))} … {self.n} patients"
            raise BadInput("evidence", [Problem("cohort", "look, n", f"{evidence.look}, {evidence.n}", allowed)])
        k = evidence.look - 1
        low, high = self.stages.low[k], self.stages.high[k]
        x = evidence.successes
        bound = f"{high + 1} or more stop" if high < evidence.n else "no number stops here"
        because = (f"{x} patients with toxicity among {evidence.n}; {bound}.",)
        if x > high:
            action: Action = Stop("safety")
        elif x <= low:
            action = Declare("the toxicity rate is acceptable")
        else:
            action = Continue()
        return Verdict(action, because, high + 1 - x, "toxicities below the boundary")

    def table(self) -> str:
        """The boundary in short: '3/3-4, 4/5-7, …', toxicities that stop by patients treated."""
        spans: list[tuple[int, int, int]] = []
        for m, b in zip(self.sizes, self.boundary, strict=True):
            if b > m:
                continue
            if spans and spans[-1][0] == b:
                spans[-1] = (b, spans[-1][1], m)
            else:
                spans.append((b, m, m))
        return ", ".join(f"{b}/{a}" if a == z else f"{b}/{a}-{z}" for b, a, z in spans) or "none"

    def describe(self) -> str:
        """The rule as a paragraph of a protocol."""
        null, target = self.characteristics({"toxicity": self.theta0}), self.characteristics({"toxicity": self.theta1})
        every = "each patient" if self.cohort == 1 else f"every {self.cohort} patients"
        return (
            f"Toxicity is monitored after {every}, up to {self.n}. The trial stops if {self.rule}: with this many patients with "
            f"toxicity, among so many treated: {self.table()}. If the true rate is {self.theta0:.0%} it stops with probability "
            f"{null.stop_early.value:.4f}; if it is {self.theta1:.0%}, with probability {target.stop_early.value:.4f}, after "
            f"{target.expected_n.value:.1f} patients on average (exact)."
        )

    def numbers(self) -> Mapping[str, float | int | str]:
        """Boundary and exact chances of stopping."""
        null, target = self.characteristics({"toxicity": self.theta0}), self.characteristics({"toxicity": self.theta1})
        return {
            "n": self.n, "boundaries": self.table(), "stops_at_theta0": null.stop_early.value,
            "stops_at_theta1": target.stop_early.value, "en0": null.expected_n.value, "en1": target.expected_n.value,
        }  # fmt: skip

    def curve(self) -> LineFigure:
        """P(stops) against the true rate."""
        rates = np.linspace(0.0, min(1.0, self.theta1 + 0.3), 101).tolist()
        return LineFigure(
            "Chance that the trial stops for toxicity", "True toxicity rate", "Probability",
            [Curve("Stops", rates, [self.stopped(p) for p in rates])],
            [Mark(f"acceptable {self.theta0:g}", x=self.theta0), Mark(f"too high {self.theta1:g}", x=self.theta1)],
            caption="Exact.", y_range=(0.0, 1.0),
        )  # fmt: skip


def rule_problems(values: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with what all rules are given: theta0, theta1, n, cohort, allowed."""
    for k in ("theta0", "theta1", "allowed"):
        yield from checks.probability(k, values.get(k))
    yield from checks.above("theta0", values.get("theta0"), "theta1", values.get("theta1"), "the rate that is too high")
    bad = [*checks.count("n", values.get("n"), 1, 1000), *checks.count("cohort", values.get("cohort"), 1)]
    yield from bad
    if not bad and values["cohort"] > values["n"]:
        yield Problem("cohort", "cohort", str(values["cohort"]), f"at most n = {values['n']}")


