"""A checkpoint: what a log's head was at a moment, in words that can be signed and kept elsewhere.

In the form of C2SP's checkpoint (https://c2sp.org/tlog-checkpoint): a line that names the log, how many events it has,
the hash of the last of them in base64, and when that was seen. The hash is the head of our linear chain, not the root of a
Merkle tree: who verifies has the whole log. It says nothing of anybody's arm.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from equipoise.trial.signed_note import decoded

_ORIGIN = "equipoise/"
_TIME = "time "
_NUMBER = re.compile(r"[1-9][0-9]{0,11}", re.ASCII)
_TRIAL = re.compile(r"[a-z][a-z0-9-]*", re.ASCII)
_MOMENT = re.compile(r"time \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_SHOWN = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True)
class Checkpoint:
    """That the log of ``trial`` had ``number`` events and the head ``hash`` (64 hexadecimal digits) at a moment, UTC."""

    trial: str
    number: int
    hash: str
    at: datetime

    @property
    def text(self) -> str:
        """What is signed."""
        at = self.at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        root = base64.b64encode(bytes.fromhex(self.hash)).decode()
        return f"{_ORIGIN}{self.trial}\n{self.number}\n{root}\n{_TIME}{at}\n"


def read_checkpoint(text: str) -> Checkpoint:
    """Read what a checkpoint's note says. Raises ValueError with what is wrong; lines after the time are not read."""
    if not text.endswith("\n"):
        raise ValueError("the last line has no end")
    lines = text[:-1].split("\n")
    if len(lines) < 4 or not all(lines):
        raise ValueError("fewer than four lines, or an empty one: a log, a number, a hash and a time")
    origin, number, root, time = lines[:4]
    trial = origin.removeprefix(_ORIGIN)
    if not origin.startswith(_ORIGIN) or not _TRIAL.fullmatch(trial):
        raise ValueError(f"the log of {origin[:60]!r}; ours begin with {_ORIGIN}")
    if not _NUMBER.fullmatch(number):
        raise ValueError(f"number {number[:20]!r}; a whole number from 1")
    found = decoded(root)
    if len(found) != 32:
        raise ValueError(f"a hash of {len(found)} bytes; SHA-256 has 32")
    return Checkpoint(trial, int(number), found.hex(), _moment(time))


def _moment(line: str) -> datetime:
    wrong = ValueError(f"{line[:40]!r}; a time such as 'time 2026-11-30T09:30:00Z'")
    if not _MOMENT.fullmatch(line):
        raise wrong
    try:
        return datetime.fromisoformat(line.removeprefix(_TIME))
    except ValueError:  # a 31st of February
        raise wrong from None


@dataclass(frozen=True)
class Expected:
    """A head that somebody was told: the first digits of it or all, the number of its event where that was told, and by what."""

    hash: str
    number: int | None
    source: str

    def is_in(self, hashes: Sequence[str]) -> bool:
        """True if the chain has it, and where the number was told at that number."""
        if self.number is not None:
            return self.number <= len(hashes) and hashes[self.number - 1].startswith(self.hash)
        return any(h.startswith(self.hash) for h in hashes)

    def __str__(self) -> str:
        short = f"{self.hash[:12]}…"
        return f"head {short}" if self.number is None else f"head {short} of event {self.number}"


def code(number: int, hash: str) -> str:
    """A head in a form to read aloud: the event's number and the first sixteen digits in fours, '317 ab12-cd34-ef56-7890'."""
    if not hash:
        return "none"
    return f"{number} " + "-".join(hash[i : i + 4] for i in range(0, 16, 4))


def told(text: str, source: str) -> Expected:
    """A head as people are told it: a hash, with the event's number before it or not; sixteen digits of it do.

    Raises ValueError for anything else.
    """
    words = text.replace(":", " ").split()
    number = int(words.pop(0)) if len(words) > 1 and _NUMBER.fullmatch(words[0]) else None
    digits = "".join(words).replace("-", "").lower()
    if not 16 <= len(digits) <= 64 or not _SHOWN.fullmatch(digits.ljust(64, "0")):
        raise ValueError(
            f"{text[:80]!r}; a hash of 16 to 64 hexadecimal digits, with its event's number before it or not"
        )
    return Expected(digits, number, source)
