"""`equipoise analyse`: every endpoint by arm, compared with each other and with history."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from equipoise import desk
from equipoise.cli.common import cohort_option, emit, json_option, say, show_table
from equipoise.cli.data import Asked, data_options
from equipoise.cli.extras import needing
from equipoise.cli.usage import Command
from equipoise.trial.problem import BadInput, Problem


@click.command(cls=Command, name="analyse", short_help="Endpoints by arm, compared with each other and with history.")
@click.argument("trial", metavar="TRIAL", required=False)
@cohort_option
@data_options
@click.option("--csv", "path", type=click.Path(path_type=Path), help="Instead of a trial: a CSV with a row a patient.")
@click.option("--time", metavar="COLUMN", help="With --csv: the column of times.")
@click.option("--event", metavar="COLUMN=VALUE", help="With --csv: who had the event, such as status=2.")
@click.option("--arm", metavar="COLUMN", help="With --csv: the column of arms.")
@click.option(
    "--reference", metavar="ARM", help="With --arm: the arm that others are held against (default: the first)."
)
@click.option("--unit", type=click.Choice(["days", "weeks", "months", "years"]), help="With --csv: of the times (default: days).")  # fmt: skip
@click.option("--at", metavar="TIME", help="With --csv: a time at which the curves are read, such as '6 months'.")
@click.option("--page", type=click.Path(path_type=Path, dir_okay=False), callback=needing("report"), help="With --csv: write the curves as a page (HTML).")  # fmt: skip
@json_option
def command(
    trial: str | None, cohort: str, asked: Asked, path: Path | None, page: Path | None, as_json: bool, **columns: str | None
) -> None:  # fmt: skip
    """Analyse every endpoint as known at a data cut-off, from a log or from a table of patients.

    Without any trial file, the curves of a CSV:

    equipoise analyse --csv lung.csv --time time --event status=2 --arm sex --page lung.html
    """
    if path is not None:
        _csv(path, trial, asked, page, as_json, columns)
        return
    said = [f"--{name}" for name, value in {**columns, "page": page}.items() if value is not None]
    if said or trial is None:
        problems = [Problem("usage", option, "without --csv", "a CSV of patients: --csv FILE") for option in said]
        missing = [Problem("missing", "TRIAL", "nothing", "a trial, or --csv FILE")] if trial is None else []
        raise BadInput("analyse", [*missing, *problems])
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


def _csv(
    path: Path, trial: str | None, data: Asked, page: Path | None, as_json: bool, columns: Mapping[str, str | None]
) -> None:
    """The curves of a CSV."""
    problems = [Problem("usage", "TRIAL", repr(trial), "nothing, with --csv")] if trial is not None else []
    if data != Asked(dialect=data.dialect, reader=data.reader):
        problems.append(Problem("usage", "--csv", "with a log, a table or a cut-off", "a CSV by itself"))
    needed = {
        "time": "a column of times, such as --time days",
        "event": "a column and its value, such as --event status=2",
    }
    problems += [Problem("missing", f"--{n}", "nothing", words) for n, words in needed.items() if columns[n] is None]
    event: tuple[str, tuple[str, ...]] = "", ()
    try:
        event = desk.times_csv.event_named(columns["event"] or "x=1")
    except ValueError as error:
        problems.append(Problem("usage", "--event", repr(columns["event"]), str(error)))
    if problems:
        raise BadInput("analyse", problems)
    unit: Any = columns["unit"] or "days"
    asked = desk.times_csv.Asked(
        path, columns["time"] or "", event, columns["arm"], unit, columns["reference"], columns["at"], data.dialect
    )
    found = desk.times_csv.curves(asked)
    if as_json:
        emit(found.as_json())
    else:
        say(found.trial.title)
        for table in found.tables():
            show_table(table)
        say("Research software. Nothing but the columns was read: what the event is, you know.")
    if page is not None:
        written = desk.pages.write_page(found.page(), page)
        if not as_json:
            click.echo(f"Wrote {written[0]}.")
