"""Reading a trial's log: `equipoise conduct verify` and `equipoise conduct as-known-on`."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from equipoise import desk
from equipoise.cli.common import DAY, emit, json_option, say, show_table, trial_argument
from equipoise.cli.data import reader_option, unblind_option
from equipoise.cli.log_place import LOG
from equipoise.cli.outside import outside_options
from equipoise.cli.usage import Command

if TYPE_CHECKING:
    from equipoise.desk.outside import Outside
    from equipoise.files.log_address import Address

log_option = click.option(
    "--log",
    "log_path",
    type=LOG,
    required=True,
    help="The trial's log: a path (JSON Lines), sqlite:///FILE or postgresql://USER@HOST/DATABASE.",
)


@click.command(cls=Command, short_help="Verify the chain, and judge every event again.")
@trial_argument
@log_option
@unblind_option
@click.option(
    "--secret",
    "secret_file",
    type=click.Path(path_type=Path),
    help="The file with the allocation's secret: every allocation is made again.",
)
@outside_options
@reader_option
@json_option
def verify(
    trial: str,
    log_path: Address,
    unblind: Path | None,
    secret_file: Path | None,
    held: Outside,
    reader: str | None,
    as_json: bool,
) -> None:
    """Verify that the log's chain is whole, and that nothing in it is impossible.

    A chain cannot show that its end was cut off, nor that all of it was made anew: hold it against heads that were kept outside,
    by --witness and --trust, or by --expect.

    Without any secret: that strata are those of the patients' factors and arms can come from whole blocks. With --unblind also that the
    codes of a masked log are the secret's, and every event by its patient's arm. With --secret, at the end, every allocation is made again.
    """
    found = desk.opening.load_at_hand(trial, log_path, reader)
    apart = desk.order.apart(trial, log_path)
    verified = desk.known.verify(found, desk.opening.log_of(found, log_path), unblind, secret_file, apart, held, reader)
    if as_json:
        emit(verified)
        return
    click.echo(f"{verified.events} events, chain whole. Head {verified.hash}")
    for sentence in verified.allocations:
        say(sentence)
    if verified.removed:
        click.echo(f"The content of {verified.removed} of them was removed, as the log says.")
    if verified.withheld:
        click.echo(f"Of {verified.withheld} of them a part is withheld here: only the chain was verified.")
    if verified.unended:
        click.echo("The last line has no newline. It is whole and a record; the next order ends it.")
    for note in verified.notes:
        say(note)
    if held.folder is None and not held.expected:
        say("Held against nothing outside it: a cut end, or a chain made anew, would not show (--witness, --expect).")
    if (torn := verified.torn_bytes) != 0:
        of_it = f" ({torn} bytes were written of it)" if torn is not None else ""
        click.echo(f"The last line is torn{of_it}: it is no record, and the next order sets it aside.")


@click.command(cls=Command, name="as-known-on", short_help="The trial as it was known on a day.")
@trial_argument
@log_option
@click.argument("day", type=DAY)
@click.option("--patient", help="One patient's events.")
@reader_option
@json_option
def as_known_on(
    trial: str, log_path: Address, day: date, patient: str | None, reader: str | None, as_json: bool
) -> None:
    """Show the trial as it was known on a day: what was recorded by then, corrections of then included."""
    found = desk.opening.load_at_hand(trial, log_path, reader)
    store = desk.opening.log_of(found, log_path)
    if patient is not None:
        of_patient = desk.known.patient_as_known_on(found, store, day, patient, reader)
        if as_json:
            emit(of_patient)
        else:
            show_table(of_patient.table())
        return
    known = desk.known.as_known_on(found, store, day, reader)
    if as_json:
        from equipoise.files.plain import plain

        emit({k: v for k, v in plain(known).items() if k != "cohorts" or v is not None})
    else:
        show_table(known.table(found))


def say_torn(aside: str | None, *, ended: bool) -> None:
    """Say on standard error where a torn last line was set aside, if one was, and that a whole one lacked its newline (``ended``)."""
    if aside is not None:
        name = Path(aside).name
        click.echo(f"A torn last line was found and set aside in {name}; nothing before it is lost.", err=True)
    if ended:
        click.echo("The last line had no newline. It was whole, and is a record; it was ended.", err=True)
