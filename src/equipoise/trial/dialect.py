"""How a text table is written: its encoding, what stands between columns, the decimal mark, comments."""

from __future__ import annotations

import codecs
from dataclasses import dataclass, fields
from difflib import get_close_matches

#: Encodings that are named to those who misspell one; any that Python can read as text is taken.
ENCODINGS = (
    "utf-8", "utf-16", "utf-32", "windows-1252", "latin-1", "iso-8859-15", "windows-1250", "windows-1251", "windows-1253",
    "windows-1254", "iso-8859-2", "mac-roman", "cp437", "cp850", "shift-jis", "euc-jp", "gb18030", "big5", "euc-kr",
)  # fmt: skip
#: What may stand between columns, by its name. The first four are found out from a file.
SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|", "colon": ":", "blank": " "}
#: Codecs that Python calls encodings of text, and that no file is written in.
_NO_FILES = frozenset({"undefined", "idna", "punycode", "unicode-escape", "raw-unicode-escape", "mbcs", "oem"})


@dataclass(frozen=True)
class Dialect:
    """How a text table is written, as far as it is stated; None is found out from the file."""

    encoding: str | None = None
    separator: str | None = None
    decimal: str | None = None
    comment: str | None = None

    def over(self, other: Dialect) -> Dialect:
        """This, and the other's where this says nothing."""
        both = ((getattr(self, f.name), getattr(other, f.name)) for f in fields(self))
        return Dialect(*(theirs if mine is None else mine for mine, theirs in both))


#: Nothing is stated.
FOUND_OUT = Dialect()


def encoding_named(text: str) -> str:
    """The encoding that is meant. Raises ValueError, with the known ones named, for none.

    >>> encoding_named("cp1252")
    'cp1252'
    """
    try:
        name = codecs.lookup(text.strip()).name
        "".encode(name)  # a codec of bytes (base64) or of Python's own is no encoding of a file
        known = name.replace("_", "-") not in _NO_FILES
    except (LookupError, ValueError):
        known = False
    if known:
        return text.strip()
    near = get_close_matches(text.strip().casefold().replace("_", "-"), ENCODINGS, n=1)
    meant = f"; did you mean {near[0]!r}?" if near else ""
    raise ValueError(f"an encoding, such as {', '.join(ENCODINGS)}{meant}")


def separator_named(text: str) -> str:
    r"""The separator that is meant, by its name or as itself ('\t' too). Raises ValueError for anything else.

    >>> separator_named("semicolon")
    ';'
    """
    named = {**SEPARATORS, r"\t": "\t", "pipe": "|", "space": " "}.get(text.strip().casefold(), text)
    if len(named) != 1 or named.isalnum() or named in '"\r\n.-+_':
        raise ValueError(f"one character, or one of {', '.join(SEPARATORS)}")
    return named


def separator_in_words(separator: str) -> str:
    """'semicolons'; what has no name stands as itself."""
    return next((f"{name}s" for name, sign in SEPARATORS.items() if sign == separator), repr(separator))
