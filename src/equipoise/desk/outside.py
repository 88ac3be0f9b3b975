"""Hold a log against what is kept outside it: witnessed heads, receipts, time stamps; reconcile it; drill a restore."""

from __future__ import annotations

import errno
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from equipoise.conduct.conduct import Conduct
from equipoise.conduct.witness import (
    Comparison,
    Witnessed,
    compare,
    head_problems,
    reconciled,
    reconciled_heads,
    reconciliation,
)
from equipoise.desk.order import Ordered, give, now
from equipoise.desk.store import LogStore
from equipoise.desk.witness import Signed, Witness, sign_head
from equipoise.files.receipts import read_expected
from equipoise.files.signing import read_signer, read_trusted
from equipoise.files.stamp import STAMP, need_openssl, stamped_at, write_request
from equipoise.files.witness_folder import Found, checked, read_file, read_folder
from equipoise.trial.checkpoint import Checkpoint, Expected
from equipoise.trial.event import Event, is_hash
from equipoise.trial.log import Log
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class Outside:
    """What a log is held against. ``trusted``: keys as lines or files; without any, signatures are not checked.

    ``expected``: heads, or files that tell some. ``authority``: certificates by which time stamps beside checkpoints are checked.
    """

    folder: Path | None = None
    trusted: Sequence[str] = ()
    expected: Sequence[str] = ()
    authority: Path | None = None


NOTHING = Outside()
#: As far as two honest clocks may differ.
_CLOCKS_APART = timedelta(minutes=5)


@dataclass(frozen=True)
class Held:
    """What came of it: what is wrong, what is to be said, how many witnessed heads are in the log; the comparison itself."""

    problems: Sequence[Problem]
    notes: Sequence[str]
    agreed: int | None
    comparison: Comparison = field(default_factory=lambda: Comparison((), (), None, 0))


@dataclass(frozen=True)
class Kept:
    """What was read of what is outside a log. It is read before the log is: what is witnessed in between is not ahead of it."""

    asked: Outside
    told: Sequence[Expected]
    found: Found | None


def kept(trial: Trial, outside: Outside) -> Kept:
    """Read what a log is held against. Raises BadInput for what cannot be read."""
    told = [head for given in outside.expected for head in read_expected(given, trial.id)]
    trusted = [read_trusted(given) for given in outside.trusted]
    found = read_folder(outside.folder, trial.id) if outside.folder is not None else None
    return Kept(outside, told, checked(found, trusted) if found is not None and trusted else found)


def hold(log: Log, against: Kept) -> Held:
    """Hold the log's chain against what is outside it, and the heads that its own events rest on."""
    hashes, outside, found = log.hashes(), against.asked, against.found
    problems = [
        Problem(p.code, f"event {e.number}: {p.where}", p.given, p.allowed, p.next_step)
        for e, p in head_problems(log, hashes)
    ]
    notes = [reconciled(e) for e in log if e.kind == "reconciled"]
    lacking = [head for head in against.told if not head.is_in(hashes)]
    known = reconciled_heads(log) if lacking else set()
    for head in lacking:
        if (head.number, head.hash) not in known:
            told = f"{head}, told by {head.source[:80]}"
            allowed = f"is not in this log of {len(log)} events: cut, an older copy, or rewritten"
            problems.append(Problem("expected-head", "--expect", told, allowed))
    if found is None:
        return Held(problems, notes, None)
    if found.witnessed and not outside.trusted:
        notes.append("Signatures of checkpoints were not checked: --trust names the key (signing.pub).")
    comparison = compare(log, hashes, found.witnessed)
    problems += [*found.problems, *comparison.problems]
    if comparison.last is None:
        notes.append("No witnessed head is in this log: of the past, nothing is shown.")
    else:
        last = comparison.last.checkpoint
        count = f"{comparison.agreed} witnessed head{'s are' if comparison.agreed > 1 else ' is'} in this log"
        since = len(log) - last.number
        after = f" Of the {since} events after it nothing is shown but their chain." if since else ""
        notes.append(f"{count}, the last that of event {last.number}, {last.at:%Y-%m-%d %H:%M} UTC.{after}")
    problems += _stamps(outside, notes)
    return Held(problems, notes, comparison.agreed, comparison)


def _stamps(outside: Outside, notes: list[str]) -> list[Problem]:
    """Time stamps beside the checkpoints: each is true, or a problem; without an authority's certificate they are not checked."""
    assert outside.folder is not None
    stamps = sorted(outside.folder.glob(f"*{STAMP}"))
    if stamps and outside.authority is None:
        notes.append(
            f"{_stamps_that(len(stamps), 'was', 'were')} not checked: --authority names the authority's certificates."
        )
        return []
    problems, times = [], []
    for stamp in stamps:
        assert outside.authority is not None
        try:
            at, stated = _stamp_of(stamp.with_suffix(""), stamp, outside.authority)
        except ValueError as error:
            allowed = "a time stamp of its checkpoint by the authority"
            problems.append(Problem("false-stamp", stamp.name, str(error), allowed))
            continue
        times.append((at, stamp.name))
        if stated > at + _CLOCKS_APART:
            given = f"a checkpoint that says {stated:%Y-%m-%d %H:%M} UTC"
            allowed = f"it was stamped on {at:%Y-%m-%d %H:%M} UTC, before that: the clock that recorded it was ahead"
            problems.append(Problem("clock-ahead", stamp.name, given, allowed))
    if times:
        at, name = max(times)
        notes.append(f"{_stamps_that(len(times), 'holds', 'hold')}, the last of {at:%Y-%m-%d %H:%M} UTC ({name}).")
    return problems


