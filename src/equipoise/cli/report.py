"""`equipoise report`: a trial's report for its readers, as a page, PDF, Word or RTF."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from equipoise import desk
from equipoise.cli.common import cohort_option, emit, json_option, trial_argument
from equipoise.cli.data import Asked, data_options
from equipoise.cli.extras import need
from equipoise.cli.usage import Command
from equipoise.trial.problem import BadInput, Problem

if TYPE_CHECKING:
    from equipoise.desk.data import Data

_READERS = ("everybody", "physician", "committee-closed", "committee-open", "study-report")
_FORMATS = ("html", "pdf", "docx", "rtf")
#: What else a format needs.
_NEEDS = {"html": (), "pdf": ("documents",), "docx": ("documents",), "rtf": ("documents",)}


@click.command(cls=Command, name="report", short_help="A report for a reader: a page (HTML), PDF, Word or RTF.")
@trial_argument
@cohort_option
@data_options
@click.option(
    "--for",
    "audience",
    type=click.Choice(_READERS),
    default="everybody",
    show_default=True,
    help="The reader: all in one, a physician, a monitoring committee in closed or open session, or a study report's tables.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMATS),
    default="html",
    show_default=True,
    help="html, pdf, docx: one file; rtf: a file a table.",
)
@click.option("--tables", type=click.Choice(["csv"]), help="Each table as CSV too.")
@click.option("--figures", type=click.Choice(["svg", "png"]), help="Each figure as a file: SVG, or PNG of 300 dpi.")
@click.option(
    "--only", default="", metavar="SECTION", help="One section by its name, such as efficacy; numbered as in the whole."
)
@click.option(
    "--key",
    type=click.Path(path_type=Path, dir_okay=False),
    help="With --for committee-closed: write the key to the masked arms here.",
)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder to write to.")
@json_option
def command(
    trial: str, cohort: str, asked: Asked, audience: Any, form: Any, tables: str | None, figures: Any, only: str, key: Path | None, out: Path,
    as_json: bool,
) -> None:  # fmt: skip
    """Write a report: one self-contained file (a page opens from disk, with no network), and its figures as SVG beside a page.

    A look whose decision is recorded in the log (`decide --record`) is shown at the cut-off it was taken on; any other
    as it would stand at the report's cut-off. Of a trial with cohorts each has its own part; --cohort reports one.

    equipoise report north --log LOG --for committee-closed --format pdf --key key.txt --out closed
    """
    need("A report", "report", *_NEEDS[form])
    if key is not None and audience != "committee-closed":
        given = Problem("usage", "--key", f"with --for {audience}", "--for committee-closed: no other masks arms")
        raise BadInput("report", [given])
    found = desk.opening.load_trial(trial)
    found = found.one(cohort) if cohort or audience != "everybody" else found
    data = asked.take(trial, found, "counts" if audience == "committee-open" else "by arm")
    wanted = desk.report.Wanted(audience, form, tables is not None, figures, only, key)
    written = desk.report.write(_made_from(trial, data, audience), out, wanted)
    if as_json:
        emit({"written": [str(p) for p in written]})
        return
    beside = len(written) - 1
    what = "figures" if form == "html" and tables is None and audience != "study-report" and key is None else "files"
    click.echo(f"Wrote {written[0]} and {beside} {what} beside it." if beside else f"Wrote {written[0]}.")


def _made_from(trial: str, data: Data, audience: str) -> Any:
    """What the report is made from."""
    if audience == "committee-open":
        return desk.report.pooled(data.trial, data)
    make = desk.report.findings_of_cohorts if data.trial.divided else desk.report.findings
    return make(trial, data.trial, data)
