"""Design: the protocol that every kind of design answers, and how its behaviour is written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from equipoise.trial.decision import Verdict
from equipoise.trial.evidence import Evidence


@dataclass(frozen=True)
class Quantity:
    """A number and its Monte-Carlo standard error; ``mc_error`` is None where the number is exact."""

    value: float
    mc_error: float | None = None

    def __str__(self) -> str:
        return f"{self.value:.4f}" if self.mc_error is None else f"{self.value:.4f} (MC error {self.mc_error:.4f})"


@dataclass(frozen=True)
class Characteristics:
    """How a design behaves under a truth, exact or simulated: one type, so that the two can be compared."""

    truth: str
    method: str
    declare: Quantity
    stop_early: Quantity
    expected_n: Quantity


@dataclass(frozen=True)
class Look:
    """A look: its number (from 1) and how many patients of the tested arm it is taken on."""

    number: int
    n: int


@runtime_checkable
class Design(Protocol):
    """A frozen value that says when to look, what the verdict is, how it behaves, and reads itself aloud."""

    @property
    def looks(self) -> Sequence[Look]:
        """The looks, in order; the last one is the final analysis."""
        ...

    def verdict(self, evidence: Evidence) -> Verdict:
        """What the design says of this evidence."""
        ...

    def characteristics(self, rate: float) -> Characteristics:
        """Behaviour when the tested arm's true rate is ``rate`` (probability)."""
        ...

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        ...

    def numbers(self) -> Mapping[str, float | int | str]:
        """The design's numbers by name, as its command prints them."""
        ...
