"""Probabilities as the whole numbers that raw words are held against."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def cuts(p: NDArray[np.float64]) -> NDArray[np.int64]:
    """The number that just those words lie below whose uniform number (w + 1/2) 2^-32 lies below p."""
    return np.ceil(p * 2.0**32 - 0.5).astype(np.int64)


def cut(p: float) -> int:
    """``cuts`` of one probability."""
    return int(cuts(np.array(p)))


def uniform(word: int) -> float:
    """The number that a word stands for."""
    return (word + 0.5) * 2.0**-32
