"""Group-sequential log-rank test of two arms, at any allocation, with spending of both errors.

Looks at events d_1 < … < d_K. z > 0 favours the tested arm. Declare with z ≥ upper; stop for futility with z < lower, if beta is
spent. Classical boundaries are those of O'Brien & Fleming (1979, doi:10.2307/2530245) and Pocock (1977,
doi:10.1093/biomet/64.2.191); spending after Lan & DeMets (1983, doi:10.2307/2336502). The events come from Schoenfeld's
approximation (1981, doi:10.1093/biomet/68.1.316): with a : b allocation z has mean -log(HR) sqrt(d a b / (a + b)²).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Annotated, Literal

from pydantic import Field

from equipoise.design.earlier import earlier_problems
from equipoise.design.randomised.logrank_plan import LogRankSpec, Pace, drift, events_for, month_of, patients_by
from equipoise.design.spec import between
from equipoise.design.truth import truth_of
from equipoise.numerics.sequential import group_sequential as gs
from equipoise.numerics.sequential.spending import spent
from equipoise.trial.decision import Action, Continue, Declare, Stop, Verdict
from equipoise.trial.design import Characteristics, Look, Quantity, Truth
from equipoise.trial.evidence import StatisticEvidence
from equipoise.trial.problem import BadInput, Problem

KIND = "group-sequential"
TITLE = "Group-sequential log-rank with alpha- and beta-spending"
FAMILY = "randomised phase II"
REFERENCE = "Jennison C, Turnbull BW. Group Sequential Methods with Applications to Clinical Trials. Chapman & Hall/CRC 2000. doi:10.1201/9780367805326"
EXAMPLE = {
    "hazard_ratio": 0.67, "alpha": 0.05, "power": 0.80, "fractions": (0.5, 1.0), "beta_spending": "obrien-fleming",
    "allocation": "2:1", "accrual_rate": 8.0, "accrual_time": 27.0, "median": 5.5,
}  # fmt: skip
Boundary = Literal["obrien-fleming", "pocock", "hsd", "power", "classical-obrien-fleming", "classical-pocock"]
#: gamma of the hsd family, or rho of the power family.
Parameter = Annotated[float, Field(ge=-50, le=50)]
Spending = Literal["none", "obrien-fleming", "pocock", "hsd", "power"]


class Spec(LogRankSpec):
    """A group-sequential log-rank design."""

    kind: Literal["group-sequential"]
    fractions: tuple[Annotated[float, Field(gt=0, le=1)], ...] = Field(
        default=(0.5, 1.0), min_length=1, description="Share of the events at each look; the last is 1."
    )
    boundary: Boundary = Field(default="obrien-fleming", description="Spending of alpha, or a classical boundary.")
    alpha_parameter: Parameter = Field(default=-4.0, description="gamma of hsd, rho of power, for alpha.")
    beta_spending: Spending = Field(default="none", description="Spending of beta: futility stops.")
    beta_parameter: Parameter = Field(default=-2.0, description="gamma of hsd, rho of power, for beta.")
    binding: bool = Field(default=False, description="Whether the futility stops may not be overruled.")

    events: float | None = Field(default=None, ge=1, le=100000, description="Stated: events at the last look.")
    upper: tuple[Annotated[float, Field(ge=-10, le=50)], ...] | None = Field(
        default=None, min_length=1, description="Stated: z from which each look rejects, such as 2.54,1.66."
    )

    @between("fractions", "upper")
    def _a_boundary_for_each_look(self) -> Iterator[Problem]:
        if self.upper is not None and len(self.upper) != len(self.fractions):
            allowed = f"{len(self.fractions)} numbers, one for each of the fractions"
            yield Problem("looks", "upper", f"{len(self.upper)} numbers", allowed)

    @between("events", "upper")
    def _boundaries_at_events(self) -> Iterator[Problem]:
        if self.upper is not None and self.events is None:
            yield Problem("half-stated", "events", "nothing", "the events at the last look, where upper is stated")

    @between("events", "upper", "beta_spending")
    def _stated_without_beta(self) -> Iterator[Problem]:
        if self.beta_spending != "none" and (self.events is not None or self.upper is not None):
            allowed = (
                "none, where events or upper are stated: beta is spent at the drift of the power that is asked for"
            )
            yield Problem("not-together", "beta_spending", self.beta_spending, allowed)

    @between("fractions")
    def _fractions_grow_to_one(self) -> Iterator[Problem]:
        if any(b <= a for a, b in pairwise(self.fractions)) or abs(self.fractions[-1] - 1) > 1e-12:
            allowed = "growing shares of the events, the last 1, such as 0.5,1"
            yield Problem("fractions", "fractions", str(self.fractions), allowed)

    @between("boundary", "beta_spending")
    def _classical_spends_no_beta(self) -> Iterator[Problem]:
        if self.beta_spending != "none" and self.boundary.startswith("classical"):
            yield Problem("not-together", "beta_spending", self.beta_spending, "none, with a classical boundary")

    @between("boundary", "alpha_parameter")
    def _rho_of_alpha(self) -> Iterator[Problem]:
        return _rho("alpha_parameter", self.boundary, self.alpha_parameter)

    @between("beta_spending", "beta_parameter")
    def _rho_of_beta(self) -> Iterator[Problem]:
        return _rho("beta_parameter", self.beta_spending, self.beta_parameter)


def _rho(where: str, spending: str, value: float) -> Iterator[Problem]:
    """The power family spends with rho, which is above 0."""
    if spending == "power" and value <= 0:
        yield Problem("out-of-range", where, f"{value:g}", "rho above 0")


@dataclass(frozen=True)
class GroupSequentialLogRank:
    """What was asked for; boundaries and events follow. ``maximum`` is the number of events at the last look, not rounded.

    NORTH's question as a log-rank test, two looks, O'Brien–Fleming-type spending, 2:1:

    >>> d = from_spec(Spec.read({"hazard_ratio": 0.67, "alpha": 0.05, "power": 0.80, "allocation": "2:1"}))
    >>> [round(z, 4) for z in d.boundaries.upper], round(d.maximum, 2)
    ([2.538, 1.6621], 174.84)
    """

    hazard_ratio: float
    alpha: float
    power: float
    fractions: tuple[float, ...]
    boundary: Boundary
    alpha_parameter: float
    beta_spending: Spending
    beta_parameter: float
    binding: bool
    tested: int
    control: int
    pace: Pace | None = None
    #: events and boundaries as stated; None: from the errors
    events: float | None = None
    upper: tuple[float, ...] | None = None

    takes = StatisticEvidence

    @cached_property
    def boundaries(self) -> gs.Boundaries:
        """z boundaries, and the drift at which the power is reached."""
        t, beta = self.fractions, 1 - self.power
        if self.upper is not None:
            lower = (*[-math.inf] * (len(t) - 1), self.upper[-1])
            return gs.Boundaries(lower, self.upper, drift(self.maximum, self.hazard_ratio, self.tested, self.control))
        if self.boundary.startswith("classical"):
            upper = gs.shaped_boundaries(t, self.alpha, 0.0 if self.boundary.endswith("fleming") else 0.5)
            return gs.with_power(t, upper, self.power)
        alphas = [spent(self.boundary, self.alpha, v, self.alpha_parameter) for v in t]
        if self.beta_spending == "none":
            return gs.with_power(t, gs.spending_boundaries(t, alphas), self.power)
        betas = [spent(self.beta_spending, beta, v, self.beta_parameter) for v in t]
        return gs.with_beta_spending(t, alphas, betas, self.binding)

    @cached_property
    def maximum(self) -> float:
        """Events at the last look: as stated, or those of the power."""
        if self.events is not None:
            return self.events
        return events_for(self.boundaries.drift, self.hazard_ratio, self.tested, self.control)

    @property
    def looks(self) -> tuple[Look, ...]:
        """Looks at numbers of events, rounded up."""
        return tuple(Look(k, math.ceil(f * self.maximum - 1e-9), "events") for k, f in enumerate(self.fractions, 1))

    def truths(self) -> Mapping[str, Truth]:
        """No difference, and the hazard ratio worth finding."""
        return {"null": {"hazard_ratio": 1.0}, "target": {"hazard_ratio": self.hazard_ratio}}

    def characteristics(self, truth: Truth) -> Characteristics:
        """By quadrature, at the events not rounded; futility stops are followed. With a pace, also months and patients."""
        (ratio,) = truth_of(truth, hazard_ratio=(0.01, 100.0))
        theta = drift(self.maximum, ratio, self.tested, self.control)
        c = gs.crossing(self.fractions, self.boundaries.lower, self.boundaries.upper, theta)
        ends = [u + low for u, low in zip(c.upper, c.lower, strict=True)]
        events = [f * self.maximum for f in self.fractions]
        more = {"expected events": Quantity(sum(p * d for p, d in zip(ends, events, strict=True)))}
        expected_n = math.nan
        if self.pace is not None:
            months = [month_of(d, self.pace, ratio, self.tested, self.control) for d in events]
            expected_n = sum(p * patients_by(m, self.pace) for p, m in zip(ends, months, strict=True))
            more["expected months"] = Quantity(sum(p * m for p, m in zip(ends, months, strict=True)))
        return Characteristics(
            f"hazard ratio {ratio:g}", "recursive quadrature of the log-rank statistic (Schoenfeld's approximation)",
            Quantity(c.reject), Quantity(sum(ends[:-1])), Quantity(expected_n), tuple(ends), more,
        )  # fmt: skip

    @cached_property
    def cautions(self) -> tuple[str, ...]:
        """Alpha with futility stops followed or not; patients too few for the events."""
        found = []
        if self.events is not None or self.upper is not None:
            null, target = (self.characteristics(self.truths()[k]).declare.value for k in ("null", "target"))
            if null > self.alpha + 1e-9:
                found.append(f"The type I error is {null:.4f}, above the stated alpha of {self.alpha:g}.")
            if target < self.power - 1e-9:
                found.append(f"The power is {target:.4f}, below the stated {self.power:g}.")
        if self.binding and self.beta_spending != "none":
            free = gs.crossing(self.fractions, [-math.inf] * len(self.fractions), self.boundaries.upper, 0.0).reject
            found.append(f"The futility stops are binding: if one is overruled the type I error can reach {free:.4f}.")
        if self.pace is not None and not math.isfinite(
            month_of(self.maximum, self.pace, self.hazard_ratio, self.tested, self.control)
        ):
            found.append(
                f"{self.pace.patients} patients never have the {math.ceil(self.maximum)} events that are needed."
            )
        return tuple(found)

    def verdict(self, evidence: StatisticEvidence) -> Verdict:
        """Declare with z ≥ upper, stop with z < lower.

        Where the events attained, now or at an earlier look, differ from the plan, the boundary is recomputed from those of all
        looks so far. Spending boundaries of both sides spend what their function allows at each attained fraction of the
        planned events; at the last look all of alpha is spent (Lan & DeMets 1983). A classical boundary spends by look k what
        it was planned to spend by look k (Slud & Wei 1982, J Am Stat Assoc 77:862-868). Both keep alpha.
        """
        k = evidence.look - 1
        problems = list(
            earlier_problems(evidence.look, evidence.information, evidence.earlier, "information", "events")
        )
        if not 0 <= k < len(self.fractions):
            problems.append(Problem("no-such-look", "look", str(evidence.look), f"1 to {len(self.fractions)}"))
        elif k and not evidence.earlier and 0 < evidence.information <= self.looks[k - 1].n:
            given, allowed = f"{evidence.information:g}", "more events than at the look before"
            next_step = "say on how many the looks before were taken: earlier"
            problems.append(Problem("cohort", "information", given, allowed, next_step))
        if math.isnan(evidence.z):
            problems.append(Problem("not-a-number", "z", "nan", "a number"))
        if problems:
            raise BadInput("evidence", problems)
        last = k == len(self.fractions) - 1
        upper, lower, cautions = self.boundaries.upper[k], self.boundaries.lower[k], []
        t = self._fractions_attained(evidence)
        if t != list(self.fractions[: k + 1]):
            lower, upper = self._attained(k, t)
            cautions.append(self._recomputed(evidence))
        floor = f", below {lower:.4f} stops" if math.isfinite(lower) and not last else ""
        because = (f"z = {evidence.z:.4f} at {evidence.information:g} events; {upper:.4f} or more rejects{floor}.",)
        if evidence.z >= upper:
            action: Action = Declare("a lower hazard than with the control")
        elif last:
            action = Stop("the hurdle was not cleared")
        elif evidence.z < lower:
            action = Stop("futility")
        else:
            action = Continue()
        decides = upper if last or action.name == "declare" or not math.isfinite(lower) else lower
        return Verdict(action, because, evidence.z - decides, "z above the boundary that decides", tuple(cautions))

    def _fractions_attained(self, evidence: StatisticEvidence) -> list[float]:
        """The share of the planned events at each look taken, this one last; the planned share where events are as planned."""
        planned = {look.n: f for look, f in zip(self.looks, self.fractions, strict=True)}

        def share(events: float) -> float:
            near = round(events)
            return planned[near] if near in planned and abs(events - near) < 0.5 else events / self.maximum

        before = [share(e) for e in evidence.earlier] or list(self.fractions[: evidence.look - 1])
        found = [*before, share(evidence.information)]
        if all(a < b for a, b in pairwise(found)):
            return found
        # less than one event apart: as they are
        return [e / self.maximum for e in (*evidence.earlier, evidence.information)]

    def _recomputed(self, evidence: StatisticEvidence) -> str:
        """The caution: what differed from the plan, and how the boundary was recomputed."""
        k, said = evidence.look - 1, []
        before = [look.n for look in self.looks[:k]]
        if evidence.earlier and list(evidence.earlier) != before:
            attained, planned = (", ".join(f"{e:g}" for e in v) for v in (evidence.earlier, before))
            said.append(f"the looks before were taken at {attained} events, {planned} were planned")
        if abs(evidence.information - self.looks[k].n) >= 0.5:
            said.insert(0, f"{evidence.information:g} events, {self.looks[k].n} were planned")
        how = (
            "so that by each look it spends the error planned by that look (Slud and Wei)"
            if self._shaped
            else "by spending at the events attained at all looks so far"
        )
        what = "; ".join(said) or "another number of events than planned"
        return f"{what[0].upper()}{what[1:]}: the boundary is recomputed, {how}."

    @property
    def _shaped(self) -> bool:
        """Whether the boundary is a shape, or stated: it then spends what it is planned to spend."""
        return self.upper is not None or self.boundary.startswith("classical")

    @cached_property
    def _planned_spending(self) -> tuple[float, ...]:
        """Alpha that a classical boundary is planned to spend by each look."""
        none = [-math.inf] * len(self.fractions)
        up = gs.crossing(self.fractions, none, self.boundaries.upper, 0.0).upper
        return tuple(accumulate(up)) if self.upper is not None else (*accumulate(up[:-1]), self.alpha)

    def _attained(self, k: int, t: list[float]) -> tuple[float, float]:
        """Lower and upper boundary of look k at attained shares ``t`` of the events, one for each look taken; at the last
        look all that is left is spent.
        """
        last = k == len(self.fractions) - 1
        if self._shaped:
            alphas = [*self._planned_spending[: len(t) - 1], self._planned_spending[k]]
        else:
            alphas = [spent(self.boundary, self.alpha, min(v, 1.0), self.alpha_parameter) for v in t]
        if last:
            alphas[-1] = self._planned_spending[-1] if self.upper is not None else self.alpha
        if self.beta_spending == "none" or (last and not self.binding):
            upper = gs.spending_boundaries(t, alphas)[-1]
            return (upper if last else -math.inf), upper
        betas = [spent(self.beta_spending, 1 - self.power, min(v, 1.0), self.beta_parameter) for v in t]
        if last:
            lows, ups, _ = gs.spend_both(t, alphas, betas, self.boundaries.drift, self.binding)
        else:  # a look after this one keeps it from being taken for the last
            lows, ups, _ = gs.spend_both(
                [*t, t[-1] + 1.0], [*alphas, self.alpha], [*betas, 1 - self.power], self.boundaries.drift, self.binding
            )
        return lows[len(t) - 1], ups[len(t) - 1]

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        b = self.boundaries
        null, target = (self.characteristics(self.truths()[k]) for k in ("null", "target"))
        name = {
            "obrien-fleming": "O'Brien–Fleming-type alpha-spending", "pocock": "Pocock-type alpha-spending",
            "hsd": f"Hwang–Shih–DeCani alpha-spending (gamma {self.alpha_parameter:g})",
            "power": f"power alpha-spending (rho {self.alpha_parameter:g})",
            "classical-obrien-fleming": "the O'Brien–Fleming boundary", "classical-pocock": "the Pocock boundary",
        }[self.boundary]  # fmt: skip
        if self.upper is not None:
            name = "stated boundaries"
        power = self.power if self.events is None else round(target.declare.value, 4)
        rules = "; ".join(
            f"at {look.n} events, rejection with z of {u:.4f} or more (hazard ratio about {self._ratio_at(u, f):.3f})"
            + (f", futility below {low:.4f}" if math.isfinite(low) and f < 1 else "")
            for look, u, low, f in zip(self.looks, b.upper, b.lower, self.fractions, strict=True)
        )
        futility = ""
        if self.beta_spending != "none":
            futility = f" Futility stops spend beta and are {'binding' if self.binding else 'not binding'}."
        time = ""
        if self.pace is not None:
            never = not math.isfinite(null.more["expected months"].value + target.more["expected months"].value)
            time = (
                f" {self.pace.patients} patients over {self.pace.accrual_time:g} months are too few for that."
                if never
                else (
                    f" With {self.pace.patients} patients enrolled over {self.pace.accrual_time:g} months and a control median of "
                    f"{self.pace.median:g} months, {null.more['expected months'].value:.1f} months are expected under no difference "
                    f"and {target.more['expected months'].value:.1f} under the alternative."
                )
            )
        return (
            f"The arms, randomised {self.tested}:{self.control}, are compared by the log-rank test at a one-sided {self.alpha:g} level "
            f"with {name}: {rules}.{futility} {math.ceil(self.maximum - 1e-9)} events give a power of {100 * power:g}% at a hazard ratio of "
            f"{self.hazard_ratio:g} (a single look would need {math.ceil(self.fixed_events - 1e-9)}). Expected events: "
            f"{null.more['expected events'].value:.1f} under no difference, {target.more['expected events'].value:.1f} under the alternative.{time}"
        )

    @property
    def fixed_events(self) -> float:
        """Events of a single look with the same errors."""
        return events_for(gs.fixed_drift(self.alpha, self.power), self.hazard_ratio, self.tested, self.control)

    def _ratio_at(self, z: float, fraction: float) -> float:
        """The hazard ratio that just gives this z."""
        return math.exp(
            -z / math.sqrt(fraction * self.maximum * self.tested * self.control / (self.tested + self.control) ** 2)
        )

    def numbers(self) -> Mapping[str, float | int | str]:
        """Events, boundaries and errors."""
        b = self.boundaries
        found: dict[str, float | int | str] = {"events": self.maximum, "events_single_look": self.fixed_events}
        found["inflation"] = b.drift**2 / gs.fixed_drift(self.alpha, self.power) ** 2
        for look, u, low in zip(self.looks, b.upper, b.lower, strict=True):
            found[f"upper_z_{look.number}"] = u
            if math.isfinite(low) and look.number < len(self.looks):
                found[f"lower_z_{look.number}"] = low
        found["boundaries"] = " ".join(f"z≥{u:.3f}/{look.n}" for look, u in zip(self.looks, b.upper, strict=True))
        null, target = (self.characteristics(self.truths()[k]) for k in ("null", "target"))
        return found | {
            "alpha": null.declare.value, "power": target.declare.value,
            "expected_events0": null.more["expected events"].value, "expected_events1": target.more["expected events"].value,
        }  # fmt: skip


def from_spec(spec: Spec) -> GroupSequentialLogRank:
    """The design that a spec states."""
    return GroupSequentialLogRank(
        spec.hazard_ratio, spec.alpha, spec.power, spec.fractions, spec.boundary, spec.alpha_parameter, spec.beta_spending,
        spec.beta_parameter, spec.binding, *spec.ratio, spec.pace, spec.events, spec.upper,
    )  # fmt: skip
