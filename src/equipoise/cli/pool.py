"""`equipoise pool`: endpoints and responses of very many patients, by the fast road."""

from __future__ import annotations

from collections.abc import Callable

import click

from equipoise import desk
from equipoise.cli.common import cohort_option, emit, json_option, progress, say, show_table, trial_argument
from equipoise.cli.data import Asked, data_options
from equipoise.cli.usage import Command


@click.command(cls=Command, name="pool", short_help="Endpoints of very many patients, by arrays.")
@trial_argument
@cohort_option
@data_options
@click.option(
    "--derive", is_flag=True, help="Responses follow from the lesions by RECIST 1.1, where lesions were read."
)
@click.option("--cores", type=click.IntRange(1), default=2, show_default=True, help="Threads.")
@json_option
def command(trial: str, cohort: str, asked: Asked, derive: bool, cores: int, as_json: bool) -> None:
    """Derive every endpoint of every patient, as `analyse` does, by arrays: for pooled data.

    What has a rule that the fast road does not know is named and derived as `analyse` does, patient by patient.
    """
    found = desk.opening.load_one(trial, cohort)
    data = asked.take(trial, found)
    found, snap = data.trial, data.snap
    with progress(as_json, transient=True) as bar:

        def watch(patients: int) -> Callable[[int], None]:
            task = bar.add_task("patients", total=patients)
            return lambda done: bar.update(task, completed=done)

        pooled = desk.pool.run(found, snap, derive, cores, watch)
    if as_json:
        emit(pooled)
        return
    result = pooled.summary
    say(f"{found.title}")
    say(
        f"Data cut-off {snap.cutoff}: {result.patients:,} patients, {result.assessments:,} assessments, "
        f"{result.readings:,} readings of lesions."
    )
    for table in pooled.tables():
        show_table(table)
    for name, why in result.refused.items():
        say(f"{name}: patient by patient, as `equipoise analyse`; the fast road does not know {why}.")
    say("Research software.")
