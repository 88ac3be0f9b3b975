"""Who is watched by each safety rule of a trial, compiled, and from which day on a rule on counts speaks.

A rule on one arm speaks from the first day on which, for some m at which it looks, so many events among the first m watched are known as its
boundary says, and at no m before it the rate is held acceptable. That day is known once the m-th patient is, and nobody who comes later
changes it. One between arms speaks from the first event at which its boundary is reached.
"""

from __future__ import annotations

from typing import Any

from equipoise.simulate.day_table import HORIZON
from equipoise.simulate.kernel import places as at
from equipoise.simulate.kernel.adverse import draw_events, last_day_of_treatment
from equipoise.simulate.kernel.engine.compiled import NONE, WHOLE, WHOLES, jit, jit_in_place
from equipoise.simulate.kernel.layout import (
    ARM,
    AT,
    DAYS_OF_EVENTS,
    DEATH,
    DEATH_KNOWN,
    EVENTS_SO_FAR,
    GONE,
    GONE_THROUGH,
    HOT,
    KNOWN_OF_RULE,
    LEFT,
    LEFT_KNOWN,
    NO_DAY,
    NOT_ENDED_FROM,
    OF_TESTED_ARM,
    SAFETY_AT_HAND,
    SEEN,
    SEEN_KNOWN,
    SPEAKS_FROM,
    SPOKE_ON,
    UNDRAWN,
    WATCHED_SO_FAR,
)
from equipoise.simulate.kernel.patient import cold_of, contacts_of, known, recorded


@jit_in_place(WHOLE(WHOLES, WHOLES, WHOLE))
def block_of(N: Any, room: Any, rule: int) -> int:
    """Where the block of a rule begins."""
    return room[SAFETY_AT_HAND] + KNOWN_OF_RULE + N[at.SAFETY_RULES] + rule * N[at.SAFETY_PLACES]


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


@jit(NONE(WHOLES, WHOLES, WHOLE, WHOLE, WHOLE, WHOLE))
def _watch_survival(N: Any, W: Any, replicate: int, p: int, w: int, block: int) -> None:
    """The day on which the patient's death is known, among those of a rule on survival."""
    hot, n, most = p * HOT, W[block + EVENTS_SO_FAR], N[w + at.LAST_NUMBER]
    if W[hot + DEATH] <= W[hot + GONE]:
        day = W[hot + AT] + known(N, W, replicate, p, DEATH_KNOWN, W[hot + DEATH], 0)
        # Deaths after the last look are asked for by none but a rule that stops, at the design's own looks.
        if n < most or N[w + at.DOES] == at.STOPS_TRIAL or day <= W[block + DAYS_OF_EVENTS + most - 1] >> 1:
            _insert(W, block + DAYS_OF_EVENTS, n, 2 * day)
            W[block + EVENTS_SO_FAR] = n + 1


@jit(NONE(WHOLES, WHOLES, WHOLE, WHOLE, WHOLE, WHOLE))
def _watch_one(N: Any, W: Any, p: int, rule: int, block: int, day: int) -> None:
    """One more is watched, whose event is known ``day`` days after randomisation; NO_DAY: none ever is."""
    hot, events = p * HOT, block + DAYS_OF_EVENTS
    w, arm = N[at.WATCHED] + rule * at.OF_RULE, W[hot + ARM]
    since = W[hot + AT] + N[N[at.SINCE] + 2 * (rule * N[at.ARMS] + arm) + 1]
    m, n = W[block + WATCHED_SO_FAR] + 1, W[block + EVENTS_SO_FAR]
    if N[w + at.WHEN] > 0:
        _insert(W, events + N[at.TARGET], m - 1, 2 * since)
    W[block + WATCHED_SO_FAR] = m
    if day < NO_DAY:
        _insert(W, events, n, 2 * (W[hot + AT] + day) + int(arm == N[w + at.OF_TESTED]))
        n += 1
        W[block + EVENTS_SO_FAR] = n
    if N[w + at.OF_CONTROL] >= 0 or m > N[w + at.LAST_NUMBER]:
        return
    least, early = N[N[at.SPEAKS] + rule * N[at.SAFETY_SIDE] + m], N[N[at.EARLY] + rule * N[at.SAFETY_SIDE] + m]
    if least <= n:
        from_here = max(W[events + least - 1] >> 1, since, W[block + NOT_ENDED_FROM])
        W[block + SPEAKS_FROM] = min(W[block + SPEAKS_FROM], from_here)
    if early >= 0:
        W[block + NOT_ENDED_FROM] = max(W[block + NOT_ENDED_FROM], W[events + early] >> 1 if early < n else NO_DAY)


@jit(NONE(WHOLES, WHOLES, WHOLES, WHOLE, WHOLE))
def watch(N: Any, W: Any, room: Any, replicate: int, p: int) -> None:
    """The next patient who was randomised, under each rule that watches the arm."""
    hot, drawn, until = p * HOT, N[at.CONTACTS] > 0, -1
    known_of_rule = contacts_of(N, p) - N[at.SAFETY_RULES] if drawn else room[SAFETY_AT_HAND] + KNOWN_OF_RULE
    if N[at.SAFETY_SURVIVAL] and N[at.ENDPOINT] != at.OF_LANDMARK and N[at.ENDPOINT] != at.OF_TIME:
        # Those endpoints keep when these are recorded.
        cold, dies = cold_of(N, p), W[hot + DEATH] <= W[hot + GONE]
        W[cold + SEEN_KNOWN] = UNDRAWN if W[hot + SEEN] <= HORIZON else NO_DAY
        W[cold + DEATH_KNOWN] = UNDRAWN if dies else NO_DAY
        W[cold + LEFT_KNOWN] = recorded(N, W, replicate, p, W[hot + GONE], 1) if W[cold + LEFT] > 0 else NO_DAY
    for rule in range(N[at.SAFETY_RULES]):
        w, arm = N[at.WATCHED] + rule * at.OF_RULE, W[hot + ARM]
        if arm != N[w + at.OF_TESTED] and arm != N[w + at.OF_CONTROL]:
            continue
        if N[w + at.OF_SURVIVAL]:
            _watch_survival(N, W, replicate, p, w, block_of(N, room, rule))
            continue
        lag = N[N[at.SINCE] + 2 * (rule * N[at.ARMS] + arm)]
        if lag > 0:
            # Who is off treatment before the first dose never has one.
            until = last_day_of_treatment(N, W, replicate, p) if until < 0 else until
            if until <= lag:
                continue
        if not drawn:
            draw_events(N, W, room, known_of_rule, replicate, p)
            drawn = True
        _watch_one(N, W, p, rule, block_of(N, room, rule), W[known_of_rule + rule])


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
