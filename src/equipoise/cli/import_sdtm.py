"""`equipoise import-sdtm`: SDTM into a new log, then the same road as everything else."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from equipoise.cli.common import emit, json_option, load_trial, say, show_table


@click.command(name="import-sdtm", short_help="Take SDTM into a new log.")
@click.argument("data", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--log", "log_path", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The new log.")
@click.option("--trial", help="A trial whose arms are those of DM; without it one is made from DM beside the log.")
@click.option("--by", default="SDTM", show_default=True, help="Who takes it in.")
@json_option
def command(data: tuple[Path, ...], log_path: Path, trial: str | None, by: str, as_json: bool) -> None:
    """Take SDTM (a folder, or files) into a new log, and say what the log cannot hold.

    Without --trial a minimal trial file is made from DM and written beside the log, for you to edit.
    """
    from equipoise.files.log_file import write_new_log
    from equipoise.files.sdtm_files import import_sdtm, read_domains, trial_toml
    from equipoise.files.write import write_text
    from equipoise.standards.sdtm.observed_trial import observed
    from equipoise.trial.problem import BadInput, Problem

    known = load_trial(trial) if trial else None
    trial_path = log_path.with_name(f"{log_path.name.split('.')[0]}.trial.toml")
    if known is None and trial_path.exists():
        raise BadInput(
            str(trial_path), [Problem("trial-exists", "trial", "a file that is there already", "a new file")]
        )
    found = import_sdtm(data, known, datetime.now(UTC), by)
    write_new_log(log_path, found.log)
    if known is None:
        write_text(trial_path, trial_toml(observed(read_domains(data)[0])))
    patients = len({e.patient for e in found.log if e.patient})
    if as_json:
        emit(
            {
                "log": str(log_path),
                "trial": found.trial.id if known else str(trial_path),
                "events": len(found.log),
                "patients": patients,
                "hash": found.log.head,
                "imputed_dates": sum("dated" in e.data for e in found.log),
                "unmapped": found.unmapped.entries,
            }
        )
        return
    say(f"{patients} patients, {len(found.log)} events in {log_path}. Chain {found.log.head[:12]}")
    if known is None:
        say(f"Trial file made from DM: {trial_path}. Edit it from the protocol, then open it with the log.")
    imputed = sum("dated" in e.data for e in found.log)
    say(f"{imputed} events stand on an imputed day; each says what was recorded and by which rule.")
    if len(found.unmapped):
        show_table(found.unmapped.table())
