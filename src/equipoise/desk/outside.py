"""Hold a log against what is kept outside it: witnessed heads, receipts, time stamps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from equipoise.conduct.visibility import Reader
from equipoise.conduct.witness import Comparison, compare, head_problems, reconciled, reconciled_heads
from equipoise.desk.reading import as_shown, knows_all_of
from equipoise.files.receipts import read_expected
from equipoise.files.signing import read_trusted
from equipoise.files.stamp import STAMP, stamped_at
from equipoise.files.witness_folder import Found, checked, read_file, read_folder
from equipoise.trial.checkpoint import Expected
from equipoise.trial.log import Log
from equipoise.trial.problem import Problem
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


def hold(log: Log, against: Kept, reader: Reader | None = None) -> Held:
    """Hold the log's chain against what is outside it, and the heads that its own events rest on. ``reader``: to whom it is said."""
    hashes, outside, found = log.hashes(), against.asked, against.found
    problems = [
        Problem(p.code, f"event {e.number}: {p.where}", p.given, p.allowed, p.next_step)
        if knows_all_of(reader, e)
        else Problem(p.code, p.where, "another head", p.allowed, p.next_step)
        for e, p in head_problems(log, hashes)
    ]
    shown = (as_shown(reader, e) for e in log if e.kind == "reconciled")
    notes = [reconciled(e) for e in shown if e is not None]
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
