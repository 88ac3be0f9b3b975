"""Parquet, by pyarrow (extra `grid`): types come from the file; labels and the like from the fields' metadata."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from equipoise.files.formats.piece import EPOCH, Trouble, bad, check_names, empty_columns
from equipoise.standards.dataset import Dataset, Kind, Variable
from equipoise.trial.problem import Missing

_DAYS = EPOCH.toordinal() - 719163  # from 1970-01-01 to our day 0


def arrow() -> Any:
    """The library, or what to install."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise Missing("Parquet needs pyarrow: pip install 'equipoise[grid]'") from None
    return pyarrow


def pieces(path: Path, chunk: int) -> Iterator[Dataset]:
    """The file in pieces of at most ``chunk`` records; one empty piece where it has none."""
    pa = arrow()
    source = str(path)
    try:
        file = pa.parquet.ParquetFile(path)
        schema = file.schema_arrow
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise bad(source, "unreadable", "file", str(error).splitlines()[0], "a Parquet file") from None
    with file:
        trouble = Trouble(source)
        try:
            about = schema.metadata or {}
            name = about.get(b"dataset", path.stem.upper().encode()).decode()
            label = about.get(b"label", b"").decode()
            check_names(trouble, schema.names)
            variables = tuple(_variable(field, trouble) for field in schema)
        except (ValueError, TypeError) as error:
            raise bad(source, "bad-header", "metadata", str(error)[:80], "names and labels as texts in UTF-8") from None
        trouble.check()
        empty = True
        try:
            for batch in file.iter_batches(batch_size=chunk):
                empty = False
                columns = {v.name: _column(pa, batch.column(i), v, trouble) for i, v in enumerate(variables)}
                trouble.check()
                yield Dataset(name, label, variables, columns)
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            raise bad(source, "unreadable", "file", str(error).splitlines()[0], "a Parquet file") from None
        if empty:
            yield Dataset(name, label, variables, empty_columns(variables))


def _variable(field: Any, trouble: Trouble) -> Variable:
    import pyarrow.types as t

    kind = field.type.value_type if t.is_dictionary(field.type) else field.type
    about = field.metadata or {}
    found: tuple[Kind, ...] = ()
    if t.is_string(kind) or t.is_large_string(kind) or t.is_null(kind):
        found = ("text",)
    elif t.is_integer(kind):
        found = ("integer", "float")
    elif t.is_floating(kind):
        found = ("float", "integer")
    elif t.is_date(kind):
        found = ("date",)
    else:
        trouble.add("unknown-type", field.name, str(field.type), "text, integer, number or day")
    if b"variable" in about:  # written by us
        known = {f.name for f in fields(Variable)}
        variable = Variable(**{k: v for k, v in dict(json.loads(about[b"variable"])).items() if k in known})
        if found and (variable.kind not in found or variable.name != field.name):
            raise ValueError(f"{field.name} of type {field.type} is told to be {variable.name}, {variable.kind}")
        return variable
    return Variable(field.name, about.get(b"label", b"").decode(), found[0] if found else "text")


def _column(pa: Any, values: Any, variable: Variable, trouble: Trouble) -> list[str] | np.ndarray:
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if variable.kind == "text":
        return ["" if x is None else x for x in values.to_pylist()]
    if pa.types.is_date(values.type):
        days = values.cast(pa.date32()).cast(pa.int32()).cast(pa.float64()).to_numpy(zero_copy_only=False)
        return np.asarray(days - _DAYS)
    if pa.types.is_integer(values.type):
        largest = max((abs(x) for x in values.to_pylist() if x is not None), default=0)
        if largest > 2**53:
            trouble.add("number-too-long", variable.name, str(largest), "integers up to 2^53")
    return np.asarray(values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False))
