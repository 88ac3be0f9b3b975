"""CDISC Dataset-JSON 1.1, written, as one object or as a line a record, plain or compressed; the attributes in the order of the specification."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, BinaryIO

import numpy as np

from equipoise import __version__
from equipoise.files.formats.deflated import Deflating
from equipoise.files.formats.piece import day_text
from equipoise.files.formats.transport_rules import Measure
from equipoise.standards.dataset import Dataset, Variable


def header(measure: Measure, created: datetime, study: str = "") -> dict[str, Any]:
    """The metadata of the dataset. OIDs are those of our Define-XML."""
    first = measure.first
    assert first is not None
    return {
        "datasetJSONCreationDateTime": created.isoformat(timespec="seconds"),
        "datasetJSONVersion": "1.1.0",
        "fileOID": f"equipoise.{first.name}",
        "originator": "Equipoise",
        "sourceSystem": {"name": "Equipoise", "version": __version__},
        **({"studyOID": study} if study else {}),
        "itemGroupOID": f"IG.{first.name}",
        "records": measure.n,
        "name": first.name,
        "label": first.label,
        "columns": [_column(first.name, v, measure) for v in first.variables],
    }


def _column(dataset: str, v: Variable, measure: Measure) -> dict[str, Any]:
    column: dict[str, Any] = {"itemOID": f"IT.{dataset}.{v.name}", "name": v.name, "label": v.label}
    if v.kind == "date":
        column |= {"dataType": "date", "targetDataType": "integer", "displayFormat": "E8601DA."}
    else:
        column["dataType"] = {"text": "string", "integer": "integer", "float": "float"}[v.kind]
    if v.kind == "text":
        column["length"] = max(v.length or 1, measure.longest.get(v.name, 1), 1)
    if v.key is not None:
        column["keySequence"] = v.key
    return column


def write_compressed(file: BinaryIO, measure: Measure, pieces: Iterable[Dataset], created: datetime) -> None:
    """Write the pieces as compressed Dataset-JSON."""
    stream = Deflating(file)
    write(stream, measure, pieces, created, lines=True)
    stream.end()


def write(
    file: BinaryIO | Deflating, measure: Measure, pieces: Iterable[Dataset], created: datetime, lines: bool
) -> None:
    """Write the pieces as one object, or where ``lines`` as NDJSON."""
    head = json.dumps(header(measure, created), ensure_ascii=False, allow_nan=False)
    file.write((head + "\n" if lines else head[:-1] + ', "rows": [').encode())
    between = "" if lines else "\n"
    for piece in pieces:
        columns = [_values(v, piece.columns[v.name]) for v in piece.variables]
        rows = [json.dumps(row, ensure_ascii=False, allow_nan=False) for row in zip(*columns, strict=True)]
        if not rows:
            continue
        if lines:
            file.write(("\n".join(rows) + "\n").encode())
        else:
            file.write((between + ",\n".join(rows)).encode())
            between = ",\n"
    if not lines:
        file.write(b"\n]}\n")


def _values(v: Variable, column: Any) -> list[Any]:
    if v.kind == "text":
        return list(column)
    numbers = np.asarray(column, dtype=np.float64)
    if v.kind == "date":
        return [day_text(x) or None for x in numbers.tolist()]
    known = numbers.tolist()
    if v.kind == "integer":
        return [None if x != x else int(x) for x in known]
    return [None if x != x else int(x) if x.is_integer() and abs(x) < 2**53 else x for x in known]
