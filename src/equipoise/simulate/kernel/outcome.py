"""Status of an outcome recorded by its own name, compiled: the answers of ``analyse.outcome_status`` from the same draws."""

from __future__ import annotations

from typing import Any

from equipoise.numerics.engine.compiled import NONE, WHOLE, WHOLES, jit
from equipoise.simulate.kernel import places as at
from equipoise.simulate.kernel.changes import add_change, changes_of
from equipoise.simulate.kernel.draws import day_of, draw
from equipoise.simulate.kernel.layout import (
    ARM,
    DEATH,
    FAILURE,
    GONE,
    HOT,
    LEFT,
    NOT_EVALUABLE,
    ROW,
    SUCCESS,
)
from equipoise.simulate.kernel.patient import cold_of, recorded


@jit(NONE(WHOLES, WHOLES, WHOLE, WHOLE))
def draw_outcome(N: Any, W: Any, replicate: int, p: int) -> None:
    """The patient's changes: the result when it is recorded, of who is alive and in the trial when it is due; not evaluable once
    death or leaving before that is recorded, or the window has gone by."""
    hot, changes, row = p * HOT, changes_of(N, p), W[p * HOT + ROW]
    due, gone_by = N[at.LANDMARK], N[at.LANDMARK] + N[at.WINDOW] + 1
    death, gone = W[hot + DEATH], W[hot + GONE]
    W[changes] = 0
    if due <= min(death - 1, gone):
        good = draw(N, at.OUTCOME, replicate, row, N[at.OUTCOME_COLUMN]) < N[N[at.TURNS_OUT] + W[hot + ARM]]
        delay = day_of(N, N[at.DELAY], draw(N, at.OUTCOME, replicate, row, N[at.OUTCOME_COLUMN] + 1)) - 1
        known = max(due + delay, 1)
        if gone_by < known:
            add_change(W, changes, gone_by, NOT_EVALUABLE)
        add_change(W, changes, known, SUCCESS if good else FAILURE)
        return
    if death <= gone and death < due:
        gone_by = min(gone_by, recorded(N, W, replicate, p, death, 0))
    elif W[cold_of(N, p) + LEFT] > 0 and gone < due:
        gone_by = min(gone_by, recorded(N, W, replicate, p, gone, 1))
    add_change(W, changes, gone_by, NOT_EVALUABLE)
