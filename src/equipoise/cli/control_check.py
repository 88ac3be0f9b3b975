"""`equipoise control-check`: what the control arm's check can see, and what a caution changes."""

from __future__ import annotations

from pathlib import Path

import click

from equipoise import desk
from equipoise.cli.common import cohort_option, emit, figure_option, json_option, say, show_table, trial_argument
from equipoise.cli.usage import Command

_ALL = ("exact binomial", "one-sample log-rank", "prior predictive", "Bayesian discrepancy")


@click.command(
    cls=Command, name="control-check", short_help="What the control arm's check can see, and what a caution changes."
)
@trial_argument
@cohort_option
@click.option(
    "--n", "sizes", type=click.IntRange(1, 1000), multiple=True, help="Controls (default: the trial's cohorts)."
)
@click.option("--method", "methods", type=click.Choice(_ALL), multiple=True, help="Methods (default: the trial's own).")
@click.option("--all-methods", is_flag=True, help="All four methods beside each other.")
@click.option(
    "--worth",
    type=click.FloatRange(1),
    default=100.0,
    show_default=True,
    help="Patients history is worth, where the file says nothing.",
)
@click.option(
    "--margin",
    type=click.FloatRange(0, 1, True, True),
    default=0.15,
    show_default=True,
    help="Difference that does not matter yet (Bayesian discrepancy).",
)
@click.option(
    "--entry",
    type=click.FloatRange(0, min_open=True),
    default=10.0,
    show_default=True,
    help="Months over which controls enter (log-rank test).",
)
@click.option(
    "--shape",
    type=click.FloatRange(0, min_open=True),
    default=1.0,
    show_default=True,
    help="Weibull shape of the controls' true times in the whole procedure (log-rank test).",
)
@click.option(
    "--replicates", type=click.IntRange(100), default=20000, show_default=True, help="For the simulated log-rank test."
)
@click.option("--seed", type=int, default=2012, show_default=True, help="Seed of that simulation.")
@figure_option("Write power against drift as SVG.")
@json_option
def command(
    trial: str, cohort: str, sizes: tuple[int, ...], methods: tuple[str, ...], all_methods: bool, worth: float, margin: float, entry: float, shape: float,
    replicates: int, seed: int, figure: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Say how often the check cautions when history is right, and how wrong history must be before it does.

    Then the whole procedure under drift: type I error and power of the trial for each thing that a caution may change, exact for
    the checks of a count, simulated for the log-rank test.
    """
    found = desk.opening.load_one(trial, cohort)
    asked = desk.control_check.Asked(
        sizes, _ALL if all_methods else methods, worth, margin, entry, shape, replicates, seed
    )
    checked = desk.control_check.run(found, asked)
    if figure is not None:
        desk.pages.write_figure(figure, checked.figure(), "control-check")
    if as_json:
        emit(checked.as_json())
        return
    show_table(checked.table())
    for text in checked.words:
        say(text)
    for table in checked.procedures:
        show_table(table)
    if figure is not None:
        click.echo(f"Wrote {figure}.")
