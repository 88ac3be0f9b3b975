"""Data on which an endpoint says nothing, or not what it seems to: nobody, no events, nobody followed. Said wherever it is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from equipoise.analyse.endpoints import Observed
from equipoise.trial.endpoint import TimeToEvent


def caution_of(endpoint: TimeToEvent, by_arm: Mapping[str, Sequence[Observed]]) -> str:
    """What a reader of a time-to-event endpoint must know of its patients' follow-up; '' for nothing."""
    everybody = [o for group in by_arm.values() for o in group]
    n, label = len(everybody), endpoint.label
    if not n:
        return f"{label}: nobody counts for it yet."
    told = []
    censored = [o.days for o in everybody if not o.event]
    if len(censored) == n:
        when = f" on the same day, day {censored[0]}" if len(set(censored)) == 1 and n > 1 else ""
        told.append(
            f"no events: all {n} patients are censored{when}" if n > 1 else "no events: the one patient is censored"
        )
        told.append("no median, hazard ratio or test can be given")
    at_once = censored.count(0)
    if at_once == n:
        told.append("nobody is followed beyond day 0")
    elif at_once:
        told.append(f"{at_once} of {n} patients are censored on day 0: nothing that counts is known of them after it")
    if any(o.days == 0 for o in everybody if o.event):
        told.append(f"{sum(o.event and o.days == 0 for o in everybody)} of the events stand on day 0")
    return f"{label}: {'; '.join(told)}." if told else ""
