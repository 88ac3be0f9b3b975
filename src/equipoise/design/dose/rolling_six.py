"""Rolling six: two to six patients on a dose at once, so that the next need not wait. Skolnik, Barrett, Jayaraman, Patel & Adamson 2008.

What the next patient gets depends on how many are on the dose, how many of them are answered, and DLTs among these:

    2 or more DLTs                                              the dose is too toxic: de-escalate
    all on the dose are answered, 3 to 5 of them, no DLT        escalate
    6 on it: 5 answered without a DLT, or 6 with at most one    escalate (the sixth answer can no longer change it)
    6 on it and neither                                         hold: nobody is treated
    else                                                        the same dose

A later enrolment can so delay an escalation: 3 of 3 escalate, 3 of 4 do not. Under a dose that is too toxic, and at the highest, patients come
until ``mtd_needs`` are answered; with at most one DLT the dose is then the maximum tolerated dose (MTD). Published tables say 'escalate
(or MTD)' from 5 on and leave that number open; six is what Skolnik's trials ask. IQ rolling 6, with up to eight patients, is another design.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import Field

from equipoise.design.dose.counts import Counts, nobody, treated
from equipoise.design.dose.dose_design import DoseVerdict, End, Give, Seen
from equipoise.design.dose.dose_spec import LevelSpec
from equipoise.design.dose.meanwhile import Meanwhile, Wait, no_end_meanwhile

DOSE_KIND = "rolling-six"
TITLE = "Rolling six"
FAMILY = "rule-based"
REFERENCE = (
    "Skolnik JM, Barrett JS, Jayaraman B, Patel D, Adamson PC. Shortening the timeline of pediatric phase I trials: the rolling six design. "
    "J Clin Oncol 2008;26:190-195. doi:10.1200/JCO.2007.12.7712"
)
EXAMPLE = {"doses": 5}
_MOST = 6
_LEAST = 3


class Spec(LevelSpec):
    """Rolling six: its doses, and what the MTD needs."""

    kind: Literal["rolling-six"]
    mtd_needs: int = Field(default=6, ge=3, le=6, description="Patients answered at a dose before it is the MTD.")


@dataclass(frozen=True, kw_only=True)
class RollingSix:
    """Rolling six; see the module."""

    doses: int
    start_dose: int = 1
    mtd_needs: int = 6

    @property
    def of_response(self) -> bool:
        """Only DLTs count."""
        return False

    @property
    def in_time(self) -> bool:
        """It decides while patients are pending."""
        return True

    @property
    def cautions(self) -> tuple[str, ...]:
        """What a user must be told."""
        return ("How it behaves depends on how fast patients come: a later enrolment can delay an escalation.",)

    def start(self) -> Counts:
        """Nobody is treated."""
        return nobody(self.doses)

    def step(self, state: Counts, dose: int, seen: Seen) -> Counts:
        """The counts after more patients; a dose with two DLTs is out, with all above it."""
        after = treated(state, dose, seen)
        return replace(after, out=min(after.out, dose)) if after.dlt[dose - 1] >= 2 else after

    def verdict(self, state: Counts) -> DoseVerdict:
        """What the next patient gets, with nobody pending."""
        found = self.meanwhile(state, Meanwhile())
        assert isinstance(found, DoseVerdict)  # with nobody pending nobody is waited for
        return found

    def meanwhile(self, state: Counts, known: Meanwhile) -> DoseVerdict | Wait:
        """What the next patient gets, or that he waits."""
        if state.at == 0:
            return DoseVerdict(Give(self.start_dose, 1), ("The first patient.",))
        found = self._of_dose(state, known, min(state.at, state.out - 1))
        return found if isinstance(found, Wait) else no_end_meanwhile(found, len(known.pending))

    def _of_dose(self, state: Counts, known: Meanwhile, dose: int) -> DoseVerdict | Wait:
        """The same, with ``dose`` the one given last, or the one below a dose that is too toxic."""
        if dose == 0:
            n, y = state.of(1)
            return DoseVerdict(End("too toxic", declares=False), (f"{y} of {n} at dose 1, the lowest: too toxic.",))
        n, y = state.of(dose)
        on = n + known.at(dose)[0]
        told = f"{on} on dose {dose}, {n} answered, {y} with a DLT"
        if dose < state.at:
            told = f"Dose {state.out} is too toxic. {told}"
        last = dose + 1 >= state.out or dose == self.doses
        if last:
            if n >= self.mtd_needs and y <= 1 and not (y == 1 and n < _MOST):
                why = "there is no higher dose" if dose == self.doses else f"dose {dose + 1} is too toxic"
                ends = "highest dose" if dose == self.doses else "dose above too toxic"
                return DoseVerdict(End(ends, declares=True), (f"{told}: the MTD, for {why}.",))
        elif (y == 0 and n == on >= _LEAST) or (
            on >= _MOST and ((n >= _MOST - 1 and y == 0) or (n >= _MOST and y <= 1))
        ):
            return DoseVerdict(Give(dose + 1, 1), (f"{told}: escalate.",))
        if on >= _MOST:
            return Wait(f"{told}: hold.")
        return DoseVerdict(
            Give(dose, 1), (f"{told}: {'the same dose' if dose == state.at else 'more are asked for there'}.",)
        )

    def recommend(self, state: Counts) -> int:
        """The highest dose below one that is too toxic with three answered or more and at most one DLT; 0 if there is none."""
        fit = (d for d in range(state.out - 1, 0, -1) if state.n[d - 1] >= _LEAST and state.dlt[d - 1] <= 1)
        return next(fit, 0)

    def numbers(self) -> Mapping[str, Any]:
        """The doses and the convention, and the decisions by on the dose, answered, and DLTs."""
        return {
            "doses": self.doses,
            "start": self.start_dose,
            "mtd_needs": self.mtd_needs,
            "decisions": self.decisions(),
        }

    def decisions(self) -> list[dict[str, int | str]]:
        """What the next patient gets at a dose between two others: 'same', 'hold', 'escalate' or 'de-escalate'."""
        middle = RollingSix(doses=3)
        found: list[dict[str, int | str]] = []
        for on in range(1, _MOST + 1):
            for n in range(on + 1):
                for y in range(min(n, 2) + 1):
                    state = Counts((3, n, 0), (0, y, 0), 2, 2 if y >= 2 else 4, 2)
                    verdict = middle.meanwhile(state, Meanwhile(((2, 0.0),) * (on - n)))
                    word = "hold" if isinstance(verdict, Wait) else verdict.name(2).replace("stay", "same")
                    found.append({"on": on, "answered": n, "dlt": y, "decision": word})
        return found

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        return (
            f"Patients are treated one by one from dose {self.start_dose} of {self.doses} on, by the rolling six design (Skolnik and others 2008): up to six "
            "are on a dose at once. A dose is escalated when all on it, three to five, are answered without a dose-limiting toxicity (DLT), or when six are "
            "on it and five are answered without a DLT or six with at most one. With two DLTs it is too toxic, and patients come to the dose below. "
            f"Nobody is treated while six are on the dose and it is not decided. The maximum tolerated dose is the highest one below a dose that is too "
            f"toxic, with at most one DLT when {self.mtd_needs} patients there are answered, or six where one had a DLT."
        )


def from_spec(spec: Spec) -> RollingSix:
    """The design that a spec states."""
    return RollingSix(doses=spec.doses, start_dose=spec.start, mtd_needs=spec.mtd_needs)
