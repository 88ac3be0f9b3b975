"""Two randomised arms, a time to event and history: the tested hazard against a control hazard that borrows.

The control's log hazard has a prior made from historical arms (robust MAP, power, commensurate …). After a planned number of
events in each arm: declare if P(hazard ratio < margin | data) ≥ threshold; hazard ratios are tested over control, below 1
favours the tested arm. Truth: constant hazards, or Weibull of a known shape. ``drift`` is today's control hazard over the one
that errors are stated at: below 1, today's controls do better than history, and history makes the tested arm look good.
Without drift borrowing buys power; over all drifts no power is bought without type I error (Kopp-Schneider, Calderazzo &
Wiesenfarth 2020, doi:10.1002/bimj.201800395). The fair comparison lets the trial that borrows nothing err as often as this
one may at worst (Kopp-Schneider, Wiesenfarth, Held & Calderazzo 2024, Pharm Stat 23:4, doi:10.48550/arXiv.2302.12651).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from equipoise.design.bayesian.borrowing_survival_theory import (
    PastHazards,
    Question,
    from_medians,
    from_times,
    log_hazard,
    median_of,
    prior_of,
    split,
)
from equipoise.design.bayesian.borrowing_terms import Terms
from equipoise.design.enrolling import Ramp
from equipoise.design.looks_taken import no_such_look, wrong_earlier
from equipoise.design.randomised.allocation import Allocated
from equipoise.design.randomised.logrank_plan import Pace, arms, month_of
from equipoise.design.spec import MOST_RATE, MOST_TIME, MOST_WEIGHT, Error, Errors, Power, below, between, no_design
from equipoise.design.truth import truth_of
from equipoise.numerics.borrowing.hazard_rule import HazardRule
from equipoise.numerics.borrowing.methods import Borrowing
from equipoise.numerics.borrowing.normal_mixture import NormalMixture
from equipoise.numerics.times.accrual_events import accrual_for
from equipoise.trial.decision import Action, Declare, Stop, Verdict
from equipoise.trial.design import Characteristics, Look, Quantity, Truth
from equipoise.trial.evidence import TwoArmExposureEvidence
from equipoise.trial.exhibits import Curve, LineFigure, Mark
from equipoise.trial.problem import BadInput, Problem

KIND = "borrowing-survival"
TITLE = "Randomised, control hazard borrowing from history (robust MAP, power, commensurate priors)"
FAMILY = "Bayesian"
REFERENCE = (
    "Schmidli H et al. Robust meta-analytic-predictive priors in clinical trials with historical control information. "
    "Biometrics 2014;70:1023-1032. doi:10.1111/biom.12242. Times: Roychoudhury S, Neuenschwander B. Stat Med 2020;39:984-995. "
    "doi:10.48550/arXiv.1908.07265. Commensurate: Hobbs BP, Sargent DJ, Carlin BP. Bayesian Anal "
    "2012;7:639-674. doi:10.1214/12-BA722"
)
EXAMPLE = {
    "hazard_ratio": 0.67, "history_median": (5.9, 4.6, 5.77, 5.2, 4.4), "history_n": (282, 110, 395, 327, 50),
    "allocation": "2:1", "shape": 1.5,
}  # fmt: skip
#: Drifts that are always shown, and the range over which the worst is looked for.
SHOWN = (0.8, 1.25)
RANGE = (0.5, 2.0)
MOST = 2000


#: The two ways in which history is stated.
MEDIANS, EVENTS = ("history_n", "history_median"), ("history_events", "history_time")
#: A number for each historical arm: patients or events, and a time.
#: All patients' time at risk together, each to the power shape.
_MOST_AT_RISK = 1e12
Sizes = Annotated[tuple[Annotated[float, Field(ge=1, le=MOST_WEIGHT)], ...], Field(min_length=1)]
#: An arm of a library in which all survived comes with half an event.
Events = Annotated[tuple[Annotated[float, Field(gt=0, le=MOST_WEIGHT)], ...], Field(min_length=1)]
Times = Annotated[tuple[Annotated[float, Field(gt=0, le=_MOST_AT_RISK)], ...], Field(min_length=1)]


class Spec(Ramp, Allocated, Terms, Errors):
    """A randomised survival comparison that borrows from history."""

    kind: Literal["borrowing-survival"]
    hazard_ratio: float = Field(gt=0, lt=1, description="Hazard ratio worth finding, tested over control; below 1.")
    history_median: Times | None = Field(
        default=None, description="Kaplan-Meier median of each historical arm (any unit of time) …"
    )
    history_n: Sizes | None = Field(default=None, description="… and its patients, nobody censored before the median.")
    history_events: Events | None = Field(default=None, description="Or instead: events of each historical arm …")
    history_time: Times | None = Field(
        default=None, description="… over its total time at risk, each patient's time to the power shape."
    )
    events: int | None = Field(
        default=None, ge=2, le=MOST, description="Events of both arms (default: the least that have the power)."
    )
    allocation: str = Field(default="1:1", description="Tested to control, such as 2:1; events are split alike.")
    median: float | None = Field(
        default=None,
        gt=0,
        le=MOST_TIME,
        description="Control median at which errors are stated (default: what the prior says).",
    )
    margin: float = Field(default=1.0, gt=0, le=2, description="Hazard ratio to be beaten; 1 is any benefit.")
    shape: float = Field(default=1.0, gt=0, le=10, description="Weibull shape, known; 1 is exponential.")
    threshold: float | None = Field(
        default=None, gt=0, lt=1,
        description="Declare at this posterior probability or more (default: the one at which alpha is kept without drift).",
    )  # fmt: skip
    alpha: Error = Field(default=0.05, description="One-sided type I error without drift.")
    power: Power = Field(default=0.80, description="Power wanted without drift.")
    accrual_rate: float | None = Field(
        default=None, gt=0, le=MOST_RATE, description="Patients a month, both arms (shape 1 only)."
    )
    accrual_time: float | None = Field(default=None, gt=0, le=MOST_TIME, description="Months of accrual …")
    follow_up: float | None = Field(
        default=None,
        gt=0,
        le=MOST_TIME,
        description="… or months from the last patient to the analysis: patients are found.",
    )
    dropout: float = Field(default=0.0, ge=0, le=MOST_WEIGHT, description="Drop-outs a month (hazard).")

    @between("hazard_ratio", "margin")
    def _hazard_ratio_below_margin(self) -> Iterator[Problem]:
        return below(self, "hazard_ratio", "margin")

    @between(*MEDIANS, *EVENTS)
    def _history_is_stated_once(self) -> Iterator[Problem]:
        stated = [k for k in (*MEDIANS, *EVENTS) if getattr(self, k) is not None]
        pair = EVENTS if set(stated) & set(EVENTS) else MEDIANS
        if set(stated) - set(pair):
            allowed = "medians with n, or events with times, not both"
            yield Problem("stated-twice", next(k for k in EVENTS if k in stated), ", ".join(stated), allowed)
        elif len(stated) < 2:
            for k in pair:
                if k not in stated:
                    yield Problem("missing", k, "nothing", "a number for each historical arm")
        else:
            size, other = (len(getattr(self, k)) for k in pair)
            if other != size:
                yield Problem("arms", pair[1], f"{other} arms", f"as many as in {pair[0]}, {size}")

    @between("accrual_rate", "accrual_time", "follow_up")
    def _pace_is_whole(self) -> Iterator[Problem]:
        given = [k for k in ("accrual_rate", "accrual_time", "follow_up") if getattr(self, k) is not None]
        if given and ("accrual_rate" not in given or len(given) != 2):
            allowed = "accrual_rate with accrual_time or follow_up, or nothing"
            yield Problem("half-stated", "accrual_rate", f"only {', '.join(given)}", allowed)

    @between("accrual_rate", "accrual_time", "follow_up", "shape")
    def _pace_of_constant_hazards(self) -> Iterator[Problem]:
        if (self.accrual_rate or self.accrual_time or self.follow_up) and self.shape != 1:
            allowed = "shape 1: months are those of constant hazards"
            yield Problem("shape", "accrual_rate", f"shape {self.shape}", allowed)

    @property
    def past(self) -> PastHazards:
        """History as log hazards and their standard errors."""
        if self.history_events is not None and self.history_time is not None:
            return from_times(self.history_time, self.history_events)
        assert self.history_median is not None and self.history_n is not None, "one of the two ways is stated"  # noqa: PT018
        return from_medians(self.history_median, self.history_n, self.shape)


@dataclass(frozen=True)
class BorrowingSurvival:
    """History, events of the tested and the control arm, and the threshold; ``found`` says which of them were searched for."""

    past: PastHazards
    borrowing: Borrowing
    events: tuple[int, int]
    threshold: float
    found: tuple[str, ...]
    question: Question
    shape: float
    median: float
    pace: Pace | None = None

    takes = TwoArmExposureEvidence

    @property
    def prior(self) -> NormalMixture:
        """The prior of the control's log hazard."""
        return prior_of(self.borrowing, self.past)

    @property
    def rule(self) -> HazardRule:
        """The comparison at the planned events."""
        return HazardRule(self.prior, *self.events, math.log(self.question.margin))

    @property
    def looks(self) -> tuple[Look]:
        """One look, at events of both arms."""
        return (Look(1, sum(self.events), "events"),)

    def truths(self) -> Mapping[str, Truth]:
        """The margin and the hazard ratio worth finding, controls as stated."""
        return {
            "null": {"hazard_ratio": self.question.margin, "drift": 1.0},
            "target": {"hazard_ratio": self.question.hazard_ratio, "drift": 1.0},
        }

    def declares(self, hazard_ratio: float, drift: float = 1.0) -> float:
        """P(declare) at a true hazard ratio, the true control hazard ``drift`` times the stated one."""
        control = self.question.control + math.log(drift)
        return self.rule.declares(control + math.log(hazard_ratio), control, self.threshold)

    def characteristics(self, truth: Truth) -> Characteristics:
        """Behaviour at {'hazard_ratio': tested over control, 'drift': control hazard over the stated one}."""
        ratio, drift = truth_of(truth, hazard_ratio=(0.05, 20.0), drift=(0.05, 20.0))
        more = {
            "expected events": Quantity(float(sum(self.events))),
            "events borrowed": Quantity(self.rule.borrowed(self.question.control + math.log(drift))),
        }
        if self.pace is not None:
            more["expected months"] = Quantity(self._month(ratio, drift))
        n = float(self.pace.patients) if self.pace is not None else math.nan
        return Characteristics(
            f"hazard ratio {ratio:g}, control hazard {drift:g} times the stated one",
            "gamma law of the time at risk at the planned events of each arm, by quadrature", Quantity(self.declares(ratio, drift)),
            Quantity(0.0), Quantity(n), (1.0,), more,
        )  # fmt: skip

    def _month(self, ratio: float, drift: float = 1.0) -> float:
        assert self.pace is not None
        pace = replace(self.pace, median=self.pace.median / drift)
        return month_of(sum(self.events), pace, ratio, *self.question.allocation)

    @cached_property
    def worst(self) -> tuple[float, float]:
        """The largest type I error over drifts from 0.5 to 2, and the drift."""
        drifts = np.geomspace(*RANGE, 41)
        errors = [self.declares(self.question.margin, float(d)) for d in drifts]
        k = int(np.argmax(errors))
        return errors[k], float(drifts[k])

    @cached_property
    def averaged(self) -> tuple[float, float]:
        """Type I error and power averaged over what history says of the control hazard."""
        q = self.question
        null, target = self.rule.averaged(np.log([q.margin, q.hazard_ratio]), self.threshold)
        return float(null), float(target)

    @cached_property
    def events_alone(self) -> int | None:
        """The events that the same comparison needs when nothing is borrowed; None beyond 2000."""
        return self._alone(self.question)

    @cached_property
    def events_as_wrong(self) -> int | None:
        """The events that a comparison needs that borrows nothing, and may err as often as this one at worst; None beyond 2000.

        2 where the worst error exceeds the power: any trial does then.
        """
        if self.worst[0] >= self.question.power:
            return 2
        return self._alone(replace(self.question, alpha=max(self.worst[0], 1e-6), threshold=None))

    def _alone(self, question: Question) -> int | None:
        return question.least(prior_of(Borrowing("none"), ((question.control,), (1.0,))), MOST)

    @cached_property
    def cautions(self) -> tuple[str, ...]:
        """Where errors exceed what was asked for; what drift does; what is assumed."""
        found = []
        null, target = self.declares(self.question.margin), self.declares(self.question.hazard_ratio)
        if null > self.question.alpha + 1e-6:
            found.append(f"The type I error without drift is {null:.4f}, above {self.question.alpha:g}.")
        if target < self.question.power - 1e-6:
            found.append(f"The power without drift is {target:.4f}, below {self.question.power:g}.")
        error, drift = self.worst
        if error > self.question.alpha + 1e-4:
            found.append(
                f"If today's control hazard is not what is stated, the type I error reaches {error:.4f} (at {drift:.2f} times it; "
                f"drifts from {RANGE[0]:g} to {RANGE[1]:g} were tried)."
            )
        kind = "constant hazards" if self.shape == 1 else f"Weibull times of shape {self.shape:g}, known"
        found.append(
            f"Errors assume {kind}, and an analysis once each arm has its planned events; cut at their total the split is random. "
            "Simulate before use where few events are planned or the shape is in doubt: a wrong shape costs much (docs/borrowing.md)."
        )
        if self.pace is not None and not math.isfinite(self._month(self.question.hazard_ratio)):
            found.append(f"{self.pace.patients} patients never have the {sum(self.events)} events that are needed.")
        return tuple(found)

    def verdict(self, evidence: TwoArmExposureEvidence) -> Verdict:
        """Declare at ``threshold`` or more. Times at risk in history's unit (each to the power ``shape``).

        Other events than planned are analysed as they are, with a caution. Without an event an arm has no estimate of its hazard: it is
        taken with half an event, the posterior mean under Jeffreys's prior, and a caution says so.
        """
        problems = list(no_such_look(evidence.look, 1))
        problems += wrong_earlier(evidence.earlier, evidence.look, evidence.events + evidence.control_events, "events")
        if problems:
            raise BadInput("evidence", problems)
        d = (evidence.events, evidence.control_events)
        counted = [c or 0.5 for c in d]
        rule = HazardRule(self.prior, counted[0], counted[1], math.log(self.question.margin))
        tested, control = (
            math.log(c / t) for c, t in zip(counted, (evidence.time, evidence.control_time), strict=True)
        )
        value = float(rule.probability(np.array([tested]), np.array([control]))[0])
        action: Action = (
            Declare("a lower hazard than with the control")
            if value >= self.threshold
            else Stop("no lower hazard was shown")
        )
        because = (
            f"{d[0]} events over {evidence.time:g} against {d[1]} over {evidence.control_time:g} and history: observed hazard ratio "
            f"{math.exp(tested - control):.3f}, P(hazard ratio < {self.question.margin:g}) = {value:.4f}; {self.threshold:.4f} is needed."
        )
        cautions = [] if d == self.events else [f"{self.events[0]} and {self.events[1]} events were planned."]
        cautions += [
            f"No event in the {arm} arm: its hazard is taken as that of half an event, which the normal approximation does not bear well."
            for arm, count in zip(("tested", "control"), d, strict=True)
            if not count
        ]
        return Verdict(
            action, (because,), value - self.threshold, "posterior probability above the bound", tuple(cautions)
        )

    @property
    def critical_ratio(self) -> float:
        """The largest observed hazard ratio that is declared where the controls come out as stated."""
        return math.exp(
            float(self.rule.boundary(np.array([self.question.control]), self.threshold)[0]) - self.question.control
        )

    def _interval(self) -> tuple[float, float, float]:
        """The control median that the prior expects, and its 95 % interval."""
        low, middle, high = (median_of(self.prior.quantile(q), self.shape) for q in (0.975, 0.5, 0.025))
        return middle, low, high

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        middle, low, high = self._interval()
        better, worse = (self.declares(self.question.margin, d) for d in SHOWN)
        how = ", the bound at which alpha is kept" if "threshold" in self.found else ""
        time = ""
        if self.pace is not None:
            time = (
                f" With {self.pace.patients} patients enrolled over {self.pace.accrual_time:.1f} months the events are expected by "
                f"month {self._month(self.question.margin):.1f} under the null hypothesis and {self._month(self.question.hazard_ratio):.1f} "
                "under the alternative."
            )
        return (
            f"The tested arm is compared with randomised controls ({self.question.allocation[0]}:{self.question.allocation[1]}) whose hazard "
            f"borrows from {len(self.past[0])} historical arm{'s' if len(self.past[0]) > 1 else ''} by {self.borrowing}: "
            f"{self.prior.effective_size()}, and expects a control median of {middle:.2f} (95 % {low:.2f} to {high:.2f}). After "
            f"{self.events[0]} events in the tested and {self.events[1]} in the control arm a lower hazard is declared if "
            f"P(hazard ratio < {self.question.margin:g}) is at least {self.threshold:.4f}{how}. With a control median of {self.median:.2f}, "
            f"as stated, the one-sided type I error is {self.declares(self.question.margin):.4f} and the power at a hazard ratio of "
            f"{self.question.hazard_ratio:g} is {self.declares(self.question.hazard_ratio):.4f}; {self.rule.borrowed(self.question.control):.1f} "
            f"events are expected to be borrowed. The error is {better:.4f} where today's control hazard is {SHOWN[0]:g} times that, and "
            f"{worse:.4f} where it is {SHOWN[1]:g} times; averaged over what history says of it, error and power are {self.averaged[0]:.4f} "
            f"and {self.averaged[1]:.4f}. A comparison that borrows nothing needs {_count(self.events_alone)} events for "
            f"that power; {_count(self.events_as_wrong)}, if it may err as often as this one at worst ({self.worst[0]:.4f}).{time}"
        )

    def numbers(self) -> Mapping[str, float | int | str]:
        """Events, the threshold, what the prior says and is worth, errors with and without drift."""
        middle, low, high = self._interval()
        worth = self.prior.effective_size()
        shown: dict[str, float | int | str] = {
            "events": sum(self.events), "events_tested": self.events[0], "events_control": self.events[1],
            "threshold": self.threshold, "boundaries": f"P≥{self.threshold:.3f}/{sum(self.events)}",
            "critical_hazard_ratio": self.critical_ratio, "control_median": self.median, "prior_median": middle,
            "prior_median_low": low, "prior_median_high": high, "worth_events": worth.best, "worth_by_moments": worth.moment,
            "events_borrowed": self.rule.borrowed(self.question.control), "alpha": self.declares(self.question.margin),
        }  # fmt: skip
        shown |= {f"alpha_drift_{d:g}": self.declares(self.question.margin, d) for d in SHOWN}
        shown |= {"alpha_worst": self.worst[0], "worst_drift": self.worst[1], "alpha_averaged": self.averaged[0]}
        shown |= {"power": self.declares(self.question.hazard_ratio)}
        shown |= {f"power_drift_{d:g}": self.declares(self.question.hazard_ratio, d) for d in SHOWN}
        shown["power_averaged"] = self.averaged[1]
        shown["events_without_history"] = _count(self.events_alone)
        shown["events_without_history_as_wrong"] = _count(self.events_as_wrong)
        if self.pace is not None:
            shown |= {"patients": self.pace.patients, "accrual_months": self.pace.accrual_time}
        return shown

    def curve(self) -> LineFigure:
        """Type I error and power against drift."""
        drifts = np.geomspace(*RANGE, 41).tolist()
        curves = [
            Curve(f"Type I error: hazard ratio {self.question.margin:g}", drifts, [self.declares(self.question.margin, d) for d in drifts]),
            Curve(f"Power: hazard ratio {self.question.hazard_ratio:g}", drifts, [self.declares(self.question.hazard_ratio, d) for d in drifts]),
        ]  # fmt: skip
        marks = [Mark(f"control median {self.median:.2f}", x=1.0)]
        caption = (
            "Gamma law of the time at risk, by quadrature. Left of 1 today's controls do better than history says."
        )
        return LineFigure(
            "Operating characteristics", "True control hazard over the stated one", "Probability of declaring", curves, marks,
            caption=caption, y_range=(0.0, 1.0),
        )  # fmt: skip


