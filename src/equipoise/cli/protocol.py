"""`equipoise protocol`: the protocol by ICH M11, or the statistical analysis plan, as a document."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from equipoise import desk
from equipoise.cli.common import bullet, emit, json_option, say
from equipoise.cli.extras import need
from equipoise.cli.usage import Command
from equipoise.trial.problem import BadInput, Problem


@click.command(cls=Command, name="protocol", short_help="The protocol by ICH M11, or the statistical analysis plan.")
@click.argument("trial", metavar="TRIAL", required=False)
@click.option(
    "--document", "kind", type=click.Choice(["m11", "sap"]), default="m11", show_default=True,
    help="The protocol by ICH M11's template, or the statistical analysis plan.",
)  # fmt: skip
@click.option(
    "--format", "form", type=click.Choice(["docx", "html"]), default="docx", show_default=True, help="The format."
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="The file to write.")
@click.option("--sections", is_flag=True, help="List M11's sections, whose numbers [protocol.text] takes.")
@json_option
def command(trial: str | None, kind: Any, form: Any, out: Path | None, sections: bool, as_json: bool) -> None:
    """Write a document from the trial file, with protocol.toml beside it.

    Every sentence is tied to its entry: a bookmark in Word, data-of in HTML, and the list of both in --json. What nobody has written is a
    marked gap under M11's heading; text of your own stands in [protocol.text].
    """
    if sections:
        found = desk.protocol.sections()
        if as_json:
            emit(found)
        else:
            bullet([f"{number}: {heading}" for number, heading in found.items()])
        return
    lacking = [
        Problem("missing", where, "nothing", allowed)
        for where, value, allowed in (("TRIAL", trial, "a trial"), ("--out", out, "the file to write"))
        if value is None
    ]
    if trial is None or out is None:
        raise BadInput("protocol", lacking)
    if form == "docx":
        need("DOCX", "documents")
    put = desk.protocol.write(trial, kind, form, out)
    if as_json:
        emit(put.as_json())
        return
    d = put.document
    say(f"Wrote {out}: {d.subtitle.lower()}, {len(d.chapters)} sections. {d.edition}.")
    if d.gaps:
        say(f"Nobody has written {len(d.gaps)} sections: {', '.join(d.gaps)}.")
