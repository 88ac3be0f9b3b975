"""Which data an act speaks of: those of a log or of a table, as known at a cut-off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from equipoise.analyse.data import cut, refusals
from equipoise.conduct.definitions import Definitions
from equipoise.desk.order import apart, unmask
from equipoise.desk.reading import known_to, no_reader
from equipoise.desk.told import read_for
from equipoise.files.bundled import find_trial
from equipoise.files.define_file import read_define
from equipoise.files.definition import trial_of
from equipoise.files.log_address import Address
from equipoise.files.log_store import store_at
from equipoise.files.table_file import read_table
from equipoise.trial.dialect import FOUND_OUT, Dialect
from equipoise.trial.log import Log, Reading
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.role import View
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class Data:
    """The log and what was known at the cut-off; the snapshot's notes say what was left out. ``torn``: of which log a line.

    ``notes``: how a table's file is written, where that was found out, and under which definition the data of an amended trial are taken.
    ``trial``: as it was defined at the cut-off, by what was then known; the file at hand where it is no definition of the log.
    """

    log: Log
    snap: Snapshot
    torn: str | None
    trial: Trial
    notes: Sequence[str] = ()


def take(
    name: str,
    trial: Trial,
    log: Address | None,
    table: Path | None = None,
    cutoff: date | None = None,
    known_on: date | None = None,
    unblind: Path | None = None,
    dialect: Dialect = FOUND_OUT,
    define: Path | None = None,
    reader: str | None = None,
    view: View = "by arm",
    by: str | None = None,
) -> Data:
    """The data of a log, or of a table (the trial file's own if none is named); ``name`` is where the trial is found.

    ``dialect`` states how the table is written, ``define`` is a Define-XML that says what its columns may hold. Without a cut-off that of the last day of the log. Where the log holds codes, ``unblind`` is the file of the secret that tells the arms.
    ``reader`` is who reads, in a log with people (``by`` where none is named), and ``view`` what is shown him: the data are those that he may see.
    Raises BadInput with what is wrong with what was asked for, for a masked log without that file, and for a page that is not the reader's.
    """
    reading, notes = _read(name, trial, log, table, dialect, define, reader or by)
    away = apart(name, log) if unblind is not None else None
    if log is None:
        no_reader(trial, reader)
        known = unmask(trial, reading.log, unblind, away)
    else:
        known = known_to(trial, reading.log, reader, view, unblind, by, away)
    can_cut(trial, known, cutoff, known_on)
    snap = cut(trial, known, cutoff, known_on)
    definitions = Definitions.of(trial, known, trial_of)
    then = defined_at(definitions, known, snap.cutoff, snap.known_on)
    if then is not trial:
        snap = cut(then, known, cutoff, known_on)
    torn = str(log) if reading.torn is not None else None
    return Data(known, snap, torn, then, [*notes, *_amended(definitions, then, snap)])


def defined_at(definitions: Definitions, log: Log, cutoff: date, known_on: date) -> Trial:
    """The trial as it was defined at a cut-off, by what was known of amendments on a day.

    It knows how it was defined at each site before. A file that is none of the log's definitions stands for itself: it was changed and the log not amended, which a decision cautions of.
    """
    trial = definitions.trial
    if definitions.edition(trial.fingerprint) is None:
        return trial
    known = Definitions.of(trial, log.known_by(known_on), trial_of)
    return known.at("", cutoff).as_amended(known.at) if known.amended else known.at("", cutoff)


def _amended(definitions: Definitions, then: Trial, snap: Snapshot) -> Iterator[str]:
    """Under which definition the data of an amended trial are analysed."""
    edition = definitions.edition(then.fingerprint)
    if edition is None or not definitions.amended:
        return
    since = [e for e in definitions.editions[1:] if e.number > edition.number]
    later = f"; amended since, on {', '.join(str(e.on) for e in since)}" if since else ""
    which = f"as amended on {edition.on}" if edition.number > 1 else "as it was opened"
    yield f"analysed under the definition in force at the cut-off, {snap.cutoff}: {which}, fingerprint {then.fingerprint[:12]}{later}."


def _read(
    name: str,
    trial: Trial,
    log: Address | None,
    table: Path | None,
    dialect: Dialect,
    define: Path | None,
    reader: str | None,
) -> tuple[Reading, Sequence[str]]:
    if log is not None and table is not None:
        raise BadInput(trial.id, [Problem("two-sources", "--log", "a log and a table", "--log or --table, not both")])
    if log is not None and define is not None:
        raise BadInput(
            trial.id,
            [
                Problem(
                    "no-table",
                    "--define",
                    str(define),
                    "--define says what a table's columns are: it goes with --table",
                )
            ],
        )
    if log is not None:
        return read_for(store_at(log, trial.id), reader), ()
    own = trial.table.file if trial.table is not None else None
    if table is None and own is None:
        raise BadInput(trial.id, [Problem("no-data", "--log", "nothing", "a log, or a table with --table")])
    defined = read_define(define) if define is not None else None
    found = read_table(trial, table or find_trial(name).parent / str(own), dialect=dialect, defined=defined)
    return Reading(found.conduct.log, None), found.notes


def can_cut(trial: Trial, log: Log, cutoff: date | None, known_on: date | None) -> None:
    """Raise BadInput with every reason why the data cannot be cut as was asked."""
    problems = list(refusals(trial, log, cutoff, known_on))
    if problems:
        raise BadInput(" ".join(dict.fromkeys(p.where for p in problems)), problems)
