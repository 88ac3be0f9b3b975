"""Time to event by sources, as admiral defines it: the first of the events, else the last of the censoring days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from equipoise.standards.adam.response import ResponseRecord
from equipoise.standards.adam.rules import TimeRules, TimeSource


@dataclass(frozen=True, slots=True)
class TimeRecord:
    """One record of ADTTE. ``days``: the first day is day 1. ``sequence`` is ASEQ of the record of ADRS it came from."""

    patient: str
    code: str
    label: str
    start: date
    on: date
    event: bool
    description: str
    censored: str
    domain: str
    variable: str
    sequence: int | None

    @property
    def days(self) -> int:
        """AVAL [days]."""
        return (self.on - self.start).days + 1


def time_record(
    patient: str, rules: TimeRules, days: Mapping[str, date | None], records: Sequence[tuple[int, ResponseRecord]]
) -> TimeRecord | None:
    """A patient's time; None without a start, or without any source.

    ``days`` are the patient's variables of ADSL, ``records`` those of ADRS, each with its ASEQ.
    """
    start = days.get(rules.start)
    if start is None:
        start = next((r.on for _, r in records if r.parameter.code == rules.start and r.text == "Y"), None)
    if start is None:
        return None
    events = [found for source in rules.events if (found := _find(source, days, records)) is not None]
    censorings = [found for source in rules.censorings if (found := _find(source, days, records)) is not None]
    if not events and not censorings:
        return None
    if events:
        on, source, sequence = min(events, key=lambda f: f[0])
    else:
        # Of several on one day the last in the list.
        on, source, sequence = max(reversed(censorings), key=lambda f: f[0])
    return TimeRecord(
        patient,
        rules.code,
        rules.label,
        start,
        max(on, start),
        bool(events),
        source.description,
        source.censored,
        "ADRS" if source.parameter else "ADSL",
        source.variable,
        sequence,
    )


def _find(
    source: TimeSource, days: Mapping[str, date | None], records: Sequence[tuple[int, ResponseRecord]]
) -> tuple[date, TimeSource, int | None] | None:
    """The day that a source gives, and the record it stands in."""
    if not source.parameter:
        day = days.get(source.variable)
        return (day, source, None) if day is not None else None
    for sequence, r in records:
        if r.parameter.code == source.parameter and r.on is not None and (source.censored or r.text == "Y"):
            return r.on, source, sequence
    return None
