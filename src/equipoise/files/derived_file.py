"""Datasets that somebody else derived, as CSV, to be held against ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from equipoise.files.table_problems import Cells
from equipoise.files.table_sheet import read_sheet
from equipoise.standards.adam.agreement import MISSING
from equipoise.trial.dialect import FOUND_OUT, Dialect
from equipoise.trial.problem import BadInput, Problem

#: The files, and what every record must name.
_FILES = ("adrs_onco.csv", "adtte_onco.csv")
_KEYS = ("USUBJID", "PARAMCD")


@dataclass(frozen=True)
class Theirs:
    """Records as texts, as they stand there; ``notes``: how the files are written, where that was found out."""

    adrs: Sequence[Mapping[str, str]]
    adtte: Sequence[Mapping[str, str]]
    notes: Sequence[str]


def read_theirs(folder: Path, dialect: Dialect = FOUND_OUT) -> Theirs:
    """`adrs_onco.csv` and `adtte_onco.csv` of a folder. Raises BadInput with all problems of both."""
    problems: list[Problem] = []
    notes: list[str] = []
    found = [_records(folder / name, dialect, problems, notes) for name in _FILES]
    if problems:
        raise BadInput(str(folder), problems)
    return Theirs(found[0], found[1], notes)


def _records(path: Path, dialect: Dialect, problems: list[Problem], notes: list[str]) -> list[Mapping[str, str]]:
    cells = Cells()
    try:
        sheet = read_sheet(path, dialect, _KEYS, cells)
    except BadInput as bad:
        problems += [Problem(p.code, f"{path.name}, {p.where}", p.given, p.allowed, p.next_step) for p in bad.problems]
        return []
    missing = [key for key in _KEYS if sheet.header.count(key) != 1]
    if missing:
        allowed = f"a CSV with {' and '.join(_KEYS)}"
        problems.append(Problem("missing-column", f"{path.name}, columns", ", ".join(sheet.header), allowed))
    else:
        for number, row in sheet.rows:
            for key in _KEYS:
                if row[key] in MISSING:
                    cells.cell(number, key, "no-key", repr(row[key]), "what the record is of")
    problems += [
        Problem(p.code, f"{path.name}, {p.where}", p.given, p.allowed, p.next_step)
        for p in cells.in_order(sheet.header)
    ]
    notes += sheet.notes
    return [row for _, row in sheet.rows]
