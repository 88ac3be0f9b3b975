"""Put designs side by side, and write the page, the table and the figures."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from equipoise.design.study.compare import Comparison, Pace, compare
from equipoise.desk.design_text import read_design
from equipoise.desk.pages import write_page
from equipoise.dossier.comparison import comparison_page
from equipoise.files.plain import to_json
from equipoise.files.write import write_text
from equipoise.trial.design import Design
from equipoise.trial.exhibits import Table
from equipoise.trial.problem import BadInput, Problem

#: What is compared when nothing is asked for: each answers the same two rates.
USUAL = (
    "a-hern", "simon sizes=minimax", "simon sizes=optimal", "mander-thompson", "chen criterion=minimax", "lee-liu", "jung",
)  # fmt: skip


@dataclass(frozen=True)
class Compared:
    """Designs at the same hypotheses, and what was written of them."""

    hypotheses: Mapping[str, float]
    comparison: Comparison
    written: Sequence[Path]

    def table(self) -> Table:
        """The designs beside each other."""
        return self.comparison.table()

    def as_json(self) -> dict[str, Any]:
        """The documented shape."""
        written = [str(p) for p in self.written]
        return {"hypotheses": self.hypotheses, "designs": self.comparison.rows(), "written": written}


def run(
    hypotheses: Mapping[str, float], asked: Sequence[str], accrual: float | None, wait: float, out: Path | None
) -> Compared:
    """Compare designs at p0, p1, alpha and power; with ``out`` also write compare.html, .csv, .json and the figures.

    ``accrual``: patients of the tested arm a month; ``wait``: months until an outcome is known. Raises BadInput with all
    that is wrong with all of it.
    """
    problems: list[Problem] = []
    if accrual is not None and accrual <= 0:
        problems.append(Problem("out-of-range", "--accrual", f"{accrual:g}", "patients a month, above 0"))
    if wait < 0:
        problems.append(Problem("out-of-range", "--wait", f"{wait:g}", "months, 0 or more"))
    designs: dict[str, Design[Any]] = {}
    for text in asked or USUAL:
        design, found = read_design(text, hypotheses)
        problems += [p for p in found if p not in problems]
        if design is not None:
            designs[text] = design
    if problems:
        raise BadInput("design compare", problems)
    pace = Pace(accrual, wait) if accrual is not None else None
    comparison = compare(hypotheses["p0"], hypotheses["p1"], designs, pace)
    return Compared(hypotheses, comparison, _write(comparison, out, hypotheses) if out is not None else [])


def _write(comparison: Comparison, out: Path, hypotheses: Mapping[str, float]) -> list[Path]:
    rows = comparison.rows()
    sheet = io.StringIO()
    writer = csv.DictWriter(sheet, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    page, *figures = write_page(comparison_page(comparison, hypotheses), out / "compare.html")
    write_text(out / "compare.csv", sheet.getvalue())
    write_text(out / "compare.json", to_json(rows))
    return [page, out / "compare.csv", out / "compare.json", *figures]
