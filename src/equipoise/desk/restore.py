"""After a back-up: a drill of restoring one, and reconciling a log with its witness where later events are lost."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from equipoise.conduct.conduct import Conduct
from equipoise.conduct.witness import Witnessed, compare, reconciled, reconciliation
from equipoise.desk.known import verify
from equipoise.desk.order import Ordered, give
from equipoise.desk.outside import Outside, hold, kept
from equipoise.desk.reading import may_read, reader_of
from equipoise.desk.store import LogStore
from equipoise.desk.told import read_for
from equipoise.desk.witness import Witness
from equipoise.files.log_file import LogFile
from equipoise.trial.checkpoint import Checkpoint
from equipoise.trial.event import Event, is_hash
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial


def reconcile(
    trial: Trial, store: LogStore, witness: Witness, by: str, why: str, expected: Sequence[str] = ()
) -> Ordered:
    """Record that somebody knows what was witnessed and is lost: after it the log goes on, and `verify` says what was lost.

    ``expected``: receipts, of which those that are lost are recorded with the heads; what tells a head in part is left out. Raises BadInput for no reason given, and where nothing is lost.
    """
    folder = witness.folder
    assert folder is not None, "it is the witness that a log is reconciled with"
    if not why.strip():
        raise BadInput("reconcile", [Problem("no-reason", "--why", "nothing", "why heads are lost, and what was done")])
    against = kept(trial, Outside(folder, (), expected))

    def order(conduct: Conduct, now: datetime) -> Event:
        conduct.refuse_who_may_not("reconciled", now, by)
        hashes = conduct.log.hashes()
        told = [h for h in against.told if h.number is not None and is_hash(h.hash)]
        receipts = [Witnessed(Checkpoint(trial.id, h.number or 0, h.hash, now), h.source) for h in told]
        seen = against.found.witnessed if against.found is not None else ()
        found = compare(conduct.log, hashes, [*seen, *receipts])
        if not found.lost:
            allowed = "a witness with a head that the log has not"
            raise BadInput("reconcile", [Problem("nothing-lost", "--witness", "nothing to reconcile", allowed)])
        return conduct.order("reconciled", now.date(), now, by, why, data=reconciliation(hashes, found))

    return give(trial, store, order, witness=witness, by=by)


def in_words(event: Event) -> str:
    """A 'reconciled' event as a sentence."""
    return reconciled(event)


@dataclass(frozen=True)
class Missing:
    """A head that somebody was told and that a restored log has not."""

    number: int | None
    hash: str
    source: str


@dataclass(frozen=True)
class Drilled:
    """A back-up restored and verified in a temporary place. ``same_head``: it ends in the last head that is known outside it."""

    ok: bool
    same_head: bool
    events: int
    hash: str
    missing: Sequence[Missing]
    problems: Sequence[Problem]
    notes: Sequence[str]


def drill(
    trial: Trial, backup: LogStore, outside: Outside, running: LogStore | None = None, person: str | None = None
) -> Drilled:
    """Restore a back-up into a temporary place, verify it there, and say which heads it lacks.

    ``running``: the log in use, whose head is one more to find. ``person``: who keeps the log, where it is one with people. Raises BadInput for a back-up that is no sound log of the trial, and where no head
    is known outside it: what was restored is then whole, and may be of any age.
    """
    outer = kept(trial, outside)
    if running is None and not outer.told and not (outer.found is not None and outer.found.witnessed):
        allowed = "a head that is known outside the back-up: without one nothing tells an old copy from the last"
        step = "conduct verify says whether the copy is whole"
        raise BadInput("drill", [Problem("nothing-known", "--witness, --expect, --log", "no head", allowed, step)])
    with tempfile.TemporaryDirectory(prefix="equipoise-drill-") as place:
        restored = LogFile(Path(place) / "restored.jsonl", trial.id)
        try:
            restored.create_lines(backup.lines())
            verify(trial, restored, person=person)
        except BadInput as bad:
            raise BadInput(f"the log restored from {backup}", bad.problems) from None
        log = restored.read().log
    may_read(trial, reader_of(trial, log, person), "keeping")
    held, told, hashes = hold(log, outer), outer.told, log.hashes()
    missing = [Missing(*w.key, w.source) for w in held.comparison.lost]
    missing += [Missing(head.number, head.hash, head.source) for head in told if not head.is_in(hashes)]
    last = held.comparison.last.key if held.comparison.last is not None else None
    same = last == (len(log), log.head) or any(log.head.startswith(head.hash) for head in told)
    if running is not None:
        now_log = read_for(running, person).log
        same = now_log.head == log.head
        if now_log.head not in hashes:
            missing.append(Missing(len(now_log), now_log.head, str(running)))
    found = [p for p in held.problems if p.code not in ("cut-tail", "rewritten", "split-view", "expected-head")]
    return Drilled(not missing and not found, same and not missing, len(log), log.head, missing, found, held.notes)
