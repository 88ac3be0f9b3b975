"""Acts: open a trial, give an order, cut the data, take a look, report, run a plan, run a grid. One act a file.

Values in, values out: nothing here prints or asks. An edge (the command line, a site) turns options into an act and its
answer into words or JSON. An act is loaded when it is first asked for, so that an edge may name all of them and its
help still answers at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from equipoise.desk import (  # noqa: I001
        amend, analyse, answers, audit, check, checkpoint, cohorts, compare, control_check, curves, data,
        datasets, design, design_text, dose, dose_compare, evidence, export, grid, history, hurdle, import_sdtm,
        known, library, look, move, opening, order, outside, pages, patient, people, plans, pool, randomisation,
        reading, report, restore, safety, sealing, sensitivity, shelf, simulate, spoken, stamp, told, virtual,
        witness,
    )  # fmt: skip

__all__ = [
    "amend", "analyse", "answers", "audit", "check", "checkpoint", "cohorts", "compare", "control_check",
    "curves", "data", "datasets", "design", "design_text", "dose", "dose_compare", "evidence", "export", "grid",
    "history", "hurdle", "import_sdtm", "known", "library", "look", "move", "opening", "order", "outside",
    "pages", "patient", "people", "plans", "pool", "randomisation", "reading", "report", "restore", "safety",
    "sealing", "sensitivity", "shelf", "simulate", "spoken", "stamp", "told", "virtual", "witness",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f"{__name__}.{name}")
