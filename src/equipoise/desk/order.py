"""Give an order: read the log, judge, append, while nobody else may write."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from equipoise.conduct.authority import stranger
from equipoise.conduct.conduct import Conduct
from equipoise.conduct.definitions import Definitions
from equipoise.conduct.excerpt import Excerpt, grown
from equipoise.conduct.masking import holds_codes
from equipoise.conduct.register import WholeNeeded, noted_alike
from equipoise.conduct.sealed import ByWhom, Sealed, trial_problems
from equipoise.conduct.secret import Secret
from equipoise.conduct.unmasking import unmasked
from equipoise.desk.store import LogStore
from equipoise.desk.told import read_for, refused_to
from equipoise.desk.witness import Witness
from equipoise.files.bundled import find_trial
from equipoise.files.definition import trial_of
from equipoise.files.log_register import drop_register, make_register, register_of
from equipoise.files.secret_file import Apart, read_secret_file
from equipoise.trial.event import Event
from equipoise.trial.log import Log
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial

#: By how much a clock may be behind the log's last moment: two machines' clocks differ.
TOLERANCE = timedelta(minutes=5)
SECRET_VARIABLE = "EQUIPOISE_SECRET_FILE"


@dataclass(frozen=True)
class Ordered:
    """What was recorded, the head of the log with it, where a torn last line was set aside, and whether the last line got its newline."""

    event: Event
    hash: str
    torn_line_set_aside: str | None
    last_line_ended: bool = False
    #: the checkpoint's file, where the head was witnessed; what was recorded and could not be witnessed
    checkpoint: str | None = None
    notes: Sequence[str] = ()


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
    allocation: ByWhom = None,
    conduct: Conduct | None = None,
    witness: Witness | None = None,
    *,
    amends: bool = False,
    by: str = "",
) -> Ordered:
    """Carry out one order: judge it, record it, and only then take it in, while nobody else may write. All its events are recorded or none.

    Raises BadInput with the reasons where it is refused; the log is then as it was. So it is where the trial at hand is not the one that the
    log was last opened or amended with, unless the order ``amends`` it. What the store refuses, or fails to write, is not taken in.
    ``by``: who gives it; in a log with people the reasons are those that he may know.
    ``conduct``: of a process that lives (made with ``salts`` and ``read``), caught up with the store first; else the trial is taken from
    the store's log. An order's moment is that of one clock, the store's where it has its own, and read while nobody else may write. Where it
    is behind the last record by no more than ``TOLERANCE`` the last record's moment counts; further back the order is refused (``conduct.clock``).
    ``witness``: where heads are kept outside. Nobody is randomised while it holds a head that the log has not.
    """
    with store.held(), register_of(store, trial, living=conduct is not None, amends=amends) as register:
        found, unended, alone, carries = None, False, conduct is None, register is not None
        if alone and register is not None:
            with suppress(WholeNeeded):
                by_excerpt = Excerpt(trial, register, allocation, salts, trial_of)
                found = _judged(by_excerpt, store, order, witness, allocation, by, amends=amends)
                last = by_excerpt.definitions.last
                carries = last is None or noted_alike(by_excerpt.definitions.trial_of(last), trial)
        if found is None:
            reading = (
                read_for(store, by) if conduct is None else read_for(store, by, len(conduct.log), conduct.log.head)
            )
            unended = reading.unended
            if conduct is None:
                conduct = Conduct(trial, reading.log, allocation, salts, takes=False, read=trial_of)
            else:
                conduct.catch_up(reading.log)
            found = _judged(conduct, store, order, witness, allocation, by, amends=amends)
        events, log = found.events, found.log
        if events[-1].number <= len(log):  # ordered before, under the same key: the first answer again
            return Ordered(events[-1], log.hash_at(events[-1].number), None)
        redaction = events[0].kind == "redacted"
        aside = store.redact(events[0], log.head) if redaction else store.append(events, log.head)
        if conduct is not None:
            conduct.catch_up(events)
        else:
            log = grown(log, events)
        if redaction:
            drop_register(store)
        elif carries and register is not None and register.carried_on(trial, events):
            pass
        elif alone and conduct is not None:
            make_register(store, trial, log, conduct)
        # While the log is held: else another writer's head, witnessed in between, would seem ahead of this log.
        kept = _witnessed(witness, trial, store, log, events) if witness is not None else ()
        return Ordered(events[-1], log.head, aside, unended, *kept)


@dataclass(frozen=True)
class _Judged:
    """The events that an order makes, and the log that it was judged by."""

    events: list[Event]
    log: Log


def _judged(
    conduct: Conduct,
    store: LogStore,
    order: Callable[[Conduct, datetime], Event | Sequence[Event]],
    witness: Witness | None,
    allocation: ByWhom,
    by: str,
    *,
    amends: bool,
) -> _Judged:
    """What an order makes, by the log of ``conduct``. Raises BadInput where it is refused."""
    log = conduct.log
    changed = None if amends else conduct.definitions.another()
    if changed is not None:
        raise BadInput(conduct.trial.id, stranger(by, conduct.people) or [changed])
    last = log[len(log) - 1].recorded
    moment = store.now() or now()
    at = last if moment < last <= moment + TOLERANCE else moment
    try:
        made = order(conduct, at)
    except BadInput as bad:
        if not conduct.people.kept:
            raise  # one operator's log: nothing is kept from him
        raise refused_to(by, bad, conduct, lambda c: order(c, at), allocation) from None
    events = [made] if isinstance(made, Event) else list(made)
    if witness is not None and events[-1].number > len(log) and any(e.kind == "randomised" for e in events):
        witness.refuse_behind(conduct.trial, log)
    return _Judged(events, log)


def _witnessed(
    witness: Witness, trial: Trial, store: LogStore, log: Log, events: Sequence[Event]
) -> tuple[str | None, list[str]]:
    """What is left outside the log. Where a head is none of the log's, only the whole log says whether somebody has reconciled it."""
    try:
        return witness.after(trial, log, events)
    except WholeNeeded:
        whole, number = store.read().log, events[-1].number
        whole = Log.verified(list(whole)[:number], whole.hashes()[:number])
        return replace(witness, receipts=None).after(trial, whole, events)


