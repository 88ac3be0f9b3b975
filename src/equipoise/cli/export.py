"""`equipoise export`: the log as datasets of the field's standards, in the field's formats."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from equipoise import desk
from equipoise.cli.common import cohort_option, emit, json_option, say, show_table, trial_argument
from equipoise.cli.data import Asked, data_options, say_notes
from equipoise.cli.extras import needing
from equipoise.cli.usage import Command

#: Here --as names a standard.
_reading = click.option(
    "--reader", metavar="PERSON", envvar="EQUIPOISE_AS", help="Who reads, in a log with people [env EQUIPOISE_AS]."
)
FORMATS = ("xpt", "json", "ndjson", "csv", "parquet")


@click.command(cls=Command, name="export", short_help="The log as SDTM or ADaM, as XPT, Dataset-JSON, CSV or Parquet.")
@trial_argument
@cohort_option
@partial(data_options, reading=_reading)
@click.option("--as", "standard", type=click.Choice(["adam", "sdtm"]), required=True, help="The standard.")
@click.option(
    "--rules",
    type=click.Choice(["trial", "admiral"]),
    default="trial",
    show_default=True,
    help="By the trial file, or by the templates of R's admiral and admiralonco (ADSL, ADRS, ADTTE).",
)
@click.option(
    "--format",
    "ending",
    type=click.Choice(FORMATS),
    default="xpt",
    show_default=True,
    callback=needing("grid", when="parquet".__eq__),
    help="The format.",
)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="The folder.")
@click.option(
    "--against",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="With --rules admiral: a folder with adrs_onco.csv and adtte_onco.csv to compare with, cell by cell.",
)
@json_option
def command(
    trial: str,
    cohort: str,
    asked: Asked,
    standard: str,
    rules: str,
    ending: str,
    out: Path,
    against: Path | None,
    as_json: bool,
) -> None:
    """Write what was known at a data cut-off as datasets of a standard; each record names its source.

    Every file is checked before the first one is written; define.xml (Define-XML 2.1) is written beside them.
    """
    desk.export.can(standard, rules, against)
    found = desk.opening.load_one(trial, cohort)
    data = asked.take(trial, found, "explained")
    found, snap = data.trial, data.snap
    exported = desk.export.run(found, snap, standard, rules, ending, out, against, asked.dialect, trial)
    say_notes(exported.notes)
    if as_json:
        emit(exported.as_json())
        return
    show_table(exported.table())
    say(f"In {out}. Data {snap.head[:12]}.")
    if exported.agreement is not None:
        show_table(exported.agreement.table())
        for d in exported.agreement.unexplained[:20]:
            say(f"{d.patient} {d.parameter}.{d.variable}: theirs {d.theirs!r}, ours {d.ours!r}", first="- ")
