"""The JSON Schema of the trial file, from the same types that read it, for editors that complete and check."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic.json_schema import models_json_schema

from equipoise.design import shelf
from equipoise.trial.trial import Trial


@cache
def trial_schema() -> dict[str, Any]:
    """The schema (JSON Schema 2020-12), with each kind of design's own table under `design`."""
    specs = [shelf.spec_model(kind) for kind in (k.name for k in shelf.described() if k.monitored)]
    refs, schema = models_json_schema(
        [(Trial, "validation"), *((spec, "validation") for spec in specs)], ref_template="#/$defs/{model}"
    )
    definitions: dict[str, Any] = schema["$defs"]
    trial = definitions.pop("Trial")
    trial["properties"]["design"] = {
        "description": "The design: its `kind` and what that kind asks for.",
        "anyOf": [{"$ref": refs[(spec, "validation")]["$ref"]} for spec in specs],
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Equipoise trial file, format 1",
        **{k: v for k, v in trial.items() if k != "title"},
        "$defs": definitions,
    }


def scenario_schema() -> dict[str, Any]:
    """The schema of a scenario."""
    from equipoise.simulate.scenario import Scenario

    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Scenario.model_json_schema(),
        "title": "Equipoise scenario, format 1",
    }


def grid_schema() -> dict[str, Any]:
    """The schema of a grid of simulations."""
    from equipoise.files.grid_file import Grid

    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Grid.model_json_schema(),
        "title": "Equipoise grid, format 1",
    }


def history_schema() -> dict[str, Any]:
    """The schema of a library of historical controls."""
    from equipoise.trial.historical import HistoryLibrary

    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **HistoryLibrary.model_json_schema(),
        "title": "Equipoise library of historical controls, format 1",
    }


def case_mix_schema() -> dict[str, Any]:
    """The schema of historical rates by stratum."""
    from equipoise.analyse.historical.standardise import CaseMix

    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **CaseMix.model_json_schema(),
        "title": "Equipoise historical rates by stratum, format 1",
    }
