"""Datasets in files: SAS transport (.xpt), Dataset-JSON (.json, .ndjson, .dsjc), CSV and Parquet, read whole or in pieces."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from equipoise.files.formats import csv_table, dataset_json_read, parquet_table, xpt_read
from equipoise.files.formats.encodings import DEFAULT, checked
from equipoise.files.formats.piece import CHUNK, bad, joined
from equipoise.standards.dataset import Dataset, Variable
from equipoise.trial.dialect import FOUND_OUT, Dialect
from equipoise.trial.problem import BadInput, Problem

#: Cells and characters of one dataset that is read whole: a trial of 100,000 patients has fewer.
_MOST_CELLS, _MOST_CHARACTERS = 50_000_000, 1 << 29
#: Ending of a file → who reads it.
READERS: Mapping[str, Callable[..., Iterator[Dataset]]] = {
    ".xpt": xpt_read.pieces,
    ".json": dataset_json_read.pieces,
    ".ndjson": dataset_json_read.pieces,
    ".dsjc": dataset_json_read.pieces,
    ".csv": csv_table.pieces,
    ".parquet": parquet_table.pieces,
}


def iterate(
    path: Path,
    chunk: int = CHUNK,
    *,
    encoding: str | None = None,
    variables: Mapping[str, Variable] | None = None,
    dialect: Dialect = FOUND_OUT,
    notes: list[str] | None = None,
) -> Iterator[Dataset]:
    """One file in pieces of at most ``chunk`` records, each with all metadata: memory stays bounded.

    A transport file may hold several datasets, one after the other; a dataset without records is one empty piece.
    ``encoding`` is for transport files and CSV (UTF-8 unless given; Dataset-JSON and Parquet are UTF-8 by themselves); ``variables``
    says what columns of a CSV are, ``dialect`` how it is written as far as that is stated, and ``notes`` takes what was found out of it.
    Raises BadInput where the file is broken, as soon as it is seen: pieces before that were good.
    """
    if not path.is_file():
        raise bad(str(path), "no-file", "file", "nothing there", "a file")
    ending = path.suffix.lower()
    if ending not in READERS:
        raise bad(str(path), "unknown-format", "file", f"the ending {ending!r}", f"one of {', '.join(READERS)}")
    stated = Dialect(encoding).over(dialect)
    if stated.encoding is not None:
        checked(stated.encoding, ascii_compatible=ending == ".xpt")
    options: dict[str, Any] = {}
    if ending == ".csv":
        options = {"dialect": stated, "variables": variables, "notes": notes}
    elif ending == ".xpt" and stated.encoding is not None:
        options["encoding"] = stated.encoding
    return READERS[ending](path, chunk, **options)


def read_datasets(
    where: Path | Iterable[Path],
    *,
    encoding: str | None = None,
    variables: Mapping[str, Mapping[str, Variable]] | None = None,
    dialect: Dialect = FOUND_OUT,
    notes: list[str] | None = None,
) -> dict[str, Dataset]:
    """Name → dataset, of a file, a folder (its files with a known ending), or several of both.

    A dataset of a CSV or Parquet file has the file's name in capitals unless the file says its own. Raises BadInput with the problems
    of all files; so it does where two files hold a dataset of one name.
    """
    found: dict[str, Dataset] = {}
    origin: dict[str, Path] = {}
    files = files_of(where)
    ask_for_libraries(files)
    if (stated := Dialect(encoding).over(dialect).encoding) is not None:
        checked(stated, ascii_compatible=False)
    wrong: list[BadInput] = []
    for path in files:
        own = (variables or {}).get(path.stem.upper())
        pieces = iterate(path, encoding=encoding, variables=own, dialect=dialect, notes=notes)
        try:
            if (
                path.suffix.lower() == ".parquet"
                and path.is_file()
                and (said := parquet_table.cells(path)) > _MOST_CELLS
            ):
                allowed = f"at most {_MOST_CELLS:,} cells in a dataset that is read whole"
                raise bad(str(path), "too-large", "file", f"{said:,} cells", allowed)
            for name, group in groupby(pieces, key=lambda d: d.name):
                if name in found:
                    raise bad(str(path), "dataset-twice", name, f"also in {origin[name]}", "each dataset once")
                found[name], origin[name] = joined(_bounded(group, str(path))), path
        except BadInput as broken:
            wrong.append(broken)
    if len(wrong) == 1:
        raise wrong[0]
    if wrong:
        raise BadInput("datasets", [of_file(Path(w.source).name, p) for w in wrong for p in w.problems])
    return found


def _bounded(pieces: Iterable[Dataset], source: str) -> Iterator[Dataset]:
    """The pieces of a dataset that is to be in memory as a whole. Raises BadInput once they are more than fits."""
    cells = characters = 0
    for piece in pieces:
        cells += piece.n * len(piece.variables)
        characters += sum(sum(map(len, piece.columns[v.name])) for v in piece.variables if v.kind == "text")
        if cells > _MOST_CELLS or characters > _MOST_CHARACTERS:
            allowed = (
                f"at most {_MOST_CELLS:,} cells and {_MOST_CHARACTERS:,} characters in a dataset that is read whole"
            )
            raise bad(source, "too-large", piece.name, f"{cells:,} cells, {characters:,} characters and more", allowed)
        yield piece


def of_file(name: str, p: Problem) -> Problem:
    """A problem of one of several files, told with the file's name."""
    return Problem(p.code, f"{name}: {p.where}", p.given, p.allowed, p.next_step)


def dataset_names(path: Path, encoding: str | None = None) -> list[str]:
    """The names of the datasets of a file: a transport file says them, any other has one, of the file's name."""
    if path.suffix.lower() == ".xpt" and path.is_file():
        return xpt_read.names(path, checked(encoding) if encoding is not None else DEFAULT)
    return [path.stem.upper()]


def ask_for_libraries(files: Iterable[Path]) -> None:
    """Raise Missing before the first file is read, where one of them needs a library that is not installed."""
    if any(path.suffix.lower() == ".parquet" for path in files):
        parquet_table.arrow()


def files_of(where: Path | Iterable[Path]) -> list[Path]:
    """The files of datasets among these files and folders, in the order of their names."""
    paths = [where] if isinstance(where, Path) else list(where)
    files: list[Path] = []
    for path in paths:
        inside = sorted(p for p in path.iterdir() if p.suffix.lower() in READERS) if path.is_dir() else [path]
        if not inside:
            raise bad(str(path), "no-data", "folder", "no datasets in it", f"files ending {', '.join(READERS)}")
        files.extend(inside)
    return files
