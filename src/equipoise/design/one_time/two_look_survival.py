"""What one-arm designs for a time to event have in common: two looks while enrolment goes on, and the search for them.

Calendar time runs from the first patient. Patients enter at ``rate`` a unit of time until n are in, at ta; the first look is
at t1 < ta, while enrolment goes on, the last at ta + follow_up. z > 0 favours the treatment: stop with Z1 ≤ c1, declare with
Z2 > c2. Both follow from the normal approximation; how good that is, the tests' simulations say.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike
from pydantic import Field
from scipy.special import ndtr, ndtri

from equipoise.design.enrolling import Ramp, in_words
from equipoise.design.looks_taken import no_such_look, wrong_earlier
from equipoise.design.spec import MOST_RATE, MOST_TIME, Errors, Power, between, no_design
from equipoise.design.stated import Searched
from equipoise.design.truth import truth_of
from equipoise.numerics.sequential.two_look_normal import Moments, both, final_boundary
from equipoise.numerics.times.by_day import StatisticByDay
from equipoise.numerics.times.enrolment import Enrolment
from equipoise.numerics.whole import at_least, at_most
from equipoise.trial.decision import Action, Continue, Declare, Stop, Verdict
from equipoise.trial.design import Characteristics, Look, Quantity, Truth
from equipoise.trial.evidence import ReferenceStatistic
from equipoise.trial.problem import BadInput, Problem

Criterion = Literal["expected-n", "expected-length", "expected-accrual"]


class SurvivalSpec(Searched, Ramp, Errors):
    """What every such design may be told: sizes, times and boundaries are searched, or stated as published."""

    published: ClassVar[tuple[str, ...]] = ("n", "t1", "c1")
    may_be_published: ClassVar[tuple[str, ...]] = ("c", "duration")
    full_rate: ClassVar[str] = "rate"
    s0: float = Field(gt=0, lt=1, description="Reference survival at the landmark.")
    landmark: float = Field(gt=0, le=MOST_TIME, description="The landmark (any unit of time, the same throughout).")
    hazard_ratio: float = Field(ge=0.05, lt=1, description="Hazard ratio worth finding; 0.05 or more, below 1.")
    rate: float = Field(gt=0, le=MOST_RATE, description="Patients a unit of time.")
    power: Power = Field(description="Power at the hazard ratio.")
    shape: float = Field(default=1.0, gt=0, le=20, description="Weibull shape of the reference; 1 is exponential.")
    nmax: int = Field(default=300, ge=4, le=1000, description="Largest number of patients.")
    criterion: Criterion = Field(default="expected-n", description="What is least under the reference.")

    n: int | None = Field(default=None, ge=2, le=1000, description="Stated: patients in all.")
    t1: float | None = Field(default=None, gt=0, le=MOST_TIME, description="Stated: when the first look is taken.")
    c1: float | None = Field(default=None, ge=-10, le=10, description="Stated: stop with Z1 ≤ c1.")
    c: float | None = Field(
        default=None, ge=-10, le=10, description="Stated: declare with Z2 > c (default: what keeps alpha)."
    )
    duration: float | None = Field(
        default=None, gt=0, le=MOST_TIME, description="Stated, in place of n: when the last look is taken; n follows."
    )

    def follows(self) -> tuple[str, ...]:
        """n, where the duration is stated."""
        return ("n",) if self.duration is not None else ()

    @between("n", "duration")
    def _n_or_the_duration(self) -> Iterator[Problem]:
        if self.n is not None and self.duration is not None:
            yield Problem("stated-twice", "duration", f"{self.duration:g}", "n, or the duration from which it follows")

    @between("t1", "n", "rate", "ramp_rates", "ramp_until")
    def _first_look_while_enrolling(self) -> Iterator[Problem]:
        if self.t1 is not None and self.n is not None and self.t1 >= (ta := self.enrolment.time_of(self.n)):
            allowed = f"below {ta:g}, when the last of {self.n} patients enters"
            yield Problem("t1-not-below-ta", "t1", f"{self.t1:g}", allowed)

    @property
    def enrolment(self) -> Enrolment:
        """The rates at which patients enter."""
        return Enrolment(self.rate, self.ramp)

    def stated_plan(self, follow_up: float, theory: Theory) -> tuple[Plan, float, float] | None:
        """Plan, c1 and c2 where they are stated; c2 keeps alpha where it is not. Raises BadInput for too short a duration."""
        if not self.are_stated or self.t1 is None or self.c1 is None:
            return None
        n = self.n if self.duration is None else self._n_by_then(self.duration - follow_up)
        assert n is not None, "a rule has asked for it"
        plan = Plan(n, self.t1, self.rate, follow_up, self.ramp)
        c2 = self.c if self.c is not None else final_boundary(self.c1, self.alpha, theory(plan, 1.0).rho)
        return plan, self.c1, c2

    def _n_by_then(self, ta: float) -> int:
        """The patients who enter by ``ta``, which comes after the first look."""
        n = at_most(self.enrolment.by(ta)) if ta > 0 else 0
        assert self.t1 is not None
        if n < 2 or self.enrolment.time_of(n) <= self.t1:
            allowed = f"so long that patients enter after the first look at {self.t1:g}, and the last is followed"
            raise BadInput(
                "design", [Problem("too-short", "duration", f"{self.duration:g}", allowed, "raise duration")]
            )
        return n

    @property
    def survival(self) -> Survival:
        """The reference, and what is worth finding."""
        return Survival(self.s0, self.landmark, self.hazard_ratio, self.shape)


@dataclass(frozen=True)
class Survival:
    """A Weibull reference with survival ``s0`` at ``landmark``, and the hazard ratio worth finding (below 1)."""

    s0: float
    landmark: float
    hazard_ratio: float
    shape: float = 1.0

    def cumulative(self, t: Any) -> Any:
        """Cumulative hazard of the reference at t."""
        return -math.log(self.s0) * (np.asarray(t, dtype=float) / self.landmark) ** self.shape

    @property
    def s1(self) -> float:
        """Survival worth finding at the landmark."""
        return float(self.s0**self.hazard_ratio)


@dataclass(frozen=True)
class Plan:
    """Sizes and times: n patients at ``rate``, first look at t1, last at ta + follow_up. ``ramp``: (until, rate) before."""

    n: int
    t1: float
    rate: float
    follow_up: float
    ramp: tuple[tuple[float, float], ...] = ()

    @cached_property
    def enrolment(self) -> Enrolment:
        """The rates at which patients enter."""
        return Enrolment(self.rate, self.ramp)

    @cached_property
    def ta(self) -> float:
        """When the last patient enters."""
        return self.enrolment.time_of(self.n)

    def entered(self, time: float) -> float:
        """Patients in by a time, not rounded: all of them from ta on."""
        return self.enrolment.by(time) if time < self.ta else float(self.n)

    @property
    def end(self) -> float:
        """The last look."""
        return self.ta + self.follow_up

    @property
    def n1(self) -> int:
        """Patients in by the first look."""
        return min(at_least(self.enrolment.by(self.t1)), self.n)


#: From sizes, times and a true hazard ratio to the moments of the two statistics.
Theory = Callable[[Plan, float], Moments]


@dataclass(frozen=True)
class TwoLookSurvival(ABC):
    """Sizes, times and boundaries. Subclasses give the ``theory`` and their own words."""

    survival: Survival
    plan: Plan
    c1: float
    c2: float
    alpha: float
    power: float

    takes = ReferenceStatistic

    @abstractmethod
    def theory(self, plan: Plan, hazard_ratio: float) -> Moments:
        """Moments of the two statistics under a true hazard ratio."""

    @property
    @abstractmethod
    def statistic(self) -> str:
        """The statistic in words."""

    @property
    def looks(self) -> tuple[Look, Look]:
        """Patients enrolled at the two looks."""
        p, unit = self.plan, "patients enrolled"
        first = Look(1, p.n1, unit, first_follow_up=self.least_follow_up)
        return first, Look(2, p.n, unit, follow_up=p.follow_up)

    @property
    def least_follow_up(self) -> float:
        """For how long the first patient is followed before the first look, whatever the pace of enrolment."""
        return 0.0

    @abstractmethod
    def statistic_of(self, time: ArrayLike, event: ArrayLike) -> float:
        """z of patients with these times (the landmark's unit) and events (1) or censorings (0), shapes (n,); n ≥ 1."""

    @abstractmethod
    def by_day(self, days_per_unit: float, days: int) -> StatisticByDay:
        """The same statistic of times in whole days, up to ``days``."""

    def truths(self) -> Mapping[str, Truth]:
        """The reference, and the hazard ratio worth finding."""
        return {"null": {"hazard_ratio": 1.0}, "target": {"hazard_ratio": self.survival.hazard_ratio}}

    def characteristics(self, truth: Truth) -> Characteristics:
        """By the normal approximation; ``truth`` is {'hazard_ratio': tested over reference}."""
        (ratio,) = truth_of(truth, hazard_ratio=(0.05, 20.0))
        m = self.theory(self.plan, ratio)
        stop = float(ndtr((self.c1 - m.mean1) / m.sd1))
        reject = both(self.c1, self.c2, m)
        p = self.plan
        return Characteristics(
            f"hazard ratio {ratio:g} (survival {self.survival.s0**ratio:.3f} at {self.survival.landmark:g})",
            "normal approximation", Quantity(reject), Quantity(stop), Quantity(p.n - stop * (p.n - p.enrolment.by(p.t1))), (stop, 1 - stop),
            {"expected length": Quantity(stop * p.t1 + (1 - stop) * p.end)},
        )  # fmt: skip

    @cached_property
    def cautions(self) -> tuple[str, ...]:
        """What the approximation rests on, and where it may be poor."""
        found = [
            f"Errors are by the normal approximation, for a Weibull reference of shape {self.survival.shape:g} and enrolment that is even{' in each piece' if self.plan.ramp else ''}. "
            "Simulate before use where few events come before the first look."
        ]
        size, reached = (self.characteristics(self.truths()[k]).declare.value for k in ("null", "target"))
        if size > self.alpha + 1e-6:
            found.append(f"The type I error is {size:.4f}, above the stated alpha of {self.alpha:g}.")
        if reached < self.power - 1e-6:
            found.append(f"The power is {reached:.4f}, below the wanted {self.power:g}.")
        return tuple(found)

    def verdict(self, evidence: ReferenceStatistic) -> Verdict:
        """Stop with Z1 ≤ c1, declare with Z2 > c2. ``information`` is the number enrolled.

        Where a look is on another number than planned, c1 stays and c2 is recomputed with the correlation of the looks as they were
        taken, so that alpha is kept. Raises BadInput for no such look, no number z, and numbers that fall or do not rise.
        """
        self._asked(evidence)
        first = evidence.look == 1
        bound, planned = (self.c1, self.plan.n1) if first else (self.c2, self.plan.n)
        before = (evidence.earlier or (float(self.plan.n1),))[0]
        cautions: tuple[str, ...] = ()
        if first and evidence.information != planned:
            cautions = (
                f"{evidence.information:g} patients enrolled at this look, {planned} were planned: its boundary is the planned one, and "
                "the last will be recomputed.",
            )
        elif not first and (evidence.information, before) != (planned, self.plan.n1):
            bound, said = self._attained(before, evidence.information)
            cautions = (said,)
        if evidence.z > bound:
            action: Action = Continue() if first else Declare("longer survival than the reference")
        else:
            action = Stop("futility" if first else "the hurdle was not cleared")
        because = (f"z = {evidence.z:.4f} ({self.statistic}); more than {bound:.4f} is needed.",)
        return Verdict(action, because, evidence.z - bound, "z above the boundary", cautions)

    def _asked(self, evidence: ReferenceStatistic) -> None:
        problems = list(no_such_look(evidence.look, 2))
        if math.isnan(evidence.z):
            problems.append(Problem("not-a-number", "z", "nan", "a number"))
        if not 0 < evidence.information < math.inf:
            problems.append(
                Problem("cohort", "information", f"{evidence.information:g}", "patients enrolled: 1 or more")
            )
        problems += wrong_earlier(evidence.earlier, evidence.look, evidence.information, "patients enrolled")
        if problems:
            raise BadInput("evidence", problems)

    def attained_plan(self, n1: float, n: float) -> Plan:
        """The plan with ``n1`` enrolled at the first look and ``n`` in all, at the planned pace."""
        p = self.plan
        t1 = p.t1 if n1 == p.n1 else max(p.enrolment.time_of(n1), self.least_follow_up)
        whole = replace(p, n=at_least(n))
        return replace(whole, t1=min(t1, whole.end * (1 - 1e-6)))

    def _attained(self, n1: float, n: float) -> tuple[float, str]:
        """The last boundary with these numbers enrolled, and what is to be said of it."""
        plan = self.attained_plan(n1, n)
        own = both(self.c1, self.c2, self.theory(self.plan, 1.0))  # a published design may not keep its alpha
        alpha = own if own > self.alpha + 1e-6 else self.alpha
        c2 = final_boundary(self.c1, alpha, self.theory(plan, 1.0).rho)
        power = both(self.c1, c2, self.theory(plan, self.survival.hazard_ratio))
        return c2, (
            f"{n:g} patients were enrolled at the end and {n1:g} at the first look, {self.plan.n} and {self.plan.n1} were planned: the last "
            f"boundary is recomputed with the correlation that the looks then have, and keeps alpha; the power is {power:.4f}."
        )

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        s, p = self.survival, self.plan
        null, target = (self.characteristics(self.truths()[k]) for k in ("null", "target"))
        return (
            f"The reference is a survival of {100 * s.s0:g} % at {s.landmark:g}; {100 * s.s1:.3g} % (hazard ratio {s.hazard_ratio:g}) is "
            f"worth finding. Patients enter at {in_words(p.enrolment)} a unit of time. The first look is at time {p.t1:.2f}, when {p.n1} patients are "
            f"enrolled, and enrolment goes on meanwhile: the trial stops for futility if {self.statistic} is {self.c1:.4f} or less. "
            f"Otherwise {p.n} patients are enrolled by {p.ta:.2f}, and at {p.end:.2f} the treatment is declared promising if it exceeds "
            f"{self.c2:.4f}. The one-sided type I error is {null.declare.value:.4f} and the power {target.declare.value:.4f}; under the "
            f"reference the trial stops early with probability {null.stop_early.value:.4f}, expects {null.expected_n.value:.1f} "
            f"patients and lasts {null.more['expected length'].value:.2f} (normal approximation)."
        )

    def numbers(self) -> Mapping[str, float | int | str]:
        """Sizes, times, boundaries, errors."""
        p = self.plan
        null, target = (self.characteristics(self.truths()[k]) for k in ("null", "target"))
        return {
            "n1": p.n1, "t1": p.t1, "c1": self.c1, "n": p.n, "ta": p.ta, "end": p.end, "c": self.c2,
            "boundaries": f"z>{self.c1:.3f}/{p.n1} z>{self.c2:.3f}/{p.n}", "alpha": null.declare.value, "power": target.declare.value,
            "pet0": null.stop_early.value, "en0": null.expected_n.value, "en1": target.expected_n.value,
            "expected_length0": null.more["expected length"].value, "expected_length1": target.more["expected length"].value,
        }  # fmt: skip


def _in_one_look(n: int, enrolment: Enrolment, follow_up: float) -> Plan:
    """n patients, the first look when the last enters."""
    return Plan(n, enrolment.time_of(n), enrolment.rate, follow_up, enrolment.ramp)


def single_stage(
    theory: Theory, survival: Survival, enrolment: Enrolment, follow_up: float, alpha: float, power: float, nmax: int
) -> int | None:
    """The least n of a single look with the power; None up to ``nmax``."""
    z = float(ndtri(1 - alpha))
    for n in range(2, nmax + 1):
        plan = _in_one_look(n, enrolment, follow_up)
        m = theory(plan, survival.hazard_ratio)
        if float(ndtr((m.mean2 - z) / m.sd2)) >= power:
            return n
    return None


def search(
    theory: Theory, survival: Survival, enrolment: Enrolment, follow_up: float, alpha: float, power: float, criterion: Criterion,
    least_t1: float, nmax: int,
) -> tuple[Plan, float, float]:  # fmt: skip
    """Plan, c1 and c2 of the least criterion under the reference. Raises BadInput if no n up to ``nmax`` has the power.

    For each n, from that of a single look on: t1 by a bounded search, and for each t1 the largest c1 that keeps the power.
    Beyond n the criterion first falls and then rises; the search ends when six sizes in a row are no better.
    """
    from scipy.optimize import minimize_scalar

    first = single_stage(theory, survival, enrolment, follow_up, alpha, power, nmax)
    if first is None:
        m = theory(_in_one_look(nmax, enrolment, follow_up), survival.hazard_ratio)
        reached = float(ndtr((m.mean2 - ndtri(1 - alpha)) / m.sd2))
        nothing = f"no n up to {nmax} has power {power:g}; n = {nmax} comes nearest, with {reached:.4f}"
        raise no_design(nmax, nothing, "raise nmax, or ask for less")
    best: tuple[float, Plan, float, float] | None = None
    idle = 0
    for n in range(first, nmax + 1):
        ta = enrolment.time_of(n)
        low, high = least_t1 + 1e-3, ta * (1 - 1e-6)
        if high <= low:
            continue

        def cost(t1: float, n: int = n) -> float:
            plan = Plan(n, t1, enrolment.rate, follow_up, enrolment.ramp)
            pair = _largest_c1(theory, survival, plan, alpha, power)
            return 1e9 if pair is None else _cost(pair, plan, criterion)

        grid = np.linspace(low, high, 15)
        values = [cost(t) for t in grid]
        i = int(np.argmin(values))
        if values[i] >= 1e9:
            continue
        found = minimize_scalar(
            cost,
            bounds=(grid[max(i - 1, 0)], grid[min(i + 1, len(grid) - 1)]),
            method="bounded",
            options={"xatol": 1e-5},
        )
        t1 = float(found.x) if found.fun <= values[i] else float(grid[i])
        plan = Plan(n, t1, enrolment.rate, follow_up, enrolment.ramp)
        pair = _largest_c1(theory, survival, plan, alpha, power)
        if pair is None:
            continue
        value = _cost(pair, plan, criterion)
        if best is None or value < best[0] - 1e-6:
            best, idle = (value, plan, *pair), 0
        else:
            idle += 1
            if idle >= 6:
                break
    if best is None:
        m = theory(_in_one_look(nmax, enrolment, follow_up), survival.hazard_ratio)
        reached = float(ndtr((m.mean2 - ndtri(1 - alpha)) / m.sd2))
        nothing = (
            f"no two looks up to {nmax} patients have power {power:g}; n = {nmax} comes nearest, with {reached:.4f} in one look: the first "
            f"must come after {least_t1:g}, while patients enter"
        )
        raise no_design(nmax, nothing, "raise nmax, or ask for less")
    return best[1], best[2], best[3]


def _largest_c1(
    theory: Theory, survival: Survival, plan: Plan, alpha: float, power: float
) -> tuple[float, float] | None:
    """The largest c1 that keeps the power, and its c2; None if none does."""
    from scipy.optimize import brentq

    rho = theory(plan, 1.0).rho
    target = theory(plan, survival.hazard_ratio)

    def gap(c1: float) -> float:
        return both(c1, final_boundary(c1, alpha, rho), target) - power

    high = float(ndtri(1 - alpha)) - 1e-6
    if gap(-4.0) < 0:
        return None
    c1 = high if gap(high) >= 0 else float(brentq(gap, -4.0, high, xtol=1e-9))
    return c1, final_boundary(c1, alpha, rho)


def _cost(pair: tuple[float, float], plan: Plan, criterion: Criterion) -> float:
    stop = float(ndtr(pair[0]))
    if criterion == "expected-n":
        return plan.n - stop * max(plan.n - plan.enrolment.by(plan.t1), 0.0)
    if criterion == "expected-accrual":
        return stop * min(plan.t1, plan.ta) + (1 - stop) * plan.ta
    return stop * plan.t1 + (1 - stop) * plan.end
