"""What safety designs share: an upper boundary on a count of toxicities, its exact behaviour, and the verdict at a look.

At a look on m patients, x of whom had the toxicity: stop if x ≥ boundary(m); else go on. A rule is a score that grows
with x at each m, and a threshold: x reaches the boundary where the score reaches the threshold. The least threshold
with P(ever stopped | rate) ≤ allowed is found exactly, among the finitely many values that the score can take.

In the common form of a design's behaviour (``Characteristics``) a safety design fills the names so: ``declare`` is
P(never stopped for toxicity), ``stop_early`` is P(stopped for toxicity, at whichever look), ``expected_n`` the patients
treated until the monitoring ends.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from equipoise.design.boundary_in_words import AtLook
from equipoise.design.looks_taken import look_sizes, no_such_look
from equipoise.design.safety.stated_stops import StatedStops, not_the_rules, stated_at
from equipoise.design.spec import MOST_COUNT, above, at_most, between
from equipoise.design.truth import truth_of
from equipoise.numerics.sequential.staged_binomial import Stages, ends
from equipoise.numerics.whole import at_least
from equipoise.trial.decision import Action, Continue, Declare, Stop, Verdict
from equipoise.trial.design import Characteristics, Look, Quantity, Truth
from equipoise.trial.evidence import ToxicityEvidence
from equipoise.trial.exhibits import Cell, Curve, LineFigure, Mark, Table
from equipoise.trial.problem import BadInput, Problem

Array = NDArray[np.float64]

#: Scores this close are the same: they differ by rounding only. All scores are logarithms.
TIE = 1e-10

#: An exact probability that exceeds what is allowed by less than this part of it does so by rounding.
ROUNDING = 1 + 1e-12

#: The most patients, or events, that a safety design may have.
MOST = 500


class SafetySpec(StatedStops):
    """What every rule that watches a toxicity rate may be told."""

    theta0: float = Field(gt=0, lt=1, description="Toxicity rate that is acceptable.")
    theta1: float = Field(gt=0, lt=1, description="Toxicity rate that is too high; above theta0.")
    n: int = Field(ge=1, le=MOST, description="Patients in all.")
    first: int = Field(default=1, ge=1, le=MOST_COUNT, description="Patients at the first look.")
    cohort: int = Field(default=1, ge=1, le=MOST_COUNT, description="Patients between two looks.")

    @between("theta0", "theta1")
    def _theta1_above_theta0(self) -> Iterator[Problem]:
        return above(self, "theta0", "theta1", "the rate that is too high")

    @between("first", "n")
    def _first_is_in_n(self) -> Iterator[Problem]:
        return at_most(self, "first", "n")


def log_score(probability: Array | float) -> Array:
    """-log of a probability, finite where it underflows."""
    return np.asarray(-np.log(np.maximum(probability, 1e-300)))


def least_reaching(score: Array, threshold: float) -> int:
    """Least x ≥ 1 whose score is at least ``threshold``; the size + 1 if none is. ``score`` has x = 0 … size."""
    return max(1, int(np.searchsorted(score, threshold - TIE)))


def upper_stages(sizes: Sequence[int], stops_at: Sequence[int], lows: Sequence[int] = ()) -> Stages:
    """The stages that end high with ``stops_at`` or more and, where ``lows`` are given, low with that many or fewer."""
    high = [min(b - 1, n) for b, n in zip(stops_at, sizes, strict=True)]
    low = [min(a, b) for a, b in zip(lows, high, strict=True)] if lows else [-1] * len(high)
    low[-1] = high[-1]
    return Stages(tuple(sizes), tuple(low), tuple(high))


def crossing(stages: Stages, p: float) -> float:
    """P(the count ever ends high) when each of the n is one with probability ``p``."""
    return math.fsum(ends(stages, p).high)


@dataclass(frozen=True)
class Calibration:
    """The least score that stops, and the largest that does not: any threshold above this and up to that is the same."""

    threshold: float
    below: float


def calibrated(
    sizes: Sequence[int], scores: Sequence[Array], p: float, allowed: float, lows: Sequence[int] = ()
) -> Calibration | None:
    """The least threshold with P(ever stopped | p) ≤ ``allowed``, exactly; None if no threshold has.

    ``scores``: one array a look, of x = 0 … size, growing with x. P(stop) falls as the threshold rises, by steps at
    the values of the scores, so that bisection over these values finds the least.
    """
    values = np.unique(np.concatenate([s[1:] for s in scores]))
    values = values[np.concatenate([[True], np.diff(values) > TIE])]

    def keeps(k: int) -> bool:
        stops_at = [least_reaching(s, values[k]) for s in scores]
        return crossing(upper_stages(sizes, stops_at, lows), p) <= allowed * ROUNDING

    low, high = 0, len(values)
    while low < high:
        middle = (low + high) // 2
        if keeps(middle):
            high = middle
        else:
            low = middle + 1
    if low == len(values):
        return None
    return Calibration(float(values[low]), float(values[low - 1]) if low else float(values[0]) - 3 * TIE)


def boundary_ranges(sizes: Sequence[int], stops_at: Sequence[int]) -> list[tuple[int, int, int]]:
    """(from, to, least count that stops) of the looks at which stopping is possible, runs of one boundary joined."""
    found: list[tuple[int, int, int]] = []
    for n, b in zip(sizes, stops_at, strict=True):
        if b > n:
            continue
        if found and found[-1][2] == b:
            found[-1] = (found[-1][0], n, b)
        else:
            found.append((n, n, b))
    return found


def boundary_in_words(sizes: Sequence[int], stops_at: Sequence[int]) -> str:
    """The boundary in one line: '3 of 3-4, 4 of 5-6, …'."""
    ranges = boundary_ranges(sizes, stops_at)
    return ", ".join(f"{b} of {a}" if a == z else f"{b} of {a}-{z}" for a, z, b in ranges) or "none"


def boundary_table(
    title: str, columns: Sequence[str], sizes: Sequence[int], stops_at: Sequence[int], note: str
) -> Table:
    """The boundary as a table of two ``columns``, runs of one boundary joined."""
    rows: list[list[Cell]] = [[str(a) if a == z else f"{a} to {z}", b] for a, z, b in boundary_ranges(sizes, stops_at)]
    return Table(title, columns, rows, notes=(note,))


@dataclass(frozen=True)
class SafetyRule(ABC):
    """Monitoring of a toxicity rate in one arm: theta0 is acceptable, theta1 > theta0 is too much.

    A subclass adds fields of its own; it gives the boundary at any number of patients and describes itself. The looks are
    on ``first`` patients, after every ``cohort`` more, and on ``n``.
    """

    theta0: float
    theta1: float
    n: int
    first: int
    cohort: int
    #: the boundary at each look, where it is stated
    stated: tuple[int, ...] | None = field(default=None, kw_only=True)

    takes = ToxicityEvidence

    @property
    @abstractmethod
    def allowed(self) -> float:
        """The probability of stopping at theta0 that is asked for."""

    @abstractmethod
    def rule_at(self, n: int) -> int:
        """Least number of patients with toxicity among ``n`` at which the rule stops; n + 1 if at none."""

    def boundary_at(self, n: int) -> int:
        """Least number of patients with toxicity among ``n`` that stops: the rule's, or the stated one; above n if none does."""
        return self.rule_at(n) if self.stated is None else stated_at(self.sizes, self.stated, n)

    @abstractmethod
    def describe(self) -> str:
        """The design as a paragraph of a protocol."""

    def low_at(self, n: int) -> int:
        """Largest number with toxicity among ``n`` at which the rate is held acceptable early; -1: never."""
        return -1

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Patients at each look."""
        return look_sizes(self.first, self.cohort, self.n)

    @cached_property
    def stops_at(self) -> tuple[int, ...]:
        """Least number with toxicity that stops, at each look; one more than its patients where none does."""
        return tuple(self.boundary_at(n) for n in self.sizes)

    @cached_property
    def stages(self) -> Stages:
        """The boundaries as stages that end high."""
        return upper_stages(self.sizes, self.stops_at, [self.low_at(n) for n in self.sizes])

    @property
    def looks(self) -> tuple[Look, ...]:
        """A look after each cohort."""
        return tuple(Look(k, n) for k, n in enumerate(self.sizes, 1))

    def truths(self) -> Mapping[str, Truth]:
        """The acceptable rate (null) and the one that is too much, which the rule is to stop (target)."""
        return {"null": {"rate": self.theta0}, "target": {"rate": self.theta1}}

    def stop_probability(self, rate: float) -> float:
        """P(ever stopped for toxicity) at a true ``rate`` (probability, 0 to 1); exact."""
        return crossing(self.stages, rate)

    def characteristics(self, truth: Truth) -> Characteristics:
        """Exact behaviour; ``truth`` is {'rate': probability}. ``declare`` is P(never stopped for toxicity),
        ``stop_early`` P(stopped for toxicity at any look)."""
        (rate,) = truth_of(truth, rate=(0.0, 1.0))
        e = ends(self.stages, rate)
        stopped = math.fsum(e.high)
        return Characteristics(
            f"toxicity rate {rate:g}",
            "exact binomial enumeration",
            Quantity(math.fsum(e.low)),
            Quantity(stopped),
            Quantity(e.expected_n),
            e.at,
            {"expected patients with toxicity": Quantity(rate * e.expected_n)},
        )

    def verdict(self, evidence: ToxicityEvidence) -> Verdict:
        """Stop for safety if the patients with toxicity (``successes``) reach the boundary of the look, else go on.

        At any look another number of patients than planned may have been treated, and looks may have been passed over: the rule's
        boundary at that number is used, and a caution says how often it then stops at theta0.
        """
        final = evidence.look == len(self.sizes)
        n, x, cautions = evidence.n, evidence.successes, list[str]()
        planned = planned_at(self.sizes, evidence.look, n, "n", "patients")
        boundary = self.stops_at[evidence.look - 1]
        if n != planned:
            boundary = self.boundary_at(n)
            sizes = as_attained(self.sizes, evidence.look, n)
            attained = upper_stages(sizes, [self.boundary_at(m) for m in sizes], [self.low_at(m) for m in sizes])
            cautions.append(
                f"{n} patients were treated, {planned} were planned: the boundary is {boundary}, and the exact probability of "
                f"stopping at a rate of {self.theta0:g} is {crossing(attained, self.theta0):.4f}."
            )
        low = boundary - 1 if final else min(self.low_at(n), boundary - 1)
        seen = f"{x} of {n} patients had the toxicity"
        can = f"{boundary} or more stop the trial" if boundary <= n else "no number stops it at this look"
        action: Action = Continue()
        if x >= boundary:
            action = Stop("safety")
        elif x <= low:
            action = Declare("the toxicity rate is acceptable")
            if not final:
                can = f"{low} or fewer end the monitoring: the rate is acceptable"
        return Verdict(
            action, (f"{seen}; {can}.",), boundary - x, "patients with toxicity below the boundary", tuple(cautions)
        )

    @cached_property
    def cautions(self) -> tuple[str, ...]:
        """Where the rule does not keep the probability of a false stop that is stated with it, or can never stop."""
        found = []
        stopped = self.stop_probability(self.theta0)
        if stopped > self.allowed * ROUNDING:
            found.append(
                f"The exact probability of stopping at the acceptable rate is {stopped:.4f}, above the stated {self.allowed:g}."
            )
        if all(b > n for n, b in zip(self.sizes, self.stops_at, strict=True)):
            found.append("No number of toxicities stops this trial: the boundary is never within reach.")
        if self.stated is not None:
            found += not_the_rules(self.sizes, self.stated, [self.rule_at(n) for n in self.sizes])
        return tuple(found)

    @property
    def by_look(self) -> tuple[AtLook, ...]:
        """What each look does, of all looks."""
        rows = enumerate(zip(self.stages.n, self.stages.low, self.stages.high, strict=True), 1)
        return tuple(
            AtLook(
                k,
                n,
                stops_at_least=high + 1 if high < n else None,
                accepts_at_most=high if k == len(self.sizes) else low if low >= 0 else None,
            )
            for k, (n, low, high) in rows
        )

    @property
    def rule_numbers(self) -> Mapping[str, float | int | str]:
        """The numbers of the rule itself, such as its level."""
        return {}

    def numbers(self) -> Mapping[str, float | int | str]:
        """The boundary as 'least number of patients', then exact probabilities of stopping and expected patients."""
        acceptable, toxic = (self.characteristics(t) for t in self.truths().values())
        return {
            "n": self.n,
            "looks": len(self.sizes),
            "boundary": boundary_in_words(self.sizes, self.stops_at),
            **self.rule_numbers,
            "stop0": acceptable.stop_early.value,
            "stop1": toxic.stop_early.value,
            "en0": acceptable.expected_n.value,
            "en1": toxic.expected_n.value,
        }

    def table(self) -> Table:
        """The boundary, in runs of looks."""
        return boundary_table(
            f"Stop for toxicity: acceptable rate {self.theta0:g}",
            ["Patients", "Stop with at least this many with toxicity"],
            self.sizes,
            self.stops_at,
            f"Exact probability of stopping at {self.theta0:g}: {self.stop_probability(self.theta0):.4f}.",
        )

    def behaviour_table(self, rates: Sequence[float] = ()) -> Table:
        """P(stopped for toxicity), expected patients and expected toxicities at true ``rates`` (default: a range)."""
        shown = rates or sorted(
            {self.theta0, self.theta1, *np.round(np.linspace(self.theta0, self.theta1, 5), 3).tolist()}
        )
        rows: list[list[Cell]] = []
        for rate in shown:
            c = self.characteristics({"rate": rate})
            rows.append(
                [
                    f"{rate:g}",
                    f"{c.stop_early.value:.4f}",
                    f"{c.expected_n.value:.2f}",
                    f"{rate * c.expected_n.value:.2f}",
                ]
            )
        return Table(
            "Exact behaviour",
            ["True rate", "P(stopped for toxicity)", "Expected patients", "Expected with toxicity"],
            rows,
        )

    def curve(self) -> LineFigure:
        """P(stopped for toxicity) against the true rate."""
        rates = np.linspace(0.0, min(1.0, self.theta1 + 0.25), 81).tolist()
        return LineFigure(
            "Probability of stopping for toxicity, exact",
            "True toxicity rate",
            "Probability",
            [Curve("Stopped for toxicity", rates, [self.stop_probability(p) for p in rates])],
            [Mark(f"theta0 = {self.theta0:g}", x=self.theta0), Mark(f"theta1 = {self.theta1:g}", x=self.theta1)],
            caption="Exact probabilities by binomial enumeration, against the true toxicity rate.",
            y_range=(0.0, 1.0),
        )

    def opening(self) -> str:
        """The first sentences of the protocol's paragraph: what is watched, when, and where it stops."""
        when = "after each patient" if self.cohort == 1 else f"after every {self.cohort} patients"
        start = f" from patient {self.first} on" if self.first > 1 else ""
        return (
            f"Toxicity is monitored {when}{start}, up to {self.n} patients. A toxicity rate of {100 * self.theta0:g}% is acceptable, one "
            f"of {100 * self.theta1:g}% is too high. Enrolment stops if the number of patients with the toxicity reaches the boundary: "
            f"{boundary_in_words(self.sizes, self.stops_at)} patients."
        )

    def closing(self) -> str:
        """The last sentence of the protocol's paragraph: the exact behaviour."""
        x = self.numbers()
        published = "" if self.stated is None else "The boundary in force is the one that was published. "
        return (
            f"{published}The probability of stopping is {x['stop0']:.4f} if the true rate is {100 * self.theta0:g}% and {x['stop1']:.4f} if it is "
            f"{100 * self.theta1:g}%, with {x['en0']:.1f} and {x['en1']:.1f} patients expected until the monitoring ends. All figures are exact."
        )


