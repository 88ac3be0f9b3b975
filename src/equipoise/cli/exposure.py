"""`equipoise exposure`: delivered dose, relative dose intensity, reductions, delays and omissions."""

from __future__ import annotations

import click

from equipoise import desk
from equipoise.cli.common import cohort_option, emit, json_option, say, show_table, trial_argument
from equipoise.cli.data import Asked, data_options
from equipoise.cli.usage import Command


@click.command(
    cls=Command, name="exposure", short_help="Delivered dose, relative dose intensity, and why treatment ended."
)
@trial_argument
@cohort_option
@click.option("--patient", default="", help="One patient, cycle by cycle.")
@data_options
@json_option
def command(trial: str, cohort: str, patient: str, asked: Asked, as_json: bool) -> None:
    """Say what was given of what was planned: by arm, by dose level in phase I, by patient, cycle and drug.

    Relative dose intensity is the amount given per unit of the time that actually elapsed, as a share of what the plan in force gives per
    unit of time (Hryniuk & Bush 1984).
    """
    found = desk.opening.load_trial(trial)
    found = found.one(cohort) if cohort else found
    data = asked.take(trial, found)
    shown = desk.exposure.take(data.trial, data.snap, patient)
    if as_json:
        emit(shown.as_json())
        return
    for table in shown.tables():
        show_table(table)
    if not shown.patients:
        click.echo("No dose is recorded.")
    say(f"Fingerprints: trial {data.trial.fingerprint[:16]}, data {data.snap.head[:16]}. Research software.")
