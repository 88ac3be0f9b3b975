"""`equipoise simulate TRIAL` of a phase I, or of phase I and II together: with virtual patients, each trial in one log."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from equipoise import desk
from equipoise.cli.common import emit, progress, show_table

if TYPE_CHECKING:
    from rich.progress import Progress

    from equipoise.desk.simulate_phase1 import SimulatedDoses
    from equipoise.desk.simulate_whole import SimulatedTrials
    from equipoise.simulate.phase1_plan import Phase1Plan
    from equipoise.simulate.whole import WholePlan


def run_phase1(
    trial: str, scenarios: tuple[str, ...], seed: int, replicates: int, workers: int | None, out: Path | None, as_json: bool,
    whole: bool = False,
) -> int:  # fmt: skip
    """Find the dose many times and, with ``whole``, go on to phase II's last decision; show what comes of it. Ctrl-C keeps what is done."""
    found = desk.opening.load_trial(trial)
    done: SimulatedDoses | SimulatedTrials
    if whole:
        both = desk.simulate_whole.plans_of(trial, found, scenarios, seed)
        with progress(as_json) as bar:
            done = desk.simulate_whole.run(found, both, replicates, workers, out, _watching_both(bar, replicates))
    else:
        plans = desk.simulate_phase1.plans_of(trial, found, scenarios, seed)
        with progress(as_json) as bar:
            done = desk.simulate_phase1.run(found, plans, replicates, workers, out, _watching(bar, replicates))
    if as_json:
        emit(done.as_json())
    else:
        for table in done.tables():
            show_table(table)
        for path in done.written:
            click.echo(f"Kept: {path}")
    if not done.whole:
        click.echo("Interrupted: what was done is shown" + (" and kept." if out else "; --out keeps it."), err=True)
    return 0 if done.whole else 1


def _watching(bar: Progress, replicates: int) -> Callable[[Phase1Plan], Callable[[int], None]]:
    """A line of the bar for each plan."""

    def watch(plan: Phase1Plan) -> Callable[[int], None]:
        task = bar.add_task(f"{plan.scenario.id}, phase I", total=replicates)
        return lambda done: bar.update(task, completed=done)

    return watch


def _watching_both(bar: Progress, replicates: int) -> Callable[[WholePlan], Callable[[int], None]]:
    """The same of both parts."""

    def watch(plan: WholePlan) -> Callable[[int], None]:
        task = bar.add_task(f"{plan.phase1.scenario.id}, phase I and II", total=replicates)
        return lambda done: bar.update(task, completed=done)

    return watch
