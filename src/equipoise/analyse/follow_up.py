"""Data on which an endpoint says nothing, or not what it seems to: nobody, no events, nobody followed. Said wherever it is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from equipoise.analyse.endpoints import Observed
from equipoise.trial.endpoint import TimeToEvent


def caution_of(endpoint: TimeToEvent, by_arm: Mapping[str, Sequence[Observed]], labels: Mapping[str, str]) -> str:
    """What a reader of a time-to-event endpoint must know of its patients' follow-up; '' for nothing. ``labels``: of the arms."""
    everybody = [o for group in by_arm.values() for o in group]
    days, event = np.array([o.days for o in everybody]), np.array([o.event for o in everybody], bool)
    return caution(endpoint.label, days, event, [labels[arm] for arm, group in by_arm.items() if not group])


def caution(label: str, days: np.ndarray, event: np.ndarray, empty: Sequence[str] = ()) -> str:
    """The same of times [days] and event indicators. ``empty``: the arms of which nobody counts."""
    n, censored = len(days), days[~event]
    if not n:
        return f"{label}: nobody counts for it yet."
    told = [f"nobody on {', '.join(empty)} counts for it yet"] if empty else []
    if len(censored) == n:
        when = f" on the same day, day {int(days[0])}" if n > 1 and (days == days[0]).all() else ""
        told.append(f"no events: {f'all {n} patients are' if n > 1 else 'the one patient is'} censored{when}")
        told.append("no median, hazard ratio or test can be given")
    at_once, events_at_once = int((censored == 0).sum()), int((days[event] == 0).sum())
    if at_once == n:
        told.append("nobody is followed beyond day 0")
    elif at_once:
        told.append(f"{at_once} of {n} patients are censored on day 0: nothing that counts is known of them after it")
    if events_at_once:
        told.append(f"{events_at_once} of the events stand on day 0")
    return f"{label}: {'; '.join(told)}." if told else ""
