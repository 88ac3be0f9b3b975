"""Designs that decide from the DLTs at the current dose alone, by a table: escalate, stay, de-escalate, eliminate.

BOIN, keyboard (mTPI-2), mTPI and i3+3 are such tables, and anybody's own is one. What they share is written here: a dose is
eliminated, with all above it, and never given again; nobody goes up into an eliminated dose; the lowest one eliminated ends the
trial without a dose; at the end the dose whose isotonic rate is closest to the target is taken, among those given and not eliminated.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

from equipoise.design.dose.counts import Counts, nobody, treated
from equipoise.design.dose.dose_design import DoseVerdict, End, Give, Seen
from equipoise.design.dose.isotonic import chance_above, closest
from equipoise.design.dose.rules import DoseRule, EnoughAtDose, EnoughPatients, TooToxic, most_cautious

UP, STAY, DOWN = 1, 0, -1
#: UP, STAY or DOWN.
Move = int
_WORDS = {UP: "escalate", STAY: "stay", DOWN: "de-escalate"}


@dataclass(frozen=True, kw_only=True)
class IntervalDesign(ABC):
    """A table of moves with a target rate; see the module.

    ``cohorts`` of ``cohort`` patients, from dose ``start`` on. ``certainty``: a dose is eliminated where P(DLT rate > target) exceeds
    it, from ``eliminate_from`` patients on. ``n_stop``: patients at a dose after which the trial ends, where the design ``would stay``
    there, or as soon as they are ``reached``; 0: never.
    """

    target: float
    doses: int
    cohort: int = 3
    cohorts: int = 10
    start_dose: int = 1
    certainty: float = 0.95
    eliminate_from: int = 3
    n_stop: int = 0
    n_stop_reading: Literal["would stay", "reached"] = "would stay"
    more_rules: tuple[DoseRule, ...] = ()

    @property
    def of_response(self) -> bool:
        """Only DLTs count."""
        return False

    @property
    def most(self) -> int:
        """The largest number of patients."""
        return self.cohort * self.cohorts

    @property
    def cautions(self) -> tuple[str, ...]:
        """What a user must be told."""
        return ()

    # -- what a kind says -------------------------------------------------------------------------------------------

    @abstractmethod
    def move(self, n: int, dlt: int) -> Move:
        """Up, stay or down after ``dlt`` of ``n`` patients at a dose."""

    def eliminates(self, n: int, dlt: int) -> bool:
        """Whether the dose, and all above it, are never given again."""
        return n >= self.eliminate_from and n > 0 and chance_above(self.target, n, dlt) > self.certainty

    def why(self, n: int, dlt: int, move: Move) -> str:
        """The reason of a move, in a sentence."""
        return f"{dlt} of {n} at this dose: {_WORDS[move]}."

    # -- the four functions -----------------------------------------------------------------------------------------

    @cached_property
    def rules(self) -> tuple[DoseRule, ...]:
        """All rules beside the table."""
        found: list[DoseRule] = [EnoughPatients(self.most), *self.more_rules]
        if self.n_stop:
            found.append(EnoughAtDose(self.n_stop, only_if_staying=self.n_stop_reading == "would stay"))
        return tuple(found)

    @cached_property
    def _moves(self) -> dict[tuple[int, int], Move]:
        return {}

    @cached_property
    def _out(self) -> dict[tuple[int, int], bool]:
        return {}

    def start(self) -> Counts:
        """Nobody is treated."""
        return nobody(self.doses)

    def step(self, state: Counts, dose: int, seen: Seen) -> Counts:
        """The counts after a cohort, and whether its dose is eliminated."""
        after = treated(state, dose, seen)
        key = after.of(dose)
        if key not in self._out:
            self._out[key] = self.eliminates(*key)
        return replace(after, out=dose) if self._out[key] and dose < after.out else after

    def verdict(self, state: Counts) -> DoseVerdict:
        """The next dose, or the end."""
        if state.at == 0:
            base = DoseVerdict(Give(self.start_dose, self._size(state)), ("The first cohort.",))
            return most_cautious(base, (r.asked(state, self.start_dose) for r in self.rules))
        if state.out == 1:
            n, y = state.of(1)
            return DoseVerdict(End("too toxic", declares=False), (f"Dose 1, the lowest, is eliminated ({y} of {n}).",))
        to, because, bound = self._next(state)
        base = DoseVerdict(Give(to, self._size(state)), because, bound)
        return most_cautious(base, (r.asked(state, to) for r in self.rules))

    def _next(self, state: Counts) -> tuple[int, tuple[str, ...], tuple[str, ...]]:
        """The dose that the table gives, why, and what kept it from going there."""
        at = state.at
        n, y = state.of(at)
        if at >= state.out:
            return state.out - 1, (f"{y} of {n} at dose {at}: dose {state.out} and those above are eliminated.",), ()
        if n == 0:
            return at, (f"Nobody at dose {at} can be counted: again.",), ()
        if (n, y) not in self._moves:
            self._moves[n, y] = self.move(n, y)
        move = self._moves[n, y]
        return self._moved(state, move, self.why(n, y, move))

    def _moved(self, state: Counts, move: Move, because: str) -> tuple[int, tuple[str, ...], tuple[str, ...]]:
        """Where a move leads, and what kept it from going there."""
        at = state.at
        if move == UP and at == self.doses:
            return at, (because, "There is no higher dose."), ("highest dose",)
        if move == UP and at + 1 >= state.out:
            return at, (because, f"Dose {at + 1} is eliminated."), ("eliminated",)
        if move == DOWN and at == 1:
            return at, (because, "There is no lower dose."), ("lowest dose",)
        return at + move, (because,), ()

    def _size(self, state: Counts) -> int:
        return min(self.cohort, max(self.most - state.patients, 1))

    def recommend(self, state: Counts) -> int:
        """The dose given and not eliminated whose isotonic rate is closest to the target; 0 if the lowest is eliminated or none was given."""
        return self.choose(state.n, state.dlt)

    def out_of(self, n: tuple[int, ...], dlt: tuple[int, ...]) -> int:
        """The lowest dose that these counts eliminate; doses + 1 for none."""
        return next((d for d in range(1, self.doses + 1) if self.eliminates(n[d - 1], dlt[d - 1])), self.doses + 1)

    def choose(self, n: tuple[int, ...], dlt: tuple[int, ...]) -> int:
        """``recommend`` from counts."""
        if n[0] > 0 and self.chooses_none(n[0], dlt[0]):
            return 0
        return closest(n, dlt, self.out_of(n, dlt), self.target, self.chosen_at_most)

    @property
    def chosen_at_most(self) -> float | None:
        """The largest estimated rate that the dose chosen may have; None: any."""
        return None

    def chooses_none(self, n: int, dlt: int) -> bool:
        """Whether no dose is chosen because of the lowest one's numbers."""
        return False

    # -- read aloud -------------------------------------------------------------------------------------------------

    def row(self, n: int) -> dict[str, int | None]:
        """The table at ``n`` patients at a dose: at most so many DLTs escalate, at least so many de-escalate, or eliminate; None: never."""
        moves = [self.move(n, y) for y in range(n + 1)]
        up = [y for y, m in enumerate(moves) if m == UP]
        down = [y for y, m in enumerate(moves) if m == DOWN]
        out = [y for y in range(n + 1) if self.eliminates(n, y)]
        return {
            "n": n,
            "escalate_if_at_most": max(up) if up else None,
            "deescalate_if_at_least": min(down) if down else None,
            "eliminate_if_at_least": min(out) if out else None,
        }

    @property
    def largest_row(self) -> int:
        """Up to how many patients at a dose the table is written."""
        return min(self.most, max(self.n_stop, self.cohort * min(self.cohorts, 12)))

    def table(self) -> list[dict[str, int | None]]:
        """The decision table, a row for each number of patients at a dose."""
        return [self.row(n) for n in range(1, self.largest_row + 1)]

    def own_numbers(self) -> Mapping[str, Any]:
        """What a kind adds to the numbers."""
        return {}

    def numbers(self) -> Mapping[str, Any]:
        """The target, the kind's own numbers, and the table."""
        return {
            "target": self.target,
            "doses": self.doses,
            "cohort": self.cohort,
            "cohorts": self.cohorts,
            "start": self.start_dose,
            "certainty": self.certainty,
            **self.own_numbers(),
            "table": self.table(),
        }

    def opening(self, name: str) -> str:
        """The beginning of the protocol's paragraph."""
        return (
            f"Up to {self.most} patients are treated in cohorts of {self.cohort}, from dose {self.start_dose} of {self.doses} on, by {name}; "
            f"the target DLT rate is {self.target:g}."
        )

    def closing(self) -> str:
        """Its end: elimination, rules, and the dose that is chosen."""
        said = [
            f"A dose and all above it are eliminated when at least {self.eliminate_from} patients were treated there and the "
            f"probability that its rate exceeds the target is above {self.certainty:g} (uniform prior); if that is the lowest dose, the "
            "trial ends without a dose.",
            *(r.in_words() for r in self.rules if not isinstance(r, EnoughPatients)),
            "At the end the dose whose isotonic estimate is closest to the target is recommended, among those given and not eliminated.",
        ]
        return " ".join(said)

    def extra_safety(self, offset: float) -> TooToxic:
        """The stricter rule on the lowest dose: P(rate > target) above certainty - ``offset``."""
        return TooToxic(self.target, self.certainty - offset, 1, 3)
