"""A dose-finding design: a frozen value with four functions over a hashable state.

``start`` · ``step(state, dose, seen)`` · ``verdict(state)``: the next dose and for how many, or the end, and which rule bound ·
``recommend(state)``: the dose if the trial ended now, which is another question than the next dose.

The state is what the design decides from, so equal states merge: exact behaviour, tables, pathways, conduct and simulation are
written once for all such designs. Doses are numbered from 1; 0 stands for none.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, runtime_checkable

S = TypeVar("S", bound=Hashable)


@dataclass(frozen=True, slots=True, order=True)
class Seen:
    """What a cohort's evaluable patients had, in numbers: the order in which they came cannot matter.

    ``none``: neither, ``toxic``: a DLT, ``response``: a response, ``both``: both.
    """

    none: int
    toxic: int = 0
    response: int = 0
    both: int = 0

    def __add__(self, other: Seen) -> Seen:
        """Of both together."""
        return Seen(
            self.none + other.none, self.toxic + other.toxic, self.response + other.response, self.both + other.both
        )

    @property
    def n(self) -> int:
        """Patients."""
        return self.none + self.toxic + self.response + self.both

    @property
    def dlt(self) -> int:
        """Patients with a DLT."""
        return self.toxic + self.both

    @property
    def responses(self) -> int:
        """Patients with a response."""
        return self.response + self.both


#: What binds a verdict that gives a dose beside the design's own cohorts.
BACKFILL = "backfill"
#: What a verdict is called that gives doses by lot, and one that gives the dose that was found to more patients.
RANDOMISE, EXPAND = "randomise", "expand"


@dataclass(frozen=True, slots=True)
class Give:
    """Treat ``size`` more patients at ``dose``."""

    dose: int
    size: int


@dataclass(frozen=True, slots=True)
class End:
    """The trial ends. ``declares``: whether it ends with a dose, which ``recommend`` names; else no dose is fit to be given."""

    why: str
    declares: bool


@dataclass(frozen=True, slots=True)
class DoseVerdict:
    """What comes next, the reasons, and the names of the rules that bound: that decided against what the design alone would do.

    ``called``: the word for it where it is no step from one dose to another.
    """

    action: Give | End
    because: tuple[str, ...]
    bound: tuple[str, ...] = ()
    called: str = ""

    def name(self, at: int) -> str:
        """In a word, with ``at`` the dose given last: 'start', 'escalate', 'stay', 'de-escalate', 'backfill', 'randomise', 'expand', 'declare' or 'stop'."""
        if isinstance(self.action, End):
            return "declare" if self.action.declares else "stop"
        if self.called:
            return self.called
        if at == 0:
            return "start"
        return "stay" if self.action.dose == at else "escalate" if self.action.dose > at else "de-escalate"


class Counted(Protocol):
    """What every state tells, whatever else it keeps. One number for each dose; ``at``: the dose given last, 0 before the first."""

    @property
    def n(self) -> tuple[int, ...]:
        """Evaluable patients."""
        ...

    @property
    def dlt(self) -> tuple[int, ...]:
        """Those of them with a DLT."""
        ...

    @property
    def at(self) -> int:
        """The dose given last."""
        ...

    @property
    def cohorts(self) -> int:
        """How many cohorts were treated."""
        ...


@runtime_checkable
class DoseDesign(Protocol[S]):
    """The protocol that every kind of dose-finding design answers."""

    @property
    def doses(self) -> int:
        """How many doses there are; of a combination, how many pairs."""
        ...

    @property
    def of_response(self) -> bool:
        """Whether responses count beside DLTs."""
        ...

    @property
    def cautions(self) -> tuple[str, ...]:
        """What a user must be told of this design."""
        ...

    def start(self) -> S:
        """The state before the first patient."""
        ...

    def step(self, state: S, dose: int, seen: Seen) -> S:
        """The state after a cohort. It need not be the one that the verdict asked for: what was done counts."""
        ...

    def verdict(self, state: S) -> DoseVerdict:
        """What comes next."""
        ...

    def recommend(self, state: S) -> int:
        """The dose if the trial ended now; 0 if none."""
        ...

    def numbers(self) -> Mapping[str, Any]:
        """The design's numbers by name, as its command prints them."""
        ...

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        ...
