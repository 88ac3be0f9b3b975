"""`equipoise doses`: who had a dose-limiting toxicity, as known on a day, and the next dose."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from equipoise import desk
from equipoise.cli.common import bullet, emit, json_option, say, show_table, trial_argument
from equipoise.cli.data import Asked, cutoff_option, known_on_option, reader_option, unblind_option
from equipoise.cli.known import log_option
from equipoise.cli.usage import Command

if TYPE_CHECKING:
    from equipoise.files.log_address import Address


@click.command(cls=Command, name="doses", short_help="Dose-limiting toxicities by patient, and the next dose.")
@trial_argument
@log_option
@cutoff_option
@known_on_option
@unblind_option
@reader_option
@json_option
def command(
    trial: str,
    log_path: Address,
    cutoff: date | None,
    known_on: date | None,
    unblind: Path | None,
    reader: str | None,
    as_json: bool,
) -> None:
    """Say of each patient who was assigned a dose level whether there was a dose-limiting toxicity (DLT), and why; and the next dose.

    DLT, pending, none, or not evaluable and replaced follow from doses and adverse events by [phase1.dlt] of the trial file, as known at the
    cut-off. The next dose, whom it waits for, and the dose if it ended now are the design's.
    """
    found = desk.opening.load_trial(trial)
    data = Asked(log_path, None, cutoff, known_on, unblind, reader=reader).take(trial, found)
    doses = desk.doses.take(data.trial, data.snap)
    if as_json:
        emit(doses.as_json())
        return
    show_table(doses.lanes())
    click.echo(f"History: {doses.history or 'nobody is assigned yet'}\n")
    show_table(doses.levels())
    click.secho(doses.said_next(), bold=True)
    bullet(doses.next.because)
    if doses.next.bound:
        say(f"Bound by: {', '.join(doses.next.bound)}.", indent="  ")
    say(doses.said_recommended(), indent="  ")
    for caution in doses.next.cautions:
        say(f"Caution. {caution}")
    say(f"Fingerprints: trial {doses.trial.fingerprint[:16]}, data {doses.snap.head[:16]}. Research software.")
