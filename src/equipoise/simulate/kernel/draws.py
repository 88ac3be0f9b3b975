"""Random words of a plan's streams, compiled, and the days that they name.

Words of 32 bits are kept as they are drawn. A word w stands for the uniform number (w + 1/2) 2^-32 of
``streams.short_uniforms``; what that number is held against is held in the image as a whole number.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from equipoise.numerics.engine.compiled import NONE, WHOLE, WHOLES, jit, jit_in_place
from equipoise.numerics.random.philox import block
from equipoise.simulate.day_table import HORIZON
from equipoise.simulate.kernel import places as at

DAYS = HORIZON + 1


@jit_in_place(NONE(WHOLES, WHOLES, WHOLE, WHOLE, WHOLE, WHOLE, WHOLE))
def draw_eight(N: Any, W: Any, key: int, number: int, replicate: int, to: int, step: int) -> None:
    """Block ``number`` of the stream whose key stands at place ``key``: eight words, two in a place, into W from ``to`` on, one
    place in ``step``."""
    a, b, c, d = block(np.uint64(N[key]), np.uint64(N[key + 1]), number, replicate)
    W[to], W[to + step], W[to + 2 * step], W[to + 3 * step] = a, b, c, d


@jit_in_place(WHOLE(WHOLES, WHOLE, WHOLE, WHOLE))
def word(W: Any, at: int, number: int, step: int) -> int:
    """Word ``number`` of those that ``draw_eight`` put into W from ``at`` on."""
    return (W[at + (number >> 1) * step] >> ((number & 1) << 5)) & 0xFFFFFFFF


@jit(WHOLE(WHOLES, WHOLE, WHOLE, WHOLE, WHOLE))
def draw(N: Any, purpose: int, replicate: int, row: int, column: int) -> int:
    """One word of a patient for a purpose."""
    key = N[at.KEYS] + 2 * purpose
    number = row * N[N[at.WIDE] + purpose] + (column >> 3)
    a, b, c, d = block(np.uint64(N[key]), np.uint64(N[key + 1]), number, replicate)
    if column & 4:
        a, b = c, d
    if column & 2:
        a = b
    drawn: Any = np.int64(a >> np.uint64(32 if column & 1 else 0))
    return drawn & 0xFFFFFFFF


@jit_in_place(WHOLE(WHOLES, WHOLE, WHOLE))
def day_of(N: Any, table: int, drawn: int) -> int:
    """The day on which the waiting time of a table of days ends; HORIZON + 1 if it does not."""
    i = drawn >> (32 - at.GUIDE_BITS)
    day = (N[N[at.GUIDE_ROWS] + table * (at.GUIDE >> 2) + (i >> 2)] >> ((i & 3) << 4)) & 0xFFFF
    if day >= at.LOOK:
        day -= at.LOOK
        cuts = N[at.CUTS] + table * (DAYS + 1)
        while N[cuts + day] > drawn:
            day += 1
    return day
