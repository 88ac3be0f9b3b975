"""Exact power saws with n: one patient more may cost some, as the boundary moves up. What a search must say of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class SawTooth:
    """From which n on the power never falls below what is wanted, and the first larger n than the least that falls short.

    ``short`` is (n, power), None where none does. ``looked_to``: the last n that was asked; ``proved``: beyond it none falls short.
    """

    least: int
    never_below: int
    short: tuple[int, float] | None
    looked_to: int
    proved: bool

    def in_words(self, reached: float, wanted: float, patients: str = "patients") -> tuple[str, ...]:
        """The caution; none where no larger n falls short. ``reached``: the power of the least n."""
        if self.short is None:
            return ()
        n, power = self.short
        known = "" if self.proved else f" (looked at up to {self.looked_to})"
        end = f"from {self.never_below} {patients} on it never falls below {wanted:g} again{known}."
        if self.never_below > self.looked_to:
            end = f"up to {self.looked_to} {patients} it keeps falling below {wanted:g}."
        return (
            f"What is reached saws with n: {self.least} {patients} have {reached:.4f}, {n} only {power:.4f}; {end}",
        )


def saw_tooth(
    power_at: Callable[[int], float],
    least: int,
    wanted: float,
    larger: Iterable[int],
    settled: int | None,
    *,
    proved: bool,
) -> SawTooth:
    """Ask the ``larger`` sizes, growing, until so many in a row (``settled``; None: all of them) have the power.

    ``proved``: it is known that none beyond them falls short.
    """
    short, since, run, last = None, least, 0, least
    for n in larger:
        reached = power_at(n)
        if reached < wanted:
            short, since, run = short or (n, reached), 0, 0
        else:
            since, run = since or n, run + 1
        last = n
        if settled is not None and run >= settled:
            proved = False
            break
    return SawTooth(least, since or last + 1, short, last, proved)


def surely_enough(p0: float, p1: float, alpha: float, power: float) -> int:
    """From this n on an exact single stage has the power, by Hoeffding's inequality (1963, doi:10.1080/01621459.1963.10500830).

    The least r that keeps alpha is at most n p0 + sqrt(n log(1 / alpha) / 2), and P(X ≤ r | p1) is at most
    exp(-2 (n p1 - r)² / n).
    """
    wanted = math.sqrt(-math.log(alpha) / 2) + math.sqrt(-math.log(1 - power) / 2)
    return math.ceil((wanted / (p1 - p0)) ** 2)
