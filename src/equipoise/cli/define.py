"""`equipoise define`: Define-XML 2.1 for a folder of datasets."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from equipoise.cli.common import emit, json_option, say


@click.command(name="define", short_help="Define-XML 2.1 for a folder of datasets.")
@click.argument("folder", metavar="FOLDER", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Default: define.xml in the folder.")
@click.option("--study", help="Name of the study (default: STUDYID of the data).")
@click.option(
    "--created", type=click.DateTime(), help="Creation time to state (default: 1960-01-01; no clock is read)."
)
@json_option
def command(folder: Path, out: Path | None, study: str | None, created: datetime | None, as_json: bool) -> None:
    """Write define.xml: datasets, variables, the terms that occur, origins and methods where the data say them.

    What a file does not say of a variable (label, core, codelist, key) is taken from SDTMIG 3.4 and ADaMIG 1.3.
    """
    from equipoise.files.datasets import files_of, iterate, read_datasets
    from equipoise.files.formats.piece import EPOCH, bad
    from equipoise.files.write import write_text
    from equipoise.standards.define_xml import define_xml
    from equipoise.standards.metadata import described, domain

    if not folder.is_dir():
        raise bad(str(folder), "no-folder", "FOLDER", "no folder", "a folder of datasets")
    datasets = [described(d) for d in read_datasets(folder).values()]
    files = {name: path.name for path in files_of(folder) for name in {p.name for p in iterate(path)}}
    studies = {s for d in datasets for s in set(d.text("STUDYID")) if s}
    target = out or folder / "define.xml"
    name = study or (min(studies) if len(studies) == 1 else "")
    if not name:
        raise bad(str(folder), "no-study", "--study", f"{len(studies)} studies in the data", "the name of the study")
    write_text(target, define_xml(datasets, name, created=created or EPOCH, files=files).decode())
    unknown = sorted(d.name for d in datasets if domain(d.name) is None)
    without = sum(not v.origin for d in datasets for v in d.variables)
    if as_json:
        emit(
            {
                "written": str(target),
                "datasets": sorted(d.name for d in datasets),
                "non_standard": unknown,
                "variables_without_origin": without,
            }
        )
        return
    say(f"{target}: {len(datasets)} datasets, {sum(len(d.variables) for d in datasets)} variables.")
    if unknown:
        say(f"Not in the standards we know: {', '.join(unknown)}.")
    if without:
        say(f"{without} variables have no origin: data files do not say it. Complete it before a submission.")
