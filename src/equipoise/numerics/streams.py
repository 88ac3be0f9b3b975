"""Named random streams: a draw is named by what it is for, never by the order in which it was asked for.

A stream is a Philox counter generator keyed by SHA-256 of (seed, purpose, replicate). Row ``i`` of its table of
uniforms belongs to patient ``i``: it is the same whether or not other patients, other purposes or other replicates
were drawn, on one core or on many. Adding a purpose shifts nothing. Philox: Salmon et al. 2011,
doi:10.1145/2063384.2063405.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray


def generator(seed: int | str, purpose: str, replicate: int = 0) -> np.random.Generator:
    """The generator named by (seed, purpose, replicate)."""
    digest = hashlib.sha256(f"{seed}|{purpose}|{replicate}".encode()).digest()
    key = np.frombuffer(digest[:16], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key))


def uniforms(seed: int | str, purpose: str, replicate: int, rows: int, width: int) -> NDArray[np.float64]:
    """Uniform numbers in (0, 1), shape (rows, width): row i belongs to patient i.

    More rows extend the table and change none of its first ones.
    """
    # 1 - u lies in (0, 1]; half an ulp below one keeps both ends open, so that logarithms are finite.
    return np.clip(1.0 - generator(seed, purpose, replicate).random((rows, width)), 1e-16, 1.0 - 1e-16)
