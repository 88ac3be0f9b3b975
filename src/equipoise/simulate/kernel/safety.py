"""Safety rules beside the design, compiled: what ``simulate.safety_looks`` finds day by day, worked out when the trial is over.

Only for rules that caution, on deaths due to adverse events: they change nothing of the trial's course. A rule on one arm speaks on the
first day on which, for some m, so many deaths among the first m watched are known as its boundary says; one between arms, on that of the
first event at which its boundary is reached.
"""

from __future__ import annotations

from typing import Any

from equipoise.simulate.kernel import places as at
from equipoise.simulate.kernel.engine.compiled import NONE, WHOLE, WHOLES, jit, jit_in_place, moved
from equipoise.simulate.kernel.layout import (
    ARM,
    AT,
    DEATH,
    DIED_OF_IT,
    GONE,
    HOT,
    NO_DAY,
    ROW_SAFETY_DAY,
    ROW_SAFETY_EVENTS,
    ROW_SAFETY_LOOKS,
    ROW_SAFETY_SPOKE,
    SAFETY_AT_HAND,
)
from equipoise.simulate.kernel.looks import off_study
from equipoise.simulate.kernel.patient import cold_of, recorded


@jit_in_place(WHOLE(WHOLES, WHOLE, WHOLE, WHOLE))
def _insert(W: Any, place: int, n: int, value: int) -> int:
    """Put a value (a day, and whether in the tested arm in the last bit) among ``n`` in order of their days; how many there are then."""
    k = place + n
    while k > place and (W[k - 1] >> 1) > (value >> 1):
        W[k] = W[k - 1]
        k -= 1
    W[k] = value
    return n + 1


@jit(WHOLE(WHOLES, WHOLES, WHOLES, WHOLE, WHOLE, WHOLE, WHOLE, WHOLES))
def _gathered(N: Any, W: Any, room: Any, replicate: int, rule: int, randomised: int, end: int, speaks: Any) -> int:
    """Put the days on which deaths became known before the day ``end`` into the room, in order; how many. Of a rule on one arm,
    ``speaks`` gets the day from which it speaks, NO_DAY if from none."""
    place, w, boundary = (
        room[SAFETY_AT_HAND],
        N[at.WATCHED] + rule * at.OF_RULE,
        N[at.SPEAKS] + rule * N[at.SAFETY_SIDE],
    )
    tested, control, lag, seen_after, within, planned = N[w], N[w + 1], N[w + 2], N[w + 3], N[w + 4], N[w + 5]
    n = m = 0
    day = NO_DAY
    for p in range(randomised):
        hot = p * HOT
        arm = W[hot + ARM]
        since = W[hot + AT] + seen_after
        if (arm != tested and arm != control) or since >= end or (lag > 0 and off_study(W, p) <= lag):
            continue
        m += 1
        death = W[hot + DEATH]
        if N[at.SOME_TOXIC] and W[cold_of(N, p) + DIED_OF_IT] and death <= W[hot + GONE] and death - lag <= within:
            told = W[hot + AT] + recorded(N, W, replicate, p, death, 0)
            if told < end:
                n = _insert(W, place, n, 2 * told + int(arm == tested))
        if control < 0 and m <= planned:
            least = N[boundary + m]
            if least <= n:
                day = min(day, max(W[place + least - 1] >> 1, since))
    speaks[0] = day
    return n


@jit(NONE(WHOLES, WHOLES, WHOLES, WHOLES, WHOLE, WHOLE, WHOLE))
def see_to_safety(N: Any, W: Any, row: Any, room: Any, replicate: int, randomised: int, end: int) -> None:
    """The looks at all safety rules of a trial that ended on the morning of the day ``end``, in its row."""
    row[ROW_SAFETY_DAY] = -1
    place = room[SAFETY_AT_HAND]
    for rule in range(N[at.SAFETY_RULES]):
        w, boundary = N[at.WATCHED] + rule * at.OF_RULE, N[at.SPEAKS] + rule * N[at.SAFETY_SIDE]
        control, planned, monthly = N[w + 1], N[w + 5], N[w + 6]
        # The day on which it speaks is left where no event is put: behind all of them.
        speaks = place + N[at.TARGET]
        n = _gathered(N, W, room, replicate, rule, randomised, end, moved(W, speaks))
        day = W[speaks]
        if control >= 0:
            x = 0
            for d in range(1, min(n, planned) + 1):
                x += W[place + d - 1] & 1
                if x >= N[boundary + d]:
                    day = W[place + d - 1] >> 1
                    break
        if monthly:
            looks, last, on = 0, -1, NO_DAY
            while N[N[at.MONTHS] + looks] < end:
                last = N[N[at.MONTHS] + looks]
                if last >= day and on == NO_DAY:
                    on = last
                looks += 1
            events = 0
            while events < n and (W[place + events] >> 1) <= last:
                events += 1
            day = on
        else:
            looks, events, met = 0, n, 0
            for k in range(n):
                if k == 0 or (W[place + k] >> 1) != (W[place + k - 1] >> 1):
                    looks += 1
                if (W[place + k] >> 1) == day:
                    met = 1
            # A rule that does not look at every number may speak when one more is watched.
            looks += int(day < end and met == 0)
        row[ROW_SAFETY_LOOKS] += looks
        row[ROW_SAFETY_EVENTS] += events
        if day < end:
            row[ROW_SAFETY_SPOKE] |= 1 << rule
            row[ROW_SAFETY_DAY] = day if row[ROW_SAFETY_DAY] < 0 else min(row[ROW_SAFETY_DAY], day)
