"""Where a log is kept: `equipoise conduct move` and `equipoise conduct prepare`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from equipoise import desk
from equipoise.cli.common import emit, json_option, trial_argument
from equipoise.cli.data import reader_option
from equipoise.cli.log_place import LOG
from equipoise.cli.usage import Command

if TYPE_CHECKING:
    from equipoise.files.log_address import Address


@click.command(cls=Command, short_help="Carry a log to another place, byte for byte.")
@trial_argument
@click.option("--from", "source", type=LOG, required=True, help="The log: a path or a URL.")
@click.option(
    "--to", "target", type=LOG, required=True, help="Where it goes: a path or a URL that holds no log of this trial."
)
@reader_option
@json_option
def move(trial: str, source: Address, target: Address, reader: str | None, as_json: bool) -> None:
    """Carry a trial's log from a file to a database, back, or on. It is read again where it came to: the same bytes.

    The old log stays as it was. Put it away: orders given to both would make two logs of one trial.
    """
    found = desk.opening.load_trial(trial)
    moved = desk.move.move(found, desk.opening.log_of(found, source), desk.opening.log_of(found, target), reader)
    if as_json:
        emit(moved)
        return
    click.echo(f"{moved.events} events carried to {moved.target}, byte for byte. Head {moved.hash}")
    if moved.torn_bytes:
        click.echo(f"The torn last line ({moved.torn_bytes} bytes) is no record, and stayed behind.", err=True)
    click.echo(f"{moved.source} stayed as it was: put it away, so that nobody gives an order to it.", err=True)


@click.command(cls=Command, short_help="Make the table of logs in a database, as its owner.")
@click.argument("database", metavar="URL", type=LOG)
@click.option(
    "--grant", "role", default="", metavar="ROLE", help="Let this user of the database read and add, and no more."
)
@json_option
def prepare(database: Address, role: str, as_json: bool) -> None:
    """Make the table of logs in a database, with the triggers that refuse changes, where it is not there.

    Give it as the owner of the database. Who gives orders comes as another user, with --grant: SELECT and INSERT only.
    """
    prepared = desk.move.prepare(database, role)
    if as_json:
        emit(prepared)
        return
    click.echo(f"{prepared.database} can hold logs.")
    if prepared.granted_to:
        click.echo(f"{prepared.granted_to} may read and add, and no more.")
    elif prepared.grant:
        click.echo(f"For the user who gives orders: {prepared.grant};")
