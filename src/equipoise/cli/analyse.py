"""`equipoise analyse`: every endpoint by arm, compared with each other and with history."""

from __future__ import annotations

import click

from equipoise.cli.common import emit, json_option, load_trial, say, show_table, trial_argument
from equipoise.cli.data import Asked, data_options


@click.command(name="analyse", short_help="Endpoints by arm, compared with each other and with history.")
@trial_argument
@data_options
@json_option
def command(trial: str, asked: Asked, as_json: bool) -> None:
    """Analyse every endpoint as known at a data cut-off, from a log or from a table of patients."""
    from equipoise.analyse.analysis import analyse, comparisons_table, rates_table, times_table
    from equipoise.analyse.populations import populations_table
    from equipoise.analyse.safety import safety_table
    from equipoise.files.plain import plain
    from equipoise.history.against import against_history, against_table

    found = load_trial(trial)
    snap = asked.cut(found, asked.log(trial, found))
    result, against = analyse(found, snap), against_history(found, snap)
    if as_json:
        emit({**plain(result), "history": plain(against)})
        return
    say(f"{found.title}")
    say(f"Data cut-off {result.cutoff}, {sum(result.randomised.values())} patients randomised.")
    for shown in (times_table(found, result), comparisons_table(found, result), rates_table(found, result)):
        if shown.rows:
            show_table(shown)
    show_table(populations_table(found, result.populations))
    if against:
        show_table(against_table(found, against))
    if any(a.any_event for a in result.safety):
        show_table(safety_table(found, result.safety))
    say(
        "Research software. Fingerprints: "
        + f"trial {result.fingerprints.trial[:12]}, data {result.fingerprints.data[:12]}."
    )
