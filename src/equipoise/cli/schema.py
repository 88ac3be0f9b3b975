"""`equipoise schema`: the JSON Schema of a trial file, a scenario, a grid, a library of historical controls, an amendment or a drug."""

from __future__ import annotations

from pathlib import Path

import click

from equipoise.cli.common import emit, json_option
from equipoise.cli.usage import Command


@click.command(cls=Command, name="schema", short_help="The JSON Schema of a trial file, for editors.")
@click.option(
    "--of",
    "what",
    type=click.Choice(["trial", "scenario", "grid", "history", "amendment", "drug", "case-mix"]),
    default="trial",
    show_default=True,
)
@click.option("--out", type=click.Path(path_type=Path), help="Write it to a file.")
@json_option
def command(what: str, out: Path | None, as_json: bool) -> None:
    """Print the JSON Schema of a trial file (or of a scenario, a grid, a library of historical controls, an amendment, a drug, a case mix), for editors that complete and check as you type."""
    from equipoise.files.plain import to_json
    from equipoise.files.schemas import schema_of
    from equipoise.files.write import write_text

    schema = schema_of(what)
    if out is None:
        emit(schema)
        return
    write_text(out, to_json(schema))
    if as_json:
        emit({"written": str(out)})
    else:
        click.echo(f"Wrote {out}")
