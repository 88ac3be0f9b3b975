"""Which data a command speaks of: those of a log or of a table, as known at a cut-off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from equipoise.cli.common import DAY

if TYPE_CHECKING:
    from equipoise.trial.log import Log
    from equipoise.trial.snapshot import Snapshot
    from equipoise.trial.trial import Trial

T = TypeVar("T")
log_option = click.option("--log", "log_path", type=click.Path(path_type=Path), help="The trial's log.")
table_option = click.option(
    "--table", type=click.Path(path_type=Path), help="A CSV of patients, mapped by [table] in the trial file."
)
known_on_option = click.option(
    "--known-on", type=DAY, help="Take in what was recorded by this day (default: the cut-off itself)."
)
cutoff_option = click.option("--cutoff", type=DAY, help="Data cut-off (default: the last day of the log).")


@dataclass(frozen=True)
class Asked:
    """Which data: what was given of the four options."""

    log_path: Path | None
    table: Path | None
    cutoff: date | None
    known_on: date | None

    def log(self, trial_name: str, trial: Trial) -> Log:
        """See ``take_log``."""
        return take_log(trial_name, trial, self.log_path, self.table)

    def cut(self, trial: Trial, log: Log) -> Snapshot:
        """See ``cut``."""
        return cut(trial, log, self.cutoff, self.known_on)


def data_options(command: Callable[..., T]) -> Callable[..., T]:
    """--log, --table, --cutoff and --known-on; the command gets them as one value, ``asked``."""

    @wraps(command)
    def asking(
        *, log_path: Path | None, table: Path | None, cutoff: date | None, known_on: date | None, **others: Any
    ) -> T:
        return command(asked=Asked(log_path, table, cutoff, known_on), **others)

    return log_option(table_option(cutoff_option(known_on_option(asking))))


def take_log(trial_name: str, trial: Trial, log_path: Path | None, table: Path | None) -> Log:
    """The log named on the command line, or that of a table (the trial file's own if none is named)."""
    from equipoise.files.bundled import find_trial
    from equipoise.files.log_file import read_log
    from equipoise.files.table_file import log_from_table
    from equipoise.trial.problem import BadInput, Problem

    if log_path is not None and table is not None:
        raise click.UsageError("Give --log or --table, not both.")
    if log_path is not None:
        reading = read_log(log_path, trial.id)
        if reading.torn is not None:
            click.echo(f"{log_path}: the last line is torn; it is no record and is left out.", err=True)
        return reading.log
    own = trial.table.file if trial.table is not None else None
    if table is None and own is None:
        raise BadInput(trial.id, [Problem("no-data", "--log", "nothing", "a log, or a table with --table")])
    return log_from_table(trial, table or find_trial(trial_name).parent / str(own)).log


def cut(trial: Trial, log: Log, cutoff: date | None = None, known_on: date | None = None) -> Snapshot:
    """The data as stated at a cut-off (see ``analyse.data.cut``); what is left out is said on standard error."""
    from equipoise.analyse import data
    from equipoise.trial.problem import BadInput, Problem

    if cutoff is not None and known_on is not None and known_on < cutoff:
        allowed = f"not before the cut-off, {cutoff}"
        raise BadInput("--known-on", [Problem("dates-out-of-order", "--known-on", str(known_on), allowed)])
    snap = data.cut(trial, log, cutoff, known_on)
    for note in snap.notes:
        click.echo(f"Note: {note}", err=True)
    return snap
