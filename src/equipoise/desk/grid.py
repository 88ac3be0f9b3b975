"""Run a grid: scenarios × choices, kept piece by piece, on this machine or on a cluster."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from equipoise.desk.pages import write_page
from equipoise.dossier.planner import grid_page
from equipoise.files.bundled import find_trial
from equipoise.files.cluster import on_dask, on_threads
from equipoise.files.grid_file import read_grid
from equipoise.files.parts import Parts, write_rows
from equipoise.files.write import write_text
from equipoise.simulate.grid import Cell, Difference, Paired, Piece, cells_table, differences_table, pairs, pieces, row
from equipoise.simulate.lines import Lines
from equipoise.simulate.replicates import default_workers
from equipoise.simulate.summary import Summary, summarise
from equipoise.simulate.tally import Tally
from equipoise.trial.exhibits import Table

#: Told of how many cells, trials in all and trials done already, it says whom to tell of how many more are done.
Watch = Callable[[int, int, int], Callable[[int], object]]


@dataclass(frozen=True)
class GridRun:
    """What the pieces that are there say. ``whole`` is False after an interrupt: the same call goes on from there."""

    cells: Sequence[Cell]
    summaries: Sequence[Summary | None]
    differences: Sequence[Difference]
    rows: Sequence[dict[str, Any]]
    whole: bool
    already_done: int
    pieces: int
    out: Path
    page: Sequence[Path]

    def tables(self) -> list[Table]:
        """The cells, and their differences where there are any."""
        found = [cells_table(self.cells, self.summaries)]
        return [*found, differences_table(self.differences)] if self.differences else found

    def as_json(self) -> dict[str, Any]:
        """The documented shape."""
        return {
            "trial": self.cells[0].plan.trial.id, "interrupted": not self.whole, "already_done": self.already_done,
            "pieces": self.pieces, "cells": self.rows, "differences": self.differences, "out": str(self.out),
        }  # fmt: skip


def run(
    trial: str,
    grid_path: Path,
    out: Path,
    workers: int | None = None,
    cluster: str | None = None,
    watch: Watch = lambda cells, all_in_all, done: lambda more: None,
) -> GridRun:
    """Do what is still to be done of a grid, and write what it says. KeyboardInterrupt, or a kill, loses nothing done."""
    grid, cells = read_grid(grid_path, find_trial(trial))
    parts = Parts(out, cells)
    everything = list(pieces(len(cells), grid.replicates))
    todo = [p for p in everything if not parts.done(p)]
    total = len(cells) * grid.replicates
    more = watch(len(cells), total, total - sum(p.n for p in todo))
    whole = True
    try:
        results: Iterator[tuple[Piece, Lines]] = iter(())
        if todo:
            results = (
                on_dask(cells, todo, cluster) if cluster else on_threads(cells, todo, workers or default_workers())
            )
        for piece, lines in results:
            parts.keep(piece, lines)
            more(piece.n)
    except KeyboardInterrupt:
        whole = False
    summaries, differences = say(parts, everything, grid.replicates)
    there = [(c, s) for c, s in zip(cells, summaries, strict=True) if s is not None]
    rows = [row(c, s) for c, s in there]
    if rows:
        write_rows(out / "results.parquet", rows)
    _write_differences(out / "differences.csv", differences)
    page: list[Path] = []
    if len(there) == len(cells):
        document = grid_page(cells, [s for _, s in there], differences, grid.title, grid.question)
        page = write_page(document, out / "page.html")
    already = len(everything) - len(todo)
    return GridRun(cells, summaries, differences, rows, whole, already, len(everything), out, page)


def say(parts: Parts, everything: Sequence[Piece], asked: int) -> tuple[list[Summary | None], list[Difference]]:
    """What the pieces that are there say: a summary for each cell, and differences between cells that have the same
    pieces. One piece of two cells is in memory at a time."""
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
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["cell", "against", "figure", "difference", "mc_error", "independent_error", "variance_reduction"])
    for d in differences:
        q: Any = d.difference
        writer.writerow([d.cell, d.against, d.column, q.value, q.mc_error, d.independent_error, d.reduction])
    write_text(path, text.getvalue())
