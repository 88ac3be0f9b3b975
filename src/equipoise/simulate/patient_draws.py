"""The uniform numbers of each patient for each purpose, drawn in batches, and only for the purposes that are asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from equipoise.numerics.random.streams import short_uniforms

#: Virtual patients drawn at a time; more are drawn when they are needed, and change nothing of the first.
_BATCH = 256


class PatientDraws:
    """One replicate's numbers. ``widths``: how many a patient has for each purpose."""

    def __init__(self, widths: Mapping[str, int], seed: int, replicate: int) -> None:
        self._widths, self._seed, self._replicate = widths, seed, replicate
        self._tables: dict[str, NDArray[np.float64]] = {}

    def of(self, index: int) -> Mapping[str, Sequence[float]]:
        """The numbers of patient ``index`` (from 0), by purpose."""
        return _OfOne(self, index)

    def row(self, purpose: str, index: int) -> list[float]:
        """The numbers of patient ``index`` for one purpose."""
        table = self._tables.get(purpose)
        if table is None or index >= len(table):
            rows = (index // _BATCH + 1) * _BATCH
            table = short_uniforms(self._seed, purpose, self._replicate, rows, self._widths[purpose])
            self._tables[purpose] = table
        row: list[float] = table[index].tolist()
        return row


class _OfOne(dict[str, Sequence[float]]):
    """One patient's numbers by purpose; those of a purpose are made when they are first asked for."""

    def __init__(self, draws: PatientDraws, index: int) -> None:
        super().__init__()
        self._draws, self._index = draws, index

    def __missing__(self, purpose: str) -> Sequence[float]:
        row = self[purpose] = self._draws.row(purpose, self._index)
        return row
