"""The compiled simulator as it is called: a plan's image in, a row for each replicate out."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from threading import Lock
from typing import Any

import numpy as np

from equipoise.simulate.kernel import places as at
from equipoise.simulate.kernel.engine.machine_code import Called, Loaded, bitcode_of
from equipoise.simulate.kernel.image import Image
from equipoise.simulate.kernel.layout import AT_ONCE, COLD, FINDINGS, HOT, NEVER, OPENED, STATES
from equipoise.simulate.lines import INTEGERS, REAL_COLUMNS


def compile_now() -> bytes:
    """The simulator, compiled from its source by numba, as ``machine_code.bitcode_of`` gives it."""
    # Imported where used: importing it is compiling it.
    from equipoise.simulate.kernel.trial import trials

    return bitcode_of(trials)


_source: Callable[[], Called] | None = None
_one_at_a_time = Lock()


def take_from(source: Callable[[], Called]) -> None:
    """Where the simulator comes from when it is first needed, instead of being compiled."""
    global _source
    _source = source


def at_hand() -> bool:
    """True where there is a simulator: numba can compile it, or it was said where it comes from."""
    return _source is not None or find_spec("numba") is not None


@cache
def _simulator() -> Called:
    return Loaded(compile_now()) if _source is None else _source()


def simulator() -> Called:
    """The simulator, made ready when first asked for; threads may ask at the same time."""
    with _one_at_a_time:
        return _simulator()


class Room:
    """Room for one thread to work in, made once and used for all its replicates.

    Whole numbers: patients, from 0, and from then on what ``layout`` says, in its order. Real numbers: what Cox's model
    needs.
    """

    def __init__(self, image: Image) -> None:
        n = image.whole
        target, arms, largest = int(n[at.TARGET]), int(n[at.ARMS]), int(n[at.LARGEST_BLOCK])
        wholes = [target * (HOT + COLD), arms * target, arms, target, int(n[at.STRATA]) * (3 + largest)]
        wholes += [NEVER + 1, (NEVER >> 6) + 1, OPENED + int(n[at.SITES]), 5 * AT_ONCE, AT_ONCE, FINDINGS + largest + 8]
        wholes += [2 * (int(n[at.HORIZON]) + 2)]
        self.of_w = np.cumsum(wholes)
        self.w = np.zeros(self.of_w[-1] + STATES, dtype=np.int64)
        self.v = np.zeros(max(target, AT_ONCE))


def simulate_rows(image: Image, room: Room, first: int, replicates: int, months: int = 0) -> Any:
    """Replicates ``first``, ``first`` + 1 …: whole numbers (n, INTEGERS), real ones (n, REAL_COLUMNS), and (n, months)
    how many are randomised by the end of each 30.4375 days.

    Releases the GIL: threads may run with a room each.
    """
    whole = np.zeros((replicates, len(INTEGERS)), dtype=np.int64)
    real = np.full((replicates, len(REAL_COLUMNS)), np.nan)
    by_month = np.zeros((replicates, months), dtype=np.int64)
    lie = [a.ctypes.data for a in (image.whole, image.real, room.w, room.v, whole, real, by_month)]
    simulator()(*lie, first, replicates, months, room.of_w.ctypes.data)
    return whole, real, by_month
