"""`equipoise basket`: cohorts that are decided together: how that behaves, exactly, and what they say."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import click

from equipoise import desk
from equipoise.cli.common import DAY, emit, json_option, say, show_table
from equipoise.cli.data import Asked, log_option
from equipoise.cli.usage import Command

if TYPE_CHECKING:
    from equipoise.files.log_address import Address


@click.command(cls=Command, name="basket", short_help="Cohorts that are decided together: errors, power, decision.")
@click.argument("trial", required=False)
@click.option("--cohorts", type=click.IntRange(2, 8), default=3, show_default=True, help="Cohorts, without a trial.")
@click.option("--n", type=click.IntRange(2, 200), default=20, show_default=True, help="Patients of each.")
@click.option(
    "--p0", type=click.FloatRange(0, 1, min_open=True, max_open=True), default=0.1, show_default=True, help="Null rate."
)
@click.option(
    "--p1",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.3,
    show_default=True,
    help="Rate hoped for.",
)
@click.option(
    "--alpha", type=click.FloatRange(0, 1, min_open=True, max_open=True), default=0.05, show_default=True,
    help="Most error where all are null: the family's for pruned-and-pooled, a cohort's for the others.",
)  # fmt: skip
@click.option(
    "--n1", type=click.IntRange(0, 199), default=0, help="Patients of each cohort's first stage; 0: there is none."
)
@click.option("--r1", type=click.IntRange(0, 198), default=0, help="Pruned with so many responses or fewer of n1.")
@click.option(
    "--model", "models", multiple=True, help="independent, pruned-and-pooled, similarity, exnex (default: each)."
)
@log_option
@click.option("--cutoff", type=DAY, help="Decide on the data up to this day, YYYY-MM-DD.")
@click.option("--as", "--reader", "reader", help="Who reads, in a log with people.")
@json_option
def command(
    trial: str | None, cohorts: int, n: int, p0: float, p1: float, alpha: float, n1: int, r1: int, models: tuple[str, ...],
    log_path: Address | None, cutoff: date | None, reader: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Say how cohorts behave that lend each other what they have seen; with TRIAL and --log, what they say.

    Exact: every way in which the cohorts may end is weighed. A TRIAL has [basket] and cohorts of two stages each.

    \b
    equipoise basket --cohorts 3 --n 20 --n1 10 --r1 1 --p0 0.1 --p1 0.3
    equipoise basket my-trial --log my-trial/log.jsonl
    """
    if trial is None:
        shown = desk.basket.plan(cohorts, n, p0, p1, alpha, n1, r1, models)
    else:
        found = desk.opening.load_trial(trial)
        if log_path is not None:
            data = Asked(log_path, None, cutoff, None, None, reader=reader).take(trial, found)
            decided = desk.basket.decide(data.trial, data.log, data.snap.cutoff, data.snap.known_on)
            if as_json:
                emit(decided.as_json())
                return
            for name, why in decided.waiting.items():
                say(f"{name}: {why}.")
            if decided.cohorts:
                show_table(decided.table())
            return
        shown = desk.basket.of_trial(found)
    if as_json:
        emit(shown.as_json())
        return
    for t in shown.tables():
        show_table(t)
