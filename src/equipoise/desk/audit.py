"""Hold recorded tumour responses against the criteria."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from equipoise.analyse.criteria import CRITERIA
from equipoise.analyse.criteria.audit import RULES, Audit, Finding, audit, counts_table
from equipoise.files.sdtm_files import patients_of
from equipoise.files.write import write_text
from equipoise.standards.sdtm.notes import Notes, Unmapped
from equipoise.standards.sdtm.ordered import by_place
from equipoise.trial.dialect import FOUND_OUT, Dialect
from equipoise.trial.exhibits import Table
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.vocabularies import VOCABULARIES


@dataclass(frozen=True)
class Audited:
    """Every place where what was recorded does not follow; ``unmapped``: what could not be taken in; ``notes``: how CSVs are written."""

    found: Audit
    unmapped: Unmapped
    notes: Sequence[str] = ()

    def as_json(self) -> dict[str, Any]:
        """The documented shape."""
        found = self.found
        counts = {
            rule: {
                a: {"findings": found.count(rule, a), "compared": found.compared.get((rule, a))}
                for a in found.time_points
            }
            for rule in RULES
        }
        return {
            "criterion": found.criterion,
            "patients": found.patients,
            "time_points": found.time_points,
            "by_other_criteria": found.others,
            "counts": counts,
            "findings": found.findings,
            "unmapped": self.unmapped.entries,
        }

    def table(self) -> Table:
        """Findings by rule and assessor."""
        return counts_table(self.found)

    def write_csv(self, path: Path) -> None:
        """Write every case."""
        text = io.StringIO()
        writer = csv.DictWriter(text, [f.name for f in fields(Finding)], lineterminator="\n")
        writer.writeheader()
        for finding in self.found.findings:
            writer.writerow(asdict(finding) | {"lesions": "; ".join(finding.lesions)})
        write_text(path, text.getvalue())


def run(data: Sequence[Path], criterion: str, patient: str | None = None, dialect: Dialect = FOUND_OUT) -> Audited:
    """Audit SDTM (a folder, or files sorted by USUBJID), or one patient of it. Raises BadInput with all problems of the data."""
    if criterion not in CRITERIA:
        allowed = f"one of {', '.join(CRITERIA)}"
        raise BadInput("--criterion", [Problem("unknown-criterion", "--criterion", repr(criterion), allowed)])
    notes = Notes()
    found = audit(
        (
            p
            for p in patients_of(data, notes, dialect=dialect, words=VOCABULARIES[criterion])
            if patient in (None, p.name)
        ),
        CRITERIA[criterion],
    )
    if notes.problems:
        raise BadInput("SDTM", by_place(notes.problems, ()))
    if patient is not None and not found.patients:
        given = Problem("unknown-patient", "--patient", repr(patient), "a USUBJID with assessments")
        raise BadInput("--patient", [given])
    return Audited(found, notes.unmapped(), notes.said)
