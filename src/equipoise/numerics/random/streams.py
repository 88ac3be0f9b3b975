"""Named random streams: a draw is named by what it is for, never by the order in which it was asked for.

A stream is a Philox counter generator (Salmon et al. 2011, doi:10.1145/2063384.2063405): its key is the SHA-256 of
(seed, purpose), and the replicate is the second word of its counter. Row ``i`` of its table of uniforms belongs to
patient ``i``: it is the same whether or not other patients, other purposes or other replicates were drawn, on one
core or on many. Adding a purpose shifts nothing.

Only raw words are taken from numpy, whose Philox is fixed for ever; its methods for whole numbers or permutations may
change from version to version (NEP 19), and no allocation list may.
"""

from __future__ import annotations

import hashlib
import json
import math

import numpy as np
from numpy.typing import NDArray

#: Which numbers a seed gives. To be raised whenever a purpose draws otherwise than before: results kept in a folder are
#: taken up again only by the streams that made them.
STREAMS = 4

#: Uniform numbers come in blocks of so many: one turn of the generator.
BLOCK = 4


def key_of(seed: int | str, purpose: str) -> NDArray[np.uint64]:
    """The two words of the key of the stream named by (seed, purpose), shape (2,)."""
    named = json.dumps(seed) if isinstance(seed, str) else seed  # a text of digits has another stream than the number
    digest = hashlib.sha256(f"{named}|{purpose}|0".encode()).digest()
    return np.frombuffer(digest[:16], dtype=np.uint64)


def generator(seed: int | str, purpose: str, replicate: int = 0) -> np.random.Generator:
    """The generator named by (seed, purpose, replicate)."""
    counter = np.array([0, replicate, 0, 0], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key_of(seed, purpose), counter=counter))


def uniforms(seed: int | str, purpose: str, replicate: int, rows: int, width: int) -> NDArray[np.float64]:
    """Uniform numbers in (0, 1), shape (rows, width): row i belongs to patient i and begins at a whole block.

    More rows extend the table and change none of its first ones; nor do more columns within the same blocks.
    """
    whole = -(-width // BLOCK) * BLOCK
    # 1 - u lies in (0, 1]; half an ulp below one keeps both ends open, so that logarithms are finite.
    table = np.clip(1.0 - generator(seed, purpose, replicate).random((rows, whole)), 1e-16, 1.0 - 1e-16)
    return table[:, :width]


#: Short uniform numbers come in blocks of so many: two to each word of a turn.
SHORT_BLOCK = 8


def short_uniforms(seed: int | str, purpose: str, replicate: int, rows: int, width: int) -> NDArray[np.float64]:
    """``uniforms`` of 32 bits, two to a word, low half first: for draws where 2e-10 is nothing, such as days.

    They cost half, and random numbers are a large part of the cost of a simulated trial.
    """
    blocks = -(-width // SHORT_BLOCK)
    counter = np.array([0, replicate, 0, 0], dtype=np.uint64)
    words = np.random.Philox(key=key_of(seed, purpose), counter=counter).random_raw(rows * blocks * BLOCK)
    halves = np.stack([words & np.uint64(0xFFFFFFFF), words >> np.uint64(32)], axis=1).astype(np.float64)
    return ((halves + 0.5) * 2.0**-32).reshape(rows, blocks * SHORT_BLOCK)[:, :width]


def cuts(p: NDArray[np.float64]) -> NDArray[np.int64]:
    """The number that just those words lie below whose uniform number (w + 1/2) 2^-32 lies below p."""
    return np.ceil(p * 2.0**32 - 0.5).astype(np.int64)


def cut(p: float) -> int:
    """``cuts`` of one probability."""
    return math.ceil(p * 2.0**32 - 0.5)


def word_of(u: float) -> int:
    """The word that a short uniform number was made of."""
    return int(u * 2.0**32)


def short_uniform(word: int) -> float:
    """The short uniform number that a word stands for."""
    return (word + 0.5) * 2.0**-32


_LN2_HIGH = 0.6931471803691238
_LN2_LOW = 1.9082149292705877e-10
#: 1/3, 1/5 … 1/21.
_SERIES = tuple(1.0 / k for k in range(3, 23, 2))


def minus_log(u: float) -> float:
    """-log(u) for u in (0, 1), in sums, products and one division only: the same bits on every machine.

    Logarithms of system libraries differ in the last bit from one to the next, and the day of a simulated patient
    would with them. log m = 2 artanh((m - 1)/(m + 1)) for u = m 2^e, sqrt(1/2) < m ≤ sqrt 2; good to 2e-16 of its size.
    """
    m, e = math.frexp(u)
    if m < 0.7071067811865476:
        m, e = 2.0 * m, e - 1
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    w = z * z
    # Every other term apart: one long sum would wait for each of its steps where this is compiled.
    odd = (((w * _SERIES[8] + _SERIES[6]) * w + _SERIES[4]) * w + _SERIES[2]) * w + _SERIES[0]
    even = (((w * _SERIES[9] + _SERIES[7]) * w + _SERIES[5]) * w + _SERIES[3]) * w + _SERIES[1]
    p = z * (odd + z * even)
    return -(e * _LN2_HIGH + (2.0 * s + (2.0 * s * p + e * _LN2_LOW)))
