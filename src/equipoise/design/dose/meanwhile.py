"""What is known while patients are still followed for DLTs, and how a design is asked then.

A design that decides meanwhile has ``in_time`` true and ``meanwhile(state, known)``: its verdict, or that it waits. Any other waits for
everybody. The state holds only those who are answered; a DLT is an answer on its day, no DLT only at the end of the window.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from equipoise.design.dose.dose_design import DoseDesign, DoseVerdict, End


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """Who is pending: dose and the share of the window followed, in [0, 1). ``dlts``: the share at which each DLT came, where it is known."""

    pending: tuple[tuple[int, float], ...] = ()
    dlts: tuple[float, ...] = ()

    def at(self, dose: int) -> tuple[int, float]:
        """How many are pending at a dose, and the sum of their shares (standardised total follow-up time)."""
        shares = [s for d, s in self.pending if d == dose]
        return len(shares), sum(shares)

    def counts(self, doses: int) -> tuple[int, ...]:
        """How many are pending at each dose."""
        return tuple(sum(d == k for d, _ in self.pending) for k in range(1, doses + 1))


@dataclass(frozen=True, slots=True)
class Wait:
    """Nobody is treated until more is known; why."""

    why: str


def in_time(design: DoseDesign[Any]) -> bool:
    """Whether a design decides while patients are pending."""
    return bool(getattr(design, "in_time", False))


def asked(design: DoseDesign[Any], state: Any, known: Meanwhile) -> DoseVerdict | Wait:
    """What comes next, as known meanwhile."""
    if not known.pending:
        return design.verdict(state)
    if not in_time(design):
        return Wait(f"The design waits for {len(known.pending)} who are pending.")
    found: DoseVerdict | Wait = design.meanwhile(state, known)  # type: ignore[attr-defined]
    return found


def no_end_meanwhile(verdict: DoseVerdict, pending: int) -> DoseVerdict | Wait:
    """A trial that would end with a dose waits for everybody first; one that ends without stops at once."""
    if isinstance(verdict.action, End) and verdict.action.declares and pending:
        return Wait(f"The trial ends ({verdict.action.why}) when {pending} who are pending are known.")
    return verdict
