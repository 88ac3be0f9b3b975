"""Read a scenario: TOML to Scenario, with every problem reported at once."""

from __future__ import annotations

from pathlib import Path

from equipoise.files.trial_file import read_toml
from equipoise.simulate.scenario import Scenario
from equipoise.trial.problem import BadInput
from equipoise.trial.validate import validate_parts


def read_scenario(path: Path) -> Scenario:
    """The scenario in ``path``. Raises BadInput with all its problems."""
    raw = read_toml(path, "a scenario in TOML")
    _, problems = validate_parts(Scenario, raw)
    if problems:
        raise BadInput(str(path), problems)
    return Scenario.model_validate(raw)
