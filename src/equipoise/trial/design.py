"""Design: the protocol that every kind of design answers, and how its behaviour is written down."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar, runtime_checkable

from equipoise.trial.decision import Verdict
from equipoise.trial.when import Enrolled, Evaluable, Events, When

#: An assumed truth by the names that the design's own paper uses: {'rate': 0.44}, {'hazard_ratio': 0.67}, …
Truth = Mapping[str, float]


@dataclass(frozen=True)
class Quantity:
    """A number and its Monte-Carlo standard error; ``mc_error`` is None where the number is exact."""

    value: float
    mc_error: float | None = None

    def __str__(self) -> str:
        return f"{self.value:.4f}" if self.mc_error is None else f"{self.value:.4f} (MC error {self.mc_error:.4f})"


@dataclass(frozen=True)
class Characteristics:
    """How a design behaves under a truth, exact or simulated: one type, so that the two can be compared.

    ``declare``: probability that the trial ends by declaring what it looks for. ``stop_early``: that it ends before the
    last look. ``expected_n``: expected number of patients, all arms. ``ends_at``: probability that it ends at each look
    (shape: looks; adds up to 1; empty where the method does not give it). ``more``: what a kind adds, by name and unit,
    such as 'expected events'.
    """

    truth: str
    method: str
    declare: Quantity
    stop_early: Quantity
    expected_n: Quantity
    ends_at: Sequence[float] = ()
    more: Mapping[str, Quantity] = field(default_factory=dict)


@dataclass(frozen=True)
class Look:
    """A look: its number (from 1) and on how much it is taken: ``n`` patients of the tested arm, or events, …

    ``unit``: 'patients' whose outcome is known (of the tested arm), 'patients of each arm', 'events', or 'patients enrolled'; the last of
    those is then followed for ``follow_up`` and the first for ``first_follow_up``, in the design's unit of time. ``control_n``: patients
    of the control arm that go with it.
    """

    number: int
    n: int
    unit: str = "patients"
    control_n: int = 0
    follow_up: float = 0.0
    first_follow_up: float = 0.0

    def when(self, days_per_unit: float = 1.0) -> When:
        """When it is taken, as a value; the design's unit of time has so many days."""
        match self.unit:
            case "events":
                return Events(self.n)
            case "patients enrolled":
                days = (math.ceil(t * days_per_unit - 1e-9) for t in (self.follow_up, self.first_follow_up))
                return Enrolled(self.n, *days)
            case _:
                return Evaluable(self.n)


E_contra = TypeVar("E_contra", contravariant=True)


@runtime_checkable
class Design(Protocol[E_contra]):
    """A frozen value that says when to look, what the verdict is, how it behaves, and reads itself aloud.

    ``E_contra`` is the type of evidence that its verdict takes: see ``trial/evidence.py``.
    """

    @property
    def takes(self) -> type[Any]:
        """The type of evidence that the verdict takes."""
        ...

    @property
    def looks(self) -> Sequence[Look]:
        """The looks, in order; the last one is the final analysis."""
        ...

    @property
    def cautions(self) -> Sequence[str]:
        """What a user must be told of this design, such as an error rate that it does not keep."""
        ...

    def truths(self) -> Mapping[str, Truth]:
        """The truths that the design was made for, by name: the null first, the target last."""
        ...

    def verdict(self, evidence: E_contra) -> Verdict:
        """What the design says of this evidence."""
        ...

    def characteristics(self, truth: Truth) -> Characteristics:
        """Behaviour under ``truth``. Raises BadInput for a truth of other names or out of range."""
        ...

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        ...

    def numbers(self) -> Mapping[str, float | int | str]:
        """The design's numbers by name, as its command prints them."""
        ...
