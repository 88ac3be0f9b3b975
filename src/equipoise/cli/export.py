"""`equipoise export`: the log as datasets of the field's standards, in the field's formats."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from equipoise.cli.common import emit, json_option, load_trial, say, show_table, trial_argument
from equipoise.cli.data import Asked, data_options

if TYPE_CHECKING:
    from equipoise.standards.adam.agreement import Agreement
    from equipoise.standards.dataset import Dataset
    from equipoise.trial.snapshot import Snapshot

#: Standard and rules → the function (trial, snapshot) → datasets that makes them.
EXPORTS = {
    ("adam", "trial"): "equipoise.standards.adam.build:to_adam",
    ("adam", "admiral"): "equipoise.standards.adam.build:admiral_datasets",
    ("sdtm", "trial"): "equipoise.standards.sdtm.from_log:to_sdtm",
}
FORMATS = ("xpt", "json", "ndjson", "csv", "parquet")


@click.command(name="export", short_help="The log as SDTM or ADaM, as XPT, Dataset-JSON, CSV or Parquet.")
@trial_argument
@data_options
@click.option(
    "--as", "standard", type=click.Choice(sorted({s for s, _ in EXPORTS})), required=True, help="The standard."
)
@click.option(
    "--rules",
    type=click.Choice(["trial", "admiral"]),
    default="trial",
    show_default=True,
    help="By the trial file, or by the templates of R's admiral and admiralonco (ADSL, ADRS, ADTTE).",
)
@click.option("--format", "ending", type=click.Choice(FORMATS), default="xpt", show_default=True, help="The format.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="The folder.")
@click.option(
    "--against",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="With --rules admiral: a folder with adrs_onco.csv and adtte_onco.csv to compare with, cell by cell.",
)
@json_option
def command(
    trial: str, asked: Asked, standard: str, rules: str, ending: str, out: Path, against: Path | None, as_json: bool
) -> None:
    """Write what was known at a data cut-off as datasets of a standard; each record names its source.

    Every file is checked before the first one is written; define.xml (Define-XML 2.1) is written beside them.
    """
    from equipoise.trial.exhibits import Table

    if (standard, rules) not in EXPORTS or (against is not None and rules != "admiral"):
        raise click.UsageError("--rules admiral goes with --as adam, and --against with --rules admiral.")
    found = load_trial(trial)
    snap = asked.cut(found, asked.log(trial, found))
    module, name = EXPORTS[standard, rules].split(":")
    datasets: Sequence[Dataset] = getattr(importlib.import_module(module), name)(found, snap)
    written = _write(datasets, found.id.upper(), out, ending, snap)
    agreement = _agreement(snap, against) if against is not None else None
    if as_json:
        shown: dict[str, Any] = {
            "standard": standard,
            "rules": rules,
            "cutoff": snap.cutoff,
            "data": snap.head,
            "datasets": [
                {"name": d.name, "label": d.label, "records": d.n, "variables": len(d.variables), "file": str(p)}
                for d, p in zip(datasets, written, strict=True)
            ],
        }
        if agreement is not None:
            shown["agreement"] = {
                "patients": agreement.patients,
                "records": agreement.records,
                "cells": agreement.cells,
                "differences": agreement.differences,
                "unexplained": len(agreement.unexplained),
            }
        emit(shown)
        return
    titles = {"sdtm": "SDTM", "adam": "ADaM"}
    show_table(
        Table(
            f"{found.id} as {titles[standard]} at {snap.cutoff}",
            ["Dataset", "Label", "Records", "Variables", "File"],
            [[d.name, d.label, d.n, len(d.variables), p.name] for d, p in zip(datasets, written, strict=True)],
        )
    )
    say(f"In {out}. Data {snap.head[:12]}.")
    if agreement is not None:
        show_table(agreement.table())
        for d in agreement.unexplained[:20]:
            say(f"{d.patient} {d.parameter}.{d.variable}: theirs {d.theirs!r}, ours {d.ours!r}", first="- ")


def _write(datasets: Sequence[Dataset], study: str, out: Path, ending: str, snap: Snapshot) -> list[Path]:
    """All files or none, and define.xml."""
    from datetime import UTC, datetime, time
    from tempfile import TemporaryDirectory

    from equipoise.files.datasets_out import write_dataset
    from equipoise.standards.define_xml import define_xml
    from equipoise.standards.metadata import described
    from equipoise.trial.problem import BadInput, Problem

    # The same data give the same bytes: a file is dated by its data.
    created = datetime.combine(snap.known_on, time(0), UTC)
    out.parent.mkdir(parents=True, exist_ok=True)
    problems: list[Problem] = []
    paths = [out / f"{d.name.lower()}.{ending}" for d in datasets]
    with TemporaryDirectory(dir=out.parent, prefix=".export-") as kept:
        for d, path in zip(datasets, paths, strict=True):
            try:
                write_dataset(d, Path(kept) / path.name, created=created)
            except BadInput as bad:
                problems += [
                    Problem(p.code, f"{d.name}.{p.where}", p.given, p.allowed, p.next_step) for p in bad.problems
                ]
        if problems:
            raise BadInput(str(out), problems)
        out.mkdir(exist_ok=True)
        for path in paths:
            (Path(kept) / path.name).replace(path)
        files = {d.name: path.name for d, path in zip(datasets, paths, strict=True)}
        text = define_xml([described(d) for d in datasets], study, created=created, files=files)
        (Path(kept) / "define.xml").write_bytes(text)
        (Path(kept) / "define.xml").replace(out / "define.xml")
    return paths


def _agreement(snap: Snapshot, against: Path) -> Agreement:
    import csv

    from equipoise.standards.adam.agreement import compare
    from equipoise.standards.adam.build import by_admiral
    from equipoise.trial.problem import BadInput, Problem

    tables = []
    for name in ("adrs_onco.csv", "adtte_onco.csv"):
        path = against / name
        if not path.is_file():
            raise BadInput(str(against), [Problem("no-file", name, "nothing there", "a CSV with USUBJID and PARAMCD")])
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        if rows and not {"USUBJID", "PARAMCD"} <= set(rows[0]):
            raise BadInput(str(path), [Problem("missing", "columns", ", ".join(rows[0]), "USUBJID and PARAMCD")])
        tables.append(rows)
    return compare(by_admiral(snap), tables[0], tables[1])
