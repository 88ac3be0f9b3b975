"""A trial file with what lies beside it, scenarios, grids and amendments: all problems of all layers at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from equipoise.files.amendments import read_amendments
from equipoise.files.dose_grid_file import is_dose_grid, read_dose_grid
from equipoise.files.grid_file import Grid, read_grid
from equipoise.files.scenario_file import read_scenario, read_scenario_mended
from equipoise.files.toml_file import read_toml
from equipoise.files.trial_file import read_mended
from equipoise.simulate.cohorts import scenario_of
from equipoise.simulate.phase1_plan import Phase1Plan
from equipoise.simulate.plan import Plan
from equipoise.simulate.whole import WholePlan
from equipoise.trial.amendment import Amendment
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial
from equipoise.trial.validate import validate_parts


@dataclass(frozen=True)
class TrialFolder:
    """A sound trial file, the names of the scenarios and grids beside it that were read and fit it, and its amendments."""

    trial: Trial
    scenarios: tuple[str, ...]
    grids: tuple[str, ...]
    amendments: tuple[Amendment, ...] = ()


def read_folder(trial_file: Path) -> TrialFolder:
    """The trial with its scenarios, grids and amendments. Raises BadInput with the problems of all of them, each under its file's name.

    Scenarios are held against the trial (and calibrated for it) where it is sound, or can be mended to find what else is wrong; a grid where
    trial and scenarios are sound.
    """
    scenarios, whole, grids = (
        sorted((trial_file.parent / kind).glob("*.toml")) for kind in ("scenarios", "scenarios/whole", "grids")
    )
    try:
        trial, problems = read_mended(trial_file)
    except BadInput as bad:
        trial, problems = None, list(bad.problems)
    found: list[Problem] = []
    for path in scenarios:
        found.extend(_scenario(path, trial))
    for path in whole:
        found.extend(_whole(path, trial))
    for path in grids:
        found.extend(_grid(path, trial_file if trial is not None and not problems and not found else None))
    amendments: tuple[Amendment, ...] = ()
    if trial is not None and not problems:
        try:
            amendments = read_amendments(trial_file)
        except BadInput as bad:
            found.extend(_under(Path(bad.source), p) for p in bad.problems)
    if problems or found or trial is None:
        raise BadInput(str(trial_file), [*problems, *found])
    names = (*(p.stem for p in scenarios), *(f"whole/{p.stem}" for p in whole))
    return TrialFolder(trial, names, tuple(p.stem for p in grids), amendments)


def _scenario(path: Path, trial: Trial | None) -> Iterator[Problem]:
    try:
        scenario, told = read_scenario_mended(path)
    except BadInput as bad:
        yield from (_under(path, p) for p in bad.problems)
        return
    if scenario is None:
        yield from (_under(path, p) for p in told)
        return
    for view in (list(trial.views.values()) or [trial]) if trial is not None else ():
        try:
            if view.design is not None and view.monitoring is not None:
                Plan.of(view, scenario_of(scenario, view), seed=1)
            elif view.design is None and view.phase1 is not None:
                Phase1Plan.of(view, scenario, seed=1)
        except BadInput as bad:
            told.extend(p for p in bad.problems if p not in told)
    yield from (_under(path, p) for p in told)


def _whole(path: Path, trial: Trial | None) -> Iterator[Problem]:
    """A scenario of phase I and II together."""
    try:
        scenario = read_scenario(path)
        if trial is not None:
            WholePlan.of(trial, scenario, seed=1)
    except BadInput as bad:
        yield from (_under(path, p) for p in bad.problems)


def _grid(path: Path, trial_file: Path | None) -> Iterator[Problem]:
    try:
        if is_dose_grid(path):
            read_dose_grid(path)
            return
        if trial_file is not None:
            read_grid(path, trial_file)
            return
        _, problems = validate_parts(Grid, read_toml(path, "a grid in TOML"))
        yield from (_under(path, p) for p in problems)
    except BadInput as bad:
        yield from (_under(path, p) for p in bad.problems)


def _under(path: Path, p: Problem) -> Problem:
    return Problem(p.code, f"{path.parent.name}/{path.name}: {p.where}", p.given, p.allowed, p.next_step)
