"""A virtual patient, compiled: fate, status at the landmark, time to the monitored event.

A patient's status is a function of a few days on which something is recorded, so only those are kept. The same draws
as in ``virtual_patient``; the same answers as ``analyse.landmark`` and ``analyse.endpoints`` give from the log.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from equipoise.numerics.compiled import FOUR, NONE, REAL, REALS, TABLE, WHETHER, WHOLE, WHOLES, jit, jit_in_place
from equipoise.numerics.philox import block, uniform
from equipoise.simulate.day_table import HORIZON
from equipoise.simulate.kernel import places as at
from equipoise.simulate.virtual_patient import SCAN_DELAYS

NEVER, DAYS = HORIZON + 1, HORIZON + 1
#: A day that does not come.
NO_DAY = 1 << 30
UNDRAWN = -1
PENDING, SUCCESS, FAILURE, NOT_EVALUABLE = 0, 1, 2, 3
#: Columns of a patient: arm, day of randomisation, death, progression seen, number of that scan, gone, how (1 withdrawn,
#: 2 lost), status, days after randomisation on which the status may change (see draw_status), row in the streams, days
#: on which progression, death and leaving are recorded (UNDRAWN until asked for), first day on which the status changes,
#: and to what if that is all that ever happens to it, else PENDING.
(
    ARM, AT, DEATH, SEEN, SEEN_AT, GONE, LEFT, STATUS, FAILS, PASSES, LEAVES, S_LEFT, S_NONE, ROW, SEEN_KNOWN,
    DEATH_KNOWN, LEFT_KNOWN, FIRST_CHANGE, FIRST_STATUS,
) = range(19)  # fmt: skip
COLUMNS = 19


@jit_in_place(FOUR(WHOLES, WHOLE, WHOLE, WHOLE))
def four(N: Any, key: int, number: int, replicate: int) -> Any:
    """Block ``number`` of the stream whose key stands at place ``key``: four uniform numbers."""
    words = block(np.uint64(N[key]), np.uint64(N[key + 1]), number, replicate)
    return uniform(words[0]), uniform(words[1]), uniform(words[2]), uniform(words[3])


@jit_in_place(FOUR(WHOLES, WHOLE, WHOLE, WHOLE, WHOLE))
def patient_draws(N: Any, purpose: int, replicate: int, row: int, part: int) -> Any:
    """The uniforms 4 ``part`` … 4 ``part`` + 3 of a patient for a purpose."""
    return four(N, N[at.KEYS] + 2 * purpose, row * N[N[at.WIDE] + purpose] + part, replicate)


@jit_in_place(REAL(WHOLES, WHOLE, WHOLE, WHOLE, WHOLE))
def _draw(N: Any, purpose: int, replicate: int, row: int, column: int) -> float:
    return patient_draws(N, purpose, replicate, row, column >> 2)[column & 3]


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
        if X[at.MISSED] > 0 and _draw(N, at.VISITS, replicate, row, 2 * k) < X[at.MISSED]:
            return -1
        if N[at.REACH] > 0:
            day += int(_draw(N, at.VISITS, replicate, row, 2 * k + 1) * (2 * N[at.REACH] + 1)) - N[at.REACH]
    return day


@jit_in_place(WHOLE(WHOLES, REALS, WHOLE, WHOLE, WHOLE, WHOLE))
def _recorded(N: Any, X: Any, replicate: int, row: int, day: int, column: int) -> int:
    """When what happened on ``day`` is recorded: not on the day of randomisation."""
    return max(day + day_of(N, X, N[at.DELAY], _draw(N, at.REPORTING, replicate, row, column)) - 1, 1)


@jit(NONE(WHOLES, REALS, WHOLE, TABLE, WHOLE, WHOLE, FOUR))
def draw_fate(N: Any, X: Any, replicate: int, P: Any, i: int, stratum: int, disease: Any) -> None:
    """Death, progression as it is seen, and leaving: ``virtual_patient.fate``. ``disease``: four uniforms."""
    row, arm = P[i, ROW], P[i, ARM]
    place = arm * N[at.STRATA] + stratum
    first = day_of(N, X, N[N[at.FIRST] + place], disease[0])
    dies_first = first <= HORIZON and disease[1] < X[N[at.DEATH_SHARE] + arm * DAYS + first]
    death, progression = first, NEVER
    if not dies_first:
        progression = first
        if first <= HORIZON:
            death = min(first + day_of(N, X, N[N[at.AFTER] + place], disease[2]), NEVER)
    leaves = day_of(N, X, N[at.LEAVING_TABLE], disease[3])
    P[i, GONE], P[i, LEFT] = min(leaves, HORIZON), 0
    if leaves <= HORIZON or N[at.SOME_TOXIC]:
        u = patient_draws(N, at.LEAVING, replicate, row, 0)
        if leaves <= HORIZON:
            P[i, LEFT] = 1 if u[0] < X[at.WITHDRAWN] else 2
        death = min(death, day_of(N, X, N[N[at.TOXIC] + arm], u[1]))
    P[i, DEATH] = death
    P[i, SEEN], P[i, SEEN_AT] = NEVER, -1
    if progression <= HORIZON:
        k = N[N[at.NEXT_SCAN] + progression]
        while k < N[at.SCANS]:
            day = _scan_day(N, X, replicate, row, k)
            if day >= P[i, DEATH] or day > P[i, GONE]:
                break
            if day >= progression:
                P[i, SEEN], P[i, SEEN_AT] = day, k
                break
            k += 1


@jit_in_place(WHOLE(WHOLES, REALS, WHOLE, TABLE, WHOLE, WHOLE))
def _by_scan(N: Any, X: Any, replicate: int, P: Any, i: int, last: int) -> int:
    """The first day on which a scan without progression at the landmark or later is known; NO_DAY if there is none."""
    row, mark, found = P[i, ROW], N[at.LANDMARK], NO_DAY
    k = N[N[at.NEXT_SCAN] + mark]
    while k < N[at.SCANS] and N[at.FIRST_SCAN] + k * N[at.EVERY] - N[at.REACH] < found:
        if N[at.FIRST_SCAN] + k * N[at.EVERY] - N[at.REACH] > min(last, P[i, SEEN]):
            break
        day = _scan_day(N, X, replicate, row, k)
        if mark <= day <= last and day < P[i, SEEN]:
            found = min(found, _recorded(N, X, replicate, row, day, SCAN_DELAYS + k))
        k += 1
    return found


@jit(NONE(WHOLES, REALS, WHOLE, TABLE, WHOLE))
def draw_status(N: Any, X: Any, replicate: int, P: Any, i: int) -> None:
    """When the status at the landmark changes, and to what.

    Nine patients in ten change once: from pending to failure when an event up to the landmark is recorded, or to
    success when a scan after it is. For the others see ``_draw_changes``.
    """
    mark, gone_by = N[at.LANDMARK], N[at.LANDMARK] + N[at.WINDOW] + 1
    dies, seen, death = P[i, DEATH] <= P[i, GONE], P[i, SEEN], P[i, DEATH]
    P[i, SEEN_KNOWN] = UNDRAWN if seen <= HORIZON else NO_DAY
    P[i, DEATH_KNOWN] = UNDRAWN if dies else NO_DAY
    P[i, LEFT_KNOWN] = UNDRAWN if P[i, LEFT] > 0 and not dies else NO_DAY
    if N[at.PLAIN] and P[i, LEFT_KNOWN] == NO_DAY:
        fails = seen <= mark or (dies and death <= mark)
        if fails:
            day = min(seen, death)
            change = _recorded(N, X, replicate, P[i, ROW], day, SCAN_DELAYS + P[i, SEEN_AT] if seen <= mark else 0)
            P[i, SEEN_KNOWN if seen <= mark else DEATH_KNOWN] = change
            alone = seen > mark or not dies or death >= change
        else:
            change = _by_scan(N, X, replicate, P, i, min(death - 1, P[i, GONE]))
            alone = change <= seen and (not dies or change <= death)
        if alone and change <= gone_by:
            P[i, FIRST_CHANGE], P[i, FIRST_STATUS] = change, FAILURE if fails else SUCCESS
            return
    _draw_changes(N, X, replicate, P, i)
    P[i, FIRST_CHANGE], P[i, FIRST_STATUS] = next_change(N, P, i, 0), PENDING


@jit(WHOLE(WHOLES, REALS, WHOLE, TABLE, WHOLE, WHOLE, WHOLE, WHOLE))
def _known(N: Any, X: Any, replicate: int, P: Any, i: int, what: int, day: int, column: int) -> int:
    """The day on which progression, death or leaving is recorded, drawn when first asked for."""
    if P[i, what] == UNDRAWN:
        P[i, what] = _recorded(N, X, replicate, P[i, ROW], day, column)
    return P[i, what]


@jit(NONE(WHOLES, REALS, WHOLE, TABLE, WHOLE))
def _draw_changes(N: Any, X: Any, replicate: int, P: Any, i: int) -> None:
    """The days, after randomisation, from which each thing is known that settles the status at the landmark.

    FAILS: an event on or before it. PASSES: an event after it. LEAVES: withdrawal, loss or a death that censors. S_LEFT
    and S_NONE: seen without an event up to it, where the patient has left and where nothing else is known.
    """
    mark = N[at.LANDMARK]
    fails, passes, leaves, at_leaving, left_on = NO_DAY, NO_DAY, NO_DAY, at.NOWHERE, 0
    seen_recorded = death_recorded = NO_DAY
    dies = P[i, DEATH] <= P[i, GONE]
    if P[i, SEEN] <= HORIZON:
        seen_recorded = _known(N, X, replicate, P, i, SEEN_KNOWN, P[i, SEEN], SCAN_DELAYS + P[i, SEEN_AT])
        if N[at.OF_PROGRESSION]:
            if P[i, SEEN] <= mark:
                fails = seen_recorded
            else:
                passes = seen_recorded
    # Where progression settles it for good before the death, the death's record changes nothing.
    if dies and P[i, DEATH] < fails:
        death_recorded = _known(N, X, replicate, P, i, DEATH_KNOWN, P[i, DEATH], 0)
        if N[at.OF_DEATH]:
            if P[i, DEATH] <= mark:
                fails = min(fails, death_recorded)
            else:
                passes = min(passes, death_recorded)
        elif N[at.AT_DEATH] != at.NOWHERE:
            leaves, at_leaving, left_on = death_recorded, N[at.AT_DEATH], P[i, DEATH]
    left_recorded = NO_DAY
    if not dies and P[i, LEFT] > 0:
        left_recorded = _known(N, X, replicate, P, i, LEFT_KNOWN, P[i, GONE], 1)
        rule = N[at.AT_WITHDRAWAL] if P[i, LEFT] == 1 else N[at.AT_LOSS]
        if rule != at.NOWHERE:
            leaves, at_leaving, left_on = left_recorded, rule, P[i, GONE]
    P[i, FAILS], P[i, PASSES], P[i, LEAVES] = fails, passes, leaves
    P[i, S_LEFT] = P[i, S_NONE] = NO_DAY
    last = min(P[i, DEATH] - 1, P[i, GONE])
    if last < mark and left_on < mark and N[at.AT_NO_EVENT] != at.THAT_DAY:
        return
    by_scan, by_contact = _by_scan(N, X, replicate, P, i, last), NO_DAY
    if N[at.AT_NO_EVENT] == at.CONTACT or at_leaving == at.CONTACT:
        by_contact = by_scan
        if mark <= P[i, SEEN] <= HORIZON:
            by_contact = min(by_contact, seen_recorded)
        if N[at.CONTACT_EVERY] > 0 and P[i, SEEN] <= HORIZON:
            contact = P[i, SEEN] + N[at.CONTACT_EVERY]
            if contact < mark:
                contact += (mark - contact + N[at.CONTACT_EVERY] - 1) // N[at.CONTACT_EVERY] * N[at.CONTACT_EVERY]
            if contact <= last:
                by_contact = min(by_contact, contact)
        if P[i, LEFT] == 1 and not dies and P[i, GONE] >= mark:
            by_contact = min(by_contact, left_recorded)
    P[i, S_NONE] = (
        by_scan if N[at.AT_NO_EVENT] == at.ASSESSMENT else by_contact if N[at.AT_NO_EVENT] == at.CONTACT else mark
    )
    if at_leaving != at.NOWHERE and left_on >= mark:
        P[i, S_LEFT] = by_scan if at_leaving == at.ASSESSMENT else by_contact if at_leaving == at.CONTACT else 0


@jit_in_place(WHOLE(WHOLES, TABLE, WHOLE, WHOLE))
def next_change(N: Any, P: Any, i: int, after: int) -> int:
    """The first day after ``after`` on which the status may change; NO_DAY if it is settled for good."""
    if after >= P[i, FAILS]:
        return NO_DAY
    day = P[i, FAILS]
    for c in range(PASSES, S_NONE + 1):
        if after < P[i, c] < day:
            day = P[i, c]
    gone_by = N[at.LANDMARK] + N[at.WINDOW] + 1
    # Without an event and gone, or seen without one and not gone: the window changes nothing more.
    if after < gone_by < day and P[i, STATUS] == PENDING:
        day = gone_by
    return day


@jit_in_place(WHOLE(WHOLES, REALS, TABLE, WHOLE, WHOLE))
def status_on(N: Any, X: Any, P: Any, i: int, day: int) -> int:
    """Status ``day`` days after randomisation: ``analyse.landmark.landmark_status`` of what is recorded by then."""
    if day >= P[i, FAILS]:
        return FAILURE
    if day >= P[i, PASSES]:
        return SUCCESS
    if day >= P[i, LEAVES]:
        return SUCCESS if day >= P[i, S_LEFT] else NOT_EVALUABLE
    if day >= P[i, S_NONE]:
        return SUCCESS
    return NOT_EVALUABLE if day > N[at.LANDMARK] + N[at.WINDOW] else PENDING


@jit(types.Tuple((WHOLE, WHETHER))(WHOLES, REALS, WHOLE, TABLE, WHOLE, WHOLE))
def observed(N: Any, X: Any, replicate: int, P: Any, i: int, day: int) -> Any:
    """Time to the monitored event and whether it came, as known ``day`` days on: ``analyse.endpoints.observe``."""
    row = P[i, ROW]
    seen = P[i, SEEN] <= day and (
        _known(N, X, replicate, P, i, SEEN_KNOWN, P[i, SEEN], SCAN_DELAYS + P[i, SEEN_AT]) <= day
    )
    if seen and N[at.OF_PROGRESSION]:
        return P[i, SEEN], True
    dead = P[i, DEATH] <= min(day, P[i, GONE]) and _known(N, X, replicate, P, i, DEATH_KNOWN, P[i, DEATH], 0) <= day
    if dead and N[at.OF_DEATH]:
        return P[i, DEATH], True
    rule, until = N[at.AT_NO_EVENT], day
    left = P[i, LEFT_KNOWN] != NO_DAY and P[i, GONE] <= day
    left = left and _known(N, X, replicate, P, i, LEFT_KNOWN, P[i, GONE], 1) <= day
    if left:
        of_leaving = N[at.AT_WITHDRAWAL] if P[i, LEFT] == 1 else N[at.AT_LOSS]
        if of_leaving != at.NOWHERE:
            rule, until = of_leaving, P[i, GONE]
    elif dead and N[at.AT_DEATH] != at.NOWHERE:
        rule, until = N[at.AT_DEATH], P[i, DEATH]
    if rule == at.THAT_DAY:
        return until, False
    last = min(P[i, DEATH] - 1, P[i, GONE], day)
    found = 0
    k = N[N[at.LAST_SCAN] + min(last, P[i, SEEN])]
    while k >= 0:
        scan = _scan_day(N, X, replicate, row, k)
        if 0 <= scan <= last and scan < P[i, SEEN] and _recorded(N, X, replicate, row, scan, SCAN_DELAYS + k) <= day:
            found = scan
            break
        k -= 1
    if rule == at.CONTACT:
        if seen:
            found = max(found, P[i, SEEN])
        if N[at.CONTACT_EVERY] > 0 and P[i, SEEN] + N[at.CONTACT_EVERY] <= last:
            found = max(found, P[i, SEEN] + (last - P[i, SEEN]) // N[at.CONTACT_EVERY] * N[at.CONTACT_EVERY])
        if left and P[i, LEFT] == 1:
            found = max(found, P[i, GONE])
        found = min(found, until)
    return found, False
