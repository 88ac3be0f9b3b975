"""The compiled simulator of dose finding as it is called: a design's image in, a row for each trial out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from equipoise.design.dose.kernel.image import Image
from equipoise.design.dose.kernel.places import AT_ONCE
from equipoise.numerics.engine.kept import Kept
from equipoise.numerics.engine.machine_code import bitcode_of


def compile_now() -> bytes:
    """The simulator, compiled from its source by numba, as ``machine_code.bitcode_of`` gives it."""
    # Imported where used: importing it is compiling it.
    from equipoise.design.dose.kernel.trial import trials

    return bitcode_of(trials)


SIMULATOR = Kept(compile_now)
take_from, kept, simulator = SIMULATOR.take_from, SIMULATOR.kept, SIMULATOR.function


def simulate_rows(image: Image, first: int, trials: int) -> NDArray[np.int64]:
    """Trials ``first``, ``first`` + 1 …, a row each. Releases the GIL: threads may share an image."""
    rows: Any = np.zeros((trials, image.width), np.int64)
    room = np.zeros(AT_ONCE + 3 * image.doses)
    addresses = [x.ctypes.data for x in (image.whole, image.real, room, rows)]
    simulator()(*addresses, first, trials, image.width)
    return rows  # type: ignore[no-any-return]
