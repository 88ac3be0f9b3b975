"""The installation's key: made, kept in a file that only its owner reads, and signed and checked with (Ed25519, RFC 8032).

The secret half stands in the form that Go's package for signed notes writes: `PRIVATE+KEY+NAME+NUMBER+base64(type ‖ seed)`;
the public half as C2SP's line for those who verify.
"""

from __future__ import annotations

import base64
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from equipoise.files.write_new import write_new
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.signed_note import ED25519, Note, Signature, VerifierKey, decoded, is_key_name, read_verifier_key

_SECRET = "PRIVATE+KEY+"


@dataclass(frozen=True)
class Signer:
    """Who signs. Its ``repr`` does not tell the secret."""

    key: VerifierKey
    _seed: bytes

    def __repr__(self) -> str:
        return f"Signer({self.key})"

    def sign(self, text: str) -> Note:
        """``text``, which ends in a newline, with our signature under it."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        signature = Ed25519PrivateKey.from_private_bytes(self._seed).sign(text.encode())
        return Note(text, [Signature(self.key.name, self.key.number, signature)])


def make_keys(folder: Path, name: str) -> tuple[Path, Path, VerifierKey]:
    """Make a key: `signing.key`, for its owner only, and `signing.pub`. Raises BadInput where one is there already."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    if not is_key_name(name):
        allowed = "a name without blanks and plus signs, such as trials.example.org"
        raise BadInput("keys", [Problem("key-name", "--name", repr(name), allowed)])
    secret, public = folder / "signing.key", folder / "signing.pub"
    there = [path for path in (secret, public) if path.exists()]
    if there:
        allowed = "a new folder: a key is never overwritten, for what it signed could not be checked again"
        raise BadInput("keys", [Problem("key-exists", "--out", str(path), allowed) for path in there])
    private = Ed25519PrivateKey.generate()
    key = VerifierKey(name, private.public_key().public_bytes_raw())
    line = f"{_SECRET}{name}+{key.number.hex()}+{base64.b64encode(ED25519 + private.private_bytes_raw()).decode()}\n"
    write_new(secret, line.encode(), mode=0o600)
    write_new(public, f"{key}\n".encode())
    return secret, public, key


def read_signer(path: Path) -> Signer:
    """The key that signs. Raises BadInput where there is none, and where others than its owner can read it."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    def refused(code: str, given: str, allowed: str, step: str = "") -> BadInput:
        return BadInput(str(path), [Problem(code, "--signing-key", given, allowed, step)])

    try:
        line = _line(path)
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        raise refused("no-key", _said(error), "a key made by conduct keys") from None
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        given = f"a key that others can read (mode {stat.S_IMODE(mode):04o})"
        raise refused("open-key", given, "a file that only its owner can read", f"chmod 600 {path.name}")
    name, _, rest = line.removeprefix(_SECRET).partition("+")
    number, _, coded = rest.partition("+")
    try:
        seed = decoded(coded)
        if not line.startswith(_SECRET) or not is_key_name(name) or seed[:1] != ED25519 or len(seed) != 33:
            raise ValueError("no key of ours")
        private = Ed25519PrivateKey.from_private_bytes(seed[1:])
        key = VerifierKey(name, private.public_key().public_bytes_raw())
        if key.number.hex() != number:
            raise ValueError("a key whose number is not its own")
    except ValueError as error:
        # what stands in the file is a secret: it is not told
        given = str(error) if not str(error).startswith("not base64") else "no key of ours"
        raise refused("no-key", given, "a key made by conduct keys") from None
    return Signer(key, seed[1:])


def read_trusted(given: str) -> VerifierKey:
    """A key to check by: its line, or a file that holds it. Raises BadInput for anything else."""
    try:
        return read_verifier_key(given if given.count("+") >= 2 else _line(Path(given)))
    except (OSError, ValueError) as error:
        allowed = "a key's line, NAME+NUMBER+KEY, or the file that holds it (signing.pub)"
        raise BadInput("--trust", [Problem("no-key", "--trust", f"{given[:80]!r}: {_said(error)}", allowed)]) from None


def is_true(note: Note, signature: Signature, key: VerifierKey) -> bool:
    """True if this signature under the note is by that key."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature.signature, note.text.encode())
    except InvalidSignature:
        return False
    return True


def _line(path: Path) -> str:
    """The one line of a key's file."""
    if not path.is_file():
        raise ValueError("no file")
    with path.open("rb") as file:
        data = file.read(10_000)
    try:
        return data.decode().strip()
    except UnicodeDecodeError:
        raise ValueError("not a text") from None


def _said(error: Exception) -> str:
    return error.strerror or "not readable" if isinstance(error, OSError) else str(error)
