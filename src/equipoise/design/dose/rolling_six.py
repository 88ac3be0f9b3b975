"""Rolling six: two to six patients on a dose at once, so that the next need not wait. Skolnik, Barrett, Jayaraman, Patel & Adamson 2008.

What the next patient gets depends on how many are on the dose, how many of them are answered, and DLTs among these:

    2 or more DLTs                                              the dose is too toxic: de-escalate
    all on the dose are answered, 3 to 5 of them, no DLT        escalate
    6 on it: 5 answered without a DLT, or 6 with at most one    escalate (the sixth answer can no longer change it)
    6 on it and neither                                         hold: nobody is treated
    else                                                        the same dose

A later enrolment can so delay an escalation: 3 of 3 escalate, 3 of 4 do not. Under a dose that is too toxic, and at the highest, patients come
until ``mtd_needs`` are answered; with at most one DLT the dose is then the maximum tolerated dose (MTD). Published tables say 'escalate
(or MTD)' from 5 on and leave that number open; six is what Skolnik's trials ask.

``convention`` 'iq' is the IQ rolling 6 (JAMA Netw Open 2020;3:e204787, doi:10.1001/jamanetworkopen.2020.4787, table 2), with up to eight: three answered
without a DLT escalate, however many are pending; at most six are pending, and with one DLT fewer; two DLTs of seven or eight, all answered, make the
dose the MTD. What its table leaves out as rare (eight on the dose, one DLT, five answered or fewer; seven, three or fewer) is held.
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
    convention: Literal["skolnik", "iq"] = Field(
        default="skolnik", description="Up to six on a dose (the paper of 2008), or up to eight (IQ rolling 6)."
    )


@dataclass(frozen=True, kw_only=True)
class RollingSix:
    """Rolling six; see the module."""

    doses: int
    start_dose: int = 1
    mtd_needs: int = 6
    convention: Literal["skolnik", "iq"] = "skolnik"

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
        """The counts after more patients; a dose that is too toxic is out, with all above it."""
        after = treated(state, dose, seen)
        toxic = (d for d in range(1, self.doses + 1) if self._too_toxic(*after.of(d)))
        return replace(after, out=next(toxic, self.doses + 1))

    def _too_toxic(self, n: int, dlt: int) -> bool:
        """Two DLTs; by IQ three, or two of six or fewer."""
        return dlt >= 2 if self.convention == "skolnik" else dlt >= 3 or (dlt == 2 and n <= _MOST)

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
        if self.convention == "iq" and y == 2:
            # Of seven or eight: of fewer it is too toxic.
            if n == on:
                return DoseVerdict(End("two of seven or eight", declares=True), (f"{told}: the MTD.",))
            return Wait(f"{told}: hold.")
        if last:
            if n >= self.mtd_needs and y <= 1 and not (y == 1 and n < _MOST):
                why = "there is no higher dose" if dose == self.doses else f"dose {dose + 1} is too toxic"
                ends = "highest dose" if dose == self.doses else "dose above too toxic"
                return DoseVerdict(End(ends, declares=True), (f"{told}: the MTD, for {why}.",))
        elif self._escalates(on, n, y):
            return DoseVerdict(Give(dose + 1, 1), (f"{told}: escalate.",))
        if self._full(on, n, y, last=last):
            return Wait(f"{told}: hold.")
        return DoseVerdict(
            Give(dose, 1), (f"{told}: {'the same dose' if dose == state.at else 'more are asked for there'}.",)
        )

    def _escalates(self, on: int, n: int, dlt: int) -> bool:
        if self.convention == "iq":
            return n >= (_LEAST if dlt == 0 else _MOST)
        return (dlt == 0 and n == on >= _LEAST) or (
            on >= _MOST and ((n >= _MOST - 1 and dlt == 0) or (n >= _MOST and dlt <= 1))
        )

    def _full(self, on: int, n: int, dlt: int, *, last: bool) -> bool:
        """Whether nobody more comes to a dose that is not decided; ``last``: of one from which nobody goes higher."""
        if self.convention == "skolnik" or (last and dlt == 0 and n >= _LEAST):
            return on >= _MOST
        return on - n >= _MOST if dlt == 0 else on >= _MOST and not (n >= _MOST - 2 and on <= n + 2)

    def recommend(self, state: Counts) -> int:
        """The highest dose below one that is too toxic with three answered or more and at most one DLT (by IQ two of seven or eight); 0 if there is
        none."""
        below = range(state.out - 1, 0, -1)
        iq = self.convention == "iq"
        return next((d for d in below if state.n[d - 1] >= _LEAST and (state.dlt[d - 1] <= 1 or iq)), 0)

    def numbers(self) -> Mapping[str, Any]:
        """The doses and the convention, and the decisions by on the dose, answered, and DLTs."""
        return {
            "doses": self.doses,
            "start": self.start_dose,
            "mtd_needs": self.mtd_needs,
            "convention": self.convention,
            "decisions": self.decisions(),
        }

    def decisions(self) -> list[dict[str, int | str]]:
        """What the next patient gets at a dose between two others: 'same', 'hold', 'escalate', 'de-escalate' or 'declare'."""
        middle = replace(self, doses=3, start_dose=1)
        iq = self.convention == "iq"
        found: list[dict[str, int | str]] = []
        for on in range(1, (_MOST + 2 if iq else _MOST) + 1):
            for n in range(on + 1):
                for y in range(min(n, 3 if iq else 2) + 1):
                    state = Counts((3, n, 0), (0, y, 0), 2, 2 if self._too_toxic(n, y) else 4, 2)
                    verdict = middle.meanwhile(state, Meanwhile(((2, 0.0),) * (on - n)))
                    word = "hold" if isinstance(verdict, Wait) else verdict.name(2).replace("stay", "same")
                    found.append({"on": on, "answered": n, "dlt": y, "decision": word})
        return found

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        if self.convention == "iq":
            return (
                f"Patients are treated one by one from dose {self.start_dose} of {self.doses} on, by the IQ rolling 6 design (2020): up to eight are on a dose. A "
                "dose is escalated when three on it are answered without a dose-limiting toxicity (DLT), whoever is pending, or six with one. With two DLTs "
                "of six or fewer, or three, it is too toxic, and patients come to the dose below; with two of seven or eight, all answered, it is the maximum "
                "tolerated dose. Nobody is treated while six are pending without a DLT, or while with one DLT six are on the dose and fewer than four "
                f"answered, or more than two pending. Else the maximum tolerated dose is the highest one below a dose that is too toxic, with at most one DLT when "
                f"{self.mtd_needs} patients there are answered, or six where one had a DLT."
            )
        return (
            f"Patients are treated one by one from dose {self.start_dose} of {self.doses} on, by the rolling six design (Skolnik and others 2008): up to six "
            "are on a dose at once. A dose is escalated when all on it, three to five, are answered without a dose-limiting toxicity (DLT), or when six are "
            "on it and five are answered without a DLT or six with at most one. With two DLTs it is too toxic, and patients come to the dose below. "
            f"Nobody is treated while six are on the dose and it is not decided. The maximum tolerated dose is the highest one below a dose that is too "
            f"toxic, with at most one DLT when {self.mtd_needs} patients there are answered, or six where one had a DLT."
        )


def from_spec(spec: Spec) -> RollingSix:
    """The design that a spec states."""
    return RollingSix(doses=spec.doses, start_dose=spec.start, mtd_needs=spec.mtd_needs, convention=spec.convention)
