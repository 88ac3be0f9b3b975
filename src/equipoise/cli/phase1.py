"""Orders of phase I: `equipoise conduct assign`, a patient's dose level; `conduct adjudicate`, a committee's word on a DLT."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import click

from equipoise.cli import orders
from equipoise.cli.common import json_option, trial_argument
from equipoise.cli.known import log_option
from equipoise.cli.usage import Command

if TYPE_CHECKING:
    from equipoise.files.log_address import Address


@click.command(cls=Command, name="assign", short_help="Assign an enrolled patient to a dose level.")
@trial_argument
@log_option
@orders.patient
@orders.on
@click.option("--level", required=True, help="The label of one of [[dose_levels]].")
@orders.by
@orders.why
@orders.key
@json_option
def assign(
    trial: str, log_path: Address, patient: str, on: date, level: str, by: str, why: str, key: str, as_json: bool
) -> None:
    """Assign an enrolled patient to a dose level, once, before the first dose. `equipoise doses` says which the design gives."""
    orders.give(
        trial,
        log_path,
        as_json,
        lambda c, now: c.order("assigned", on, now, by, why, patient, data={"level": level}, key=key),
    )


@click.command(cls=Command, name="adjudicate", short_help="Record a committee's word on a DLT.")
@trial_argument
@log_option
@orders.patient
@orders.on
@click.option("--dlt", type=bool, required=True, help="true or false: had the patient a dose-limiting toxicity.")
@click.option("--reason", required=True, help="Why the committee says so.")
@orders.by
@orders.why
@orders.key
@json_option
def adjudicate(
    trial: str, log_path: Address, patient: str, on: date, dlt: bool, reason: str, by: str, why: str, key: str, as_json: bool
) -> None:  # fmt: skip
    """Record whether a patient had a dose-limiting toxicity in a committee's judgement.

    It corrects what follows from the records, and both are shown. A word that there was none speaks of what was recorded before it: a
    later or an upgraded event counts anew.
    """
    data = {"dlt": dlt, "reason": reason}
    orders.give(
        trial,
        log_path,
        as_json,
        lambda c, now: c.order("dlt adjudicated", on, now, by, why, patient, data=data, key=key),
    )
