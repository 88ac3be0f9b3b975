"""Looks, read-outs and pauses of a simulated trial, compiled: as ``run`` sees to them day by day, without the days between."""

from __future__ import annotations

from typing import Any

from equipoise.numerics.engine.compiled import NONE, REALS, WHOLE, WHOLES, jit
from equipoise.simulate.kernel import places as at
from equipoise.simulate.kernel.asked import column_of, question
from equipoise.simulate.kernel.cohort import come_before, first_full, first_ripe
from equipoise.simulate.kernel.comparison import compare_arms, times_contradict
from equipoise.simulate.kernel.layout import (
    ACTION,
    ASKS,
    AT,
    AWAITED,
    CLOSED,
    CUTOFF,
    ENDED,
    ENROL,
    FOUND,
    FULL,
    FULL_AT,
    FULL_FROM,
    FULL_TO,
    GIVEN_UP,
    HOT,
    KEPT,
    KNOWN_CUTOFF,
    PAUSED,
    RANDOMISED,
    READOUT,
    REFUSES,
    RIPE_FROM,
    ROW_ACTION,
    ROW_AT_CUTOFF,
    ROW_AT_READOUT,
    ROW_CAUTION,
    ROW_COHORT_FULL,
    ROW_CONTROL_EVALUABLE,
    ROW_CONTROL_SUCCESSES,
    ROW_EVALUABLE,
    ROW_FULL_DAY,
    ROW_LOOK_DAY,
    ROW_LOOKS,
    ROW_ON_STUDY,
    ROW_OVERRULED,
    ROW_QUESTION,
    ROW_READOUT_DAY,
    ROW_STATUS,
    ROW_SUCCESSES,
    STAGE,
    STATE,
)
from equipoise.simulate.kernel.patient import off_study
from equipoise.simulate.kernel.safety import stops_at


@jit(NONE(WHOLES, WHOLES, WHOLES, WHOLES))
def _read_out(N: Any, W: Any, row: Any, room: Any) -> None:
    """The awaited look is known: the trial ends, or goes on to its next stage."""
    state = room[STATE]
    stage, cutoff, readout = W[state + STAGE], W[state + CUTOFF], W[state + READOUT]
    final = stage == N[at.LOOKS] - 1
    row[ROW_LOOKS], row[ROW_ACTION] = stage + 1, W[state + ACTION]
    if stage == 0:
        full = readout
        if not final:
            full, _ = first_full(N, W, room, N[N[at.NEED]], N[N[at.NEED] + 1], 0)
        row[ROW_COHORT_FULL], row[ROW_FULL_DAY] = come_before(N, W, room, full + 1), full
        row[ROW_AT_CUTOFF], row[ROW_AT_READOUT] = come_before(N, W, room, cutoff + 1), come_before(N, W, room, readout)
        row[ROW_LOOK_DAY], row[ROW_READOUT_DAY] = cutoff, readout
        for p in range(row[ROW_AT_READOUT]):
            row[ROW_ON_STUDY] += int(off_study(W, p) > readout - W[p * HOT + AT])
    if N[at.SAFETY_ACTS]:
        # A later look may never come to be known.
        W[state + KNOWN_CUTOFF], W[state + KEPT + 4] = cutoff, row[ROW_CAUTION]
        for k in range(4):
            W[state + KEPT + k] = row[ROW_SUCCESSES + k]
    W[state + AWAITED] = W[state + PAUSED] = 0
    W[state + ENDED] = int(W[state + ACTION] != at.CONTINUE or final)
    W[state + STAGE], W[state + FULL_AT] = stage + 1, -1
    W[state + FULL_FROM] = W[state + RIPE_FROM] = readout


