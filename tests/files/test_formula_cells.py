"""Text cells that a spreadsheet would run are told of, and stay as they are: a data format does not change its cells."""

from __future__ import annotations

from equipoise.desk.export import formula_note
from equipoise.standards.dataset import Dataset, Variable


def _of(*texts: str) -> Dataset:
    return Dataset("AE", "Adverse events", (Variable("AETERM"),), {"AETERM": list(texts)})


def test_formula_cells_are_told_of() -> None:
    told = formula_note([_of("=HYPERLINK(1)", "+1+cmd", "@SUM(1)", "\tx", "nausea", "", "a=b"), _of("nausea")])
    assert told.startswith("4 text cells (AE.AETERM) begin with")
    assert formula_note([_of("nausea", "-1.5", "+2")]) == "", "a number with its sign is none"
