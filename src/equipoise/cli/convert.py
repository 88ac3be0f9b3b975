"""`equipoise convert`: a dataset from one file format into another; what is lost is said."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from equipoise import desk
from equipoise.cli.common import emit, json_option, say
from equipoise.cli.data import define_option, say_notes
from equipoise.cli.dialect import dialect_options
from equipoise.cli.extras import needing
from equipoise.cli.usage import Command
from equipoise.trial.dialect import Dialect


def is_parquet(path: Path) -> bool:
    """A file of this ending is read and written by a library of its own."""
    return path.suffix.lower() == ".parquet"


@click.command(cls=Command, name="convert", short_help="Datasets: .xpt, Dataset-JSON, CSV, Parquet into each other.")
@click.argument("source", metavar="IN", type=click.Path(path_type=Path), callback=needing("grid", when=is_parquet))
@click.argument(
    "target", metavar="OUT", type=click.Path(path_type=Path, dir_okay=False), callback=needing("grid", when=is_parquet)
)
@click.option("--dataset", "name", help="Which dataset, where IN holds several.")
@dialect_options
@click.option(
    "--created", type=click.DateTime(), help="Creation time to state in OUT (default: 1960-01-01; no clock is read)."
)
@define_option
@json_option
def command(
    source: Path,
    target: Path,
    name: str | None,
    dialect: Dialect,
    created: datetime | None,
    define: Path | None,
    as_json: bool,
) -> None:
    """Convert a dataset: the endings tell the formats (.xpt, .json, .ndjson, .dsjc, .csv, .parquet). Any size, in bounded memory.

    --encoding is also a transport file's. Labels that IN lacks are those of SDTM and ADaM where they know the variable.
    """
    done = desk.datasets.convert(source, target, name, dialect, created, define)
    say_notes(done.notes)
    if as_json:
        emit(done)
        return
    say(f"{done.written}: {done.dataset}, {done.records} records of {done.variables} variables.")
    if done.in_standard():
        say("Labels that the file lacked are those of the standard.")
    for line in done.lost:
        say(f"Lost: {line}")
