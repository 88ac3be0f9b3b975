"""Looks on events, or on patients enrolled and followed, compiled: as ``run`` and ``decide`` see to them, without the days between.

Enrolment never waits for such a look. So who comes and what becomes of them is known before the first is seen to, and each look
is on the day on which so many events are known, or so many patients have been followed.
"""

from __future__ import annotations

from typing import Any

from equipoise.numerics.engine.compiled import NONE, REALS, WHOLE, WHOLES, jit
from equipoise.simulate.day_table import HORIZON
from equipoise.simulate.kernel import places as at
from equipoise.simulate.kernel.asked import column_of
from equipoise.simulate.kernel.cohort import come_before
from equipoise.simulate.kernel.comparison import compare_arms
from equipoise.simulate.kernel.layout import (
    ARM,
    ASKS,
    AT,
    CHANGE,
    CLOSED,
    COUNTS,
    DEATH,
    DEATH_KNOWN,
    ENDED,
    ENROLLED,
    GIVEN_UP,
    GONE,
    HOT,
    LEFT,
    LEFT_KNOWN,
    NO_DAY,
    ORDER,
    RANDOMISED,
    READOUT,
    REAL_STATISTIC,
    REFUSES,
    ROW_ACTION,
    ROW_AT_CUTOFF,
    ROW_AT_READOUT,
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
    SEEN,
    SEEN_AT,
    SEEN_KNOWN,
    STATE,
    STOPPED,
    UNDRAWN,
)
from equipoise.simulate.kernel.one_group import statistic_of
from equipoise.simulate.kernel.patient import cold_of, known, observed, off_study, recorded
from equipoise.simulate.kernel.safety import stops_at
from equipoise.simulate.virtual_patient import SCAN_DELAYS


@jit(NONE(WHOLES, WHOLES, WHOLE, WHOLE))
def await_event(N: Any, W: Any, replicate: int, p: int) -> None:
    """The day of the trial on which the patient's event is known, as CHANGE; NO_DAY if it never is."""
    hot, cold = p * HOT, cold_of(N, p)
    dies = W[hot + DEATH] <= W[hot + GONE]
    W[cold + SEEN_KNOWN] = UNDRAWN if W[hot + SEEN] <= HORIZON else NO_DAY
    W[cold + DEATH_KNOWN] = UNDRAWN if dies else NO_DAY
    W[cold + LEFT_KNOWN] = recorded(N, W, replicate, p, W[hot + GONE], 1) if W[cold + LEFT] > 0 else NO_DAY
    day = NO_DAY
    if N[at.OF_PROGRESSION] and W[hot + SEEN] <= HORIZON:
        day = known(N, W, replicate, p, SEEN_KNOWN, W[hot + SEEN], SCAN_DELAYS + W[cold + SEEN_AT])
    if N[at.OF_DEATH] and dies:
        day = min(day, known(N, W, replicate, p, DEATH_KNOWN, W[hot + DEATH], 0))
    W[hot + CHANGE] = W[hot + AT] + day if day < NO_DAY else NO_DAY


@jit(WHOLE(WHOLES, WHOLES, WHOLE))
def _counted(N: Any, W: Any, p: int) -> int:
    """1 for a patient whose times the look counts: of the tested arm or, where two arms are compared, of either."""
    arm = W[p * HOT + ARM]
    return int(arm == N[at.TESTED] or (N[at.STATISTIC] == at.LOG_RANK and arm == N[at.CONTROL]))


@jit(WHOLE(WHOLES, WHOLES, WHOLES, WHOLE))
def _by_events(N: Any, W: Any, room: Any, events: int) -> int:
    """The first day on which so many events are known; NO_DAY if they never are. The room's counts are left as they were: zeros."""
    counts, randomised, last = room[COUNTS], W[room[STATE] + RANDOMISED], N[at.HORIZON]
    there = 0
    for p in range(randomised):
        if W[p * HOT + CHANGE] <= last and _counted(N, W, p) != 0:
            W[counts + W[p * HOT + CHANGE]] += 1
            there += 1
    day, so_far = NO_DAY, 0
    if there >= events:
        day = -1
        while so_far < events:
            day += 1
            so_far += W[counts + day]
    for p in range(randomised):
        if W[p * HOT + CHANGE] <= last:
            W[counts + W[p * HOT + CHANGE]] = 0
    return day


@jit(WHOLE(WHOLES, WHOLES, WHOLES, WHOLE))
def _due(N: Any, W: Any, room: Any, stage: int) -> int:
    """The day on which the stage's look is due, whatever came before; NO_DAY if what it is on never comes."""
    need = N[N[at.NEED] + 2 * stage]
    if N[at.LOOKS_ON] == at.ON_EVENTS:
        return _by_events(N, W, room, need)
    of_tested = room[ORDER] + N[at.TESTED] * N[at.TARGET]
    if W[room[ENROLLED] + N[at.TESTED]] < need:
        return NO_DAY
    last, first = W[W[of_tested + need - 1] * HOT + AT], W[W[of_tested] * HOT + AT]
    follow = N[at.FOLLOW] + 2 * stage
    return max(last + N[follow], first + N[follow + 1])


