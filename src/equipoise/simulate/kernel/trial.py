"""The compiled loop: whole trials in some microseconds each, with the reference's decision at every look."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from equipoise.numerics.compiled import LIST, NONE, REAL_LIST, REAL_TABLE, REALS, TABLE, WHOLE, WHOLES, jit, jit_to_call
from equipoise.numerics.philox import pointer_to
from equipoise.numerics.two_groups import compare, count
from equipoise.simulate.kernel import places as at
from equipoise.simulate.kernel.enrolment import (
    AT_ONCE,
    QUEUE_PLACES,
    SITE_COLUMNS,
    next_arrivals,
    next_block,
    open_sites,
    stratum_of,
)
from equipoise.simulate.kernel.image import Image
from equipoise.simulate.kernel.patient import (
    ARM,
    AT,
    COLUMNS,
    DEATH,
    FIRST_CHANGE,
    FIRST_STATUS,
    GONE,
    NEVER,
    NEXT,
    NO_DAY,
    NOT_EVALUABLE,
    PENDING,
    REPORTS,
    ROW,
    SEEN,
    STATUS,
    SUCCESS,
    draw_fate,
    draw_status,
    keep_draws,
    next_change,
    observed,
    status_on,
)
from equipoise.simulate.lines import INTEGERS, REAL_COLUMNS

(
    W_STATUS, W_LOOKS, W_ACTION, W_SUCCESSES, W_EVALUABLE, W_CONTROL_SUCCESSES, W_CONTROL_EVALUABLE, W_RANDOMISED,
    W_TESTED, W_COHORT_FULL, W_AT_CUTOFF, W_AT_READOUT, W_ON_STUDY, W_LOOK_DAY, W_READOUT_DAY, W_DURATION, W_CAUTION,
    W_EXPOSURE, W_EVENTS, W_CONTROL_EVENTS, W_FULL_DAY, W_ENROLMENT_DAY,
) = range(22)  # fmt: skip


@jit(WHOLE(WHOLES, WHOLE, WHOLE))
def _on_study(W: Any, i: int, today: int) -> int:
    """Days of the patient on study by today: until progression is seen, death or leaving."""
    return max(min(W[i + SEEN], W[i + DEATH], W[i + GONE], today - W[i + AT]), 0)


@jit(types.UniTuple(WHOLE, 3)(WHOLES, WHOLES, WHOLE, WHOLE, WHOLE))
def _cohort(N: Any, W: Any, order: int, enrolled: int, need: int) -> Any:
    """(members, successes, who is pending or -1) among the first ``need`` that count, in the order of randomisation."""
    members = successes = 0
    for k in range(order, order + enrolled):
        if members == need:
            break
        status = W[W[k] + STATUS]
        if N[at.REPLACES] and status == NOT_EVALUABLE:
            continue
        if status == PENDING:
            return members, successes, W[k]
        members += 1
        successes += int(status == SUCCESS)
    return members, successes, -1


# fmt: off
@jit(NONE(WHOLES, REALS, WHOLES, REALS, WHOLES, REALS, WHOLE, WHOLE, WHOLE, WHOLE, WHOLE, WHOLE, WHOLE, WHOLE))
def _compare(
    N: Any, X: Any, W: Any, V: Any, F: Any, R: Any, replicate: int, randomised: int, today: int, counts: int,
    marked: int, scratch: int, out: int, real: int,
) -> None:
    """The randomised comparison on what is known today: ``analyse.randomised``. The counts are left as they were: zeros."""
    # fmt: on
    longest = n1 = n0 = 0
    for i in range(0, randomised * COLUMNS, COLUMNS):
        if W[i + ARM] != N[at.TESTED] and W[i + ARM] != N[at.CONTROL]:
            continue
        group = int(W[i + ARM] == N[at.TESTED])
        day, event = observed(N, X, V, replicate, W, i, today - W[i + AT])
        count(W, counts, marked, day, group, int(event))
        longest = max(longest, day)
        F[out + (W_EVENTS if group == 1 else W_CONTROL_EVENTS)] += int(event)
        n1 += group
        n0 += 1 - group
    log_hr, se, chi2 = compare(W, V, counts, marked, longest, n1, n0, scratch)
    if n0 > 0 and n1 > 0:
        R[real], R[real + 1], R[real + 2] = log_hr, se, chi2


@jit(NONE(WHOLES, REALS, WHOLES, REALS, WHOLES, REALS, WHOLES, WHOLE, WHOLE, WHOLE, WHOLES, WHOLES))
def _trials(
    N: Any, X: Any, W: Any, V: Any, F: Any, R: Any, B: Any, first: int, replicates: int, months: int, of_w: Any, of_v: Any
) -> None:
    """Trials, each day by day as ``run`` goes: read-out, records, arrivals, is the cohort full, is the look ripe.

    N, X: the image. W, V: room to work in; ``of_w`` and ``of_v`` say where in it each thing lies (see Room). F, R, B:
    rows of whole numbers, of real ones, and of patients by month.
    """
    order, enrolled, left_out, settled = of_w[0], of_w[1], of_w[2], of_w[3]
    lists, counts, marked, head = of_w[4], of_w[5], of_w[6], of_w[7]
    queue, drawn, scratch, reports, expected = of_v[0], of_v[1], of_v[2], of_v[3], of_v[4]
    tested, control, looks = N[at.TESTED], N[at.CONTROL], N[at.LOOKS]
    for r in range(replicates):
        replicate, out, real, month_row = first + r, r * len(INTEGERS), r * len(REAL_COLUMNS), r * months
        for c in range(len(INTEGERS)):
            F[out + c] = 0
        for c in range(len(REAL_COLUMNS)):
            R[real + c] = np.nan
        for a in range(3 * N[at.ARMS]):
            W[enrolled + a] = 0
        for s in range(N[at.STRATA]):
            slot = lists + s * (3 + N[at.LARGEST_BLOCK])
            W[slot] = W[slot + 1] = W[slot + 2] = 0
        open_sites(N, X, V, replicate, queue)
        next_in = AT_ONCE
        randomised = arrived = 0
        stage = 0
        closed = paused = changed = awaited = False
        full_at, readout, cutoff, at_cutoff, action, last_randomised, last_chained = -1, 0, 0, 0, at.CONTINUE, 0, -1
        held_by = -1
        today = 0
        while today <= N[at.HORIZON]:
            if awaited and today >= readout:
                awaited = False
                F[out + W_LOOKS], F[out + W_ACTION] = stage + 1, action
                if stage == 0:
                    F[out + W_COHORT_FULL] = full_at if full_at >= 0 else randomised
                    if full_at < 0:
                        F[out + W_FULL_DAY] = today
                    F[out + W_AT_CUTOFF], F[out + W_AT_READOUT] = at_cutoff, randomised
                    F[out + W_LOOK_DAY], F[out + W_READOUT_DAY] = cutoff, today
                    for i in range(0, randomised * COLUMNS, COLUMNS):
                        F[out + W_ON_STUDY] += int(min(W[i + SEEN], W[i + DEATH], W[i + GONE]) > today - W[i + AT])
                if action != at.CONTINUE:
                    break
                stage += 1
                full_at = -1
                changed, paused, held_by = True, False, -1

            node = W[head + today]
            while node >= 0:
                i = node
                node = W[i + NEXT]
                since = today - W[i + AT]
                status = W[i + FIRST_STATUS]
                # Most patients change once; the others are asked each time something of them is recorded.
                if status == PENDING:
                    status = status_on(N, X, W, i, since)
                    then = next_change(N, W, i, since)
                    if then < NO_DAY:
                        then += W[i + AT]
                        W[i + NEXT] = W[head + then]
                        W[head + then] = i
                        last_chained = max(last_chained, then)
                if status != W[i + STATUS]:
                    arm = W[i + ARM]
                    replaced = int(status == NOT_EVALUABLE) - int(W[i + STATUS] == NOT_EVALUABLE)
                    if replaced != 0:
                        W[left_out + arm] += replaced
                        held_by = -1
                    W[settled + arm] += int(status != PENDING) - int(W[i + STATUS] != PENDING)
                    W[i + STATUS] = status
                    changed = True

            while not closed:
                if next_in == AT_ONCE:
                    next_in = 0
                    next_arrivals(N, X, V, replicate, arrived, queue, expected)
                    # Drawn for all of them at once: the processor turns several blocks at a time.
                    for k in range(AT_ONCE):
                        keep_draws(N, V, at.PATIENT, replicate, arrived + k, drawn + 16 * k)
                        keep_draws(N, V, at.REPORTING, replicate, arrived + k, drawn + 16 * k + 8)
                if int(V[queue + next_in]) > today:
                    break
                k = next_in
                next_in += 1
                row = arrived
                arrived += 1
                if paused:
                    continue
                stratum = stratum_of(N, X, V, replicate, row, drawn + 16 * k)
                if stratum < 0:
                    continue
                slot = lists + stratum * (3 + N[at.LARGEST_BLOCK])
                if W[slot + 1] == W[slot]:
                    W[slot] = next_block(N, W, replicate, stratum, W[slot + 2], slot + 3)
                    W[slot + 1] = 0
                    W[slot + 2] += 1
                i = randomised * COLUMNS
                arm = W[slot + 3 + W[slot + 1]]
                W[slot + 1] += 1
                W[i + ARM], W[i + AT], W[i + STATUS], W[i + ROW] = arm, today, PENDING, row
                W[i + REPORTS] = reports + 8 * randomised
                for c in range(8):
                    V[W[i + REPORTS] + c] = V[drawn + 16 * k + 8 + c]
                draw_fate(N, X, V, replicate, W, i, stratum, drawn + 16 * k + 4)
                draw_status(N, X, V, replicate, W, i)
                then = today + W[i + FIRST_CHANGE]
                W[i + NEXT] = W[head + then]
                W[head + then] = i
                last_chained = max(last_chained, then)
                W[order + arm * N[at.TARGET] + W[enrolled + arm]] = i
                W[enrolled + arm] += 1
                randomised += 1
                changed = True
                last_randomised = today
                if months > 0:
                    for month in range(min(int(today / 30.4375), months - 1), months):
                        B[month_row + month] += 1
                closed = randomised >= N[at.TARGET]

            final = stage == looks - 1
            need, need_control = N[N[at.NEED] + 2 * stage], N[N[at.NEED] + 2 * stage + 1]
            if changed and not final and (full_at < 0 or N[at.PAUSES]):
                full = W[enrolled + tested] - (W[left_out + tested] if N[at.REPLACES] else 0) >= need
                if need_control > 0:
                    full = full and W[enrolled + control] - (W[left_out + control] if N[at.REPLACES] else 0) >= need_control
                if full and full_at < 0:
                    full_at = randomised
                    if stage == 0:
                        F[out + W_FULL_DAY] = today
                if N[at.PAUSES] and not closed:
                    paused = full and randomised >= full_at + N[at.CAP]
            if not awaited and (changed or final):
                ripe = W[settled + tested] >= need if not final else closed and today >= last_randomised + N[at.FINAL_FOLLOW_UP]
                # While the same patient holds the cohort up there is nothing to count.
                ripe = ripe and (held_by < 0 or W[held_by + STATUS] != PENDING)
                n = x = control_n = control_x = 0
                if ripe:
                    n, x, held_by = _cohort(N, W, order + tested * N[at.TARGET], W[enrolled + tested], need)
                    ripe = held_by < 0 and (n == need or final)
                if ripe and need_control > 0:
                    control_n, control_x, held_by = _cohort(N, W, order + control * N[at.TARGET], W[enrolled + control], need_control)
                    ripe = held_by < 0 and (control_n == need_control or final)
                if ripe:
                    awaited = True
                    cutoff, readout, at_cutoff = today, today + N[at.READOUT_DELAY], randomised
                    side = N[at.ACTION_SIDE]
                    action = N[N[at.ACTION] + (stage * side + n) * side + x]
                    F[out + W_SUCCESSES], F[out + W_EVALUABLE] = x, n
                    F[out + W_CONTROL_SUCCESSES], F[out + W_CONTROL_EVALUABLE] = control_x, control_n
                    F[out + W_CAUTION] = N[N[at.CAUTION] + control_n * N[at.CAUTION_SIDE] + control_x]
                    if action == at.REFUSED:
                        F[out + W_STATUS] = 2
                        break
                    if action != at.CONTINUE and control >= 0:
                        _compare(N, X, W, V, F, R, replicate, randomised, today, counts, marked, scratch, out, real)
            changed = False
            today += 1
            # On to the next day with something to do.
            stop = N[at.HORIZON]
            if awaited:
                stop = min(stop, readout)
            elif final and closed:
                stop = min(stop, max(last_randomised + N[at.FINAL_FOLLOW_UP], today))
            if not closed:
                stop = min(stop, int(V[queue + next_in]))
            while today < stop and W[head + today] < 0:
                today += 1
        if today > N[at.HORIZON]:
            F[out + W_STATUS] = 1
        F[out + W_RANDOMISED], F[out + W_TESTED], F[out + W_DURATION] = randomised, W[enrolled + tested], today
        F[out + W_ENROLMENT_DAY] = last_randomised
        for i in range(0, randomised * COLUMNS, COLUMNS):
            if W[i + ARM] == tested:
                F[out + W_EXPOSURE] += _on_study(W, i, today)
        for day in range(last_chained + 1):
            W[head + day] = -1


class Room:
    """Room for one thread to work in, made once and used for all its replicates.

    Whole numbers: patients, from 0; for each arm the order of randomisation; of each arm randomised, not evaluable,
    settled; of each stratum's list the size of the block at hand, the place in it, blocks used, the block; patients by
    day, group and event; a bit for each such day; for each day the first in a chain of the patients whose status may change. Real numbers: sites,
    from 0; days of arrival; sixteen uniforms for each; what Cox's model
    needs; each patient's first uniforms for reporting; patients expected before each day, where sites vary.
    """

    def __init__(self, image: Image) -> None:
        n = image.whole
        target, arms = int(n[at.TARGET]), int(n[at.ARMS])
        days = int(n[at.HORIZON] + 2 * NEVER + n[at.LANDMARK] + n[at.WINDOW] + 2)
        wholes = [target * COLUMNS, arms * target, arms, arms, arms]
        wholes += [int(n[at.STRATA] * (3 + n[at.LARGEST_BLOCK])), NEVER + 1, (NEVER >> 6) + 1, days]
        expected = int(n[at.HORIZON] + 2) if n[at.VARIES] else 0
        reals = [int(n[at.SITES]) * SITE_COLUMNS, QUEUE_PLACES, 16 * AT_ONCE, target, 8 * target, expected]
        self.of_w, self.of_v = np.cumsum(wholes), np.cumsum(reals)
        self.w = np.zeros(self.of_w[-1], dtype=np.int64)
        self.w[self.of_w[-2] :] = -1
        self.v = np.zeros(self.of_v[-1])


def simulate_rows(image: Image, room: Room, first: int, replicates: int, months: int = 0) -> Any:
    """Replicates ``first``, ``first`` + 1 …: whole numbers (n, INTEGERS), real ones (n, REAL_COLUMNS), and (n, months)
    how many are randomised by the end of each 30.4375 days.

    Releases the GIL: threads may run with a room each.
    """
    whole = np.empty((replicates, len(INTEGERS)), dtype=np.int64)
    real = np.empty((replicates, len(REAL_COLUMNS)))
    by_month = np.zeros((replicates, months), dtype=np.int64)
    _enter(image.whole, image.real, room.w, room.v, room.of_w, room.of_v, first, whole, real, by_month)
    return whole, real, by_month


@jit_to_call(NONE(LIST, REAL_LIST, LIST, REAL_LIST, LIST, LIST, WHOLE, TABLE, REAL_TABLE, TABLE))
def _enter(
    n: Any, x: Any, w: Any, v: Any, of_w: Any, of_v: Any, first: int, whole: Any, real: Any, by_month: Any
) -> None:
    _trials(
        pointer_to(n), pointer_to(x), pointer_to(w), pointer_to(v), pointer_to(whole), pointer_to(real),
        pointer_to(by_month), first, len(whole), by_month.shape[1], pointer_to(of_w), pointer_to(of_v),
    )  # fmt: skip
