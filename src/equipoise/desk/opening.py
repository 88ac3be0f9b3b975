"""Open a trial: read its file, and start its log, empty or with a table of patients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from equipoise.conduct.authority import named
from equipoise.conduct.conduct import Conduct
from equipoise.conduct.definitions import Definitions
from equipoise.conduct.people import People
from equipoise.conduct.secret import Secret
from equipoise.desk.order import now, salted, salts
from equipoise.desk.store import LogStore
from equipoise.desk.told import read_for
from equipoise.desk.witness import Witness
from equipoise.files.amendments import read_amendments
from equipoise.files.bundled import find_trial
from equipoise.files.define_file import read_define
from equipoise.files.log_address import Address
from equipoise.files.log_register import last_definition
from equipoise.files.log_store import store_at
from equipoise.files.table_file import read_table
from equipoise.files.trial_file import read_trial
from equipoise.trial.design import Design
from equipoise.trial.dialect import FOUND_OUT, Dialect
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial, no_looks


def load_trial(name: str) -> Trial:
    """The trial called ``name``: a file, its folder, or a bundled trial. Raises BadInput with all problems of its file."""
    return read_trial(find_trial(name))


def load_at_hand(name: str, log: Address, person: str | None) -> Trial:
    """The trial called ``name`` as the log goes with it: its file or, where the log was amended with one, an amendment beside the file.

    Where the log goes with none of these it is the file, which orders then refuse, naming what changed. ``person``: who asks, to whom a log
    that cannot be read is told of without a word of its lines.
    """
    trial = load_trial(name)
    planned = read_amendments(find_trial(name))
    if not planned:
        return trial
    store = log_of(trial, log)
    fingerprint = last_definition(store)
    if fingerprint is None:
        last = Definitions.of(trial, read_for(store, person).log).last
        fingerprint = last.fingerprint if last is not None else None
    return next((a.trial for a in planned if a.trial.fingerprint == fingerprint), trial)


def load_one(name: str, cohort: str = "") -> Trial:
    """The trial called ``name``, as the cohort sees it that is named. Raises BadInput for a trial with cohorts and none named."""
    return load_trial(name).one(cohort)


def design_of(trial: Trial) -> Design[Any]:
    """The trial's design; a trial without one is bad input here, and one whose cohorts have each their own."""
    trial.one()
    if trial.design is None and trial.phase1 is not None:
        raise BadInput(trial.id, [no_looks()])
    if trial.design is None:
        said = "; ".join(a.because for a in trial.assumptions if a.missing and "design" in a.of)
        raise BadInput(trial.id, [Problem("no-design", "design", "nothing", "a [design] in the trial file", said)])
    design: Design[Any] = trial.design
    return design


def log_of(trial: Trial, address: Address | str) -> LogStore:
    """Where the trial's log is, or will be: a file, or a table of a database. Raises BadInput for an address that is none."""
    return store_at(address, trial.id)


@dataclass(frozen=True)
class Opened:
    """A log that was started."""

    log: str
    trial: str
    fingerprint: str
    hash: str
    #: Of the allocation's secret.
    commitment: str | None = None
    checkpoint: str | None = None
    notes: Sequence[str] = ()


def open_log(
    trial: Trial,
    store: LogStore,
    by: str,
    why: str = "",
    secret: Secret | None = None,
    witness: Witness | None = None,
    administrator: str = "",
    part: int | None = None,
) -> Opened:
    """Start a trial's log, with the commitment of its allocation's secret where that is given, and with people where an ``administrator`` is named.

    ``part`` 1: it begins with phase I. What is there is never overwritten.
    """
    if part is not None and (part != 1 or not trial.in_parts):
        allowed = "1, in a trial with phase = 'I/II' and [phase1]: phase II needs no word"
        raise BadInput("open", [Problem("unknown-part", "--part", str(part), allowed)])
    if administrator and (bad := list(named(administrator, People()))):
        raise BadInput("open", bad)
    moment = now()
    conduct = Conduct.open(trial, moment, by, why=why, salts=salts, administrator=administrator, part=part)
    if secret is not None:
        conduct.seal(secret, moment.date(), moment, by)
    store.create(conduct.log)
    kept = witness.after(trial, conduct.log, list(conduct.log)) if witness is not None else ()
    return Opened(str(store), trial.id, trial.fingerprint, conduct.log.head, conduct.commitment or None, *kept)


@dataclass(frozen=True)
class TakenIn:
    """A log that was started with a table's patients."""

    log: str
    events: int
    patients: int
    hash: str
    notes: Sequence[str] = ()
    checkpoint: str | None = None


def take_in(
    trial: Trial,
    store: LogStore,
    table: Path,
    by: str,
    dialect: Dialect = FOUND_OUT,
    define: Path | None = None,
    witness: Witness | None = None,
) -> TakenIn:
    """Take a table of patients into a new log, through the mapping in the trial file; ``define``: a Define-XML of its columns."""
    found = read_table(trial, table, now(), by, dialect, read_define(define) if define is not None else None)
    log = salted(found.conduct.log)
    store.create(log)
    path, more = witness.after(trial, log, list(log)) if witness is not None else (None, [])
    return TakenIn(str(store), len(log), len(found.conduct.patients), log.head, [*found.notes, *more], path)
