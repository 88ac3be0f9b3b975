"""`equipoise conduct form` and `laboratory`: values on the trial file's own forms, typed or by CSV."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from equipoise import desk
from equipoise.cli import orders
from equipoise.cli.common import json_option, trial_argument
from equipoise.cli.known import log_option
from equipoise.cli.pairs import Pair, once
from equipoise.cli.usage import Command

if TYPE_CHECKING:
    from equipoise.files.log_address import Address

_VALUE = Pair("FIELD=VALUE, such as pulse=72")
_FORM = click.option("--form", required=True, help="Name of a form of [[forms]].")
_CONFIRM = click.option("--confirm", is_flag=True, help="What is unlikely is right; it is recorded, and is a query.")


@click.command(cls=Command, name="form", short_help="Record values on a form of the trial file's own.")
@trial_argument
@log_option
@orders.patient
@_FORM
@click.option("--visit", default="", callback=orders.said, help="The visit, where the form has visits.")
@orders.on
@click.option(
    "--set", "values", type=_VALUE, multiple=True, callback=once, metavar="FIELD=VALUE", help="A value: pulse=72."
)
@_CONFIRM
@orders.by
@orders.why
@orders.key
@json_option
def form(
    trial: str, log_path: Address, patient: str, form: str, visit: str, on: date, values: dict[str, str], confirm: bool, by: str, why: str, key: str, as_json: bool
) -> None:  # fmt: skip
    """Record values on a form of the trial file's own: vital signs, history, medication, laboratory. No analysis reads them."""
    orders.give(
        trial, log_path, as_json, desk.own_forms.record(by, patient, form, on, values, visit, why, key, confirm=confirm)
    )


@click.command(cls=Command, name="laboratory", short_help="Record laboratory values of a CSV, all or none.")
@trial_argument
@log_option
@_FORM
@click.option(
    "--table",
    type=click.Path(path_type=Path),
    required=True,
    help="CSV with the columns patient, day, visit, test, value, unit.",
)
@_CONFIRM
@orders.by
@orders.why
@json_option
def laboratory(
    trial: str, log_path: Address, form: str, table: Path, confirm: bool, by: str, why: str, as_json: bool
) -> None:
    """Record laboratory values, a row each, through the same orders as a form that is typed. Other units are refused: nothing is converted."""
    rows = desk.own_forms.read_rows(table)
    orders.give(trial, log_path, as_json, desk.own_forms.laboratory(by, form, rows, why, confirm=confirm))
