"""Every dose level of a log that was given by lot made again from the secret, and held against what was recorded."""

from __future__ import annotations

from collections.abc import Sequence

from equipoise.conduct.phase1_rules import label_of
from equipoise.conduct.remade import Remade
from equipoise.conduct.sealed import Sealed
from equipoise.conduct.walk import Defined
from equipoise.trial.dose_standing import lot
from equipoise.trial.event import Event
from equipoise.trial.problem import Problem


def levels_remade(events: Sequence[Event], sealed: Sealed, defined: Defined) -> Remade:
    """Each by the secret whose commitment stood, and by the places that were left by what was recorded before.

    ``defined``: the trial as it was defined when an event was recorded.
    """
    other: list[tuple[Event, Problem]] = []
    without: list[Event] = []
    same, number, commitment = 0, 0, ""
    for place, event in enumerate(events):
        if event.kind == "sealed":
            commitment = str(event.data.get("commitment", ""))
        if event.kind != "assigned" or event.corrects is not None or event.data.get("at_random") is not True:
            continue
        draws, then = sealed.levels(commitment), defined(event)
        if draws is None or then.phase1 is None:
            without.append(event)
        else:
            places = then.phase1.stands(then, events[:place], event.happened).places
            expected = label_of(then, lot(places, draws.level(number))) if any(places) else "none"
            if event.data["level"] == expected:
                same += 1
            else:
                allowed = f"the level that the secret gives to number {number + 1} of those who drew one: {expected}"
                other.append((event, Problem("another-allocation", event.patient, str(event.data["level"]), allowed)))
        number += 1
    return Remade(same, other, without, 0, 0)
