"""Random numbers under a secret key, by HMAC-SHA-256: for lists that nobody without the key may foresee.

A draw is named by a list of texts and whole numbers. Its bytes are HMAC-SHA-256(key, name) for the turns 0, 1, 2 … of the name, where
the name with its turn is written as JSON without blanks, in ASCII (RFC 2104, doi:10.17487/RFC2104; as a generator in the manner of
NIST SP 800-90A, doi:10.6028/NIST.SP.800-90Ar1). Each turn gives four words of 64 bits, the high byte first. Under a key of 32 random
bytes no word can be told from the others by anybody who has not the key.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator

_WORD = 8
_WORDS = 1 << 64


def digest(key: bytes, *name: str | int) -> bytes:
    """HMAC-SHA-256 of a name under the key: 32 bytes."""
    return hmac.digest(key, json.dumps(name, separators=(",", ":")).encode("ascii"), hashlib.sha256)


def words(key: bytes, *name: str | int) -> Iterator[int]:
    """The words of a name, each 0 … 2^64 - 1, without end."""
    turn = 0
    while True:
        found = digest(key, *name, turn)
        for at in range(0, len(found), _WORD):
            yield int.from_bytes(found[at : at + _WORD], "big")
        turn += 1


def below(drawn: Iterator[int], n: int) -> int:
    """A whole number 0 … n - 1, each with exactly the same chance: a word of the last incomplete n is thrown away (n ≤ 2^64)."""
    whole = _WORDS - _WORDS % n
    return next(word for word in drawn if word < whole) % n


def fraction(drawn: Iterator[int]) -> float:
    """A number in [0, 1): a multiple of 2^-53, each with the same chance."""
    return (next(drawn) >> 11) * 2.0**-53
