"""A text with signatures under it, in the form of C2SP's signed note: https://c2sp.org/signed-note.

The text ends in a newline; a blank line; then a line for each signature, `— NAME base64(key number ‖ signature)`. The
number of a key is the beginning of the SHA-256 of its name and itself, so that a reader finds the key to try. Only
Ed25519 (type 1) is spoken of here; signatures of other types are kept and nothing is said of them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

#: The type byte of an Ed25519 key and of its signatures.
ED25519 = b"\x01"
#: A note of ours has some 300 bytes; 16 signatures more of the longest kind stay under this.
LONGEST = 100_000
_DASH = "— "


@dataclass(frozen=True)
class VerifierKey:
    """A key that signatures are checked by: its name, and the 32 bytes of its public half.

    As a line: `NAME+KEY NUMBER+base64(type ‖ key)`.
    """

    name: str
    public: bytes

    @property
    def number(self) -> bytes:
        """Four bytes that a signature's line names its key by."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.number.hex()}+{base64.b64encode(ED25519 + self.public).decode()}"


@dataclass(frozen=True)
class Signature:
    """One line under a note. ``number`` says which key of that name it is by."""

    name: str
    number: bytes
    signature: bytes

    def __str__(self) -> str:
        return f"{_DASH}{self.name} {base64.b64encode(self.number + self.signature).decode()}"


@dataclass(frozen=True)
class Note:
    """A text, which ends in a newline, and the signatures under it."""

    text: str
    signatures: Sequence[Signature]

    def __str__(self) -> str:
        return self.text + "\n" + "".join(f"{s}\n" for s in self.signatures)

    def by(self, key: VerifierKey) -> list[Signature]:
        """The signatures that say they are by ``key``."""
        return [s for s in self.signatures if s.name == key.name and s.number == key.number]


def read_note(data: bytes) -> Note:
    """Read a note. Raises ValueError with what is wrong; whether a signature is true is for who has the key."""
    if len(data) > LONGEST:
        raise ValueError(f"{len(data)} bytes; a note has {LONGEST} at most")
    try:
        whole = data.decode()
    except UnicodeDecodeError:
        raise ValueError("not UTF-8") from None
    if any(ord(c) < 32 and c != "\n" for c in whole):
        raise ValueError("a control character")
    text, blank, under = whole.rpartition("\n\n")
    if not blank or not under.endswith("\n"):
        raise ValueError("no signature after a blank line")
    return Note(text + "\n", [_signature(line) for line in under[:-1].split("\n")])


def _signature(line: str) -> Signature:
    name, space, coded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space or not is_key_name(name):
        raise ValueError(f"a line under the text that is no signature: {line[:60]!r}")
    found = decoded(coded)
    if len(found) < 5:
        raise ValueError(f"a signature of {len(found)} bytes")
    return Signature(name, found[:4], found[4:])


def read_verifier_key(line: str) -> VerifierKey:
    """Read a key's line. Raises ValueError with what is wrong."""
    name, number, coded = _three(line.strip())
    key = decoded(coded)
    if key[:1] != ED25519 or len(key) != 33:
        raise ValueError("no Ed25519 key of 32 bytes")
    found = VerifierKey(name, key[1:])
    if found.number.hex() != number:
        raise ValueError(f"the key's number is {found.number.hex()}, not {number[:16]}")
    return found


def _three(line: str) -> tuple[str, str, str]:
    # base64 has plus signs of its own: the name and the number end at the first two
    name, _, rest = line.partition("+")
    number, _, coded = rest.partition("+")
    if not is_key_name(name) or not coded:
        raise ValueError("not a line of the form NAME+KEY NUMBER+KEY")
    return name, number, coded


def is_key_name(name: str) -> bool:
    """True for what a key may be called: something, without blanks and without a plus sign."""
    return bool(name) and not any(c.isspace() or c == "+" or not c.isprintable() for c in name)


def decoded(text: str) -> bytes:
    """Base64, in its one form. Raises ValueError for anything else, also for another way to write the same bytes."""
    try:
        found = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise ValueError("not base64") from None
    if base64.b64encode(found).decode() != text:
        raise ValueError("not base64 as it is written")
    return found
