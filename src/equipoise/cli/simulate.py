"""`equipoise simulate`: conduct many trials with virtual patients."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from equipoise.cli.common import emit, json_option, load_trial, show_table, trial_argument

if TYPE_CHECKING:
    from equipoise.simulate.lines import Lines
    from equipoise.simulate.plan import Plan, Waiting
    from equipoise.simulate.replicates import Engine
    from equipoise.simulate.summary import Summary
    from equipoise.trial.design import Characteristics
    from equipoise.trial.trial import Trial


@click.command(name="simulate", short_help="Conduct many trials with virtual patients.")
@trial_argument
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
    help="The compiled kernel (needs numba) or the loop through the log: the same trials, thousands of times slower.",
)
@click.option(
    "--grid",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A grid of scenarios and choices, in TOML; needs --out.",
)
@click.option("--page", type=click.Path(path_type=Path, dir_okay=False), help="Write the planner's page (HTML) here.")
@click.option("--cluster", help="Work on a grid by Dask: tcp://HOST:PORT, or local:N for N processes here.")
@json_option
def command(
    trial: str,
    scenarios: tuple[str, ...],
    replicates: int,
    seed: int,
    waiting: str,
    workers: int | None,
    out: Path | None,
    engine: Engine | None,
    grid: Path | None,
    page: Path | None,
    cluster: str | None,
    as_json: bool,
) -> int:
    """Conduct many trials with virtual patients, through the same log, endpoints and decisions as a real one.

    Shown are probabilities with their Monte-Carlo errors beside the design's exact ones, and what planners need to
    know: how many patients are already randomised when the interim look reads out. Ctrl-C keeps what is done.
    """
    if grid is not None:
        from equipoise.cli.simulate_grid import run_grid

        if out is None:
            raise click.UsageError("--grid needs --out: a folder that keeps what is done.")
        return run_grid(trial, grid, out, workers, cluster, as_json)
    if cluster is not None:
        raise click.UsageError("--cluster goes with --grid.")
    from equipoise.files.bundled import find_trial

    found, file = load_trial(trial), find_trial(trial)
    found.monitored  # noqa: B018 - a trial without a design is refused before anything else
    known: dict[str, list[Any]] = {"as planned": [None], "both": ["continue", "pause"]}
    plans = plans_of(found, file, scenarios, seed, known.get(waiting, [waiting]))
    summaries, exact, whole = run_plans(plans, replicates, workers, out, engine=engine)
    if page is not None and summaries:
        from equipoise.cli.pages import write_page
        from equipoise.cli.planner_page import grid_page
        from equipoise.simulate.grid import Cell

        cells = [
            Cell(p.scenario.id, {"Waiting": s.waiting}, {"monitoring.while_waiting": s.waiting}, p)
            for p, s in zip(plans, summaries, strict=False)
        ]
        write_page(grid_page(cells, summaries, []), page)
    if as_json:
        emit({"trial": found.id, "interrupted": not whole, "summaries": summaries, "exact": exact})
    elif summaries:
        from equipoise.simulate.summary import summary_table

        show_table(summary_table(summaries, exact))
    if not whole:
        click.echo("Interrupted: what was done is shown" + (" and kept." if out else "; --out keeps each."), err=True)
    return 0 if whole else 1


def plans_of(trial: Trial, file: Path, names: Sequence[str], seed: int, ways: Sequence[Waiting | None]) -> list[Plan]:
    """A plan for each scenario and each way of waiting. Raises BadInput with the problems of all scenarios at once."""
    from equipoise.files.scenario_file import scenarios_of
    from equipoise.simulate.plan import Plan
    from equipoise.trial.problem import BadInput, Problem

    plans: list[Plan] = []
    refused: list[tuple[str, BadInput]] = []
    for name, read in scenarios_of(trial, file, names):
        courses = None
        try:
            truth = read()
            for way in ways:
                plans.append(Plan.of(trial, truth, seed, way, courses=courses))
                courses = plans[-1].courses
        except BadInput as bad:
            refused.append((name, bad))
    if len(refused) == 1:
        raise refused[0][1]
    if refused:
        problems = [
            Problem(p.code, f"scenario {name}: {p.where}", p.given, p.allowed, p.next_step)
            for name, bad in refused
            for p in bad.problems
        ]
        raise BadInput(f"scenarios of {trial.id}", problems)
    return plans


def run_plans(
    plans: Sequence[Plan],
    replicates: int,
    workers: int | None,
    out: Path | None,
    quiet: bool = False,
    engine: Engine | None = None,
) -> tuple[list[Summary], list[Characteristics | None], bool]:
    """Run every plan with progress on the terminal. The last value is False after Ctrl-C: what is done is kept."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from equipoise.cli.interrupt import unbroken
    from equipoise.files.kernels import ready
    from equipoise.simulate.replicates import default_workers, simulate
    from equipoise.simulate.summary import exact_of, summarise
    from equipoise.simulate.tally import Tally

    ready()
    summaries: list[Summary] = []
    exact: list[Characteristics | None] = []
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    whole = True
    with Progress(*columns, console=Console(stderr=True), disable=quiet) as progress:
        for plan in plans:
            task = progress.add_task(f"{plan.scenario.id}, {plan.waiting}", total=replicates)
            tally, lines = Tally(), _Lines(out, plan)
            try:
                for found in simulate(plan, replicates, workers or default_workers(), engine=engine):
                    with unbroken():
                        tally.add(found)
                        lines.keep(found, tally.n)
                    progress.update(task, completed=tally.n)
            except KeyboardInterrupt:
                whole = False
            lines.close()
            if tally.n:
                summaries.append(summarise(plan, tally, replicates))
                exact.append(exact_of(plan))
            if not whole:
                break
    return summaries, exact, whole


class _Lines:
    """One line a replicate (JSON Lines), put in its place when all that came is written."""

    def __init__(self, folder: Path | None, plan: Plan) -> None:
        self.file = None
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            self.path = folder / f"{plan.scenario.id}-{plan.waiting}-seed{plan.seed}.jsonl"
            self.part = self.path.with_suffix(".part")
            self.file = self.part.open("w", encoding="utf-8")

    def keep(self, lines: Lines, done: int) -> None:
        import json

        from equipoise.simulate.lines import NONE

        if self.file is None:
            return
        n = len(lines["looks"])
        columns = {name: [None if v == NONE else v for v in values.tolist()] for name, values in lines.items()}
        for i in range(n):
            line = {"replicate": done - n + i} | {name: values[i] for name, values in columns.items()}
            self.file.write(json.dumps(line, separators=(",", ":")) + "\n")

    def close(self) -> None:
        if self.file is not None:
            self.file.close()
            self.part.replace(self.path)
