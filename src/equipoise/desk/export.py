"""Export what was known at a cut-off as datasets of the field's standards, in the field's formats."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

from equipoise.files.bundled import find_trial
from equipoise.files.datasets_out import write_dataset
from equipoise.files.derived_file import read_theirs
from equipoise.files.folder_swap import all_or_none
from equipoise.files.protocol_file import documented
from equipoise.standards.adam.agreement import Agreement, compare
from equipoise.standards.adam.build import by_admiral
from equipoise.standards.dataset import FORMULAS, Dataset
from equipoise.standards.define_xml import define_xml
from equipoise.standards.metadata import described
from equipoise.standards.sdtm.trial_design import trial_design
from equipoise.trial.dialect import FOUND_OUT, Dialect
from equipoise.trial.exhibits import Table
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial

#: Standard and rules → the function (trial, snapshot) → datasets that makes them.
EXPORTS = {
    ("adam", "trial"): "equipoise.standards.adam.build:to_adam",
    ("adam", "admiral"): "equipoise.standards.adam.build:admiral_datasets",
    ("sdtm", "trial"): "equipoise.standards.sdtm.from_log:to_sdtm",
}
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")
_TITLES = {"sdtm": "SDTM", "adam": "ADaM"}


@dataclass(frozen=True)
class Exported:
    """Datasets and where each was written; ``agreement`` with those that they were compared with."""

    trial: str
    standard: str
    rules: str
    snap: Snapshot
    datasets: Sequence[Dataset]
    written: Sequence[Path]
    agreement: Agreement | None
    notes: Sequence[str] = ()

    def as_json(self) -> dict[str, Any]:
        """The documented shape."""
        found: dict[str, Any] = {
            "standard": self.standard,
            "rules": self.rules,
            "cutoff": self.snap.cutoff,
            "data": self.snap.head,
            **({"notes": list(self.notes)} if self.notes else {}),
            "datasets": [
                {"name": d.name, "label": d.label, "records": d.n, "variables": len(d.variables), "file": str(p)}
                for d, p in self._files()
            ],
        }
        a = self.agreement
        if a is not None:
            found["agreement"] = {
                "patients": a.patients,
                "records": a.records,
                "cells": a.cells,
                "differences": a.differences,
                "unexplained": len(a.unexplained),
            }
        return found

    def table(self) -> Table:
        """The datasets under each other."""
        return Table(
            f"{self.trial} as {_TITLES[self.standard]} at {self.snap.cutoff}",
            ["Dataset", "Label", "Records", "Variables", "File"],
            [[d.name, d.label, d.n, len(d.variables), p.name] for d, p in self._files()],
        )

    def _files(self) -> Iterator[tuple[Dataset, Path]]:
        return zip(self.datasets, self.written, strict=True)


def formula_note(datasets: Sequence[Dataset]) -> str:
    """What a reader of CSV is told of text cells that a spreadsheet would run; '' without any. The cells stay as they are."""
    found = {
        f"{d.name}.{v.name}": n
        for d in datasets
        for v in d.variables
        if v.kind == "text" and (n := sum(map(_runs, d.columns[v.name])))
    }
    if not found:
        return ""
    total = sum(found.values())
    return (
        f"{total} text cell{'s' if total > 1 else ''} ({', '.join(found)}) begin{'' if total > 1 else 's'} with =, +, -, @, a tab or a "
        "return: a spreadsheet takes such a cell for a formula. They are written as they are; read the files as text."
    )


def _runs(text: str) -> bool:
    """True of a text that a spreadsheet takes for a formula; a number with its sign is none."""
    return text.startswith(FORMULAS) and not _NUMBER.fullmatch(text)


def can(standard: str, rules: str, against: Path | None) -> None:
    """Raise BadInput where these do not go together."""
    if (standard, rules) not in EXPORTS:
        allowed = " or ".join(r for s, r in EXPORTS if s == standard)
        raise BadInput(
            "export", [Problem("no-such-export", "--rules", repr(rules), f"with --as {standard}: {allowed}")]
        )
    if against is not None and rules != "admiral":
        given = Problem("no-comparison", "--against", str(against), "--against goes with --rules admiral")
        raise BadInput("export", [given])


def run(
    trial: Trial,
    snap: Snapshot,
    standard: str,
    rules: str,
    ending: str,
    out: Path,
    against: Path | None = None,
    dialect: Dialect = FOUND_OUT,
    named: str = "",
) -> Exported:
    """Write datasets and define.xml to a folder; ``against``: a folder of CSV to compare the values with, written in ``dialect``.

    ``named``: the trial as it was named; what protocol.toml beside its file says goes into SDTM's trial design.
    """
    can(standard, rules, against)
    theirs = read_theirs(against, dialect) if against is not None else None
    module, name = EXPORTS[standard, rules].split(":")
    datasets: Sequence[Dataset] = getattr(importlib.import_module(module), name)(trial, snap)
    if standard == "sdtm" and named:
        shown = documented(trial, find_trial(named)).shown
        design = {d.name: d for d in trial_design(shown, snap.cutoff)}
        datasets = [design.get(d.name, d) for d in datasets]
    written = _write(datasets, trial.id.upper(), out, ending, snap)
    warned = formula_note(datasets) if ending == "csv" else ""
    agreement = compare(by_admiral(snap), theirs.adrs, theirs.adtte) if theirs is not None else None
    return Exported(
        trial.id,
        standard,
        rules,
        snap,
        datasets,
        written,
        agreement,
        (*(theirs.notes if theirs is not None else ()), *([warned] if warned else ())),
    )


def _write(datasets: Sequence[Dataset], study: str, out: Path, ending: str, snap: Snapshot) -> list[Path]:
    """All files or none, and define.xml."""
    # The same data give the same bytes: a file is dated by its data.
    created = datetime.combine(snap.known_on, time(0), UTC)
    problems: list[Problem] = []
    paths = [out / f"{d.name.lower()}.{ending}" for d in datasets]
    with all_or_none(out, "export") as beside:
        for d, path in zip(datasets, paths, strict=True):
            try:
                write_dataset(d, beside / path.name, created=created)
            except BadInput as bad:
                problems += [
                    Problem(p.code, f"{d.name}.{p.where}", p.given, p.allowed, p.next_step) for p in bad.problems
                ]
        if problems:
            raise BadInput(str(out), problems)
        files = {d.name: path.name for d, path in zip(datasets, paths, strict=True)}
        text = define_xml([described(d) for d in datasets], study, created=created, files=files)
        (beside / "define.xml").write_bytes(text)
    return paths
