"""Text tables (CSV and its kin): the encoding, the separator and comments found out or as stated, and each row with its line.

What was found out otherwise than UTF-8 with commas is said in ``notes``. A row is named by the line on which it begins.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TextIO

from equipoise.files.formats.encodings import undecodable
from equipoise.files.regular import regular
from equipoise.trial.dialect import FOUND_OUT, SEPARATORS, Dialect, encoding_named, separator_in_words, separator_named
from equipoise.trial.problem import BadInput, Problem

#: Bytes and lines at the head of a file from which its encoding and separator are told.
_HEAD, _LINES = 65_536, 200
#: No line of a table is longer [characters].
_LONGEST = 1 << 24
_FOUND_OUT = [SEPARATORS[name] for name in ("comma", "semicolon", "tab", "bar")]
_BOMS = ((b"\xff\xfe\0\0", "utf-32"), (b"\0\0\xfe\xff", "utf-32"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
#: How files begin that are no text.
_NO_TEXT = (
    (b"PK\x03\x04", "a workbook or an archive (.xlsx, .ods, .zip)"), (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls)"),
    (b"\x1f\x8b", "a compressed file (.gz)"), (b"PAR1", "a Parquet file"), (b"%PDF", "a PDF"), (b"HEADER RECORD*******", "a SAS transport file"),
    (b"RDX", "R's own data"), (b"$FL2", "an SPSS file"), (b"<stata", "a Stata file"), (b"<html", "a web page"), (b"<!DOCTYPE", "a web page"),
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """The cells of a row, and the line on which it begins (the file's first is 1)."""

    line: int
    cells: list[str]


class TextTable:
    """A text table that is being read: its header, then its rows; ``notes`` are complete once all rows are read.

    A row has as many cells as the header unless it is ragged: empty cells beyond the header's are taken off.
    """

    def __init__(self, name: str, lines: Iterable[str], dialect: Dialect, wanted: Sequence[str], encoding: str) -> None:
        self.name, self.encoding = name, encoding
        self._found: list[str] = []
        if encoding not in ("utf-8", "utf-8-sig") and dialect.encoding is None:
            self._found.append(f"read as {encoding.upper()}")
        source = iter(lines)
        head = list(islice(source, _LINES))
        start, stated = self._skip(head, dialect)
        separator = dialect.separator or stated or separator_in(head[start:], wanted, dialect.comment)
        if separator != "," and dialect.separator is None:
            self._found.append(f"columns are separated by {separator_in_words(separator)}")
        self.separator = separator
        self._lines = _Lines(chain(head[start:], source), start, dialect.comment)
        self._reader = csv.reader(self._lines, delimiter=separator, strict=True)
        self._beyond = self.blank = 0
        self._width: int | None = None
        self.header = [name.strip() for name in next(self, Row(0, [])).cells]
        named = max((i for i, name in enumerate(self.header, 1) if name), default=0)
        rows, _ = _split(head[start:], separator)
        if named and not any(c.strip() for row in rows for c in row[named:]):
            self.header = self.header[:named]  # it ends in separators, as its rows do
        self._width = len(self.header)

    def _skip(self, head: Sequence[str], dialect: Dialect) -> tuple[int, str | None]:
        """The number of lines before the header, and the separator that the first states as Excel has it ('sep=;')."""
        stated, comments, start = None, 0, 0
        for start, line in enumerate([*head, "end"]):
            text = line.strip().strip('"')
            if start == 0 and re.fullmatch(r"sep=.", line.rstrip("\r\n").strip('"'), re.IGNORECASE):
                stated = line.rstrip("\r\n").strip('"')[-1]
            elif text.startswith("#") and dialect.comment is None:
                comments += 1
            elif text:
                break
        if comments:
            lines = "the first line begins" if comments == 1 else f"{comments} lines before the header begin"
            self._found.append(f"{lines} with '#' and {'is a comment' if comments == 1 else 'are comments'}")
        return start, stated

    def __iter__(self) -> Iterator[Row]:
        return self

    def __next__(self) -> Row:
        self._lines.fresh = True
        cells = next(self._reader)
        if self._width is not None and len(cells) > self._width and not any(c.strip() for c in cells[self._width :]):
            cells, self._beyond = cells[: self._width], self._beyond + 1
        return Row(self._lines.began, cells)

    @property
    def filled(self) -> Iterator[Row]:
        """The rows with any value in them; those without are counted and said."""
        for row in self:
            if any(c.strip() for c in row.cells):
                yield row
            else:
                self.blank += 1

    @property
    def notes(self) -> list[str]:
        """What was found out of how the file is written, and what was left out of it."""
        said = list(self._found)
        if self._beyond:
            said.append("rows end in separators beyond the last column, with nothing between them")
        if self.blank:
            said.append(f"{self.blank} row{'s' if self.blank > 1 else ''} without any value left out")
        return [f"{self.name}: {s}." for s in said]


class _Lines:
    """Lines for csv.reader; ``began`` is where the row being read began. Blank lines and comments stand between rows only."""

    def __init__(self, lines: Iterator[str], before: int, comment: str | None) -> None:
        self._lines, self._number, self._comment = lines, before, comment
        self.fresh, self.began = True, before

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        for line in self._lines:
            self._number += 1
            if self.fresh:
                if not line.strip("\r\n \x1a") or (self._comment and line.startswith(self._comment)):
                    continue
                self.fresh, self.began = False, self._number
            return line
        raise StopIteration


@contextmanager
def opened(path: Path, dialect: Dialect = FOUND_OUT, wanted: Sequence[str] = ()) -> Iterator[TextTable]:
    """The table in a file, to be read in bounded memory. ``wanted``: columns that the header should have, as far as they are known.

    Raises BadInput, also while rows are read, for what cannot be read at all: no file, no text, another encoding, broken quotes.
    """
    source = str(path)
    dialect = _checked(source, dialect)
    table = None
    try:
        with regular(path, "a CSV file").open("rb") as file:
            head = file.read(_HEAD)
        encoding = _encoding(path, head, dialect.encoding)
        with path.open(encoding=encoding, newline="") as text:
            table = TextTable(path.name, _lines_of(text), dialect, wanted, encoding)
            yield table
    except FileNotFoundError:
        raise BadInput(source, [Problem("no-file", "table", "nothing there", "a CSV file")]) from None
    except UnicodeError as error:
        raise BadInput(source, [_not_in_encoding(path, encoding, error)]) from None
    except csv.Error as error:
        line = table._lines.began if table is not None else 1
        allowed = "rows of cells; a quote in a quoted cell is written twice"
        raise BadInput(source, [Problem("unreadable", f"line {line}", str(error), allowed)]) from None
    except OSError as error:
        given = error.strerror or str(error)
        raise BadInput(source, [Problem("unreadable", "table", given, "a readable CSV file")]) from None


def _lines_of(text: TextIO) -> Iterator[str]:
    """The lines of a file. Raises csv.Error for one that does not end."""
    while line := text.readline(_LONGEST):
        if len(line) == _LONGEST:
            raise csv.Error(f"a line of {_LONGEST:,} characters or more")
        yield line


def _checked(source: str, dialect: Dialect) -> Dialect:
    """The dialect with its separator as a character. Raises BadInput with all that is wrong with what is stated."""
    problems, separator = [], dialect.separator
    for name, read in (("encoding", encoding_named), ("separator", separator_named)):
        given = getattr(dialect, name)
        try:
            found = read(given) if given is not None else None
            separator = found if name == "separator" else separator
        except ValueError as error:
            problems.append(Problem(f"unknown-{name}", name, repr(given), str(error)))
    if dialect.decimal not in (None, ".", ","):
        problems.append(Problem("unknown-decimal", "decimal", repr(dialect.decimal), "'.' or ','"))
    if problems:
        raise BadInput(source, problems)
    return Dialect(dialect.encoding, separator, dialect.decimal, dialect.comment)


def _encoding(path: Path, head: bytes, stated: str | None) -> str:
    """The encoding of a file that begins so. Raises BadInput where it is no text."""
    if stated is not None:
        return "utf-8-sig" if encoding_named(stated).casefold().replace("_", "-") in ("utf-8", "utf8") else stated
    for bom, encoding in _BOMS:
        if head.startswith(bom):
            return encoding
    what = next((what for sign, what in _NO_TEXT if head.lstrip()[: len(sign)].lower() == sign.lower()), None)
    if what is None and b"\0" in head:
        zeros = [head[i::2].count(0) / max(1, len(head[i::2])) for i in (0, 1)]
        if max(zeros) > 0.3 and min(zeros) < 0.1:  # letters of our alphabets are one byte and a zero
            return "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"
        what = "bytes that are no text" if max(zeros) > 0.2 else None
    if what is not None:
        step = "in a spreadsheet: save as CSV (UTF-8)" if "workbook" in what else ""
        raise BadInput(str(path), [Problem("not-text", "file", what, "a CSV file", step)])
    return "utf-8-sig"


def _not_in_encoding(path: Path, encoding: str, error: UnicodeError) -> Problem:
    """Where the first byte stands that is not in the encoding, and what it would be in the usual other one."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode(encoding)
            except UnicodeDecodeError as found:
                return Problem("encoding", f"line {number}", *undecodable(found))
            except UnicodeError:
                break
    return Problem("encoding", "file", str(error), f"text in {encoding}", "--encoding NAME says how it was written")


def separator_in(lines: Sequence[str], wanted: Sequence[str] = (), comment: str | None = None) -> str:
    """What stands between the columns of a table that begins so: it gives the wanted columns, rows of one width, most columns."""
    text = [line for line in lines if not (comment and line.startswith(comment))]
    best, separator = (-1, False, 0), ","
    for sign in _FOUND_OUT:
        rows, broken = _split(text, sign)
        if not rows or len(rows[0]) < 2:
            continue
        header = [name.strip() for name in rows[0]]
        even = not broken and all(len(row) == len(header) or not any(row[len(header) :]) for row in rows)
        score = (sum(name in header for name in wanted), even, len(header))
        if score > best:
            best, separator = score, sign
    return separator


def _split(lines: Sequence[str], separator: str) -> tuple[list[list[str]], bool]:
    """The first rows with this separator, and whether quotes stand where they cannot with it."""
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO("".join(lines), newline=""), delimiter=separator, strict=True):
            rows += [row] if row else []
    except csv.Error as error:
        return rows, "unexpected end" not in str(error)  # a head may end within a quoted cell
    return rows, False