def apart(name: str, log: object = None) -> dict[str, Path]:
    """The folders in which no secret may lie: the trial's, which ``name`` finds, and the log's where that is a file."""
    found = {"the trial's folder": find_trial(name).parent}
    address = str(getattr(log, "url", log)).removeprefix("sqlite:///")
    if log is not None and "://" not in address:
        found["the log's folder"] = Path(address).parent
    return found


def read_secret(trial: Trial, path: Path, option: str, apart: Apart) -> list[Secret]:
    """The secrets of a file, all of them this trial's. Raises BadInput with all that is wrong."""
    found = read_secret_file(path, option, apart)
    problems = [p for secret in found for p in trial_problems(trial, secret, option)]
    if problems:
        raise BadInput("secret", problems)
    return found


def allocation(trial: Trial, secret_file: Path | None = None, apart: Apart | None = None) -> Sealed | None:
    """Who gives the arms, by the trial's secret; None where no file is named, or nobody randomised.

    Without ``secret_file`` the environment may name one. ``apart``: folders in which it may not lie.
    """
    path = secret_file or (Path(os.environ[SECRET_VARIABLE]) if os.environ.get(SECRET_VARIABLE) else None)
    if path is None or (trial.randomisation is None and not trial.draws_levels):
        return None
    return Sealed(trial, read_secret(trial, path, "--secret", apart or {}))


def unmask(trial: Trial, log: Log, secret_file: Path | None, apart: Apart | None = None) -> Log:
    """The log with its arms: as it is, or read by the secret where it holds codes.

    In memory only. Raises BadInput for codes without the file, with another one, and for a file where nothing is masked.
    """
    if not holds_codes(log):
        if secret_file is not None and not trial.masked:
            allowed = "nothing: nobody is masked in this trial, its log names the arms"
            raise BadInput(trial.id, [Problem("not-masked", "--unblind", str(secret_file), allowed)])
        return log
    if secret_file is None:
        allowed = "the file with the allocation's secret: this trial's log holds codes, not arms"
        step = "give it with --unblind, if you are among those who may know the arms"
        raise BadInput(trial.id, [Problem("blinded", "--unblind", "nothing", allowed, step)])
    by_secret = Sealed(trial, read_secret(trial, secret_file, "--unblind", apart or {}))
    return unmasked(trial, log, by_secret, Definitions.of(trial, log, trial_of).recorded_before)


@dataclass(frozen=True)
class Unblinded:
    """An emergency unblinding: what was recorded, the head of the log with it, a torn line set aside, and the arm, which no record holds."""

    event: Event
    hash: str
    torn_line_set_aside: str | None
    patient: str
    arm: str
    checkpoint: str | None = None
    notes: Sequence[str] = ()


def unblind(
    trial: Trial,
    store: LogStore,
    patient: str,
    on: date,
    by: str,
    reason: str,
    why: str,
    by_secret: Sealed | None,
    key: str = "",
    witness: Witness | None = None,
) -> Unblinded:
    """Tell one masked patient's arm, once that it is told has been recorded; ``by_secret``: as ``allocation`` made it.

    Raises BadInput with the reasons where it is refused.
    """
    answered: list[str] = []

    def order(conduct: Conduct, now: datetime) -> Event:
        event, arm = conduct.unblind(patient, on, now, by, reason, why, key)
        answered.append(arm)
        return event

    done = give(trial, store, order, by_secret, witness=witness, by=by)
    return Unblinded(done.event, done.hash, done.torn_line_set_aside, patient, answered[0], done.checkpoint, done.notes)
