"""A virtual patient, compiled: fate, when things are recorded, time to the monitored event.

The same draws as in ``virtual_patient``; the same answers as ``analyse.endpoints`` gives from the log.
"""

from __future__ import annotations

from typing import Any

from numba import types

from equipoise.numerics.engine.compiled import NONE, WHETHER, WHOLE, WHOLES, jit, jit_in_place
from equipoise.simulate.day_table import HORIZON
from equipoise.simulate.event_words import DIES_WHEN
from equipoise.simulate.kernel import places as at
from equipoise.simulate.kernel.draws import DAYS, day_of, draw, word
from equipoise.simulate.kernel.layout import (
    ARM,
    AT_ONCE,
    COLD,
    DEATH,
    DEATH_KNOWN,
    DIED_OF_IT,
    GONE,
    HOT,
    LEFT,
    LEFT_KNOWN,
    NEVER,
    NO_DAY,
    REPORTS,
    ROW,
    SEEN,
    SEEN_AT,
    SEEN_KNOWN,
    UNDRAWN,
)
from equipoise.simulate.virtual_patient import SCAN_DELAYS


@jit_in_place(WHOLE(WHOLES, WHOLE))
def cold_of(N: Any, p: int) -> int:
    """Where the cold row of patient p begins."""
    return N[at.TARGET] * HOT + p * COLD


@jit_in_place(WHOLE(WHOLES, WHOLE, WHOLE, WHOLE))
def scan_day(N: Any, replicate: int, row: int, k: int) -> int:
    """The day of scan k, or -1 if it is missed."""
    day = N[at.FIRST_SCAN] + k * N[at.EVERY]
    if N[at.MISSED] > 0 and draw(N, at.VISITS, replicate, row, 2 * k) < N[at.MISSED]:
        return -1
    if N[at.REACH] > 0:
        drawn = draw(N, at.VISITS, replicate, row, 2 * k + 1)
        day += (((2 * drawn + 1) * (2 * N[at.REACH] + 1)) >> 33) - N[at.REACH]
    return day


@jit_in_place(WHOLE(WHOLES, WHOLE))
def off_study(W: Any, p: int) -> int:
    """Days of the patient on study: until progression is seen, death or leaving."""
    return min(W[p * HOT + SEEN], W[p * HOT + DEATH], W[p * HOT + GONE])


@jit_in_place(WHOLE(WHOLES, WHOLES, WHOLE, WHOLE, WHOLE, WHOLE))
def recorded(N: Any, W: Any, replicate: int, p: int, day: int, column: int) -> int:
    """When what happened on ``day`` is recorded: not on the day of randomisation."""
    if column < 8:
        drawn = word(W, cold_of(N, p) + REPORTS, column, 1)
    else:
        drawn = draw(N, at.REPORTING, replicate, W[p * HOT + ROW], column)
    return max(day + day_of(N, N[at.DELAY], drawn) - 1, 1)


