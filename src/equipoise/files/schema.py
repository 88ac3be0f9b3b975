"""The JSON Schema of the trial file, from the same types that read it, for editors that complete and check."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic.json_schema import models_json_schema

from equipoise.design import shelf
from equipoise.files.trial_file import on_the_road
from equipoise.files.trial_phase1 import findable
from equipoise.files.trial_safety import watchable
from equipoise.trial.trial import Trial

DIALECT = "https://json-schema.org/draft/2020-12/schema"


@cache
def trial_schema() -> dict[str, Any]:
    """The schema (JSON Schema 2020-12), with each kind of design's own table under `design`, and each safety rule's under `safety`."""
    kinds = shelf.described()
    specs = [shelf.spec_model(k.name) for k in kinds if on_the_road(k)]
    rules = [shelf.spec_model(k.name) for k in kinds if watchable(k)]
    refs, schema = models_json_schema(
        [(Trial, "validation"), *((spec, "validation") for spec in dict.fromkeys([*specs, *rules]))],
        ref_template="#/$defs/{model}",
    )
    definitions: dict[str, Any] = schema["$defs"]
    trial = definitions.pop("Trial")
    del trial["properties"]["design_table"]  # the trial's own: a file states [design]
    trial["properties"]["design"] = {
        "description": "The design: its `kind` and what that kind asks for.",
        "anyOf": [{"$ref": refs[(spec, "validation")]["$ref"]} for spec in specs],
    }
    definitions["SafetyRule"]["properties"]["rule"] = {
        "description": "The rule: its `kind` and what that kind asks for.",
        "anyOf": [{"$ref": refs[(spec, "validation")]["$ref"]} for spec in rules],
    }
    definitions["Phase1"]["properties"]["design"] |= {
        "properties": {"kind": {"type": "string", "enum": findable()}},
        "required": ["kind"],
    }
    return {
        "$schema": DIALECT,
        "title": "Equipoise trial file, format 1",
        **{k: v for k, v in trial.items() if k != "title"},
        "$defs": definitions,
    }
