"""Group-sequential log-rank test of two arms, at any allocation, with spending of both errors.

Looks at events d_1 < … < d_K. z > 0 favours the tested arm. Declare with z ≥ upper; stop for futility with z < lower, if beta is
spent. Classical boundaries are those of O'Brien & Fleming (1979, doi:10.2307/2530245) and Pocock (1977,
doi:10.1093/biomet/64.2.191); spending after Lan & DeMets (1983, doi:10.2307/2336502). The events come from Schoenfeld's
approximation (1981, doi:10.1093/biomet/68.1.316): with a : b allocation z has mean -log(HR) sqrt(d a b / (a + b)²).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np

from equipoise.design.looks_taken import no_such_look, taken, wrong_earlier
from equipoise.design.randomised.group_sequential_spec import Boundary, Spec, Spending
from equipoise.design.randomised.logrank_plan import (
    Pace,
    counted,
    drift,
    events_for,
    month_of,
    patients_by,
    patients_said,
    too_few,
)  # fmt: skip
from equipoise.design.stated import missed
from equipoise.design.truth import truth_of
from equipoise.numerics.sequential import group_sequential as gs
from equipoise.numerics.sequential.spending import spent
from equipoise.numerics.whole import at_least
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
    #: events at the last look as published; None: those that have the power
    stated_events: float | None = None
    #: lower (each look but the last) and upper z as published; None: by the spending
    stated_z: tuple[tuple[float, ...], tuple[float, ...]] | None = None
    #: patients of both arms, where they are stated
    patients: int | None = None

    takes = StatisticEvidence

    @cached_property
    def boundaries(self) -> gs.Boundaries:
        """z boundaries, and the drift at which the power is reached."""
        t, beta = self.fractions, 1 - self.power
        if self.stated_events is not None:
            return self._stated(self.stated_events)
        if self.boundary.startswith("classical"):
            upper = gs.shaped_boundaries(t, self.alpha, 0.0 if self.boundary.endswith("fleming") else 0.5)
            return gs.with_power(t, upper, self.power)
        alphas = [spent(self.boundary, self.alpha, v, self.alpha_parameter) for v in t]
        if self.beta_spending == "none":
            return gs.with_power(t, gs.spending_boundaries(t, alphas), self.power)
        betas = [spent(self.beta_spending, beta, v, self.beta_parameter) for v in t]
        return gs.with_beta_spending(t, alphas, betas, self.binding)

    def _stated(self, events: float) -> gs.Boundaries:
        """z boundaries as published, or by the spending; the drift is that of the hazard ratio with these events."""
        t, reach = self.fractions, drift(events, self.hazard_ratio, self.tested, self.control)
        if self.stated_z is not None:
            lower, upper = self.stated_z
            return gs.Boundaries((*lower, upper[-1]), upper, reach)
        none = [-math.inf] * (len(t) - 1)
        if self.boundary.startswith("classical"):
            shaped = gs.shaped_boundaries(t, self.alpha, 0.0 if self.boundary.endswith("fleming") else 0.5)
            return gs.Boundaries((*none, shaped[-1]), shaped, reach)
        alphas = [spent(self.boundary, self.alpha, v, self.alpha_parameter) for v in t]
        if self.beta_spending == "none":
            by_spending = gs.spending_boundaries(t, alphas)
            return gs.Boundaries((*none, by_spending[-1]), by_spending, reach)
        betas = [spent(self.beta_spending, 1 - self.power, v, self.beta_parameter) for v in t]
        lows, ups, _ = gs.spend_both(t, alphas, betas, reach, self.binding)
        return gs.Boundaries(tuple(lows), tuple(ups), reach)

    @cached_property
    def maximum(self) -> float:
        """Events at the last look."""
        if self.stated_events is not None:
            return self.stated_events
        return events_for(self.boundaries.drift, self.hazard_ratio, self.tested, self.control)

    @property
    def looks(self) -> tuple[Look, ...]:
        """Looks at numbers of events, rounded up."""
        return tuple(Look(k, at_least(f * self.maximum), "events") for k, f in enumerate(self.fractions, 1))

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

    def crosses(self, ratio: float) -> tuple[float, ...]:
        """P(first rejects at each look) at a true hazard ratio; futility stops are followed."""
        theta = drift(self.maximum, ratio, self.tested, self.control)
        return tuple(gs.crossing(self.fractions, self.boundaries.lower, self.boundaries.upper, theta).upper)

    @cached_property
    def cautions(self) -> tuple[str, ...]:
        """Alpha with futility stops followed or not; patients too few for the events."""
        found = list(self._missed())
        if self.binding and self.beta_spending != "none":
            free = gs.crossing(self.fractions, [-math.inf] * len(self.fractions), self.boundaries.upper, 0.0).reject
            found.append(f"The futility stops are binding: if one is overruled the type I error can reach {free:.4f}.")
        found += too_few(self.pace, self.patients, self.maximum, self.hazard_ratio, self.tested, self.control)
        return tuple(found)

    def _missed(self) -> tuple[str, ...]:
        """What stated events and boundaries do not keep; alpha without futility stops, unless they bind."""
        if self.stated_events is None:
            return ()
        null, target = (self.characteristics(self.truths()[k]).declare.value for k in ("null", "target"))
        if not self.binding:
            null = gs.crossing(self.fractions, [-math.inf] * len(self.fractions), self.boundaries.upper, 0.0).reject
        return missed(null, self.alpha, target, self.power, f"at a hazard ratio of {self.hazard_ratio:g}", exact=False)

    def verdict(self, evidence: StatisticEvidence) -> Verdict:
        """Declare with z ≥ upper, stop with z < lower.

        Where the events of this look, or of an earlier one, differ from the plan, both boundaries are recomputed with what has been
        spent at the events attained at all looks so far (at the last look all that is left is spent). A classical boundary has its
        shape at the events attained, and the last look the boundary that then keeps alpha exactly. Raises BadInput for no such look,
        no number, no events, and events that fall or do not rise from look to look.
        """
        self._asked(evidence)
        k = evidence.look - 1
        last = k == len(self.fractions) - 1
        upper, lower, cautions = self.boundaries.upper[k], self.boundaries.lower[k], list[str]()
        before = taken(evidence.earlier, [f * self.maximum for f in self.fractions[:k]], evidence.information)
        t = [*map(self._fraction, before), self._fraction(evidence.information)]
        if t != list(self.fractions[: k + 1]):
            lower, upper = _attained(self, tuple(t), last)
            cautions.append(self._recomputed(evidence, before))
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

    def to_come(self, evidence: StatisticEvidence) -> tuple[float, list[float], list[float], list[float]]:
        """The share of the events at this look, and of each later look as planned its share, lower and upper z boundary.

        Where this look or an earlier one was on other events than planned, the later boundaries are recomputed as ``verdict`` does.
        """
        k, shares = evidence.look, list(self.fractions)
        before = taken(evidence.earlier, [f * self.maximum for f in shares[: k - 1]], evidence.information)
        t = [*map(self._fraction, before), self._fraction(evidence.information)]
        later = [v for v in shares[k:] if v > t[-1]]
        if t == shares[:k]:
            return t[-1], later, list(self.boundaries.lower[k:]), list(self.boundaries.upper[k:])
        ends = [_attained(self, (*t, *later[: i + 1]), i == len(later) - 1) for i in range(len(later))]
        return t[-1], later, [low for low, _ in ends], [up for _, up in ends]

    def _asked(self, evidence: StatisticEvidence) -> None:
        problems = list(no_such_look(evidence.look, len(self.fractions)))
        if math.isnan(evidence.z):
            problems.append(Problem("not-a-number", "z", "nan", "a number"))
        if not 0 < evidence.information < math.inf:
            problems.append(Problem("cohort", "information", f"{evidence.information:g}", "events: 1 or more"))
        problems += wrong_earlier(evidence.earlier, evidence.look, evidence.information, "events")
        if problems:
            raise BadInput("evidence", problems)

    def _fraction(self, events: float) -> float:
        """The share of the events; that of the plan where a look was planned on these, which rounds them up."""
        near = [f for f, look in zip(self.fractions, self.looks, strict=True) if abs(events - look.n) < 0.5]
        return self._exact.get(events, near[0] if near else events / self.maximum)

    @cached_property
    def _exact(self) -> Mapping[float, float]:
        """The planned events, not rounded, and their shares."""
        return {f * self.maximum: f for f in self.fractions}

    def _recomputed(self, evidence: StatisticEvidence, before: Sequence[float]) -> str:
        """What the boundary was recomputed from."""
        planned = self.looks[evidence.look - 1].n
        was = ", ".join(f"{d:.4g}" for d in before) or "none"
        said = f"{evidence.information:g} events, {planned} were planned; events at the looks before: {was}"
        if len(before) < evidence.look - 1:
            said += f" ({evidence.look - 1 - len(before)} not taken)"
        if self.stated_z is not None:
            how = "the boundaries are recomputed by what the published ones spend, on a line between their looks"
        elif self.boundary.startswith("classical"):
            how = "the boundary is recomputed: its shape at these events, and alpha kept exactly by the last look"
        else:
            how = "the boundaries are recomputed by what may be spent at these events"
        left = (
            ""
            if before == () or max(before) < self.maximum
            else " A look before had all the events: nothing of alpha was left."
        )
        return f"{said}: {how}.{left}"

    def spending_at(self, t: Sequence[float], last: bool) -> tuple[float, float]:
        """Lower and upper boundary at the last of these shares of the events; at the last look all that is left is spent."""
        if self.boundary.startswith("classical") and self.stated_z is None:
            upper = self._classical(t, last)
            return (upper if last else -math.inf), upper
        if self.stated_z is not None:
            return self._between_stated(t, last)
        alphas = [spent(self.boundary, self.alpha, min(v, 1.0), self.alpha_parameter) for v in t]
        if last:
            alphas[-1] = self.alpha
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

    def _between_stated(self, t: Sequence[float], last: bool) -> tuple[float, float]:
        """Where boundaries are published without their spending: what they spend by each planned look, and on a line between."""
        none, b = [-math.inf] * len(self.fractions), self.boundaries
        by_alpha = np.cumsum(gs.crossing(self.fractions, none, b.upper, 0.0).upper)
        by_beta = np.cumsum(gs.crossing(self.fractions, b.lower, b.upper, b.drift).lower)
        alphas, betas = (np.interp(t, (0.0, *self.fractions), (0.0, *whole)).tolist() for whole in (by_alpha, by_beta))
        if last:
            alphas[-1] = float(by_alpha[-1])
            upper = gs.spending_boundaries(t, alphas)[-1]
            return upper, upper
        lows, ups, _ = gs.spend_both(
            [*t, t[-1] + 1.0], [*alphas, float(by_alpha[-1])], [*betas, float(by_beta[-1])], b.drift, False
        )
        return lows[len(t) - 1], ups[len(t) - 1]

    def _classical(self, t: Sequence[float], last: bool) -> float:
        """c · t^(delta - 1/2) with the c of the plan; at the last look what keeps alpha after such boundaries before it."""
        power: float = -0.5 if self.boundary.endswith("fleming") else 0.0
        c = self.boundaries.upper[-1]  # the shape is 1 at the last look of the plan
        shape = [c * math.pow(v, power) for v in t]
        if not last:
            return shape[-1]
        before = gs.crossing(t[:-1], [-math.inf] * (len(t) - 1), shape[:-1], 0.0).upper
        sums = [math.fsum(before[: k + 1]) for k in range(len(before))]
        return gs.spending_boundaries(t, [*sums, max([self.alpha, *sums])])[-1]

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
        if self.stated_z is not None:
            name = "boundaries as stated"
        rules = "; ".join(
            f"at {look.n} events, rejection with z of {u:.4f} or more (hazard ratio about {self._ratio_at(u, f):.3f})"
            + (f", futility below {low:.4f}" if math.isfinite(low) and f < 1 else "")
            for look, u, low, f in zip(self.looks, b.upper, b.lower, self.fractions, strict=True)
        )
        power = self.power if self.stated_events is None else target.declare.value
        futility = ""
        if self.stated_z is None and self.beta_spending != "none":
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
            f"with {name}: {rules}.{futility} {at_least(self.maximum)} events give a power of {100 * power:.4g}% at a hazard ratio of "
            f"{self.hazard_ratio:g} (a single look would need {at_least(self.fixed_events)}). Expected events: "
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
        for name, ratio in (("alpha_by_look", 1.0), ("power_by_look", self.hazard_ratio)):
            found[name] = ", ".join(f"{p:.4f}" for p in self.crosses(ratio))
        found |= patients_said(self.pace, self.patients)
        return found | {
            "alpha": null.declare.value, "power": target.declare.value,
            "expected_events0": null.more["expected events"].value, "expected_events1": target.more["expected events"].value,
        }  # fmt: skip


@lru_cache(maxsize=4096)
def _attained(design: GroupSequentialLogRank, t: tuple[float, ...], last: bool) -> tuple[float, float]:
    """``spending_at``, kept: a simulation asks of the same events with many values of z."""
    return design.spending_at(t, last)


def from_spec(spec: Spec) -> GroupSequentialLogRank:
    """The design that a spec states."""
    fractions, events, z = spec.fractions, None, None
    if (by_then := spec.events_by_then()) is not None:
        events = float(counted(by_then, spec))
    elif spec.are_stated and spec.events is not None:
        fractions, events = tuple(d / spec.events[-1] for d in spec.events), spec.events[-1]
        if spec.upper_z is not None:
            z = (spec.lower_z or (-math.inf,) * (len(fractions) - 1), spec.upper_z)
    bare = GroupSequentialLogRank(
        spec.hazard_ratio, spec.alpha, spec.power, fractions, spec.boundary, spec.alpha_parameter, spec.beta_spending,
        spec.beta_parameter, spec.binding, *spec.ratio, None, events, z, spec.patients,
    )  # fmt: skip
    return replace(bare, pace=spec.pace_for(bare.maximum))
