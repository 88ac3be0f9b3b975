"""A virtual patient, compiled: fate, status at the landmark, time to the monitored event.

A patient's status is a function of a few days on which something is recorded, so only those are kept. The same draws
as in ``virtual_patient``; the same answers as ``analyse.landmark`` and ``analyse.endpoints`` give from the log.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from equipoise.numerics.compiled import EIGHT, NONE, REAL, REALS, WHETHER, WHOLE, WHOLES, jit, jit_in_place
from equipoise.numerics.philox import block, short
from equipoise.simulate.day_table import HORIZON
from equipoise.simulate.kernel import places as at
from equipoise.simulate.virtual_patient import SCAN_DELAYS

NEVER, DAYS = HORIZON + 1, HORIZON + 1
#: A day that does not come.
NO_DAY = 1 << 30
UNDRAWN = -1
PENDING, SUCCESS, FAILURE, NOT_EVALUABLE = 0, 1, 2, 3
#: Columns of a patient, who is named by where the first of them lies: arm, day of randomisation, death, progression
#: seen, number of that scan, gone, how (1 withdrawn, 2 lost), status, days after randomisation on which the status may
#: change (see _draw_changes), row in the streams, days on which progression, death and leaving are recorded (UNDRAWN
#: until asked for), first day on which the status changes, and to what if that is all that ever happens to it, else
#: PENDING; the next patient in the day's chain; where its uniforms for reporting lie.
(
    ARM, AT, DEATH, SEEN, SEEN_AT, GONE, LEFT, STATUS, FAILS, PASSES, LEAVES, S_LEFT, S_NONE, ROW, SEEN_KNOWN,
    DEATH_KNOWN, LEFT_KNOWN, FIRST_CHANGE, FIRST_STATUS, NEXT, REPORTS,
) = range(21)  # fmt: skip
COLUMNS = 21


@jit_in_place(EIGHT(WHOLES, WHOLE, WHOLE, WHOLE))
def eight(N: Any, key: int, number: int, replicate: int) -> Any:
    """Block ``number`` of the stream whose key stands at place ``key``: eight uniform numbers."""
    a, b, c, d = block(np.uint64(N[key]), np.uint64(N[key + 1]), number, replicate)
    low, up = np.uint64(0xFFFFFFFF), np.uint64(32)
    return (
        short(a & low),
        short(a >> up),
        short(b & low),
        short(b >> up),
        short(c & low),
        short(c >> up),
        short(d & low),
        short(d >> up),
    )


@jit_in_place(NONE(WHOLES, REALS, WHOLE, WHOLE, WHOLE, WHOLE))
def keep_draws(N: Any, V: Any, purpose: int, replicate: int, row: int, to: int) -> None:
    """The first eight uniforms of a patient for a purpose, into V from ``to`` on."""
    u = eight(N, N[at.KEYS] + 2 * purpose, row * N[N[at.WIDE] + purpose], replicate)
    V[to], V[to + 1], V[to + 2], V[to + 3] = u[0], u[1], u[2], u[3]
    V[to + 4], V[to + 5], V[to + 6], V[to + 7] = u[4], u[5], u[6], u[7]


@jit(REAL(WHOLES, WHOLE, WHOLE, WHOLE, WHOLE))
def draw(N: Any, purpose: int, replicate: int, row: int, column: int) -> float:
    """One uniform of a patient for a purpose."""
    u = eight(N, N[at.KEYS] + 2 * purpose, row * N[N[at.WIDE] + purpose] + (column >> 3), replicate)
    return u[column & 7]


@jit_in_place(WHOLE(WHOLES, REALS, WHOLE, REAL))
def day_of(N: Any, X: Any, table: int, u: float) -> int:
    """The first day d ≥ 1 with S(d) ≤ u; HORIZON + 1 if there is none."""
    i = int(u * at.GUIDE)
    d = (N[N[at.GUIDE_ROWS] + table * (at.GUIDE >> 2) + (i >> 2)] >> ((i & 3) << 4)) & 0xFFFF
    start = N[at.SURVIVAL] + table * (DAYS + 1)
    # Mostly none or one step: one is taken without a jump.
    d += int(X[start + d] > u)
    while X[start + d] > u:
        d += 1
    return d


@jit_in_place(WHOLE(WHOLES, REALS, WHOLE, WHOLE, WHOLE))
def _scan_day(N: Any, X: Any, replicate: int, row: int, k: int) -> int:
    """The day of scan k, or -1 if it is missed."""
    day = N[at.FIRST_SCAN] + k * N[at.EVERY]
    if X[at.MISSED] > 0 or N[at.REACH] > 0:
        if X[at.MISSED] > 0 and draw(N, at.VISITS, replicate, row, 2 * k) < X[at.MISSED]:
            return -1
        if N[at.REACH] > 0:
            day += int(draw(N, at.VISITS, replicate, row, 2 * k + 1) * (2 * N[at.REACH] + 1)) - N[at.REACH]
    return day


@jit_in_place(WHOLE(WHOLES, REALS, REALS, WHOLE, WHOLES, WHOLE, WHOLE, WHOLE))
def _recorded(N: Any, X: Any, V: Any, replicate: int, W: Any, i: int, day: int, column: int) -> int:
    """When what happened on ``day`` is recorded: not on the day of randomisation."""
    u = V[W[i + REPORTS] + column] if column < 8 else draw(N, at.REPORTING, replicate, W[i + ROW], column)
    return max(day + day_of(N, X, N[at.DELAY], u) - 1, 1)


@jit(NONE(WHOLES, REALS, REALS, WHOLE, WHOLES, WHOLE, WHOLE, WHOLE))
def draw_fate(N: Any, X: Any, V: Any, replicate: int, W: Any, i: int, stratum: int, u: int) -> None:
    """Death, progression as it is seen, and leaving: ``virtual_patient.fate``. ``u``: where four uniforms lie."""
    row, arm = W[i + ROW], W[i + ARM]
    place = arm * N[at.STRATA] + stratum
    first = day_of(N, X, N[N[at.FIRST] + place], V[u])
    dies_first = first <= HORIZON and V[u + 1] < X[N[at.DEATH_SHARE] + arm * DAYS + first]
    death, progression = first, NEVER
    if not dies_first:
        progression = first
        if first <= HORIZON:
            death = min(first + day_of(N, X, N[N[at.AFTER] + place], V[u + 2]), NEVER)
    leaves = day_of(N, X, N[at.LEAVING_TABLE], V[u + 3])
    W[i + GONE], W[i + LEFT] = min(leaves, HORIZON), 0
    if leaves <= HORIZON:
        W[i + LEFT] = 1 if draw(N, at.LEAVING, replicate, row, 0) < X[at.WITHDRAWN] else 2
    if N[at.SOME_TOXIC]:
        death = min(death, day_of(N, X, N[N[at.TOXIC] + arm], draw(N, at.LEAVING, replicate, row, 1)))
    W[i + DEATH] = death
    W[i + SEEN], W[i + SEEN_AT] = NEVER, -1
    if progression <= HORIZON:
        k = N[N[at.NEXT_SCAN] + progression]
        while k < N[at.SCANS]:
            day = _scan_day(N, X, replicate, row, k)
            if day >= W[i + DEATH] or day > W[i + GONE]:
                break
            if day >= progression:
                W[i + SEEN], W[i + SEEN_AT] = day, k
                break
            k += 1


@jit_in_place(WHOLE(WHOLES, REALS, REALS, WHOLE, WHOLES, WHOLE, WHOLE))
def _by_scan(N: Any, X: Any, V: Any, replicate: int, W: Any, i: int, last: int) -> int:
    """The first day on which a scan without progression at the landmark or later is known; NO_DAY if there is none."""
    row, mark, found = W[i + ROW], N[at.LANDMARK], NO_DAY
    k = N[N[at.NEXT_SCAN] + mark]
    while k < N[at.SCANS] and N[at.FIRST_SCAN] + k * N[at.EVERY] - N[at.REACH] < found:
        if N[at.FIRST_SCAN] + k * N[at.EVERY] - N[at.REACH] > min(last, W[i + SEEN]):
            break
        day = _scan_day(N, X, replicate, row, k)
        if mark <= day <= last and day < W[i + SEEN]:
            found = min(found, _recorded(N, X, V, replicate, W, i, day, SCAN_DELAYS + k))
        k += 1
    return found


@jit(WHOLE(WHOLES, REALS, REALS, WHOLE, WHOLES, WHOLE, WHOLE, WHOLE, WHOLE))
def _known(N: Any, X: Any, V: Any, replicate: int, W: Any, i: int, what: int, day: int, column: int) -> int:
    """The day on which progression, death or leaving is recorded, drawn when first asked for."""
    if W[i + (what)] == UNDRAWN:
        W[i + (what)] = _recorded(N, X, V, replicate, W, i, day, column)
    return W[i + what]


@jit(NONE(WHOLES, REALS, REALS, WHOLE, WHOLES, WHOLE))
def _draw_changes(N: Any, X: Any, V: Any, replicate: int, W: Any, i: int) -> None:
    """The days, after randomisation, from which each thing is known that settles the status at the landmark.

    FAILS: an event on or before it. PASSES: an event after it. LEAVES: withdrawal, loss or a death that censors. S_LEFT
    and S_NONE: seen without an event up to it, where the patient has left and where nothing else is known.
    """
    mark = N[at.LANDMARK]
    fails, passes, leaves, at_leaving, left_on = NO_DAY, NO_DAY, NO_DAY, at.NOWHERE, 0
    seen_recorded = death_recorded = NO_DAY
    dies = W[i + DEATH] <= W[i + GONE]
    if W[i + SEEN] <= HORIZON:
        seen_recorded = _known(N, X, V, replicate, W, i, SEEN_KNOWN, W[i + SEEN], SCAN_DELAYS + W[i + SEEN_AT])
        if N[at.OF_PROGRESSION]:
            if W[i + SEEN] <= mark:
                fails = seen_recorded
            else:
                passes = seen_recorded
    # Where progression settles it for good before the death, the death's record changes nothing.
    if dies and W[i + DEATH] < fails:
        death_recorded = _known(N, X, V, replicate, W, i, DEATH_KNOWN, W[i + DEATH], 0)
        if N[at.OF_DEATH]:
            if W[i + DEATH] <= mark:
                fails = min(fails, death_recorded)
            else:
                passes = min(passes, death_recorded)
        elif N[at.AT_DEATH] != at.NOWHERE:
            leaves, at_leaving, left_on = death_recorded, N[at.AT_DEATH], W[i + DEATH]
    left_recorded = NO_DAY
    if not dies and W[i + LEFT] > 0:
        left_recorded = _known(N, X, V, replicate, W, i, LEFT_KNOWN, W[i + GONE], 1)
        rule = N[at.AT_WITHDRAWAL] if W[i + LEFT] == 1 else N[at.AT_LOSS]
        if rule != at.NOWHERE:
            leaves, at_leaving, left_on = left_recorded, rule, W[i + GONE]
    W[i + FAILS], W[i + PASSES], W[i + LEAVES] = fails, passes, leaves
    W[i + S_LEFT] = W[i + S_NONE] = NO_DAY
    last = min(W[i + DEATH] - 1, W[i + GONE])
    if last < mark and left_on < mark and N[at.AT_NO_EVENT] != at.THAT_DAY:
        return
    by_scan, by_contact = _by_scan(N, X, V, replicate, W, i, last), NO_DAY
    if N[at.AT_NO_EVENT] == at.CONTACT or at_leaving == at.CONTACT:
        by_contact = by_scan
        if mark <= W[i + SEEN] <= HORIZON:
            by_contact = min(by_contact, seen_recorded)
        if N[at.CONTACT_EVERY] > 0 and W[i + SEEN] <= HORIZON:
            contact = W[i + SEEN] + N[at.CONTACT_EVERY]
            if contact < mark:
                contact += (mark - contact + N[at.CONTACT_EVERY] - 1) // N[at.CONTACT_EVERY] * N[at.CONTACT_EVERY]
            if contact <= last:
                by_contact = min(by_contact, contact)
        if W[i + LEFT] == 1 and not dies and W[i + GONE] >= mark:
            by_contact = min(by_contact, left_recorded)
    W[i + S_NONE] = (
        by_scan if N[at.AT_NO_EVENT] == at.ASSESSMENT else by_contact if N[at.AT_NO_EVENT] == at.CONTACT else mark
    )
    if at_leaving != at.NOWHERE and left_on >= mark:
        W[i + S_LEFT] = by_scan if at_leaving == at.ASSESSMENT else by_contact if at_leaving == at.CONTACT else 0


@jit_in_place(WHOLE(WHOLES, WHOLES, WHOLE, WHOLE))
def next_change(N: Any, W: Any, i: int, after: int) -> int:
    """The first day after ``after`` on which the status may change; NO_DAY if it is settled for good."""
    if after >= W[i + FAILS]:
        return NO_DAY
    day = W[i + FAILS]
    for c in range(PASSES, S_NONE + 1):
        if after < W[i + c] < day:
            day = W[i + c]
    gone_by = N[at.LANDMARK] + N[at.WINDOW] + 1
    # Without an event and gone, or seen without one and not gone: the window changes nothing more.
    if after < gone_by < day and W[i + STATUS] == PENDING:
        day = gone_by
    return day


@jit(NONE(WHOLES, REALS, REALS, WHOLE, WHOLES, WHOLE))
def draw_status(N: Any, X: Any, V: Any, replicate: int, W: Any, i: int) -> None:
    """When the status at the landmark changes, and to what.

    Nine patients in ten change once: from pending to failure when an event up to the landmark is recorded, or to
    success when a scan after it is. For the others see ``_draw_changes``.
    """
    mark, gone_by = N[at.LANDMARK], N[at.LANDMARK] + N[at.WINDOW] + 1
    dies, seen, death = W[i + DEATH] <= W[i + GONE], W[i + SEEN], W[i + DEATH]
    W[i + SEEN_KNOWN] = UNDRAWN if seen <= HORIZON else NO_DAY
    W[i + DEATH_KNOWN] = UNDRAWN if dies else NO_DAY
    W[i + LEFT_KNOWN] = UNDRAWN if W[i + LEFT] > 0 and not dies else NO_DAY
    if N[at.PLAIN] and W[i + LEFT_KNOWN] == NO_DAY:
        fails = seen <= mark or (dies and death <= mark)
        if fails:
            day = min(seen, death)
            change = _recorded(N, X, V, replicate, W, i, day, SCAN_DELAYS + W[i + SEEN_AT] if seen <= mark else 0)
            W[i + (SEEN_KNOWN if seen <= mark else DEATH_KNOWN)] = change
            alone = seen > mark or not dies or death >= change
        else:
            change = _by_scan(N, X, V, replicate, W, i, min(death - 1, W[i + GONE]))
            alone = change <= seen and (not dies or change <= death)
        if alone and change <= gone_by:
            W[i + FIRST_CHANGE], W[i + FIRST_STATUS] = change, FAILURE if fails else SUCCESS
            return
    _draw_changes(N, X, V, replicate, W, i)
    W[i + FIRST_CHANGE], W[i + FIRST_STATUS] = next_change(N, W, i, 0), PENDING


@jit_in_place(WHOLE(WHOLES, REALS, WHOLES, WHOLE, WHOLE))
def status_on(N: Any, X: Any, W: Any, i: int, day: int) -> int:
    """Status ``day`` days after randomisation: ``analyse.landmark.landmark_status`` of what is recorded by then."""
    if day >= W[i + FAILS]:
        return FAILURE
    if day >= W[i + PASSES]:
        return SUCCESS
    if day >= W[i + LEAVES]:
        return SUCCESS if day >= W[i + S_LEFT] else NOT_EVALUABLE
    if day >= W[i + S_NONE]:
        return SUCCESS
    return NOT_EVALUABLE if day > N[at.LANDMARK] + N[at.WINDOW] else PENDING


@jit(types.Tuple((WHOLE, WHETHER))(WHOLES, REALS, REALS, WHOLE, WHOLES, WHOLE, WHOLE))
def observed(N: Any, X: Any, V: Any, replicate: int, W: Any, i: int, day: int) -> Any:
    """Time to the monitored event and whether it came, as known ``day`` days on: ``analyse.endpoints.observe``."""
    row = W[i + ROW]
    # What happened long enough ago is recorded, whatever the delay: there is no need to draw it.
    long_ago = day - N[at.MOST_DELAY]
    seen = W[i + SEEN] <= day and (
        W[i + SEEN] <= long_ago
        or _known(N, X, V, replicate, W, i, SEEN_KNOWN, W[i + SEEN], SCAN_DELAYS + W[i + SEEN_AT]) <= day
    )
    if seen and N[at.OF_PROGRESSION]:
        return W[i + SEEN], True
    dead = W[i + DEATH] <= min(day, W[i + GONE]) and (
        W[i + DEATH] <= long_ago or _known(N, X, V, replicate, W, i, DEATH_KNOWN, W[i + DEATH], 0) <= day
    )
    if dead and N[at.OF_DEATH]:
        return W[i + DEATH], True
    rule, until = N[at.AT_NO_EVENT], day
    left = W[i + LEFT_KNOWN] != NO_DAY and W[i + GONE] <= day
    left = left and _known(N, X, V, replicate, W, i, LEFT_KNOWN, W[i + GONE], 1) <= day
    if left:
        of_leaving = N[at.AT_WITHDRAWAL] if W[i + LEFT] == 1 else N[at.AT_LOSS]
        if of_leaving != at.NOWHERE:
            rule, until = of_leaving, W[i + GONE]
    elif dead and N[at.AT_DEATH] != at.NOWHERE:
        rule, until = N[at.AT_DEATH], W[i + DEATH]
    if rule == at.THAT_DAY:
        return until, False
    last = min(W[i + DEATH] - 1, W[i + GONE], day)
    found = 0
    k = N[N[at.LAST_SCAN] + min(last, W[i + SEEN])]
    while k >= 0:
        scan = _scan_day(N, X, replicate, row, k)
        if (
            0 <= scan <= last
            and scan < W[i + SEEN]
            and (scan <= long_ago or _recorded(N, X, V, replicate, W, i, scan, SCAN_DELAYS + k) <= day)
        ):
            found = scan
            break
        k -= 1
    if rule == at.CONTACT:
        if seen:
            found = max(found, W[i + SEEN])
        if N[at.CONTACT_EVERY] > 0 and W[i + SEEN] + N[at.CONTACT_EVERY] <= last:
            found = max(found, W[i + SEEN] + (last - W[i + SEEN]) // N[at.CONTACT_EVERY] * N[at.CONTACT_EVERY])
        if left and W[i + LEFT] == 1:
            found = max(found, W[i + GONE])
        found = min(found, until)
    return found, False
