"""An excess of events, such as deaths from adverse events, in the tested arm of a randomised trial, watched event by event.

Of d patients with the event so far, x are in the tested arm. Where exposure is in proportion to the allocation and there
is no imbalance, each event falls in the tested arm with probability share = n / (n + control_n), so that X is binomial
with d and share; at a risk ratio rr it is n rr / (n rr + control_n). At a look on d events, stop if, by ``method``,

- pocock: P(X ≥ x | d, share) ≤ level, the same at every look;
- sprt:   L ≥ log A, L the log likelihood ratio of ``risk_ratio`` to 1;
- bayes:  P(rate tested > rate control | data) > cutoff, the rates beta with n and control_n patients.

The threshold is stated, or the one that stops earliest with P(ever stopped in ``events`` events | no imbalance) ≤
false_alarm, found exactly. Where fewer events come the false alarm is smaller still; so it is in a small trial, where a
patient who has had the event cannot have it again and the shares drift back. The conditional test is Przyborowski
& Wilenski 1940, doi:10.1093/biomet/31.3-4.313; the SPRT Wald 1945, doi:10.1214/aoms/1177731118; the constant level
Pocock's as in Ivanova, Qaqish & Schell 2005, doi:10.1111/j.1541-0420.2005.00311.x.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from equipoise.design.boundary_in_words import AtLook
from equipoise.design.looks_taken import look_sizes, raised, wrong_earlier_pairs
from equipoise.design.safety.safety_bayes import not_above_table, posterior_excess
from equipoise.design.safety.safety_pocock import tail_scores
from equipoise.design.safety.safety_rule import (
    MOST,
    ROUNDING,
    TIE,
    Array,
    as_attained,
    boundary_in_words,
    boundary_table,
    calibrated,
    crossing,
    least_reaching,
    log_score,
    out_of_reach,
    planned_at,
    upper_stages,
)
from equipoise.design.safety.safety_sprt import likelihood_scores
from equipoise.design.safety.stated_stops import StatedStops, not_the_rules, stated_at
from equipoise.design.spec import MOST_COUNT, MOST_WEIGHT, Error, at_most, between
from equipoise.design.truth import truth_of
from equipoise.numerics.counts.binomial import exceeds
from equipoise.numerics.sequential.staged_binomial import Stages, ends
from equipoise.trial.decision import Action, Continue, Declare, Stop, Verdict
from equipoise.trial.design import Characteristics, Look, Quantity, Truth
from equipoise.trial.evidence import TwoArmEvidence
from equipoise.trial.exhibits import Curve, LineFigure, Mark, Table
from equipoise.trial.problem import Problem

KIND = "safety-imbalance"
TITLE = "An excess of events in the tested arm, watched event by event"
FAMILY = "safety"
REFERENCE = (
    "Przyborowski J, Wilenski H. Homogeneity of results in testing samples from Poisson series. Biometrika 1940;31:313-323. "
    "doi:10.1093/biomet/31.3-4.313"
)
EXAMPLE = {"n": 80, "control_n": 40, "events": 25, "method": "pocock", "false_alarm": 0.05, "risk_ratio": 3.0}

Method = Literal["pocock", "sprt", "bayes"]
METHODS: tuple[Method, ...] = ("pocock", "sprt", "bayes")


class Spec(StatedStops):
    """A rule on the imbalance of events between the arms: its threshold calibrated to a false alarm, or stated."""

    sized_by: ClassVar[tuple[str, str, str]] = ("first", "every", "events")
    kind: Literal["safety-imbalance"]
    n: int = Field(ge=1, le=MOST_COUNT, description="Patients planned in the tested arm.")
    control_n: int = Field(ge=1, le=MOST_COUNT, description="Patients planned in the control arm.")
    events: int = Field(ge=1, le=MOST, description="Events, both arms, until which is monitored.")
    method: Method = Field(
        default="pocock",
        description="Constant level of the conditional binomial test, its probability ratio test, or the posterior of the two rates.",
    )
    false_alarm: Error = Field(default=0.05, description="Allowed probability of ever stopping without imbalance.")
    risk_ratio: float = Field(
        default=2.0, gt=1, le=1000, description="Risk ratio, tested to control, at which the trial should stop."
    )
    first: int = Field(default=1, ge=1, le=MOST_COUNT, description="Events at the first look.")
    every: int = Field(default=1, ge=1, le=MOST_COUNT, description="Events between two looks.")
    threshold: float | None = Field(
        default=None, gt=0, le=MOST_WEIGHT,
        description="Level (pocock), likelihood ratio A (sprt) or posterior probability (bayes), if stated (default: calibrated).",
    )  # fmt: skip
    prior_a: float = Field(
        default=0.5, gt=0, le=MOST_WEIGHT, description="Prior beta parameter of an event, either arm (bayes)."
    )
    prior_b: float = Field(
        default=0.5, gt=0, le=MOST_WEIGHT, description="Prior beta parameter of no event, either arm (bayes)."
    )

    @between("method", "threshold")
    def _threshold_of_method(self) -> Iterator[Problem]:
        if self.threshold is not None and self.method != "sprt" and self.threshold >= 1:
            yield Problem("out-of-range", "threshold", f"{self.threshold:g}", f"must be below 1 with {self.method}")

    @between("first", "events")
    def _first_is_in_events(self) -> Iterator[Problem]:
        return at_most(self, "first", "events")

    @between("method", "events", "n", "control_n")
    def _events_are_of_patients(self) -> Iterator[Problem]:
        arms = (self.n, self.control_n)
        most, who = (min(arms), "the smaller arm") if self.method == "bayes" else (sum(arms), "both arms")
        if self.events > most:
            yield Problem("too-many-events", "events", str(self.events), f"at most the {most} patients of {who}")


def share_at(n: int, control_n: int, risk_ratio: float) -> float:
    """P(an event is in the tested arm) at a risk ratio, exposure in proportion to the patients."""
    return n * risk_ratio / (n * risk_ratio + control_n)


def exact_p(tested: int, control: int, n: int, control_n: int) -> float:
    """One-sided conditional P(X ≥ tested | tested + control events, no imbalance), X binomial with the share of n.

    >>> round(exact_p(18, 3, 94, 47), 4)
    0.0462
    """
    d = tested + control
    return float(exceeds(d, share_at(n, control_n, 1.0))[tested - 1]) if tested else 1.0


@dataclass(frozen=True)
class ImbalanceRule:
    """Sizes, method and threshold; the boundary follows."""

    n: int
    control_n: int
    events: int
    method: Method
    false_alarm: float
    risk_ratio: float
    first: int
    every: int
    prior_a: float
    prior_b: float
    #: as stated: a level, a likelihood ratio, or a posterior probability
    threshold: float
    #: the boundary at each look, where it is stated
    stops: tuple[int, ...] | None = None

    takes = TwoArmEvidence

    @property
    def share(self) -> float:
        """P(an event is in the tested arm) without imbalance."""
        return share_at(self.n, self.control_n, 1.0)

    def score(self, d: int) -> Array:
        """What the method holds against its threshold, for x = 0 … ``d`` events in the tested arm: it grows with x."""
        if self.method == "pocock":
            return tail_scores(d, self.share)
        if self.method == "sprt":
            return likelihood_scores(d, self.share, share_at(self.n, self.control_n, self.risk_ratio))
        x, room = np.arange(d + 1), max(32, 1 << (d - 1).bit_length())  # few sizes: tables are shared between looks
        return log_score(not_above_table(self.n, self.control_n, room, self.prior_a, self.prior_b)[x, d - x])

    @property
    def _log_threshold(self) -> float:
        if self.method == "pocock":
            return -math.log(self.threshold)
        if self.method == "sprt":
            return math.log(self.threshold)
        return -math.log1p(-self.threshold) + 2 * TIE

    def boundary_at(self, d: int) -> int:
        """Least number in the tested arm, of ``d`` events, that stops: the rule's, or the stated one; above d if none does."""
        return self.rule_at(d) if self.stops is None else stated_at(self.sizes, self.stops, d)

    def rule_at(self, d: int) -> int:
        """Least number in the tested arm, of ``d`` events, at which the rule stops; d + 1 if at none."""
        return least_reaching(self.score(d), self._log_threshold)

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Events at each look."""
        return look_sizes(self.first, self.every, self.events)

    @cached_property
    def stops_at(self) -> tuple[int, ...]:
        """Least number of events in the tested arm that stops, at each look."""
        return tuple(self.boundary_at(d) for d in self.sizes)

    @cached_property
    def stages(self) -> Stages:
        """The boundary as stages over events that end high."""
        return upper_stages(self.sizes, self.stops_at)

    @property
    def looks(self) -> tuple[Look, ...]:
        """A look after each so many events."""
        return tuple(Look(k, d, "events") for k, d in enumerate(self.sizes, 1))

    def truths(self) -> Mapping[str, Truth]:
        """No imbalance (null), and the risk ratio at which the trial should stop (target)."""
        return {"null": {"risk_ratio": 1.0}, "target": {"risk_ratio": self.risk_ratio}}

    def stop_probability(self, risk_ratio: float) -> float:
        """P(ever stopped within ``events`` events) at a true risk ratio, tested to control; exact."""
        return crossing(self.stages, share_at(self.n, self.control_n, risk_ratio))

    def characteristics(self, truth: Truth) -> Characteristics:
        """Exact behaviour over all orders of ``events`` events; ``truth`` is {'risk_ratio': tested to control}.

        ``declare`` is P(never stopped), ``stop_early`` P(stopped at any look). ``expected_n`` is the number planned: how
        many have been enrolled at an event depends on the accrual, which this rule does not know. 'expected events' is
        exact.
        """
        (rr,) = truth_of(truth, risk_ratio=(0.0, 1000.0))
        e = ends(self.stages, share_at(self.n, self.control_n, rr))
        return Characteristics(
            f"risk ratio {rr:g}",
            f"exact enumeration of the orders of {self.events} events; expected_n is the number planned",
            Quantity(math.fsum(e.low)),
            Quantity(math.fsum(e.high)),
            Quantity(float(self.n + self.control_n)),
            e.at,
            {"expected events": Quantity(e.expected_n)},
        )

    def verdict(self, evidence: TwoArmEvidence) -> Verdict:
        """Stop for safety if the tested arm's events reach the boundary of the look, else go on.

        ``successes`` are the patients with the event, ``n`` those treated. Several events may become known on one day, so that a look
        is on more events than planned, and later looks are passed over: the boundary is the rule's own at any number, and a caution
        says how often it then stops without imbalance. Raises BadInput for no such look and a look without an event. A caution says so where the arms are not in the planned proportion.
        """
        x, c, final = evidence.successes, evidence.control_successes, evidence.look == len(self.sizes)
        d = x + c
        raised(wrong_earlier_pairs(evidence))
        planned = planned_at(self.sizes, evidence.look, d, "successes + control_successes", "events")
        boundary, cautions = self.boundary_at(d), list[str]()
        if d != planned:
            sizes = as_attained(self.sizes, evidence.look, d)
            stopped = crossing(upper_stages(sizes, [self.boundary_at(k) for k in sizes]), self.share)
            cautions.append(
                f"{d} events came, {planned} were planned: the boundary is the rule's own at {d} events. With such a look the exact "
                f"false alarm is {stopped:.4f}."
            )
        attained = share_at(evidence.n, evidence.control_n, 1.0)
        p = exact_p(x, c, evidence.n, evidence.control_n)
        if abs(attained - self.share) > 0.01:
            cautions.append(
                f"The arms have {evidence.n} and {evidence.control_n} patients: without imbalance {attained:.1%} of the events "
                f"fall in the tested arm, the boundary was made for {self.share:.1%}."
            )
        because = [
            f"{x} of {d} events are in the tested arm, {attained * d:.1f} are expected there without imbalance; "
            + (f"{boundary} or more stop the trial." if boundary <= d else "no number stops it at this look."),
            f"One look alone would give an exact one-sided P = {p:.4f}.",
        ]
        if self.method == "bayes":
            above = posterior_excess(x, evidence.n, c, evidence.control_n, self.prior_a, self.prior_b)
            because.append(f"P(rate tested > rate control) = {above:.4f}; the cutoff is {self.threshold:.4f}.")
        action: Action = Continue()
        if x >= boundary:
            action = Stop("safety")
        elif final:
            action = Declare("the imbalance of events stayed within the boundary")
        return Verdict(
            action, tuple(because), boundary - x, "events in the tested arm below the boundary", tuple(cautions)
        )

    @cached_property
    def cautions(self) -> tuple[str, ...]:
        """Where the rule does not keep its false alarm, or can never stop; and what it takes for granted."""
        found, stopped = list[str](), self.stop_probability(1.0)
        if stopped > self.false_alarm * ROUNDING:
            found.append(f"The exact false alarm is {stopped:.4f}, above the stated {self.false_alarm:g}.")
        if all(b > d for d, b in zip(self.sizes, self.stops_at, strict=True)):
            found.append("No number of events stops this trial: the boundary is never within reach.")
        if self.stops is not None:
            found += not_the_rules(self.sizes, self.stops, [self.rule_at(d) for d in self.sizes])
        found.append("Exposure is taken to be in proportion to the allocation; longer treatment in one arm shifts it.")
        return tuple(found)

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        how = {
            "pocock": "one-sided exact binomial test of the share of events in the tested arm, at the constant level "
            f"{self.threshold:.4g}",
            "sprt": f"sequential probability ratio test of a risk ratio of {self.risk_ratio:g} against 1, at a likelihood ratio of "
            f"{self.threshold:.4g}",
            "bayes": f"posterior probability that the event rate is higher in the tested arm, at a cutoff of {self.threshold:.4f} "
            f"with Beta({self.prior_a:g}, {self.prior_b:g}) priors",
        }[self.method]
        null, excess = (self.characteristics(t) for t in self.truths().values())
        after = "each event" if self.every == 1 else f"every {self.every} events"
        start = f" from event {self.first} on" if self.first > 1 else ""
        origin = f"The boundary is that of a {how}."
        if self.stops is not None:
            origin = f"The boundary is the one that was published, beside that of a {how}."
        return (
            f"An excess of events in the tested arm is monitored after {after}{start}, up to {self.events} events in both arms. "
            f"With {self.n} and {self.control_n} patients planned, {self.share:.1%} of the events are expected in the tested arm if "
            f"there is no imbalance. The trial stops if the events in the tested arm reach the boundary: "
            f"{boundary_in_words(self.sizes, self.stops_at)} events. {origin} Over {self.events} events the "
            f"probability of stopping is {null.stop_early.value:.4f} without imbalance (at most {self.false_alarm:g} was asked for) and "
            f"{excess.stop_early.value:.4f} at a risk ratio of {self.risk_ratio:g}, with {null.more['expected events'].value:.1f} "
            f"and {excess.more['expected events'].value:.1f} events expected. All figures are exact."
        )

    @property
    def by_look(self) -> tuple[AtLook, ...]:
        """What each look does, of all looks: on so many events in both arms, with so many in the tested arm."""
        rows = enumerate(zip(self.sizes, self.stops_at, strict=True), 1)
        return tuple(AtLook(k, n, stops_at_least=b if b <= n else None) for k, (n, b) in rows)

    def numbers(self) -> Mapping[str, float | int | str]:
        """The boundary, the threshold, and the exact false alarm and power."""
        null, excess = (self.characteristics(t) for t in self.truths().values())
        return {
            "method": self.method,
            "events": self.events,
            "share": self.share,
            "boundary": boundary_in_words(self.sizes, self.stops_at),
            "threshold": self.threshold,
            "false_alarm": null.stop_early.value,
            "power": excess.stop_early.value,
            "events0": null.more["expected events"].value,
            "events1": excess.more["expected events"].value,
        }

    def table(self) -> Table:
        """The boundary, in runs of looks."""
        return boundary_table(
            f"Stop for an excess of events in the tested arm ({self.method})",
            ["Events, both arms", "Stop with at least this many in the tested arm"],
            self.sizes,
            self.stops_at,
            f"Exact false alarm over {self.events} events: {self.stop_probability(1.0):.4f}.",
        )

    def curve(self) -> LineFigure:
        """P(stopped) against the true risk ratio."""
        ratios = np.geomspace(0.5, max(8.0, 2 * self.risk_ratio), 61).tolist()
        return LineFigure(
            "Probability of stopping for an excess of events, exact",
            "True risk ratio, tested to control",
            "Probability",
            [Curve("Stopped", ratios, [self.stop_probability(r) for r in ratios])],
            [Mark("no imbalance", x=1.0), Mark(f"risk ratio {self.risk_ratio:g}", x=self.risk_ratio)],
            caption=f"Exact probabilities over all orders of {self.events} events.",
            y_range=(0.0, 1.0),
        )


def from_spec(spec: Spec) -> ImbalanceRule:
    """The design that a spec states. Raises BadInput if no threshold keeps the false alarm."""
    stated = {k: v for k, v in spec if k not in ("kind", "threshold", "stops_at")} | {"stops": spec.stops_at}
    if spec.threshold is not None:
        return ImbalanceRule(**stated, threshold=spec.threshold)
    blank = ImbalanceRule(**stated, threshold=0.5)
    found = calibrated(blank.sizes, [blank.score(d) for d in blank.sizes], blank.share, blank.false_alarm)
    if found is None:
        raise out_of_reach(
            blank.share, blank.events, blank.false_alarm, "false_alarm", "events", "events fall in the tested arm"
        )
    threshold = {
        "pocock": math.exp(-found.threshold),
        "sprt": math.exp(found.threshold),
        "bayes": -math.expm1(-found.below),
    }[spec.method]
    return ImbalanceRule(**stated, threshold=threshold)
