"""Run a grid of dose finding: what each design hands over under each truth, and the phase II that follows; kept cell by cell."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from equipoise.desk.interrupt import unbroken
from equipoise.desk.pages import write_page
from equipoise.dossier.dose_planner import dose_page, dose_table, split_table
from equipoise.files.bundled import find_scenario, find_trial
from equipoise.files.dose_grid_file import DoseGrid, read_dose_grid
from equipoise.files.plain import to_json
from equipoise.files.scenario_file import read_scenario
from equipoise.files.trial_file import read_trial
from equipoise.files.write import write_text
from equipoise.simulate.dose_grid import Delivered, DoseCell, DoseGridRow, after_phase1, delivered
from equipoise.simulate.phase1_rows import Phase1Row, simulate_phase1
from equipoise.simulate.phase1_summary import summarise_phase1
from equipoise.simulate.plan import Plan
from equipoise.simulate.replicates import default_workers, simulate
from equipoise.simulate.scenario import Scenario
from equipoise.simulate.summary import summarise
from equipoise.simulate.tally import Tally
from equipoise.trial.design import Quantity
from equipoise.trial.exhibits import Table
from equipoise.trial.trial import Trial

#: Told of how many trials there are in all, it says whom to tell of how many more are done.
Watch = Callable[[int], Callable[[int], object]]
#: What efficacy is taken to hang on.
ASSIGNED, GIVEN = "the same at every dose", "by what is given"


@dataclass(frozen=True)
class DoseGridRun:
    """What came of the grid. ``whole`` is False after an interrupt: the same call goes on from there."""

    grid: DoseGrid
    trial: Trial
    rows: Sequence[DoseGridRow]
    whole: bool
    page: Sequence[Path]
    out: Path

    def tables(self) -> list[Table]:
        """Two tables a truth: what is handed over, and P(declare) by that dose."""
        done = [t.label for t in self.grid.truth if any(r.cell.truth == t.label for r in self.rows)]
        return [table(self.rows, truth) for truth in done for table in (dose_table, split_table)]

    def as_json(self) -> dict[str, Any]:
        """The documented shape."""
        return {
            "trial": self.trial.id, "interrupted": not self.whole, "out": str(self.out),
            "cells": [
                {"assumed": r.cell.truth, "design": r.cell.design, **r.summary.as_json(r.cell.plan.labels), "phase2": r.after} for r in self.rows
            ],
        }  # fmt: skip


def run(
    trial: str, grid_path: Path, out: Path, workers: int | None = None, watch: Watch = lambda total: lambda more: None
) -> DoseGridRun:
    """Do what is still to be done, and write the page. KeyboardInterrupt, or a kill, loses no cell that is done."""
    grid, cells = read_dose_grid(grid_path)
    phase2 = _Phase2(trial, grid, workers or default_workers())
    more = watch(len(cells) * grid.replicates)
    rows: list[DoseGridRow] = []
    whole = True
    try:
        for cell in cells:
            found = _kept(out, cell, grid, workers or default_workers(), more)
            handed = [r.handed_over for r in found]
            given, declare = phase2.at(cell)
            rows.append(
                DoseGridRow(
                    cell,
                    summarise_phase1(cell.plan, found, grid.replicates, exact=False),
                    after_phase1(handed, given, declare),
                )
            )
    except KeyboardInterrupt:
        whole = False
    page: list[Path] = []
    if whole:
        write_text(out / "dose.json", to_json(DoseGridRun(grid, phase2.trial, rows, whole, (), out).as_json()))
        page = write_page(dose_page(grid, phase2.trial, rows, phase2.said()), out / "dose.html")
    return DoseGridRun(grid, phase2.trial, rows, whole, page, out)


def _kept(out: Path, cell: DoseCell, grid: DoseGrid, workers: int, more: Callable[[int], object]) -> list[Phase1Row]:
    """The rows of a cell: from its file, or simulated and put there whole."""
    plan = cell.plan
    named = [plan.trial.fingerprint, plan.scenario.model_dump_json(), repr(plan.look), grid.seed, grid.replicates]
    key = hashlib.sha256(json.dumps(named).encode()).hexdigest()[:16]
    file = out / "dose-parts" / f"{key}.jsonl"
    if file.is_file():
        lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        if len(lines) == grid.replicates:
            more(grid.replicates)
            return [Phase1Row.read(line) for line in lines]
    found: list[Phase1Row] = []
    for some in simulate_phase1(plan, grid.replicates, workers):
        found.extend(some)
        more(len(some))
    with unbroken():
        write_text(file, "".join(json.dumps(r.as_json(), separators=(",", ":")) + "\n" for r in found))
    return found


class _Phase2:
    """Phase II at each dose under each truth; what is the same is simulated once."""

    def __init__(self, trial: str, grid: DoseGrid, workers: int) -> None:
        file = find_trial(trial)
        self.trial, self.grid, self.workers = read_trial(file), grid, workers
        self.scenario = read_scenario(find_scenario(file, grid.phase2.scenario))
        self.tested = self.trial.monitored.tested.name
        self.full = Plan.of(self.trial, self.scenario, grid.seed)
        self.known: dict[float, Quantity] = {}
        self.rate = self.full.courses[self.tested]

    def at(self, cell: DoseCell) -> tuple[list[Delivered], dict[str, list[Quantity]]]:
        """By level: what is given, and how often the trial declares by each way in which efficacy may hang on the dose."""
        plan, cycles = cell.plan, self.grid.phase2.cycles
        levels = range(1, len(plan.labels) + 1)
        given = [delivered(plan, k, cycles, self.rate) for k in levels]
        top = plan.trial.dose_levels[-1].dose * plan.doses_within(cycles * plan.drug.cycle_length.days)
        # Of who does not progress: progression before the last cycle is part of the rate.
        shares = [delivered(plan, k, cycles, None).amount / top for k in levels]
        return given, {
            ASSIGNED: [self._declared(1.0) for _ in levels],
            GIVEN: [self._declared(share) for share in shares],
        }

    def rate_at(self, share: float) -> float:
        """The rate that the scans show where ``share`` of the full highest dose is given: the log hazard ratio is proportional to it."""
        truth = self.scenario.arms[self.tested].observed_rate
        assert truth is not None, "the grid's scenario states the observed rate"
        none = self.grid.phase2.nothing
        ratio = math.log(truth) / math.log(none)
        return float(none ** (ratio**share))

    def _declared(self, share: float) -> Quantity:
        share = round(share, 3)
        if share not in self.known:
            arm = self.scenario.arms[self.tested].model_copy(update={"observed_rate": self.rate_at(share)})
            scenario = self.scenario.model_copy(update={"arms": {**self.scenario.arms, self.tested: arm}})
            self.known[share] = _declare(
                Plan.of(self.trial, Scenario.model_validate(scenario), self.grid.seed), self.grid, self.workers
            )
        return self.known[share]

    def said(self) -> Table:
        """What was simulated of phase II: the share of the highest dose that is given, the rate, and how often it declares."""
        rows = [
            [f"{share:.3f}", f"{self.rate_at(share):.3f}", f"{q.value:.3f} ± {q.mc_error or 0:.3f}"]
            for share, q in sorted(self.known.items(), reverse=True)
        ]
        return Table(
            "Phase II by what is given", ["Share of the full highest dose", "Rate that the scans show", "P(declare)"], rows,
            notes=(f"{self.grid.phase2.replicates:,} trials each, scenario '{self.scenario.id}', the compiled simulator where it is at hand.",),
        )  # fmt: skip


def _declare(plan: Plan, grid: DoseGrid, workers: int) -> Quantity:
    tally = Tally()
    for lines in simulate(plan, grid.phase2.replicates, workers):
        tally.add(lines)
    return summarise(plan, tally, grid.phase2.replicates).characteristics.declare
