"""`equipoise analyse`: every endpoint by arm, compared with each other and with history."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from equipoise.cli.common import DAY, emit, json_option, load_trial, say, show_table, trial_argument

if TYPE_CHECKING:
    from equipoise.trial.log import Log
    from equipoise.trial.snapshot import Snapshot
    from equipoise.trial.trial import Trial

log_option = click.option("--log", "log_path", type=click.Path(path_type=Path), help="The trial's log.")
table_option = click.option(
    "--table", type=click.Path(path_type=Path), help="A CSV of patients, mapped by [table] in the trial file."
)
known_on_option = click.option(
    "--known-on", type=DAY, help="Take in what was recorded by this day (default: the cut-off itself)."
)


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


def cut(log: Log, cutoff: date | None, known_on: date | None, trial: Trial | None = None) -> Snapshot:
    """The log as known at a cut-off (the last day of the log unless given), saying what is left out.

    With ``trial``, responses are those that its file says to use: as recorded, or from the lesions.
    """
    from equipoise.analyse.stated import as_stated, taken_as_recorded
    from equipoise.trial.problem import BadInput, Problem
    from equipoise.trial.snapshot import snapshot

    day = cutoff or known_on or max(e.recorded.date() for e in log)
    if known_on is not None and known_on < day:
        raise BadInput(
            "--known-on", [Problem("dates-out-of-order", "--known-on", str(known_on), f"not before the cut-off, {day}")]
        )
    snap = snapshot(log, day, known_on)
    later = sum(e.happened <= day and e.recorded.date() > snap.known_on for e in log)
    if later:
        click.echo(
            f"Note: {later} events that happened by {day} were recorded after {snap.known_on} and are left out; "
            f"--known-on takes them in.",
            err=True,
        )
    if trial is None:
        return snap
    bare = taken_as_recorded(trial, snap)
    if bare:
        click.echo(f"Note: {bare} assessments list no lesion; their responses are taken as recorded.", err=True)
    return as_stated(trial, snap)


@click.command(name="analyse", short_help="Endpoints by arm, compared with each other and with history.")
@trial_argument
@log_option
@table_option
@click.option("--cutoff", type=DAY, help="Data cut-off (default: the last day of the log).")
@known_on_option
@json_option
def command(
    trial: str, log_path: Path | None, table: Path | None, cutoff: date | None, known_on: date | None, as_json: bool
) -> None:
    """Analyse every endpoint as known at a data cut-off, from a log or from a table of patients."""
    from equipoise.analyse.analysis import analyse, comparisons_table, history_table, rates_table, times_table
    from equipoise.analyse.populations import populations_table
    from equipoise.analyse.safety import safety_table

    found = load_trial(trial)
    snap = cut(take_log(trial, found, log_path, table), cutoff, known_on, found)
    result = analyse(found, snap)
    if as_json:
        emit(result)
        return
    say(f"{found.title}")
    say(f"Data cut-off {result.cutoff}, {sum(result.randomised.values())} patients randomised.")
    for shown in (times_table(found, result), comparisons_table(found, result), rates_table(found, result)):
        if shown.rows:
            show_table(shown)
    show_table(populations_table(found, result.populations))
    if result.history:
        show_table(history_table(found, result))
    if any(a.any_event for a in result.safety):
        show_table(safety_table(found, result.safety))
    say(
        "Research software. Fingerprints: "
        + f"trial {result.fingerprints.trial[:12]}, data {result.fingerprints.data[:12]}."
    )
