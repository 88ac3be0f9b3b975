"""`equipoise drug`: a drug's model with its sources, its concentrations, and schedules side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from equipoise import desk
from equipoise.cli.common import (
    F,
    bullet,
    cohort_option,
    emit,
    figure_option,
    json_option,
    say,
    show_table,
    trial_argument,
)
from equipoise.cli.data import Asked, data_options
from equipoise.cli.pairs import Pairs
from equipoise.cli.usage import Group

drug_argument = click.argument("drug", metavar="DRUG")
trial_option = click.option(
    "--trial", default="", metavar="TRIAL", help="DRUG as this trial's file states it in [[drugs]]."
)


class Days(click.ParamType[tuple[int, ...]]):
    """Days of a cycle: 1,8,15."""

    name = "days"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """Read days; anything else is a usage error."""
        if isinstance(value, tuple):
            return value
        try:
            return tuple(int(n) for n in value.split(","))
        except ValueError:
            self.fail(f"got {value!r}; days of a cycle, such as 1,8", param, ctx)


def patient_options(command: F) -> F:
    """Who is given the drug."""
    for option in reversed(
        (
            click.option("--weight", type=float, help="Weight [kg]."),
            click.option("--height", type=float, help="Height [cm], for body surface with --weight."),
            click.option("--bsa", type=float, help="Body surface [m2]."),
            click.option(
                "--surface",
                type=click.Choice(["DuBois", "Mosteller"]),
                help="Formula of body surface (DuBois where not said).",
            ),
            click.option(
                "--gfr", type=float, help="Glomerular filtration rate [mL/min], for a dose by Calvert (AUC 5)."
            ),
            click.option("--covariates", type=Pairs(), help="Others of the drug's covariates: albumin=33,ecd=332."),
            click.option("--population", type=int, help="So many virtual patients: median and 90 % band."),
            click.option("--seed", type=int, help="Seed of the population (1 where not said)."),
        )
    ):
        command = option(command)
    return command


def _who(given: dict[str, Any]) -> Any:
    """What was said of patients, taken out of the options."""
    said = [*(given["covariates"] or {}).items()]
    said += [(k, given[k]) for k in ("weight", "bsa", "gfr") if given[k] is not None]
    return desk.drug.Who(said, given["height"], given["surface"], given["population"], given["seed"])


@click.group(cls=Group, name="drug", short_help="A drug's concentrations: model and sources, profiles, schedules.")
def command() -> None:
    """A drug as the simulator assumes it: its model with the source of every number, concentrations, schedules as equals.

    DRUG is a file in TOML or a bundled drug (T-DM1, tusamitamab-ravtansine, IMGN901). Nothing here is estimated from a trial's data.
    """


@command.command(short_help="The model, every number with its source, and what is assumed.")
@drug_argument
@trial_option
@json_option
def show(drug: str, trial: str, as_json: bool) -> None:
    """Show a drug's model: typical parameters with unit and source, covariates, the protocol's paragraph, assumptions."""
    found = desk.drug.show(drug, trial)
    if as_json:
        emit(found.as_json())
        return
    told = found.as_json()
    say(f"{found.drug.title}. Terminal half-life {told['half_life_days']:.2f} days.")
    for table in found.tables():
        click.echo()
        show_table(table)
    click.echo("\nFor a protocol (M11, 8.5):")
    say(told["paragraph"], indent="  ")
    click.echo("\nAssumed, or to be known:")
    bullet(told["assumptions"])


@command.command(short_help="Concentrations of a patient or a population under one schedule.")
@drug_argument
@trial_option
@click.option("--dose", required=True, help="Such as '3.6 mg/kg', '112 mg/m2', '180 mg' or 'AUC 5'.")
@click.option("--days", type=Days(), default="1", show_default=True, help="Days of the cycle, such as 1,8.")
@click.option("--every", default="21 days", show_default=True, help="Length of a cycle.")
@click.option("--cycles", type=int, default=1, show_default=True, help="How many cycles.")
@patient_options
@figure_option("Write the concentrations as SVG.")
@json_option
def profile(
    drug: str, trial: str, dose: str, days: tuple[int, ...], every: str, cycles: int, figure: Path | None, as_json: bool, **given: Any
) -> None:  # fmt: skip
    """Say what concentrations a schedule gives: largest, trough and area by cycle, and over time (--json)."""
    found = desk.drug.take_profile(drug, dose, days, every, cycles, _who(given), trial)
    _answer(found, found.found.patients.drug, figure, as_json)


@command.command(short_help="Schedules as equals on one axis.")
@drug_argument
@trial_option
@click.option(
    "--schedule",
    "schedules",
    multiple=True,
    required=True,
    help="Such as '60 mg/m2 days 1,8,15 every 28 days'; may be given again.",
)
@click.option("--over", type=int, default=84, show_default=True, help="Over so many days.")
@patient_options
@figure_option("Write the concentrations of all schedules as SVG.")
@json_option
def compare(
    drug: str, trial: str, schedules: tuple[str, ...], over: int, figure: Path | None, as_json: bool, **given: Any
) -> None:  # fmt: skip
    """Hold schedules against each other: what is given per cycle and per week, largest, trough and area."""
    found = desk.drug.compare(drug, schedules, over, _who(given), trial)
    _answer(found, found.profiles[0].patients.drug, figure, as_json)


@command.command(
    name="dose", short_help="What each dose of a trial comes to, if events follow exposure: its dose page."
)
@click.argument("trial", metavar="TRIAL")
@click.option(
    "--scenario", "scenarios", multiple=True, required=True, help="A scenario with [exposure]; may be given again."
)
@click.option("--patients", type=int, default=1000, show_default=True, help="Patients for each dose and schedule.")
@click.option("--replicates", type=int, default=200, show_default=True, help="Whole trials for each dose.")
@click.option("--seed", type=int, default=2010, show_default=True)
@click.option("--price", type=float, default=0.25, show_default=True, help="Of a patient who has to stop the drug, in patients free of progression.")  # fmt: skip
@click.option("--workers", type=int, help="Processes (all cores where not said).")
@click.option("--out", type=click.Path(path_type=Path), help="Write the page here (HTML).")
@json_option
def of_exposure(
    trial: str, scenarios: tuple[str, ...], patients: int, replicates: int, seed: int, price: float, workers: int | None, out: Path | None, as_json: bool
) -> None:  # fmt: skip
    """Simulate a trial's dose levels under scenarios with [exposure]: what is given, what comes of it, what phase I hands over, and utility.

    Everything is an assumption of the scenarios; Monte-Carlo errors stand beside each number.
    """
    found = desk.dose_exposure.page_of(trial, scenarios, patients, replicates, seed, price, workers)
    written = found.write(out) if out is not None else []
    if as_json:
        emit(found.as_json() | {"page": str(written[0]) if written else None})
        return
    for table in found.tables():
        show_table(table)
        click.echo()
    for path in written[:1]:
        click.echo(f"Wrote {path}.")
    say("Simulated, and every relation to exposure is assumed. Research software.")


@command.command(short_help="Concentrations that were measured in a trial, and what is read off them.")
@trial_argument
@cohort_option
@click.option("--patient", default="", help="One patient's profiles.")
@data_options
@figure_option("Write the first analyte's concentrations by arm as SVG.")
@json_option
def measured(trial: str, cohort: str, patient: str, asked: Asked, figure: Path | None, as_json: bool) -> None:
    """Say what concentrations were measured: by arm, or by dose level in phase I, Cmax, Tmax, areas, half-life and clearance.

    Without a model: areas by the linear-up log-down rule. Samples are recorded by `equipoise conduct sample`.
    """
    found = desk.opening.load_trial(trial)
    found = found.one(cohort) if cohort else found
    data = asked.take(trial, found)
    shown = desk.measured.take(data.trial, data.snap, patient)
    drawn = shown.figure()
    if figure is not None and drawn is not None:
        desk.pages.write_figure(figure, drawn, "concentrations")
    if as_json:
        emit(shown.as_json())
        return
    for table in shown.tables():
        show_table(table)
    if not shown.profiles:
        click.echo("No concentration is recorded.")
    if figure is not None:
        click.echo(f"Wrote {figure}." if drawn is not None else "No figure: no two samples after one dose.")
    say(f"Fingerprints: trial {data.trial.fingerprint[:16]}, data {data.snap.head[:16]}. Research software.")


def _answer(found: Any, drug: Any, figure: Path | None, as_json: bool) -> None:
    """The two ways in which an answer is told."""
    if figure is not None:
        desk.pages.write_figure(figure, found.figure(), "concentrations")
    if as_json:
        emit(found.as_json())
        return
    for table in found.tables():
        show_table(table)
    if figure is not None:
        click.echo(f"Wrote {figure}.")
    say(
        f"An assumption of the simulator with a source, no estimate: `equipoise drug show {drug.id}` says whose. Research software."
    )
