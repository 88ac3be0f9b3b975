"""Give an order: read the log, judge, append, while nobody else may write."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from equipoise.conduct.allocation import allocation_of
from equipoise.conduct.conduct import Conduct
from equipoise.conduct.masking import Key, holds_codes, unmasked
from equipoise.conduct.place import Allocation
from equipoise.desk.store import LogStore
from equipoise.desk.told import read_for, told
from equipoise.trial.event import Event
from equipoise.trial.log import Log
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial

SEED_VARIABLE = "EQUIPOISE_ALLOCATION_SEED_FILE"


@dataclass(frozen=True)
class Ordered:
    """What was recorded, the head of the log with it, where a torn last line was set aside, and whether the last line got its newline."""

    event: Event
    hash: str
    torn_line_set_aside: str | None
    last_line_ended: bool = False


def now() -> datetime:
    """This moment."""
    return datetime.now(UTC)


def salts() -> tuple[str, str]:
    """Salts for one event of a real log: nobody can guess what is withheld from the digest that stands for it."""
    return secrets.token_hex(16), secrets.token_hex(16)


def salted(log: Log) -> Log:
    """A log of real people that was taken in from a file, each event with salts of its own."""
    return Log(replace(e, salts=salts()) for e in log)


def give(
    trial: Trial,
    store: LogStore,
    order: Callable[[Conduct, datetime], Event | Sequence[Event]],
    allocation: Allocation | None = None,
    conduct: Conduct | None = None,
    by: str = "",
) -> Ordered:
    """Carry out one order: judge it, record it, and only then take it in, while nobody else may write. All its events are recorded or none.

    Raises BadInput with the reasons where it is refused; the log is then as it was. What the store refuses, or fails to write, is not
    taken in. ``conduct``: of a process that lives (made with ``salts``), caught up with the store first; else the trial is taken from the store's log.
    ``by``: who gives it; in a log with people the reasons are those that he may know.
    A clock that runs behind the one of the last record does not stand in the way: the last record's moment counts.
    """
    with store.held():
        reading = read_for(store, by)
        log = reading.log
        if conduct is None:
            conduct = Conduct(trial, log, allocation, salts, takes=False)
        else:
            conduct.catch_up(log[i] for i in range(len(conduct.log), len(log)))
        moment = max(now(), log[len(log) - 1].recorded)
        try:
            found = order(conduct, moment)
        except BadInput as bad:
            raise told(bad, by, trial, log, lambda c: order(c, moment), allocation) from None
        events = [found] if isinstance(found, Event) else list(found)
        redaction = events[0].kind == "redacted"
        aside = store.redact(events[0], log.head) if redaction else store.append(events, log.head)
        conduct.catch_up(events)
    return Ordered(events[-1], conduct.log.head, aside, reading.unended)


def allocation(trial: Trial, seed_file: Path | None = None) -> Allocation | None:
    """The list by which patients are given their arms, from the secret seed; None where no file is named, or nobody randomised.

    Without ``seed_file`` the environment may name one.
    """
    path = seed_file or (Path(os.environ[SEED_VARIABLE]) if os.environ.get(SEED_VARIABLE) else None)
    if path is None or trial.randomisation is None:
        return None
    seed = _secret(path, "--seed-file")
    return Key(trial, seed) if trial.masked else allocation_of(trial, seed)


def unmask(trial: Trial, log: Log, seed_file: Path | None) -> Log:
    """The log with its arms: as it is, or read by the seed file where it holds codes.

    In memory only. Raises BadInput for codes without the file, with another one, and for a file where nothing is masked.
    """
    if not holds_codes(log):
        if seed_file is not None and not trial.masked:
            allowed = "nothing: nobody is masked in this trial, its log names the arms"
            raise BadInput(trial.id, [Problem("not-masked", "--unblind", str(seed_file), allowed)])
        return log
    if seed_file is None:
        allowed = "the allocation's seed file: this trial's log holds codes, not arms"
        step = "give it with --unblind, if you are among those who may know the arms"
        raise BadInput(trial.id, [Problem("blinded", "--unblind", "nothing", allowed, step)])
    return unmasked(trial, log, Key(trial, _secret(seed_file, "--unblind")))


@dataclass(frozen=True)
class Unblinded:
    """An emergency unblinding: what was recorded, the head of the log with it, a torn line set aside, and the arm, which no record holds."""

    event: Event
    hash: str
    torn_line_set_aside: str | None
    patient: str
    arm: str


def unblind(
    trial: Trial, store: LogStore, patient: str, on: date, by: str, reason: str, why: str, seed_file: Path | None
) -> Unblinded:
    """Tell one masked patient's arm, once that it is told has been recorded. Raises BadInput with the reasons where it is refused."""
    answered: list[str] = []

    def order(conduct: Conduct, now: datetime) -> Event:
        event, arm = conduct.unblind(patient, on, now, by, reason, why)
        answered.append(arm)
        return event

    done = give(trial, store, order, allocation(trial, seed_file), by=by)
    return Unblinded(done.event, done.hash, done.torn_line_set_aside, patient, answered[0])


def _secret(path: Path, option: str) -> str:
    try:
        seed = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        seed = ""
    if len(seed) < 16:
        allowed = "a file with a secret of at least 16 characters, kept outside the trial's folder"
        step = "for instance: openssl rand -hex 32"
        raise BadInput("seed file", [Problem("no-seed", option, "no readable seed", allowed, step)])
    return seed
