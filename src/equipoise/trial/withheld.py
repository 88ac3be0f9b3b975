"""What a log does not show: parts that are withheld from a reader, and content that was removed. Its digests hold the chain."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

from equipoise.trial.event import NEITHER, REMOVED, WITHHELD, Event, digests_of
from equipoise.trial.problem import BadInput, Problem

#: The parts of an event, as they are named where it is said which of them are shown.
PARTS = frozenset({"open", "guarded"})


def shown(event: Event, parts: Collection[str], before: datetime) -> Event:
    """The event as it is for one who may see only ``parts`` of it; ``before``: when the one before it was recorded.

    Raises ValueError for what is guarded without what is open.
    """
    if not event.withheld[0] and set(parts) >= PARTS:
        return event
    digests = digests_of(event, event.texts())
    if "open" not in parts:
        if parts:
            raise ValueError(f"shown: got {sorted(parts)}; what is guarded is shown with what is open")
        return Event(event.number, WITHHELD, before.date(), before, "", withheld=digests)
    if "guarded" in parts or not digests[1]:
        return event
    entries, _ = event.parts()
    return replace(event, data=entries["data"], why=entries["why"], withheld=("", digests[1]))


def removed(event: Event, redacted: Event) -> Event:
    """What is left of an event whose content the event ``redacted`` removes: that it was there, when it was recorded, what it corrected.

    Raises ValueError or the like where that says none of it.
    """
    at = datetime.fromisoformat(redacted.data["recorded"]).astimezone(UTC)
    digests = digests_of(event, event.texts())
    corrected = redacted.data.get("corrected")
    return Event(event.number, REMOVED, at.date(), at, "", corrects=corrected, withheld=digests)


def with_removals(events: list[Event]) -> list[Event]:
    """Events as they were read: of those that are withheld, the ones that a later event says were removed."""
    for redacted in [e for e in events if e.kind == "redacted"]:
        number = redacted.data.get("event", 0)
        if 1 <= number < redacted.number and events[number - 1].kind == WITHHELD:
            with suppress(ValueError, OverflowError):
                events[number - 1] = removed(events[number - 1], redacted)
    return events


def not_shown(events: Iterable[Event]) -> int:
    """How many events are withheld, or in part, from whoever reads this; those that were removed are not among them."""
    return sum(e.withheld != NEITHER and e.kind != REMOVED for e in events)


def withheld_problem(events: Iterable[Event]) -> Problem | None:
    """Why nothing can be judged or analysed by these events; None where all of them are shown."""
    count = not_shown(events)
    if not count:
        return None
    allowed = "the trial's whole log: this one was written for a reader who may not see all"
    return Problem(
        "withheld", "log", f"{count} events of which a part is withheld", allowed, "conduct verify checks its chain"
    )


def refuse_withheld(events: Iterable[Event], source: str) -> None:
    """Raise BadInput for a log of which a reader is shown only a part."""
    problem = withheld_problem(events)
    if problem is not None:
        raise BadInput(source, [problem])
