"""Parquet, by pyarrow (extra `grid`): types come from the file; labels and the like from the fields' metadata."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import numpy as np

from equipoise.files.formats.piece import EPOCH, Trouble, bad, check_names, empty_columns, encodable, shown
from equipoise.standards.dataset import Dataset, Kind, Variable
from equipoise.trial.problem import Missing

#: The longest text [bytes], SAS's own.
_LONGEST = 32_767
#: What a row group may take up uncompressed [bytes]: it is read as a whole.
_LARGEST_GROUP = 1 << 28
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
    unreadable = (pa.ArrowException, OSError, UnicodeDecodeError, MemoryError, OverflowError, ValueError)
    try:
        file = _opened(pa, path)
        schema = file.schema_arrow
    except unreadable as error:
        raise bad(source, "unreadable", "file", _said(error), "a Parquet file") from None
    with file:
        trouble = Trouble(source)
        _sizes(file.metadata, trouble)
        trouble.check()
        try:
            about = schema.metadata or {}
            name = about.get(b"dataset", path.stem.upper().encode()).decode()
            label = about.get(b"label", b"").decode()
            check_names(trouble, schema.names)
            variables = tuple(_variable(field, trouble) for field in schema)
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            raise bad(source, "bad-header", "metadata", str(error)[:80], "names and labels as texts in UTF-8") from None
        trouble.check()
        empty = True
        try:
            for batch in file.iter_batches(batch_size=chunk):
                empty = False
                columns = {v.name: _column(pa, batch.column(i), v, trouble) for i, v in enumerate(variables)}
                trouble.check()
                yield Dataset(name, label, variables, columns)
        except unreadable as error:
            raise bad(source, "unreadable", "file", _said(error), "a Parquet file") from None
        if empty:
            yield Dataset(name, label, variables, empty_columns(variables))


def cells(path: Path) -> int:
    """How many cells the file says that it holds, before any is read; 0 where it cannot be opened."""
    pa = arrow()
    try:
        with pa.parquet.ParquetFile(path) as file:
            return int(file.metadata.num_rows) * int(file.metadata.num_columns)
    except (pa.ArrowException, OSError, ValueError, MemoryError, OverflowError):
        return 0


def _opened(pa: Any, path: Path) -> Any:
    """The file, its texts as words and where each stands: a long text that stands often is in memory once."""
    with pa.parquet.ParquetFile(path) as file:
        texts = [f.name for f in file.schema_arrow if pa.types.is_string(f.type) or pa.types.is_large_string(f.type)]
    return pa.parquet.ParquetFile(path, read_dictionary=texts)


def _sizes(about: Any, trouble: Trouble) -> None:
    """What is read at once is not too much, by what the file says before anything of it is read."""
    for i in range(about.num_row_groups):
        # not the sum over its columns: pyarrow ends the process where a broken file's column cannot be read
        size = about.row_group(i).total_byte_size
        if size > _LARGEST_GROUP:
            given, allowed = f"{size:,} bytes uncompressed", f"at most {_LARGEST_GROUP:,} bytes in a row group"
            trouble.add("too-large", f"row group {i + 1}", given, allowed, "write it with smaller row groups")


def _said(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


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
        stated = json.loads(about[b"variable"])
        if not isinstance(stated, dict):
            raise ValueError(f"{field.name}: {shown(stated)} says nothing of a variable")
        variable = Variable(**{k: v for k, v in stated.items() if k in known})
        texts, numbers = (variable.name, variable.label, variable.kind), (variable.length, variable.key)
        if not all(isinstance(t, str) and encodable(t) for t in texts) or variable.kind not in get_args(Kind):
            raise ValueError(f"{field.name} is told to be {shown(texts)}")
        if any(n is not None and (type(n) is not int or not 1 <= n < 2**31) for n in numbers):
            raise ValueError(f"{field.name}: length and key are told to be {shown(numbers)}")
        if found and (variable.kind not in found or variable.name != field.name):
            raise ValueError(f"{field.name} of type {field.type} is told to be {variable.name}, {variable.kind}")
        return variable
    return Variable(field.name, about.get(b"label", b"").decode(), found[0] if found else "text")


def _texts(pa: Any, values: Any, variable: Variable, trouble: Trouble) -> list[str]:
    """Texts; each word of the file is one text in memory, however often it stands there."""
    if not pa.types.is_dictionary(values.type):
        return [""] * len(values)  # of the type that holds nothing
    words = [_word(pa, w, variable, trouble) for w in values.dictionary]
    places = values.indices.to_pylist()
    if any(i is not None and not 0 <= i < len(words) for i in places):
        raise ValueError(f"{variable.name}: it points at words that are not there")
    return ["" if i is None else words[i] for i in places]


def _word(pa: Any, word: Any, variable: Variable, trouble: Trouble) -> str:
    size = 0 if word.as_buffer() is None else word.as_buffer().size
    if size > _LONGEST:
        trouble.add("too-long", variable.name, f"a text of {size:,} bytes", f"at most {_LONGEST:,}, as in SAS")
        return ""
    return word.as_py() or ""


def _column(pa: Any, values: Any, variable: Variable, trouble: Trouble) -> list[str] | np.ndarray:
    if variable.kind == "text":
        return _texts(pa, values, variable, trouble)
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_date(values.type):
        days = values.cast(pa.date32()).cast(pa.int32()).cast(pa.float64()).to_numpy(zero_copy_only=False)
        return np.asarray(days - _DAYS)
    if pa.types.is_integer(values.type):
        largest = max((abs(x) for x in values.to_pylist() if x is not None), default=0)
        if largest > 2**53:
            trouble.add("number-too-long", variable.name, str(largest), "integers up to 2^53")
    return np.asarray(values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False))
