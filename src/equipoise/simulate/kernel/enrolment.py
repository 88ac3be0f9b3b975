"""Arrivals, strata and allocation, compiled: ``simulate.accrual`` and ``conduct.randomisation`` from the same draws."""

from __future__ import annotations

import math
from typing import Any

from equipoise.numerics.compiled import NONE, REAL, REALS, WHOLE, WHOLES, jit
from equipoise.numerics.philox import minus_log
from equipoise.simulate.kernel import places as at
from equipoise.simulate.kernel.patient import day_of, draw, eight

#: Columns of a site, which is named by where the first of them lies: day it opens, rate a day, days' work done at full
#: rate, blocks drawn, and the days of its next patients, eight at a time, of which AT have come.
OPENS, RATE, WORKED, BLOCKS, AT, COMING = range(6)
SITE_COLUMNS = COMING + 8
#: The most patients that may wait in the queue of arrivals; more in one window, and the reference takes the replicate.
QUEUE = 1024


@jit(NONE(WHOLES, REALS, REALS, WHOLE, WHOLE, WHOLE))
def _next_patients(N: Any, X: Any, V: Any, replicate: int, site: int, i: int) -> None:
    u = eight(N, N[at.SITE_KEYS] + 2 * i, int(V[site + BLOCKS]), replicate)
    rate, worked, opens, ramp = V[site + RATE], V[site + WORKED], V[site + OPENS], X[at.RAMP]
    for c in range(8):
        worked += minus_log(u[c]) / rate
        V[site + COMING + c] = opens + (worked + ramp / 2 if worked >= ramp / 2 else math.sqrt(2 * ramp * worked))
    V[site + WORKED], V[site + AT] = worked, 0.0
    V[site + BLOCKS] += 1.0


@jit(NONE(WHOLES, REALS, REALS, WHOLE))
def open_sites(N: Any, X: Any, V: Any, replicate: int) -> None:
    """Each site's day of opening and rate, and its first patients. Sites lie at the beginning of V."""
    for i in range(N[at.SITES]):
        u = eight(N, N[at.SITE_KEYS] + 2 * i, 0, replicate)
        site = i * SITE_COLUMNS
        V[site + OPENS] = float(N[N[at.OPENS] + i] + day_of(N, X, N[at.LATE], u[1]) - 1)
        V[site + RATE] = X[N[at.RATE] + i] * X[N[at.SIZE] + int(u[0] * 4096)] / 30.4375
        V[site + WORKED], V[site + BLOCKS], V[site + AT], V[site + COMING] = 0.0, 1.0, 0.0, math.inf
        if V[site + RATE] > 1e-9:
            _next_patients(N, X, V, replicate, site, i)


@jit(WHOLE(WHOLES, REALS, REALS, WHOLE, REAL, WHOLE))
def fill_queue(N: Any, X: Any, V: Any, replicate: int, until: float, queue: int) -> int:
    """Days, in order, of the patients of all sites who come before ``until``, into V from ``queue`` on.

    Returns how many, or -1 if there are too many.
    """
    size = 0
    for i in range(N[at.SITES]):
        site = i * SITE_COLUMNS
        k = int(V[site + AT])
        while V[site + COMING + k] < until:
            if size == QUEUE:
                return -1
            on, place = V[site + COMING + k], queue + size
            while place > queue and V[place - 1] > on:
                V[place] = V[place - 1]
                place -= 1
            V[place] = on
            size += 1
            k += 1
            if k == 8:
                _next_patients(N, X, V, replicate, site, i)
                k = 0
        V[site + AT] = float(k)
    return size


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
