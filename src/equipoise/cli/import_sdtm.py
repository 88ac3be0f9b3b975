"""`equipoise import-sdtm`: SDTM into a new log, then the same road as everything else."""

from __future__ import annotations

from pathlib import Path

import click

from equipoise import desk
from equipoise.cli.common import emit, json_option, say, show_table
from equipoise.cli.data import define_option, say_notes
from equipoise.cli.dialect import dialect_options
from equipoise.cli.log_place import LOG
from equipoise.cli.usage import Command
from equipoise.files.log_address import Address, beside
from equipoise.trial.dialect import Dialect


@click.command(cls=Command, name="import-sdtm", short_help="Take SDTM into a new log.")
@click.argument("data", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--log", "log_path", type=LOG, required=True, help="The new log: a path or a URL.")
@click.option("--trial", help="A trial whose arms are those of DM; without it one is made from DM beside the log.")
@dialect_options
@click.option("--by", default="SDTM", show_default=True, help="Who takes it in.")
@define_option
@click.option("--map", "map_name", help="Without --trial: the map by which responses are read: iRECIST, IMWG, Lugano …")
@json_option
def command(
    data: tuple[Path, ...],
    log_path: Address,
    trial: str | None,
    dialect: Dialect,
    by: str,
    define: Path | None,
    map_name: str | None,
    as_json: bool,
) -> None:
    """Take SDTM (a folder, or files) into a new log, and say what the log cannot hold.

    Without --trial a minimal trial file is made from DM and written beside the log, for you to edit.
    """
    known = desk.opening.load_trial(trial) if trial else None
    trial_path = beside(log_path, ".trial.toml")
    taken = desk.import_sdtm.run(data, log_path, known, trial_path, by, dialect, define, map_name)
    say_notes(taken.notes)
    if as_json:
        emit(taken.as_json())
        return
    say(f"{taken.patients} patients, {taken.events} events in {log_path}. Chain {taken.hash[:12]}")
    if known is None:
        say(f"Trial file made from DM: {trial_path}. Edit it from the protocol, then open it with the log.")
    say(f"{taken.imputed_dates} events have an imputed day; each says what was recorded and by which rule.")
    for text in taken.losses:
        say(f"Caution: {text}")
    if len(taken.unmapped):
        show_table(taken.unmapped.table())
