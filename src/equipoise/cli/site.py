"""`equipoise site`: keep an installation of the site app: back up, restore, drill, look whether all is well, send mail."""

from __future__ import annotations

from pathlib import Path

import click

from equipoise.cli.common import emit, json_option
from equipoise.cli.extras import need
from equipoise.cli.usage import Command, Group

_FOLDER = click.argument("folder", type=click.Path(path_type=Path, file_okay=False))


@click.group(cls=Group, name="site", short_help="Keep the site app: back up, restore, look, send mail.")
def command() -> None:
    """Keep an installation of the site app, by the folder that `equipoise serve` set up."""


@command.command(cls=Command, short_help="Copy log, accounts and access chain, while the app runs.")
@_FOLDER
@click.option("--out", type=click.Path(path_type=Path), required=True, help="A new folder.")
@json_option
def backup(folder: Path, out: Path, as_json: bool) -> None:
    """Back up an installation. The copy of the log is verified; secret and keys are not in it, and are kept apart."""
    from equipoise.site import operation

    made = operation.backup(folder, out)
    if as_json:
        emit(made)
        return
    click.echo(f"{made.events} events, head {made.head[:12]}, in {out}.")
    for note in made.notes:
        click.echo(f"  {note}.")


@command.command(cls=Command, short_help="Put a back-up into a new folder, verified.")
@click.argument("source", metavar="BACKUP", type=click.Path(path_type=Path, file_okay=False))
@click.option("--into", type=click.Path(path_type=Path), required=True, help="A new folder.")
@click.option(
    "--witness",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Witnessed heads to hold it against.",
)
@json_option
@click.pass_context
def restore(ctx: click.Context, source: Path, into: Path, witness: Path | None, as_json: bool) -> None:
    """Restore a back-up. Where the witness knows later heads they are listed, the exit status is 1, and nobody is randomised until they are reconciled."""
    from equipoise.site import operation

    made = operation.restore(source, into, witness)
    if as_json:
        emit(made)
    else:
        click.echo(f"{made.events} events, head {made.head[:12]}, in {made.folder}.")
        for line in made.missing:
            click.echo(f"  missing: {line}. `conduct reconcile` says what was lost.")
        for note in made.notes:
            click.echo(f"  {note}.")
    if made.missing:
        ctx.exit(1)


@command.command(cls=Command, short_help="Restore a back-up into a temporary place: same head, or what is missing.")
@_FOLDER
@click.option("--backup", "source", type=click.Path(path_type=Path, file_okay=False), required=True, help="A back-up.")
@json_option
@click.pass_context
def drill(ctx: click.Context, folder: Path, source: Path, as_json: bool) -> None:
    """Restore a back-up where it harms nothing, and hold it against the installation's log and witness. Exit status 1 where anything is missing."""
    from equipoise.site import drilling

    found = drilling.drill(folder, source)
    if as_json:
        emit(found)
    else:
        click.echo(f"{found.events} events restored. " + ("Same head." if found.same_head else "Not the last:"))
        for line in found.missing:
            click.echo(f"  missing: {line}")
    if not found.same_head:
        ctx.exit(1)


@command.command(cls=Command, short_help="Look whether all is well: log, rules, chains, witness, keys, disk.")
@_FOLDER
@json_option
@click.pass_context
def doctor(ctx: click.Context, folder: Path, as_json: bool) -> None:
    """Look at everything of an installation. Exit status 1 where something is not well."""
    from equipoise.site import operation

    found = operation.doctor(folder)
    if as_json:
        emit(found)
    else:
        for f in found:
            click.echo(f"{'well    ' if f.well else 'NOT WELL'}  {f.what}: {f.said}")
    if not all(f.well for f in found):
        ctx.exit(1)


@command.command(cls=Command, short_help="The mails that wait; with --smtp, send them.")
@_FOLDER
@click.option("--at", "address", required=True, help="Where people open the app: https://trial.example.org.")
@click.option(
    "--smtp", default="", metavar="HOST:PORT", help="Send by this server. Without it the mails are only listed."
)
@click.option("--sender", default="", metavar="MAIL", help="From whom.")
@json_option
def mail(folder: Path, address: str, smtp: str, sender: str, as_json: bool) -> None:
    """List or send what waits in the outbox: a link and a number, never data. Run it every few minutes."""
    need("The site app", "site")
    from equipoise.site import mail as mails

    waiting = mails.run(folder, address, smtp, sender)
    if as_json:
        emit(waiting)
        return
    for m in waiting:
        click.echo(f"{'sent' if m.sent else 'waits'}  {m.number}  {m.person}: {m.subject}")
    if not waiting:
        click.echo("Nothing waits.")
