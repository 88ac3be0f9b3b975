"""`equipoise simulate`: conduct many trials with virtual patients."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from equipoise import desk
from equipoise.cli.common import cohort_option, emit, json_option, progress, show_table, trial_argument
from equipoise.cli.extras import need
from equipoise.cli.simulate_phase1 import run_phase1
from equipoise.cli.usage import Command
from equipoise.trial.problem import BadInput, Problem

if TYPE_CHECKING:
    from rich.progress import Progress

    from equipoise.desk.simulate import Unfinished
    from equipoise.simulate.plan import Plan
    from equipoise.simulate.replicates import Engine


#: Said before the work begins, where nothing here can compile the simulator.
SLOW = "Slow: without numba the reference engine conducts some ten trials a second, the compiled one thousands. pip install numba"


@click.command(cls=Command, name="simulate", short_help="Conduct many trials with virtual patients.")
@trial_argument
@cohort_option
@click.option(
    "--scenario",
    "scenarios",
    multiple=True,
    help="A scenario of the trial's folder, or a file; all if none; the design's own truths if there are no files.",
)
@click.option("--replicates", type=click.IntRange(1, 1_000_000_000), default=10_000, show_default=True)
@click.option("--seed", type=int, default=2012, show_default=True)
@click.option(
    "--waiting",
    type=click.Choice(["as planned", "continue", "pause", "both"]),
    default="as planned",
    show_default=True,
    help="What enrolment does while a look is awaited.",
)
@click.option("--workers", type=click.IntRange(1), help="Cores to use; the results are the same for any number.")
@click.option("--out", type=click.Path(path_type=Path), help="Write one line a replicate (JSON Lines) to this folder.")
@click.option(
    "--engine",
    type=click.Choice(["compiled", "reference"]),
    help="The compiled kernel or the loop through the log: the same trials, thousands of times slower.",
)
@click.option(
    "--grid",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A grid of scenarios and choices, in TOML; needs --out.",
)
@click.option("--page", type=click.Path(path_type=Path, dir_okay=False), help="Write the planner's page (HTML) here.")
@click.option(
    "--part",
    type=click.Choice(["1", "2", "both"]),
    help="Of a trial of phase I and II: the part that finds the dose, phase II alone (as without it), or both in one log.",
)
@click.option("--cluster", help="Work on a grid by Dask: tcp://HOST:PORT, or local:N for N processes here.")
@json_option
def command(
    trial: str,
    cohort: str,
    scenarios: tuple[str, ...],
    replicates: int,
    seed: int,
    waiting: str,
    workers: int | None,
    out: Path | None,
    engine: Engine | None,
    grid: Path | None,
    page: Path | None,
    part: str | None,
    cluster: str | None,
    as_json: bool,
) -> int:
    """Conduct many trials with virtual patients, through the same log, endpoints and decisions as a real one.

    Shown are probabilities with their Monte-Carlo errors beside the design's exact ones, and what planners need to
    know: how many patients are already randomised when the interim look reads out. Ctrl-C keeps what is done.

    A phase I is simulated through the log alone: which dose is declared, how many patients and months it takes, how often a late report would
    have changed a decision. With --part both a trial of phase I and II is simulated from its first patient to its last decision.

    In a trial with cohorts each is a simulation of its own, and they are added up replicate by replicate; --cohort takes one.
    """
    if grid is not None:
        if out is None:
            raise BadInput(
                "simulate", [Problem("missing", "--out", "nothing", "with --grid: a folder that keeps what is done")]
            )
        need(
            "--grid" if cluster is None else "--grid with --cluster",
            "grid",
            "report",
            *["cluster"] * (cluster is not None),
        )
        from equipoise.cli.simulate_grid import run_grid

        return run_grid(trial, grid, out, workers, cluster, as_json)
    if cluster is not None:
        raise BadInput("simulate", [Problem("no-grid", "--cluster", cluster, "--cluster goes with --grid")])
    if page is not None:
        need("--page", "report")
    if engine == "compiled" and not desk.simulate.compiled():
        need("--engine compiled", "fast")
    if engine is None and not desk.simulate.compiled():
        click.echo(SLOW, err=True)
    found = desk.opening.load_trial(trial)
    if part is not None and not found.in_parts:
        given, allowed = part, "nothing: a trial of phase I and II has parts"
        raise BadInput("simulate", [Problem("no-parts", "--part", given, allowed, "leave it out")])
    if part in ("1", "both") or (found.phase1 is not None and found.design is None):
        asked = {"--engine": engine == "compiled", "--waiting": waiting != "as planned", "--page": page is not None}
        _not_of_phase1([option for option, given in asked.items() if given])
        return run_phase1(trial, scenarios, seed, replicates, workers, out, as_json, part == "both")
    if found.divided and not cohort and page is None:
        with progress() as bar:
            each = desk.cohorts.simulate(
                trial, found, scenarios, seed, waiting, replicates, workers, out, engine, watching(bar, replicates)
            )
        if as_json:
            emit(each.as_json())
        else:
            for table in each.tables():
                show_table(table)
        return _end(each.whole, out, each.unfinished)
    found = found.one(cohort)
    plans = desk.plans.plans_of(trial, found, scenarios, seed, waiting)
    with progress() as bar:
        done = desk.simulate.run(plans, replicates, workers, out, engine, watching(bar, replicates))
    if page is not None and done.summaries:
        done.write_page(page)
    if as_json:
        emit(done.as_json())
    elif done.summaries:
        show_table(done.table())
        safety = done.safety_table()
        if safety is not None:
            show_table(safety)
    return _end(done.whole, out, done.unfinished)


def _not_of_phase1(options: list[str]) -> None:
    """Refuse what is asked of a trial's looks where there are none."""
    allowed = "nothing: a phase I is simulated by the reference, through the log, and has no looks"
    if options:
        raise BadInput("simulate", [Problem("not-of-phase1", o, "given", allowed, "leave it out") for o in options])


def _end(whole: bool, out: Path | None, unfinished: Unfinished | None) -> int:
    """The exit status; an interrupt is told of, with the file that is not finished."""
    if not whole:
        click.echo("Interrupted: what was done is shown" + (" and kept." if out else "; --out keeps each."), err=True)
    if unfinished is not None:
        u = unfinished
        click.echo(
            f"{u.file} holds {u.replicates} of {u.asked} replicates: its name says so until all are there.", err=True
        )
    return 0 if whole else 1


def watching(bar: Progress, replicates: int) -> Callable[[Plan], Callable[[int], None]]:
    """A line of the bar for each plan."""

    def watch(plan: Plan) -> Callable[[int], None]:
        of = f"{plan.trial.cohort_name}, " if plan.trial.cohort_name else ""
        task = bar.add_task(f"{of}{plan.scenario.id}, {plan.waiting}", total=replicates)
        return lambda done: bar.update(task, completed=done)

    return watch
