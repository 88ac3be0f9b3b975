"""When a look's cohort is enrolled and when it is ripe, compiled: without going through the days between.

Whether a cohort is full or ripe changes only on days on which somebody comes or a status changes; the search goes
from one such day to the next, with the answers of ``decide.enrolment`` and ``analyse.cohort`` on each.
"""

from __future__ import annotations

from typing import Any

from numba import types

from equipoise.numerics.engine.compiled import WHETHER, WHOLE, WHOLES, jit
from equipoise.simulate.kernel import places as at
from equipoise.simulate.kernel.layout import (
    ARM,
    AT,
    BECOMES,
    CHANGE,
    ENROL,
    ENROLLED,
    FOUND,
    HOT,
    NO_DAY,
    NOT_EVALUABLE,
    ODD,
    ODDS,
    ORDER,
    PENDING,
    RANDOMISED,
    STAGE,
    STATE,
    SUCCESS,
)
from equipoise.simulate.kernel.status import status_on


@jit(WHOLE(WHOLES, WHOLES, WHOLES, WHOLE))
def come_before(N: Any, W: Any, room: Any, day: int) -> int:
    """How many are randomised before a day."""
    n = W[room[STATE] + RANDOMISED]
    while n > 0 and W[(n - 1) * HOT + AT] >= day:
        n -= 1
    return n


@jit(types.UniTuple(WHOLE, 2)(WHOLES, WHOLES, WHOLES, WHOLE, WHOLE, WHOLE))
def first_full(N: Any, W: Any, room: Any, need_tested: int, need_control: int, day: int) -> Any:
    """The first day from ``day`` on at whose end so many of each arm are enrolled, if nobody else comes, and the next on
    which that may change; NO_DAY if there is none."""
    odds = W[room[STATE] + ODDS]
    order, enrolled, odd = room[ORDER], room[ENROLLED], room[ODD]
    tested, control, target = N[at.TESTED], max(N[at.CONTROL], 0), N[at.TARGET]
    if W[enrolled + tested] < need_tested or W[enrolled + control] < need_control:
        return NO_DAY, NO_DAY
    while day < NO_DAY:
        of_tested = of_control = 0
        then = NO_DAY
        # Nobody else is ever replaced.
        if N[at.REPLACES]:
            for k in range(odd, odd + odds):
                p = W[k] * HOT
                if W[p + AT] > day:
                    then = min(then, W[p + CHANGE])
                    continue
                status, changes = status_on(N, W, W[k], day)
                then = min(then, changes)
                if status == NOT_EVALUABLE:
                    of_tested += int(W[p + ARM] == tested)
                    of_control += int(W[p + ARM] == N[at.CONTROL])
        of_tested, of_control = of_tested + need_tested, of_control + need_control
        if of_tested <= W[enrolled + tested] and (need_control == 0 or of_control <= W[enrolled + control]):
            full = W[W[order + tested * target + of_tested - 1] * HOT + AT]
            if need_control > 0:
                full = max(full, W[W[order + control * target + of_control - 1] * HOT + AT])
            if full <= day:
                return day, then
            then = min(then, full)
        day = then
    return NO_DAY, NO_DAY


@jit(types.UniTuple(WHOLE, 3)(WHOLES, WHOLES, WHOLE, WHOLE, WHOLE, WHETHER, WHOLE))
def _members(N: Any, W: Any, order: int, enrolled: int, need: int, final: bool, day: int) -> Any:
    """(evaluated, successes, 0) of the first ``need`` places, in the order of randomisation, as known on ``day``. While one
    is pending or they are too few, the last is the next day on which that may have changed."""
    members = successes = empty = 0
    then = NO_DAY
    for k in range(order, order + enrolled):
        if members + empty == need:
            break
        p = W[k] * HOT
        if W[p + AT] > day:
            return members, successes, min(then, W[p + AT])
        status = W[p + BECOMES]
        if status != PENDING:
            if W[p + CHANGE] > day:
                return members, successes, min(then, W[p + CHANGE])
        else:
            status, changes = status_on(N, W, W[k], day)
            then = min(then, changes)
            if status == PENDING:
                return members, successes, then
            if status == NOT_EVALUABLE:
                if N[at.REPLACES]:
                    continue
                if N[at.EXCLUDES]:
                    empty += 1
                    continue
        members += 1
        successes += int(status == SUCCESS)
    return members, successes, 0 if members + empty == need or final else then


@jit(WHOLE(WHOLES, WHOLES, WHOLES, WHOLE, WHETHER, WHOLE))
def _tested(N: Any, W: Any, room: Any, need: int, final: bool, day: int) -> int:
    """What the tested arm's cohort of ``need`` brings on ``day``, and the look before as known by then, into the room; 0, or the
    next day on which it may be there."""
    stage, found = W[room[STATE] + STAGE], room[FOUND]
    order, enrolled = room[ORDER] + N[at.TESTED] * N[at.TARGET], W[room[ENROLLED] + N[at.TESTED]]
    n, x, then = _members(N, W, order, enrolled, need, final, day)
    before, x_before = (N[N[at.NEED] + 2 * stage - 2], 0) if stage > 0 else (0, 0)
    if then == 0 and stage > 0 and N[at.EARLIER]:
        before, x_before, _ = _members(N, W, order, enrolled, before, True, day)
        if N[at.SIZED]:
            # What the stage is to have follows from the look before as it is known now.
            now = N[N[at.ENROLS] + before * N[at.SIDE] + x_before]
            if now != need:
                n, x, then = _members(N, W, order, enrolled, now, final, day)
    W[found], W[found + 1], W[found + 4], W[found + 5] = n, x, before, x_before
    return then


@jit(WHOLE(WHOLES, WHOLES, WHOLES, WHETHER, WHOLE, WHOLE))
def first_ripe(N: Any, W: Any, room: Any, final: bool, day: int, until: int) -> int:
    """The first day from ``day`` to ``until`` at whose end the stage's look can be taken, and what it finds into the room.
    If there is none, a later day: before it, it will not be ripe, unless somebody else comes."""
    stage, order, enrolled, found = W[room[STATE] + STAGE], room[ORDER], room[ENROLLED], room[FOUND]
    need_tested, need_control = N[N[at.NEED] + 2 * stage], N[N[at.NEED] + 2 * stage + 1]
    if W[room[STATE] + ENROL] > 0:
        need_tested = W[room[STATE] + ENROL]
    of_tested, of_control = order + N[at.TESTED] * N[at.TARGET], order + max(N[at.CONTROL], 0) * N[at.TARGET]
    tested, control = W[enrolled + N[at.TESTED]], W[enrolled + max(N[at.CONTROL], 0)]
    if not final and (tested < need_tested or control < need_control):
        return NO_DAY
    # Whoever comes among the first so many is waited for, and no status that changes once is replaced.
    for k in range(of_tested, of_tested + min(need_tested, tested)):
        p = W[k] * HOT
        day = max(day, W[p + CHANGE] if W[p + BECOMES] != PENDING else W[p + AT])
    for k in range(of_control, of_control + min(need_control, control)):
        p = W[k] * HOT
        day = max(day, W[p + CHANGE] if W[p + BECOMES] != PENDING else W[p + AT])
    while day <= until:
        then = _tested(N, W, room, need_tested, final, day)
        W[found + 2], W[found + 3] = 0, 0
        if then == 0 and need_control > 0:
            n, x, then = _members(N, W, of_control, control, need_control, final, day)
            W[found + 2], W[found + 3] = n, x
        if then == 0:
            return day
        day = then
    return day
