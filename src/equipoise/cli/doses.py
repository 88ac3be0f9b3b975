"""`equipoise doses`: who had a dose-limiting toxicity, as known on a day, and the next dose."""

from __future__ import annotations

from collections.abc import Sequence
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
    from equipoise.desk.doses import Doses
    from equipoise.dossier.escalation.revisited import Revisited
    from equipoise.files.log_address import Address


@click.command(cls=Command, name="doses", short_help="Dose-limiting toxicities by patient, and the next dose.")
@trial_argument
@log_option
@cutoff_option
@known_on_option
@unblind_option
@reader_option
@click.option("--revisit", is_flag=True, help="Also judge each past assignment by what is known now of its day.")
@json_option
def command(
    trial: str,
    log_path: Address,
    cutoff: date | None,
    known_on: date | None,
    unblind: Path | None,
    reader: str | None,
    revisit: bool,
    as_json: bool,
) -> None:
    """Say of each patient who was assigned a dose level whether there was a dose-limiting toxicity (DLT), and why; and the next dose.

    DLT, pending, none, or not evaluable and replaced follow from doses and adverse events by [phase1.dlt] of the trial file, as known at the
    cut-off. The next dose, whom it waits for, and the dose if it ended now are the design's. --revisit says which past assignments a late or an upgraded
    adverse event, or a committee's word, would have made another.
    """
    found = desk.opening.load_trial(trial)
    data = Asked(log_path, None, cutoff, known_on, unblind, reader=reader).take(trial, found)
    doses = desk.doses.take(data.trial, data.snap)
    past = desk.revisit.revisit(data.log, doses) if revisit else None
    if as_json:
        emit(doses.as_json() | ({} if past is None else {"past": [r.as_json() for r in past]}))
        return
    show_doses(doses, past)


def show_doses(doses: Doses, past: Sequence[Revisited] | None = None) -> None:
    """Print where dose finding stands, for people; ``past``: assignments that were judged again."""
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
    if past is not None:
        from equipoise.dossier.escalation.revisited import in_a_sentence, revisited_table

        show_table(revisited_table(past, all_of_them=True))
        say(in_a_sentence(past))
    say(f"Fingerprints: trial {doses.trial.fingerprint[:16]}, data {doses.snap.head[:16]}. Research software.")
