"""Selection design: of K arms with a binary outcome, the one with the most successes goes on.

n patients in each arm. The arm with most successes is selected; a tie for the lead is broken at random. n is the least for
which the best arm is selected with probability ≥ ``correct`` when its rate is p0 + delta and that of all others p0. There
is no test and no type I error: with equal arms one of them is selected all the same. Simon, Wittes & Ellenberg 1985.

With ``ambiguity`` d > 0 (two arms) an arm is selected only if its observed rate leads by more than d; otherwise the choice is
made on other grounds, which are right with probability ``rho``. Sargent & Goldberg 2001, doi:10.1002/sim.704.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, Literal

import numpy as np
from pydantic import Field

from equipoise.design.looks_taken import no_such_look
from equipoise.design.saw_tooth import SawTooth, saw_tooth
from equipoise.design.spec import Entries, between, no_design
from equipoise.design.truth import truth_of
from equipoise.numerics.counts.binomial import pmf
from equipoise.numerics.whole import at_most
from equipoise.trial.decision import Action, Declare, Stop, Verdict
from equipoise.trial.design import Characteristics, Look, Quantity, Truth
from equipoise.trial.evidence import ArmsEvidence
from equipoise.trial.exhibits import Curve, LineFigure, Mark
from equipoise.trial.problem import BadInput, Problem

#: So many larger sizes in a row that do not fall short are taken for the rest.
_SETTLED = 20
KIND = "selection"
TITLE = "Selection of the best arm (Simon, Wittes & Ellenberg)"
FAMILY = "randomised phase II"
REFERENCE = "Simon R, Wittes RE, Ellenberg SS. Randomized phase II clinical trials. Cancer Treat Rep 1985;69:1375-1381. With an ambiguous zone: Sargent DJ, Goldberg RM. Stat Med 2001;20:1051-1060. doi:10.1002/sim.704"
EXAMPLE = {"arms": 3, "p0": 0.2, "delta": 0.15, "correct": 0.9}


class Spec(Entries):
    """The selection design: patients per arm computed from the probability of correct selection, or stated."""

    kind: Literal["selection"]
    arms: int = Field(default=2, ge=2, le=20, description="Arms compared.")
    p0: float = Field(gt=0, lt=1, description="Rate in all arms but the best.")
    delta: float = Field(gt=0, lt=1, description="By how much the best arm is better.")
    correct: float = Field(default=0.9, gt=0, lt=1, description="Probability of selecting the best arm; above 1/arms.")
    ambiguity: float = Field(
        default=0.0, ge=0, lt=1, description="Lead in the observed rate up to which the choice is ambiguous (two arms)."
    )
    rho: float = Field(
        default=0.5, ge=0, le=1, description="Probability that an ambiguous choice ends with the best arm."
    )
    n: int | None = Field(default=None, ge=1, le=5000, description="Patients in each arm, if stated.")
    nmax: int = Field(default=1000, ge=1, le=5000, description="Largest number of patients in an arm to consider.")

    @between("p0", "delta")
    def _the_best_rate_is_a_rate(self) -> Iterator[Problem]:
        if self.p0 + self.delta > 1:
            yield Problem("out-of-range", "delta", f"{self.delta:g}", f"at most 1 - p0 = {1 - self.p0:g}")

    @between("arms", "correct")
    def _better_than_chance(self) -> Iterator[Problem]:
        if self.correct <= 1 / self.arms:
            allowed = f"above 1/arms = {1 / self.arms:.4g}, which chance alone gives"
            yield Problem("out-of-range", "correct", f"{self.correct:g}", allowed)

    @between("arms", "ambiguity")
    def _ambiguous_between_two(self) -> Iterator[Problem]:
        if self.ambiguity > 0 and self.arms != 2:
            given = f"{self.ambiguity:g} with {self.arms} arms"
            yield Problem("ambiguity-of-two", "ambiguity", given, "0, or two arms")


@dataclass(frozen=True)
class Chances:
    """Probabilities that the best arm is selected, that it leads clearly, and that the lead is tied or ambiguous."""

    correct: float
    clear: float
    unclear: float


def chances(n: int, arms: int, rate: float, best: float, ambiguity: float = 0.0, rho: float = 0.5) -> Chances:
    """Exact chances with ``n`` patients an arm, one arm of rate ``best`` and all others of ``rate``.

    A tie of m arms for the lead is broken at random, right with probability 1/m if the best arm is among them. With
    ``ambiguity`` d > 0 a lead ≤ d · n is ambiguous, right with probability ``rho``; two arms only.
    """
    a, b = pmf(n, best), pmf(n, rate)
    below = np.concatenate([[0.0], np.cumsum(b)[:-1]])  # P(another arm has fewer than x)
    if ambiguity > 0:
        margin = _margin(n, ambiguity)
        cdf = np.cumsum(b)
        at = np.arange(n + 1)
        # P(the other arm trails by more than the margin), and P(it leads by more)
        behind = np.where(at > margin, cdf[np.maximum(at - margin - 1, 0)], 0.0)
        ahead = np.where(at + margin < n, 1.0 - cdf[np.minimum(at + margin, n)], 0.0)
        clear, wrong = float(a @ behind), float(a @ ahead)
        unclear = 1.0 - clear - wrong
        return Chances(clear + rho * unclear, clear, unclear)
    others = arms - 1
    # m others tie with the best arm, the rest have fewer
    ties = [math.comb(others, m) * b**m * below ** (others - m) for m in range(others + 1)]
    clear = float(a @ ties[0])
    correct = math.fsum(float(a @ tie) / (m + 1) for m, tie in enumerate(ties))
    return Chances(correct, clear, _tied(a, b, below, others))


def chance_by_rates(
    n: int, others: Sequence[int], rate: float, best: float, ambiguity: float = 0.0, rho: float = 0.5
) -> float:
    """P(the best arm, of ``n`` patients and rate ``best``, is selected by the highest observed rate); the ``others`` have ``rate``.

    A tie of m arms is broken at random; with ``ambiguity`` a lead up to it is right with probability ``rho`` (two arms).
    """
    total = 0.0
    masses = {m: pmf(m, rate) for m in others}
    for x, mass in enumerate(pmf(n, best)):
        if ambiguity > 0:
            gaps = [x / n - y / m for m in others for y in range(m + 1)]
            weights = [1.0 if g > ambiguity + 1e-12 else 0.0 if g < -ambiguity - 1e-12 else rho for g in gaps]
            total += mass * float(np.dot(weights, masses[others[0]]))
            continue
        ways = np.ones(1)  # P(all others at or below, by how many tie)
        for m in others:
            below, tie = -(-x * m // n), x * m % n == 0
            fewer = float(masses[m][:below].sum())
            same = float(masses[m][x * m // n]) if tie else 0.0
            ways = np.convolve(ways, [fewer, same])
        total += mass * math.fsum(w / (k + 1) for k, w in enumerate(ways))
    return total


def _tied(a: Any, b: Any, below: Any, others: int) -> float:
    """P(two or more arms share the lead, whether or not the best is among them)."""
    alone = float(a @ below**others)
    best_below = np.concatenate([[0.0], np.cumsum(a)[:-1]])
    alone += others * float(b @ (best_below * below ** (others - 1)))
    return max(0.0, 1.0 - alone)


def _margin(n: int, ambiguity: float) -> int:
    """The largest lead in successes that is ambiguous: lead / n ≤ ambiguity, decimals as they were meant."""
    return at_most(ambiguity * n)


@dataclass(frozen=True)
class Selection:
    """n patients in each of ``arms`` arms; the one with most successes is selected.

    >>> d = search(3, 0.2, 0.15, 0.9)
    >>> d.n, round(d.chances(0.2, 0.35).correct, 3)
    (44, 0.903)
    """

    n: int
    arms: int
    p0: float
    delta: float
    correct: float
    ambiguity: float = 0.0
    rho: float = 0.5
    #: the largest n an arm that is looked at; None: no larger one is
    searched_to: int | None = None

    @cached_property
    def tooth(self) -> SawTooth | None:
        """How the probability goes on from the least n an arm, until it has settled."""
        if self.searched_to is None or self.chances(self.p0, self.p0 + self.delta).correct < self.correct:
            return None
        larger = range(self.n + 1, self.searched_to + 1)

        def correct_at(n: int) -> float:
            return chances(n, self.arms, self.p0, self.p0 + self.delta, self.ambiguity, self.rho).correct

        return saw_tooth(correct_at, self.n, self.correct, larger, _SETTLED, proved=False)

    takes = ArmsEvidence

    @property
    def looks(self) -> tuple[Look, ...]:
        """One look, on n patients of each arm."""
        return (Look(1, self.n, "patients of each arm"),)

    def chances(self, rate: float, best: float) -> Chances:
        """Exact chances of this design: see ``chances``."""
        return chances(self.n, self.arms, rate, best, self.ambiguity, self.rho)

    def worst(self) -> tuple[float, float]:
        """The rate of the other arms at which the best, better by delta, is selected least often; and how often."""
        found = [(self.chances(p, p + self.delta).correct, p) for p in np.linspace(0, 1 - self.delta, 101).tolist()]
        correct, rate = min(found)
        return rate, correct

    @property
    def cautions(self) -> tuple[str, ...]:
        """That nothing is tested, and how the probability of correct selection depends on p0."""
        reached = self.chances(self.p0, self.p0 + self.delta).correct
        rate, least = self.worst()
        said = [
            "A selection design tests nothing: if all arms are alike, one of them is selected all the same, and none is shown "
            "to be better than a control."
        ]
        if self.tooth is not None:
            said += self.tooth.in_words(reached, self.correct, "patients in each arm")
        if reached < self.correct:
            said.append(
                f"The best arm is selected with probability {reached:.4f}, below the stated {self.correct:g}, at p0 = {self.p0:g}."
            )
        if least < self.correct:
            said.append(f"If p0 were {rate:.2f}, the best arm would be selected with probability {least:.4f} only.")
        return tuple(said)

    def truths(self) -> Mapping[str, Truth]:
        """All arms alike, and one arm better by delta."""
        return {"null": {"rate": self.p0, "best": self.p0}, "target": {"rate": self.p0, "best": self.p0 + self.delta}}

    def characteristics(self, truth: Truth) -> Characteristics:
        """Exact behaviour; ``truth`` is {'rate': of all arms but one, 'best': of that one}; ``declare``: it is selected."""
        rate, best = truth_of(truth, rate=(0.0, 1.0), best=(0.0, 1.0))
        found = self.chances(rate, best)
        return Characteristics(
            f"rate {best:g} in one arm, {rate:g} in {'the other' if self.arms == 2 else f'the {self.arms - 1} others'}",
            "exact binomial enumeration",
            Quantity(found.correct),
            Quantity(0.0),
            Quantity(float(self.n * self.arms)),
            (1.0,),
            {"P(that arm leads clearly)": Quantity(found.clear), "P(tied or ambiguous lead)": Quantity(found.unclear)},
        )

    def verdict(self, evidence: ArmsEvidence) -> Verdict:
        """Select the arm with most successes. ``outcome``: successes of each arm, by its name.

        A tie, or a lead within the ambiguous zone, selects nobody here: the lot, or other grounds, decide outside. Where the arms
        have other numbers of patients than planned (``n``) the highest observed rate is selected, with a lead above ``ambiguity``.
        Raises BadInput for another look, another number of arms, or a number of successes that the patients cannot have.
        """
        sizes = dict(evidence.n) or dict.fromkeys(evidence.outcome, self.n)
        problems = list(no_such_look(evidence.look, 1))
        if len(evidence.outcome) != self.arms:
            problems.append(Problem("arms", "outcome", f"{len(evidence.outcome)} arms", f"{self.arms} arms"))
        if set(sizes) != set(evidence.outcome):
            problems.append(
                Problem(
                    "arms",
                    "n",
                    ", ".join(sizes),
                    f"patients of the arms {', '.join(evidence.outcome)}, each by its name",
                )
            )
        problems += [
            Problem("out-of-range", f"n.{arm}", f"{n}", "0 or more patients") for arm, n in sizes.items() if n < 0
        ]
        problems += [
            Problem("out-of-range", f"outcome.{arm}", f"{x:g}", f"0 to n = {sizes[arm]} successes")
            for arm, x in evidence.outcome.items()
            if arm in sizes and not 0 <= x <= sizes[arm]
        ]
        if problems:
            raise BadInput("evidence", problems)
        if len(set(sizes.values())) > 1:
            return self._by_rates(evidence.outcome, sizes)
        (n,) = set(sizes.values())
        cautions = self.cautions[:1]
        if n != self.n:
            cautions += (f"{n} patients in each arm, {self.n} were planned: {self._reached(sizes)}",)
        order = sorted(evidence.outcome.items(), key=lambda pair: -pair[1])
        (first, most), (_, second) = order[0], order[1]
        lead, margin = most - second, _margin(n, self.ambiguity)
        seen = ", ".join(f"{arm} {x:g}" for arm, x in order)
        action: Action
        if lead > margin:
            action = Declare(f"{first} selected")
            because = f"Successes among {n} patients of each arm: {seen}; {first} leads by {lead:g}."
        elif self.ambiguity > 0:
            action = Stop("ambiguous: to be decided on other grounds")
            because = (
                f"Successes among {n} patients of each arm: {seen}; a lead of {margin} or fewer is ambiguous and the choice "
                "is made on other grounds."
            )
        else:
            tied = [arm for arm, x in order if x == most]
            action = Stop(f"a tie of {' and '.join(tied)}: to be broken at random")
            because = f"Successes among {n} patients of each arm: {seen}; a tie is broken at random."
        return Verdict(action, (because,), lead - margin, "successes of lead above the margin", cautions)

    def _by_rates(self, outcome: Mapping[str, float], sizes: Mapping[str, int]) -> Verdict:
        """The verdict where the arms differ in their numbers: by the highest observed rate; an arm without patients has none."""
        rates = {arm: Fraction(x) / sizes[arm] for arm, x in outcome.items() if sizes[arm]}
        order = sorted(rates.items(), key=lambda pair: -pair[1])
        first, most = order[0]
        lead = float(most - order[1][1]) if len(order) > 1 else float(most)
        tied = [arm for arm, rate in order if rate == most]
        seen = ", ".join(f"{arm} {outcome[arm]:g} of {sizes[arm]} ({float(rate):.4f})" for arm, rate in order)
        action: Action
        if len(tied) == 1 and (len(order) == 1 or lead > self.ambiguity + 1e-12):
            action, because = Declare(f"{first} selected"), f"Observed rates: {seen}; {first} leads by {lead:.4f}."
        elif self.ambiguity > 0:
            action = Stop("ambiguous: to be decided on other grounds")
            because = f"Observed rates: {seen}; a lead of {self.ambiguity:g} or less is ambiguous and the choice is made on other grounds."
        else:
            action = Stop(f"a tie of {' and '.join(tied)}: to be broken at random")
            because = f"Observed rates: {seen}; a tie is broken at random."
        caution = f"{self.n} patients in each arm were planned: the arms are compared by their observed rates. {self._reached(sizes)}"
        return Verdict(
            action, (because,), lead - self.ambiguity, "lead in the observed rate above the margin",
            (*self.cautions[:1], caution),
        )  # fmt: skip

    def _reached(self, sizes: Mapping[str, int]) -> str:
        """How often the best arm is selected at these numbers, whichever it is."""
        with_someone = [n for n in sizes.values() if n]
        if len(with_someone) < self.arms:
            return "An arm has no patients, and cannot be selected."
        found = [
            chance_by_rates(
                n, [*with_someone[:k], *with_someone[k + 1 :]], self.p0, self.p0 + self.delta, self.ambiguity, self.rho
            )
            for k, n in enumerate(with_someone)
        ]
        low, high = f"{min(found):.4f}", f"{max(found):.4f}"
        often = low if low == high else f"{low} to {high}, by which arm it is"
        return f"The best arm is then selected with probability {often}."

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        found = self.chances(self.p0, self.p0 + self.delta)
        if self.ambiguity > 0:
            rule = (
                f"The arm whose observed success rate leads by more than {100 * self.ambiguity:g}%, that is by {_margin(self.n, self.ambiguity) + 1} "
                f"successes or more, is selected; with a smaller lead the choice is made on other grounds (Sargent and Goldberg "
                f"2001). If the true rate is {100 * (self.p0 + self.delta):g}% in the better arm and {100 * self.p0:g}% in the other, the "
                f"better one leads clearly with probability {found.clear:.4f} and the lead is ambiguous with probability "
                f"{found.unclear:.4f}; with ambiguous choices right with probability {self.rho:g} the better arm is selected with "
                f"probability {found.correct:.4f}."
            )
        else:
            rest = "in the other" if self.arms == 2 else f"in the {self.arms - 1} others"
            rule = (
                "The arm with most successes is selected for further study; a tie for the lead is broken at random (Simon, Wittes "
                f"and Ellenberg 1985). If the true rate is {100 * (self.p0 + self.delta):g}% in the best arm and {100 * self.p0:g}% {rest}, "
                f"the best one is selected with probability {found.correct:.4f} (exact)."
            )
        return (
            f"Patients are randomised equally between {self.arms} arms, {self.n} evaluable patients in each and "
            f"{self.n * self.arms} in all. {rule} The design does not test a hypothesis and gives no evidence against a control."
        )

    def numbers(self) -> Mapping[str, float | int | str]:
        """Sizes and exact probabilities; ``worst_p0``: the p0 at which correct selection is least probable."""
        found, (rate, least) = self.chances(self.p0, self.p0 + self.delta), self.worst()
        shown: dict[str, float | int | str] = {"n_per_arm": self.n, "arms": self.arms, "n": self.n * self.arms}
        shown |= {"correct": found.correct, "clear": found.clear, "unclear": found.unclear}
        if self.tooth is not None and self.tooth.never_below <= self.tooth.looked_to:
            shown |= {"n_never_below": self.tooth.never_below, "looked_to": self.tooth.looked_to}
        return shown | {"worst_p0": rate, "correct_at_worst_p0": least}

    def curve(self) -> LineFigure:
        """Probability of correct selection against the advantage of the best arm."""
        deltas = np.linspace(0, min(2 * self.delta, 1 - self.p0), 81).tolist()
        found = [self.chances(self.p0, self.p0 + d) for d in deltas]
        curves = [Curve("Best arm selected", deltas, [c.correct for c in found])]
        curves.append(Curve("Lead tied or ambiguous", deltas, [c.unclear for c in found], dashed=True))
        return LineFigure(
            "Selection, exact",
            "True advantage of the best arm (rate)",
            "Probability",
            curves,
            [Mark(f"delta = {self.delta:g}", x=self.delta)],
            caption=f"Exact probabilities, all other arms at {self.p0:g}, {self.n} patients in each of {self.arms} arms.",
            y_range=(0.0, 1.0),
        )


def search(
    arms: int, p0: float, delta: float, correct: float, ambiguity: float = 0.0, rho: float = 0.5, nmax: int = 1000
) -> Selection:
    """The least n an arm for which the best is selected with probability ≥ ``correct``. Raises BadInput otherwise.

    The probability may dip a little as n grows (with an ambiguous zone it saws): a larger n may fall short again.
    """
    Spec.read({"arms": arms, "p0": p0, "delta": delta, "correct": correct, "ambiguity": ambiguity, "rho": rho})
    nearest = (0.0, 0)
    for n in range(1, nmax + 1):
        reached = chances(n, arms, p0, p0 + delta, ambiguity, rho).correct
        if reached >= correct:
            return Selection(n, arms, p0, delta, correct, ambiguity, rho, nmax)
        nearest = max(nearest, (reached, n))
    nothing = f"no n up to {nmax} selects the best arm with probability {correct:g}; n = {nearest[1]} comes nearest, with {nearest[0]:.4f}"
    raise no_design(nmax, nothing, "raise nmax or delta, or ask for less")


def from_spec(spec: Spec) -> Selection:
    """The design that a spec states. Raises BadInput if nothing up to ``nmax`` will do."""
    if spec.n is None:
        return search(spec.arms, spec.p0, spec.delta, spec.correct, spec.ambiguity, spec.rho, spec.nmax)
    return Selection(spec.n, spec.arms, spec.p0, spec.delta, spec.correct, spec.ambiguity, spec.rho, spec.nmax)
