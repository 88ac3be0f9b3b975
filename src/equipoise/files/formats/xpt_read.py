"""SAS transport version 5, read: a library of members, each of fixed-width records (SAS technical note TS-140).

The format has no number of records. A member ends where the next begins, or with the file, and is filled up with blanks to
80 bytes; so a record that is all blank, at the end of a member of records shorter than 80 bytes, cannot be told from the
filling and is taken for it. A file cut off in the middle of a record is found; one cut off exactly between two
records by someone who then filled it up is not, by anyone.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from equipoise.files.formats.ibm_float import from_ibm
from equipoise.files.formats.piece import Trouble, bad, check_names, empty_columns, shown
from equipoise.standards.dataset import Dataset, Variable

RECORD = 80
_LIBRARY = b"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!"
_MEMBER = b"HEADER RECORD*******MEMBER  HEADER RECORD!!!!!!!"
_DESCRIPTOR = b"HEADER RECORD*******DSCRPTR HEADER RECORD!!!!!!!"
_NAMESTR = b"HEADER RECORD*******NAMESTR HEADER RECORD!!!!!!!"
_OBSERVATIONS = b"HEADER RECORD*******OBS     HEADER RECORD!!!!!!!"
_LIBRARY_8 = b"HEADER RECORD*******LIBV8   HEADER RECORD!!!!!!!"
_CPORT = b"**COMPRESSED**"

#: type, hash, length, number, name, label, format (name, width, decimals), justification, filler, informat, position
_FIELDS = struct.Struct(">hhhh8s40s8shhh2s8shhl")
_DATE_FORMATS = re.compile(
    r"DATE|DDMMYY[BCDNPS]?|MMDDYY[BCDNPS]?|YYMMDD[BCDNPS]?|E8601DA|IS8601DA|B8601DA|WEEKDATE|WORDDATE"
)


@dataclass(frozen=True)
class _Field:
    """Where a variable stands in a record."""

    variable: Variable
    start: int
    width: int


@dataclass(frozen=True)
class _Member:
    name: str
    label: str
    fields: tuple[_Field, ...]
    width: int
    start: int
    end: int


def pieces(path: Path, chunk: int, encoding: str = "utf-8") -> Iterator[Dataset]:
    """Each member of the file, in pieces of at most ``chunk`` records; one empty piece for a member without records."""
    source = str(path)
    with path.open("rb") as file:
        starts, size = _scan(file, source)
        for start, end in zip(starts, [*starts[1:], size], strict=True):
            yield from _records(file, _member(file, source, start, end, encoding), source, chunk, encoding)


def _scan(file: BinaryIO, source: str) -> tuple[list[int], int]:
    """Where the members begin, and the size of the file."""
    head = file.read(RECORD)
    if head.startswith(_LIBRARY_8):
        raise bad(
            source, "transport-8", "header", "SAS transport version 8", "version 5",
            "write it with the XPORT engine (v5), or as Dataset-JSON",
        )  # fmt: skip
    if head.startswith(_CPORT):
        raise bad(
            source, "not-xport", "header", "a file of PROC CPORT", "a transport file, version 5",
            "write it with the XPORT engine: PROC CPORT is another format",
        )  # fmt: skip
    if not head.startswith(_LIBRARY):
        raise bad(source, "not-xport", "header", shown(head[:48]), "a SAS transport file, version 5")
    starts, at = [], 0
    file.seek(0)
    while block := file.read(RECORD * 50_000):
        found = block.find(_MEMBER)
        while found >= 0:
            if found % RECORD == 0:
                starts.append(at + found)
            found = block.find(_MEMBER, found + 1)
        at += len(block)
    if at % RECORD:
        raise bad(source, "truncated", "file", f"{at} bytes", f"a multiple of {RECORD} bytes: a part is missing")
    if starts[:1] != [3 * RECORD]:
        raise bad(source, "bad-header", "byte 240", "no member header", "a member after the library's three records")
    return starts, at


def _member(file: BinaryIO, source: str, start: int, end: int, encoding: str) -> _Member:
    file.seek(start)
    head = file.read(5 * RECORD)
    where = f"byte {start}"
    if len(head) < 5 * RECORD or head[RECORD : RECORD + 48] != _DESCRIPTOR or head[320:368] != _NAMESTR:
        raise bad(source, "bad-header", where, "a member header that breaks off", "member, descriptor and names")
    size = {b"0140": 140, b"0136": 136}.get(head[74:78])
    count = head[374:378]
    if size is None or not count.strip().isdigit():
        raise bad(
            source, "bad-header", where, shown(head[74:78] + b" " + count), "140 bytes for each of some variables"
        )
    trouble = Trouble(source)
    name = _word(head[168:176], trouble, f"{where}, dataset name", encoding)
    label = _word(head[272:312], trouble, f"{where}, dataset label", encoding)
    if not name:
        trouble.add("no-name", f"{where}, dataset name", "blank", "a name")
    n = int(count)
    length = -(-n * size // RECORD) * RECORD
    block = file.read(length + RECORD)
    if len(block) < length + RECORD or block[length : length + 48] != _OBSERVATIONS or n == 0:
        raise bad(source, "bad-header", where, f"{n} variables", f"{n} names of {size} bytes, then the records")
    fields = []
    for i in range(n):
        fields.append(
            _field(block[i * size : (i + 1) * size], i + 1, trouble, f"{name or where}, variable {i + 1}", encoding)
        )
    check_names(trouble, [f.variable.name for f in fields])
    trouble.check()
    at = 0
    for f in sorted(fields, key=lambda f: f.start):
        if f.start != at:
            trouble.add("bad-position", f"{name}.{f.variable.name}", f"byte {f.start}", f"byte {at} of a record")
        at = f.start + f.width
    trouble.check()
    return _Member(name, label, tuple(fields), at, start + 5 * RECORD + length + RECORD, end)


def _field(data: bytes, number: int, trouble: Trouble, where: str, encoding: str) -> _Field:
    kind, _, width, _, name, label, form, _, _, _, _, _, _, _, start = _FIELDS.unpack(data[: _FIELDS.size])
    if kind not in (1, 2):
        trouble.add("unknown-type", where, f"type {kind}", "1 (number) or 2 (text)")
    if (kind == 1 and not 2 <= width <= 8) or (kind == 2 and width < 1):
        trouble.add("bad-length", where, f"{width} bytes", "2 to 8 bytes for a number, 1 or more for a text")
    display = _word(form, trouble, f"{where}, format", encoding)
    date = kind == 1 and _DATE_FORMATS.fullmatch(display) is not None
    variable = Variable(
        _word(name, trouble, f"{where}, name", encoding),
        _word(label, trouble, f"{where}, label", encoding),
        "text" if kind == 2 else "date" if date else "float",
        width if kind == 2 else None,
    )
    return _Field(variable, start, width)


def _word(data: bytes, trouble: Trouble, where: str, encoding: str) -> str:
    """A word of a header: decoded, without trailing blanks (some writers fill with zeros)."""
    try:
        text = data.rstrip(b"\0 ").decode(encoding)
    except UnicodeDecodeError:
        trouble.add("encoding", where, shown(data), f"text in {encoding}")
        return ""
    if any(ord(c) < 32 for c in text):
        trouble.add("control-character", where, shown(text), "printable characters")
    return text


def _records(file: BinaryIO, member: _Member, source: str, chunk: int, encoding: str) -> Iterator[Dataset]:
    variables = tuple(f.variable for f in member.fields)
    count = _count(file, member, source)
    if count == 0:
        yield Dataset(member.name, member.label, variables, empty_columns(variables))
    file.seek(member.start)
    for done in range(0, count, chunk):
        n = min(chunk, count - done)
        data = np.frombuffer(file.read(n * member.width), dtype=np.uint8)
        if data.size != n * member.width:
            raise bad(source, "truncated", member.name, f"ends in record {done + 1} or later", f"{count} records")
        block = data.reshape(n, member.width)
        trouble = Trouble(source)
        columns = {f.variable.name: _column(block, f, trouble, member.name, done, encoding) for f in member.fields}
        trouble.check()
        yield Dataset(member.name, member.label, variables, columns)


def _count(file: BinaryIO, member: _Member, source: str) -> int:
    """How many records: all that fit, less the blank filling; anything else left over is a broken file."""
    size = member.end - member.start
    count, rest = divmod(size, member.width)
    file.seek(member.start + count * member.width)
    if rest >= RECORD or file.read(rest).strip(b" "):
        raise bad(
            source, "truncated", f"{member.name}, record {count + 1}", f"{rest} bytes", f"{member.width} bytes a record"
        )
    blank = b" " * member.width
    while count and size - (count - 1) * member.width < RECORD:
        file.seek(member.start + (count - 1) * member.width)
        if file.read(member.width) != blank:
            break
        count -= 1
    return count


def _column(
    block: np.ndarray, field: _Field, trouble: Trouble, dataset: str, done: int, encoding: str
) -> list[str] | np.ndarray:
    raw = np.ascontiguousarray(block[:, field.start : field.start + field.width])
    if field.variable.kind != "text":
        if field.width < 8:  # numbers may be shortened: the last bytes are zero
            raw = np.pad(raw, ((0, 0), (0, 8 - field.width)))
        return from_ibm(raw)
    texts = _Texts(field.width, encoding)
    column = [texts[b] for b in raw.view(f"S{field.width}")[:, 0].tolist()]
    for wrong, allowed in texts.wrong.items():
        i = column.index(texts[wrong]) + done + 1
        trouble.add(
            "encoding", f"{dataset}.{field.variable.name}, record {i}", shown(wrong), allowed,
            "name the encoding, such as latin-1, if that is how it was written" if "text in" in allowed else "",
        )  # fmt: skip
    return column


class _Texts(dict[bytes, str]):
    """Bytes as text without trailing blanks; the same bytes give the same text, so a column costs little."""

    def __init__(self, width: int, encoding: str) -> None:
        self.width, self.encoding = width, encoding
        self.wrong: dict[bytes, str] = {}

    def __missing__(self, data: bytes) -> str:
        # numpy drops zeros at the end, so data shorter than its field had some
        if len(data) < self.width or 0 in data:
            self.wrong[data] = "no zero bytes in a text"
            text = f"\0{len(self)}"
        else:
            try:
                text = data.rstrip(b" ").decode(self.encoding)
            except UnicodeDecodeError:
                self.wrong[data] = f"text in {self.encoding}"
                text = f"\0{len(self)}"
        self[data] = text
        return text