@jit_in_place(NONE(WHOLES, WHOLES, WHOLE, WHOLE, WHOLE, WHOLE, WHOLE))
def draw_fate(N: Any, W: Any, replicate: int, p: int, stratum: int, words: int, events: int) -> None:
    """Death, progression as it is seen, and leaving: ``virtual_patient.fate``. ``words``: where the patient's first eight
    lie, one in AT_ONCE; ``events``: and those for adverse events.

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
        toxic = day_of(N, N[N[at.TOXIC] + arm], word(W, events, DIES_WHEN, 1))
        W[cold + DIED_OF_IT] = int(toxic < death)
        death = min(death, toxic)
    if leaves < death and leaves <= HORIZON:
        left = 1 if draw(N, at.LEAVING, replicate, W[hot + ROW], 0) < N[at.WITHDRAWN] else 2
    gone = min(leaves, HORIZON)
    k = N[N[at.NEXT_SCAN] + progression]
    seen = N[at.FIRST_SCAN] + k * N[at.EVERY]
    if not N[at.EXACT]:
        while k < N[at.SCANS]:
            seen = scan_day(N, replicate, W[hot + ROW], k)
            if seen >= min(progression, death) or seen > gone:
                break
            k += 1
    is_seen = (progression <= HORIZON) & (k < N[at.SCANS]) & (seen < death) & (seen <= gone)
    W[hot + DEATH], W[hot + GONE], W[hot + SEEN] = death, gone, seen if is_seen else NEVER
    W[cold + SEEN_AT], W[cold + LEFT] = k if is_seen else -1, left


@jit_in_place(WHOLE(WHOLES, WHOLE))
def known_of(N: Any, p: int) -> int:
    """Where it stands, of each safety rule, when the first event of patient p that counts is known, in days after randomisation; NO_DAY: none is."""
    return N[at.TARGET] * (HOT + COLD + N[at.CHANGES]) + p * N[at.RECORDS]


@jit_in_place(WHOLE(WHOLES, WHOLE))
def contacts_of(N: Any, p: int) -> int:
    """Where the contacts of patient p begin that are none of disease: how many, and of each its day and when it is known."""
    return known_of(N, p) + N[at.SAFETY_RULES]


@jit(WHOLE(WHOLES, WHOLES, WHOLE, WHOLE, WHOLE, WHOLE, WHOLE))
def known(N: Any, W: Any, replicate: int, p: int, what: int, day: int, column: int) -> int:
    """The day on which progression, death or leaving is recorded, drawn when first asked for."""
    place = cold_of(N, p) + what
    if W[place] == UNDRAWN:
        W[place] = recorded(N, W, replicate, p, day, column)
    return W[place]


@jit(types.Tuple((WHOLE, WHETHER))(WHOLES, WHOLES, WHOLE, WHOLE, WHOLE, WHOLE))
def observed_by(N: Any, W: Any, replicate: int, p: int, day: int, of: int) -> Any:
    """``observed`` of any endpoint of progression and death, whatever its rules and the records. ``of``: where OF_PROGRESSION …
    AT_DEATH of it stand."""
    of_progression, of_death = N[of], N[of + at.OF_DEATH - at.OF_PROGRESSION]
    at_death = N[of + at.AT_DEATH - at.OF_PROGRESSION]
    hot, cold = p * HOT, cold_of(N, p)
    seen_on, death, gone, left = W[hot + SEEN], W[hot + DEATH], W[hot + GONE], W[cold + LEFT]
    # What happened long enough ago is recorded, whatever the delay: there is no need to draw it.
    long_ago = day - N[at.MOST_DELAY]
    # A look may be taken when the patient's five years are long over, and NEVER too.
    seen = seen_on <= min(day, HORIZON) and (
        seen_on <= long_ago or known(N, W, replicate, p, SEEN_KNOWN, seen_on, SCAN_DELAYS + W[cold + SEEN_AT]) <= day
    )
    if seen and of_progression:
        return seen_on, True
    dead = death <= min(day, gone) and (death <= long_ago or known(N, W, replicate, p, DEATH_KNOWN, death, 0) <= day)
    if dead and of_death:
        return death, True
    rule, until = N[of + at.AT_NO_EVENT - at.OF_PROGRESSION], day
    left_seen = left > 0 and gone <= day and known(N, W, replicate, p, LEFT_KNOWN, gone, 1) <= day
    if left_seen:
        of_leaving = N[of + (at.AT_WITHDRAWAL if left == 1 else at.AT_LOSS) - at.OF_PROGRESSION]
        if of_leaving != at.NOWHERE:
            rule, until = of_leaving, gone
    elif dead and at_death != at.NOWHERE:
        rule, until = at_death, death
    if rule == at.THAT_DAY:
        return until, False
    last = min(death - 1, gone, day)
    found = 0
    k = N[N[at.LAST_SCAN] + min(last, seen_on)]
    while k >= 0:
        scan = scan_day(N, replicate, W[hot + ROW], k)
        if (
            0 <= scan <= last
            and scan < seen_on
            and (scan <= long_ago or recorded(N, W, replicate, p, scan, SCAN_DELAYS + k) <= day)
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
        if N[at.CONTACTS] > 0:
            contacts = contacts_of(N, p)
            for k in range(contacts + 1, contacts + 1 + 2 * W[contacts], 2):
                if W[k + 1] <= day:
                    found = max(found, W[k])
        found = min(found, until)
    return found, False


@jit_in_place(types.Tuple((WHOLE, WHETHER))(WHOLES, WHOLES, WHOLE, WHOLE, WHOLE))
def observed(N: Any, W: Any, replicate: int, p: int, day: int) -> Any:
    """Time to the monitored event and whether it came, as known ``day`` days on: ``analyse.endpoints.observe``."""
    hot = p * HOT
    event = min(W[hot + SEEN], W[hot + DEATH] if W[hot + DEATH] <= W[hot + GONE] else NO_DAY)
    # What happened long enough ago is recorded, whatever the delay.
    if N[at.PLAIN] and event <= min(day - N[at.MOST_DELAY], HORIZON):
        return event, True
    return observed_by(N, W, replicate, p, day, at.OF_PROGRESSION)
