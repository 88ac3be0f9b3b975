"""The compiled simulator: whole trials in some microseconds each, with the reference's decision at every look."""

from __future__ import annotations

from typing import Any

import numpy as np

from equipoise.numerics.compiled import NONE, REALS, WHOLE, WHOLES, jit, jit_in_place
from equipoise.numerics.two_groups import compare, count
from equipoise.simulate.kernel import places as at
from equipoise.simulate.kernel.cohort import first_full, first_ripe
from equipoise.simulate.kernel.draws import draw_eight
from equipoise.simulate.kernel.enrolment import next_arrivals, next_block, next_patients, open_sites
from equipoise.simulate.kernel.layout import ARM, AT, AT_ONCE, DEATH, GONE, HOT, REPORTS, ROW, SEEN
from equipoise.simulate.kernel.patient import cold_of, draw_fate, draw_status, observed
from equipoise.simulate.lines import INTEGERS, REAL_COLUMNS

(
    W_STATUS, W_LOOKS, W_ACTION, W_SUCCESSES, W_EVALUABLE, W_CONTROL_SUCCESSES, W_CONTROL_EVALUABLE, W_RANDOMISED,
    W_TESTED, W_COHORT_FULL, W_AT_CUTOFF, W_AT_READOUT, W_ON_STUDY, W_LOOK_DAY, W_READOUT_DAY, W_DURATION, W_CAUTION,
    W_EXPOSURE, W_EVENTS, W_CONTROL_EVENTS, W_FULL_DAY, W_ENROLMENT_DAY,
) = range(22)  # fmt: skip


@jit_in_place(WHOLE(WHOLES, WHOLE))
def _off_study(W: Any, p: int) -> int:
    """Days of the patient on study: until progression is seen, death or leaving."""
    return min(W[p * HOT + SEEN], W[p * HOT + DEATH], W[p * HOT + GONE])


@jit(WHOLE(WHOLES, WHOLE, WHOLE))
def _come_before(W: Any, randomised: int, day: int) -> int:
    """How many are randomised before a day."""
    n = randomised
    while n > 0 and W[(n - 1) * HOT + AT] >= day:
        n -= 1
    return n


@jit(NONE(WHOLES, WHOLES, REALS, WHOLES, REALS, WHOLE, WHOLE, WHOLE, WHOLE, WHOLE, WHOLE, WHOLE))
def _compare(
    N: Any, W: Any, V: Any, F: Any, R: Any, replicate: int, randomised: int, today: int, counts: int, marked: int,
    out: int, real: int,
) -> None:  # fmt: skip
    """The randomised comparison on what is known today: ``analyse.randomised``. The counts are left as they were: zeros."""
    longest = n1 = n0 = 0
    for p in range(randomised):
        arm = W[p * HOT + ARM]
        if arm != N[at.TESTED] and arm != N[at.CONTROL]:
            continue
        group = int(arm == N[at.TESTED])
        day, event = observed(N, W, replicate, p, today - W[p * HOT + AT])
        count(W, counts, marked, day, group, int(event))
        longest = max(longest, day)
        F[out + (W_EVENTS if group == 1 else W_CONTROL_EVENTS)] += int(event)
        n1 += group
        n0 += 1 - group
    log_hr, se, chi2 = compare(W, V, counts, marked, longest, n1, n0, 0)
    if n0 > 0 and n1 > 0:
        R[real], R[real + 1], R[real + 2] = log_hr, se, chi2


