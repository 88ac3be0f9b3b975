"""Datasets as files: from one format into another, and Define-XML for a folder of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from equipoise.files.datasets import files_of, iterate, read_datasets
from equipoise.files.datasets_out import write_pieces
from equipoise.files.formats.ibm_float import missing_letters
from equipoise.files.formats.piece import EPOCH, bad
from equipoise.files.write import write_text
from equipoise.standards.dataset import Dataset
from equipoise.standards.define_xml import define_xml
from equipoise.standards.metadata import described, domain, with_labels


@dataclass(frozen=True)
class Converted:
    """A dataset in another format, and what that format has no place for."""

    written: str
    dataset: str
    records: int
    variables: int
    lost: Sequence[str]

    def in_standard(self) -> bool:
        """True if a standard knows the dataset: labels that the file lacked are then the standard's."""
        return domain(self.dataset) is not None


def convert(
    source: Path, target: Path, name: str | None = None, encoding: str | None = None, created: datetime | None = None
) -> Converted:
    """Convert a dataset; the endings tell the formats. Any size, in bounded memory."""
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
    return Converted(str(target), chosen, measure.n, len(measure.first.variables), lost)


def _lost(ending: str, letters: str) -> list[str]:
    lost = []
    if ending == ".csv":
        lost.append("labels, types and lengths: CSV has no place for them.")
    if ending == ".xpt":
        lost.append("which numbers are integers, and keys: the transport format does not say.")
    elif letters:
        lost.append(f"special missing values (.{', .'.join(letters)}): they are plain missing now.")
    return lost


@dataclass(frozen=True)
class Defined:
    """A define.xml that was written: its datasets, those no standard knows, and variables whose origin nothing says."""

    written: str
    datasets: Sequence[str]
    variables: int
    non_standard: Sequence[str]
    without_origin: int
    not_read: Sequence[str] = ()

    def as_json(self) -> dict[str, object]:
        """The documented shape."""
        return {
            "written": self.written,
            "datasets": self.datasets,
            "non_standard": self.non_standard,
            "variables_without_origin": self.without_origin,
            "not_read": self.not_read,
        }


def define(
    folder: Path,
    out: Path | None = None,
    study: str | None = None,
    created: datetime | None = None,
    encoding: str | None = None,
) -> Defined:
    """Write Define-XML 2.1 for a folder of datasets. What a file does not say is taken from SDTMIG 3.4 and ADaMIG 1.3."""
    if not folder.is_dir():
        raise bad(str(folder), "no-folder", "FOLDER", "no folder", "a folder of datasets")
    datasets = [described(d) for d in read_datasets(folder, encoding=encoding).values()]
    files = {
        name: path.name for path in files_of(folder) for name in {p.name for p in iterate(path, encoding=encoding)}
    }
    studies = {s for d in datasets for s in set(d.text("STUDYID")) if s}
    target = out or folder / "define.xml"
    name = study or (min(studies) if len(studies) == 1 else "")
    if not name:
        raise bad(str(folder), "no-study", "--study", f"{len(studies)} studies in the data", "the name of the study")
    write_text(target, define_xml(datasets, name, created=created or EPOCH, files=files).decode())
    return Defined(
        str(target),
        sorted(d.name for d in datasets),
        sum(len(d.variables) for d in datasets),
        sorted(d.name for d in datasets if domain(d.name) is None),
        sum(not v.origin for d in datasets for v in d.variables),
        sorted({p.name for p in folder.iterdir() if not p.name.startswith(".")} - {*files.values(), target.name}),
    )
