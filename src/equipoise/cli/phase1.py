"""Orders of phase I: `equipoise conduct assign`, a patient's dose level; `adjudicate`, a committee's word on a DLT; `set-dose`, of phase II."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from equipoise.cli import orders
from equipoise.cli.common import DAY, F, json_option, trial_argument
from equipoise.cli.known import log_option
from equipoise.cli.seal import secret_option
from equipoise.cli.usage import Command

if TYPE_CHECKING:
    from equipoise.files.log_address import Address


def part_option(help_text: str) -> Callable[[F], F]:
    """--part, of a trial of phase I and II."""
    return click.option("--part", type=int, metavar="1|2", help=help_text)


@click.command(cls=Command, name="assign", short_help="Assign an enrolled patient to a dose level.")
@trial_argument
@log_option
@orders.patient
@orders.on
@click.option("--level", help="The label of one of [[dose_levels]]; not said where the design gives levels by lot.")
@click.option("--against-design", is_flag=True, help="Though the design does not give it now; --why says why.")
@click.option(
    "--backfill",
    is_flag=True,
    help="With --against-design: he is backfilled, and of no cohort. Where the design backfills it is recorded unasked.",
)
@secret_option
@orders.by
@orders.why
@orders.key
@json_option
def assign(
    trial: str,
    log_path: Address,
    patient: str,
    on: date,
    level: str | None,
    against_design: bool,
    backfill: bool,
    secret_file: Path | None,
    by: str,
    why: str,
    key: str,
    as_json: bool,
) -> None:
    """Assign an enrolled patient to a dose level, once, before the first dose.

    What the design does not give now is refused: another level, a cohort that is full while somebody is waited for, dose finding that has
    ended. With --against-design and a reason it is recorded so; an eliminated dose is given to nobody. Where levels are given by lot, the
    trial's secret gives it (`conduct seal`, `open --secret` or `commit`).
    """
    said = {"level": level, "against_design": against_design, "backfill": backfill}
    data: dict[str, Any] = {k: v for k, v in said.items() if v}
    orders.give(
        trial, log_path, as_json, lambda c, now: c.order("assigned", on, now, by, why, patient, data=data, key=key), secret_file,
        at_random=True,
    )  # fmt: skip


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


@click.command(cls=Command, name="set-dose", short_help="Set the dose that phase II is given.")
@trial_argument
@log_option
@click.option("--level", required=True, help="The label of one of [[dose_levels]].")
@orders.on
@click.option("--cutoff", type=DAY, help="Cut-off of the data by which it is set (default: the day).")
@click.option("--known-on", type=DAY, help="By what was recorded by this day (default: by now).")
@orders.by
@orders.why
@orders.key
@json_option
def set_dose(
    trial: str,
    log_path: Address,
    level: str,
    on: date,
    cutoff: date | None,
    known_on: date | None,
    by: str,
    why: str,
    key: str,
    as_json: bool,
) -> None:
    """Set the dose of phase II: a regimen that says dose = "from phase I" is given it from now on.

    The record holds what was known: the cut-off, the history, what the design recommends, the definition and the data by their
    fingerprints. A dose that the design has not declared, or another than it recommends, needs --why. A later change is an amendment.
    """
    orders.give(trial, log_path, as_json, lambda c, now: c.set_dose(level, on, now, by, why, cutoff, known_on, key))
