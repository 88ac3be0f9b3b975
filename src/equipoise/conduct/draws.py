"""Where the random numbers of an allocation come from: a secret for a real trial, a seed for a simulated one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from equipoise.conduct.secret import SCHEME, Secret
from equipoise.numerics.random.keyed import below, fraction, words
from equipoise.numerics.random.streams import SHORT_BLOCK, short_uniforms

#: A secret, or the seed of a simulation.
Source = Secret | int | str

#: What is drawn of a seed's stream at once.
_ROWS = 128


class Draws(Protocol):
    """The random numbers of an allocation, each by its place: what was read before changes none."""

    def block(self, stratum: str, number: int, sizes: Sequence[int]) -> tuple[int, list[int]]:
        """Block ``number`` (from 0) of the stratum's list: its size, and for its places from the last to the second which place each changes with."""
        ...

    def fraction(self, number: int) -> float:
        """A number in [0, 1) for the patient before whom ``number`` were randomised."""
        ...

    def level(self, number: int) -> float:
        """A number in [0, 1) for the patient before whom ``number`` were given a dose level by lot."""
        ...


def draws_of(source: Source, replicate: int = 0) -> Draws:
    """The numbers of a secret; or of a seed and of one replicate of its simulation."""
    return SealedDraws(source) if isinstance(source, Secret) else SimulatedDraws(source, replicate)


class SealedDraws:
    """The numbers of a real trial: by HMAC-SHA-256 under its secret. Trial, purpose and stratum are in each draw's name."""

    def __init__(self, secret: Secret) -> None:
        self._key, self._trial = secret.secret, secret.trial

    def block(self, stratum: str, number: int, sizes: Sequence[int]) -> tuple[int, list[int]]:
        """A block's size, each as likely as the others, and a permutation, each as likely as the others (Fisher & Yates)."""
        drawn = words(self._key, SCHEME, "block", self._trial, stratum, number)
        size = sizes[below(drawn, len(sizes))]
        return size, [below(drawn, place + 1) for place in range(size - 1, 0, -1)]

    def fraction(self, number: int) -> float:
        """A number in [0, 1) for the patient before whom ``number`` were randomised."""
        return fraction(words(self._key, SCHEME, "minimisation", self._trial, number))

    def level(self, number: int) -> float:
        """A number in [0, 1) for the patient before whom ``number`` were given a dose level by lot."""
        return fraction(words(self._key, SCHEME, "dose level", self._trial, number))


class SimulatedDraws:
    """The numbers of a simulated trial: streams of Philox, which compiled simulations draw too. They hide nothing."""

    def __init__(self, seed: int | str, replicate: int) -> None:
        self._seed, self._replicate = seed, replicate
        self._blocks: dict[str, list[list[float]]] = {}
        self._fractions: dict[str, list[float]] = {}

    def block(self, stratum: str, number: int, sizes: Sequence[int]) -> tuple[int, list[int]]:
        """Block b has row b of the stratum's table."""
        table = self._blocks.get(stratum, [])
        if number >= len(table):
            rows = 2 * (number + 4)
            found = short_uniforms(self._seed, f"allocation|{stratum}", self._replicate, rows, max(sizes))
            table = self._blocks[stratum] = found.tolist()
        u = table[number]
        size = sizes[int(u[0] * len(sizes))]
        return size, [int(u[place] * (place + 1)) for place in range(size - 1, 0, -1)]

    def fraction(self, number: int) -> float:
        """Row ``number`` of the table."""
        return self._row("minimisation", number)

    def level(self, number: int) -> float:
        """Row ``number`` of the table of dose levels."""
        return self._row("dose level", number)

    def _row(self, purpose: str, number: int) -> float:
        known = self._fractions.get(purpose, [])
        if number >= len(known):
            rows = _ROWS * (number // _ROWS + 1)
            table = short_uniforms(self._seed, purpose, self._replicate, rows, SHORT_BLOCK)
            known = self._fractions[purpose] = table[:, 0].tolist()
        return known[number]
