"""Status at a landmark, compiled: the answers of ``analyse.landmark`` from the same draws.

A patient's status is a function of a few days on which something is recorded, so only those are kept.
"""

from __future__ import annotations

from typing import Any

from equipoise.numerics.engine.compiled import NONE, WHETHER, WHOLE, WHOLES, jit, jit_in_place
from equipoise.simulate.day_table import HORIZON
from equipoise.simulate.kernel import places as at
from equipoise.simulate.kernel.layout import (
    AT,
    BECOMES,
    CHANGE,
    DEATH,
    DEATH_KNOWN,
    FAILS,
    FAILURE,
    GONE,
    HOT,
    LEAVES,
    LEFT,
    LEFT_KNOWN,
    NO_DAY,
    NOT_EVALUABLE,
    PASSES,
    PENDING,
    ROW,
    S_LEFT,
    S_NONE,
    SEEN,
    SEEN_AT,
    SEEN_KNOWN,
    SUCCESS,
    UNDRAWN,
)
from equipoise.simulate.kernel.patient import cold_of, contacts_of, known, recorded, scan_day
from equipoise.simulate.virtual_patient import SCAN_DELAYS


@jit(WHOLE(WHOLES, WHOLES, WHOLE, WHOLE, WHOLE))
def _by_scan(N: Any, W: Any, replicate: int, p: int, last: int) -> int:
    """The first day on which a scan without progression at the landmark or later is known; NO_DAY if there is none."""
    row, seen, mark, found = W[p * HOT + ROW], W[p * HOT + SEEN], N[at.LANDMARK], NO_DAY
    k = N[N[at.NEXT_SCAN] + mark]
    earliest = N[at.FIRST_SCAN] + k * N[at.EVERY] - N[at.REACH]
    while k < N[at.SCANS] and earliest < found and earliest <= min(last, seen):
        day = scan_day(N, replicate, row, k)
        if mark <= day <= last and day < seen:
            found = min(found, recorded(N, W, replicate, p, day, SCAN_DELAYS + k))
        k += 1
        earliest += N[at.EVERY]
    return found


@jit(NONE(WHOLES, WHOLES, WHOLE, WHOLE))
def _draw_days(N: Any, W: Any, replicate: int, p: int) -> None:
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
        seen_recorded = known(N, W, replicate, p, SEEN_KNOWN, seen, SCAN_DELAYS + W[cold + SEEN_AT])
        if N[at.OF_PROGRESSION]:
            if seen <= mark:
                fails = seen_recorded
            else:
                passes = seen_recorded
    # Where progression settles it for good before the death, the death's record changes nothing.
    if dies and death < fails:
        death_recorded = known(N, W, replicate, p, DEATH_KNOWN, death, 0)
        if N[at.OF_DEATH]:
            if death <= mark:
                fails = min(fails, death_recorded)
            else:
                passes = min(passes, death_recorded)
        elif N[at.AT_DEATH] != at.NOWHERE:
            leaves, at_leaving, left_on = death_recorded, N[at.AT_DEATH], death
    left_recorded = NO_DAY
    if left > 0:
        left_recorded = known(N, W, replicate, p, LEFT_KNOWN, gone, 1)
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
        if N[at.CONTACTS] > 0:
            contacts = contacts_of(N, p)
            for k in range(contacts + 1, contacts + 1 + 2 * W[contacts], 2):
                if W[k] >= mark:
                    by_contact = min(by_contact, W[k + 1])
    W[cold + S_NONE] = (
        by_scan if N[at.AT_NO_EVENT] == at.ASSESSMENT else by_contact if N[at.AT_NO_EVENT] == at.CONTACT else mark
    )
    if at_leaving != at.NOWHERE and left_on >= mark:
        W[cold + S_LEFT] = by_scan if at_leaving == at.ASSESSMENT else by_contact if at_leaving == at.CONTACT else 0


@jit_in_place(WHOLE(WHOLES, WHOLES, WHOLE, WHOLE, WHOLE))
def landmark_change(N: Any, W: Any, cold: int, status: int, after: int) -> int:
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
def landmark_status(N: Any, W: Any, cold: int, day: int) -> int:
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


@jit_in_place(WHETHER(WHOLES, WHOLES, WHOLE, WHOLE))
def draw_status(N: Any, W: Any, replicate: int, p: int) -> bool:
    """When the status at the landmark changes, and to what; True if it may change more than once.

    Nine patients in ten change once: from pending to failure when an event up to the landmark is recorded, or to
    success when a scan after it is. For the others see ``_draw_days``.
    """
    hot, cold = p * HOT, cold_of(N, p)
    mark, gone_by, k = N[at.LANDMARK], N[at.LANDMARK] + N[at.WINDOW] + 1, N[N[at.NEXT_SCAN] + N[at.LANDMARK]]
    scan, exact, every = N[at.FIRST_SCAN] + k * N[at.EVERY], N[at.EXACT] != 0, N[at.EVERY]
    seen, death, gone, left, seen_at = W[hot + SEEN], W[hot + DEATH], W[hot + GONE], W[cold + LEFT], W[cold + SEEN_AT]
    last, dies = min(death - 1, gone), death <= gone
    seen_known, death_known = UNDRAWN if seen <= HORIZON else NO_DAY, UNDRAWN if dies else NO_DAY
    W[cold + SEEN_KNOWN], W[cold + DEATH_KNOWN] = seen_known, death_known
    left_known = recorded(N, W, replicate, p, gone, 1) if left > 0 else NO_DAY
    W[cold + LEFT_KNOWN] = left_known
    if N[at.PLAIN]:
        # Which of the three it is cannot be foreseen: all are worked out, and one is taken, without a jump.
        progressed = seen <= mark
        died = dies & (death <= mark) & (not progressed)
        failed = progressed | died
        column = 0 if died else SCAN_DELAYS + (seen_at if progressed else k)
        change = recorded(N, W, replicate, p, min(seen, death) if failed else scan, column)
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
    _draw_days(N, W, replicate, p)
    W[hot + CHANGE], W[hot + BECOMES] = W[hot + AT] + min(landmark_change(N, W, cold, PENDING, 0), NO_DAY), PENDING
    return True
