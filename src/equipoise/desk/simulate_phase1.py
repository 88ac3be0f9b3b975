"""Simulate a phase I through the log: a plan for each scenario, replicates on several cores, and what they say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from equipoise.desk.run_plans import kept, run_plans, told_together
from equipoise.files.bundled import find_scenario, find_trial, scenario_names
from equipoise.files.scenario_file import read_scenario
from equipoise.simulate.phase1_plan import Phase1Plan
from equipoise.simulate.phase1_rows import Phase1Row, simulate_phase1
from equipoise.simulate.phase1_run import run as run_one
from equipoise.simulate.phase1_summary import Phase1Summary, levels_table, summarise_phase1
from equipoise.simulate.replicates import default_workers
from equipoise.simulate.scenario import Scenario
from equipoise.trial.exhibits import Table
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial

P = TypeVar("P")
#: Told of a plan before it runs, it says whom to tell how many of its trials are done.
Watch = Callable[[Phase1Plan], Callable[[int], object]]


@dataclass(frozen=True)
class SimulatedDoses:
    """What came of the plans; ``whole`` is False after an interrupt, and the last that ran is then shorter than asked."""

    trial: Trial
    plans: Sequence[Phase1Plan]
    summaries: Sequence[Phase1Summary]
    whole: bool
    written: Sequence[Path] = ()

    def tables(self) -> list[Table]:
        """A table a scenario."""
        return [levels_table(p, s) for p, s in zip(self.plans, self.summaries, strict=False)]

    def as_json(self) -> dict[str, Any]:
        """The documented shape."""
        return {
            "trial": self.trial.id, "interrupted": not self.whole,
            "phase1": [s.as_json(p.labels) for p, s in zip(self.plans, self.summaries, strict=False)],
        }  # fmt: skip


def plans_of(name: str, trial: Trial, scenarios: Sequence[str], seed: int) -> list[Phase1Plan]:
    """A plan for each scenario. Raises BadInput with the problems of all."""
    return each_scenario(name, trial, scenarios, lambda scenario: Phase1Plan.of(trial, scenario, seed))


def each_scenario(name: str, trial: Trial, scenarios: Sequence[str], plan_of: Callable[[Scenario], P]) -> list[P]:
    """Plans of the scenarios that are named, else of all in the trial's folder: of a trial of phase I and II those in `scenarios/whole`.

    Raises BadInput with the problems of all.
    """
    file = find_trial(name)
    folder = "scenarios/whole" if trial.in_parts else "scenarios"
    names = list(scenarios) or scenario_names(file, folder)
    if not names:
        allowed = (
            f"scenario files in the folder `{folder}` beside the trial file, with [phase1]: what is true by dose level"
        )
        raise BadInput(trial.id, [Problem("no-scenarios", "scenarios", "none", allowed)])
    plans: list[P] = []
    refused: list[tuple[str, BadInput]] = []
    for scenario in names:
        try:
            plans.append(plan_of(read_scenario(find_scenario(file, scenario, folder))))
        except BadInput as bad:
            refused.append((scenario, bad))
    told_together(trial.id, refused)
    return plans


def run(
    trial: Trial,
    plans: Sequence[Phase1Plan],
    replicates: int,
    workers: int | None = None,
    out: Path | None = None,
    watch: Watch = lambda plan: lambda done: None,
) -> SimulatedDoses:
    """Run every plan. KeyboardInterrupt ends it, and what is done is kept.

    With ``out`` a folder keeps one line a replicate, and the log of each plan's first.
    """
    ran = run_plans(
        plans,
        lambda plan: simulate_phase1(plan, replicates, workers or default_workers()),
        lambda plan, rows: summarise_phase1(plan, rows, replicates),
        lambda plan, rows: [] if out is None else _keep(out, plan, rows, whole=len(rows) == replicates),
        watch,
    )
    return SimulatedDoses(trial, plans, ran.summaries, ran.whole, ran.written)


def _keep(out: Path, plan: Phase1Plan, rows: Sequence[Phase1Row], *, whole: bool) -> list[Path]:
    return kept(out, f"{plan.scenario.id}-seed{plan.seed}", rows, lambda: run_one(plan, 0).log, whole=whole)