def _count(events: int | None) -> int | str:
    return f"more than {MOST}" if events is None else events


def from_spec(spec: Spec) -> BorrowingSurvival:
    """The design that a spec states. Raises BadInput if no number of events has the power."""
    past, borrowing, shape = spec.past, spec.borrowing, spec.shape
    prior = prior_of(borrowing, past)
    median = spec.median if spec.median is not None else median_of(prior.quantile(0.5), shape)
    question = Question(
        log_hazard(median, shape), spec.margin, spec.hazard_ratio, spec.ratio, spec.alpha, spec.power, spec.threshold
    )
    events = spec.events if spec.events is not None else question.least(prior, MOST)
    if events is None:
        reached = question.power_at(prior, MOST)
        nothing = f"no number up to {MOST} has power {question.power:g}; {MOST} come nearest, with {reached:.4f}"
        raise no_design("nothing", nothing, "ask for less, or borrow less", "events")
    found = tuple(k for k in ("events", "threshold") if getattr(spec, k) is None)
    return BorrowingSurvival(
        past, borrowing, split(events, *spec.ratio), question.bound(prior, events), found, question, shape, median,
        _pace(spec, median, events, question),
    )  # fmt: skip


def _pace(spec: Spec, median: float, events: int, question: Question) -> Pace | None:
    """The pace, where it is given; with ``follow_up`` the months of accrual that lead to the events under the alternative."""
    rate, time = spec.accrual_rate, spec.accrual_time
    if rate is None:
        return None
    if time is None:
        assert spec.follow_up is not None, "a rate comes with one of the two"
        pace = Pace(rate, 1.0, median, spec.dropout, spec.ramp)
        both = arms(pace, question.hazard_ratio, *question.allocation)
        time = accrual_for(events, pace.enrolment, both, spec.follow_up)
    return Pace(rate, time, median, spec.dropout, spec.ramp)
