"""`equipoise audit-response`: does the recorded response follow from the lesions? Every place where it does not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from equipoise.cli.common import emit, json_option, say, show_table

if TYPE_CHECKING:
    from equipoise.analyse.criteria.audit import Audit

_SHOWN = 12


@click.command(name="audit-response", short_help="Recorded tumour responses against the criteria.")
@click.argument("data", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--criterion", default="RECIST 1.1", show_default=True, help="The response criteria.")
@click.option("--patient", help="One patient's cases, in full.")
@click.option(
    "--csv", "csv_path", type=click.Path(path_type=Path, dir_okay=False), help="Write every case to a CSV file."
)
@json_option
def command(data: tuple[Path, ...], criterion: str, patient: str | None, csv_path: Path | None, as_json: bool) -> None:
    """Derive the response at every visit from TU, TR and RS, and list every disagreement with what was recorded.

    DATA is a folder of SDTM (xpt, Dataset-JSON, CSV, Parquet) or the files themselves, each sorted by USUBJID.
    """
    from equipoise.analyse.criteria import CRITERIA
    from equipoise.analyse.criteria.audit import RULES, audit, counts_table
    from equipoise.files.sdtm_files import patients_of
    from equipoise.standards.sdtm.notes import Notes
    from equipoise.trial.problem import BadInput, Problem

    if criterion not in CRITERIA:
        allowed = f"one of {', '.join(CRITERIA)}"
        raise BadInput("--criterion", [Problem("unknown-criterion", "--criterion", repr(criterion), allowed)])
    notes = Notes()
    patients = patients_of(data, notes)
    found = audit((p for p in patients if patient in (None, p.name)), CRITERIA[criterion])
    if notes.problems:
        raise BadInput("SDTM", notes.problems)
    if patient is not None and not found.patients:
        raise BadInput(
            "--patient", [Problem("unknown-patient", "--patient", repr(patient), "a USUBJID with assessments")]
        )
    if csv_path is not None:
        _write_csv(csv_path, found)
    unmapped = notes.unmapped()
    if as_json:
        counts = {
            rule: {
                a: {"findings": found.count(rule, a), "compared": found.compared.get((rule, a))}
                for a in found.time_points
            }
            for rule in RULES
        }
        emit(
            {
                "criterion": found.criterion,
                "patients": found.patients,
                "time_points": found.time_points,
                "counts": counts,
                "findings": found.findings,
                "unmapped": unmapped.entries,
            }
        )
        return
    say(
        f"{found.patients} patients, {sum(found.time_points.values())} time points after baseline, by {found.criterion}."
    )
    show_table(counts_table(found))
    cases = [f for f in found.findings if f.rule != "choice of lesions" or patient]
    for f in cases if patient else cases[:_SHOWN]:
        say(f"{f.patient}, {f.assessor}, {f.visit or f.on} ({f.on}): {f.rule}", first="- ")
        say(f"recorded {f.recorded or 'nothing'}, by the criteria {f.derived or '-'}. {f.because}", indent="    ")
        if f.lesions:
            say("; ".join(f.lesions) + f". Record {f.source}", indent="    ")
    if not patient and len(cases) > _SHOWN:
        say(f"… and {len(cases) - _SHOWN} more: --csv FILE or --json lists all, --patient NAME one patient's.")
    if len(unmapped):
        show_table(unmapped.table())


def _write_csv(path: Path, found: Audit) -> None:
    import csv
    import io
    from dataclasses import asdict, fields

    from equipoise.analyse.criteria.audit import Finding
    from equipoise.files.write import write_text

    text = io.StringIO()
    writer = csv.DictWriter(text, [f.name for f in fields(Finding)], lineterminator="\n")
    writer.writeheader()
    for finding in found.findings:
        writer.writerow(asdict(finding) | {"lesions": "; ".join(finding.lesions)})
    write_text(path, text.getvalue())
