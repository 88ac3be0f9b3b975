"""`equipoise analyse`: every endpoint by arm, compared with each other and with history."""

from __future__ import annotations

import click

from equipoise import desk
from equipoise.cli.common import cohort_option, emit, json_option, say, show_table, trial_argument
from equipoise.cli.data import Asked, data_options
from equipoise.cli.usage import Command


@click.command(cls=Command, name="analyse", short_help="Endpoints by arm, compared with each other and with history.")
@trial_argument
@cohort_option
@data_options
@json_option
def command(trial: str, cohort: str, asked: Asked, as_json: bool) -> None:
    """Analyse every endpoint as known at a data cut-off, from a log or from a table of patients."""
    found = desk.opening.load_one(trial, cohort)
    data = asked.take(trial, found)
    found = data.trial
    analysed = desk.analyse.run(found, data.snap)
    if as_json:
        emit(analysed.as_json())
        return
    result = analysed.analysis
    say(f"{found.title}")
    say(f"Data cut-off {result.cutoff}, {sum(result.randomised.values())} patients {found.entered}.")
    for table in analysed.tables():
        show_table(table)
    prints = result.fingerprints
    say(f"Research software. Fingerprints: trial {prints.trial[:12]}, data {prints.data[:12]}.")
