"""`equipoise simulate TRIAL --grid FILE`: scenarios × choices, kept piece by piece, on this machine or on a cluster."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from equipoise import desk
from equipoise.cli.common import emit, progress, show_table
from equipoise.files.dose_grid_file import is_dose_grid
from equipoise.trial.problem import BadInput, Problem


def run_grid(trial: str, grid_path: Path, out: Path, workers: int | None, cluster: str | None, as_json: bool) -> int:
    """Do what is still to be done of a grid, and show what it says. Ctrl-C, or a kill, loses nothing that is done."""
    if is_dose_grid(grid_path):
        if cluster is not None:
            allowed = "nothing: a grid of dose finding works on this machine's cores"
            raise BadInput("simulate", [Problem("not-of-doses", "--cluster", cluster, allowed, "leave it out")])
        return _run_doses(trial, grid_path, out, workers, as_json)
    with progress(as_json) as bar:

        def watch(cells: int, total: int, done: int) -> Callable[[int], None]:
            task = bar.add_task(f"{cells} cells", total=total, completed=done)
            return lambda more: bar.advance(task, more)

        found = desk.grid.run(trial, grid_path, out, workers, cluster, watch)
    if as_json:
        emit(found.as_json())
    else:
        for table in found.tables():
            show_table(table)
        click.echo(f"Kept in {out}: results.parquet, differences.csv, and each replicate in parts.")
        if found.page:
            click.echo(f"The page: {found.page[0]}, {len(found.page) - 1} figures beside it.")
    if not found.whole:
        click.echo("Interrupted: what was done is kept; the same command goes on from there.", err=True)
    return 0 if found.whole else 1


def _run_doses(trial: str, grid_path: Path, out: Path, workers: int | None, as_json: bool) -> int:
    """A grid of dose finding: which dose is handed over, and what becomes of phase II."""
    with progress(as_json) as bar:

        def watch(total: int) -> Callable[[int], None]:
            task = bar.add_task("phase I", total=total)
            return lambda more: bar.advance(task, more)

        found = desk.dose_grid.run(trial, grid_path, out, workers, watch)
    if as_json:
        emit(found.as_json())
    else:
        for table in found.tables():
            show_table(table)
        if found.page:
            click.echo(f"The page: {found.page[0]}, {len(found.page) - 1} figures beside it.")
    if not found.whole:
        click.echo("Interrupted: each design that was done is kept; the same command goes on from there.", err=True)
    return 0 if found.whole else 1
