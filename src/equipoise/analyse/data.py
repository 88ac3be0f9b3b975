"""The data of a trial at a cut-off, as its file states them: the one way to cut a log.

Whoever analyses, decides, reports or exports begins here, so that all of them speak of the same data.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from equipoise.analyse.losses import losses
from equipoise.analyse.members import notes_of, own_only
from equipoise.analyse.stated import as_stated, from_lesions
from equipoise.trial.log import Log
from equipoise.trial.patient import gather
from equipoise.trial.protocol_parts import glossary_of
from equipoise.trial.snapshot import Snapshot, snapshot
from equipoise.trial.trial import Trial


def last_day(log: Log, trial: Trial) -> date:
    """The last day on which anything was recorded (UTC); the trial's start for a log that is empty."""
    return max((e.recorded.date() for e in log), default=trial.start)


def cut(
    trial: Trial, log: Log, cutoff: date | None = None, known_on: date | None = None, *, fingerprint: bool = True
) -> Snapshot:
    """What was known by ``known_on`` of what had happened by ``cutoff``, as the trial file says to take it.

    ``cutoff`` is ``known_on`` unless given, and without either the last day of the log. Responses are as recorded, read in the words
    of the trial's criterion, or derived from the lesions; the events are as recorded in any case. Of a cohort (``Trial.cohort``) only its
    own patients are in it, those who count for its design, and only what was ordered of it or of the whole trial; in a whole trial
    each patient's responses are read as his cohort's are. The snapshot's notes say what was
    left out. Without ``fingerprint`` it has neither hash nor notes, which spares a simulation both. Raises ValueError where
    ``known_on`` is before ``cutoff``.
    """
    everybody = _everybody(trial, log, cutoff or known_on or last_day(log, trial), known_on, fingerprint=fingerprint)
    found = own_only(trial, everybody)
    if not fingerprint:
        return found
    lost = tuple(losses(trial, found.events, found.patients.values(), lesions=from_lesions(trial)))
    said = (*_notes(trial, log, found), *lost, *notes_of(trial, [*everybody.patients.values()]))
    return replace(found, notes=said, losses=lost)


def cut_beside(trial: Trial, log: Log, cutoff: date | None = None, known_on: date | None = None) -> Snapshot:
    """As ``cut``, of those of a cohort who do not count for its design and are only described; of nobody in any other trial."""
    everybody = _everybody(trial, log, cutoff or known_on or last_day(log, trial), known_on, fingerprint=True)
    if trial.own_cohort is None:
        return replace(everybody, patients={}, events=())
    return own_only(trial, everybody, beside=True)


def _everybody(trial: Trial, log: Log, day: date, known_on: date | None, *, fingerprint: bool) -> Snapshot:
    """All patients of the log, each read as his cohort is assessed."""
    found = as_stated(
        trial, snapshot(log, day, known_on, fingerprint=fingerprint, glossary=glossary_of(trial.assessments))
    )
    otherwise = {n: v for n, v in trial.views.items() if v.assessments != trial.assessments} if trial.divided else {}
    patients = dict(found.patients) if otherwise else found.patients
    for name, view in otherwise.items():
        own = {n for n, p in found.patients.items() if p.cohort == name}
        events = [e for e in found.events if e.patient in own]
        read = replace(found, events=events, patients=gather(events, glossary_of(view.assessments)))
        patients = {**patients, **as_stated(view, read).patients}
    return replace(found, patients=patients) if otherwise else found


def _notes(trial: Trial, log: Log, snap: Snapshot) -> Iterator[str]:
    """What a reader of these data should know of what is not in them."""
    later = sum(e.happened <= snap.cutoff and e.recorded.date() > snap.known_on for e in log)
    if later:
        yield f"left out, as recorded after {snap.known_on} though of {snap.cutoff} or before: {_of(later, 'event')}."
    assessments = [a for p in snap.patients.values() for a in p.every_assessment]
    bare = sum(not a.lesions and not a.baseline for a in assessments) if from_lesions(trial) else 0
    if bare:
        yield f"taken as recorded, for no lesion is listed: {_of(bare, 'assessment')}."
    unblinded = [p.name for p in snap.patients.values() if p.unblinded is not None]
    if unblinded:
        yield f"unblinded while the trial went on: {_of(len(unblinded), 'patient')}, {', '.join(unblinded)}."


def _of(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n:,} {what}s"