@jit(NONE(WHOLES, WHOLES, WHOLES, WHOLES, WHOLE, WHOLE))
def _first_look(N: Any, W: Any, row: Any, room: Any, day: int, readout: int) -> None:
    """What is kept of the first look that is taken."""
    row[ROW_COHORT_FULL], row[ROW_FULL_DAY] = come_before(N, W, room, readout), readout
    row[ROW_AT_CUTOFF], row[ROW_AT_READOUT] = come_before(N, W, room, day + 1), come_before(N, W, room, readout)
    row[ROW_LOOK_DAY], row[ROW_READOUT_DAY] = day, readout
    for p in range(row[ROW_AT_READOUT]):
        row[ROW_ON_STUDY] += int(off_study(W, p) > readout - W[p * HOT + AT])


@jit(WHOLE(WHOLES, REALS, WHOLES, REALS, WHOLES, REALS, WHOLES, WHOLE, WHOLE))
def _read(
    N: Any, X: Any, W: Any, V: Any, row: Any, real: Any, room: Any, replicate: int, today: int
) -> int:  # fmt: skip
    """Patients and events of each arm and the statistic of the times into the rows; returns on how much the look is taken."""
    randomised = come_before(N, W, room, today + 1)
    events = control_events = n = control_n = 0
    if N[at.STATISTIC] == at.LOG_RANK:
        real[REAL_STATISTIC] = compare_arms(N, W, V, row, real, room, replicate, randomised, today)
    else:
        real[REAL_STATISTIC] = statistic_of(N, X, W, room, replicate, randomised, today)
    for p in range(randomised):
        if _counted(N, W, p) != 0:
            _, event = observed(N, W, replicate, p, today - W[p * HOT + AT])
            tested = int(W[p * HOT + ARM] == N[at.TESTED])
            n += tested
            control_n += 1 - tested
            events += int(event) * tested
            control_events += int(event) * (1 - tested)
    row[ROW_SUCCESSES], row[ROW_EVALUABLE] = events, n
    row[ROW_CONTROL_SUCCESSES], row[ROW_CONTROL_EVALUABLE] = control_events, control_n
    return events + control_events if N[at.LOOKS_ON] == at.ON_EVENTS else n


@jit(NONE(WHOLES, REALS, WHOLES, REALS, WHOLES, REALS, WHOLES, REALS, WHOLES, WHOLE))
def see_to_timed_looks(
    N: Any, X: Any, A: Any, B: Any, W: Any, V: Any, row: Any, real: Any, room: Any, replicate: int
) -> None:  # fmt: skip
    """All looks of a trial whose patients have all come, to its end.

    Once enrolment is over and the last patient has been followed, no look is waited for any more: the last one is next.
    The last look's answer changes nothing of the trial's course: it is found later, from the question in the row.
    """
    state, side = room[STATE], N[at.TARGET] + 1
    looks, stage, ready, taken, before = N[at.LOOKS], 0, 0, 0, 0
    followed = NO_DAY
    if W[state + CLOSED]:
        followed = W[(W[state + RANDOMISED] - 1) * HOT + AT] + N[at.FINAL_FOLLOW_UP]
    W[state + ENDED] = 1
    while True:
        day = max(_due(N, W, room, stage), ready, N[N[at.NOT_BEFORE] + stage])
        if max(followed, ready) <= day:
            day = max(followed, ready)
            while stage < looks - 1:
                # A look that is never taken is a 0 among what the earlier ones attained.
                stage += 1
                before *= side
        # A look that was passed while another was awaited is not taken after the one that is due.
        while stage < looks - 1 and max(_due(N, W, room, stage + 1), N[N[at.NOT_BEFORE] + stage + 1]) <= day:
            stage += 1
            before *= side
        readout = day + max(N[at.READOUT_DELAY], 1)
        if readout > W[state + STOPPED]:
            # A safety rule stops the trial before the look is known.
            W[state + ENDED] = 0
            return
        if readout > N[at.HORIZON]:
            row[ROW_STATUS] = GIVEN_UP
            return
        attained = _read(N, X, W, V, row, real, room, replicate, day)
        row[ROW_QUESTION] = (before * side + attained) * looks + stage
        W[state + READOUT] = readout
        if taken == 0:
            _first_look(N, W, row, room, day, readout)
        taken += 1
        row[ROW_LOOKS], row[ROW_ACTION] = stage + 1, at.STOP
        row[ROW_OVERRULED] = int(N[at.SAFETY_ACTS] and stops_at(N, X, W, V, room, replicate, day))
        if stage == looks - 1:
            return
        column = column_of(A, row[ROW_QUESTION])
        if column < 0:
            row[ROW_STATUS] = ASKS
            return
        place = A[column + 3]
        action = A[column + int(real[REAL_STATISTIC] >= B[place]) + int(real[REAL_STATISTIC] >= B[place + 1])]
        action = at.STOP if row[ROW_OVERRULED] and action != at.REFUSED else action
        row[ROW_ACTION] = action
        if action == at.REFUSED:
            row[ROW_STATUS] = REFUSES
            return
        if action != at.CONTINUE:
            return
        before, ready = before * side + attained, readout
        stage += 1
