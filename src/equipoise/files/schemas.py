"""The JSON Schemas of every file that people write, by its name; each from the type that reads it."""

from __future__ import annotations

from typing import Any

from equipoise.files.amendments import AmendmentFile
from equipoise.files.grid_file import Grid
from equipoise.files.schema import DIALECT, trial_schema
from equipoise.history.library import HistoryLibrary
from equipoise.history.standardise import CaseMix
from equipoise.simulate.scenario import Scenario
from equipoise.trial.drug import DrugFile
from equipoise.trial.part import Part

_FILES: dict[str, tuple[type[Part], str]] = {
    "scenario": (Scenario, "scenario"),
    "grid": (Grid, "grid"),
    "history": (HistoryLibrary, "library of historical controls"),
    "amendment": (AmendmentFile, "amendment"),
    "drug": (DrugFile, "drug"),
    "case-mix": (CaseMix, "historical rates by stratum"),
}


def schema_of(file: str) -> dict[str, Any]:
    """The schema of 'trial', 'scenario', 'grid', 'history', 'amendment', 'drug' or 'case-mix'. Raises KeyError for another name."""
    if file == "trial":
        return trial_schema()
    model, title = _FILES[file]
    return {"$schema": DIALECT, **model.model_json_schema(), "title": f"Equipoise {title}, format 1"}
