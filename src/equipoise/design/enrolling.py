"""Enrolment as a design is told of it: a rate that stays, and rates before it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, ClassVar

from pydantic import Field

from equipoise.design.spec import MOST_RATE, MOST_TIME, Entries, between
from equipoise.numerics.times.enrolment import Enrolment
from equipoise.trial.problem import BadInput, Problem


class Ramp(Entries):
    """Rates of enrolment before the one that stays."""

    #: The entry with the rate that stays.
    full_rate: ClassVar[str] = "accrual_rate"

    ramp_rates: tuple[Annotated[float, Field(gt=0, le=MOST_RATE)], ...] | None = Field(
        default=None, min_length=1, description="Enrolment in pieces: rates before the one that stays, such as 10,25."
    )
    ramp_until: tuple[Annotated[float, Field(gt=0, le=MOST_TIME)], ...] | None = Field(
        default=None, min_length=1, description="… and until when each of them holds, such as 3,6."
    )

    @between("ramp_rates", "ramp_until")
    def _pieces_of_enrolment(self) -> Iterator[Problem]:
        rates, until = self.ramp_rates, self.ramp_until
        if (rates is None) != (until is None):
            missing = "ramp_until" if until is None else "ramp_rates"
            yield Problem("half-stated", missing, "nothing", "both ramp_rates and ramp_until, or neither")
        elif rates is not None and until is not None:
            if len(rates) != len(until):
                yield Problem("ramp", "ramp_until", f"{len(until)} times", f"as many as ramp_rates, {len(rates)}")
            if any(b <= a for a, b in pairwise(until)):
                yield Problem("ramp", "ramp_until", str(until), "times that grow, such as 3,6")

    @between("ramp_rates")
    def _pieces_of_something(self) -> Iterator[Problem]:
        if self.ramp_rates is not None and getattr(self, self.full_rate, None) is None:
            yield Problem("half-stated", self.full_rate, "nothing", "the rate that stays, with ramp_rates")

    @property
    def ramp(self) -> tuple[tuple[float, float], ...]:
        """(until, rate) of each piece before the rate that stays."""
        return tuple(zip(self.ramp_until or (), self.ramp_rates or (), strict=True))


def too_short(duration: float, events: float, most: float) -> BadInput:
    """A duration in which the events do not come, however long patients are enrolled."""
    allowed = f"a duration in which {events:.0f} events come; enrolling all the time, {most:.1f} are expected by then"
    return BadInput(
        "design", [Problem("too-short", "duration", f"{duration:g}", allowed, "raise duration or accrual_rate")]
    )


def in_words(enrolment: Enrolment) -> str:
    """'5', or '2 until 3, 4 until 6, then 5'."""
    return "".join(f"{rate:g} until {until:g}, " for until, rate in enrolment.ramp) + (
        f"then {enrolment.rate:g}" if enrolment.ramp else f"{enrolment.rate:g}"
    )
