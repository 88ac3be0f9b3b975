"""What was done about the record, as a log has it: queries and their turns, what is frozen or locked, and how far each look is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, Protocol

from equipoise.conduct.people import People
from equipoise.trial.event import Event
from equipoise.trial.oversight import STEPS

#: How the reason of a record begins that was confirmed though it seemed unlikely.
CONFIRMED = "Confirmed: "
State = Literal["open", "answered", "closed"]
_STATES: dict[str, State] = {
    "query opened": "open", "query answered": "answered", "query closed": "closed", "query reopened": "open",
}  # fmt: skip


def confirmed_in(event: Event) -> list[str]:
    """The soft checks that whoever recorded an event confirmed, each as it was put: each such record is a query by itself."""
    _before, mark, after = event.why.partition(CONFIRMED)
    return [after.strip()] if mark and after.strip() else []


def state_of(turns: Iterable[Event]) -> State:
    """How a query stands after its turns; one that a confirmed check opened has none before its first answer."""
    last = [t for t in turns if t.kind in _STATES]
    return _STATES[last[-1].kind] if last else "open"


@dataclass
class Overseen:
    """What was done about one patient's record. ``queries``: number of the query → its turns, in their order."""

    queries: dict[int, list[Event]] = field(default_factory=dict)
    frozen: Event | None = None
    assessed: set[int] = field(default_factory=set)

    def copy(self) -> Overseen:
        """The same, to be added to apart from this."""
        return Overseen({n: list(turns) for n, turns in self.queries.items()}, self.frozen, set(self.assessed))

    def take(self, event: Event) -> None:
        """Take in the next act about this patient's record."""
        if event.kind == "query opened":
            self.queries[event.number] = [event]
        elif event.kind in _STATES:
            self.queries.setdefault(event.data["query"], []).append(event)
        elif event.kind in ("frozen", "unfrozen"):
            self.frozen = event if event.kind == "frozen" else None
        elif event.kind == "impact assessed":
            self.assessed.add(event.data["event"])


@dataclass
class Looks:
    """How far each look is, by cohort ('' of the whole trial) and number; and whether the database is locked."""

    steps: dict[tuple[str, int], list[Event]] = field(default_factory=dict)
    locked: Event | None = None
    #: True once a look of this log was cut off: from then on every look goes by its steps.
    in_steps: bool = False

    def copy(self) -> Looks:
        """The same, to be added to apart from this."""
        return Looks({k: list(v) for k, v in self.steps.items()}, self.locked, self.in_steps)

    @staticmethod
    def of(event: Event) -> tuple[str, int]:
        """Of which look an event is a step."""
        return str(event.data.get("cohort", "")), event.data["look"]

    def take(self, event: Event) -> None:
        """Take in the next of the trial's own acts; others change nothing."""
        kind = event.kind
        if kind in ("locked", "unlocked"):
            self.locked = event if kind == "locked" else None
        elif kind == "cut off":
            self.steps[self.of(event)] = [event]
            self.in_steps = True
        elif kind == "cut withdrawn":
            self.steps.pop(self.of(event), None)
        elif (kind in STEPS and "look" in event.data) or kind == "recommendation taken":
            done = self.steps.get(self.of(event))
            if done is not None:
                done.append(event)

    def done(self, look: tuple[str, int]) -> list[str]:
        """The steps that a look has taken."""
        return [e.kind for e in self.steps.get(look, ())]

    def next_of(self, look: tuple[str, int]) -> str:
        """The step that comes next; '' once all are taken."""
        return next((s for s in STEPS if s not in self.done(look)), "")

    def underway(self) -> Iterator[tuple[str, int]]:
        """The looks that are cut off and not recommended upon."""
        for look in self.steps:
            if self.next_of(look):
                yield look

    def closed_for(self, cohort: str) -> Iterator[tuple[tuple[str, int], date]]:
        """The looks for which entry is closed now, each with its cut-off, of a patient in ``cohort``."""
        for look in self.underway():
            if "entry closed" in self.done(look) and look[0] in ("", cohort):
                yield look, date.fromisoformat(self.steps[look][0].data["cutoff"])


class Record(Protocol):
    """What a judge must know of the log to judge an act about it."""

    looks: Looks
    people: People

    def overseen_of(self, patient: str) -> Overseen:
        """What was done about a patient's record before."""
        ...

    def recorded(self, number: int) -> Event | None:
        """The log's event of a number, in force or not."""
        ...

    def stands(self, number: int) -> bool:
        """True of an event in force."""
        ...

    def successor(self, number: int) -> Event | None:
        """The event that corrected or took back this one, if one did."""
        ...

    def record_of(self, patient: str) -> Iterable[Event]:
        """A patient's events in force."""
        ...

    def cohort_of(self, patient: str) -> str:
        """His cohort, or ''."""
        ...


def named(look: tuple[str, int]) -> str:
    """A look in words."""
    cohort, number = look
    return f"look {number}" + (f" of {cohort}" if cohort else "")
