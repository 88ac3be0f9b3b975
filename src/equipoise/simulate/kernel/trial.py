"""The compiled simulator: whole trials in some microseconds each, with the reference's decision at every look."""

from __future__ import annotations

from typing import Any

from equipoise.simulate.kernel import places as at
from equipoise.simulate.kernel.adverse import draw_contacts
from equipoise.simulate.kernel.cohort import come_before
from equipoise.simulate.kernel.draws import draw_eight
from equipoise.simulate.kernel.engine.compiled import NONE, REALS, WHOLE, WHOLES, jit, moved
from equipoise.simulate.kernel.enrolment import next_arrivals, next_block, next_patients, open_sites
from equipoise.simulate.kernel.landmark import draw_status
from equipoise.simulate.kernel.layout import (
    ARM,
    ASKS,
    AT,
    AT_ONCE,
    CLOSED,
    ENDED,
    ENROLLED,
    FOUND,
    FULL_AT,
    FULL_FROM,
    FULL_TO,
    HELD,
    HOT,
    LISTS,
    NO_DAY,
    ODD,
    ODDS,
    ORDER,
    PAUSED,
    QUEUE,
    RANDOMISED,
    READOUT,
    REAL_WIDTH,
    REPORTS,
    RIPE_FROM,
    ROW,
    ROW_DURATION,
    ROW_ENROLMENT_DAY,
    ROW_EXPOSURE,
    ROW_RANDOMISED,
    ROW_SAFETY_DAY,
    ROW_STATUS,
    ROW_TESTED,
    ROW_WIDTH,
    STATE,
    STATES,
    STEPS,
    STOPPED,
    STRATA_AT_HAND,
    WORDS_AT_HAND,
)
from equipoise.simulate.kernel.looks import see_to_looks, see_to_pause
from equipoise.simulate.kernel.patient import cold_of, draw_fate, off_study
from equipoise.simulate.kernel.safety import see_to_rules, see_to_safety
from equipoise.simulate.kernel.status import draw_changes
from equipoise.simulate.kernel.stopped import stop
from equipoise.simulate.kernel.timed import await_event, see_to_timed_looks
from equipoise.simulate.kernel.watching import watch, watch_nobody


@jit(NONE(WHOLES, REALS, WHOLES, WHOLES, WHOLE))
def _begin(N: Any, X: Any, W: Any, room: Any, replicate: int) -> None:
    """Nobody is randomised, and nothing is known."""
    for k in range(STATES):
        W[room[STATE] + k] = 0
    W[room[STATE] + FULL_AT] = -1
    W[room[STATE] + STOPPED] = NO_DAY
    watch_nobody(N, W, room)
    for arm in range(N[at.ARMS]):
        W[room[ENROLLED] + arm] = 0
    for k in range(N[at.STRATA] * (3 + N[at.LARGEST_BLOCK])):
        W[room[LISTS] + k] = 0
    open_sites(N, X, W, replicate, room[QUEUE], room[STEPS])


@jit(WHOLE(WHOLES, WHOLES, WHOLES, WHOLE, WHOLE, WHOLE, WHOLE))
def _enrol(N: Any, W: Any, room: Any, replicate: int, arrived: int, next_in: int, coming: int) -> int:
    """Randomise those at hand, from the ``next_in``-th on, and draw what will become of them; returns who is next.

    All of them, where enrolment never pauses; else those who come on the day ``coming``, unless it waits for a review.
    """
    state, lists, order, enrolled = room[STATE], room[LISTS], room[ORDER], room[ENROLLED]
    if W[state + CLOSED]:
        return next_in
    pauses, slots, first = N[at.PAUSES] != 0, 3 + N[at.LARGEST_BLOCK], W[state + RANDOMISED]
    randomised, by_day = first, N[at.PAUSES] != 0 or N[at.SAFETY_PAUSES] != 0
    while next_in < AT_ONCE and randomised < N[at.TARGET]:
        today, stratum = W[room[QUEUE] + next_in], W[room[STRATA_AT_HAND] + next_in]
        if today > N[at.HORIZON] or (by_day and today != coming):
            break
        next_in += 1
        if W[state + PAUSED] or W[state + HELD] > today or stratum < 0:
            continue
        slot = lists + stratum * slots
        if W[slot + 1] == W[slot]:
            next_block(N, W, replicate, stratum, slot, room[FOUND])
        arm = W[slot + 3 + W[slot + 1]]
        W[slot + 1] += 1
        hot = randomised * HOT
        W[hot + ARM], W[hot + AT], W[hot + ROW] = arm, today, arrived + next_in - 1
        W[order + arm * N[at.TARGET] + W[enrolled + arm]] = randomised
        W[enrolled + arm] += 1
        randomised += 1
    key, wide = N[at.KEYS] + 2 * at.REPORTING, N[N[at.WIDE] + at.REPORTING]
    for p in range(first, randomised):
        draw_eight(N, W, key, W[p * HOT + ROW] * wide, replicate, cold_of(N, p) + REPORTS, 1)
    for p in range(first, randomised):
        k = W[p * HOT + ROW] - arrived
        draw_fate(N, W, replicate, p, W[room[STRATA_AT_HAND] + k], room[WORDS_AT_HAND] + k)
        if N[at.CONTACTS] > 0:
            draw_contacts(N, W, room, replicate, p)
        if N[at.ENDPOINT] == at.OF_TIME:
            await_event(N, W, replicate, p)
        elif (
            draw_status(N, W, replicate, p)
            if N[at.ENDPOINT] == at.OF_LANDMARK
            else draw_changes(N, W, room, replicate, p)
        ):
            W[room[ODD] + W[state + ODDS]] = p
            W[state + ODDS] += 1
        if N[at.SAFETY_ACTS]:
            watch(N, W, room, replicate, p)
    if randomised > first:
        W[state + RANDOMISED], W[state + CLOSED] = randomised, int(randomised == N[at.TARGET])
        W[state + FULL_TO], W[state + RIPE_FROM] = 0, max(W[state + FULL_FROM], coming if pauses else 0)
    return next_in


