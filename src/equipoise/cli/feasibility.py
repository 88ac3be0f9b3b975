"""`equipoise feasibility`: patients a month by the funnel, beside what the sites promise and what trials took."""

from __future__ import annotations

from pathlib import Path

import click

from equipoise import desk
from equipoise.cli.common import cohort_option, emit, figure_option, json_option, say, show_table, trial_argument
from equipoise.cli.usage import Command


@click.command(cls=Command, name="feasibility", short_help="Patients a month by a funnel, beside the sites' promise.")
@trial_argument
@cohort_option
@click.option(
    "--funnel",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A funnel in a file of its own (default: the trial's [[funnel]], else funnel.toml beside it).",
)
@click.option("--level", type=float, default=0.95, show_default=True, help="Probability that an interval holds.")
@click.option(
    "--scenario-out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a scenario with the funnel's accrual, for `simulate --scenario FILE`.",
)
@click.option(
    "--scenario", default="", help="The scenario whose accrual is replaced there (default: the trial's first)."
)
@figure_option("Write accrual by the funnel and by the sites' promise as SVG.")
@json_option
def command(
    trial: str, cohort: str, funnel: Path | None, level: float, scenario_out: Path | None, scenario: str, figure: Path | None, as_json: bool
) -> None:  # fmt: skip
    """Say how many patients a month a disease has for a trial: incidence, stage, antigen, eligible, reached, consenting.

    Each step is a count a year or a share, as a number or a Beta with its source. Beside it: what the sites promise, what past trials took,
    what relaxing one step is worth, months to each look, and the prevalence that an orphan designation rests on.

    \b
    equipoise feasibility north
    equipoise feasibility north --scenario-out slow.toml --scenario null
    """
    from equipoise.simulate.feasibility_exhibits import accrual_figure, tables

    shown = desk.feasibility.take(trial, cohort, funnel, level, scenario, scenario_out)
    if figure is not None:
        desk.pages.write_figure(figure, accrual_figure(shown.found, shown.trial), "feasibility")
    if as_json:
        emit(shown.as_json())
        return
    for table in tables(shown.found, shown.trial.entered):
        show_table(table)
    if shown.accrual is not None:
        a = shown.accrual
        say(
            f"Wrote {shown.written}: {shown.base} with accrual.pace = {a.pace:.4g} and accrual.varies = {a.varies:.4g}."
        )
    say(
        f"Fingerprint of the trial {shown.trial.fingerprint[:16]}; the funnel is from {shown.funnel_from}. Research software."
    )
