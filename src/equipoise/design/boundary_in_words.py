"""Boundaries in counts as they are printed: every entry at which the rule acts, and none at which it cannot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class AtLook:
    """What a look does with so many successes (patients with a toxicity, for a rule on safety) of ``n``; None: nothing does it.

    It stops with ``stops_at_most`` or fewer or ``stops_at_least`` or more, and declares with ``declares_at_least`` or more. A rule on
    safety ends with the rate acceptable with ``accepts_at_most`` or fewer; where it counts events, ``n`` is events.
    """

    look: int
    n: int
    stops_at_most: int | None = None
    declares_at_least: int | None = None
    stops_at_least: int | None = None
    accepts_at_most: int | None = None


def moves(looks: Iterable[tuple[int, int, bool]]) -> Iterator[tuple[int, int | None]]:
    """The looks at which the boundary is another than at the look before: (n, number), or (n, None) where it acts no more.

    ``looks``: patients, number, and whether any count of so many patients crosses it. A look that cannot act has no boundary,
    whatever number stands there: 3 of 3 stops nobody with *more than 3*, and at 4 of 4 that 3 is new.

    >>> list(moves([(3, 3, False), (4, 3, True), (5, 3, True), (6, 4, True)]))
    [(4, 3), (6, 4)]
    """
    before: int | None = None
    for n, number, acts in looks:
        now = number if acts else None
        if now != before:
            yield n, now
        before = now


def steps(looks: Iterable[tuple[int, int, bool]]) -> str:
    """'3/4, 4/6': the numbers over the patients from which on they stand; '–' where there is none any more."""
    return ", ".join(f"{'–' if number is None else number}/{n}" for n, number in moves(looks)) or "none"
