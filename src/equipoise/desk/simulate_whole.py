"""Simulate a trial of phase I and II from its first patient to its last decision, each replicate in one log."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from equipoise.desk.run_plans import kept, run_plans
from equipoise.desk.simulate_phase1 import each_scenario
from equipoise.simulate.phase1_summary import levels_table
from equipoise.simulate.processes import in_chunks
from equipoise.simulate.replicates import default_workers
from equipoise.simulate.whole import WholePlan, WholeRow, run_whole, whole_rows
from equipoise.simulate.whole_summary import WholeSummary, summarise_whole, whole_table
from equipoise.trial.exhibits import Table
from equipoise.trial.trial import Trial

#: Told of a plan before it runs, it says whom to tell how many of its trials are done.
Watch = Callable[[WholePlan], Callable[[int], object]]


@dataclass(frozen=True)
class SimulatedTrials:
    """What came of the plans; ``whole`` is False after an interrupt, and the last that ran is then shorter than asked."""

    trial: Trial
    plans: Sequence[WholePlan]
    summaries: Sequence[WholeSummary]
    whole: bool
    written: Sequence[Path] = ()

    def tables(self) -> list[Table]:
        """Two tables a scenario: phase I, and what follows from it."""
        pairs = zip(self.plans, self.summaries, strict=False)
        return [t for p, s in pairs for t in (levels_table(p.phase1, s.phase1), whole_table(p, s))]

    def as_json(self) -> dict[str, Any]:
        """The documented shape."""
        return {
            "trial": self.trial.id, "interrupted": not self.whole,
            "phase1": [s.as_json(p.phase1.labels) for p, s in zip(self.plans, self.summaries, strict=False)],
        }  # fmt: skip


def plans_of(name: str, trial: Trial, scenarios: Sequence[str], seed: int) -> list[WholePlan]:
    """A plan for each scenario. Raises BadInput with the problems of all."""
    return each_scenario(name, trial, scenarios, lambda scenario: WholePlan.of(trial, scenario, seed))


def run(
    trial: Trial,
    plans: Sequence[WholePlan],
    replicates: int,
    workers: int | None = None,
    out: Path | None = None,
    watch: Watch = lambda plan: lambda done: None,
) -> SimulatedTrials:
    """Run every plan, as ``simulate_phase1.run`` does."""
    ran = run_plans(
        plans,
        lambda plan: in_chunks(plan, whole_rows, replicates, workers or default_workers()),
        lambda plan, rows: summarise_whole(plan, rows, replicates),
        lambda plan, rows: [] if out is None else _keep(out, plan, rows, whole=len(rows) == replicates),
        watch,
    )
    return SimulatedTrials(trial, plans, ran.summaries, ran.whole, ran.written)


def _keep(out: Path, plan: WholePlan, rows: Sequence[WholeRow], *, whole: bool) -> list[Path]:
    stem = f"whole-{plan.phase1.scenario.id}-seed{plan.phase1.seed}"
    return kept(out, stem, rows, lambda: run_whole(plan, 0, detail=True).log, whole=whole)
