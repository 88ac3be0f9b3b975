"""Monitoring an excess of events in the tested arm of a randomised trial, looked at after every event.

With a : b allocation and no difference, each event falls in the tested arm with probability a / (a + b), if exposure is in
that proportion; with a risk ratio R, with probability a R / (a R + b). So, given their number, the tested arm's events are
binomial, and the rules for one arm's rate apply to that share: 'pocock' (one level), 'bayes' (posterior of the share),
'sprt' (Wald, for ``risk_ratio``). The chance of a false alarm is exact. The conditional binomial is that of Przyborowski &
Wilenski 1940, doi:10.1093/biomet/31.3-4.313. It holds for rare events; where many patients have one it is a little wide.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from pydantic import Field

from equipoise.design import allocation as shares
from equipoise.design import checks
from equipoise.numerics.binomial import pmf
from equipoise.numerics.safety_boundaries import (
    pocock_level,
    pointwise,
    posterior,
    posterior_cutoff,
    sprt,
    stages_of,
)
from equipoise.numerics.staged_binomial import Stages, ends
from equipoise.trial.decision import Action, Continue, Declare, Stop, Verdict
from equipoise.trial.design import Characteristics, Look, Quantity, Truth
from equipoise.trial.evidence import TwoArmEvidence
from equipoise.trial.part import Part
from equipoise.trial.problem import BadInput, Problem

KIND = "safety-imbalance"
TITLE = "An excess of events in the tested arm, looked at after every event"
FAMILY = "safety"
REFERENCE = (
    "Przyborowski J, Wilenski H. Homogeneity of results in testing samples from Poisson series. Biometrika 1940;31:313-323. "
    "doi:10.1093/biomet/31.3-4.313; monitored as Ivanova et al. 2005, doi:10.1111/j.1541-0420.2005.00311.x"
)
EXAMPLE = {"allocation": "2:1", "events": 21, "risk_ratio": 3.0, "method": "pocock"}
Way = Literal["pocock", "bayes", "sprt"]


class Spec(Part):
    """A rule for an excess of events in the tested arm."""

    kind: Literal["safety-imbalance"]
    events: int = Field(ge=1, le=1000, description="Most events that are monitored, both arms.")
    allocation: str = Field(default="1:1", description="Tested to control, such as 2:1.")
    risk_ratio: float = Field(default=2.0, gt=1, description="Excess at which the rule should speak: tested over control, above 1.")
    method: Literal["pocock", "bayes", "sprt"] = Field(default="pocock", description="How the boundary is set.")
    allowed: float = Field(default=0.05, gt=0, lt=1, description="Probability allowed of ever speaking without a difference.")
    beta: float = Field(default=0.20, gt=0, lt=1, description="Wald's nominal error at the risk ratio (sprt).")
    tested: int | None = Field(default=None, ge=0, description="Events seen in the tested arm: says when the rule would have spoken.")
    control: int | None = Field(default=None, ge=0, description="Events seen in the control arm.")


@dataclass(frozen=True)
class Spoke:
    """When a rule would have spoken, over all orders in which the events can have come.

    ``probability`` of speaking at all; ``at[d - 1]`` of speaking first at the d-th event; quantiles of that event given that
    it speaks (None if it never does). ``p`` is the exact conditional p of the final numbers, looked at once.
    """

    tested: int
    control: int
    probability: float
    at: tuple[float, ...]
    median: int | None
    p10: int | None
    p90: int | None
    p: float


@dataclass(frozen=True)
class Imbalance:
    """A rule; ``seen`` are the events of a trial that is over, if given."""

    events: int
    tested_share: int
    control_share: int
    risk_ratio: float
    method: Way
    allowed: float
    beta: float
    seen: tuple[int, int] | None = None

    def share(self, risk_ratio: float) -> float:
        """Probability that an event falls in the tested arm."""
        return self.tested_share * risk_ratio / (self.tested_share * risk_ratio + self.control_share)

    @property
    def sizes(self) -> tuple[int, ...]:
        """A look after every event."""
        return tuple(range(1, self.events + 1))

    @cached_property
    def boundary(self) -> tuple[int, ...]:
        """Events of the tested arm that speak, at the d-th event; d + 1 where none does."""
        null = self.share(1.0)
        if self.method == "pocock":
            return pointwise(self.sizes, null, pocock_level(self.sizes, null, self.allowed) or 0.0)
        if self.method == "bayes":
            prior = 2 * null, 2 * (1 - null)  # worth two events, at no difference
            return posterior(self.sizes, null, posterior_cutoff(self.sizes, null, self.allowed, *prior) or 1.0, *prior)
        return sprt(self.sizes, null, self.share(self.risk_ratio), math.log((1 - self.beta) / self.allowed))

    @cached_property
    def stages(self) -> Stages:
        """The looks as stages that stop high."""
        return stages_of(self.sizes, self.boundary)

    @property
    def looks(self) -> tuple[Look, ...]:
        """A look after every event."""
        return tuple(Look(d, d, "events") for d in self.sizes)

    def truths(self) -> Mapping[str, Truth]:
        """No difference, and the excess."""
        return {"null": {"risk_ratio": 1.0}, "target": {"risk_ratio": self.risk_ratio}}

    def characteristics(self, truth: Truth) -> Characteristics:
        """Exact, given that all ``events`` come; ``declare`` is P(the rule never speaks), ``expected_n`` counts events."""
        (ratio,) = checks.truth_of(truth, risk_ratio=(0.001, 1000.0))
        e = ends(self.stages, self.share(ratio))
        speaks = math.fsum(e.high)
        return Characteristics(
            f"risk ratio {ratio:g}", "exact, given the number of events", Quantity(1 - speaks), Quantity(speaks),
            Quantity(e.expected_n), e.at, {"expected events": Quantity(e.expected_n)},
        )  # fmt: skip

    @cached_property
    def cautions(self) -> tuple[str, ...]:
        """False alarms beyond what is allowed; what exposure is assumed."""
        found = ["Exposure is taken as in the allocation: where one arm is treated or followed for longer, its events count too much."]
        alarm = self.characteristics({"risk_ratio": 1.0}).stop_early.value
        if alarm > self.allowed * (1 + 1e-9):
            found.append(f"Without a difference the rule speaks with probability {alarm:.4f}, above the stated {self.allowed:g}.")
        return tuple(found)

    def verdict(self, evidence: TwoArmEvidence) -> Verdict:
        """Stop for safety at the boundary of as many events as there are; ``successes`` are patients with the event."""
        d = evidence.successes + evidence.control_successes
        if not 1 <= d <= self.events:
            raise BadInput("evidence", [Problem("out-of-range", "events", str(d), f"1 to {self.events} in both arms")])
        bound = self.boundary[d - 1]
        null = self.share(1.0)
        p = float(pmf(d, null)[evidence.successes :].sum())
        because = (
            f"{evidence.successes} of {d} events in the tested arm, {d * null:.1f} expected without a difference; "
            + (f"{bound} or more speak." if bound <= d else "no number speaks yet.")
            + f" Exact p of these numbers, looked at once: {p:.4f}.",
        )
        planned = self.tested_share / self.control_share
        cautions = ()
        if evidence.control_n and abs(evidence.n / evidence.control_n / planned - 1) > 0.1:
            cautions = (f"{evidence.n} and {evidence.control_n} patients are not in the proportion {self.tested_share}:{self.control_share}.",)
        if evidence.successes >= bound:
            action: Action = Stop("safety")
        elif d == self.events:
            action = Declare("no excess was shown")
        else:
            action = Continue()
        return Verdict(action, because, bound - evidence.successes, "events below the boundary", cautions)

    def describe(self) -> str:
        """The rule as a paragraph of a protocol, and when it would have spoken."""
        null, target = (self.characteristics(self.truths()[k]) for k in ("null", "target"))
        how = {
            "pocock": "at the same level after every event",
            "bayes": "by the posterior of the share of events in the tested arm (prior worth two events)",
            "sprt": f"by Wald's test for a risk ratio of {self.risk_ratio:g}",
        }[self.method]
        text = (
            f"An excess of events in the tested arm is monitored after every event, up to {self.events}, {how}. With "
            f"{self.tested_share}:{self.control_share} allocation {self.share(1.0):.1%} of them are expected there without a difference. The "
            f"rule speaks with at least this many in the tested arm among so many: {self.table()}. Without a difference it ever "
            f"speaks with probability {null.stop_early.value:.4f}; with a risk ratio of {self.risk_ratio:g}, with probability "
            f"{target.stop_early.value:.4f} (exact, given that {self.events} events come)."
        )
        if self.seen is not None:
            text += " " + spoke_sentence(when_it_spoke(self, *self.seen))
        return text

    def table(self) -> str:
        """The boundary in short, where it is not beyond reach: '5/5, 6/6-7, …'."""
        spans: list[tuple[int, int, int]] = []
        for d, b in zip(self.sizes, self.boundary, strict=True):
            if b > d:
                continue
            spans = [*spans[:-1], (b, spans[-1][1], d)] if spans and spans[-1][0] == b else [*spans, (b, d, d)]
        return ", ".join(f"{b}/{a}" if a == z else f"{b}/{a}-{z}" for b, a, z in spans) or "none"

    def numbers(self) -> Mapping[str, float | int | str]:
        """Boundary, exact chances, and when it would have spoken."""
        null, target = (self.characteristics(self.truths()[k]) for k in ("null", "target"))
        found: dict[str, float | int | str] = {
            "events": self.events, "share_expected": self.share(1.0), "boundaries": self.table(),
            "false_alarm": null.stop_early.value, "speaks_at_risk_ratio": target.stop_early.value,
        }  # fmt: skip
        if self.seen is not None:
            s = when_it_spoke(self, *self.seen)
            found |= {"seen": f"{s.tested} and {s.control}", "exact_p_looked_at_once": s.p, "spoke_probability": s.probability}
            found |= {"spoke_median_event": s.median or "never", "spoke_p10": s.p10 or "never", "spoke_p90": s.p90 or "never"}
        return found


def when_it_spoke(design: Imbalance, tested: int, control: int) -> Spoke:
    """When the rule would first have spoken if the events came in an order that is not known: all orders equally likely.

    Exact, by recursion over (tested, control) events so far. Raises BadInput for more events than are monitored.
    """
    total = tested + control
    if not 1 <= total <= design.events:
        raise BadInput("events", [Problem("out-of-range", "tested, control", f"{tested}, {control}", f"1 to {design.events} in both arms")])
    state = {0: 1.0}  # events in the tested arm so far → probability, rule silent
    at = []
    for d in range(1, total + 1):
        new: dict[int, float] = {}
        for t, mass in state.items():
            left = total - (d - 1)
            p = (tested - t) / left
            if p > 0:
                new[t + 1] = new.get(t + 1, 0.0) + mass * p
            if p < 1:
                new[t] = new.get(t, 0.0) + mass * (1 - p)
        bound = design.boundary[d - 1]
        at.append(math.fsum(m for t, m in new.items() if t >= bound))
        state = {t: m for t, m in new.items() if t < bound}
    spoke = math.fsum(at)
    cumulative = np.cumsum(at)

    def quantile(q: float) -> int | None:
        return int(np.argmax(cumulative >= q * spoke - 1e-12)) + 1 if spoke > 1e-12 else None

    p = float(pmf(total, design.share(1.0))[tested:].sum())
    return Spoke(tested, control, spoke, tuple(at), quantile(0.5), quantile(0.1), quantile(0.9), p)


def spoke_sentence(s: Spoke) -> str:
    """When it would have spoken, in a sentence."""
    text = (
        f"With {s.tested} events in the tested and {s.control} in the control arm the exact one-sided p, looked at once, is {s.p:.4f}. "
        f"Over all orders in which they can have come the rule speaks with probability {s.probability:.4f}"
    )
    if s.median is None:
        return text + "."
    return text + f"; where it does, first at event {s.median} (median; 10 % to 90 %: {s.p10} to {s.p90})."


def from_spec(table: Mapping[str, Any]) -> Imbalance:
    """The rule that a table states. Raises BadInput with all its problems."""
    values = {
        "allocation": "1:1", "risk_ratio": 2.0, "method": "pocock", "allowed": 0.05, "beta": 0.20,
        **{k: v for k, v in table.items() if v is not None},
    }  # fmt: skip
    problems = list(checks.count("events", values.get("events"), 1, 1000))
    problems += shares.problems(values["allocation"])
    problems += [p for k in ("allowed", "beta") for p in checks.probability(k, values[k])]
    if not isinstance(values["risk_ratio"], int | float) or not 1 < values["risk_ratio"] < 1000:
        problems.append(Problem("out-of-range", "risk_ratio", str(values["risk_ratio"]), "a ratio above 1: the tested arm has more events"))
    if values["method"] not in ("pocock", "bayes", "sprt"):
        problems.append(Problem("not-a-choice", "method", repr(values["method"]), "pocock, bayes or sprt"))
    seen = [values.get("tested"), values.get("control")]
    if (seen[0] is None) != (seen[1] is None):
        problems.append(Problem("half-stated", "tested, control", "one of the two", "both, or neither"))
    elif seen[0] is not None:
        counts = [p for k in ("tested", "control") for p in checks.count(k, values[k], 0)]
        problems += counts
        if not counts and isinstance(values.get("events"), int) and not 1 <= seen[0] + seen[1] <= values["events"]:
            problems.append(Problem("out-of-range", "tested, control", f"{seen[0]}, {seen[1]}", f"1 to {values['events']} events in all"))
    checks.raise_if(problems)
    ratio = shares.parse(values["allocation"])
    assert ratio is not None
    return Imbalance(
        values["events"], *ratio, float(values["risk_ratio"]), values["method"], float(values["allowed"]), float(values["beta"]),
        (seen[0], seen[1]) if seen[0] is not None else None,
    )  # fmt: skip