def _stamp_of(checkpoint: Path, stamp: Path, authority: Path) -> tuple[datetime, datetime]:
    """When a checkpoint was stamped, and when it says it was made. Raises ValueError for a false stamp, or no checkpoint."""
    return stamped_at(checkpoint, stamp, authority), read_file(checkpoint)[0].at


def _stamps_that(count: int, does: str, do: str) -> str:
    return f"1 time stamp {does}" if count == 1 else f"{count} time stamps {do}"


def checkpoint(trial: Trial, store: LogStore, key: Path, folder: Path | None) -> Signed:
    """Sign the head that the log has now with the key in a file."""
    signer = read_signer(key)
    found = read_folder(folder, trial.id) if folder is not None and folder.is_dir() else None
    log = store.read().log  # after the folder: what is witnessed in between is not ahead of it
    if found is not None and (problems := compare(log, log.hashes(), found.witnessed).problems):
        raise BadInput("checkpoint: the log is not what was witnessed", problems)
    return sign_head(Checkpoint(trial.id, len(log), log.head, max(now(), log[len(log) - 1].recorded)), signer, folder)


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
        hashes = conduct.log.hashes()
        told = [h for h in against.told if h.number is not None and is_hash(h.hash)]
        receipts = [Witnessed(Checkpoint(trial.id, h.number or 0, h.hash, now), h.source) for h in told]
        seen = against.found.witnessed if against.found is not None else ()
        found = compare(conduct.log, hashes, [*seen, *receipts])
        if not found.lost:
            allowed = "a witness with a head that the log has not"
            raise BadInput("reconcile", [Problem("nothing-lost", "--witness", "nothing to reconcile", allowed)])
        return conduct.order("reconciled", now.date(), now, by, why, data=reconciliation(hashes, found))

    return give(trial, store, order, witness=witness)


def in_words(event: Event) -> str:
    """A 'reconciled' event as a sentence."""
    return reconciled(event)


@dataclass(frozen=True)
class Stamped:
    """The request for a time stamp (``at`` is None), or the stamp that was kept and the time it tells."""

    file: str
    at: datetime | None


def stamp(file: Path, token: Path | None, authority: Path | None) -> Stamped:
    """Write the request for a checkpoint's time stamp; or check an authority's answer, and keep it beside the checkpoint.

    Raises BadInput for what is no checkpoint, and for a token that is not of it or not the authority's.
    """
    need_openssl()
    try:
        read_file(file)
        if token is None or authority is None:
            return Stamped(str(write_request(file)), None)
    except ValueError as error:
        raise BadInput(file.name, [Problem("no-checkpoint", "CHECKPOINT", str(error), "a signed checkpoint")]) from None
    try:
        at = stamped_at(file, token, authority)
    except ValueError as error:
        allowed = "a time stamp of this checkpoint by the authority"
        raise BadInput(file.name, [Problem("false-stamp", "--token", str(error), allowed)]) from None
    kept = file.with_name(file.name + STAMP)
    if token.resolve() != kept.resolve():
        shutil.copyfile(token, kept)
    return Stamped(str(kept), at)


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


def drill(trial: Trial, backup: Path, outside: Outside, running: LogStore | None = None) -> Drilled:
    """Restore a back-up into a temporary place, verify it there, and say which heads it lacks.

    ``running``: the log in use, whose head is one more to find. Raises BadInput for a back-up that is no sound log of the trial.
    """
    from equipoise.desk.known import verify
    from equipoise.desk.opening import log_of

    outer = kept(trial, outside)
    with tempfile.TemporaryDirectory(prefix="equipoise-drill-") as place:
        copy = Path(place) / "restored.jsonl"
        try:
            if not backup.is_file():
                raise FileNotFoundError(errno.ENOENT, "no file")
            shutil.copyfile(backup, copy)
        except OSError as error:
            given = f"{backup}: {error.strerror or error}"
            raise BadInput("drill", [Problem("no-backup", "--backup", given, "a copy of the log")]) from None
        store = log_of(trial, copy)
        try:
            verify(trial, store)
        except BadInput as bad:
            raise BadInput(f"the log restored from {backup.name}", bad.problems) from None
        log = store.read().log
    held, told, hashes = hold(log, outer), outer.told, log.hashes()
    missing = [Missing(*w.key, w.source) for w in held.comparison.lost]
    missing += [Missing(head.number, head.hash, head.source) for head in told if not head.is_in(hashes)]
    last = held.comparison.last.key if held.comparison.last is not None else None
    same = last == (len(log), log.head) or any(log.head.startswith(head.hash) for head in told)
    if running is not None:
        now_log = running.read().log
        same = now_log.head == log.head
        if now_log.head not in hashes:
            missing.append(Missing(len(now_log), now_log.head, str(running)))
    found = [p for p in held.problems if p.code not in ("cut-tail", "rewritten", "split-view", "expected-head")]
    return Drilled(not missing and not found, same and not missing, len(log), log.head, missing, found, held.notes)
