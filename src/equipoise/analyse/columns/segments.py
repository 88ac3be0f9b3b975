"""Segments: rows of one table that belong together (a patient, a lesion) stand next to each other; sums and minima by segment."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from equipoise.analyse.columns.codes import NEVER, Days, Flags, Rows

_T = TypeVar("_T", bound=np.generic)


def in_order(key: NDArray[np.integer]) -> bool:
    """True if a key never falls from row to row."""
    return bool((key[1:] >= key[:-1]).all())


def bounds(segment: NDArray[np.integer], n: int) -> Rows:
    """Where each of ``n`` segments begins, and where the last one ends; shape (n + 1,). Rows are in order."""
    return np.searchsorted(segment, np.arange(n + 1)).astype(np.int64)


def begins(segment: NDArray[np.integer]) -> Flags:
    """True on the first row of each segment."""
    first = np.ones(len(segment), dtype=bool)
    np.not_equal(segment[1:], segment[:-1], out=first[1:])
    return first


def running_min(values: NDArray[_T], segment: NDArray[np.integer]) -> NDArray[_T]:
    """The least value of a row and of those before it in its segment.

    Each round looks back twice as far as the one before (Hillis & Steele 1986, doi:10.1145/7902.7903): as many rounds as
    the longest segment has binary digits.
    """
    least = values.copy()
    if not len(values):
        return least
    back, longest = 1, int(np.diff(np.append(np.flatnonzero(begins(segment)), len(segment))).max())
    while back < longest:
        same = segment[back:] == segment[:-back]
        least[back:] = np.where(same, np.minimum(least[back:], least[:-back]), least[back:])
        back *= 2
    return least


def shifted(values: NDArray[_T], segment: NDArray[np.integer], first: NDArray[_T]) -> NDArray[_T]:
    """The value of the row before in the segment; ``first`` on a segment's first row."""
    before = np.empty_like(values)
    before[1:] = values[:-1]
    start = begins(segment)
    before[start] = first[start]
    return before


def first_day(where: Flags, segment: NDArray[np.integer], day: Days, n: int) -> Days:
    """The day of the first row of each segment on which ``where`` is true; NEVER where there is none; shape (n,)."""
    row = first_row(where, segment, n)
    return np.where(row >= 0, day[row] if len(day) else NEVER, NEVER).astype(np.int32)


def first_row(where: Flags, segment: NDArray[np.integer], n: int) -> Rows:
    """The first row of each segment on which ``where`` is true; -1 where there is none; shape (n,)."""
    rows = np.flatnonzero(where)[::-1]
    found = np.full(n, -1, dtype=np.int64)
    # Of several rows of a segment the last one written stays: the first of the table.
    found[segment[rows]] = rows
    return found
