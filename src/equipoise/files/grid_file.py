"""Read a grid: scenarios crossed with choices, each choice any entries of the trial file or of the scenario."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from itertools import product
from math import prod
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from equipoise.files.bundled import find_scenario, scenario_names
from equipoise.files.toml_file import read_toml
from equipoise.files.trial_file import trial_from
from equipoise.simulate.grid import Cell
from equipoise.simulate.plan import Plan
from equipoise.simulate.scenario import Scenario
from equipoise.simulate.truth import calibrated
from equipoise.trial.part import Part
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.validate import tuples, validate_parts

#: Cells of a grid, each of which is planned before the first begins, and trials in all.
_MOST_CELLS, _MOST_TRIALS = 10_000, 10_000_000_000


class Setting(Part):
    """One choice: its label, and the entries it sets."""

    label: str = Field(min_length=1)
    set: dict[str, Any] = Field(
        description="Paths of the trial file, or of the scenario after 'scenario.', and their values: "
        "{'monitoring.while_waiting' = 'pause'}. Members of lists go by name: 'endpoints.PFS6.landmark'."
    )


class Axis(Part):
    """Something that may be chosen, and the choices; the first is what the others are compared with."""

    name: str = Field(min_length=1)
    values: tuple[Setting, ...] = Field(min_length=1)


class Grid(Part):
    """Scenarios × choices, every combination with the same replicates."""

    format: Literal[1]
    title: str = Field(default="", description="Title of the page.")
    question: str = Field(default="", description="What is asked and why, in paragraphs; the page begins with it.")
    scenarios: tuple[str, ...] = Field(default=(), description="Names in the trial's folder, or files; all if none.")
    replicates: Annotated[int, Field(ge=1, le=1_000_000_000)]
    seed: int
    axis: tuple[Axis, ...] = ()


def read_grid(path: Path, trial_file: Path) -> tuple[Grid, list[Cell]]:
    """The grid in ``path`` for the trial in ``trial_file``, and its cells. Raises BadInput with all its problems.

    Each scenario is calibrated for the trial as it stands in its file: a cell with other scans or another landmark
    meets the same disease. Only entries of the scenario itself change it.
    """
    raw = read_toml(path, "a grid in TOML")
    _, problems = validate_parts(Grid, raw)
    if problems:
        raise BadInput(str(path), problems)
    grid = Grid.model_validate(raw)
    names = grid.scenarios or tuple(scenario_names(trial_file))
    base = read_toml(trial_file, "a trial file in TOML")
    trial = trial_from(base, str(trial_file))
    if trial.divided:
        allowed = f"a trial with one design; {trial.id} has cohorts: {', '.join(trial.cohort_names)}"
        raise BadInput(
            str(path),
            [Problem("grid-of-cohorts", "cohorts", "each with its own design", allowed, "simulate without --grid")],
        )
    if not names:
        allowed = "scenario files in the folder `scenarios` beside the trial file: a grid crosses them with its choices"
        raise BadInput(str(path), [Problem("no-scenarios", "scenarios", "none", allowed)])
    size = prod(len(axis.values) for axis in grid.axis) * len(names)
    if size > _MOST_CELLS or size * grid.replicates > _MOST_TRIALS:
        allowed = f"at most {_MOST_CELLS:,} cells and {_MOST_TRIALS:,} trials in all"
        given = f"{size:,} cells of {grid.replicates:,} replicates"
        raise BadInput(str(path), [Problem("too-large", "axis, replicates", given, allowed)])
    cells: list[Cell] = []
    courses: dict[str, Any] = {}
    for name in names:
        truth = read_toml(find_scenario(trial_file, name), "a scenario in TOML")
        for settings in product(*(axis.values for axis in grid.axis)):
            labels = {axis.name: s.label for axis, s in zip(grid.axis, settings, strict=True)}
            where = ", ".join([name, *labels.values()])
            changed, scenario_raw = copy.deepcopy(dict(base)), copy.deepcopy(dict(truth))
            sets: dict[str, Any] = {}
            try:
                for s in settings:
                    for entry, value in s.set.items():
                        sets[entry] = value
                        if entry.startswith("scenario."):
                            put(scenario_raw, entry.removeprefix("scenario."), value)
                        else:
                            put(changed, entry, value)
                if sets.get("monitoring.while_waiting", "cap") != "cap" and "monitoring.cap" not in sets:
                    changed["monitoring"].pop("cap", None)  # the file's cap goes with the file's way of waiting
                scenario_raw = tuples(scenario_raw)
                _, found = validate_parts(Scenario, scenario_raw)
                if found:
                    raise BadInput(where, found)
                scenario = Scenario.model_validate(scenario_raw)
                this = trial_from(changed, where)
                if this.design is None:
                    raise BadInput(where, [Problem("no-design", "design", "nothing", "a trial with a design")])
                disease = scenario.model_dump_json()
                if disease not in courses:
                    courses[disease] = calibrated(trial, scenario)
                plan = Plan.of(this, scenario, grid.seed, courses=courses[disease])
                cells.append(Cell(scenario.id, labels, sets, plan))
            except BadInput as bad:
                problems += [
                    Problem(p.code, f"{where}: {p.where}", p.given, p.allowed, p.next_step) for p in bad.problems
                ]
    if problems:
        raise BadInput(str(path), problems)
    keys = [c.key for c in cells]
    for i, c in enumerate(cells):
        if keys.index(c.key) != i:
            twin = cells[keys.index(c.key)].name
            problems.append(Problem("same-cell", c.name, f"the same simulation as {twin}", "cells that differ"))
    if problems:
        raise BadInput(str(path), problems)
    return grid, cells


def put(table: dict[str, Any], path: str, value: Any) -> None:
    """Set the entry at ``path`` ('endpoints.PFS6.landmark', 'design'). Raises BadInput where there is no such place."""
    here: Any = table
    steps = re.split(r"\.(?![^\[]*\])", path)
    for i, step in enumerate(steps[:-1]):
        inner = _inside(here, step)
        if inner is None and isinstance(here, dict):
            inner = here[step] = {}
        if inner is None:
            at = ".".join(steps[: i + 1])
            raise BadInput(path, [Problem("no-such-entry", at, "nothing there", f"one of {', '.join(_names(here))}")])
        here = inner
    if not isinstance(here, dict):
        raise BadInput(path, [Problem("no-such-entry", path, "not a table", "an entry of a table")])
    here[steps[-1]] = value


def _inside(here: Any, step: str) -> Any:
    """The member of a table or of a list of tables, made ready to be changed."""
    if isinstance(here, dict):
        inner = here.get(step)
        if isinstance(inner, tuple):
            inner = here[step] = [dict(v) if isinstance(v, Mapping) else v for v in inner]
        return inner
    return next((v for v in here if isinstance(v, dict) and step in _called(v)), None)


def _called(member: Mapping[str, Any]) -> list[str]:
    return [str(member[k]) for k in ("name", "drug", "number", "term", "endpoint") if k in member]


def _names(here: Any) -> list[str]:
    return list(here) if isinstance(here, Mapping) else [n for v in here if isinstance(v, dict) for n in _called(v)]
