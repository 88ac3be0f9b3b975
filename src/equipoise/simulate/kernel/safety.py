"""Safety rules beside the design, compiled: the looks that ``simulate.safety_looks`` finds day by day, without the days between.

Rules that only caution change nothing of the trial's course: their looks are worked out when it is over. A rule that pauses or stops is
looked at as patients come, as far as the day on which the next one does.
"""

from __future__ import annotations

from typing import Any

from equipoise.numerics.engine.compiled import NONE, REALS, WHETHER, WHOLE, WHOLES, jit
from equipoise.simulate.kernel import places as at
from equipoise.simulate.kernel.harm import look_at_survival, survival_speaks
from equipoise.simulate.kernel.layout import (
    DAYS_OF_EVENTS,
    EVENTS_SEEN,
    EVENTS_SO_FAR,
    HELD,
    LOOKS_TAKEN,
    NEXT,
    NO_DAY,
    OF_LOOK,
    PATIENTS_SEEN,
    ROW_SAFETY_DAY,
    ROW_SAFETY_EVENTS,
    ROW_SAFETY_LOOKS,
    ROW_SAFETY_SPOKE,
    SPOKE_LAST,
    SPOKE_ON,
    STATE,
    STOPPED,
    WATCHED_SO_FAR,
)
from equipoise.simulate.kernel.watching import block_of, speaks_from, watch


@jit(WHOLE(WHOLES, WHOLES, WHOLE, WHOLE, WHOLE, WHOLE))
def _next_look(N: Any, W: Any, rule: int, block: int, speaks: int, until: int) -> int:
    """The day of the next look at a rule on counts that speaks from the day ``speaks`` on; NO_DAY if there is none before ``until``."""
    when, events = N[N[at.WATCHED] + rule * at.OF_RULE + at.WHEN], block + DAYS_OF_EVENTS
    if when == at.AFTER_EVENTS:
        seen = W[block + EVENTS_SEEN]
        day = W[events + seen] >> 1 if seen < W[block + EVENTS_SO_FAR] else NO_DAY
        # A rule that does not look at every number may speak when one more is watched.
        day = min(day, speaks) if W[block + SPOKE_LAST] == 0 else day
        return day if day < until else NO_DAY
    if when == at.MONTHLY:
        day = N[N[at.MONTHS] + W[block + NEXT]]
        if day >= until:
            return NO_DAY
        W[block + NEXT] += 1
        return day
    watched, k, m = events + N[at.TARGET], W[block + NEXT], W[block + WATCHED_SO_FAR]
    while k < m and (W[watched + k] >> 1) < until:
        k += 1
        of_a_day = k < m and W[watched + k] == W[watched + k - 1]
        if not of_a_day and k - W[block + PATIENTS_SEEN] >= when:
            W[block + NEXT] = W[block + PATIENTS_SEEN] = k
            return W[watched + k - 1] >> 1
    # Patients of a day are gone through together: none of it is left for later.
    W[block + NEXT] = k
    return NO_DAY


@jit(WHOLE(WHOLES, WHOLES, WHOLES, WHOLE, WHOLE))
def _look_at_counts(N: Any, W: Any, room: Any, rule: int, until: int) -> int:
    """Take the looks at a rule on counts that are due before the day ``until``; returns the day on which it stops the trial, NO_DAY if
    it does not."""
    w, block = N[at.WATCHED] + rule * at.OF_RULE, block_of(N, room, rule)
    speaks = speaks_from(N, W, rule, block, until)
    while True:
        day = _next_look(N, W, rule, block, speaks, until)
        if day == NO_DAY:
            return NO_DAY
        before = W[block + EVENTS_SEEN]
        seen, there = before, W[block + EVENTS_SO_FAR]
        while seen < there and (W[block + DAYS_OF_EVENTS + seen] >> 1) <= day:
            seen += 1
        anew = speaks <= day and (W[block + SPOKE_LAST] == 0 or seen > before)
        W[block + LOOKS_TAKEN] += 1
        W[block + EVENTS_SEEN] = seen
        if speaks <= day:
            W[block + SPOKE_LAST] = 1
            if W[block + SPOKE_ON] < 0:
                W[block + SPOKE_ON] = day
        if anew and N[w + at.DOES] == at.STOPS_TRIAL:
            return day
        if anew and N[w + at.DOES] == at.PAUSES_TRIAL:
            W[room[STATE] + HELD] = max(W[room[STATE] + HELD], day + N[w + at.REVIEW])


