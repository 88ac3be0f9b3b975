"""Arrivals, strata and allocation, compiled: ``simulate.accrual`` and ``conduct.randomisation`` from the same draws."""

from __future__ import annotations

import math
from typing import Any

from equipoise.numerics.compiled import FOUR, LIST, NONE, REAL, REAL_TABLE, REALS, WHOLE, WHOLES, jit
from equipoise.numerics.philox import minus_log
from equipoise.simulate.kernel import places as at
from equipoise.simulate.kernel.patient import day_of, four, patient_draws

#: Columns of a site: day it opens, rate a day, days' work done at full rate, blocks drawn, and the days of its next
#: patients, four at a time, of which AT have come.
OPENS, RATE, WORKED, BLOCKS, AT, COMING = range(6)
SITE_COLUMNS = COMING + 4
#: The most patients that may wait in the queue of arrivals; more in one window, and the reference takes the replicate.
QUEUE = 1024


@jit(NONE(WHOLES, REALS, WHOLE, REAL_TABLE))
def open_sites(N: Any, X: Any, replicate: int, sites: Any) -> None:
    """Each site's day of opening and rate, and its first patient."""
    for s in range(len(sites)):
        u = four(N, N[at.SITE_KEYS] + 2 * s, 0, replicate)
        sites[s, OPENS] = N[N[at.OPENS] + s] + day_of(N, X, N[at.LATE], u[1]) - 1
        sites[s, RATE] = X[N[at.RATE] + s] * X[N[at.SIZE] + int(u[0] * 4096)] / 30.4375
        sites[s, WORKED], sites[s, BLOCKS], sites[s, AT] = 0.0, 1, 0
        if sites[s, RATE] > 1e-9:
            _next_patients(N, X, replicate, sites, s)
        else:
            sites[s, COMING] = math.inf


@jit(NONE(WHOLES, REALS, WHOLE, REAL_TABLE, WHOLE))
def _next_patients(N: Any, X: Any, replicate: int, sites: Any, s: int) -> None:
    u = four(N, N[at.SITE_KEYS] + 2 * s, int(sites[s, BLOCKS]), replicate)
    rate, worked, opens, ramp = sites[s, RATE], sites[s, WORKED], sites[s, OPENS], X[at.RAMP]
    gaps = (minus_log(u[0]) / rate, minus_log(u[1]) / rate, minus_log(u[2]) / rate, minus_log(u[3]) / rate)
    for c in range(4):
        worked += gaps[c]
        sites[s, COMING + c] = opens + (worked + ramp / 2 if worked >= ramp / 2 else math.sqrt(2 * ramp * worked))
    sites[s, WORKED], sites[s, AT] = worked, 0
    sites[s, BLOCKS] += 1


@jit(WHOLE(WHOLES, REALS, WHOLE, REAL_TABLE, REAL, REAL_TABLE))
def fill_queue(N: Any, X: Any, replicate: int, sites: Any, until: float, queue: Any) -> int:
    """Patients of all sites who come before ``until``, in order, into ``queue``; returns how many, or -1 if too many."""
    size = 0
    for s in range(len(sites)):
        k = int(sites[s, AT])
        while sites[s, COMING + k] < until:
            if size == QUEUE:
                return -1
            place, on = size, sites[s, COMING + k]
            while place > 0 and queue[place - 1, 0] > on:
                queue[place, 0] = queue[place - 1, 0]
                place -= 1
            queue[place, 0] = on
            size += 1
            k += 1
            if k == 4:
                _next_patients(N, X, replicate, sites, s)
                k = 0
        sites[s, AT] = k
    return size


@jit(WHOLE(WHOLES, REALS, WHOLE, WHOLE, FOUR))
def stratum_of(N: Any, X: Any, replicate: int, row: int, u: Any) -> int:
    """The patient's stratum, or -1 for one who fails screening. ``u``: the first four uniforms of entry."""
    if u[0] < X[at.SCREENING_FAILURE]:
        return -1
    stratum = 0
    for f in range(N[at.FACTORS]):
        if (f + 1) & 3 == 0:
            u = patient_draws(N, at.ENTRY, replicate, row, (f + 1) >> 2)
        levels, level = N[N[at.COUNTS] + f], 0
        while level < levels - 1 and X[N[at.LEVELS] + f * N[at.MOST_LEVELS] + level] <= u[(f + 1) & 3]:
            level += 1
        stratum = stratum * levels + level
    return stratum


@jit(WHOLE(WHOLES, WHOLE, WHOLE, WHOLE, LIST))
def next_block(N: Any, replicate: int, stratum: int, number: int, block: Any) -> int:
    """Fill ``block`` with block ``number`` of a stratum's list; returns its size."""
    key, wide = N[at.LIST_KEYS] + 2 * stratum, (N[at.LARGEST_BLOCK] + 3) >> 2
    u = four(N, key, number * wide, replicate)
    size = N[N[at.BLOCK_SIZES] + int(u[0] * N[at.BLOCK_CHOICES])]
    filled = 0
    for arm in range(N[at.ARMS]):
        for _ in range(N[N[at.SHARES] + arm] * size // N[at.SHARE_TOTAL]):
            block[filled] = arm
            filled += 1
    held = 0
    for i in range(size - 1, 0, -1):
        if i >> 2 != held:
            held = i >> 2
            u = four(N, key, number * wide + held, replicate)
        j = int(u[i & 3] * (i + 1))
        block[i], block[j] = block[j], block[i]
    return size
