"""Who is watched by each safety rule of a trial, compiled, and from which day on a rule on counts speaks.

A rule on one arm speaks from the first day on which, for some m at which it looks, so many events among the first m watched are known as its
boundary says, and at no m before it the rate is held acceptable. That day is known once the m-th patient is, and nobody who comes later
changes it. One between arms speaks from the first event at which its boundary is reached.
"""

from __future__ import annotations

from typing import Any

from equipoise.numerics.engine.compiled import NONE, WHOLE, WHOLES, jit, jit_in_place
from equipoise.simulate.day_table import HORIZON
from equipoise.simulate.kernel import places as at
from equipoise.simulate.kernel.adverse import last_day_of_treatment
from equipoise.simulate.kernel.layout import (
    ARM,
    AT,
    BLOCKS_OF_RULES,
    DAYS_OF_EVENTS,
    DEATH,
    DEATH_KNOWN,
    EVENTS_SEEN,
    EVENTS_SO_FAR,
    GONE,
    GONE_THROUGH,
    HOT,
    LEFT,
    LEFT_KNOWN,
    NEXT,
    NO_DAY,
    NOT_ENDED_FROM,
    OF_TESTED_ARM,
    SAFETY_AT_HAND,
    SEEN,
    SEEN_KNOWN,
    SPEAKS_FROM,
    SPOKE_LAST,
    SPOKE_ON,
    UNDRAWN,
    WATCHED_SO_FAR,
)
from equipoise.simulate.kernel.patient import cold_of, known, known_of, recorded


@jit_in_place(WHOLE(WHOLES, WHOLES, WHOLE))
def block_of(N: Any, room: Any, rule: int) -> int:
    """Where the block of a rule begins."""
    return room[SAFETY_AT_HAND] + BLOCKS_OF_RULES + rule * N[at.SAFETY_PLACES]


@jit(NONE(WHOLES, WHOLES, WHOLES))
def watch_nobody(N: Any, W: Any, room: Any) -> None:
    """A trial begins."""
    for rule in range(N[at.SAFETY_RULES]):
        block = block_of(N, room, rule)
        for k in range(DAYS_OF_EVENTS):
            W[block + k] = 0
        W[block + SPEAKS_FROM], W[block + SPOKE_ON] = NO_DAY, -1


@jit_in_place(NONE(WHOLES, WHOLE, WHOLE, WHOLE))
def _insert(W: Any, place: int, n: int, value: int) -> None:
    """Put a value (a day, and one more bit) among ``n`` in order of their days, behind those of the same day."""
    k = place + n
    while k > place and (W[k - 1] >> 1) > (value >> 1):
        W[k] = W[k - 1]
        k -= 1
    W[k] = value


@jit(NONE(WHOLES, WHOLES, WHOLES, WHOLE, WHOLE, WHOLE, WHOLE))
def _watch_survival(N: Any, W: Any, room: Any, replicate: int, rule: int, first: int, end: int) -> None:
    """The days on which the deaths of patients ``first`` … ``end`` - 1 are known, among those of a rule on survival: as many as it looks at."""
    w, block = N[at.WATCHED] + rule * at.OF_RULE, block_of(N, room, rule)
    days, n, most = block + DAYS_OF_EVENTS, W[block + EVENTS_SO_FAR], N[w + at.LAST_NUMBER]
    # Deaths after the last look are asked for by none but a rule that stops, at the design's own looks.
    most = N[at.TARGET] if N[w + at.DOES] == at.STOPS_TRIAL else most
    for p in range(first, end):
        hot = p * HOT
        if W[hot + ARM] != N[w + at.OF_TESTED] and W[hot + ARM] != N[w + at.OF_CONTROL]:
            continue
        if W[hot + DEATH] > W[hot + GONE] or (n >= most and W[hot + AT] + W[hot + DEATH] > W[days + most - 1] >> 1):
            continue
        day = W[hot + AT] + known(N, W, replicate, p, DEATH_KNOWN, W[hot + DEATH], 0)
        if n < most or day <= W[days + most - 1] >> 1:
            _insert(W, days, n, 2 * day)
            n += 1
            while n > most and W[days + n - 1] >> 1 > W[days + most - 1] >> 1:
                n -= 1
    W[block + EVENTS_SO_FAR] = n


@jit(NONE(WHOLES, WHOLES, WHOLES, WHOLE, WHOLE, WHOLE, WHOLE))
def _watch_counts(N: Any, W: Any, room: Any, replicate: int, rule: int, first: int, end: int) -> None:
    """Patients ``first`` … ``end`` - 1 under a rule on counts."""
    w, block, arms = N[at.WATCHED] + rule * at.OF_RULE, block_of(N, room, rule), N[at.SINCE] + 2 * rule * N[at.ARMS]
    events, by_patients, between = block + DAYS_OF_EVENTS, N[w + at.WHEN] > 0, N[w + at.OF_CONTROL] >= 0
    least_of, early_of = N[at.SPEAKS] + rule * N[at.SAFETY_SIDE], N[at.EARLY] + rule * N[at.SAFETY_SIDE]
    m, n, last = W[block + WATCHED_SO_FAR], W[block + EVENTS_SO_FAR], N[w + at.LAST_NUMBER]
    for p in range(first, end):
        hot, arm = p * HOT, W[p * HOT + ARM]
        if arm != N[w + at.OF_TESTED] and arm != N[w + at.OF_CONTROL]:
            continue
        # Who is off treatment before the first dose never has one.
        lag = N[arms + 2 * arm]
        if lag > 0 and last_day_of_treatment(N, W, replicate, p) <= lag:
            continue
        since, day = W[hot + AT] + N[arms + 2 * arm + 1], W[known_of(N, p) + rule]
        if by_patients:
            _insert(W, events + N[at.TARGET], m, 2 * since)
        m += 1
        if day < NO_DAY:
            _insert(W, events, n, 2 * (W[hot + AT] + day) + int(arm == N[w + at.OF_TESTED]))
            n += 1
        if between or m > last:
            continue
        least, early = N[least_of + m], N[early_of + m]
        if least <= n:
            from_here = max(W[events + least - 1] >> 1, since, W[block + NOT_ENDED_FROM])
            W[block + SPEAKS_FROM] = min(W[block + SPEAKS_FROM], from_here)
        if early >= 0:
            W[block + NOT_ENDED_FROM] = max(W[block + NOT_ENDED_FROM], W[events + early] >> 1 if early < n else NO_DAY)
    W[block + WATCHED_SO_FAR], W[block + EVENTS_SO_FAR] = m, n


