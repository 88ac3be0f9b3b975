"""`equipoise audit-response`: does the recorded response follow from the lesions? Every place where it does not."""

from __future__ import annotations

from pathlib import Path

import click

from equipoise import desk
from equipoise.cli.common import emit, json_option, say, show_table
from equipoise.cli.data import say_notes
from equipoise.cli.dialect import dialect_options
from equipoise.cli.usage import Command
from equipoise.trial.dialect import Dialect

_SHOWN = 12


@click.command(cls=Command, name="audit-response", short_help="Recorded tumour responses against the criteria.")
@click.argument("data", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--criterion", default="RECIST 1.1", show_default=True, help="The response criteria.")
@click.option("--patient", help="One patient's cases, in full.")
@click.option(
    "--csv", "csv_path", type=click.Path(path_type=Path, dir_okay=False), help="Write every case to a CSV file."
)
@dialect_options
@json_option
def command(
    data: tuple[Path, ...],
    criterion: str,
    patient: str | None,
    csv_path: Path | None,
    dialect: Dialect,
    as_json: bool,
) -> None:
    """Derive the response at every visit from TU, TR and RS, and list every disagreement with what was recorded.

    DATA is a folder of SDTM (xpt, Dataset-JSON, CSV, Parquet) or the files themselves, each sorted by USUBJID.
    """
    audited = desk.audit.run(data, criterion, patient, dialect)
    say_notes(audited.notes)
    if csv_path is not None:
        audited.write_csv(csv_path)
    if as_json:
        emit(audited.as_json())
        return
    found = audited.found
    say(
        f"{found.patients} patients, {sum(found.time_points.values())} time points after baseline, by {found.criterion}."
    )
    show_table(audited.table())
    cases = [f for f in found.findings if f.rule != "choice of lesions" or patient]
    for f in cases if patient else cases[:_SHOWN]:
        say(f"{f.patient}, {f.assessor}, {f.visit or f.on} ({f.on}): {f.rule}", first="- ")
        say(f"recorded {f.recorded or 'nothing'}, by the criteria {f.derived or '-'}. {f.because}", indent="    ")
        if f.lesions:
            say("; ".join(f.lesions) + f". Record {f.source}", indent="    ")
    if not patient and len(cases) > _SHOWN:
        say(f"… and {len(cases) - _SHOWN} more: --csv FILE or --json lists all, --patient NAME one patient's.")
    if len(audited.unmapped):
        show_table(audited.unmapped.table())