@jit(NONE(WHOLES, REALS, WHOLES, REALS, WHOLES, WHOLE, WHOLE))
def see_to_rules(N: Any, X: Any, W: Any, V: Any, room: Any, replicate: int, until: int) -> None:
    """Rules that pause or stop, on all days before ``until``: until when enrolment waits, and the day on which the trial is stopped.

    A rule on counts that is silent so far has no look that matters.
    """
    stopped = NO_DAY
    for rule in range(N[at.SAFETY_RULES]):
        w, block = N[at.WATCHED] + rule * at.OF_RULE, block_of(N, room, rule)
        if N[w + at.DOES] == at.CAUTIONS:
            continue
        if N[w + at.OF_SURVIVAL]:
            stopped = min(stopped, look_at_survival(N, X, W, V, room, replicate, rule, min(until, stopped)))
        elif speaks_from(N, W, rule, block, until) < until:
            stopped = min(stopped, _look_at_counts(N, W, room, rule, min(until, stopped)))
    W[room[STATE] + STOPPED] = stopped


@jit(WHETHER(WHOLES, REALS, WHOLES, REALS, WHOLES, WHOLE, WHOLE))
def stops_at(N: Any, X: Any, W: Any, V: Any, room: Any, replicate: int, today: int) -> bool:
    """Whether a rule that stops the trial speaks of what is known on a day, on which a look of the design is taken: it has a say there,
    whether or not it is its own time."""
    for rule in range(N[at.SAFETY_RULES]):
        w, block = N[at.WATCHED] + rule * at.OF_RULE, block_of(N, room, rule)
        if N[w + at.DOES] != at.STOPS_TRIAL:
            continue
        if N[w + at.OF_SURVIVAL]:
            if survival_speaks(N, X, W, V, room, replicate, rule, today):
                return True
        elif speaks_from(N, W, rule, block, today + 1) <= today:
            return True
    return False


@jit(NONE(WHOLES, REALS, WHOLES, REALS, WHOLES, WHOLES, WHOLE, WHOLE, WHOLE))
def see_to_safety(
    N: Any, X: Any, W: Any, V: Any, row: Any, room: Any, replicate: int, randomised: int, until: int
) -> None:
    """The looks at all safety rules of a trial that ended before the day ``until``, in its row."""
    row[ROW_SAFETY_DAY] = -1
    if not N[at.SAFETY_ACTS]:
        watch(N, W, room, replicate, 0, randomised)
    for rule in range(N[at.SAFETY_RULES]):
        block, looks, events, spoke = block_of(N, room, rule), 0, 0, -1
        if N[N[at.WATCHED] + rule * at.OF_RULE + at.OF_SURVIVAL]:
            look_at_survival(N, X, W, V, room, replicate, rule, until)
            place = block + DAYS_OF_EVENTS + N[at.TARGET]
            while looks < W[block + LOOKS_TAKEN] and W[place] < until:
                events = W[place + 1]
                if W[place + 2] and spoke < 0:
                    spoke = W[place]
                looks += 1
                place += OF_LOOK
        else:
            # Looks were taken beyond the trial's end, or not all: once more from the first.
            for k in (LOOKS_TAKEN, EVENTS_SEEN, SPOKE_LAST, NEXT, PATIENTS_SEEN):
                W[block + k] = 0
            W[block + SPOKE_ON] = -1
            _look_at_counts(N, W, room, rule, until)
            looks, events, spoke = W[block + LOOKS_TAKEN], W[block + EVENTS_SEEN], W[block + SPOKE_ON]
        row[ROW_SAFETY_LOOKS] += looks
        row[ROW_SAFETY_EVENTS] += events
        if spoke >= 0:
            row[ROW_SAFETY_SPOKE] |= 1 << rule
            row[ROW_SAFETY_DAY] = spoke if row[ROW_SAFETY_DAY] < 0 else min(row[ROW_SAFETY_DAY], spoke)