@jit(NONE(WHOLES, WHOLES, WHOLES, WHOLE, WHOLE, WHOLE))
def watch(N: Any, W: Any, room: Any, replicate: int, first: int, end: int) -> None:
    """Patients ``first`` … ``end`` - 1, the next who were randomised, under each rule that watches the arm."""
    if N[at.SAFETY_SURVIVAL] and N[at.ENDPOINT] != at.OF_LANDMARK and N[at.ENDPOINT] != at.OF_TIME:
        # Those endpoints keep when these are recorded.
        for p in range(first, end):
            hot, cold = p * HOT, cold_of(N, p)
            W[cold + SEEN_KNOWN] = UNDRAWN if W[hot + SEEN] <= HORIZON else NO_DAY
            W[cold + DEATH_KNOWN] = UNDRAWN if W[hot + DEATH] <= W[hot + GONE] else NO_DAY
            W[cold + LEFT_KNOWN] = recorded(N, W, replicate, p, W[hot + GONE], 1) if W[cold + LEFT] > 0 else NO_DAY
    for rule in range(N[at.SAFETY_RULES]):
        if N[N[at.WATCHED] + rule * at.OF_RULE + at.OF_SURVIVAL]:
            _watch_survival(N, W, room, replicate, rule, first, end)
        else:
            _watch_counts(N, W, room, replicate, rule, first, end)


@jit(NONE(WHOLES, WHOLES, WHOLES, WHOLE, WHOLE))
def watch_anew(N: Any, W: Any, room: Any, replicate: int, end: int) -> None:
    """Patients before ``end`` and nobody else, whoever was watched; looks that were taken stay taken."""
    for rule in range(N[at.SAFETY_RULES]):
        block = block_of(N, room, rule)
        W[block + WATCHED_SO_FAR] = W[block + EVENTS_SO_FAR] = 0
        W[block + SPEAKS_FROM], W[block + NOT_ENDED_FROM] = NO_DAY, 0
        W[block + GONE_THROUGH] = W[block + OF_TESTED_ARM] = 0
    watch(N, W, room, replicate, 0, end)


@jit(WHOLE(WHOLES, WHOLES, WHOLE, WHOLE, WHOLE))
def speaks_from(N: Any, W: Any, rule: int, block: int, until: int) -> int:
    """The first day on which a rule on counts speaks, if it is before ``until``; NO_DAY or a later day if not."""
    w, events = N[at.WATCHED] + rule * at.OF_RULE, block + DAYS_OF_EVENTS
    if N[w + at.OF_CONTROL] >= 0:
        d, x, side = W[block + GONE_THROUGH], W[block + OF_TESTED_ARM], N[at.SPEAKS] + rule * N[at.SAFETY_SIDE]
        most = min(W[block + EVENTS_SO_FAR], N[w + at.LAST_NUMBER])
        while d < most and W[block + SPEAKS_FROM] == NO_DAY and (W[events + d] >> 1) < until:
            x += W[events + d] & 1
            d += 1
            if x >= N[side + d]:
                W[block + SPEAKS_FROM] = W[events + d - 1] >> 1
        W[block + GONE_THROUGH], W[block + OF_TESTED_ARM] = d, x
    return W[block + SPEAKS_FROM]


@jit(WHOLE(WHOLES, WHOLES, WHOLES, WHOLE))
def pauses_from(N: Any, W: Any, room: Any, until: int) -> int:
    """A day before which no rule pauses enrolment; ``until`` or later if none does before it. Nobody else comes before ``until``."""
    found = NO_DAY
    for rule in range(N[at.SAFETY_RULES]):
        w, block = N[at.WATCHED] + rule * at.OF_RULE, block_of(N, room, rule)
        if N[w + at.DOES] != at.PAUSES_TRIAL:
            continue
        if N[w + at.OF_SURVIVAL]:
            need = N[N[at.SPEAKS] + rule * N[at.SAFETY_SIDE] + W[block + EVENTS_SEEN]]
            day = W[block + DAYS_OF_EVENTS + need - 1] >> 1 if need <= W[block + EVENTS_SO_FAR] else NO_DAY
        else:
            day, seen = speaks_from(N, W, rule, block, until), W[block + EVENTS_SEEN]
            if W[block + SPOKE_LAST]:
                # It pauses anew only when there are more events than at its last look.
                more = W[block + DAYS_OF_EVENTS + seen] >> 1 if seen < W[block + EVENTS_SO_FAR] else NO_DAY
                day = max(day, more)
            if N[w + at.WHEN] == at.MONTHLY:
                day = max(day, N[N[at.MONTHS] + W[block + NEXT]])
        found = min(found, day)
    return found
