"""Where the next patient of a trial stands when an arm is to be given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Earlier:
    """One who has an arm already: the levels of the factors, the arm, and the cohort ('' where the trial has none)."""

    factors: Mapping[str, str]
    arm: str
    cohort: str = ""


@dataclass(frozen=True)
class Place:
    """The next patient. ``position``: in the stratum's list, from 0. ``earlier``: all who were randomised before, asked when needed."""

    stratum: str
    position: int
    factors: Mapping[str, str]
    cohort: str
    earlier: Callable[[], Sequence[Earlier]]


class Allocation(Protocol):
    """Who gives the arms."""

    def give(self, place: Place) -> str:
        """The arm of the patient who stands there."""
        ...
