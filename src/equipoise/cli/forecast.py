"""`equipoise forecast`: when a look will be ripe, and how many will be on study then."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from equipoise import desk
from equipoise.cli.common import DAY, cohort_option, emit, figure_option, json_option, say, show_table, trial_argument
from equipoise.cli.data import Asked, known_on_option, reader_option, unblind_option
from equipoise.cli.log_place import LOG
from equipoise.cli.usage import Command
from equipoise.files.log_address import Address


@click.command(cls=Command, name="forecast", short_help="When a look will be ripe, and who is on study then.")
@trial_argument
@cohort_option
@click.option("--log", "log_path", type=LOG, required=True, help="The trial's log: a path or a URL.")
@click.option("--look", type=int, required=True, help="Number of the look, from 1.")
@click.option("--cutoff", type=DAY, help="Today (default: the last day of the log).")
@known_on_option
@unblind_option
@reader_option
@click.option("--draws", type=int, default=400, show_default=True, help="How often the rest of the trial is played.")
@click.option("--seed", type=int, default=1, show_default=True, help="Seed of the draws.")
@click.option(
    "--site-shape",
    type=float,
    default=4.0,
    show_default=True,
    help="How sure the planned rates are: Gamma shape a site.",
)
@figure_option("Write the fan of accrual as SVG.")
@json_option
def command(
    trial: str, cohort: str, log_path: Address, look: int, cutoff: date | None, known_on: date | None, unblind: Path | None, reader: str | None, draws: int, seed: int, site_shape: float,
    figure: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Foresee a look from the log as known today: its cohort enrolled, ripe, known; how many are randomised and on study then.

    A forecast of the operations only: nothing of the outcome by arm is said.
    """
    from equipoise.simulate.forecast import forecast
    from equipoise.simulate.forecast_exhibits import forecast_figure, forecast_table

    found = desk.opening.load_one(trial, cohort)
    data = Asked(log_path, None, cutoff, known_on, unblind, reader=reader).take(trial, found, "forecast")
    found, snap = data.trial, data.snap
    foreseen = forecast(found, snap, look, draws=draws, seed=seed, site_shape=site_shape)
    if figure is not None and not foreseen.ripe_already:
        desk.pages.write_figure(figure, forecast_figure(foreseen, found.entered), "accrual-foreseen")
    if as_json:
        emit(foreseen)
    elif foreseen.ripe_already:
        say(f"Look {look} is ripe at {foreseen.cutoff}: take it with `equipoise decide`.")
    else:
        show_table(forecast_table(foreseen, found.entered))
