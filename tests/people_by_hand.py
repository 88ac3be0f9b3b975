"""Patients made by hand: a name, and what happened to him on which day after entry."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from equipoise.analyse.groups import Group
from equipoise.trial.event import Event
from equipoise.trial.patient import Patient, gather
from equipoise.trial.snapshot import Snapshot
from helpers import moment

START = date(2020, 1, 1)


def on(day: int) -> date:
    """The day ``day`` days after the start."""
    return START + timedelta(days=day)


def patient(name: str, *happened: tuple[int, str, dict[str, Any]], site: str = "S1", lag: int = 0) -> Patient:
    """Somebody on an arm from day 0. ``lag``: days from each event to its record."""
    first = (0, "randomised", {"arm": "A", "stratum": "all"})
    events = [
        Event(i, kind, on(day), moment(on(day + lag)), "t", patient=name, site=site, data=data)
        for i, (day, kind, data) in enumerate((first, *happened), 1)
    ]
    return gather(events)[name]


def dose(day: int, drug: str = "X") -> tuple[int, str, dict[str, Any]]:
    """A dose."""
    return day, "treated", {"drug": drug, "cycle": 1, "day": 1, "dose": 1, "unit": "mg"}


def ae(day: int, term: str, grade: int, **more: Any) -> tuple[int, str, dict[str, Any]]:
    """An adverse event."""
    return day, "adverse event", {"term": term, "grade": grade, **more}


def group(label: str, *patients: Patient) -> Group:
    """They as a group."""
    return Group(label, patients)


def snap(cutoff: int, *patients: Patient) -> Snapshot:
    """They as known at a cut-off."""
    return Snapshot(on(cutoff), on(cutoff), [], {p.name: p for p in patients}, "")
