"""`equipoise simulate TRIAL --grid FILE`: scenarios × choices, kept piece by piece, on this machine or on a cluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from equipoise.cli.common import emit, show_table

if TYPE_CHECKING:
    from equipoise.files.parts import Parts
    from equipoise.simulate.grid import Cell, Difference, Piece
    from equipoise.simulate.lines import Lines
    from equipoise.simulate.summary import Summary


def run_grid(trial: str, grid_path: Path, out: Path, workers: int | None, cluster: str | None, as_json: bool) -> int:
    """Do what is still to be done of a grid, and show what it says. Ctrl-C, or a kill, loses nothing that is done."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from equipoise.files.bundled import find_trial
    from equipoise.files.cluster import on_dask, on_threads
    from equipoise.files.grid_file import read_grid
    from equipoise.files.parts import Parts, write_rows
    from equipoise.simulate.grid import cells_table, differences_table, pieces, row
    from equipoise.simulate.replicates import default_workers

    grid, cells = read_grid(grid_path, find_trial(trial))
    parts = Parts(out, cells)
    everything = list(pieces(len(cells), grid.replicates))
    todo = [p for p in everything if not parts.done(p)]
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    whole = True
    with Progress(*columns, console=Console(stderr=True), disable=as_json) as progress:
        total = len(cells) * grid.replicates
        task = progress.add_task(f"{len(cells)} cells", total=total, completed=total - sum(p.n for p in todo))
        try:
            results: Iterator[tuple[Piece, Lines]] = iter(())
            if todo:
                results = (
                    on_dask(cells, todo, cluster) if cluster else on_threads(cells, todo, workers or default_workers())
                )
            for piece, lines in results:
                parts.keep(piece, lines)
                progress.advance(task, piece.n)
        except KeyboardInterrupt:
            whole = False
    summaries, differences = say(parts, everything, grid.replicates)
    there = [(c, s) for c, s in zip(cells, summaries, strict=True) if s is not None]
    if there:
        write_rows(out / "results.parquet", [row(c, s) for c, s in there])
    _write_differences(out / "differences.csv", differences)
    page: list[Path] = []
    if len(there) == len(cells):
        from equipoise.cli.pages import write_page
        from equipoise.cli.planner_page import grid_page

        known = [s for _, s in there]
        page = write_page(grid_page(cells, known, differences, grid.title, grid.question), out / "page.html")
    if as_json:
        emit(
            {
                "trial": cells[0].plan.trial.id,
                "interrupted": not whole,
                "already_done": len(everything) - len(todo),
                "pieces": len(everything),
                "cells": [row(c, s) for c, s in there],
                "differences": differences,
                "out": str(out),
            }
        )
    else:
        show_table(cells_table(cells, summaries))
        if differences:
            show_table(differences_table(differences))
        click.echo(f"Kept in {out}: results.parquet, differences.csv, and each replicate in parts.")
        if page:
            click.echo(f"The page: {page[0]}, {len(page) - 1} figures beside it.")
    if not whole:
        click.echo("Interrupted: what was done is kept; the same command goes on from there.", err=True)
    return 0 if whole else 1


def say(parts: Parts, everything: Sequence[Piece], asked: int) -> tuple[list[Summary | None], list[Difference]]:
    """What the pieces that are there say: a summary for each cell, and differences between cells that have the same
    pieces. One piece of two cells is in memory at a time."""
    from equipoise.simulate.grid import Paired, pairs
    from equipoise.simulate.summary import summarise
    from equipoise.simulate.tally import Tally

    cells: Sequence[Cell] = parts.cells
    mine: list[list[Piece]] = [[] for _ in cells]
    for piece in everything:
        if parts.done(piece):
            mine[piece.cell].append(piece)
    summaries: list[Summary | None] = []
    for cell, done in zip(cells, mine, strict=True):
        tally = Tally()
        for piece in done:
            tally.add(parts.read(piece))
        summaries.append(summarise(cell.plan, tally, asked) if tally.n else None)
    differences: list[Difference] = []
    for a, b in pairs(cells):
        paired = Paired()
        other = {p.first: p for p in mine[b]}
        for piece in mine[a]:
            if piece.first in other:
                paired.add(parts.read(piece), parts.read(other[piece.first]))
        if paired.n > 1:
            differences += paired.differences(cells[a].name, cells[b].name)
    return summaries, differences


def _write_differences(path: Path, differences: Sequence[Difference]) -> None:
    import csv
    import io

    from equipoise.files.write import write_text

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["cell", "against", "figure", "difference", "mc_error", "independent_error", "variance_reduction"])
    for d in differences:
        q: Any = d.difference
        writer.writerow([d.cell, d.against, d.column, q.value, q.mc_error, d.independent_error, d.reduction])
    write_text(path, text.getvalue())
