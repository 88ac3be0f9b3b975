"""Arrivals, strata and allocation, compiled: ``simulate.accrual`` and ``conduct.randomisation`` from the same draws."""

from __future__ import annotations

from typing import Any

from equipoise.numerics.engine.compiled import NONE, REALS, WHOLE, WHOLES, jit
from equipoise.numerics.random.philox import minus_log, short
from equipoise.simulate.accrual import UNIT
from equipoise.simulate.kernel import places as at
from equipoise.simulate.kernel.draws import day_of, draw, draw_eight, word
from equipoise.simulate.kernel.layout import (
    ADDED,
    AT_ONCE,
    DAY,
    EXPECTED,
    KNOWN,
    MORE,
    OPENED,
    PASSED,
    STEADY,
    WORDS,
)


@jit(NONE(WHOLES, REALS, WHOLES, WHOLE, WHOLE, WHOLE))
def open_sites(N: Any, X: Any, W: Any, replicate: int, queue: int, steps: int) -> None:
    """No patient has come. Where sites vary, each one's day of opening and rate are drawn.

    Each day has two places from ``steps`` on: by how much more than the day before it adds to the patients expected, and
    by how much that changes for good. Both are 0 but where a site opens and where its rate is reached.
    """
    ramp, last = N[at.RAMP], N[at.HORIZON] + 1
    new = N[at.SITES] if N[at.VARIES] or not W[queue + KNOWN] else 0
    for i in range(new):
        opened = W[queue + OPENED + i]
        for day in (opened, opened + 1, opened + ramp):
            W[steps + 2 * min(day, last)] = W[steps + 2 * min(day, last) + 1] = 0
    for i in range(new):
        opens, size = N[N[at.OPENS] + i], 0
        if N[at.VARIES]:
            draw_eight(N, W, N[at.SITE_KEYS] + 2 * i, 0, replicate, queue + WORDS, 1)
            size = word(W, queue + WORDS, 0, 1) >> 20
            opens += day_of(N, N[at.LATE], word(W, queue + WORDS, 1, 1)) - 1
        W[queue + OPENED + i] = opens
        W[queue + STEADY] = max(W[queue + STEADY] if i > 0 else 0, opens + ramp)
        rate = X[N[at.RATE] + i] * X[N[at.SIZE] + size] / 30.4375
        gain = int(rate * UNIT / (2 * ramp if ramp > 0 else 1) + 0.5)
        if opens <= last:
            W[steps + 2 * opens] += gain
        if ramp > 0 and opens + 1 <= last:
            W[steps + 2 * (opens + 1) + 1] += 2 * gain
        if ramp > 0 and opens + ramp <= last:
            W[steps + 2 * (opens + ramp)] += gain
            W[steps + 2 * (opens + ramp) + 1] -= 2 * gain
    W[queue + KNOWN] = 1
    W[queue + PASSED] = W[queue + DAY] = W[queue + MORE] = 0
    W[queue + EXPECTED] = W[queue + ADDED] = W[steps]


