"""Read a grid of dose finding: designs of phase I crossed with truths, and the phase II that follows."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from equipoise.files.bundled import find_scenario, find_trial
from equipoise.files.grid_file import put
from equipoise.files.toml_file import read_toml
from equipoise.files.trial_file import trial_from
from equipoise.simulate.dose_grid import DoseCell
from equipoise.simulate.phase1_look import DeliveredLook
from equipoise.simulate.phase1_plan import Phase1Plan
from equipoise.simulate.scenario import Scenario
from equipoise.trial.part import Part
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.validate import tuples, validate_parts

#: What a file says that is such a grid.
OF_DOSES = "doses"


class LookSaid(Part):
    """A look at what was given before the declared level is handed over."""

    cycles: int = Field(ge=1, le=100, description="All at the level are followed for so many cycles.")
    at_least: float = Field(
        gt=0, le=1, description="Share of what was planned for these; below it the level below is handed over."
    )


class DesignSaid(Part):
    """A design of phase I: the entries of the trial file that it sets."""

    label: str = Field(min_length=1)
    set: dict[str, Any] = Field(description="Paths of the trial file and their values: {'phase1.window' = '84 days'}.")
    look: LookSaid | None = None


class TruthSaid(Part):
    """What is true: the entries of the scenario that it sets."""

    label: str = Field(min_length=1)
    because: str = Field(min_length=1, description="Why it is assumed.")
    set: dict[str, Any] = Field(default={}, description="Paths of the scenario and their values.")


class Phase2Said(Part):
    """The phase II that follows, of the trial that the command names."""

    scenario: str = Field(description="Its scenario: the truth at the highest dose, given in full.")
    nothing: float = Field(
        gt=0, lt=1, description="The monitored rate, as the scans show it, where nothing of the drug is given."
    )
    cycles: int = Field(default=6, ge=1, le=100, description="Cycles in which what is given counts.")
    replicates: Annotated[int, Field(ge=1, le=1_000_000)] = 20_000


class DoseGrid(Part):
    """Designs of phase I × truths, every combination with the same virtual patients."""

    format: Literal[1]
    of: Literal["doses"] = Field(description="What the grid is of.")
    title: str = Field(min_length=1)
    question: str = Field(min_length=1, description="What is asked and why, in paragraphs; the page begins with it.")
    phase1: str = Field(description="The trial whose phase I it is.")
    scenario: str = Field(description="A scenario of that trial.")
    replicates: Annotated[int, Field(ge=2, le=1_000_000)]
    seed: int
    design: tuple[DesignSaid, ...] = Field(min_length=1)
    truth: tuple[TruthSaid, ...] = Field(min_length=1)
    phase2: Phase2Said


def is_dose_grid(path: Path) -> bool:
    """True of a file that says it is a grid of dose finding."""
    return read_toml(path, "a grid in TOML").get("of") == OF_DOSES


def read_dose_grid(path: Path) -> tuple[DoseGrid, list[DoseCell]]:
    """The grid in ``path`` and its cells, truth by truth. Raises BadInput with all its problems."""
    raw = read_toml(path, "a grid in TOML")
    _, problems = validate_parts(DoseGrid, raw)
    if problems:
        raise BadInput(str(path), problems)
    grid = DoseGrid.model_validate(raw)
    file = find_trial(grid.phase1)
    base, said = (
        read_toml(file, "a trial file in TOML"),
        read_toml(find_scenario(file, grid.scenario), "a scenario in TOML"),
    )
    cells: list[DoseCell] = []
    for truth in grid.truth:
        for design in grid.design:
            where = f"{truth.label}, {design.label}"
            try:
                scenario = copy.deepcopy(dict(said))
                for entry, value in truth.set.items():
                    put(scenario, entry, value)
                scenario = tuples(scenario)
                _, found = validate_parts(Scenario, scenario)
                if found:
                    raise BadInput(where, found)
                changed = copy.deepcopy(dict(base))
                for entry, value in design.set.items():
                    put(changed, entry, value)
                look = DeliveredLook(design.look.cycles, design.look.at_least) if design.look is not None else None
                plan = Phase1Plan.of(trial_from(changed, where), Scenario.model_validate(scenario), grid.seed, look)
                cells.append(DoseCell(truth.label, design.label, plan))
            except BadInput as bad:
                problems += [
                    Problem(p.code, f"{where}: {p.where}", p.given, p.allowed, p.next_step) for p in bad.problems
                ]
    if problems:
        raise BadInput(str(path), problems)
    return grid, cells
