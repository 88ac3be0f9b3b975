"""Masking: a masked trial's log tells codes; who holds the secret can give them, and read the arms from them (``unmasking``).

A code is a keyed hash (HMAC-SHA-256, RFC 2104, doi:10.17487/RFC2104) of the patient and of the place in the stratum's list, under the
secret, for a purpose of its own. The patient's arm is no part of it. The terms of the allocation (arms, shares, sizes of blocks) are hashed
too, so that a file whose list is another one by now is noticed, and not read as other arms.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from itertools import count

from equipoise.conduct.allocation import allocation_of
from equipoise.conduct.place import Place
from equipoise.conduct.secret import SCHEME, Secret
from equipoise.numerics.random.keyed import digest
from equipoise.trial.event import Event
from equipoise.trial.trial import Trial

#: Digits and letters that are not mistaken for each other when they are read out (Crockford's base 32).
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 8


class Key:
    """The allocation of a masked trial under one secret, and its codes."""

    def __init__(self, trial: Trial, secret: Secret) -> None:
        self._allocation = allocation_of(trial.whole, secret)
        self._trial, self._secret = trial.whole.id, secret.secret

    def give(self, place: Place) -> str:
        """The arm of the patient who stands there."""
        return self._allocation.give(place)

    def terms(self, stratum: str) -> str:
        """What the arms follow from beside the secret."""
        return self._allocation.terms(stratum)

    @property
    def asks_who_came_before(self) -> bool:
        """Whether an arm follows from the arms of the patients before."""
        return self._allocation.asks_who_came_before

    def code(self, patient: str, stratum: str, position: int, taken: Container[str] = ()) -> str:
        """The code of a patient at ``position`` (from 0) of the stratum's list: the first one that is not ``taken``."""
        named = (SCHEME, "code", self._trial, self.terms(stratum), stratum, position, patient)
        for turn in count():
            number = int.from_bytes(digest(self._secret, *named, turn), "big")
            code = "".join(LETTERS[number >> 5 * i & 31] for i in range(LENGTH))
            if code not in taken:
                return code
        raise AssertionError("codes do not end")


def holds_codes(events: Iterable[Event]) -> bool:
    """True of a log in which a patient has a code in place of an arm."""
    return any(e.kind == "randomised" and "code" in e.data for e in events)
