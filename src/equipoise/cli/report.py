"""`equipoise report`: one self-contained HTML report of a trial, with its figures as SVG beside it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from equipoise.cli.common import emit, json_option, load_trial, trial_argument
from equipoise.cli.data import Asked, data_options

if TYPE_CHECKING:
    from equipoise.dossier.findings import Findings


@click.command(name="report", short_help="One self-contained HTML report of a trial.")
@trial_argument
@data_options
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder to write to.")
@json_option
def command(trial: str, asked: Asked, out: Path, as_json: bool) -> None:
    """Write a self-contained HTML report (it opens from disk, with no network) and its figures as SVG.

    A look whose decision is recorded in the log (`decide --record`) is shown at the cut-off it was taken on; any other
    as it would stand at the report's cut-off.
    """
    from equipoise.analyse.analysis import analyse
    from equipoise.analyse.data import cut
    from equipoise.decide.decide import decide
    from equipoise.dossier.findings import Findings
    from equipoise.files.history_file import library_of

    found = load_trial(trial)
    log = asked.log(trial, found)
    snap = asked.cut(found, log)
    looks = []
    if found.design is not None and found.monitoring is not None:
        taken = {e.data["look"]: e.data for e in snap.events if e.kind == "decided"}
        for look in found.design.looks:
            at = taken.get(look.number)
            then = snap if at is None else cut(found, log, *(date.fromisoformat(at[k]) for k in ("cutoff", "known_on")))
            looks.append(decide(found, then, look.number))
    library = library_of(found, trial)
    written = write_report(Findings(found, snap, analyse(found, snap), looks, library=library), out)
    if as_json:
        emit({"written": [str(p) for p in written]})
    else:
        click.echo(f"Wrote {written[0]} and {len(written) - 1} figures beside it.")


def write_report(findings: Findings, out: Path) -> list[Path]:
    """Render the report and write it with its figures; the paths, the page first."""
    from equipoise.cli.pages import write_page
    from equipoise.dossier.document import trial_document

    return write_page(trial_document(findings), out / "report.html")
