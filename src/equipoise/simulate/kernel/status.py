"""Where a patient stands on a day, compiled, whatever the endpoint: ``analyse.binary``."""

from __future__ import annotations

from typing import Any

from numba import types

from equipoise.numerics.engine.compiled import WHETHER, WHOLE, WHOLES, jit
from equipoise.simulate.kernel import places as at
from equipoise.simulate.kernel.changes import changes_of, listed_status, settle
from equipoise.simulate.kernel.landmark import landmark_change, landmark_status
from equipoise.simulate.kernel.layout import AT, HOT, NO_DAY
from equipoise.simulate.kernel.outcome import draw_outcome
from equipoise.simulate.kernel.patient import cold_of
from equipoise.simulate.kernel.response import draw_response


@jit(WHETHER(WHOLES, WHOLES, WHOLES, WHOLE, WHOLE))
def draw_changes(N: Any, W: Any, room: Any, replicate: int, p: int) -> bool:
    """When the status of a response or an outcome changes, and to what; True if it may change more than once, or the patient may
    be replaced."""
    if N[at.ENDPOINT] == at.OF_RESPONSE:
        draw_response(N, W, room, replicate, p)
    else:
        draw_outcome(N, W, replicate, p)
    return settle(N, W, p)


@jit(types.UniTuple(WHOLE, 2)(WHOLES, WHOLES, WHOLE, WHOLE))
def status_on(N: Any, W: Any, p: int, day: int) -> Any:
    """Status of a patient whose status may change more than once on a day of the trial, and the next day on which it may."""
    since = day - W[p * HOT + AT]
    if N[at.ENDPOINT] == at.OF_LANDMARK:
        cold = cold_of(N, p)
        status = landmark_status(N, W, cold, since)
        then = landmark_change(N, W, cold, status, since)
    else:
        status, then = listed_status(W, changes_of(N, p), since)
    return status, then + W[p * HOT + AT] if then < NO_DAY else NO_DAY
