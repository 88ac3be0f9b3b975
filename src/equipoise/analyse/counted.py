"""The first event of a patient that counts for a safety rule: the first that happened, and the first that was known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from equipoise.trial.event import Event
from equipoise.trial.patient import Patient
from equipoise.trial.what_counts import FATAL, WhatCounts

#: What a record of a death says where an adverse event was its cause.
OF_AN_ADVERSE_EVENT = "adverse event"


def first_counted(patient: Patient, counts: WhatCounts, since: date, until: date | None) -> Event | None:
    """The first event that counts between two days, both included (None: no end).

    A death whose record names an adverse event as its cause is a fatal one too, of a term that is not told.
    """
    return min(_between(patient, counts, since, until), key=lambda e: (e.happened, e.number), default=None)


def first_known(patient: Patient, counts: WhatCounts, since: date, until: date | None) -> Event | None:
    """Of the events of ``first_counted`` the one that was recorded first: from then on it was known that the patient had one."""
    return min(_between(patient, counts, since, until), key=lambda e: (e.recorded, e.number), default=None)


def _between(patient: Patient, counts: WhatCounts, since: date, until: date | None) -> Iterator[Event]:
    return (e for e in _counted(patient, counts) if since <= e.happened and (until is None or e.happened <= until))


def counts_unseen(counts: WhatCounts) -> bool:
    """Whether a death counts of which no more is told than that an adverse event was its cause: one of grade 5, of no term and no class."""
    return counts.counts({"term": "", "grade": FATAL})


def counts_itself(event: Event, counts: WhatCounts) -> bool:
    """Whether a record of a patient is one that counts, whenever it happened."""
    if event.kind == "adverse event":
        return counts.counts(event.data)
    return event.kind == "died" and event.data.get("cause") == OF_AN_ADVERSE_EVENT and counts_unseen(counts)


def _counted(patient: Patient, counts: WhatCounts) -> Iterator[Event]:
    yield from (event for event in patient.adverse_events if counts.counts(event.data))
    if patient.died is not None and counts_itself(patient.died, counts):
        yield patient.died
