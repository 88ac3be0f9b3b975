"""How a SAS transport file is laid out: its members, and where each variable stands in a record.

Version 5 is SAS's technical note TS-140. Version 8 (which SAS also calls 9) has the same records with longer names, and, after the
variables, a record LABELV8 or LABELV9 with labels of more than 40 bytes; its header of observations says how many there are.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import BinaryIO

from equipoise.files.formats.encodings import undecodable
from equipoise.files.formats.piece import Trouble, bad, check_names, shown
from equipoise.standards.dataset import Variable

RECORD = 80
_CPORT = b"**COMPRESSED**"
#: type, hash, length, number, name, label, format (name, width, decimals), justification, filler, informat, position
_FIELDS = struct.Struct(">hhhh8s40s8shhh2s8shhl")
#: What version 8 has behind that: the long name, and how long the label is [bytes].
_LONG = struct.Struct(">32sH")
_DATE_FORMATS = re.compile(
    r"DATE|DDMMYY[BCDNPS]?|MMDDYY[BCDNPS]?|YYMMDD[BCDNPS]?|E8601DA|IS8601DA|B8601DA|WEEKDATE|WORDDATE"
)


def _header(name: str) -> bytes:
    return f"HEADER RECORD*******{name:<8}HEADER RECORD!!!!!!!".encode()


@dataclass(frozen=True)
class Version:
    """The headers of a version, and how long the name of a dataset may be [bytes]."""

    number: int
    name: int
    library: bytes
    member: bytes
    descriptor: bytes
    variables: bytes
    observations: bytes


_VERSIONS = (
    Version(5, 8, *map(_header, ("LIBRARY", "MEMBER", "DSCRPTR", "NAMESTR", "OBS"))),
    Version(8, 32, *map(_header, ("LIBV8", "MEMBV8", "DSCPTV8", "NAMSTV8", "OBSV8"))),
)
#: Headers of long labels → how many lengths stand before each of them.
_LABELS = {_header("LABELV8"): 2, _header("LABELV9"): 4}


@dataclass(frozen=True)
class Field:
    """Where a variable stands in a record."""

    variable: Variable
    start: int
    width: int


@dataclass(frozen=True)
class Member:
    """One dataset of a file. ``count``: how many records it says it has; None in version 5, which does not say."""

    name: str
    label: str
    fields: tuple[Field, ...]
    width: int
    start: int
    end: int
    count: int | None


def members(file: BinaryIO, source: str, encoding: str) -> list[Member]:
    """All members of a file, before any record is read."""
    head = file.read(RECORD)
    if head.startswith(_CPORT):
        raise bad(
            source, "not-xport", "header", "a file of PROC CPORT", "a transport file",
            "write it with the XPORT engine: PROC CPORT is another format",
        )  # fmt: skip
    version = next((v for v in _VERSIONS if head.startswith(v.library)), None)
    if version is None:
        raise bad(source, "not-xport", "header", shown(head[:48]), "a SAS transport file, version 5 or 8")
    starts, size = _scan(file, source, version)
    ends = [*starts[1:], size]
    return [_member(file, source, a, b, encoding, version) for a, b in zip(starts, ends, strict=True)]


def _scan(file: BinaryIO, source: str, version: Version) -> tuple[list[int], int]:
    """Where the members begin, and the size of the file."""
    starts, at = [], 0
    file.seek(0)
    while block := file.read(RECORD * 50_000):
        found = block.find(version.member)
        while found >= 0:
            if found % RECORD == 0:
                starts.append(at + found)
            found = block.find(version.member, found + 1)
        at += len(block)
    if at % RECORD:
        raise bad(source, "truncated", "file", f"{at} bytes", f"a multiple of {RECORD} bytes: a part is missing")
    if starts[:1] != [3 * RECORD]:
        raise bad(source, "bad-header", "byte 240", "no member header", "a member after the library's three records")
    return starts, at


def _member(file: BinaryIO, source: str, start: int, end: int, encoding: str, version: Version) -> Member:
    file.seek(start)
    head = file.read(5 * RECORD)
    where = f"byte {start}"
    if len(head) < 5 * RECORD or head[RECORD : RECORD + 48] != version.descriptor or head[320:368] != version.variables:
        raise bad(source, "bad-header", where, "a member header that breaks off", "member, descriptor and names")
    size = {b"0140": 140, b"0136": 136}.get(head[74:78])
    count = head[372:378]
    if size is None or not count.strip().isdigit():
        raise bad(
            source, "bad-header", where, shown(head[74:78] + b" " + count), "140 bytes for each of some variables"
        )
    trouble = Trouble(source)
    name = _word(head[168 : 168 + version.name], trouble, f"{where}, dataset name", encoding)
    label = _word(head[272:312], trouble, f"{where}, dataset label", encoding)
    if not name:
        trouble.add("no-name", f"{where}, dataset name", "blank", "a name")
    n = int(count)
    length = -(-n * size // RECORD) * RECORD
    block = file.read(length)
    if len(block) < length or n == 0 or (version.number == 8 and size < _FIELDS.size + _LONG.size):
        raise bad(source, "bad-header", where, f"{n} variables", f"{n} names of {size} bytes, then the records")
    blocks = [block[i * size : (i + 1) * size] for i in range(n)]
    head = file.read(RECORD)
    lengths = _LABELS.get(head[:48]) if version.number == 8 else None
    long = _long_labels(file, source, f"{name or where}, long labels", head, lengths) if lengths is not None else {}
    if lengths is not None:
        head = file.read(RECORD)
    if len(head) < RECORD or head[:48] != version.observations:
        raise bad(source, "bad-header", where, f"{n} variables", f"{n} names of {size} bytes, then the records")
    fields = [
        _field(b, trouble, f"{name or where}, variable {i}", encoding, version, long) for i, b in enumerate(blocks, 1)
    ]
    check_names(trouble, [f.variable.name for f in fields])
    trouble.check()
    at = 0
    for f in sorted(fields, key=lambda f: f.start):
        if f.start != at:
            trouble.add("bad-position", f"{name}.{f.variable.name}", f"byte {f.start}", f"byte {at} of a record")
        at = f.start + f.width
    trouble.check()
    # Writers that do not know how many there are leave zeros in all places.
    said = head[48:63] if version.number == 8 else b""
    known = said.strip().isdigit() and said != b"0" * 15
    return Member(name, label, tuple(fields), at, file.tell(), end, int(said) if known else None)


def _long_labels(file: BinaryIO, source: str, where: str, head: bytes, lengths: int) -> dict[int, tuple[bytes, bytes]]:
    """Number of a variable → its name and label in full; filled up with blanks to a whole record."""
    if not head[48:60].strip().isdigit():
        raise bad(source, "bad-header", where, shown(head[48:60]), "how many there are")
    found, taken = {}, 0
    for i in range(int(head[48:60])):
        data = file.read(2 + 2 * lengths)
        if len(data) < 2 + 2 * lengths:
            raise bad(source, "truncated", where, f"ends in label {i + 1}", f"{int(head[48:60])} labels")
        number, *sizes = struct.unpack(f">{1 + lengths}H", data)
        words = file.read(sum(sizes))
        if len(words) < sum(sizes):
            raise bad(source, "truncated", where, f"ends in label {i + 1}", f"{int(head[48:60])} labels")
        if number in found:
            raise bad(source, "bad-header", where, f"variable {number} twice", "one label for each variable")
        found[number] = (words[: sizes[0]], words[sizes[0] : sizes[0] + sizes[1]])
        taken += len(data) + len(words)
    file.read(-taken % RECORD)
    return found


def _field(
    data: bytes, trouble: Trouble, where: str, encoding: str, version: Version, long: dict[int, tuple[bytes, bytes]]
) -> Field:
    kind, _, width, number, name, label, form, _, _, _, _, _, _, _, start = _FIELDS.unpack(data[: _FIELDS.size])
    if version.number == 8:
        name, _ = _LONG.unpack(data[_FIELDS.size : _FIELDS.size + _LONG.size])
        own, whole = long.get(number, (name, label))
        label = whole or label
        if own.rstrip(b"\0 ").upper() != name.rstrip(b"\0 ").upper():
            trouble.add(
                "bad-header", f"{where}, long label", shown(own), f"the label of variable {shown(name.strip())}"
            )
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
    return Field(variable, start, width)


def _word(data: bytes, trouble: Trouble, where: str, encoding: str) -> str:
    """A word of a header: decoded, without trailing blanks (some writers fill with zeros)."""
    try:
        text = data.rstrip(b"\0 ").decode(encoding)
    except UnicodeDecodeError as error:
        trouble.add("encoding", where, *undecodable(error))
        return ""
    if any(ord(c) < 32 for c in text):
        trouble.add("control-character", where, shown(text), "printable characters")
    return text
