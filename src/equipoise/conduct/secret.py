"""The secret of a trial's allocation: 32 random bytes in a stated form, and the commitment by which a log knows them.

The form is a text of a few lines: a heading with its version, the trial, a salt, the secret, sizes of blocks where they are sealed with it, and a check
sum over the lines before. It is made by ``conduct seal`` and by nothing else: a secret that somebody thought of can be found from the log.
The commitment is a SHA-256 of all of it. It says nothing of the secret, and fits no other one, nor other block sizes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from equipoise.trial.problem import BadInput, Problem

#: By which rules arms follow from a secret; it is part of every draw's name, and stands in the log beside the commitment.
SCHEME = "equipoise allocation 1"
LENGTH = 32
_HEADING = "equipoise allocation secret 1"
_HEADING_OF_ANY = "equipoise allocation secret"
_NAMES = ("trial", "salt", "secret", "blocks", "check")
#: Of 32 random bytes fewer are different, or all can be typed, less often than once in 10^10 times; then another secret is drawn.
_DIFFERENT = 16
_TO_SEAL = "make one: equipoise conduct seal TRIAL --out FILE"


@dataclass(frozen=True, repr=False)
class Secret:
    """The secret of one trial. ``blocks``: the sizes of its blocks, where they are sealed with it; else the trial file states them."""

    trial: str
    salt: bytes
    secret: bytes
    blocks: tuple[int, ...] = ()

    def __repr__(self) -> str:
        """Without what is secret: a trace of an error must not tell it."""
        return f"Secret({self.trial!r}, commitment {self.commitment[:12]})"

    @property
    def commitment(self) -> str:
        """SHA-256 of the whole secret, hexadecimal."""
        content = [SCHEME, "commitment", self.trial, self.salt.hex(), self.secret.hex(), list(self.blocks)]
        return hashlib.sha256(json.dumps(content, separators=(",", ":")).encode("ascii")).hexdigest()

    @property
    def random(self) -> bool:
        """False of bytes that hardly come by chance: of few kinds, or such as a keyboard has."""
        typed = all(9 <= b <= 13 or 32 <= b < 127 for b in self.secret)
        return not typed and len(set(self.secret)) >= _DIFFERENT

    def text(self) -> str:
        """The form in which a file holds it."""
        sizes = [f"blocks: {' '.join(map(str, self.blocks))}"] if self.blocks else []
        lines = [_HEADING, f"trial: {self.trial}", f"salt: {self.salt.hex()}", f"secret: {self.secret.hex()}", *sizes]
        said = (
            "# Whoever can read this file foresees every arm of the trial, and reads every arm that is masked.\n"
            "# Keep it from all who enrol patients, away from the trial's folder and its log; keep a copy of it locked away.\n"
        )
        return said + "\n".join([*lines, f"check: {_check(lines)}"]) + "\n"


def read_secrets(text: str, where: str) -> list[Secret]:
    """The secrets of a text: one, or several one after the other. Raises BadInput with all that is wrong; ``where``: the option that named it."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    starts = [i for i, line in enumerate(lines) if line.startswith(_HEADING_OF_ANY)]
    if not starts or starts[0] != 0:
        given = "nothing" if not lines else "a text that is not in the form of a secret"
        allowed = f"a secret of {LENGTH} random bytes as `conduct seal` writes it; nothing that somebody thought of"
        raise BadInput("secret", [Problem("not-sealed", where, given, allowed, _TO_SEAL)])
    found: list[Secret] = []
    problems: list[Problem] = []
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        read = _read(lines[start:end], where, problems)
        if read is not None:
            found.append(read)
    if problems:
        raise BadInput("secret", problems)
    return found


def _read(lines: Sequence[str], where: str, problems: list[Problem]) -> Secret | None:
    """One secret; None where a problem was added."""
    if lines[0] != _HEADING:
        problems.append(Problem("secret-version", where, repr(lines[0]), repr(_HEADING), "update equipoise"))
        return None
    entries = dict(line.partition(":")[::2] for line in lines[1:])
    entries = {name: value.strip() for name, value in entries.items()}
    before = len(problems)
    problems.extend(_entry_problems(entries, lines, where))
    if len(problems) > before:
        return None
    sizes = tuple(int(size) for size in entries.get("blocks", "").split())
    found = Secret(entries["trial"], bytes.fromhex(entries["salt"]), bytes.fromhex(entries["secret"]), sizes)
    if not found.random:
        allowed = "random bytes of the system; these were made by hand"
        problems.append(Problem("secret-by-hand", where, "bytes that do not come by chance", allowed, _TO_SEAL))
        return None
    return found


def _entry_problems(entries: dict[str, str], lines: Sequence[str], where: str) -> Iterator[Problem]:
    for name in ("trial", "salt", "secret", "check"):
        if not entries.get(name):
            yield Problem(
                "secret-form", f"{where}: {name}", "nothing", "each of trial, salt, secret and check", _TO_SEAL
            )
    for name in entries:
        if name not in _NAMES:
            yield Problem("secret-form", f"{where}: {name}", "an entry that there is not", ", ".join(_NAMES))
    if len(entries) < len(lines) - 1:
        yield Problem("secret-form", where, "an entry twice", "each entry once", _TO_SEAL)
    for name in ("salt", "secret"):
        value = entries.get(name, "")
        if value and not _hexadecimal(value):
            given = f"{len(value)} characters, not all hexadecimal in small letters"
            yield Problem("secret-form", f"{where}: {name}", given, f"{LENGTH} bytes in hexadecimal", _TO_SEAL)
        elif value and len(value) != 2 * LENGTH:
            yield Problem("secret-short", f"{where}: {name}", f"{len(value) / 2:g} bytes", f"{LENGTH} bytes", _TO_SEAL)
    if "blocks" in entries and not all(s.isascii() and s.isdigit() for s in entries["blocks"].split() or [""]):
        yield Problem("secret-form", f"{where}: blocks", "sizes that are not whole numbers", "sizes, such as 6 9")
    if entries.get("check") and entries["check"] != _check([line for line in lines if not line.startswith("check")]):
        allowed = "the file as `conduct seal` wrote it: its check sum does not fit"
        yield Problem("secret-check", where, "a file that was changed or cut", allowed, "take the copy of it")


def _hexadecimal(value: str) -> bool:
    return all(c in "0123456789abcdef" for c in value)


def _check(lines: Sequence[str]) -> str:
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()
