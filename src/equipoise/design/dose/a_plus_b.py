"""A+B designs, of which 3+3 is one: A patients at a dose, and B more where the first left it open.

After A: fewer than C DLTs escalate, C to D ask for B more, more than D are too toxic. After A + B: at most E escalate, more are too
toxic. Too toxic: without de-escalation the dose below is the maximum tolerated dose (MTD); with it, B more come to the dose below if
it had fewer than A + B, and else it is the MTD. Going up into a dose that was given already ends the trial at the current one.
Storer 1989, doi:10.2307/2531693; Korn and others 1994, doi:10.1002/sim.4780131802; Lin & Shih 2001, doi:10.1093/biostatistics/2.2.203.

``top``: patients that the highest dose needs to be the MTD without de-escalation: 'a' or 'a+b'; protocols differ, packages take A.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from equipoise.design.dose.counts import Counts, nobody, treated
from equipoise.design.dose.dose_design import DoseVerdict, End, Give, Seen
from equipoise.design.dose.dose_spec import LevelSpec
from equipoise.design.spec import between
from equipoise.trial.problem import Problem

DOSE_KIND = "a-plus-b"
TITLE = "A+B designs (3+3 and its kin)"
FAMILY = "rule-based"
REFERENCE = (
    "Lin Y, Shih WJ. Statistical properties of the traditional algorithm-based designs for phase I cancer clinical trials. "
    "Biostatistics 2001;2:203-215. doi:10.1093/biostatistics/2.2.203"
)
EXAMPLE = {"doses": 5}


class Spec(LevelSpec):
    """A+B; the defaults are 3+3."""

    kind: Literal["a-plus-b"]
    a: int = Field(default=3, ge=1, le=50, description="A, the patients who come first to a dose.")
    b: int = Field(default=3, ge=1, le=50, description="B, those who come where the first leave it open.")
    c: int = Field(default=1, ge=0, description="C, the fewest DLTs of A that leave it open; fewer escalate.")
    d: int = Field(default=1, ge=0, description="D, the most DLTs of A that leave it open; more are too toxic.")
    e: int = Field(default=1, ge=0, description="E, the most DLTs of A + B that escalate.")
    deescalate: bool = Field(default=False, description="Ask for B more at the dose below one that is too toxic.")
    top: Literal["a", "a+b"] = Field(default="a", description="Patients that the highest dose needs to be the MTD.")

    @between("a", "b", "c", "d", "e")
    def _ordered(self) -> Iterator[Problem]:
        """C ≤ D < A, and D ≤ E < A + B: what leaves it open can end either way."""
        if not self.c <= self.d:
            yield Problem("c-d", "c, d", f"{self.c}, {self.d}", "c at most d")
        if not self.d < self.a:
            yield Problem("d", "d", str(self.d), f"less than a, {self.a}: else nothing of A is too toxic")
        if not self.c <= self.e < self.a + self.b:
            yield Problem("e", "e", str(self.e), f"c or more and less than a + b, {self.a + self.b}")


@dataclass(frozen=True, kw_only=True)
class APlusB:
    """A+B with its numbers; see the module."""

    doses: int
    start_dose: int = 1
    a: int = 3
    b: int = 3
    c: int = 1
    d: int = 1
    e: int = 1
    deescalate: bool = False
    top: Literal["a", "a+b"] = "a"

    @property
    def of_response(self) -> bool:
        """Only DLTs count."""
        return False

    @property
    def cautions(self) -> tuple[str, ...]:
        """What a user must be told."""
        if self.deescalate:
            return ()
        return ("Without de-escalation the dose taken may have been given to A patients only.",)

    def start(self) -> Counts:
        """Nobody is treated."""
        return nobody(self.doses)

    def step(self, state: Counts, dose: int, seen: Seen) -> Counts:
        """The counts after a cohort; a dose that is too toxic is out, with all above it."""
        after = treated(state, dose, seen)
        if self._judged(*after.of(dose)) == "too toxic" and dose < after.out:
            return Counts(after.n, after.dlt, after.at, dose, after.cohorts, after.stage)
        return after

    def _judged(self, n: int, y: int) -> str:
        """What a dose's numbers say: 'too toxic', 'fit', 'open', or 'few' where it has fewer than A."""
        if n >= self.a + self.b:
            return "fit" if y <= self.e else "too toxic"
        if y > self.e or (n <= self.a and y > self.d):
            return "too toxic"
        if n < self.a:
            return "few"
        return "fit" if n == self.a and y < self.c else "open"

    def verdict(self, state: Counts) -> DoseVerdict:
        """The next dose, or the end."""
        if state.at == 0:
            return DoseVerdict(Give(self.start_dose, self.a), ("The first cohort.",))
        at, (n, y) = state.at, state.of(state.at)
        judged = self._judged(n, y)
        told = f"{y} of {n} at dose {at}"
        if judged == "few":
            return DoseVerdict(Give(at, self.a - n), (f"{told}: {self.a} are asked for.",))
        if judged == "open":
            return DoseVerdict(Give(at, self.a + self.b - n), (f"{told}: {self.a + self.b} are asked for.",))
        if judged == "too toxic":
            return self._below(state, f"{told}: too toxic.")
        because = f"{told}: escalate."
        if at == self.doses:
            if self.top == "a+b" and n < self.a + self.b:
                more = (because, f"There is no higher dose, and the MTD needs {self.a + self.b} patients.")
                return DoseVerdict(Give(at, self.a + self.b - n), more, ("highest dose",))
            return DoseVerdict(
                End("highest dose", declares=True), (because, "There is no higher dose."), ("highest dose",)
            )
        if at + 1 >= state.out:
            return self._take(state, at, because)
        return DoseVerdict(Give(at + 1, max(self.a - state.n[at], 1) if state.n[at] < self.a else self.b), (because,))

    def _take(self, state: Counts, dose: int, because: str) -> DoseVerdict:
        """The dose under one that is too toxic: the MTD, or B more where it needs A + B."""
        n, _ = state.of(dose)
        if self.deescalate and n < self.a + self.b:
            why = f"Dose {dose + 1} is too toxic: {self.a + self.b} are asked for at dose {dose}."
            return DoseVerdict(Give(dose, self.a + self.b - n), (because, why))
        why = f"Dose {dose + 1} is too toxic: dose {dose} is the MTD."
        return DoseVerdict(End("dose above too toxic", declares=True), (because, why))

    def _below(self, state: Counts, because: str) -> DoseVerdict:
        below = state.out - 1
        if below < 1:
            return DoseVerdict(End("too toxic", declares=False), (because, "There is no lower dose."), ("lowest dose",))
        n, y = state.of(below)
        if n == 0:
            return DoseVerdict(Give(below, self.a), (because, f"Dose {below} was not given yet."))
        if self._judged(n, y) == "open":
            return DoseVerdict(
                Give(below, self.a + self.b - n), (because, f"{y} of {n} at dose {below} leave it open.")
            )
        return self._take(state, below, because)

    def recommend(self, state: Counts) -> int:
        """The highest dose below one that is too toxic that its own numbers call fit; 0 if none is."""
        fit = (d for d in range(state.out - 1, 0, -1) if self._judged(*state.of(d)) == "fit")
        return next(fit, 0)

    def numbers(self) -> Mapping[str, Any]:
        """A to E, and the conventions."""
        return {
            "doses": self.doses,
            "start": self.start_dose,
            **{k: getattr(self, k) for k in "abcde"},
            "deescalate": self.deescalate,
            "top": self.top,
            "table": self.table(),
        }

    def table(self) -> list[dict[str, int | None]]:
        """The decision table: a row for A patients at a dose, and one for A + B."""
        return [
            {
                "n": self.a,
                "escalate_if_at_most": self.c - 1 if self.c > 0 else None,
                "deescalate_if_at_least": self.d + 1,
                "eliminate_if_at_least": self.d + 1,
            },
            {
                "n": self.a + self.b,
                "escalate_if_at_most": self.e,
                "deescalate_if_at_least": self.e + 1,
                "eliminate_if_at_least": self.e + 1,
            },
        ]

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        down = (
            f"{self.b} more are treated at the dose below if it has fewer than {self.a + self.b}, and it is the MTD if at most {self.e} of "
            f"them have a DLT"
            if self.deescalate
            else "the dose below is the maximum tolerated dose (MTD)"
        )
        between_c_d = str(self.c) if self.c == self.d else f"{self.c} to {self.d}"
        return (
            f"Patients are treated by a {self.a}+{self.b} design from dose {self.start_dose} of {self.doses} on. With fewer than {self.c} DLTs "
            f"among {self.a} patients the next dose is given; with {between_c_d}, {self.b} more patients are treated at the dose, which is "
            f"escalated if at most {self.e} of {self.a + self.b} have a DLT. A dose with more is too toxic: {down}."
        )


def from_spec(spec: Spec) -> APlusB:
    """The design that a spec states."""
    said = spec.model_dump(exclude={"kind", "start"})
    return APlusB(start_dose=spec.start, **said)
