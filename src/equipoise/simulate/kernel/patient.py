"""A virtual patient, compiled: fate, status at the landmark, time to the monitored event.

A patient's status is a function of a few days on which something is recorded, so only those are kept. The same draws
as in ``virtual_patient``; the same answers as ``analyse.landmark`` and ``analyse.endpoints`` give from the log.
"""

from __future__ import annotations

from typing import Any

from numba import types

from equipoise.simulate.day_table import HORIZON
from equipoise.simulate.kernel import places as at
from equipoise.simulate.kernel.draws import DAYS, day_of, draw, word
from equipoise.simulate.kernel.engine.compiled import NONE, WHETHER, WHOLE, WHOLES, jit, jit_in_place
from equipoise.simulate.kernel.layout import (
    ARM,
    AT,
    AT_ONCE,
    BECOMES,
    CHANGE,
    COLD,
    DEATH,
    DEATH_KNOWN,
    FAILS,
    FAILURE,
    GONE,
    HOT,
    LEAVES,
    LEFT,
    LEFT_KNOWN,
    NEVER,
    NO_DAY,
    NOT_EVALUABLE,
    PASSES,
    PENDING,
    REPORTS,
    ROW,
    S_LEFT,
    S_NONE,
    SEEN,
    SEEN_AT,
    SEEN_KNOWN,
    SUCCESS,
    UNDRAWN,
)
from equipoise.simulate.virtual_patient import SCAN_DELAYS


@jit_in_place(WHOLE(WHOLES, WHOLE))
def cold_of(N: Any, p: int) -> int:
    """Where the cold row of patient p begins."""
    return N[at.TARGET] * HOT + p * COLD


@jit_in_place(WHOLE(WHOLES, WHOLE, WHOLE, WHOLE))
def _scan_day(N: Any, replicate: int, row: int, k: int) -> int:
    """The day of scan k, or -1 if it is missed."""
    day = N[at.FIRST_SCAN] + k * N[at.EVERY]
    if N[at.MISSED] > 0 and draw(N, at.VISITS, replicate, row, 2 * k) < N[at.MISSED]:
        return -1
    if N[at.REACH] > 0:
        drawn = draw(N, at.VISITS, replicate, row, 2 * k + 1)
        day += (((2 * drawn + 1) * (2 * N[at.REACH] + 1)) >> 33) - N[at.REACH]
    return day


@jit_in_place(WHOLE(WHOLES, WHOLES, WHOLE, WHOLE, WHOLE, WHOLE))
def _recorded(N: Any, W: Any, replicate: int, p: int, day: int, column: int) -> int:
    """When what happened on ``day`` is recorded: not on the day of randomisation."""
    if column < 8:
        drawn = word(W, cold_of(N, p) + REPORTS, column, 1)
    else:
        drawn = draw(N, at.REPORTING, replicate, W[p * HOT + ROW], column)
    return max(day + day_of(N, N[at.DELAY], drawn) - 1, 1)


@jit_in_place(NONE(WHOLES, WHOLES, WHOLE, WHOLE, WHOLE, WHOLE))
def draw_fate(N: Any, W: Any, replicate: int, p: int, stratum: int, words: int) -> None:
    """Death, progression as it is seen, and leaving: ``virtual_patient.fate``. ``words``: where the patient's first eight
    lie, one in AT_ONCE.

    What cannot be foreseen is worked out either way and chosen, without a jump.
    """
    hot, cold = p * HOT, cold_of(N, p)
    arm = W[hot + ARM]
    place = arm * N[at.STRATA] + stratum
    first = day_of(N, N[N[at.FIRST] + place], word(W, words, 4, AT_ONCE))
    after = day_of(N, N[N[at.AFTER] + place], word(W, words, 6, AT_ONCE))
    leaves, left = day_of(N, N[at.LEAVING_TABLE], word(W, words, 7, AT_ONCE)), 0
    dies_first = word(W, words, 5, AT_ONCE) < N[N[at.DEATH_CUT] + arm * (DAYS + 1) + first]
    death = min(first if dies_first else first + after, NEVER)
    progression = NEVER if dies_first else first
    if N[at.SOME_TOXIC]:
        death = min(death, day_of(N, N[N[at.TOXIC] + arm], draw(N, at.LEAVING, replicate, W[hot + ROW], 1)))
    if leaves < death and leaves <= HORIZON:
        left = 1 if draw(N, at.LEAVING, replicate, W[hot + ROW], 0) < N[at.WITHDRAWN] else 2
    gone = min(leaves, HORIZON)
    k = N[N[at.NEXT_SCAN] + progression]
    seen = N[at.FIRST_SCAN] + k * N[at.EVERY]
    if not N[at.EXACT]:
        while k < N[at.SCANS]:
            seen = _scan_day(N, replicate, W[hot + ROW], k)
            if seen >= min(progression, death) or seen > gone:
                break
            k += 1
    is_seen = (progression <= HORIZON) & (k < N[at.SCANS]) & (seen < death) & (seen <= gone)
    W[hot + DEATH], W[hot + GONE], W[hot + SEEN] = death, gone, seen if is_seen else NEVER
    W[cold + SEEN_AT], W[cold + LEFT] = k if is_seen else -1, left


