"""`equipoise define`: Define-XML 2.1 for a folder of datasets."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from equipoise import desk
from equipoise.cli.common import emit, json_option, say
from equipoise.cli.data import say_notes
from equipoise.cli.dialect import dialect_options
from equipoise.cli.usage import Command
from equipoise.trial.dialect import Dialect


@click.command(cls=Command, name="define", short_help="Define-XML 2.1 for a folder of datasets.")
@click.argument("folder", metavar="FOLDER", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Default: define.xml in the folder.")
@click.option("--study", help="Name of the study (default: STUDYID of the data).")
@click.option(
    "--created", type=click.DateTime(), help="Creation time to state (default: 1960-01-01; no clock is read)."
)
@dialect_options
@json_option
def command(
    folder: Path, out: Path | None, study: str | None, created: datetime | None, dialect: Dialect, as_json: bool
) -> None:
    """Write define.xml: datasets, variables, the terms that occur, origins and methods where the data say them.

    What a file does not say of a variable (label, core, codelist, key) is taken from SDTMIG 3.4 and ADaMIG 1.3.
    """
    defined = desk.datasets.define(folder, out, study, created, dialect)
    say_notes(defined.notes)
    if as_json:
        emit(defined.as_json())
        return
    say(f"{defined.written}: {len(defined.datasets)} datasets, {defined.variables} variables.")
    if defined.non_standard:
        say(f"Not in the standards we know: {', '.join(defined.non_standard)}.")
    if defined.not_read:
        say(f"In the folder, and no dataset that is read: {', '.join(defined.not_read)}.")
    if defined.without_origin:
        say(
            f"{defined.without_origin} variables have no origin: data files do not say it. Complete it before a submission."
        )
