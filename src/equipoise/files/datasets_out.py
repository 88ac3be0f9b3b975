"""Datasets into files: checked as a whole first, then written whole or not at all; the same dataset gives the same bytes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from equipoise.files.formats import dataset_json_write, xpt_write
from equipoise.files.formats.parquet_table import arrow
from equipoise.files.formats.piece import EPOCH, Source, Trouble, bad, day_text, pieces_of
from equipoise.files.formats.transport_rules import Measure
from equipoise.files.write import whole
from equipoise.standards.dataset import Dataset, Variable

ENDINGS = (".xpt", ".json", ".ndjson", ".dsjc", ".csv", ".parquet")


def write_dataset(dataset: Dataset, path: Path, *, created: datetime = EPOCH) -> None:
    """Write a dataset in the format of the path's ending. ``created`` stands in the file; no clock is read.

    Raises BadInput with everything the format cannot hold; then nothing is written.
    """
    write_pieces(lambda: pieces_of(dataset), path, created=created)


def write_pieces(source: Source, path: Path, *, created: datetime = EPOCH) -> Measure:
    """Write pieces of one dataset; they are gone through twice, first to check and measure. Returns what was measured."""
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise bad(str(path), "unknown-format", "file", f"the ending {ending!r}", f"one of {', '.join(ENDINGS)}")
    if ending == ".parquet":
        arrow()
    trouble, measure = Trouble(str(path)), Measure()
    for piece in source():
        measure.take(piece, trouble, transport=ending == ".xpt")
    if measure.first is None:
        raise bad(str(path), "no-data", "dataset", "no pieces", "at least one, be it empty")
    if ending == ".xpt":
        xpt_write.check(measure, trouble)
    trouble.check()
    with whole(path) as file:
        if ending == ".xpt":
            xpt_write.write(file, measure, source(), created)
        elif ending == ".csv":
            _csv(file, measure.first.variables, source())
        elif ending == ".parquet":
            _parquet(file, measure.first, source())
        elif ending == ".dsjc":
            dataset_json_write.write_compressed(file, measure, source(), created)
        else:
            dataset_json_write.write(file, measure, source(), created, lines=ending == ".ndjson")
    return measure


def _csv(file: BinaryIO, variables: Sequence[Variable], pieces: Iterable[Dataset]) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    out = csv.writer(text, lineterminator="\n")
    out.writerow([v.name for v in variables])
    for piece in pieces:
        out.writerows(zip(*(_cells(v, piece.columns[v.name]) for v in variables), strict=True))
    text.detach()


def _cells(v: Variable, column: Any) -> Iterator[str] | Sequence[str]:
    if v.kind == "text":
        return column  # type: ignore[no-any-return]
    write: Callable[[float], str] = day_text if v.kind == "date" else _number
    return (write(x) for x in np.asarray(column, dtype=np.float64).tolist())


def _number(x: float) -> str:
    """The shortest decimal that reads back as the same number."""
    return "" if x != x else str(int(x)) if x.is_integer() and abs(x) < 1e15 else repr(x)


def _parquet(file: BinaryIO, first: Dataset, pieces: Iterable[Dataset]) -> None:
    pa = arrow()
    types = {"text": pa.string(), "integer": pa.int64(), "float": pa.float64(), "date": pa.date32()}
    schema = pa.schema(
        [
            pa.field(v.name, types[v.kind], metadata={"label": v.label, "variable": json.dumps(asdict(v))})
            for v in first.variables
        ],
        metadata={"dataset": first.name, "label": first.label},
    )
    shift = EPOCH.toordinal() - 719163
    with pa.parquet.ParquetWriter(file, schema) as out:
        for piece in pieces:
            arrays = []
            for v in first.variables:
                column = piece.columns[v.name]
                if v.kind == "text":
                    arrays.append(pa.array(list(column), pa.string()))
                    continue
                numbers = np.asarray(column, dtype=np.float64)
                missing = np.isnan(numbers)
                if v.kind == "float":
                    arrays.append(pa.array(numbers, mask=missing))
                else:
                    whole = np.where(missing, 0, numbers).astype(np.int64)
                    whole = whole if v.kind == "integer" else (whole + shift).astype(np.int32)
                    arrays.append(pa.array(whole, mask=missing).cast(types[v.kind]))
            out.write_table(pa.Table.from_arrays(arrays, schema=schema))
