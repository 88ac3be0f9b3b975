"""A snapshot taken further: what is known of a log that has grown, from what was known of it before.

It is equal to the snapshot cut anew (``analyse.data.cut`` on the same day, without a fingerprint), and costs what the new events and their patients'
records cost, not what the log is long.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import chain

from equipoise.analyse.data import cut
from equipoise.trial.event import Event
from equipoise.trial.log import Log, in_order
from equipoise.trial.oversight import OVERSIGHT
from equipoise.trial.snapshot import Snapshot, first_on_arm
from equipoise.trial.trial import Trial

#: Kinds that are no record of a patient, nor of the trial: they stand in no snapshot's events.
_BESIDE = OVERSIGHT


def grown(
    trial: Trial, before: Snapshot, new: Sequence[Event], record: Mapping[str, Sequence[Event]]
) -> Snapshot | None:
    """``before`` with the log's ``new`` events; ``record``: all that was ever recorded of each patient, the new events among it.

    None where that does not do, and the log must be cut anew: a day is over, content was removed, something of the trial's own was corrected,
    or the trial counts patients who can be told by all others only.
    """
    day = before.cutoff
    whole = trial.own_cohort is None and not (trial.phase1 is not None and trial.phase1.counts_for_phase2)
    if not whole or before.known_on != day or any(e.recorded.date() > day or e.kind == "redacted" for e in new):
        return None
    events, beyond = list(before.events), list(before.beyond)
    for e in new:
        if e.corrects is not None:
            at = _place(events, e.corrects)
            if at is None or not e.patient or (e.kind != "voided" and e.happened > day):
                return None
            events[at : at + 1] = [] if e.kind == "voided" else [e]
        elif e.kind not in _BESIDE:
            (events if e.happened <= day else beyond).append(e)
    touched = dict.fromkeys(e.patient for e in new if e.patient)
    part = cut(trial, Log(chain.from_iterable(record[n] for n in touched)), day, day, fingerprint=False)
    patients = {n: p for n, p in before.patients.items() if n not in touched or n in part.patients} | dict(
        part.patients
    )
    first = _first_days(part.events, new)
    if any(e.corrects is not None or (e.patient and e.happened < first.get(e.patient, date.max)) for e in new):
        order = dict.fromkeys(e.patient for e in in_order(e for e in events if e.patient))
        patients = {n: patients[n] for n in order if n in patients}
    known = [*before.known, *new]
    came: Mapping[str, int] = {}
    if len(events) + len(beyond) < len(known):
        came = {**first_on_arm(new), **before.came} if before.came else first_on_arm(known)
    return replace(before, events=events, patients=patients, beyond=beyond, known=known, came=came)


def _place(events: Sequence[Event], number: int) -> int | None:
    return next((i for i in range(len(events) - 1, -1, -1) if events[i].number == number), None)


def _first_days(events: Sequence[Event], new: Sequence[Event]) -> dict[str, date]:
    """The first day of each patient before the new events; none of who had no event."""
    fresh, found = {e.number for e in new}, dict[str, date]()
    for e in events:
        if e.number not in fresh:
            found[e.patient] = min(found.get(e.patient, e.happened), e.happened)
    return found
