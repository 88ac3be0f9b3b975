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
class Counted:
    """Those who have an arm already, as they are counted beside a log that is not read as a whole.

    ``number``: of all. ``of``: how many of a cohort have this level of a factor and this arm.
    """

    number: int
    of: Callable[[str, str, str, str], int]

    def __len__(self) -> int:
        return self.number


#: Those who were randomised before, one by one or counted.
Before = Sequence[Earlier] | Counted


@dataclass(frozen=True)
class Place:
    """The next patient. ``position``: in the stratum's list, from 0. ``earlier``: all who were randomised before, asked when needed."""

    stratum: str
    position: int
    factors: Mapping[str, str]
    cohort: str
    earlier: Callable[[], Before]


class Allocation(Protocol):
    """Who gives the arms."""

    def give(self, place: Place) -> str:
        """The arm of the patient who stands there."""
        ...
