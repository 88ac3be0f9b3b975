"""Trials by the kernel, counted as ``simulated`` counts its own."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from equipoise.design.dose.kernel import places as at
from equipoise.design.dose.kernel.image import Image
from equipoise.design.dose.kernel.rows import simulate_rows
from equipoise.design.dose.layers import WHY

_AT_ONCE = 50_000


@dataclass(frozen=True)
class Alike:
    """Trials that are counted together: patients and DLTs by dose and cohorts, each a sum over them; why they ended; the dose chosen."""

    times: int
    n: tuple[int, ...]
    dlt: tuple[int, ...]
    cohorts: int
    why: str
    chosen: int


def tallied(image: Image, trials: int, workers: int = 1) -> Iterator[Alike]:
    """All trials, those that ended alike together."""
    firsts = range(0, trials, _AT_ONCE)
    with ThreadPoolExecutor(workers) as pool:
        for rows in pool.map(lambda first: simulate_rows(image, first, min(_AT_ONCE, trials - first)), firsts):
            yield from _by_state(image, rows[:, 0]) if image.ends else _by_table(image, rows)


def _by_table(image: Image, rows: NDArray[np.int64]) -> Iterator[Alike]:
    side = image.doses + 1
    kinds = rows[:, at.WHY] * side + rows[:, at.CHOSEN]
    times = np.bincount(kinds)
    sums = np.zeros((len(times), image.width), np.int64)
    for column in range(at.COHORTS, image.width):
        # Sums of whole numbers below 2^53 are exact in real ones.
        sums[:, column] = np.bincount(kinds, rows[:, column])
    for kind in np.flatnonzero(times).tolist():
        counts = sums[kind, at.COUNTS :].tolist()
        n, dlt = tuple(counts[: image.doses]), tuple(counts[image.doses :])
        yield Alike(int(times[kind]), n, dlt, int(sums[kind, at.COHORTS]), WHY[kind // side], kind % side)


def _by_state(image: Image, last: Any) -> Iterator[Alike]:
    for state, times in enumerate(np.bincount(last).tolist()):
        ended = image.ends[state]
        if times and ended is not None:
            n, dlt = (tuple(times * k for k in counts) for counts in (ended.state.n, ended.state.dlt))
            yield Alike(times, n, dlt, times * ended.state.cohorts, ended.why, ended.chosen)
