"""On how much the earlier looks of a trial were really taken, by its log."""

from __future__ import annotations

from equipoise.trial.snapshot import Snapshot


def taken_before(snap: Snapshot, look: int) -> tuple[tuple[float, ...], ...]:
    """What each look before ``look`` attained, as its decision says; oldest first, without those that were never taken.

    Empty where a decision of the log does not say it: then the looks are held to have been taken as planned.
    """
    found: dict[int, tuple[float, ...]] = {}
    for event in snap.events:
        if event.kind == "decided" and event.data.get("look", look) < look:
            found[event.data["look"]] = tuple(event.data.get("attained", ()))
    taken = tuple(found[number] for number in sorted(found))
    return taken if all(taken) else ()