@jit(NONE(WHOLES, REALS, WHOLES, WHOLES, REALS, WHOLES, REALS, WHOLES, WHOLE))
def _look(
    N: Any, X: Any, A: Any, W: Any, V: Any, row: Any, real: Any, room: Any, replicate: int
) -> None:  # fmt: skip
    """The look is ripe: what the trial's rule says of it, the control arm's check, safety rules that stop, and before an end the comparison.

    The last look's answer changes nothing of the trial's course: it is found later, from the question in the row.
    """
    state, found = room[STATE], room[FOUND]
    n, x, control_n, control_x = W[found], W[found + 1], W[found + 2], W[found + 3]
    cutoff = W[state + RIPE_FROM]
    randomised = come_before(N, W, room, cutoff + 1)
    warned = N[N[at.CAUTION] + control_n * N[at.CONTROL_SIDE] + control_x]
    if N[at.BY_TIMES] and control_n > 0:
        warned = int(times_contradict(N, W, replicate, randomised, cutoff))
    # What is known on a day is read out on a later one.
    W[state + AWAITED], W[state + CUTOFF], W[state + READOUT] = 1, cutoff, cutoff + max(N[at.READOUT_DELAY], 1)
    row[ROW_SUCCESSES], row[ROW_EVALUABLE] = x, n
    row[ROW_CONTROL_SUCCESSES], row[ROW_CONTROL_EVALUABLE] = control_x, control_n
    row[ROW_CAUTION] = warned
    row[ROW_QUESTION] = question(N, W, W[state + STAGE], found, warned * N[at.TAKES_OVER] | N[at.BOTH_RATES])
    answer = at.STOP
    if W[state + STAGE] < N[at.LOOKS] - 1:
        column = column_of(A, row[ROW_QUESTION])
        if column < 0:
            row[ROW_STATUS], W[state + ENDED] = ASKS, 1
            return
        answer = A[column + x]
    row[ROW_OVERRULED] = int(N[at.SAFETY_ACTS] and stops_at(N, X, W, V, room, replicate, cutoff))
    action = at.STOP if row[ROW_OVERRULED] and answer & 7 != at.REFUSED else answer & 7
    W[state + ACTION], W[state + ENROL] = action, answer >> 3
    if action == at.REFUSED:
        row[ROW_STATUS], W[state + ENDED] = REFUSES, 1
    elif action != at.CONTINUE and N[at.COMPARED]:
        compare_arms(N, W, V, row, real, room, replicate, randomised, cutoff)


@jit(NONE(WHOLES, WHOLES, WHOLES, WHOLE))
def _close(N: Any, W: Any, room: Any, coming: int) -> None:
    """Close enrolment if before the day ``coming`` as many of the tested arm were enrolled as an earlier look said."""
    state = room[STATE]
    if W[state + ENROL] == 0 or coming <= W[state + FULL_FROM]:
        return
    full, _ = first_full(N, W, room, W[state + ENROL], 0, W[state + FULL_FROM])
    W[state + CLOSED] = int(full < coming)
    W[state + FULL_FROM] = coming
    if full < coming:
        W[state + RIPE_FROM] = max(W[state + RIPE_FROM], full)


@jit(NONE(WHOLES, REALS, WHOLES, WHOLES, REALS, WHOLES, REALS, WHOLES, WHOLE, WHOLE))
def see_to_looks(
    N: Any, X: Any, A: Any, W: Any, V: Any, row: Any, real: Any, room: Any, replicate: int, coming: int
) -> None:  # fmt: skip
    """Until the morning of the day ``coming``: looks on the days before it, read-outs on it too."""
    state = room[STATE]
    while not W[state + ENDED]:
        if W[state + AWAITED]:
            if W[state + READOUT] > min(coming, N[at.HORIZON]):
                break
            _read_out(N, W, row, room)
            continue
        final, day = W[state + STAGE] == N[at.LOOKS] - 1, W[state + RIPE_FROM]
        if final:
            if not W[state + CLOSED]:
                _close(N, W, room, coming)
            if not W[state + CLOSED]:
                break
            day = max(day, W[(W[state + RANDOMISED] - 1) * HOT + AT] + N[at.FINAL_FOLLOW_UP])
        day = max(day, N[N[at.NOT_BEFORE] + W[state + STAGE]])
        if day < coming:
            W[state + RIPE_FROM] = first_ripe(N, W, room, final, day, coming - 1)
        if max(day, W[state + RIPE_FROM]) >= coming:
            break
        _look(N, X, A, W, V, row, real, room, replicate)
    if not W[state + ENDED] and coming > N[at.HORIZON]:
        row[ROW_STATUS], W[state + ENDED] = GIVEN_UP, 1


@jit(NONE(WHOLES, WHOLES, WHOLES, WHOLE))
def see_to_pause(N: Any, W: Any, room: Any, coming: int) -> None:
    """Whether enrolment is paused on the morning of the day ``coming``: the stage's cohort is full, and as many more as
    are allowed have come. While nobody comes and no status changes, a cohort stays as full as it is."""
    state = room[STATE]
    stage = W[state + STAGE]
    if not N[at.WAITS] or stage == N[at.LOOKS] - 1 or coming <= W[state + FULL_FROM]:
        return
    need_tested, need_control = N[N[at.NEED] + 2 * stage], N[N[at.NEED] + 2 * stage + 1]
    if W[state + FULL_AT] < 0:
        W[state + FULL], W[state + FULL_TO] = first_full(N, W, room, need_tested, need_control, W[state + FULL_FROM])
        if W[state + FULL] < coming:
            W[state + FULL_AT] = come_before(N, W, room, W[state + FULL] + 1)
    if W[state + FULL_AT] >= 0 and W[state + FULL_TO] < coming:
        W[state + FULL], W[state + FULL_TO] = first_full(N, W, room, need_tested, need_control, coming - 1)
    enough = W[state + FULL_AT] >= 0 and W[state + RANDOMISED] >= W[state + FULL_AT] + N[at.CAP]
    W[state + PAUSED] = int(enough and W[state + FULL] < coming)
    W[state + FULL_FROM] = coming
