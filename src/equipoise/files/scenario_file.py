"""Read a scenario: TOML to Scenario, with every problem reported at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from equipoise.files.bundled import find_scenario, scenario_names
from equipoise.files.drug_file import find_drug, read_drug
from equipoise.files.mended import read_through
from equipoise.files.toml_file import read_toml
from equipoise.simulate.own_truth import own_scenarios
from equipoise.simulate.scenario import Scenario
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial
from equipoise.trial.validate import tuples, validate_parts


def scenarios_of(trial: Trial, trial_file: Path, names: Sequence[str]) -> list[tuple[str, Callable[[], Scenario]]]:
    """The scenarios that are meant, by name, to be read one by one: those named, else all of the trial's folder, else the
    design's own truths (see ``own_truth``)."""
    found = list(names) or scenario_names(trial_file)
    if found:
        return [(name, lambda name=name: read_scenario(find_scenario(trial_file, name))) for name in found]  # type: ignore[misc]
    return [(own.id, lambda own=own: own) for own in own_scenarios(trial)]  # type: ignore[misc]


def read_scenario(path: Path) -> Scenario:
    """The scenario in ``path``. Raises BadInput with all its problems."""
    return _scenario_from(read_toml(path, "a scenario in TOML"), str(path))


def read_scenario_mended(path: Path) -> tuple[Scenario | None, list[Problem]]:
    """All problems of the file, and the scenario: where there are any, one mended so that it can be held against its trial."""
    raw = read_toml(path, "a scenario in TOML")
    return read_through(raw, lambda table: _scenario_from(table, str(path)))


def _scenario_from(raw: Mapping[str, Any], source: str) -> Scenario:
    table, problems = with_model(tuples(dict(raw)))
    _, found = validate_parts(Scenario, table)
    if found or problems:
        raise BadInput(source, [*found, *problems])
    return Scenario.model_validate(table)


def with_model(raw: dict[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """A scenario's table with the model of its [exposure] written out, where it is a bundled drug by name; what is wrong with that drug."""
    exposure = raw.get("exposure")
    if not isinstance(exposure, dict) or not isinstance(exposure.get("model"), str) or not exposure["model"]:
        return raw, []
    if "stated" in exposure:
        return raw, [Problem("twice", "exposure.stated", "beside `model`", "one of the two")]
    try:
        drug = read_drug(find_drug(exposure["model"]))
    except BadInput as bad:
        return raw, [replace(p, where="exposure.model") for p in bad.problems]
    stated = {k: v for k, v in drug.model_dump().items() if k != "format"}
    return {**raw, "exposure": {**exposure, "stated": stated}}, []
