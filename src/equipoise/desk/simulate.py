"""Run plans: many trials with virtual patients; an interrupt keeps what is done."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from equipoise.desk.interrupt import unbroken
from equipoise.desk.pages import write_page
from equipoise.dossier.planner import grid_page
from equipoise.files.kernels import ready
from equipoise.files.write import hold
from equipoise.simulate.grid import Cell
from equipoise.simulate.lines import NONE, Lines
from equipoise.simulate.plan import Plan
from equipoise.simulate.replicates import Engine, default_workers, simulate
from equipoise.simulate.summary import Summary, exact_of, safety_table, summarise, summary_table
from equipoise.simulate.tally import Tally
from equipoise.trial.block_sizes import assumed_blocks
from equipoise.trial.design import Characteristics
from equipoise.trial.exhibits import Table
from equipoise.trial.problem import BadInput, Problem


def exposure_said(plan: Plan) -> list[str]:
    """What a plan's scenario assumes of exposure; and that the trial's dose modifications wait for a scenario that does."""
    if plan.scenario.exposure is not None:
        return list(plan.scenario.exposure.assumptions())
    if plan.trial.dose_modifications:
        return ["no [exposure] in the scenario: its doses know nothing of [[dose_modifications]]."]
    return []


#: Told of a plan before it runs, it says whom to tell how many of its trials are done.
Watch = Callable[[Plan], Callable[[int], object]]
#: Shown the lines of a plan's replicates as they come, in order.
Seen = Callable[[Plan, Lines], object]


@dataclass(frozen=True)
class Unfinished:
    """A file with the replicates of a plan that was interrupted: how many are in it, of how many."""

    file: Path
    replicates: int
    asked: int


@dataclass(frozen=True)
class Simulated:
    """What came of the plans; ``whole`` is False after an interrupt, and the last that ran is then shorter than asked."""

    plans: Sequence[Plan]
    summaries: Sequence[Summary]
    exact: Sequence[Characteristics | None]
    whole: bool
    unfinished: Unfinished | None = None

    def table(self) -> Table:
        """What came, beside what is known exactly."""
        table = summary_table(self.summaries, self.exact)
        return replace(table, notes=(*table.notes, self.assumed)) if self.assumed else table

    @property
    def assumed(self) -> str:
        """What is assumed of blocks whose sizes are sealed, and of exposure; ''."""
        said = [
            assumed_blocks(self.plans[0].trial),
            *(f"{p.scenario.id}: {text}" for p in self.plans for text in exposure_said(p)),
        ]
        return " ".join(filter(None, said))

    def safety_table(self) -> Table | None:
        """How often the safety rules beside the design spoke; None for trials without."""
        return safety_table({(s.scenario, s.waiting): s for s in self.summaries}, ["Waiting"])

    def as_json(self) -> dict[str, Any]:
        """The documented shape."""
        return {
            "trial": self.plans[0].trial.id, "interrupted": not self.whole, "summaries": self.summaries, "exact": self.exact,
            **({"assumed": self.assumed} if self.assumed else {}),
            **({} if self.unfinished is None else {"unfinished": self.unfinished_as_json()}),
        }  # fmt: skip

    def unfinished_as_json(self) -> dict[str, Any] | None:
        """The file that is not finished, and how many replicates are in it."""
        u = self.unfinished
        return None if u is None else {"file": str(u.file), "replicates": u.replicates, "asked": u.asked}

    def write_page(self, page: Path) -> list[Path]:
        """Write the planner's page; the paths, the page first."""
        cells = [
            Cell(p.scenario.id, {"Waiting": s.waiting}, {"monitoring.while_waiting": s.waiting}, p)
            for p, s in zip(self.plans, self.summaries, strict=False)
        ]
        return write_page(grid_page(cells, self.summaries, []), page)


def compiled() -> bool:
    """True where the compiled simulator is at hand."""
    return ready()


def run(
    plans: Sequence[Plan],
    replicates: int,
    workers: int | None = None,
    out: Path | None = None,
    engine: Engine | None = None,
    watch: Watch = lambda plan: lambda done: None,
    seen: Seen = lambda plan, lines: None,
) -> Simulated:
    """Run every plan; with ``out`` a folder keeps one line a replicate. KeyboardInterrupt ends it, and what is done is kept."""
    ready()
    summaries: list[Summary] = []
    exact: list[Characteristics | None] = []
    whole, unfinished = True, None
    for plan in plans:
        done, tally, lines = watch(plan), Tally(), _Lines(out, plan)
        try:
            for found in simulate(plan, replicates, workers or default_workers(), engine=engine):
                with unbroken():
                    tally.add(found)
                    lines.keep(found, tally.n)
                    seen(plan, found)
                done(tally.n)
        except KeyboardInterrupt:
            whole = False
        unfinished = lines.close(tally.n, replicates)
        if tally.n:
            summaries.append(summarise(plan, tally, replicates))
            exact.append(exact_of(plan))
        if not whole:
            break
    return Simulated(plans, summaries, exact, whole, unfinished)


class _Lines:
    """One line a replicate (JSON Lines), put in its place when all that were asked for are there; till then its name ends in `.part`."""

    def __init__(self, folder: Path | None, plan: Plan) -> None:
        self.file = None
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            of = f"{plan.trial.cohort_name}-" if plan.trial.cohort_name else ""
            self.path = folder / f"{of}{plan.scenario.id}-{plan.waiting}-seed{plan.seed}.jsonl"
            self.part = self.path.with_name(f"{self.path.name}.part")
            self.file = self.part.open("a", encoding="utf-8")
            if not hold(self.file.fileno()):
                self.file.close()
                given = f"{self.part.name}, which another run is writing"
                raise BadInput("simulate", [Problem("in-use", "--out", given, "another folder, or wait for it")])
            self.file.truncate(0)  # what a killed run of the same simulation left

    def keep(self, lines: Lines, done: int) -> None:
        if self.file is None:
            return
        n = len(lines["looks"])
        columns = {name: [None if v == NONE else v for v in values.tolist()] for name, values in lines.items()}
        for i in range(n):
            line = {"replicate": done - n + i} | {name: values[i] for name, values in columns.items()}
            self.file.write(json.dumps(line, separators=(",", ":")) + "\n")

    def close(self, done: int, asked: int) -> Unfinished | None:
        """Put the file in its place; if fewer are there than were asked for it keeps its name, and is returned. Without any it goes."""
        if self.file is None:
            return None
        self.file.close()
        if done == asked:
            self.part.replace(self.path)
            return None
        if not done:
            self.part.unlink()
            return None
        return Unfinished(self.part, done, asked)
