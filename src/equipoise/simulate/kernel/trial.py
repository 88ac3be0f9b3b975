"""The compiled simulator: whole trials in some microseconds each, with the reference's decision at every look."""

from __future__ import annotations

from typing import Any

from equipoise.numerics.engine.compiled import NONE, REALS, WHOLE, WHOLES, jit, jit_in_place, moved
from equipoise.simulate.kernel import places as at
from equipoise.simulate.kernel.adverse import draw_events, draw_words
from equipoise.simulate.kernel.cohort import come_before
from equipoise.simulate.kernel.draws import draw_eight
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
    EVENT_PLACES,
    EVENT_WORDS,
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
    SAFETY_AT_HAND,
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
from equipoise.simulate.kernel.watching import pauses_from, watch, watch_anew, watch_nobody


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


@jit_in_place(NONE(WHOLES, WHOLES, WHOLES, WHOLE, WHOLE, WHOLE, WHOLE))
def _draw(N: Any, W: Any, room: Any, replicate: int, arrived: int, first: int, end: int) -> None:
    """What will become of patients ``first`` … ``end`` - 1, one thing after another: what is drawn for one waits for no other."""
    key, wide = N[at.KEYS] + 2 * at.REPORTING, N[N[at.WIDE] + at.REPORTING]
    events, state = room[SAFETY_AT_HAND] + EVENT_WORDS, room[STATE]
    for p in range(first, end):
        draw_eight(N, W, key, W[p * HOT + ROW] * wide, replicate, cold_of(N, p) + REPORTS, 1)
    if N[at.BLOCKS_TAKEN]:
        draw_words(N, W, events, replicate, first, end)
    for p in range(first, end):
        k = W[p * HOT + ROW] - arrived
        stratum, words = W[room[STRATA_AT_HAND] + k], room[WORDS_AT_HAND] + k
        draw_fate(N, W, replicate, p, stratum, words, events + (p - first) * EVENT_PLACES)
    if N[at.RECORDS] > 0:
        draw_events(N, W, room, events, replicate, first, end)
    if N[at.ENDPOINT] == at.OF_TIME:
        for p in range(first, end):
            await_event(N, W, replicate, p)
        return
    for p in range(first, end):
        if (
            draw_status(N, W, replicate, p)
            if N[at.ENDPOINT] == at.OF_LANDMARK
            else draw_changes(N, W, room, replicate, p)
        ):
            W[room[ODD] + W[state + ODDS]] = p
            W[state + ODDS] += 1


@jit(NONE(WHOLES, WHOLES, WHOLES, WHOLE, WHOLE, WHOLE))
def _give_back(N: Any, W: Any, room: Any, replicate: int, p: int, stratum: int) -> None:
    """The last to be randomised was not: its place in the list is the next one again."""
    slot = room[LISTS] + stratum * (3 + N[at.LARGEST_BLOCK])
    if W[slot + 1] == 0:
        # The block at hand is not begun: the place was the last of the one before.
        W[slot + 2] -= 2
        next_block(N, W, replicate, stratum, slot, room[FOUND])
        W[slot + 1] = W[slot]
    W[slot + 1] -= 1
    W[room[ENROLLED] + W[p * HOT + ARM]] -= 1
    odds = room[STATE] + ODDS
    if W[odds] > 0 and W[room[ODD] + W[odds] - 1] == p:
        W[odds] -= 1


@jit(WHOLE(WHOLES, WHOLES, WHOLES, WHOLE, WHOLE, WHOLE, WHOLE))
def _enrol(N: Any, W: Any, room: Any, replicate: int, arrived: int, next_in: int, coming: int) -> int:
    """Randomise those at hand, from the ``next_in``-th on, and draw what will become of them; returns who is next.

    Where a look may pause enrolment: those who come on the day ``coming``. Else all of them, but where a safety rule may pause it those who come up to
    that day.
    """
    state, lists, order, enrolled = room[STATE], room[LISTS], room[ORDER], room[ENROLLED]
    if W[state + CLOSED]:
        return next_in
    pauses, slots, first = N[at.PAUSES] != 0, 3 + N[at.LARGEST_BLOCK], W[state + RANDOMISED]
    randomised, until = first, coming if pauses else N[at.HORIZON]
    if N[at.SAFETY_PAUSES] and not pauses:
        until = min(until, max(coming, pauses_from(N, W, room, coming)))
    while next_in < AT_ONCE and randomised < N[at.TARGET]:
        today, stratum = W[room[QUEUE] + next_in], W[room[STRATA_AT_HAND] + next_in]
        if today > until:
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
    if randomised == first:
        return next_in
    _draw(N, W, room, replicate, arrived, first, randomised)
    if N[at.SAFETY_ACTS]:
        watch(N, W, room, replicate, first, randomised)
        if N[at.SAFETY_PAUSES] and not pauses:
            pause = max(pauses_from(N, W, room, W[(randomised - 1) * HOT + AT]), coming)
            if pause < W[(randomised - 1) * HOT + AT]:
                # Whoever came after the day on which a rule may pause is not randomised yet.
                while W[(randomised - 1) * HOT + AT] > pause:
                    randomised -= 1
                    next_in = W[randomised * HOT + ROW] - arrived
                    _give_back(N, W, room, replicate, randomised, W[room[STRATA_AT_HAND] + next_in])
                watch_anew(N, W, room, replicate, randomised)
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