def out_of_reach(
    p: float, n: int, allowed: float, name: str, size: str = "n", what: str = "patients have the toxicity"
) -> BadInput:
    """No boundary keeps ``allowed``: even a stop with nothing but events is too likely. Says which ``size`` would do."""
    enough = at_least(math.log(allowed) / math.log(p))
    return BadInput(
        "design",
        [
            Problem(
                "no-boundary", f"{name}, {size}", f"{allowed:g}, {n}",
                f"{n} of {n} {what} with probability {p**n:.4g} where nothing is wrong: no boundary keeps {allowed:g}; "
                f"{size} = {enough} is the least that can",
                f"raise {size} or {name}",
            )
        ],
    )  # fmt: skip


def planned_at(sizes: Sequence[int], look: int, attained: int, where: str, unit: str) -> int:
    """The number planned for a look. Raises BadInput for no such look, and for a look on nothing."""
    problems = list(no_such_look(look, len(sizes)))
    if attained < 1:
        problems.append(Problem("nothing-attained", where, str(attained), f"1 or more {unit}"))
    if problems:
        raise BadInput("evidence", problems)
    return sizes[look - 1]


def as_attained(sizes: Sequence[int], look: int, attained: int) -> tuple[int, ...]:
    """The numbers at which is looked where this look is on ``attained`` and the others as planned, if it has not passed them."""
    before = [n for n in sizes[: look - 1] if n < attained]
    return (*before, attained, *(n for n in sizes[look:] if n > attained))
