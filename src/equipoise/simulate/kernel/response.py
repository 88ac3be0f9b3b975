"""Status of a response, compiled: the answers of ``analyse.response_status`` from the same draws.

Nothing else is drawn of a virtual patient's scans than SD, from some scan on CR or PR, and PD at the last. So a response is
confirmed by any later scan far enough away, and what is best only gets better.
"""

from __future__ import annotations

from typing import Any

from equipoise.numerics.engine.compiled import NONE, WHOLE, WHOLES, jit
from equipoise.simulate.day_table import HORIZON
from equipoise.simulate.kernel import places as at
from equipoise.simulate.kernel.changes import add_change, changes_of
from equipoise.simulate.kernel.draws import draw
from equipoise.simulate.kernel.layout import (
    ARM,
    DEATH,
    FAILURE,
    GONE,
    HOT,
    LEFT,
    NO_DAY,
    NOT_EVALUABLE,
    PENDING,
    ROW,
    SCAN,
    SCANS_AT_HAND,
    SEEN,
    SEEN_AT,
    SUCCESS,
)
from equipoise.simulate.kernel.patient import cold_of, recorded, scan_day
from equipoise.simulate.virtual_patient import SCAN_DELAYS


@jit(WHOLE(WHOLES, WHOLES, WHOLES, WHOLE, WHOLE))
def _draw_scans(N: Any, W: Any, room: Any, replicate: int, p: int) -> int:
    """The scans that may have a say, in their order, to hand; returns how many: ``virtual_patient._Responses``.

    Those on which a response may first be seen and, where it must be confirmed, later ones as long as one of them could be
    known before another that confirms whatever came before.
    """
    hot, row, scans = p * HOT, W[p * HOT + ROW], room[SCANS_AT_HAND]
    arm, death, gone, seen_at = W[hot + ARM], W[hot + DEATH], W[hot + GONE], W[cold_of(N, p) + SEEN_AT]
    shows = at.SD
    onset = NO_DAY
    if draw(N, at.RESPONSE, replicate, row, 0) < N[N[at.RESPONDS] + arm]:
        shows = at.CR if draw(N, at.RESPONSE, replicate, row, 3) >= N[at.INCOMPLETE] else at.PR
        onset = 0 if draw(N, at.RESPONSE, replicate, row, 1) < N[N[at.AT_FIRST] + arm] else 1
    last, confirmed = N[at.LAST_DAY], NO_DAY
    confirms = N[at.CONFIRM_AFTER] >= 0 and (onset < NO_DAY or (N[at.GOOD] >> at.SD) & 1)
    # Later than the last response in time, and far enough away.
    enough = last + max(N[at.CONFIRM_AFTER], 1)
    n = 0
    for k in range(N[at.SCANS]):
        earliest = N[at.FIRST_SCAN] + k * N[at.EVERY] - N[at.REACH]
        if earliest > (confirmed if confirms else last):
            break
        day = scan_day(N, replicate, row, k)
        if day < 0:
            continue
        if day >= death or day > gone:
            break
        known = recorded(N, W, replicate, p, day, SCAN_DELAYS + k)
        place = scans + n * SCAN
        W[place], W[place + 1] = day, known
        W[place + 2] = at.PD if k == seen_at else shows if k >= onset else at.SD
        n += 1
        if k == seen_at:
            break
        if day >= enough:
            confirmed = min(confirmed, known)
    return n


@jit(WHOLE(WHOLES, WHOLE))
def _wait_for(N: Any, day: int) -> int:
    """The last day on which a confirmation of what was seen on ``day`` is waited for: ``response_status._awaited``."""
    first, every = N[at.FIRST_SCAN], N[at.EVERY]
    earliest = day + N[at.CONFIRM_AFTER]
    planned = first if earliest <= first else first + (earliest - first + every - 1) // every * every
    return planned + N[at.WINDOW]


@jit(WHOLE(WHOLES, WHOLES, WHOLE, WHOLE, WHOLE, WHOLE))
def _status(N: Any, W: Any, scans: int, n: int, ended: int, today: int) -> int:
    """Status ``today`` days after randomisation, of the scans that are known by then; ``ended``: when it is known that no other
    counts."""
    last, after = N[at.LAST_DAY], N[at.CONFIRM_AFTER]
    latest = latest_response = reached = -1
    for k in range(scans, scans + n * SCAN, SCAN):
        if W[k + 1] <= today:
            latest = max(latest, W[k])
            if W[k + 2] <= at.PR:
                latest_response = W[k]
    best, unconfirmed = at.NO_BEST, -1
    for k in range(scans, scans + n * SCAN, SCAN):
        day, shows = W[k], W[k + 2]
        if W[k + 1] > today:
            continue
        # Which planned one it is: the nearest.
        reached = 0 if 2 * day < N[at.FIRST_SCAN] else 1 + (day - N[at.FIRST_SCAN] + N[at.REACH]) // N[at.EVERY]
        if day > last:
            break
        if (N[at.GOOD] >> shows) & 1:
            unconfirmed = day
        late = day >= N[at.STABLE_FROM]
        if shows <= at.PR and after >= 0 and latest_response < day + max(after, 1):
            shows = at.SD if late else at.NE
        elif shows == at.SD and not late:
            shows = at.NE
        best = min(best, shows)
    if best < at.NO_BEST and (N[at.GOOD] >> best) & 1:
        return SUCCESS
    if today < ended:
        if reached < N[at.DUE_VISIT] and today <= last:
            return PENDING
        waits = after >= 0 and unconfirmed >= 0 and latest < unconfirmed + max(after, 1)
        if waits and today <= _wait_for(N, unconfirmed):
            return PENDING
    return FAILURE if best < at.NE else NOT_EVALUABLE


@jit(NONE(WHOLES, WHOLES, WHOLES, WHOLE, WHOLE))
def draw_response(N: Any, W: Any, room: Any, replicate: int, p: int) -> None:
    """The patient's changes: from one day on which something is recorded, or is no longer waited for, to the next."""
    hot, changes, scans = p * HOT, changes_of(N, p), room[SCANS_AT_HAND]
    death, gone, seen = W[hot + DEATH], W[hot + GONE], W[hot + SEEN]
    n, ended = _draw_scans(N, W, room, replicate, p), NO_DAY
    if seen <= HORIZON:
        ended = recorded(N, W, replicate, p, seen, SCAN_DELAYS + W[cold_of(N, p) + SEEN_AT])
    if death <= gone:
        ended = min(ended, recorded(N, W, replicate, p, death, 0))
    elif W[cold_of(N, p) + LEFT] > 0:
        ended = min(ended, recorded(N, W, replicate, p, gone, 1))
    W[changes] = 0
    today = 0
    while today < NO_DAY:
        then = ended if ended > today else NO_DAY
        if today <= N[at.LAST_DAY]:
            then = min(then, N[at.LAST_DAY] + 1)
        for k in range(scans, scans + n * SCAN, SCAN):
            if W[k + 1] > today:
                then = min(then, W[k + 1])
            if N[at.CONFIRM_AFTER] >= 0 and W[k] <= N[at.LAST_DAY]:
                over = _wait_for(N, W[k]) + 1
                if over > today:
                    then = min(then, over)
        if then < NO_DAY:
            add_change(W, changes, then, _status(N, W, scans, n, ended, then))
        today = then
