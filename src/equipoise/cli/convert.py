"""`equipoise convert`: a dataset from one file format into another; what is lost is said."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from equipoise.cli.common import emit, json_option, say
from equipoise.cli.extras import needing


def is_parquet(path: Path) -> bool:
    """A file of this ending is read and written by a library of its own."""
    return path.suffix.lower() == ".parquet"


@click.command(name="convert", short_help="Datasets: .xpt, Dataset-JSON, CSV, Parquet into each other.")
@click.argument("source", metavar="IN", type=click.Path(path_type=Path), callback=needing("grid", when=is_parquet))
@click.argument(
    "target", metavar="OUT", type=click.Path(path_type=Path, dir_okay=False), callback=needing("grid", when=is_parquet)
)
@click.option("--dataset", "name", help="Which dataset, where IN holds several.")
@click.option("--encoding", help="Of a transport file or CSV that is not UTF-8, such as latin-1.")
@click.option(
    "--created", type=click.DateTime(), help="Creation time to state in OUT (default: 1960-01-01; no clock is read)."
)
@json_option
def command(
    source: Path, target: Path, name: str | None, encoding: str | None, created: datetime | None, as_json: bool
) -> None:
    """Convert a dataset: the endings tell the formats (.xpt, .json, .ndjson, .csv, .parquet). Any size, in bounded memory.

    Labels that IN lacks are those of SDTM and ADaM where they know the variable.
    """
    from collections.abc import Iterator

    from equipoise.files.datasets import iterate
    from equipoise.files.datasets_out import write_pieces
    from equipoise.files.formats.ibm_float import missing_letters
    from equipoise.files.formats.piece import EPOCH, bad
    from equipoise.standards.dataset import Dataset
    from equipoise.standards.metadata import domain, with_labels

    if source.resolve() == target.resolve():
        raise bad(str(source), "same-file", "OUT", str(target), "another file than IN")
    names: list[str] = []
    letters = ""
    for piece in iterate(source, encoding=encoding):
        if piece.name not in names:
            names.append(piece.name)
        for v in piece.variables:
            if v.kind != "text":
                letters = "".join(sorted({*letters, *missing_letters(piece.columns[v.name])}))  # type: ignore[arg-type]
    if name is None and len(names) > 1:
        raise bad(str(source), "several-datasets", "--dataset", "nothing", f"one of {', '.join(names)}")
    chosen = name or names[0]
    if chosen not in names:
        raise bad(str(source), "unknown-dataset", "--dataset", chosen, f"one of {', '.join(names)}")

    def pieces() -> Iterator[Dataset]:
        return (with_labels(p) for p in iterate(source, encoding=encoding) if p.name == chosen)

    measure = write_pieces(pieces, target, created=created or EPOCH)
    assert measure.first is not None
    lost = _lost(target.suffix.lower(), letters)
    if as_json:
        emit(
            {
                "written": str(target),
                "dataset": chosen,
                "records": measure.n,
                "variables": len(measure.first.variables),
                "lost": lost,
            }
        )
        return
    say(f"{target}: {chosen}, {measure.n} records of {len(measure.first.variables)} variables.")
    if domain(chosen) is not None:
        say("Labels that the file lacked are those of the standard.")
    for line in lost:
        say(f"Lost: {line}")


def _lost(ending: str, letters: str) -> list[str]:
    lost = []
    if ending == ".csv":
        lost.append("labels, types and lengths: CSV has no place for them.")
    if ending == ".xpt":
        lost.append("which numbers are integers, and keys: the transport format does not say.")
    elif letters:
        lost.append(f"special missing values (.{', .'.join(letters)}): they are plain missing now.")
    return lost
