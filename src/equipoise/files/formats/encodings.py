"""Encodings of texts: a name that is one, and what the bytes of a text that is not in it look like."""

from __future__ import annotations

import codecs
import contextlib

from equipoise.files.formats.piece import shown
from equipoise.trial.dialect import encoding_named
from equipoise.trial.problem import BadInput, Problem

#: Where no other is named.
DEFAULT = "utf-8"
#: What SAS on Windows writes in Europe and America, and what is meant by latin-1 more often than not.
_WINDOWS = "windows-1252"
#: What every encoding of such files has in common; an escape of one that is for other uses comes first.
_ASCII = "xn--80ak6aa92e " + "".join(map(chr, range(32, 127)))


def checked(encoding: str, *, ascii_compatible: bool = True) -> str:
    """The encoding, where it is one of texts, and holds ASCII as it is if it is to. Raises BadInput else."""
    try:
        encoding_named(encoding)
        if not ascii_compatible or _ASCII.encode("ascii").decode(encoding.strip()) == _ASCII:
            return encoding.strip()
        allowed = "an encoding in which ASCII is ASCII"
    except UnicodeError:
        allowed = "an encoding in which ASCII is ASCII"
    except ValueError as error:
        allowed = str(error)
    raise BadInput("--encoding", [Problem("unknown-encoding", "--encoding", shown(encoding), allowed)])


def undecodable(error: UnicodeDecodeError) -> tuple[str, str, str]:
    """What was given, what is allowed, and the next step, for bytes that are not in the encoding that was taken."""
    allowed = f"text in {error.encoding}"
    near_by = bytes(error.object[max(0, error.start - 16) : error.end + 16])
    step = "--encoding NAME says how it was written"
    if "unexpected end" in error.reason:
        step += "; or the last character was cut off"
    elif (taken := codecs.lookup(error.encoding).name).startswith("utf"):
        # What is UTF-8 is hardly ever anything else by chance.
        for name in (_WINDOWS, *([DEFAULT] if taken != codecs.lookup(DEFAULT).name else [])):
            with contextlib.suppress(UnicodeDecodeError):
                step = f"--encoding {name} reads it as {shown(near_by.decode(name))}, if that is how it was written"
    return shown(bytes(error.object[error.start : error.end + 8])), allowed, step
