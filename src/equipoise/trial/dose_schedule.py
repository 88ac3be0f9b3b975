"""The schedule of doses: which cycle and day come after which, when each was given, and on which day each is due.

A dose is due by the first dose of its cycle, and the first of a cycle by the first of the cycle before: who was delayed once is not late
for ever. Days of a cycle count from 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta

from equipoise.trial.arm import Treatment
from equipoise.trial.event import Event

#: Cycle and day of the cycle, both from 1.
Place = tuple[int, int]
#: When a dose was given, and the event that says so.
Given = tuple[date, Event]


def planned(treatment: Treatment) -> Iterator[Place]:
    """The doses in their order; without an end where the drug may go on after its last cycle."""
    cycle = 1
    while cycle <= treatment.cycles or treatment.may_continue:
        for day in sorted(treatment.days):
            yield cycle, day
        cycle += 1


def given_on(doses: Iterable[Event], until: date) -> dict[Place, Given]:
    """When each dose of one drug was given, of those recorded in ``doses``; a stretch of days gives one for each, up to ``until``."""
    found: dict[Place, Given] = {}
    for dose in doses:
        said = dose.data.get("until")
        last = min(date.fromisoformat(said), until) if said else dose.happened
        for k in range(max((last - dose.happened).days, 0) + 1):
            place = int(dose.data["cycle"]), int(dose.data["day"]) + k
            found.setdefault(place, (dose.happened + timedelta(days=k), dose))
    return found


def cycle_start(
    treatment: Treatment,
    cycle: int,
    entry: date,
    own: Mapping[Place, Given],
    others: Sequence[Mapping[Place, Given]] = (),
) -> date:
    """The day that counts as day 1 of a cycle of a drug.

    By its own first dose in the cycle; else by that of ``others``, drugs of the same length of cycle; else a cycle's length after the start
    of the one before, and of the first on the day of ``entry``.
    """
    start, length = entry, timedelta(days=treatment.cycle_length.days)
    for c in range(1, cycle + 1):
        if c > 1:
            start += length
        for given in (own, *others):
            first = min((day for at, day in given if at == c), default=None)
            if first is not None:
                start = given[c, first][0] - timedelta(days=first - 1)
                break
    return start


def due_on(
    treatment: Treatment,
    place: Place,
    entry: date,
    own: Mapping[Place, Given],
    others: Sequence[Mapping[Place, Given]] = (),
) -> date:
    """The day on which a dose is due, by the doses before it; its own record, and what came after it, do not count."""
    cycle, day = place
    before = {at: when for at, when in own.items() if at < place}
    if any(at == cycle for at, _ in before):
        return cycle_start(treatment, cycle, entry, before) + timedelta(days=day - 1)
    beside = [{at: when for at, when in of.items() if at[0] <= cycle} for of in others]
    return cycle_start(treatment, cycle, entry, before, beside) + timedelta(days=day - 1)
