"""A safety rule on overall survival, compiled: its looks at numbers of deaths, each on the day on which so many are known.

It speaks where the hazard ratio of Cox's model reaches the rule's own threshold at the deaths there are; see ``decide.watch.survival``.
"""

from __future__ import annotations

from typing import Any

from numba import types

from equipoise.numerics.engine.compiled import REALS, WHETHER, WHOLE, WHOLES, jit, jit_in_place
from equipoise.simulate.kernel import places as at
from equipoise.simulate.kernel.cohort import come_before
from equipoise.simulate.kernel.layout import (
    ARM,
    AT,
    COUNTS,
    DAYS_OF_EVENTS,
    DEATH,
    DEATH_KNOWN,
    EVENTS_SEEN,
    EVENTS_SO_FAR,
    GONE,
    HELD,
    HOT,
    LOOKS_TAKEN,
    MARKED,
    NO_DAY,
    OF_LOOK,
    STATE,
)
from equipoise.simulate.kernel.patient import known, observed_by
from equipoise.simulate.kernel.two_groups import count, reaches
from equipoise.simulate.kernel.watching import block_of


@jit_in_place(types.Tuple((WHOLE, WHETHER))(WHOLES, WHOLES, WHOLE, WHOLE, WHOLE, WHOLE))
def _observed(N: Any, W: Any, replicate: int, p: int, day: int, of: int) -> Any:
    """``observed_by``, of most patients without asking it: whoever is not dead as far as is known, and has not left, is censored on the day."""
    death, gone = W[p * HOT + DEATH], W[p * HOT + GONE]
    alone = N[of] == 0 and N[of + at.AT_NO_EVENT - at.OF_PROGRESSION] == at.THAT_DAY
    if alone and (death <= gone or gone > day):
        if death > min(day, gone) or known(N, W, replicate, p, DEATH_KNOWN, death, 0) > day:
            return day, False
        return death, True
    return observed_by(N, W, replicate, p, day, of)


@jit(WHETHER(WHOLES, REALS, WHOLES, REALS, WHOLES, WHOLE, WHOLE, WHOLE, WHOLE))
def _speaks(
    N: Any, X: Any, W: Any, V: Any, room: Any, replicate: int, rule: int, deaths: int, today: int
) -> bool:  # fmt: skip
    """Whether the hazard ratio of what is known on a day reaches the threshold. The room's counts are left as they were: zeros."""
    w, of = N[at.WATCHED] + rule * at.OF_RULE, N[at.TIME_OF] + 6 * rule
    longest = n1 = n0 = 0
    for p in range(come_before(N, W, room, today + 1)):
        arm = W[p * HOT + ARM]
        if arm != N[w + at.OF_TESTED] and arm != N[w + at.OF_CONTROL]:
            continue
        group = int(arm == N[w + at.OF_TESTED])
        day, event = _observed(N, W, replicate, p, today - W[p * HOT + AT], of)
        count(W, room[COUNTS], room[MARKED], day, group, int(event))
        longest = max(longest, day)
        n1 += group
        n0 += 1 - group
    threshold = X[N[at.THRESHOLD] + rule * N[at.SAFETY_SIDE] + deaths]
    return reaches(W, V, room[COUNTS], room[MARKED], longest, n1, n0, 0, threshold)


@jit(WHOLE(WHOLES, REALS, WHOLES, REALS, WHOLES, WHOLE, WHOLE, WHOLE))
def look_at_survival(
    N: Any, X: Any, W: Any, V: Any, room: Any, replicate: int, rule: int, until: int
) -> int:  # fmt: skip
    """Take the looks that are due before the day ``until`` and were not taken yet; returns the day on which the rule stops the trial,
    NO_DAY if it does not. What a look found is kept: what was known on its day does not change."""
    w, block = N[at.WATCHED] + rule * at.OF_RULE, block_of(N, room, rule)
    days, taken = block + DAYS_OF_EVENTS, block + DAYS_OF_EVENTS + N[at.TARGET]
    while True:
        need = N[N[at.SPEAKS] + rule * N[at.SAFETY_SIDE] + W[block + EVENTS_SEEN]]
        there = W[block + EVENTS_SO_FAR]
        if need > there or (W[days + need - 1] >> 1) >= until:
            return NO_DAY
        day, deaths = W[days + need - 1] >> 1, need
        while deaths < there and (W[days + deaths] >> 1) <= day:
            deaths += 1
        speaks = _speaks(N, X, W, V, room, replicate, rule, deaths, day)
        place = taken + OF_LOOK * W[block + LOOKS_TAKEN]
        W[place], W[place + 1], W[place + 2] = day, deaths, int(speaks)
        W[block + LOOKS_TAKEN] += 1
        W[block + EVENTS_SEEN] = deaths
        if speaks and N[w + at.DOES] == at.STOPS_TRIAL:
            return day
        if speaks and N[w + at.DOES] == at.PAUSES_TRIAL:
            W[room[STATE] + HELD] = max(W[room[STATE] + HELD], day + N[w + at.REVIEW])


@jit(WHETHER(WHOLES, REALS, WHOLES, REALS, WHOLES, WHOLE, WHOLE, WHOLE))
def survival_speaks(
    N: Any, X: Any, W: Any, V: Any, room: Any, replicate: int, rule: int, today: int
) -> bool:  # fmt: skip
    """Whether the rule speaks of what is known on a day, whatever looks were taken: never before its first number of deaths."""
    block, deaths = block_of(N, room, rule), 0
    while deaths < W[block + EVENTS_SO_FAR] and (W[block + DAYS_OF_EVENTS + deaths] >> 1) <= today:
        deaths += 1
    return deaths >= N[N[at.SPEAKS] + rule * N[at.SAFETY_SIDE]] and _speaks(
        N, X, W, V, room, replicate, rule, deaths, today
    )
