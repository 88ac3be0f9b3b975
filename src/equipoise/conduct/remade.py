"""Every allocation of a log made again from its secret, and held against what was recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from equipoise.conduct.masking import Key
from equipoise.conduct.sealed import Sealed
from equipoise.conduct.secret import Secret
from equipoise.conduct.walk import Defined, Walk
from equipoise.trial.event import Event
from equipoise.trial.problem import Problem


@dataclass(frozen=True)
class Remade:
    """``same``: how many are as the secret gives them. ``other``: those that are not. ``without``: those whose secret, or enrolment, is not at hand;
    ``elsewhere``: those that came from datasets; ``before``: those given before any commitment stood, and held against the only secret."""

    same: int
    other: Sequence[tuple[Event, Problem]]
    without: Sequence[Event]
    elsewhere: int
    before: int

    def __add__(self, more: Remade) -> Remade:
        """Of both together."""
        return Remade(
            self.same + more.same, [*self.other, *more.other], [*self.without, *more.without], self.elsewhere + more.elsewhere,
            self.before + more.before,
        )  # fmt: skip

    def in_words(self, secrets: Sequence[Secret]) -> list[str]:
        """What was made again, and what was not."""
        found = []
        if not (self.other or self.without):
            found.append(f"Every allocation was made again from the secret ({self.same}), and is as it was recorded.")
        elif self.same:
            how = f"{_allocations(self.same)} of this log {_was(self.same)} made again from the secret"
            found.append(f"{how}, and {'is' if self.same == 1 else 'are'} as recorded.")
        else:
            found.append("No allocation of this log could be made again from the secret.")
        if self.without:
            events = ", ".join(str(e.number) for e in self.without)
            found.append(
                f"{_allocations(len(self.without))} could not be made again: the secret that stood then is not in the file, or the enrolment was removed (events {events})."
            )
        if self.elsewhere:
            found.append(f"{_allocations(self.elsewhere)} came with the data: no list of this trial gave them.")
        if self.before:
            found.append(
                f"{_allocations(self.before)} {_was(self.before)} given before any commitment stood: that this secret gives "
                "the same arms does not show that it was there first."
            )
        sizes = sorted({s.blocks for s in secrets if s.blocks})
        found += [f"Blocks of {', '.join(map(str, some))}, sealed until now." for some in sizes]
        return found


def _allocations(n: int) -> str:
    return f"{n} allocation{'' if n == 1 else 's'}"


def _was(n: int) -> str:
    return "was" if n == 1 else "were"


def remade(events: Sequence[Event], sealed: Sealed, defined: Defined | None = None) -> Remade:
    """Make every allocation again, each by the secret whose commitment stood, at its place as the log then stood.

    ``defined``: the trial as it was defined when an event was recorded; today's where it is not said.
    """
    same = elsewhere = before = 0
    other: list[tuple[Event, Problem]] = []
    without: list[Event] = []
    walk = Walk(events)
    codes: set[str] = set()
    for stood in walk:
        event, place = stood.event, stood.place
        if event.source:
            elsewhere += 1
            continue
        recorded = str(event.data.get("code", event.data.get("arm")))
        by = sealed.known(stood.commitment, defined(event) if defined else None)
        unknown_before = bool(without) and any("code" in e.data for e in without)
        if by is None or not stood.enrolled or (unknown_before and by.asks_who_came_before):
            without.append(event)
            codes.add(recorded)
            continue
        arm = by.give(place)
        if "code" in event.data:
            expected = by.code(event.patient, place.stratum, place.position, codes) if isinstance(by, Key) else arm
            what = "the code"
            walk.given[event.patient] = arm
        else:
            expected, what = arm, "the arm"
        codes.add(recorded)
        before += not stood.commitment
        if recorded == expected:
            same += 1
            continue
        allowed = f"{what} that the secret gives at place {place.position + 1} of stratum {place.stratum}: {expected}"
        other.append((event, Problem("another-allocation", event.patient, recorded, allowed)))
    return Remade(same, other, without, elsewhere, before)
