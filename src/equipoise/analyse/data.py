"""The data of a trial at a cut-off, as its file states them: the one way to cut a log.

Whoever analyses, decides, reports or exports begins here, so that all of them speak of the same data.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import islice

from equipoise.analyse import beyond
from equipoise.analyse.losses import losses
from equipoise.analyse.members import notes_of, own_only
from equipoise.analyse.stated import as_stated, is_derived
from equipoise.trial.hand_over import counted
from equipoise.trial.log import Log
from equipoise.trial.patient import gather
from equipoise.trial.problem import Problem
from equipoise.trial.protocol_parts import glossary_of
from equipoise.trial.snapshot import Snapshot, snapshot
from equipoise.trial.table import is_row
from equipoise.trial.trial import Trial
from equipoise.trial.withheld import withheld_problem


def last_day(log: Log, trial: Trial) -> date:
    """The last day on which anything was recorded (UTC); the trial's start for a log that is empty."""
    return log[len(log) - 1].recorded.date() if len(log) else trial.start


def cut(
    trial: Trial, log: Log, cutoff: date | None = None, known_on: date | None = None, *, fingerprint: bool = True
) -> Snapshot:
    """What was known by ``known_on`` of what had happened by ``cutoff``, as the trial file says to take it.

    ``cutoff`` is ``known_on`` unless given, and without either the last day of the log. ``known_on`` is the cut-off unless given; of
    a log that was taken in from a table or from datasets at once, the day on which it was, if that is later. What is known to have happened
    after the cut-off has not happened, but says who was followed until then: see ``analyse.beyond``. Responses are as recorded, read in the words
    of the trial's criterion, or derived from the lesions; the events are as recorded in any case. Of a cohort (``Trial.cohort``) only its
    own patients are in it, those who count for its design, and only what was ordered of it or of the whole trial; in a whole trial
    each patient's responses are read as his cohort's are. Patients of phase I are on no arm, unless the file says that they count for phase II
    (``trial.hand_over.counted``). The snapshot's notes say what was
    left out. Without ``fingerprint`` it has neither hash nor notes, which spares a simulation both. Raises ValueError where
    ``known_on`` is before ``cutoff``.
    """
    day = cutoff or known_on or last_day(log, trial)
    everybody = _everybody(trial, log, day, known_on or _known_at(log, day), fingerprint=fingerprint)
    if trial.phase1 is not None and trial.phase1.counts_for_phase2:
        by_arm = counted(trial, everybody.patients, everybody.events, everybody.known)
        everybody = replace(everybody, patients=by_arm)
    found = own_only(trial, everybody)
    if not fingerprint:
        return found
    lost = tuple(losses(trial, found.events, found.patients.values(), lesions=is_derived(trial)))
    said = (*_notes(trial, log, found), *lost, *notes_of(trial, [*everybody.patients.values()]))
    return replace(found, notes=said, losses=lost)


def refusals(trial: Trial, log: Log, cutoff: date | None, known_on: date | None) -> Iterator[Problem]:
    """Why the data cannot be cut as was asked."""
    withheld = withheld_problem(log)
    if withheld is not None:
        yield withheld
    if cutoff is not None and known_on is not None and known_on < cutoff:
        yield Problem("dates-out-of-order", "--known-on", str(known_on), f"not before the cut-off, {cutoff}")
    table = trial.table
    if cutoff is not None and table is not None and table.randomised_on is not None and any(map(is_row, log)):
        yield Problem(
            "no-calendar", "--cutoff", str(cutoff),
            f"none: the table has times and no dates, and every patient stands on one nominal day, {table.randomised_on}",
            "name the column with the dates of randomisation in [table]: randomised = \"…\"",
        )  # fmt: skip
    came = beyond.taken_in_on(log)
    if known_on is not None and came is not None and known_on < came:
        yield Problem(
            "not-known-then", "--known-on", str(known_on),
            f"{came} or later: these data came at once on that day, and do not say what was known before",
            "leave --known-on out: what happened by the cut-off is taken as the data have it",
        )  # fmt: skip


def _known_at(log: Log, day: date) -> date:
    """By when what happened by ``day`` is taken as known, unless it is said."""
    if not len(log) or log[len(log) - 1].recorded.date() <= day:
        return day  # all is known by then
    return max(day, beyond.taken_in_on(log) or day)


def cut_beside(trial: Trial, log: Log, cutoff: date | None = None, known_on: date | None = None) -> Snapshot:
    """As ``cut``, of those of a cohort who do not count for its design and are only described; of nobody in any other trial."""
    day = cutoff or known_on or last_day(log, trial)
    everybody = _everybody(trial, log, day, known_on or _known_at(log, day), fingerprint=True)
    if trial.own_cohort is None:
        return replace(everybody, patients={}, events=())
    return own_only(trial, everybody, beside=True)


def _everybody(trial: Trial, log: Log, day: date, known_on: date, *, fingerprint: bool) -> Snapshot:
    """All patients of the log, each read as his cohort is assessed."""
    raw = snapshot(log, day, known_on, fingerprint=fingerprint, glossary=glossary_of(trial.assessments))
    if known_on > day:
        raw = replace(raw, events=beyond.going_on(raw.events, day))
        raw = _gathered(trial, log, raw)
    found = as_stated(trial, raw)
    otherwise = {n: v for n, v in trial.views.items() if v.assessments != trial.assessments} if trial.divided else {}
    patients = dict(found.patients) if otherwise else found.patients
    for name, view in otherwise.items():
        own = {n for n, p in found.patients.items() if p.cohort == name}
        events = [e for e in found.events if e.patient in own]
        read = _gathered(view, log, replace(found, events=events))
        patients = {**patients, **as_stated(view, read).patients}
    return replace(found, patients=patients) if otherwise else found


def _gathered(trial: Trial, log: Log, found: Snapshot) -> Snapshot:
    """The snapshot with its patients made from its events and, where something is known of the days after, from that."""
    patients = gather(found.events, glossary_of(trial.assessments))
    beyond.follow(patients, found.beyond, found.cutoff)
    beyond.free(trial, log, patients, found.beyond, found.cutoff)
    return replace(found, patients=patients)


def _notes(trial: Trial, log: Log, snap: Snapshot) -> Iterator[str]:
    """What a reader of these data should know of what is not in them."""
    later = sum(e.happened <= snap.cutoff for e in islice(log, len(snap.known), None))
    if later:
        yield f"left out, as recorded after {snap.known_on} though of {snap.cutoff} or before: {_of(later, 'event')}."
    yield from beyond.notes_of(trial, snap.patients.values(), snap.beyond)
    assessments = [a for p in snap.patients.values() for a in p.every_assessment]
    measured = trial.assessments is not None and trial.assessments.responses == "from measurements"
    bare = sum(not (a.measurements if measured else a.lesions) and not a.baseline for a in assessments)
    if bare and is_derived(trial):
        nothing = "nothing that was measured" if measured else "no lesion"
        yield f"taken as recorded, for {nothing} is listed: {_of(bare, 'assessment')}."
    unblinded = [p.name for p in snap.patients.values() if p.unblinded is not None]
    if unblinded:
        yield f"unblinded while the trial went on: {_of(len(unblinded), 'patient')}, {', '.join(unblinded)}."


def _of(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n:,} {what}s"
