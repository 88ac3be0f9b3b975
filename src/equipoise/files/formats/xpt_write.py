"""SAS transport version 5, written: the same dataset gives the same bytes (SAS technical note TS-140)."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from datetime import datetime
from typing import BinaryIO

import numpy as np

from equipoise.files.formats.ibm_float import to_ibm
from equipoise.files.formats.piece import Trouble
from equipoise.files.formats.transport_rules import Measure, check_transport
from equipoise.standards.dataset import Dataset, Variable

_NAMESTR = struct.Struct(">hhhh8s40s8shhh2s8shhl52s")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


def check(measure: Measure, trouble: Trouble) -> None:
    """What of the whole cannot be written."""
    first = measure.first
    if first is None:
        return
    check_transport(first, trouble)
    width = sum(_width(v, measure) for v in first.variables)
    if len(first.variables) > 9999:
        trouble.add("too-many-variables", first.name, str(len(first.variables)), "at most 9999")
    if measure.n and measure.blank_end and width < 80:
        trouble.add(
            "blank-record",
            f"record {measure.n}",
            "nothing but blanks",
            "a value in the last record: readers would drop it",
        )


def write(file: BinaryIO, measure: Measure, pieces: Iterable[Dataset], created: datetime) -> None:
    """Write the pieces; ``measure`` is what the first pass found."""
    first = measure.first
    assert first is not None
    stamp = f"{created.day:02}{_MONTHS[created.month - 1]}{created.year % 100:02}:{created:%H:%M:%S}".encode()
    file.write(_head("LIBRARY"))
    file.write(b"SAS     SAS     SASLIB  9.4     EQUIPOIS" + b" " * 24 + stamp)
    file.write(stamp.ljust(80))
    file.write(_head("MEMBER", "000000000000000001600000000140"))
    file.write(_head("DSCRPTR"))
    file.write(b"SAS     " + first.name.encode().ljust(8) + b"SASDATA 9.4     EQUIPOIS" + b" " * 24 + stamp)
    file.write(stamp.ljust(32) + first.label.encode().ljust(40) + b" " * 8)
    file.write(_head("NAMESTR", f"000000{len(first.variables):04}" + "0" * 20))
    names, start = b"", 0
    for i, v in enumerate(first.variables, start=1):
        width = _width(v, measure)
        form, size = (b"DATE", 9) if v.kind == "date" else (b"", 0)
        names += _NAMESTR.pack(
            2 if v.kind == "text" else 1, 0, width, i, v.name.encode().ljust(8), v.label.encode().ljust(40), form.ljust(8), size,
            0, 0, b"\0\0", b" " * 8, 0, 0, start, b"\0" * 52,
        )  # fmt: skip
        start += width
    file.write(names.ljust(-(-len(names) // 80) * 80))
    file.write(_head("OBS"))
    written = 0
    for piece in pieces:
        block = _block(piece, first.variables, measure)
        written += len(block)
        file.write(block)
    file.write(b" " * (-written % 80))


def _head(what: str, numbers: str = "0" * 30) -> bytes:
    return f"HEADER RECORD*******{what:<8}HEADER RECORD!!!!!!!{numbers}  ".encode()


def _width(v: Variable, measure: Measure) -> int:
    return 8 if v.kind != "text" else v.length or max(measure.longest.get(v.name, 0), 1)


def _block(piece: Dataset, variables: tuple[Variable, ...], measure: Measure) -> bytes:
    if not piece.n:
        return b""
    parts = []
    for v in variables:
        column = piece.columns[v.name]
        if v.kind != "text":
            parts.append(to_ibm(np.asarray(column, dtype=np.float64)))
        else:
            width = _width(v, measure)
            padded = {text: text.encode("ascii").ljust(width) for text in set(column)}
            joined = b"".join([padded[text] for text in column])
            parts.append(np.frombuffer(joined, dtype=np.uint8).reshape(-1, width))
    return np.concatenate(parts, axis=1).tobytes()
