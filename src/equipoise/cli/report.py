"""`equipoise report`: one self-contained HTML report of a trial, with its figures as SVG beside it."""

from __future__ import annotations

from pathlib import Path

import click

from equipoise import desk
from equipoise.cli.common import cohort_option, emit, json_option, trial_argument
from equipoise.cli.data import Asked, data_options
from equipoise.cli.extras import need
from equipoise.cli.usage import Command


@click.command(cls=Command, name="report", short_help="One self-contained HTML report of a trial.")
@trial_argument
@cohort_option
@data_options
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder to write to.")
@json_option
def command(trial: str, cohort: str, asked: Asked, out: Path, as_json: bool) -> None:
    """Write a self-contained HTML report (it opens from disk, with no network) and its figures as SVG.

    A look whose decision is recorded in the log (`decide --record`) is shown at the cut-off it was taken on; any other
    as it would stand at the report's cut-off. Of a trial with cohorts each has its own part; --cohort reports one.
    """
    need("A report", "report")
    found = desk.opening.load_trial(trial)
    found = found.one(cohort) if cohort else found
    data = asked.take(trial, found)
    found = data.trial
    make = desk.report.findings_of_cohorts if found.divided else desk.report.findings
    written = desk.report.write(make(trial, found, data), out)
    if as_json:
        emit({"written": [str(p) for p in written]})
    else:
        click.echo(f"Wrote {written[0]} and {len(written) - 1} figures beside it.")
