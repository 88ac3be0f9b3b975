"""Whose patients a trial's data are: of a cohort its own who count for its design, of the whole trial everybody's.

An inner part of ``analyse.data``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from equipoise.trial.cohort import TrialCohort
from equipoise.trial.event import Event
from equipoise.trial.patient import Patient
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


def counts(patient: Patient, cohort: TrialCohort) -> bool | None:
    """Whether a patient counts for the cohort's design; None while a level that settles it is not recorded.

    One who was screened and never enrolled counts: in a flow of patients he is seen to leave.
    """
    if patient.enrolled is None:
        return True
    levels = patient.enrolled.data["factors"]
    found = [levels[name] == level if name in levels else None for name, level in cohort.counts.items()]
    return False if False in found else None if None in found else True


def own_only(trial: Trial, snap: Snapshot, *, beside: bool = False) -> Snapshot:
    """A snapshot with the patients of the trial's cohort who count for its design, or (``beside``) with the others of it.

    Of events that are of no patient those stay that are of the cohort, or of the whole trial. Of a whole trial all stay.
    """
    cohort = trial.own_cohort
    if cohort is None:
        return snap
    mine = {
        name: p for name, p in snap.patients.items()
        if p.cohort == cohort.name and (counts(p, cohort) is True) != beside
    }  # fmt: skip
    return replace(snap, patients=mine, events=list(_of(snap.events, cohort.name, mine)))


def _of(events: Sequence[Event], cohort: str, patients: Mapping[str, Patient]) -> Iterator[Event]:
    for event in events:
        if event.patient in patients or (not event.patient and event.data.get("cohort", cohort) == cohort):
            yield event


def notes_of(trial: Trial, patients: Sequence[Patient]) -> Iterator[str]:
    """How many of a cohort are beside those who count, and of how many it is not recorded whether they do."""
    cohort = trial.own_cohort
    if cohort is None or not cohort.counts:
        return
    mine = [counts(p, cohort) for p in patients if p.enrolled is not None and p.cohort == cohort.name]
    asked = ", ".join(f"{name} = {level}" for name, level in cohort.counts.items())
    others, unknown = mine.count(False), mine.count(None)
    if others:
        yield f"described only, for in cohort {cohort.name} they do not count ({asked}): {_number(others)}."
    if unknown:
        yield f"not counted, for it is not recorded whether they do in cohort {cohort.name} ({asked}): {_number(unknown)}."


def _number(n: int) -> str:
    return f"{n} patient{'' if n == 1 else 's'}"