@jit(NONE(WHOLES, WHOLES, REALS, WHOLE, WHOLE, WHOLE, WHOLE))
def next_arrivals(N: Any, W: Any, V: Any, replicate: int, arrived: int, queue: int, steps: int) -> None:
    """The days of patients ``arrived``, ``arrived`` + 1 …, AT_ONCE of them, into W from ``queue`` on: ``accrual.arrivals``.

    Who would come after the horizon comes on the day after it.
    """
    passed, day, last = W[queue + PASSED], W[queue + DAY], N[at.HORIZON] + 1
    expected, added, more, steady = W[queue + EXPECTED], W[queue + ADDED], W[queue + MORE], W[queue + STEADY]
    for b in range(AT_ONCE >> 3):
        draw_eight(N, W, N[at.KEYS] + 2 * at.ACCRUAL, (arrived >> 3) + b, replicate, queue + 4 * b, 1)
    for k in range(AT_ONCE >> 1):
        V[2 * k] = short(W[queue + k] & 0xFFFFFFFF)
        V[2 * k + 1] = short((W[queue + k] >> 32) & 0xFFFFFFFF)
    for k in range(AT_ONCE):
        V[k] = minus_log(V[k]) * UNIT
    for k in range(AT_ONCE):
        W[queue + k] = int(V[k])
    for k in range(queue, queue + AT_ONCE):
        passed += W[k]
        while day < min(steady, last) and expected <= passed:
            day += 1
            more += W[steps + 2 * day + 1]
            added += W[steps + 2 * day] + more
            expected += added
        ahead = 0
        if day >= steady and added > 0:
            # A product of real numbers may miss by one; those of whole ones are exact.
            over = passed - expected + added
            ahead = min(int(float(over) * (1.0 / float(added))), last)
            ahead += int((ahead + 1) * added <= over) - int(ahead * added > over)
        W[k] = min(day + ahead, last)
    W[queue + PASSED], W[queue + DAY] = passed, day
    W[queue + EXPECTED], W[queue + ADDED], W[queue + MORE] = expected, added, more


@jit(NONE(WHOLES, WHOLES, WHOLE, WHOLE, WHOLE, WHOLE))
def next_patients(N: Any, W: Any, replicate: int, arrived: int, words: int, strata: int) -> None:
    """The first eight words of patients ``arrived`` …, AT_ONCE of them, those of the k-th from ``words`` + k on, one place in
    AT_ONCE; and their strata, or -1 for those who fail screening."""
    wide = N[N[at.WIDE] + at.PATIENT]
    for k in range(AT_ONCE):
        draw_eight(N, W, N[at.KEYS] + 2 * at.PATIENT, (arrived + k) * wide, replicate, words + k, AT_ONCE)
        W[strata + k] = 0
    for f in range(N[at.FACTORS]):
        levels, cuts, column = N[N[at.COUNTS] + f], N[at.LEVEL_CUT] + f * N[at.MOST_LEVELS], 1 + f
        if f >= 3:
            column = 8
            for k in range(AT_ONCE):
                W[words + 4 * AT_ONCE + k] = draw(N, at.PATIENT, replicate, arrived + k, 5 + f)
        for k in range(AT_ONCE):
            W[strata + k] *= levels
        # How many of the cumulative shares the word has passed.
        for level in range(levels - 1):
            cut = N[cuts + level]
            for k in range(AT_ONCE):
                W[strata + k] += int(word(W, words + k, column, AT_ONCE) >= cut)
    for k in range(AT_ONCE):
        W[strata + k] = W[strata + k] if word(W, words + k, 0, AT_ONCE) >= N[at.SCREENING_FAILURE] else -1


@jit(NONE(WHOLES, WHOLES, WHOLE, WHOLE, WHOLE, WHOLE))
def next_block(N: Any, W: Any, replicate: int, stratum: int, slot: int, words: int) -> None:
    """Put the next block of a stratum's list where the last one stood: ``slot`` holds its size, the place in it, the
    number of the next, and the block. ``words``: room to draw in."""
    wide = (N[at.LARGEST_BLOCK] + 7) >> 3
    for b in range(wide):
        draw_eight(N, W, N[at.LIST_KEYS] + 2 * stratum, W[slot + 2] * wide + b, replicate, words + 4 * b, 1)
    choice = ((2 * word(W, words, 0, 1) + 1) * N[at.BLOCK_CHOICES]) >> 33
    size = N[N[at.BLOCK_SIZES] + choice]
    W[slot], W[slot + 1], W[slot + 2] = size, 0, W[slot + 2] + 1
    block = slot + 3
    for i in range(size):
        W[block + i] = N[N[at.BLOCKS] + choice * N[at.LARGEST_BLOCK] + i]
    for i in range(size - 1, 0, -1):
        # Fisher and Yates, from the end.
        j = ((2 * word(W, words, i, 1) + 1) * (i + 1)) >> 33
        W[block + i], W[block + j] = W[block + j], W[block + i]
