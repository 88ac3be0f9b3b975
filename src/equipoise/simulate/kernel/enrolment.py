"""Arrivals, strata and allocation, compiled: ``simulate.accrual`` and ``conduct.randomisation`` from the same draws."""

from __future__ import annotations

from typing import Any

from equipoise.numerics.compiled import NONE, REALS, WHOLE, WHOLES, jit
from equipoise.numerics.philox import minus_log
from equipoise.simulate.kernel import places as at
from equipoise.simulate.kernel.patient import day_of, draw, eight

#: Patients whose coming is worked out at a time.
AT_ONCE = 16
#: Where the process stands, from the place ``queue`` on, after the days of the AT_ONCE patients at hand: sum of the waiting
#: times, the day, and before which day the expected patients are worked out where the sites' rates vary.
PASSED, DAY, KNOWN_TO = AT_ONCE, AT_ONCE + 1, AT_ONCE + 2
QUEUE_PLACES = AT_ONCE + 3
#: Columns of a site: the day it opens, its rate a day.
SITE_COLUMNS = 2
#: Days for which expected patients are worked out at a time.
_STRETCH = 256


@jit(NONE(WHOLES, REALS, REALS, WHOLE, WHOLE))
def open_sites(N: Any, X: Any, V: Any, replicate: int, queue: int) -> None:
    """No patient has come. Where sites vary, each one's day of opening and rate; they lie at the beginning of V."""
    V[queue + PASSED] = V[queue + DAY] = V[queue + KNOWN_TO] = 0.0
    if N[at.VARIES]:
        for i in range(N[at.SITES]):
            u = eight(N, N[at.SITE_KEYS] + 2 * i, 0, replicate)
            V[SITE_COLUMNS * i] = float(N[N[at.OPENS] + i] + day_of(N, X, N[at.LATE], u[1]) - 1)
            V[SITE_COLUMNS * i + 1] = X[N[at.RATE] + i] * X[N[at.SIZE] + int(u[0] * 4096)] / 30.4375


@jit(NONE(WHOLES, REALS, REALS, WHOLE, WHOLE))
def _expect(N: Any, X: Any, V: Any, queue: int, expected: int) -> None:
    """Patients expected before each day of the next stretch, into V from ``expected`` on: ``accrual.in_all``."""
    first = int(V[queue + KNOWN_TO])
    stop, ramp = min(first + _STRETCH, N[at.HORIZON] + 2), X[at.RAMP]
    twice = 2.0 * ramp if ramp > 0 else 1.0
    for d in range(first, stop):
        V[expected + d] = 0.0
    for i in range(N[at.SITES]):
        opens, rate = V[SITE_COLUMNS * i], V[SITE_COLUMNS * i + 1]
        for d in range(first, stop):
            t = max(float(d) - opens, 0.0)
            V[expected + d] += rate * (t - ramp / 2 if t >= ramp else t * t / twice)
    V[queue + KNOWN_TO] = float(stop)


@jit(NONE(WHOLES, REALS, REALS, WHOLE, WHOLE, WHOLE, WHOLE))
def next_arrivals(N: Any, X: Any, V: Any, replicate: int, arrived: int, queue: int, expected: int) -> None:
    """The days of patients ``arrived``, ``arrived`` + 1 …, AT_ONCE of them, into V from ``queue`` on: ``accrual.arrivals``.

    Who would come after the horizon comes on the day after it.
    """
    passed, day, last = V[queue + PASSED], int(V[queue + DAY]), N[at.HORIZON] + 1
    for b in range(AT_ONCE >> 3):
        u = eight(N, N[at.KEYS] + 2 * at.ACCRUAL, (arrived >> 3) + b, replicate)
        for c in range(8):
            V[queue + 8 * b + c] = minus_log(u[c])
    for k in range(queue, queue + AT_ONCE):
        passed += V[k]
        if N[at.VARIES]:
            while day < last:
                if day + 1 >= int(V[queue + KNOWN_TO]):
                    _expect(N, X, V, queue, expected)
                if V[expected + day + 1] > passed:
                    break
                day += 1
        else:
            while day < last and X[N[at.EXPECTED] + day + 1] <= passed:
                day += 1
        V[k] = float(day)
    V[queue + PASSED], V[queue + DAY] = passed, float(day)


@jit(WHOLE(WHOLES, REALS, REALS, WHOLE, WHOLE, WHOLE))
def stratum_of(N: Any, X: Any, V: Any, replicate: int, row: int, u: int) -> int:
    """The patient's stratum, or -1 for one who fails screening. ``u``: where the first eight uniforms lie."""
    if V[u] < X[at.SCREENING_FAILURE]:
        return -1
    stratum = 0
    for f in range(N[at.FACTORS]):
        here = V[u + 1 + f] if f < 3 else draw(N, at.PATIENT, replicate, row, 5 + f)
        levels, level = N[N[at.COUNTS] + f], 0
        # No jumps: how many of the cumulative shares it has passed.
        for k in range(levels - 1):
            level += int(X[N[at.LEVELS] + f * N[at.MOST_LEVELS] + k] <= here)
        stratum = stratum * levels + level
    return stratum


@jit(WHOLE(WHOLES, WHOLES, WHOLE, WHOLE, WHOLE, WHOLE))
def next_block(N: Any, W: Any, replicate: int, stratum: int, number: int, block: int) -> int:
    """Put block ``number`` of a stratum's list into W from ``block`` on; returns its size."""
    key, wide = N[at.LIST_KEYS] + 2 * stratum, (N[at.LARGEST_BLOCK] + 7) >> 3
    u = eight(N, key, number * wide, replicate)
    size = N[N[at.BLOCK_SIZES] + int(u[0] * N[at.BLOCK_CHOICES])]
    filled = block
    for arm in range(N[at.ARMS]):
        for _ in range(N[N[at.SHARES] + arm] * size // N[at.SHARE_TOTAL]):
            W[filled] = arm
            filled += 1
    held = 0
    for i in range(size - 1, 0, -1):
        if i >> 3 != held:
            held = i >> 3
            u = eight(N, key, number * wide + held, replicate)
        j = int(u[i & 7] * (i + 1))
        W[block + i], W[block + j] = W[block + j], W[block + i]
    return size
