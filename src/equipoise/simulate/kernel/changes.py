"""A patient's changes of status in the order of their days, compiled: for endpoints whose status follows from a short list of records.

A list of its own for each patient: how many changes, and of each the day after randomisation and what the status
becomes. Before the first the patient is pending.
"""

from __future__ import annotations

from typing import Any

from numba import types

from equipoise.numerics.engine.compiled import NONE, WHETHER, WHOLE, WHOLES, jit
from equipoise.simulate.kernel import places as at
from equipoise.simulate.kernel.layout import (
    AT,
    BECOMES,
    CHANGE,
    COLD,
    FAILURE,
    HOT,
    NO_DAY,
    PENDING,
    SUCCESS,
)


@jit(WHOLE(WHOLES, WHOLE))
def changes_of(N: Any, p: int) -> int:
    """Where the list of patient p begins."""
    return N[at.TARGET] * (HOT + COLD) + p * N[at.CHANGES]


@jit(NONE(WHOLES, WHOLE, WHOLE, WHOLE))
def add_change(W: Any, changes: int, day: int, status: int) -> None:
    """From ``day`` on the status is this, if it was another."""
    last = changes + 2 * W[changes]
    if status != (W[last] if W[changes] > 0 else PENDING):
        W[changes] += 1
        W[last + 1], W[last + 2] = day, status


@jit(types.UniTuple(WHOLE, 2)(WHOLES, WHOLE, WHOLE))
def listed_status(W: Any, changes: int, since: int) -> Any:
    """Status so many days after randomisation, and the next day on which it changes; NO_DAY if there is none."""
    status = PENDING
    for k in range(changes + 1, changes + 1 + 2 * W[changes], 2):
        if W[k] > since:
            return status, W[k]
        status = W[k + 1]
    return status, NO_DAY


@jit(WHETHER(WHOLES, WHOLES, WHOLE))
def settle(N: Any, W: Any, p: int) -> bool:
    """The first change where all can see it; True if there may be more, or the patient may be replaced."""
    changes, hot = changes_of(N, p), p * HOT
    first, becomes = W[changes + 1], W[changes + 2]
    W[hot + CHANGE] = W[hot + AT] + first
    once = W[changes] == 1 and becomes in (SUCCESS, FAILURE)
    W[hot + BECOMES] = becomes if once else PENDING
    return not once
