"""SAS transport files, read: a library of members, each of fixed-width records.

Version 5 has no number of records. A member ends where the next begins, or with the file, and is filled up with blanks to
80 bytes; so a record that is all blank, at the end of a member of records shorter than 80 bytes, cannot be told from the
filling and is taken for it. A file cut off in the middle of a record is found; one cut off exactly between two
records by someone who then filled it up is not, by anyone. Version 8 says how many records there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from equipoise.files.formats.encodings import DEFAULT, undecodable
from equipoise.files.formats.ibm_float import from_ibm
from equipoise.files.formats.piece import Trouble, bad, empty_columns, shown
from equipoise.files.formats.xpt_layout import RECORD, Field, Member, members
from equipoise.standards.dataset import Dataset


def pieces(path: Path, chunk: int, encoding: str = DEFAULT) -> Iterator[Dataset]:
    """Each member of the file, in pieces of at most ``chunk`` records; one empty piece for a member without records."""
    source = str(path)
    with path.open("rb") as file:
        for member in members(file, source, encoding):
            yield from _records(file, member, source, chunk, encoding)


def names(path: Path, encoding: str = DEFAULT) -> list[str]:
    """The names of the members of the file."""
    with path.open("rb") as file:
        return [m.name for m in members(file, str(path), encoding)]


def _records(file: BinaryIO, member: Member, source: str, chunk: int, encoding: str) -> Iterator[Dataset]:
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


def _count(file: BinaryIO, member: Member, source: str) -> int:
    """How many records: all that fit, less the blank filling; anything else left over is a broken file."""
    size = member.end - member.start
    if member.count is not None:
        filling = size - member.count * member.width
        file.seek(member.end - max(0, min(filling, RECORD)))
        if not 0 <= filling < RECORD or file.read(filling).strip(b" "):
            held = size // member.width
            given = f"{size} bytes, room for {held} records" if filling < 0 else f"{size} bytes of records"
            raise bad(source, "truncated" if filling < 0 else "wrong-count", member.name, given,
                      f"{member.count} records of {member.width} bytes, as its header says")  # fmt: skip
        return member.count
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
    block: np.ndarray, field: Field, trouble: Trouble, dataset: str, done: int, encoding: str
) -> list[str] | np.ndarray:
    raw = np.ascontiguousarray(block[:, field.start : field.start + field.width])
    if field.variable.kind != "text":
        if field.width < 8:  # numbers may be shortened: the last bytes are zero
            raw = np.pad(raw, ((0, 0), (0, 8 - field.width)))
        return from_ibm(raw)
    texts = _Texts(field.width, encoding)
    column = [texts[b] for b in raw.view(f"S{field.width}")[:, 0].tolist()]
    for data, (given, allowed, step) in texts.wrong.items():
        i = column.index(texts[data]) + done + 1
        trouble.add("encoding", f"{dataset}.{field.variable.name}, record {i}", given, allowed, step)
    return column


class _Texts(dict[bytes, str]):
    """Bytes as text without trailing blanks; the same bytes give the same text, so a column costs little."""

    def __init__(self, width: int, encoding: str) -> None:
        self.width, self.encoding = width, encoding
        self.wrong: dict[bytes, tuple[str, str, str]] = {}

    def __missing__(self, data: bytes) -> str:
        # numpy drops zeros at the end, so data shorter than its field had some
        if len(data) < self.width or 0 in data:
            self.wrong[data] = (shown(data), "no zero bytes in a text", "")
            text = f"\0{len(self)}"
        else:
            try:
                text = data.rstrip(b" ").decode(self.encoding)
            except UnicodeDecodeError as error:
                self.wrong[data] = undecodable(error)
                text = f"\0{len(self)}"
        self[data] = text
        return text
