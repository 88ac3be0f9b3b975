"""Read a funnel: from the trial's own file, from one that is named, or from `funnel.toml` beside it; and what past trials took."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import Field

from equipoise.files.bundled import trials_folder
from equipoise.files.toml_file import read_toml
from equipoise.simulate.feasibility import Past
from equipoise.simulate.funnel import Funnel
from equipoise.trial.check_funnel import funnel_problems
from equipoise.trial.funnel import MOST_STEPS, FunnelStep, Orphan
from equipoise.trial.part import Part
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial
from equipoise.trial.validate import validate_parts


class FunnelFile(Part):
    """[[funnel]] and [[orphan]] in a file of their own, as they stand in a trial file."""

    funnel: tuple[FunnelStep, ...] = Field(min_length=1, max_length=MOST_STEPS)
    orphan: tuple[Orphan, ...] = Field(default=(), max_length=MOST_STEPS)


class _PastFile(Part):
    format: int
    past: tuple[Past, ...]


def funnel_for(trial: Trial, trial_file: Path, named: Path | None) -> tuple[Funnel, Sequence[Orphan], str]:
    """The funnel of a trial, its orphan designations, and where they stand. Raises BadInput with all problems, or where there is none."""
    beside = trial_file.parent / "funnel.toml"
    path = named if named is not None else beside if not trial.funnel and beside.is_file() else None
    if path is not None:
        read = read_funnel(path)
        return Funnel.of(str(path), read.funnel), read.orphan or trial.orphan, path.name
    if not trial.funnel:
        allowed = f"[[funnel]] in the trial file, a {beside.name} beside it, or --funnel FILE"
        step = 'begin with step = "incidence", count = new patients a year, source = who says it; see `equipoise guide feasibility`'
        raise BadInput(trial.id, [Problem("no-funnel", "funnel", "nothing", allowed, step)])
    return Funnel.of(str(trial_file), trial.funnel), trial.orphan, trial_file.name


def read_funnel(path: Path) -> FunnelFile:
    """The funnel in a file of its own. Raises BadInput with all its problems."""
    raw = read_toml(path, "a funnel in TOML")
    _, problems = validate_parts(FunnelFile, raw)
    problems.extend(funnel_problems(raw))
    if problems:
        raise BadInput(str(path), problems)
    return FunnelFile.model_validate(raw)


def past_accrual() -> tuple[Past, ...]:
    """What past trials took, from the file that ships."""
    return _PastFile.model_validate(read_toml(trials_folder() / "past-accrual.toml", "past accrual in TOML")).past
