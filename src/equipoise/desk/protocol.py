"""The protocol by ICH M11 and the statistical analysis plan, written from a trial file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from equipoise.analyse.analysis import analyse
from equipoise.analyse.data import cut
from equipoise.desk import design as designs
from equipoise.dossier.findings import Findings
from equipoise.dossier.protocol.computed import Computed
from equipoise.dossier.protocol.m11 import protocol
from equipoise.dossier.protocol.sap import plan
from equipoise.dossier.study_report import study_report
from equipoise.files.bundled import find_trial
from equipoise.files.protocol_file import documented
from equipoise.files.trial_file import read_trial
from equipoise.files.write import whole
from equipoise.report.written_docx import written_docx
from equipoise.report.written_html import written_html
from equipoise.trial.exhibits import Cell, Table
from equipoise.trial.log import Log
from equipoise.trial.m11 import HEADINGS
from equipoise.trial.problem import BadInput
from equipoise.trial.trial import Trial
from equipoise.trial.written import Written

Kind = Literal["m11", "sap"]
Form = Literal["docx", "html"]


@dataclass(frozen=True)
class Put:
    """A document that was written."""

    document: Written
    written: Path
    form: Form

    def as_json(self) -> dict[str, Any]:
        """The documented shape."""
        d = self.document
        return {
            "written": str(self.written), "format": self.form, "document": d.subtitle, "edition": d.edition,
            "sections": len(d.chapters), "gaps": d.gaps, "trace": d.trace(),
        }  # fmt: skip


def write(name: str, kind: Kind, form: Form, out: Path) -> Put:
    """Write a document of the trial called ``name``."""
    path = find_trial(name)
    d = documented(read_trial(path), path)
    made = (protocol if kind == "m11" else plan)(d.shown, d.trial, computed(d.shown, shells=kind == "sap"))
    data = written_docx(made) if form == "docx" else written_html(made).encode()
    out.parent.mkdir(parents=True, exist_ok=True)
    with whole(out) as file:
        file.write(data)
    return Put(made, out, form)


def computed(t: Trial, *, shells: bool) -> Computed:
    """How the trial's designs behave, and the tables to come."""
    behaviour: dict[str, Table] = {}
    family, words = None, ""
    if t.divided:
        found = designs.of_cohorts(t)
        behaviour = {n: s.table() for n, s in found.of.items()}
        family, words = found.together()
    elif t.design is not None:
        behaviour = {"": designs.of_trial(t).table()}
    return Computed(behaviour, family, words, tuple(_shells(t)) if shells else ())


def _shells(t: Trial) -> Sequence[Table]:
    """The tables of the study report, made of no patients: numbers of the first look are taken out of their cells."""
    if t.divided or (t.design is None and t.phase1 is not None):
        return []
    snap = cut(t, Log(), t.first_day)
    try:
        report = study_report(Findings(t, snap, analyse(t, snap), []))
    except BadInput:
        return []
    tables = [x for s in report.sections if s.name.startswith("s1") for x in s.exhibits if isinstance(x, Table)]
    return [_shell(x) for x in tables]


def _shell(table: Table) -> Table:
    rows: list[list[Cell]] = [
        [row[0]] if len(row) == 1 else [row[0], *("xx" for _ in row[1:])] for row in table.rows
    ] or [["xx" for _ in table.columns]]
    notes = tuple(n for n in table.notes if not any(word in n for word in ("Data cut-off", "nobody", "Nobody")))
    return replace(table, columns=[c.replace("n = 0", "n = xx") for c in table.columns], rows=rows, notes=notes)


def sections() -> Mapping[str, str]:
    """The numbers and headings of M11's template, for [protocol.text]."""
    return HEADINGS
