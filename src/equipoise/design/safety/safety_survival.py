"""Overall survival watched for harm in a randomised trial: at each look a threshold for the observed hazard ratio.

A hazard ratio of ``margin`` (above 1, tested over control) would be an unacceptable detriment; one of ``benefit`` is plausible.
The log of the observed hazard ratio at d deaths is taken as normal around the true one with variance
(a + b)² / (a b d), a : b the allocation (Schoenfeld 1981, doi:10.1093/biomet/68.1.316). se is its root. A look flags harm if the observed
hazard ratio reaches

- before the last look: benefit · exp(z(1 - false_alarm) se), so that a treatment with the benefit is flagged at this look
  with probability ``false_alarm``;
- at the last look: margin · exp(-z(1 - false_reassurance) se), so that a treatment as bad as the margin is passed with
  probability ``false_reassurance``: the usual confidence interval must lie below the margin.

These are the positivity thresholds of Fleming, Hampson and others 2024, doi:10.1080/19466315.2024.2365648. The other error of
each look follows and is shown. A threshold depends on nothing but the deaths attained: no look's is changed by looks that
were skipped, added or taken early, no boundary for efficacy or futility stands in its way, and nothing is rounded before it
is compared. FDA's draft guidance of August 2025, Approaches to Assessment of Overall Survival in Oncology Clinical Trials,
asks randomised trials for such a plan.

In the common form of a design's behaviour ``declare`` is P(never flagged), ``stop_early`` P(flagged at any look). To flag is
not to stop: who reads the flag decides what follows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Literal

import numpy as np
from pydantic import Field
from scipy.special import ndtr, ndtri

from equipoise.design.randomised.allocation import Allocated
from equipoise.design.randomised.logrank_plan import information
from equipoise.design.safety.safety_rule import ROUNDING
from equipoise.design.spec import Error, between, growing
from equipoise.design.truth import truth_of
from equipoise.numerics.sequential.group_sequential import crossing
from equipoise.numerics.whole import at_least
from equipoise.trial.decision import Action, Continue, Declare, Stop, Verdict
from equipoise.trial.design import Characteristics, Look, Quantity, Truth
from equipoise.trial.evidence import HazardRatioEvidence
from equipoise.trial.exhibits import Cell, Curve, LineFigure, Mark, Table
from equipoise.trial.problem import BadInput, Problem

KIND = "safety-survival"
TITLE = "Overall survival watched for harm, by thresholds for the observed hazard ratio"
FAMILY = "safety"
REFERENCE = (
    "Fleming TR, Hampson LV, Bharani-Dharan B, Bretz F, Chakravartty A, Coroller T, Koukouli E, Wittes J, Yateman N, Zuber E. "
    "Monitoring overall survival in pivotal trials in indolent cancers. Stat Biopharm Res 2024. doi:10.1080/19466315.2024.2365648"
)
EXAMPLE = {"margin": 1.3, "benefit": 0.8, "deaths": (60, 89, 110, 131, 178)}

#: What a flag says.
HARM = "overall survival: harm is not ruled out"


class Spec(Allocated):
    """The margin and the benefit, the deaths at each look, and the error that each kind of look keeps."""

    kind: Literal["safety-survival"]
    margin: float = Field(
        gt=1, le=20, description="Hazard ratio, tested over control, that is an unacceptable detriment; above 1."
    )
    benefit: float = Field(ge=0.05, le=1, description="Hazard ratio of a plausible benefit; 0.05 to 1.")
    deaths: tuple[Annotated[int, Field(ge=1, le=20_000)], ...] = Field(
        min_length=1,
        max_length=20,
        description="Deaths in both arms at each look, such as 60,110,178; the last is the final analysis.",
    )
    false_alarm: Error = Field(
        default=0.10,
        description="P(flagged at a look before the last) if the true hazard ratio is the benefit.",
    )
    false_reassurance: Error = Field(
        default=0.025,
        description="P(not flagged at the last look) if the true hazard ratio is the margin.",
    )

    @between("deaths")
    def _deaths_grow(self) -> Iterator[Problem]:
        yield from growing(self, "deaths", "60,110,178")
        least = math.ceil(self.deaths[-1] / 100)
        if any(0 < b - a < least for a, b in pairwise(self.deaths)):
            yield Problem(
                "looks-too-close",
                "deaths",
                str(self.deaths),
                f"looks that are {least} deaths apart or more, a hundredth of the last",
            )


@dataclass(frozen=True)
class SurvivalHarm:
    """Margin, benefit, allocation, deaths at each look, and the two errors; thresholds follow.

    >>> d = from_spec(Spec.read(EXAMPLE))
    >>> [round(d.threshold(60), 3), round(d.threshold(110), 3), round(d.threshold(178, last=True), 3)]
    [1.114, 1.021, 0.969]
    """

    margin: float
    benefit: float
    deaths: tuple[int, ...]
    tested: int
    control: int
    false_alarm: float
    false_reassurance: float

    takes = HazardRatioEvidence

    @property
    def looks(self) -> tuple[Look, ...]:
        """Looks at numbers of deaths in both arms."""
        return tuple(Look(k, d, "events") for k, d in enumerate(self.deaths, 1))

    def truths(self) -> Mapping[str, Truth]:
        """The benefit (null: nothing to flag), no effect, and the margin (target: to be flagged)."""
        none = {"no effect": {"hazard_ratio": 1.0}} if self.benefit < 1 else {}
        return {"null": {"hazard_ratio": self.benefit}, **none, "target": {"hazard_ratio": self.margin}}

    def standard_error(self, deaths: float) -> float:
        """Of the log hazard ratio at ``deaths``."""
        return 1 / math.sqrt(information(deaths, self.tested, self.control))

    def log_threshold(self, deaths: float, last: bool = False) -> float:
        """The log hazard ratio from which on harm is flagged at ``deaths``, at the last look or before it."""
        se = self.standard_error(deaths)
        if last:
            return math.log(self.margin) + float(ndtri(self.false_reassurance)) * se
        return math.log(self.benefit) - float(ndtri(self.false_alarm)) * se

    def threshold(self, deaths: float, last: bool = False) -> float:
        """The observed hazard ratio from which on harm is flagged at ``deaths``."""
        return math.exp(self.log_threshold(deaths, last))

    def flag_probability(self, hazard_ratio: float, deaths: float, last: bool = False) -> float:
        """P(flagged at a look at ``deaths`` by itself), whatever the looks before said."""
        short = math.log(hazard_ratio) - self.log_threshold(deaths, last)
        return float(ndtr(short / self.standard_error(deaths)))

    @property
    def deaths_for_both(self) -> int:
        """The least deaths at which one threshold keeps both errors."""
        z = -float(ndtri(self.false_alarm)) - float(ndtri(self.false_reassurance))
        needed = (z / math.log(self.margin / self.benefit)) ** 2
        return at_least(needed / information(1, self.tested, self.control))

    def _is_last(self, look: int) -> bool:
        return look == len(self.deaths)

    @cached_property
    def _by_look(self) -> tuple[tuple[int, bool], ...]:
        """The deaths of each look, and whether it is the last."""
        return tuple((d, self._is_last(k)) for k, d in enumerate(self.deaths, 1))

    def characteristics(self, truth: Truth) -> Characteristics:
        """Behaviour over all looks by quadrature; ``truth`` is {'hazard_ratio': tested over control}.

        ``declare`` is P(never flagged), ``stop_early`` P(flagged at any look), ``ends_at`` P(first flagged) at each look, the
        last with P(never flagged). How many patients are enrolled by then is not known here: ``expected_n`` is nan.
        """
        (ratio,) = truth_of(truth, hazard_ratio=(0.01, 100.0))
        info = [information(d, self.tested, self.control) for d in self.deaths]
        # z is positive where the tested arm is better, so that a high hazard ratio crosses the lower boundary
        lower = [-self.log_threshold(d, last) * math.sqrt(i) for (d, last), i in zip(self._by_look, info, strict=True)]
        upper = [math.inf] * (len(info) - 1) + [lower[-1]]
        c = crossing(info, lower, upper, -math.log(ratio))
        flagged = math.fsum(c.lower)
        ends_at = (*c.lower[:-1], c.lower[-1] + c.upper[-1])
        return Characteristics(
            f"hazard ratio {ratio:g}", "recursive quadrature of the log hazard ratio (Schoenfeld's approximation)",
            Quantity(c.upper[-1]), Quantity(flagged), Quantity(math.nan), ends_at,
            {
                "expected deaths": Quantity(math.fsum(p * d for p, d in zip(ends_at, self.deaths, strict=True))),
                **{f"P(flag at {d} deaths)": Quantity(self.flag_probability(ratio, d, last)) for d, last in self._by_look},
            },
        )  # fmt: skip

    def verdict(self, evidence: HazardRatioEvidence) -> Verdict:
        """Flag harm if the observed hazard ratio reaches the threshold at the deaths attained, else go on.

        At the last look the margin is declared ruled out where nothing is flagged. Any number of deaths is taken, with a caution
        where it is another than planned. Raises BadInput for no such look, and for fewer deaths than at an earlier look.
        """
        if not 1 <= evidence.look <= len(self.deaths):
            raise BadInput(
                "evidence", [Problem("no-such-look", "look", str(evidence.look), f"1 to {len(self.deaths)}")]
            )
        most = max(evidence.earlier, default=0)
        if evidence.deaths < most:
            raise BadInput(
                "evidence",
                [Problem("cohort", "deaths", str(evidence.deaths), f"{most} or more: the deaths of the look before")],
            )
        last, d = self._is_last(evidence.look), evidence.deaths
        threshold, se = self.log_threshold(d, last), self.standard_error(d)
        alarm, passed = self.flag_probability(self.benefit, d, last), 1 - self.flag_probability(self.margin, d, last)
        seen, needed = _apart(_ratio(evidence.log_hr), math.exp(threshold))
        because = (
            f"The observed hazard ratio is {seen} at {d} deaths; harm is flagged from {needed} on.",
            f"At this look by itself: a false alarm with probability {alarm:.4f} if the true hazard ratio is {self.benefit:g}, a false "
            f"reassurance with {passed:.4f} if it is {self.margin:g}.",
        )
        flagged = evidence.log_hr >= threshold
        action: Action = Continue()
        if flagged:
            action = Stop(HARM)
        elif last:
            action = Declare(f"a hazard ratio of {self.margin:g} for death is ruled out")
        upper = evidence.log_hr - float(ndtri(self.false_reassurance)) * se
        contrary = flagged and not last and upper < math.log(self.margin)
        return Verdict(
            action, because, threshold - evidence.log_hr, "log hazard ratio below the threshold",
            self._attained(evidence, alarm, contrary),
        )  # fmt: skip

    def _attained(self, evidence: HazardRatioEvidence, alarm: float, contrary: bool) -> tuple[str, ...]:
        """What is to be known of a look that was not taken as planned, or whose two errors say different things."""
        found, d, planned = [], evidence.deaths, self.deaths[evidence.look - 1]
        if d != planned:
            found.append(
                f"{d} deaths came, {planned} were planned: the threshold is the rule's own at {d}, the error that it keeps the same."
            )
        if 0 < len(evidence.earlier) < evidence.look - 1:
            found.append("Not every earlier look was taken: this look's threshold does not depend on them.")
        if self._is_last(evidence.look) and d != planned and alarm > self.false_alarm * ROUNDING:
            found.append(
                f"With {d} deaths the last look's false alarm is {alarm:.4f}; {self.deaths_for_both} deaths keep it at {self.false_alarm:g}."
            )
        if contrary:
            found.append(
                f"Flagged by the benefit's threshold, though these deaths rule out {self.margin:g} at the last look's level of "
                f"{self.false_reassurance:g}: the last look's own threshold would be {self.threshold(d, last=True):.4f}."
            )
        return tuple(found)

    @cached_property
    def cautions(self) -> tuple[str, ...]:
        """Errors that the looks do not keep, by themselves and together, and what is taken for granted."""
        found, final = list[str](), self.deaths[-1]
        alarm = self.flag_probability(self.benefit, final, last=True)
        if alarm > self.false_alarm * ROUNDING:
            found.append(
                f"At the last look a treatment with the benefit is flagged with probability {alarm:.4f}, above {self.false_alarm:g}: "
                f"{self.deaths_for_both} deaths would keep both errors."
            )
        passed = 1 - self.flag_probability(self.margin, self.deaths[0])
        if len(self.deaths) > 1 and passed > self.false_reassurance:
            found.append(
                f"A look before the last reassures less: at {self.deaths[0]} deaths a treatment as bad as the margin passes with probability "
                f"{passed:.4f}."
            )
        late = [d for d in self.deaths[:-1] if d > self.deaths_for_both]
        if late:
            found.append(
                f"At {', '.join(map(str, late))} deaths, before the last look, a hazard ratio can be flagged though the margin is ruled out at "
                f"{self.false_reassurance:g}: from {self.deaths_for_both} deaths on the benefit's threshold is the stricter one."
            )
        if len(self.deaths) > 1:
            ever = self.characteristics(self.truths()["null"]).stop_early.value
            found.append(
                f"Errors are those of a look by itself; over all looks a treatment with the benefit is flagged with probability {ever:.4f}."
            )
        found.append(
            "Hazards are taken as proportional: where the curves cross, one hazard ratio does not show when the harm comes."
        )
        return tuple(found)

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        at = {name: self.characteristics(t).stop_early.value for name, t in self.truths().items()}
        *early, (final, _) = self._by_look
        before = (
            f"Before the last look harm is flagged if the observed hazard ratio is at least {self._thresholds(len(early))}: a treatment with "
            f"the benefit is flagged at such a look with probability {self.false_alarm:g}, and one as bad as the margin passes with "
            f"{', '.join(f'{1 - self.flag_probability(self.margin, d):.4f}' for d, _ in early)}. "
            if early
            else ""
        )
        return (
            f"Overall survival is watched for harm (Fleming, Hampson and others 2024) at {', '.join(map(str, self.deaths))} deaths in both arms, "
            f"allocated {self.tested}:{self.control}. A hazard ratio for death of {self.margin:g}, tested over control, would be an unacceptable "
            f"detriment; one of {self.benefit:g} is plausible. {before}At the last look it is flagged if the observed hazard ratio is at least "
            f"{self.threshold(final, last=True):.4f} at {final}: one as bad as the margin passes with probability {self.false_reassurance:g}, and "
            f"one with the benefit is flagged with {self.flag_probability(self.benefit, final, last=True):.4f}. Where another number of deaths "
            f"has come, or a look was skipped or added, the threshold is that of the deaths there are. At one look or more harm is flagged with "
            f"probability {at['null']:.4f} if the true hazard ratio is {self.benefit:g} and {at['target']:.4f} if it is {self.margin:g}. A flag "
            f"does not stop the trial by itself: it is to be judged with all that is known of benefit and risk."
        )

    def _thresholds(self, looks: int) -> str:
        """'1.1138 at 60, 1.0210 at 110' of the first so many looks."""
        return ", ".join(f"{self.threshold(d, last):.4f} at {d}" for d, last in self._by_look[:looks])

    def numbers(self) -> Mapping[str, float | int | str]:
        """The thresholds, the errors of each look by itself, and P(flagged at any look)."""
        at = {name.replace(" ", "_"): self.characteristics(t).stop_early.value for name, t in self.truths().items()}
        return {
            "thresholds": self._thresholds(len(self.deaths)),
            "false_alarm": ", ".join(f"{self.flag_probability(self.benefit, d, last):.4f}" for d, last in self._by_look),
            "false_reassurance": ", ".join(f"{1 - self.flag_probability(self.margin, d, last):.4f}" for d, last in self._by_look),
            "deaths_for_both_errors": self.deaths_for_both,
            **{f"flagged_{'benefit' if k == 'null' else 'margin' if k == 'target' else k}": v for k, v in at.items()},
        }  # fmt: skip

    def table(self) -> Table:
        """Each look's threshold and its errors."""
        rows: list[list[Cell]] = []
        for d, last in self._by_look:
            alarm, passed = (
                self.flag_probability(self.benefit, d, last),
                1 - self.flag_probability(self.margin, d, last),
            )
            level = f"{100 * max(0.0, 1 - 2 * passed):.0f}%"
            rows.append([d, f"{self.threshold(d, last):.4f}", f"{alarm:.4f}", f"{passed:.4f}", level])
        return Table(
            f"Overall survival watched for harm: margin {self.margin:g}, benefit {self.benefit:g}",
            ["Deaths", "Flag from this hazard ratio on", "False alarm", "False reassurance", "Two-sided interval below the margin"],
            rows,
            notes=(
                f"Each look by itself. False alarm: flagged if the true hazard ratio is {self.benefit:g}. False reassurance: not flagged if it is "
                f"{self.margin:g}. A look that does not flag has an interval of that level which lies below the margin.",
            ),
        )  # fmt: skip

    def curve(self) -> LineFigure:
        """Thresholds against deaths, with the error that each does not fix."""
        grid = np.linspace(max(1.0, self.deaths[0] / 2), 1.2 * self.deaths[-1], 121).tolist()
        return LineFigure(
            "Thresholds for the observed hazard ratio, and the errors of a look", "Deaths, both arms",
            "Hazard ratio (thresholds), probability (errors)",
            [
                Curve("Threshold before the last look", grid, [self.threshold(d) for d in grid], hue=0),
                Curve("Threshold at the last look", grid, [self.threshold(d, last=True) for d in grid], hue=0, dashed=True),
                Curve("False reassurance before the last look", grid, [1 - self.flag_probability(self.margin, d) for d in grid], hue=1),
                Curve(
                    "False alarm at the last look", grid, [self.flag_probability(self.benefit, d, last=True) for d in grid], hue=2,
                    dashed=True,
                ),
            ],
            [Mark(f"{d} deaths", x=float(d)) for d in self.deaths],
            caption=(
                f"Before the last look the false alarm is {self.false_alarm:g} (true hazard ratio {self.benefit:g}), at the last the false "
                f"reassurance is {self.false_reassurance:g} (true hazard ratio {self.margin:g}). Normal approximation."
            ),
        )  # fmt: skip


def _ratio(log_hr: float) -> float:
    """The hazard ratio of a logarithm; infinite where it is beyond what a number holds."""
    return math.exp(log_hr) if log_hr < 700 else math.inf


def _apart(seen: float, needed: float) -> tuple[str, str]:
    """Two numbers with as many decimals, four or more, as show which is larger."""
    places = next((p for p in (4, 8, 12) if f"{seen:.{p}f}" != f"{needed:.{p}f}"), 16)
    return f"{seen:.{places}f}", f"{needed:.{places}f}"


def from_spec(spec: Spec) -> SurvivalHarm:
    """The design that a spec states."""
    tested, control = spec.ratio
    return SurvivalHarm(
        spec.margin, spec.benefit, spec.deaths, tested, control, spec.false_alarm, spec.false_reassurance
    )