@jit(NONE(WHOLES, REALS, WHOLES, REALS, WHOLES, REALS, WHOLES, WHOLE, WHOLES, WHOLE))
def _end(
    N: Any, X: Any, W: Any, V: Any, row: Any, real: Any, by_month: Any, months: int, room: Any, replicate: int
) -> None:  # fmt: skip
    """The trial has ended on the morning of its last read-out, or at the end of the day on which a safety rule stopped it: who came later was
    never randomised."""
    stopped = not W[room[STATE] + ENDED]
    end = W[room[STATE] + STOPPED] if stopped else W[room[STATE] + READOUT]
    randomised = come_before(N, W, room, end + int(stopped))
    row[ROW_RANDOMISED], row[ROW_DURATION] = randomised, end
    if stopped:
        stop(N, W, V, row, real, room, replicate, randomised, end)
    if randomised > 0:
        row[ROW_ENROLMENT_DAY] = W[(randomised - 1) * HOT + AT]
    for p in range(randomised):
        is_tested = int(W[p * HOT + ARM] == N[at.TESTED])
        row[ROW_TESTED] += is_tested
        row[ROW_EXPOSURE] += is_tested * min(off_study(W, p), end - W[p * HOT + AT])
    if N[at.SAFETY_RULES] and row[ROW_STATUS] != ASKS:
        see_to_safety(N, X, W, V, row, room, replicate, randomised, end + int(stopped))
    else:
        row[ROW_SAFETY_DAY] = -1
    if months > 0:
        for p in range(randomised):
            by_month[min(int(W[p * HOT + AT] / 30.4375), months - 1)] += 1
        for month in range(1, months):
            by_month[month] += by_month[month - 1]


@jit(NONE(WHOLES, REALS, WHOLES, REALS, WHOLES, REALS, WHOLES, REALS, WHOLES, WHOLE, WHOLE, WHOLE, WHOLES))
def trials(
    N: Any, X: Any, A: Any, B: Any, W: Any, V: Any, rows: Any, reals: Any, by_month: Any, first: int, replicates: int,
    months: int, room: Any,
) -> None:  # fmt: skip
    """Trials. Patients come; where enrolment may pause, looks are seen to before each day on which one comes, and
    else when all have come, for then nobody's coming depends on them, except that a trial that stops counts no later one. So it is of safety
    rules: see ``safety``. One that stops the trial on a day leaves it the looks before that day, and the read-outs on it.

    N, X: the image. A, B: what the rule has answered so far (see ``answers``). W, V: room to work in; ``room`` says where in W each thing lies (see ``layout``). A row of whole
    numbers, of zeros before, and one of real ones for each trial; and the randomised by month.
    """
    state, queue = room[STATE], room[QUEUE]
    for r in range(replicates):
        replicate, row, real = first + r, moved(rows, r * ROW_WIDTH), moved(reals, r * REAL_WIDTH)
        _begin(N, X, W, room, replicate)
        arrived, next_in = -AT_ONCE, AT_ONCE
        while True:
            coming = N[at.HORIZON] + 1
            if not W[state + CLOSED]:
                if next_in == AT_ONCE:
                    next_in = 0
                    arrived += AT_ONCE
                    next_arrivals(N, W, V, replicate, arrived, queue, room[STEPS])
                    next_patients(N, W, replicate, arrived, room[WORDS_AT_HAND], room[STRATA_AT_HAND])
                coming = W[queue + next_in]
            until = coming
            if N[at.SAFETY_ACTS] and (coming > N[at.HORIZON] or N[at.SAFETY_PAUSES] or N[at.PAUSES]):
                see_to_rules(N, X, W, V, room, replicate, coming)
                until = min(coming, W[state + STOPPED])
            ends = until < coming or coming > N[at.HORIZON]
            if N[at.LOOKS_ON] != at.ON_PATIENTS:
                # Enrolment never waits for such a look: all have come before the first is seen to.
                if ends:
                    see_to_timed_looks(N, X, A, B, W, V, row, real, room, replicate)
                    break
            elif N[at.PAUSES] or ends:
                see_to_looks(N, X, A, W, V, row, real, room, replicate, until)
                if W[state + ENDED] or until < coming:
                    break
                see_to_pause(N, W, room, coming)
            next_in = _enrol(N, W, room, replicate, arrived, next_in, coming)
        _end(N, X, W, V, row, real, moved(by_month, r * months), months, room, replicate)
