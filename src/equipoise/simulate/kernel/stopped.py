"""What is left in its row of a trial that a safety rule stopped, compiled: as ``lines.reference_row`` has it."""

from __future__ import annotations

from typing import Any

import numpy as np

from equipoise.numerics.engine.compiled import NONE, REALS, WHOLE, WHOLES, jit
from equipoise.simulate.kernel import places as at
from equipoise.simulate.kernel.cohort import come_before
from equipoise.simulate.kernel.comparison import compare_arms
from equipoise.simulate.kernel.layout import (
    AT,
    HOT,
    KEPT,
    KNOWN_CUTOFF,
    ROW_ACTION,
    ROW_AT_CUTOFF,
    ROW_AT_READOUT,
    ROW_CAUTION,
    ROW_COHORT_FULL,
    ROW_CONTROL_EVENTS,
    ROW_EVENTS,
    ROW_FULL_DAY,
    ROW_LOOK_DAY,
    ROW_LOOKS,
    ROW_ON_STUDY,
    ROW_READOUT_DAY,
    ROW_SAFETY_STOPPED,
    ROW_SUCCESSES,
    STATE,
)
from equipoise.simulate.kernel.patient import off_study


@jit(NONE(WHOLES, WHOLES, REALS, WHOLES, REALS, WHOLES, WHOLE, WHOLE, WHOLE))
def stop(
    N: Any, W: Any, V: Any, row: Any, real: Any, room: Any, replicate: int, randomised: int, day: int
) -> None:  # fmt: skip
    """The last look that was known is the trial's last; where there is none, that day stands for it."""
    state = room[STATE]
    row[ROW_ACTION], row[ROW_SAFETY_STOPPED] = at.STOP, 1
    if N[at.LOOKS_ON] == at.ON_PATIENTS:
        # A look may have been taken that never came to be known.
        for k in range(4):
            row[ROW_SUCCESSES + k] = W[state + KEPT + k]
        row[ROW_CAUTION] = W[state + KEPT + 4]
        row[ROW_EVENTS] = row[ROW_CONTROL_EVENTS] = 0
        real[0] = real[1] = real[2] = np.nan
        if row[ROW_LOOKS] > 0 and N[at.COMPARED]:
            cutoff = W[state + KNOWN_CUTOFF]
            compare_arms(N, W, V, row, real, room, replicate, come_before(N, W, room, cutoff + 1), cutoff)
    if row[ROW_LOOKS] == 0:
        row[ROW_COHORT_FULL] = row[ROW_AT_CUTOFF] = row[ROW_AT_READOUT] = randomised
        row[ROW_FULL_DAY] = row[ROW_LOOK_DAY] = row[ROW_READOUT_DAY] = day
        for p in range(randomised):
            row[ROW_ON_STUDY] += int(off_study(W, p) > day - W[p * HOT + AT])
