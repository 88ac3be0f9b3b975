"""What a reader must know of the secret by which a trial's arms were given: that it was changed, or came late."""

from __future__ import annotations

from collections.abc import Iterable

from equipoise.trial.event import Event


def cautions_of_secret(events: Iterable[Event]) -> list[str]:
    """A sentence for each change of the secret, and for patients who were randomised before any was committed; [] without a commitment."""
    known = sorted((e for e in events if e.kind in ("sealed", "randomised")), key=lambda e: e.corrects or e.number)
    found: list[str] = []
    committed, randomised = False, 0
    for event in known:
        if event.kind == "randomised":
            randomised += 1
            continue
        why = f" ({event.why})" if event.why else ""
        whom = f"after {_patients(randomised)}"
        if committed:
            found.append(
                f"The secret of the allocation was changed on {event.happened}, {whom}, by {event.by} (event {event.number}){why}: "
                "whoever chose the new one might have chosen the arms to come."
            )
        elif randomised:
            found.append(
                f"The secret of the allocation was committed on {event.happened}, {whom} (event {event.number}): nothing shows "
                "by which their arms were given."
            )
        committed = True
    return found


def _patients(n: int) -> str:
    return f"{n} patient{'' if n == 1 else 's'} {'was' if n == 1 else 'were'} randomised"
