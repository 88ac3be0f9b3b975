"""`equipoise diff`: what changed between two cuts of one log, and what that did to each endpoint."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from equipoise import desk
from equipoise.analyse.changes_tables import DERIVED
from equipoise.cli.common import DAY, cohort_option, emit, json_option, say, show_table, trial_argument
from equipoise.cli.data import Asked, reader_option, unblind_option
from equipoise.cli.extras import needing
from equipoise.cli.log_place import LOG
from equipoise.cli.usage import Command

if TYPE_CHECKING:
    from equipoise.files.log_address import Address


@click.command(cls=Command, name="diff", short_help="What changed between two cuts of a log, and what that did.")
@trial_argument
@cohort_option
@click.option("--log", "log_path", type=LOG, required=True, help="The trial's log: a path or a URL.")
@reader_option
@click.option("--from", "first", type=DAY, required=True, help="The first cut, as known on that day, YYYY-MM-DD.")
@click.option("--to", "second", type=DAY, required=True, help="The second cut, as known on that day, YYYY-MM-DD.")
@unblind_option
@click.option("--page", type=click.Path(path_type=Path, dir_okay=False), callback=needing("report"), help="Write it as a page (HTML).")  # fmt: skip
@json_option
def command(
    trial: str, cohort: str, log_path: Address, reader: str | None, first: date, second: date, unblind: Path | None, page: Path | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Say what was added, corrected, taken back and derived anew from one cut to the next, each with its event, and how far each moved the endpoints.

    equipoise diff north --log LOG --from 2013-08-25 --to 2014-10-26 --page changes.html
    """
    desk.changes.in_order(first, second)
    whole = desk.opening.load_one(trial, cohort)
    data = Asked(log_path=log_path, cutoff=second, known_on=second, unblind=unblind, reader=reader).take(trial, whole)
    found = desk.changes.between(whole, data, first)
    written = desk.pages.write_page(found.page(), page) if page is not None else []
    if as_json:
        emit(found.as_json())
        return
    say(found.trial.title)
    say(found.in_short())
    for table in found.tables:
        if table.title != DERIVED:
            show_table(table)
    say("Whose result is another, patient by patient: --page FILE or --json.")
    if written:
        click.echo(f"Wrote {written[0]}.")