@jit(NONE(WHOLES, REALS, WHOLES, REALS, WHOLES, REALS, WHOLES, WHOLE, WHOLE, WHOLE, WHOLES))
def trials(
    N: Any, X: Any, W: Any, V: Any, F: Any, R: Any, B: Any, first: int, replicates: int, months: int, room: Any
) -> None:
    """Trials. Patients come; where enrolment may pause, looks are seen to before each day on which one comes, and
    else when all have come, for then nobody's coming depends on them, except that a trial that stops counts no later one.

    N, X: the image. W, V: room to work in; ``room`` says where in W each thing lies (see ``rows.Room``). F, R, B: rows of
    whole numbers, of real ones, and of patients by month.
    """
    order, enrolled, odd, lists, counts, marked, queue, drawn, strata, found, steps = (
        room[0], room[1], room[2], room[3], room[4], room[5], room[6], room[7], room[8], room[9], room[10],
    )  # fmt: skip
    tested, control, looks, target, slots = (
        N[at.TESTED],
        N[at.CONTROL],
        N[at.LOOKS],
        N[at.TARGET],
        3 + N[at.LARGEST_BLOCK],
    )
    for r in range(replicates):
        replicate, out, real, month_row = first + r, r * len(INTEGERS), r * len(REAL_COLUMNS), r * months
        for c in range(len(INTEGERS)):
            F[out + c] = 0
        for c in range(len(REAL_COLUMNS)):
            R[real + c] = np.nan
        for a in range(N[at.ARMS]):
            W[enrolled + a] = 0
        for s in range(N[at.STRATA]):
            slot = lists + s * slots
            W[slot] = W[slot + 1] = W[slot + 2] = 0
        open_sites(N, X, W, replicate, queue, steps)
        next_in = AT_ONCE
        arrived = randomised = odds = stage = 0
        closed = paused = awaited = ended = False
        full_at, full_from, full, full_to, ripe_from, cutoff, readout, action = -1, 0, 0, 0, 0, 0, 0, at.CONTINUE
        while True:
            coming = N[at.HORIZON] + 1
            if not closed:
                if next_in == AT_ONCE:
                    next_in = 0
                    next_arrivals(N, W, V, replicate, arrived, queue, steps)
                    next_patients(N, W, replicate, arrived, drawn, strata)
                coming = W[queue + next_in]

            if N[at.PAUSES] or closed or coming > N[at.HORIZON]:
                # Until the morning of that day: read-outs on it too, looks on the days before.
                while True:
                    final = stage == looks - 1
                    if awaited:
                        if readout > min(coming, N[at.HORIZON]):
                            break
                        awaited = False
                        F[out + W_LOOKS], F[out + W_ACTION] = stage + 1, action
                        if stage == 0:
                            full = readout
                            if not final:
                                full, _ = first_full(N, W, 0, order, enrolled, odd, odds, 0)
                            F[out + W_COHORT_FULL], F[out + W_FULL_DAY] = _come_before(W, randomised, full + 1), full
                            F[out + W_AT_CUTOFF] = _come_before(W, randomised, cutoff + 1)
                            F[out + W_AT_READOUT] = _come_before(W, randomised, readout)
                            F[out + W_LOOK_DAY], F[out + W_READOUT_DAY] = cutoff, readout
                            for p in range(F[out + W_AT_READOUT]):
                                F[out + W_ON_STUDY] += int(_off_study(W, p) > readout - W[p * HOT + AT])
                        ended = action != at.CONTINUE or final
                        if ended:
                            break
                        stage += 1
                        full_at, full_from, ripe_from, paused = -1, readout, readout, False
                        continue
                    day = ripe_from
                    if final:
                        if not closed:
                            break
                        day = max(day, W[(randomised - 1) * HOT + AT] + N[at.FINAL_FOLLOW_UP])
                    if day >= coming:
                        break
                    ripe_from = first_ripe(N, W, stage, order, enrolled, final, day, coming - 1, found)
                    if ripe_from >= coming:
                        break
                    # What is known on a day is read out on a later one.
                    awaited, cutoff, readout = True, ripe_from, ripe_from + max(N[at.READOUT_DELAY], 1)
                    n, x, control_n, control_x = W[found], W[found + 1], W[found + 2], W[found + 3]
                    side = N[at.ACTION_SIDE]
                    action = N[N[at.ACTION] + (stage * side + n) * side + x]
                    F[out + W_SUCCESSES], F[out + W_EVALUABLE] = x, n
                    F[out + W_CONTROL_SUCCESSES], F[out + W_CONTROL_EVALUABLE] = control_x, control_n
                    F[out + W_CAUTION] = N[N[at.CAUTION] + control_n * N[at.CAUTION_SIDE] + control_x]
                    if action == at.REFUSED:
                        F[out + W_STATUS] = 2
                        ended = True
                        break
                    if action != at.CONTINUE and control >= 0:
                        n = _come_before(W, randomised, cutoff + 1)
                        _compare(N, W, V, F, R, replicate, n, cutoff, counts, marked, out, real)
                if ended:
                    break
                if coming > N[at.HORIZON]:
                    F[out + W_STATUS] = 1
                    break
                if stage < looks - 1 and coming > full_from:
                    # While nobody comes and no status changes, a cohort stays as full as it is.
                    if full_at < 0:
                        full, full_to = first_full(N, W, stage, order, enrolled, odd, odds, full_from)
                        if full < coming:
                            full_at = _come_before(W, randomised, full + 1)
                    if full_at >= 0 and full_to < coming:
                        full, full_to = first_full(N, W, stage, order, enrolled, odd, odds, coming - 1)
                    paused = full_at >= 0 and full < coming and randomised >= full_at + N[at.CAP]
                    full_from = coming

            fresh = randomised
            while next_in < AT_ONCE and not closed:
                today = W[queue + next_in]
                if today > N[at.HORIZON] or (N[at.PAUSES] and today != coming):
                    break
                stratum, row = W[strata + next_in], arrived + next_in
                next_in += 1
                if paused or stratum < 0:
                    continue
                slot = lists + stratum * slots
                if W[slot + 1] == W[slot]:
                    next_block(N, W, replicate, stratum, slot, found)
                arm = W[slot + 3 + W[slot + 1]]
                W[slot + 1] += 1
                W[randomised * HOT + ARM], W[randomised * HOT + AT], W[randomised * HOT + ROW] = arm, today, row
                W[order + arm * target + W[enrolled + arm]] = randomised
                W[enrolled + arm] += 1
                randomised += 1
                closed = randomised >= target
            key, wide = N[at.KEYS] + 2 * at.REPORTING, N[N[at.WIDE] + at.REPORTING]
            for p in range(fresh, randomised):
                draw_eight(N, W, key, W[p * HOT + ROW] * wide, replicate, cold_of(N, p) + REPORTS, 1)
            for p in range(fresh, randomised):
                k = W[p * HOT + ROW] - arrived
                draw_fate(N, W, replicate, p, W[strata + k], drawn + k)
                if draw_status(N, W, replicate, p):
                    W[odd + odds] = p
                    odds += 1
            if next_in == AT_ONCE:
                arrived += AT_ONCE
            if randomised > fresh:
                full_to = 0
                ripe_from = max(full_from, coming if N[at.PAUSES] else 0)

        randomised = _come_before(W, randomised, readout)
        F[out + W_RANDOMISED], F[out + W_DURATION] = randomised, readout
        if randomised > 0:
            F[out + W_ENROLMENT_DAY] = W[(randomised - 1) * HOT + AT]
        for p in range(randomised):
            is_tested = int(W[p * HOT + ARM] == tested)
            F[out + W_TESTED] += is_tested
            F[out + W_EXPOSURE] += is_tested * min(_off_study(W, p), readout - W[p * HOT + AT])
        if months > 0:
            for p in range(randomised):
                B[month_row + min(int(W[p * HOT + AT] / 30.4375), months - 1)] += 1
            for month in range(1, months):
                B[month_row + month] += B[month_row + month - 1]