@jit(WHOLE(WHOLES, WHOLES, WHOLE, WHOLE, WHOLE))
def _by_scan(N: Any, W: Any, replicate: int, p: int, last: int) -> int:
    """The first day on which a scan without progression at the landmark or later is known; NO_DAY if there is none."""
    row, seen, mark, found = W[p * HOT + ROW], W[p * HOT + SEEN], N[at.LANDMARK], NO_DAY
    k = N[N[at.NEXT_SCAN] + mark]
    earliest = N[at.FIRST_SCAN] + k * N[at.EVERY] - N[at.REACH]
    while k < N[at.SCANS] and earliest < found and earliest <= min(last, seen):
        day = _scan_day(N, replicate, row, k)
        if mark <= day <= last and day < seen:
            found = min(found, _recorded(N, W, replicate, p, day, SCAN_DELAYS + k))
        k += 1
        earliest += N[at.EVERY]
    return found


@jit(WHOLE(WHOLES, WHOLES, WHOLE, WHOLE, WHOLE, WHOLE, WHOLE))
def _known(N: Any, W: Any, replicate: int, p: int, what: int, day: int, column: int) -> int:
    """The day on which progression, death or leaving is recorded, drawn when first asked for."""
    place = cold_of(N, p) + what
    if W[place] == UNDRAWN:
        W[place] = _recorded(N, W, replicate, p, day, column)
    return W[place]


@jit(NONE(WHOLES, WHOLES, WHOLE, WHOLE))
def _draw_changes(N: Any, W: Any, replicate: int, p: int) -> None:
    """The days, after randomisation, from which each thing is known that settles the status at the landmark.

    FAILS: an event on or before it. PASSES: an event after it. LEAVES: withdrawal, loss or a death that censors. S_LEFT
    and S_NONE: seen without an event up to it, where the patient has left and where nothing else is known.
    """
    hot, cold = p * HOT, cold_of(N, p)
    mark, seen, death, gone, left = N[at.LANDMARK], W[hot + SEEN], W[hot + DEATH], W[hot + GONE], W[cold + LEFT]
    fails, passes, leaves, at_leaving, left_on = NO_DAY, NO_DAY, NO_DAY, at.NOWHERE, 0
    seen_recorded = NO_DAY
    dies = death <= gone
    if seen <= HORIZON:
        seen_recorded = _known(N, W, replicate, p, SEEN_KNOWN, seen, SCAN_DELAYS + W[cold + SEEN_AT])
        if N[at.OF_PROGRESSION]:
            if seen <= mark:
                fails = seen_recorded
            else:
                passes = seen_recorded
    # Where progression settles it for good before the death, the death's record changes nothing.
    if dies and death < fails:
        death_recorded = _known(N, W, replicate, p, DEATH_KNOWN, death, 0)
        if N[at.OF_DEATH]:
            if death <= mark:
                fails = min(fails, death_recorded)
            else:
                passes = min(passes, death_recorded)
        elif N[at.AT_DEATH] != at.NOWHERE:
            leaves, at_leaving, left_on = death_recorded, N[at.AT_DEATH], death
    left_recorded = NO_DAY
    if left > 0:
        left_recorded = _known(N, W, replicate, p, LEFT_KNOWN, gone, 1)
        rule = N[at.AT_WITHDRAWAL] if left == 1 else N[at.AT_LOSS]
        if rule != at.NOWHERE:
            leaves, at_leaving, left_on = left_recorded, rule, gone
    W[cold + FAILS], W[cold + PASSES], W[cold + LEAVES] = fails, passes, leaves
    W[cold + S_LEFT] = W[cold + S_NONE] = NO_DAY
    last = min(death - 1, gone)
    if last < mark and left_on < mark and N[at.AT_NO_EVENT] != at.THAT_DAY:
        return
    by_scan, by_contact = _by_scan(N, W, replicate, p, last), NO_DAY
    if N[at.AT_NO_EVENT] == at.CONTACT or at_leaving == at.CONTACT:
        by_contact = by_scan
        if mark <= seen <= HORIZON:
            by_contact = min(by_contact, seen_recorded)
        if N[at.CONTACT_EVERY] > 0 and seen <= HORIZON:
            contact = seen + N[at.CONTACT_EVERY]
            if contact < mark:
                contact += (mark - contact + N[at.CONTACT_EVERY] - 1) // N[at.CONTACT_EVERY] * N[at.CONTACT_EVERY]
            if contact <= last:
                by_contact = min(by_contact, contact)
        if left == 1 and gone >= mark:
            by_contact = min(by_contact, left_recorded)
    W[cold + S_NONE] = (
        by_scan if N[at.AT_NO_EVENT] == at.ASSESSMENT else by_contact if N[at.AT_NO_EVENT] == at.CONTACT else mark
    )
    if at_leaving != at.NOWHERE and left_on >= mark:
        W[cold + S_LEFT] = by_scan if at_leaving == at.ASSESSMENT else by_contact if at_leaving == at.CONTACT else 0


