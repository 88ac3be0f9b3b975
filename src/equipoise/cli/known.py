"""Reading a trial's log: `equipoise conduct verify` and `equipoise conduct as-known-on`."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from equipoise import desk
from equipoise.cli.common import DAY, emit, json_option, show_table, trial_argument
from equipoise.cli.data import reader_option, unblind_option
from equipoise.cli.usage import Command

log_option = click.option(
    "--log",
    "log_path",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The trial's log (JSON Lines).",
)


@click.command(cls=Command, short_help="Verify the chain, and judge every event again.")
@trial_argument
@log_option
@unblind_option
@reader_option
@json_option
def verify(trial: str, log_path: Path, unblind: Path | None, reader: str | None, as_json: bool) -> None:
    """Verify that nothing in the log was changed after it was written, and that nothing in it is impossible.

    With --unblind also that the codes of a masked log are those of this seed, and every event by its patient's arm.
    """
    found = desk.opening.load_trial(trial)
    verified = desk.known.verify(found, desk.opening.log_of(found, log_path), unblind, reader)
    if as_json:
        emit(verified)
        return
    click.echo(f"{verified.events} events, chain whole. Head {verified.hash}")
    if verified.removed:
        click.echo(f"The content of {verified.removed} of them was removed, as the log says.")
    if verified.withheld:
        click.echo(f"Of {verified.withheld} of them a part is withheld here: only the chain was verified.")
    if verified.unended:
        click.echo("The last line has no newline. It is whole and a record; the next order ends it.")
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
def as_known_on(trial: str, log_path: Path, day: date, patient: str | None, reader: str | None, as_json: bool) -> None:
    """Show the trial as it was known on a day: what was recorded by then, corrections of then included."""
    found = desk.opening.load_trial(trial)
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
