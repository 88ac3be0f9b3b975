"""Where dose finding stands: what was given, who is waited for, and what the design says of the next patient."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Awaited:
    """A patient whose answer is not known yet. ``until``: the first day after the window, of somebody who was dosed."""

    patient: str
    level: int
    days: int
    until: date | None

    def __str__(self) -> str:
        until = f", until {self.until}" if self.until is not None else ""
        return f"{self.patient} at level {self.level}, followed for {self.days} days{until}"


def lot(places: tuple[int, ...], u: float) -> int:
    """The level, from 1, that a number in [0, 1) gives: each place that is left is as likely as any other.

    >>> [lot((2, 0, 2), u) for u in (0.0, 0.49, 0.5, 0.99)]
    [1, 1, 3, 3]
    """
    drawn = min(int(u * sum(places)), sum(places) - 1)
    for level, room in enumerate(places, 1):
        if drawn < room:
            return level
        drawn -= room
    raise ValueError("no place is left")


@dataclass(frozen=True, slots=True)
class DoseStanding:
    """What the design says, as known on a day. Levels are numbered from 1.

    ``action``: start, escalate, stay, de-escalate, backfill, randomise, expand, stop, declare, or wait; ``dose``: the level of the next patient, None
    for none, and where it is given by lot; ``size``: for how many; ``places``: of a lottery, the places that are left at each level; ``gone``: levels that are eliminated; ``recommended``: the level if dose finding ended now, None for none;
    ``history``: cohorts in their notation.
    """

    history: str
    action: str
    dose: int | None
    size: int
    because: tuple[str, ...]
    waits_for: tuple[Awaited, ...]
    gone: tuple[int, ...]
    recommended: int | None
    places: tuple[int, ...] = ()

    @property
    def over(self) -> bool:
        """True where nobody else is to be treated by the design."""
        return self.action in ("stop", "declare")