@jit_in_place(WHOLE(WHOLES, WHOLES, WHOLE, WHOLE, WHOLE))
def _next_change(N: Any, W: Any, cold: int, status: int, after: int) -> int:
    """The first day after ``after`` on which the status may change; NO_DAY if it is settled for good."""
    if after >= W[cold + FAILS]:
        return NO_DAY
    day = W[cold + FAILS]
    for c in range(PASSES, S_NONE + 1):
        if after < W[cold + c] < day:
            day = W[cold + c]
    gone_by = N[at.LANDMARK] + N[at.WINDOW] + 1
    # Without an event and gone, or seen without one and not gone: the window changes nothing more.
    if after < gone_by < day and status == PENDING:
        day = gone_by
    return day


@jit_in_place(WHOLE(WHOLES, WHOLES, WHOLE, WHOLE))
def _status(N: Any, W: Any, cold: int, day: int) -> int:
    """Status ``day`` days after randomisation: ``analyse.landmark.landmark_status`` of what is recorded by then."""
    if day >= W[cold + FAILS]:
        return FAILURE
    if day >= W[cold + PASSES]:
        return SUCCESS
    if day >= W[cold + LEAVES]:
        return SUCCESS if day >= W[cold + S_LEFT] else NOT_EVALUABLE
    if day >= W[cold + S_NONE]:
        return SUCCESS
    return NOT_EVALUABLE if day > N[at.LANDMARK] + N[at.WINDOW] else PENDING


@jit(types.UniTuple(WHOLE, 2)(WHOLES, WHOLES, WHOLE, WHOLE))
def status_on(N: Any, W: Any, p: int, day: int) -> Any:
    """Status of a patient whose status may change more than once on a day of the trial, and the next day on which it may."""
    cold, since = cold_of(N, p), day - W[p * HOT + AT]
    status = _status(N, W, cold, since)
    then = _next_change(N, W, cold, status, since)
    return status, then + W[p * HOT + AT] if then < NO_DAY else NO_DAY


@jit_in_place(WHETHER(WHOLES, WHOLES, WHOLE, WHOLE))
def draw_status(N: Any, W: Any, replicate: int, p: int) -> bool:
    """When the status at the landmark changes, and to what; True if it may change more than once.

    Nine patients in ten change once: from pending to failure when an event up to the landmark is recorded, or to
    success when a scan after it is. For the others see ``_draw_changes``.
    """
    hot, cold = p * HOT, cold_of(N, p)
    mark, gone_by, k = N[at.LANDMARK], N[at.LANDMARK] + N[at.WINDOW] + 1, N[N[at.NEXT_SCAN] + N[at.LANDMARK]]
    scan, exact, every = N[at.FIRST_SCAN] + k * N[at.EVERY], N[at.EXACT] != 0, N[at.EVERY]
    seen, death, gone, left, seen_at = W[hot + SEEN], W[hot + DEATH], W[hot + GONE], W[cold + LEFT], W[cold + SEEN_AT]
    last, dies = min(death - 1, gone), death <= gone
    seen_known, death_known = UNDRAWN if seen <= HORIZON else NO_DAY, UNDRAWN if dies else NO_DAY
    W[cold + SEEN_KNOWN], W[cold + DEATH_KNOWN] = seen_known, death_known
    left_known = _recorded(N, W, replicate, p, gone, 1) if left > 0 else NO_DAY
    W[cold + LEFT_KNOWN] = left_known
    if N[at.PLAIN]:
        # Which of the three it is cannot be foreseen: all are worked out, and one is taken, without a jump.
        progressed = seen <= mark
        died = dies & (death <= mark) & (not progressed)
        failed = progressed | died
        column = 0 if died else SCAN_DELAYS + (seen_at if progressed else k)
        change = _recorded(N, W, replicate, p, min(seen, death) if failed else scan, column)
        if (not failed) & ((not exact) | (scan > last) | (change > scan + every)):
            change = _by_scan(N, W, replicate, p, last)
        # Nothing else is recorded before it that would settle it otherwise.
        later = min(death if dies else NO_DAY, NO_DAY if failed else seen)
        if (died | (later >= change)) & (change <= min(gone_by, left_known)):
            W[cold + SEEN_KNOWN], W[cold + DEATH_KNOWN] = (
                change if progressed else seen_known,
                change if died else death_known,
            )
            W[hot + CHANGE], W[hot + BECOMES] = W[hot + AT] + change, FAILURE if failed else SUCCESS
            return False
    _draw_changes(N, W, replicate, p)
    W[hot + CHANGE], W[hot + BECOMES] = W[hot + AT] + min(_next_change(N, W, cold, PENDING, 0), NO_DAY), PENDING
    return True


