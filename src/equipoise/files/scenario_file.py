"""Read a scenario: TOML to Scenario, with every problem reported at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from equipoise.files.bundled import find_scenario, scenario_names
from equipoise.files.toml_file import read_toml
from equipoise.simulate.own_truth import own_scenarios
from equipoise.simulate.scenario import Scenario
from equipoise.trial.problem import BadInput
from equipoise.trial.trial import Trial
from equipoise.trial.validate import validate_parts


def scenarios_of(trial: Trial, trial_file: Path, names: Sequence[str]) -> list[tuple[str, Callable[[], Scenario]]]:
    """The scenarios that are meant, by name, to be read one by one: those named, else all of the trial's folder, else the
    design's own truths (see ``own_truth``)."""
    found = list(names) or scenario_names(trial_file)
    if found:
        return [(name, lambda name=name: read_scenario(find_scenario(trial_file, name))) for name in found]  # type: ignore[misc]
    return [(own.id, lambda own=own: own) for own in own_scenarios(trial)]  # type: ignore[misc]


def read_scenario(path: Path) -> Scenario:
    """The scenario in ``path``. Raises BadInput with all its problems."""
    raw = read_toml(path, "a scenario in TOML")
    _, problems = validate_parts(Scenario, raw)
    if problems:
        raise BadInput(str(path), problems)
    return Scenario.model_validate(raw)
