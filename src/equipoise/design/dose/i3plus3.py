"""i3+3: the 3+3's idea with a target interval and any number of patients.

At y DLTs of n: y/n below the interval goes up; inside it, ends included, stays; above it goes down, but stays where (y - 1)/n lies below
the interval: one patient less would have meant up. Liu, Wang & Ji 2020, doi:10.1080/10543406.2019.1636811.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from equipoise.design.dose.dose_spec import interval_entries
from equipoise.design.dose.interval import DOWN, STAY, UP, IntervalDesign, Move
from equipoise.design.dose.keyboard import MarginSpec

DOSE_KIND = "i3plus3"
TITLE = "i3+3 design"
FAMILY = "rule-based"
REFERENCE = (
    "Liu M, Wang SJ, Ji Y. The i3+3 design for phase I clinical trials. J Biopharm Stat 2020;30:294-304. "
    "doi:10.1080/10543406.2019.1636811"
)
EXAMPLE = {"target": 0.30, "doses": 5, "cohort": 3, "cohorts": 10}
#: Equality at an end of the interval counts as inside; 0.05 + 0.25 is not 0.3 in floating point.
_HAIR = 1e-12


class Spec(MarginSpec):
    """i3+3: the target interval."""

    kind: Literal["i3plus3"]


@dataclass(frozen=True, kw_only=True)
class I3Plus3(IntervalDesign):
    """i3+3 with its target interval."""

    below: float = 0.05
    above: float = 0.05

    def move(self, n: int, dlt: int) -> Move:
        """Up below the interval; stay within, and where one DLT less would lie below; else down."""
        low, high = (self.target - self.below) * n, (self.target + self.above) * n
        if dlt < low - _HAIR * n:
            return UP
        if dlt <= high + _HAIR * n or dlt - 1 < low - _HAIR * n:
            return STAY
        return DOWN

    def why(self, n: int, dlt: int, move: Move) -> str:
        """The rate against the interval."""
        word = {UP: "below: escalate", STAY: "stay", DOWN: "above: de-escalate"}[move]
        return (
            f"{dlt} of {n} at this dose against {self.target - self.below:g} to {self.target + self.above:g}, {word}."
        )

    def own_numbers(self) -> Mapping[str, Any]:
        """The target interval."""
        return {"interval": [self.target - self.below, self.target + self.above]}

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        return (
            f"{self.opening('the i3+3 design (Liu, Wang & Ji 2020)')} The dose is escalated if the observed DLT rate lies below "
            f"{self.target - self.below:g}; kept if it lies within {self.target - self.below:g} and {self.target + self.above:g}, or if one "
            f"DLT less would lie below that interval; and else de-escalated. {self.closing()}"
        )


def from_spec(spec: Spec) -> I3Plus3:
    """The design that a spec states."""
    return I3Plus3(**interval_entries(spec), below=spec.below, above=spec.above)