@jit(types.Tuple((WHOLE, WHETHER))(WHOLES, WHOLES, WHOLE, WHOLE, WHOLE))
def _observed(N: Any, W: Any, replicate: int, p: int, day: int) -> Any:
    """``observed`` whatever the rules and the records."""
    hot, cold = p * HOT, cold_of(N, p)
    seen_on, death, gone, left = W[hot + SEEN], W[hot + DEATH], W[hot + GONE], W[cold + LEFT]
    # What happened long enough ago is recorded, whatever the delay: there is no need to draw it.
    long_ago = day - N[at.MOST_DELAY]
    seen = seen_on <= day and (
        seen_on <= long_ago or _known(N, W, replicate, p, SEEN_KNOWN, seen_on, SCAN_DELAYS + W[cold + SEEN_AT]) <= day
    )
    if seen and N[at.OF_PROGRESSION]:
        return seen_on, True
    dead = death <= min(day, gone) and (death <= long_ago or _known(N, W, replicate, p, DEATH_KNOWN, death, 0) <= day)
    if dead and N[at.OF_DEATH]:
        return death, True
    rule, until = N[at.AT_NO_EVENT], day
    left_seen = left > 0 and gone <= day and _known(N, W, replicate, p, LEFT_KNOWN, gone, 1) <= day
    if left_seen:
        of_leaving = N[at.AT_WITHDRAWAL] if left == 1 else N[at.AT_LOSS]
        if of_leaving != at.NOWHERE:
            rule, until = of_leaving, gone
    elif dead and N[at.AT_DEATH] != at.NOWHERE:
        rule, until = N[at.AT_DEATH], death
    if rule == at.THAT_DAY:
        return until, False
    last = min(death - 1, gone, day)
    found = 0
    k = N[N[at.LAST_SCAN] + min(last, seen_on)]
    while k >= 0:
        scan = _scan_day(N, replicate, W[hot + ROW], k)
        if (
            0 <= scan <= last
            and scan < seen_on
            and (scan <= long_ago or _recorded(N, W, replicate, p, scan, SCAN_DELAYS + k) <= day)
        ):
            found = scan
            break
        k -= 1
    if rule == at.CONTACT:
        if seen:
            found = max(found, seen_on)
        if N[at.CONTACT_EVERY] > 0 and seen_on + N[at.CONTACT_EVERY] <= last:
            found = max(found, seen_on + (last - seen_on) // N[at.CONTACT_EVERY] * N[at.CONTACT_EVERY])
        if left_seen and left == 1:
            found = max(found, gone)
        found = min(found, until)
    return found, False


@jit_in_place(types.Tuple((WHOLE, WHETHER))(WHOLES, WHOLES, WHOLE, WHOLE, WHOLE))
def observed(N: Any, W: Any, replicate: int, p: int, day: int) -> Any:
    """Time to the monitored event and whether it came, as known ``day`` days on: ``analyse.endpoints.observe``."""
    hot = p * HOT
    event = min(W[hot + SEEN], W[hot + DEATH] if W[hot + DEATH] <= W[hot + GONE] else NO_DAY)
    # What happened long enough ago is recorded, whatever the delay.
    if N[at.PLAIN] and event <= day - N[at.MOST_DELAY]:
        return event, True
    return _observed(N, W, replicate, p, day)
