"""What a look asks of the trial's rule, as one whole number, and where the answer stands, compiled.

The kernel knows no rule. A question is made of what the answer may depend on beside the tested arm's successes; its
answer is a column, one entry for each number of them. See ``answers``.
"""

from __future__ import annotations

from typing import Any

from equipoise.numerics.engine.compiled import WHOLE, WHOLES, jit, jit_in_place
from equipoise.simulate.kernel import places as at


@jit_in_place(WHOLE(WHOLES, WHOLES, WHOLE, WHOLE, WHOLE))
def question(N: Any, W: Any, stage: int, found: int, warned: int) -> int:
    """The number of the question: look, evaluated, those of the look before and (from 1 on) their successes, controls and (from 1
    on) their successes. What cannot matter is 0: controls that are no caution, or where nothing follows from it. ``warned``: the controls
    matter.
    """
    side, control_side = N[at.SIDE], N[at.CONTROL_SIDE]
    number = (stage + 1) * side + W[found]
    number = number * side + W[found + 4]
    number = number * (side + 1) + (W[found + 5] + 1 if N[at.LOOKS_BACK] and stage > 0 else 0)
    return (number * control_side + warned * W[found + 2]) * (control_side + 1) + warned * (W[found + 3] + 1)


@jit(WHOLE(WHOLES, WHOLE))
def column_of(A: Any, number: int) -> int:
    """Where the answer to a question begins in A; -1 if it has not been asked. A: how many there are, their numbers in
    order, where the column of each begins, and the columns."""
    low, high = 1, A[0] + 1
    while low < high:
        middle = (low + high) >> 1
        if A[middle] < number:
            low = middle + 1
        else:
            high = middle
    return A[A[0] + low] if low <= A[0] and A[low] == number else -1
