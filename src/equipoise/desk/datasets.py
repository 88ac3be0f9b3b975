"""Datasets as files: from one format into another, and Define-XML for a folder of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from equipoise.files.datasets import files_of, iterate, read_datasets
from equipoise.files.datasets_out import write_pieces
from equipoise.files.define_file import read_define
from equipoise.files.formats.ibm_float import missing_letters
from equipoise.files.formats.piece import EPOCH, bad
from equipoise.files.write import write_text
from equipoise.standards.dataset import Dataset
from equipoise.standards.define_xml import define_xml
from equipoise.standards.definition import Against
from equipoise.standards.metadata import described, domain, with_labels
from equipoise.trial.dialect import FOUND_OUT, Dialect


@dataclass(frozen=True)
class Converted:
    """A dataset in another format, and what that format has no place for."""

    written: str
    dataset: str
    records: int
    variables: int
    lost: Sequence[str]
    notes: Sequence[str] = ()

    def in_standard(self) -> bool:
        """True if a standard knows the dataset: labels that the file lacked are then the standard's."""
        return domain(self.dataset) is not None


def convert(
    source: Path,
    target: Path,
    name: str | None = None,
    dialect: Dialect = FOUND_OUT,
    created: datetime | None = None,
    define: Path | None = None,
) -> Converted:
    """Convert a dataset; the endings tell the formats. Any size, in bounded memory.

    ``define``: a Define-XML that says what the columns of a CSV are, and what labels, lengths and terms the dataset has.
    """
    if source.resolve() == target.resolve():
        raise bad(str(source), "same-file", "OUT", str(target), "another file than IN")
    names: list[str] = []
    letters = ""
    notes: list[str] = []
    definition = read_define(define) if define is not None else None
    against: dict[str, Against] = {}
    own = definition.of(source.name) if definition is not None else None
    columns = own.by_column if own is not None else None
    for piece in iterate(source, dialect=dialect, notes=notes, variables=columns):
        if piece.name not in names:
            names.append(piece.name)
            defined = own or (definition.of(piece.name) if definition is not None else None)
            if defined is not None:
                against[piece.name] = Against(defined)
        if piece.name in against:
            against[piece.name].take(piece)
        for v in piece.variables:
            if v.kind != "text":
                letters = "".join(sorted({*letters, *missing_letters(piece.columns[v.name])}))  # type: ignore[arg-type]
    if name is None and len(names) > 1:
        raise bad(str(source), "several-datasets", "--dataset", "nothing", f"one of {', '.join(names)}")
    chosen = name or names[0]
    if chosen not in names:
        raise bad(str(source), "unknown-dataset", "--dataset", chosen, f"one of {', '.join(names)}")

    def pieces() -> Iterator[Dataset]:
        taken = (p for p in iterate(source, dialect=dialect, variables=columns) if p.name == chosen)
        fitted = (against[chosen].fitted(p) if chosen in against else p for p in taken)
        return (with_labels(replace(p, name=called)) for p in fitted)

    if definition is not None and chosen not in against:
        names = list(definition.datasets)
        raise bad(
            str(define), "not-defined", "--define", chosen, f"a document that defines it; it has {', '.join(names)}"
        )
    # A CSV has no name but its file's; the document may say which dataset that file holds.
    called = own.name if own is not None and source.suffix.lower() == ".csv" and own.is_file(source.name) else chosen
    notes += against[chosen].notes() if chosen in against else []
    measure = write_pieces(pieces, target, created=created or EPOCH)
    assert measure.first is not None
    lost = _lost(target.suffix.lower(), letters)
    return Converted(str(target), called, measure.n, len(measure.first.variables), lost, notes)


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
    notes: Sequence[str] = ()

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
    dialect: Dialect = FOUND_OUT,
) -> Defined:
    """Write Define-XML 2.1 for a folder of datasets. What a file does not say is taken from SDTMIG 3.4 and ADaMIG 1.3."""
    if not folder.is_dir():
        raise bad(str(folder), "no-folder", "FOLDER", "no folder", "a folder of datasets")
    notes: list[str] = []
    datasets = [described(d) for d in read_datasets(folder, dialect=dialect, notes=notes).values()]
    files = {name: path.name for path in files_of(folder) for name in {p.name for p in iterate(path, dialect=dialect)}}
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
        notes,
    )
