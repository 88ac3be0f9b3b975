"""The compiled loop: whole trials in some microseconds each, with the reference's decision at every look."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from equipoise.numerics.compiled import LIST, NONE, REAL_LIST, REAL_TABLE, REALS, TABLE, WHOLE, WHOLES, jit
from equipoise.numerics.philox import pointer_to, unowned
from equipoise.numerics.two_groups import cox_efron, logrank_chi2
from equipoise.simulate.kernel import places as at
from equipoise.simulate.kernel.enrolment import QUEUE, SITE_COLUMNS, fill_queue, next_block, open_sites, stratum_of
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
    NO_DAY,
    NOT_EVALUABLE,
    PENDING,
    ROW,
    SEEN,
    STATUS,
    SUCCESS,
    draw_fate,
    draw_status,
    next_change,
    observed,
    patient_draws,
    status_on,
)

#: Whole numbers of a replicate, in columns. status: 0 it ended, 1 it was given up, 2 the design refused the evidence,
#: 3 too many patients at once. Days count from the trial's start.
INTEGERS = (
    "status", "looks", "action", "successes", "evaluable", "control_successes", "control_evaluable", "randomised",
    "tested", "cohort_full", "at_cutoff", "at_readout", "on_study_at_readout", "look_day", "readout_day", "duration",
    "control_caution", "exposure_days", "events", "control_events",
)  # fmt: skip
(
    W_STATUS, W_LOOKS, W_ACTION, W_SUCCESSES, W_EVALUABLE, W_CONTROL_SUCCESSES, W_CONTROL_EVALUABLE, W_RANDOMISED,
    W_TESTED, W_COHORT_FULL, W_AT_CUTOFF, W_AT_READOUT, W_ON_STUDY, W_LOOK_DAY, W_READOUT_DAY, W_DURATION, W_CAUTION,
    W_EXPOSURE, W_EVENTS, W_CONTROL_EVENTS,
) = range(20)  # fmt: skip
REALS = ("log_hr", "log_hr_se", "logrank_chi2")


@jit(WHOLE(TABLE, WHOLE, WHOLE))
def _on_study(P: Any, i: int, today: int) -> int:
    """Days of the patient on study by today: until progression is seen, death or leaving."""
    return max(min(P[i, SEEN], P[i, DEATH], P[i, GONE], today - P[i, AT]), 0)


@jit(types.UniTuple(WHOLE, 3)(WHOLES, TABLE, TABLE, WHOLE, WHOLE, WHOLE))
def _cohort(N: Any, P: Any, order: Any, arm: int, enrolled: int, need: int) -> Any:
    """(members, successes, who is pending or -1) among the first ``need`` that count, in the order of randomisation."""
    members = successes = 0
    for k in range(enrolled):
        if members == need:
            break
        status = P[order[arm, k], STATUS]
        if N[at.REPLACES] and status == NOT_EVALUABLE:
            continue
        if status == PENDING:
            return members, successes, order[arm, k]
        members += 1
        successes += status == SUCCESS
    return members, successes, -1


@jit(NONE(WHOLES, REALS, WHOLE, TABLE, WHOLE, WHOLE, TABLE, REAL_TABLE, LIST, REAL_LIST))
def _compare(
    N: Any,
    X: Any,
    replicate: int,
    P: Any,
    randomised: int,
    today: int,
    counts: Any,
    scratch: Any,
    whole: Any,
    real: Any,
) -> None:
    """The randomised comparison on what is known today: ``analyse.randomised``. ``counts`` is left as it was: zeros."""
    longest = n1 = n0 = 0
    for i in range(randomised):
        if P[i, ARM] != N[at.TESTED] and P[i, ARM] != N[at.CONTROL]:
            continue
        group = 1 if P[i, ARM] == N[at.TESTED] else 0
        day, event = observed(N, X, replicate, P, i, today - P[i, AT])
        counts[day, 2 * group + event] += 1
        longest = max(longest, day)
        whole[W_EVENTS if group == 1 else W_CONTROL_EVENTS] += event
        n1 += group
        n0 += 1 - group
    if n0 > 0 and n1 > 0:
        real[2] = logrank_chi2(counts, longest, n1, n0)
        real[0], real[1] = cox_efron(counts, longest, n1, n0, scratch)
    for day in range(longest + 1):
        for c in range(4):
            counts[day, c] = 0


def simulate_rows(image: Image, first: int, whole: Any, real: Any, by_month: Any) -> None:
    """Replicates ``first``, ``first`` + 1 … into the rows of ``whole`` (n, INTEGERS) and ``real`` (n, REALS).

    ``by_month`` (n, months) takes how many are randomised by the end of each 30.4375 days; shape (n, 0) leaves it out.
    Releases the GIL: threads may each have rows of their own.
    """
    N = image.whole
    target, arms, strata = N[at.TARGET], N[at.ARMS], N[at.STRATA]
    days = N[at.HORIZON] + 2 * NEVER + N[at.LANDMARK] + N[at.WINDOW] + 2
    _rows(
        N,
        image.real,
        first,
        whole,
        real,
        by_month,
        np.empty((target, COLUMNS), dtype=np.int64),
        np.empty((arms, target), dtype=np.int64),
        np.empty((3, arms), dtype=np.int64),
        np.empty((strata, N[at.LARGEST_BLOCK]), dtype=np.int64),
        np.empty((strata, 3), dtype=np.int64),
        np.empty((N[at.SITES], SITE_COLUMNS)),
        np.empty((QUEUE, 9)),
        np.zeros((NEVER + 1, 4), dtype=np.int64),
        np.empty((target + 1, 4)),
        np.full(days, -1, dtype=np.int64),
        np.empty(target, dtype=np.int64),
    )


@jit(
    NONE(
        LIST,
        REAL_LIST,
        WHOLE,
        TABLE,
        REAL_TABLE,
        TABLE,
        TABLE,
        TABLE,
        TABLE,
        TABLE,
        TABLE,
        REAL_TABLE,
        REAL_TABLE,
        TABLE,
        REAL_TABLE,
        LIST,
        LIST,
    )
)
def _rows(
    N: Any, X: Any, first: int, whole: Any, real: Any, by_month: Any, P: Any, order: Any, tally: Any, lists: Any,
    listed: Any, sites: Any, queue: Any, counts: Any, scratch: Any, head: Any, link: Any,
) -> None:  # fmt: skip
    P, order, tally = unowned(P), unowned(order), unowned(tally)
    lists, listed, sites, queue = unowned(lists), unowned(listed), unowned(sites), unowned(queue)
    counts, scratch, head, link = unowned(counts), unowned(scratch), unowned(head), unowned(link)
    whole, real, by_month = unowned(whole), unowned(real), unowned(by_month)
    for r in range(len(whole)):
        last_chained = _one(
            pointer_to(N), pointer_to(X), first + r, whole[r], real[r], by_month[r], P, order, tally, lists, listed, sites, queue, counts,
            scratch, head, link,
        )  # fmt: skip
        for day in range(last_chained + 1):
            head[day] = -1


@jit(
    WHOLE(
        WHOLES,
        REALS,
        WHOLE,
        LIST,
        REAL_LIST,
        LIST,
        TABLE,
        TABLE,
        TABLE,
        TABLE,
        TABLE,
        REAL_TABLE,
        REAL_TABLE,
        TABLE,
        REAL_TABLE,
        LIST,
        LIST,
    )
)
def _one(
    N: Any, X: Any, replicate: int, whole: Any, real: Any, by_month: Any, P: Any, order: Any, tally: Any, lists: Any,
    listed: Any, sites: Any, queue: Any, counts: Any, scratch: Any, head: Any, link: Any,
) -> int:  # fmt: skip
    """One trial, day by day as ``run`` goes: read-out, records, arrivals, is the cohort full, is the look ripe.

    ``tally`` (3, arms): randomised, not evaluable, settled. ``lists`` and ``listed`` (strata, 3): the block at hand, its
    size, the place in it, blocks used. ``queue`` (QUEUE, 9): day of arrival, uniforms for entry and disease. ``head``
    and ``link``: for each day a chain of the patients whose status may change. Returns the last day with a chain.
    """
    for c in range(len(whole)):
        whole[c] = 0
    for c in range(len(real)):
        real[c] = np.nan
    enrolled, left_out, settled = tally[0], tally[1], tally[2]
    for a in range(len(enrolled)):
        enrolled[a] = left_out[a] = settled[a] = 0
    for k in range(len(listed)):
        listed[k, 0] = listed[k, 1] = listed[k, 2] = 0
    open_sites(N, X, replicate, sites)
    tested, control, looks = N[at.TESTED], N[at.CONTROL], N[at.LOOKS]
    waiting = next_in = 0
    queue_until = 0.0
    randomised = arrived = 0
    stage = 0
    closed = paused = changed = awaited = False
    full_at, readout, cutoff, at_cutoff, action, last_randomised, last_chained = -1, 0, 0, 0, at.CONTINUE, 0, -1
    held_by = -1
    today = 0
    while today <= N[at.HORIZON]:
        if awaited and today >= readout:
            awaited = False
            whole[W_LOOKS], whole[W_ACTION] = stage + 1, action
            if stage == 0:
                whole[W_COHORT_FULL] = full_at if full_at >= 0 else randomised
                whole[W_AT_CUTOFF], whole[W_AT_READOUT] = at_cutoff, randomised
                whole[W_LOOK_DAY], whole[W_READOUT_DAY] = cutoff, today
                for i in range(randomised):
                    whole[W_ON_STUDY] += _on_study(P, i, today) == today - P[i, AT]
            if action != at.CONTINUE:
                break
            stage += 1
            full_at = -1
            changed, paused, held_by = True, False, -1

        node = head[today]
        while node >= 0:
            i = node
            node = link[i]
            since = today - P[i, AT]
            status = P[i, FIRST_STATUS]
            # Most patients change once; the others are asked each time something of them is recorded.
            if status == PENDING:
                status = status_on(N, X, P, i, since)
                then = next_change(N, P, i, since)
                if then < NO_DAY:
                    then += P[i, AT]
                    link[i] = head[then]
                    head[then] = i
                    last_chained = max(last_chained, then)
            if status != P[i, STATUS]:
                arm = P[i, ARM]
                replaced = int(status == NOT_EVALUABLE) - int(P[i, STATUS] == NOT_EVALUABLE)
                if replaced != 0:
                    left_out[arm] += replaced
                    held_by = -1
                settled[arm] += int(status != PENDING) - int(P[i, STATUS] != PENDING)
                P[i, STATUS] = status
                changed = True

        while not closed:
            if next_in == waiting:
                if queue_until >= today + 1:
                    break
                queue_until = max(queue_until + X[at.ARRIVALS_IN], today + 1.0)
                next_in, waiting = 0, fill_queue(N, X, replicate, sites, queue_until, queue)
                if waiting < 0:
                    whole[W_STATUS] = 3
                    return last_chained
                # Drawn for all of them at once: the processor turns several blocks at a time.
                for k in range(waiting):
                    a, b, c, d = patient_draws(N, at.ENTRY, replicate, arrived + k, 0)
                    queue[k, 1], queue[k, 2], queue[k, 3], queue[k, 4] = a, b, c, d
                    a, b, c, d = patient_draws(N, at.DISEASE, replicate, arrived + k, 0)
                    queue[k, 5], queue[k, 6], queue[k, 7], queue[k, 8] = a, b, c, d
                continue
            if int(queue[next_in, 0]) > today:
                break
            k = next_in
            next_in += 1
            row = arrived
            arrived += 1
            if paused:
                continue
            stratum = stratum_of(N, X, replicate, row, (queue[k, 1], queue[k, 2], queue[k, 3], queue[k, 4]))
            if stratum < 0:
                continue
            if listed[stratum, 1] == listed[stratum, 0]:
                listed[stratum, 0] = next_block(N, replicate, stratum, listed[stratum, 2], lists[stratum])
                listed[stratum, 1] = 0
                listed[stratum, 2] += 1
            i = randomised
            arm = lists[stratum, listed[stratum, 1]]
            listed[stratum, 1] += 1
            P[i, ARM], P[i, AT], P[i, STATUS], P[i, ROW] = arm, today, PENDING, row
            draw_fate(N, X, replicate, P, i, stratum, (queue[k, 5], queue[k, 6], queue[k, 7], queue[k, 8]))
            draw_status(N, X, replicate, P, i)
            then = today + P[i, FIRST_CHANGE]
            link[i] = head[then]
            head[then] = i
            last_chained = max(last_chained, then)
            order[arm, enrolled[arm]] = i
            enrolled[arm] += 1
            randomised += 1
            changed = True
            last_randomised = today
            if len(by_month) > 0:
                for month in range(min(int(today / 30.4375), len(by_month) - 1), len(by_month)):
                    by_month[month] += 1
            closed = randomised >= N[at.TARGET]

        final = stage == looks - 1
        need, need_control = N[N[at.NEED] + 2 * stage], N[N[at.NEED] + 2 * stage + 1]
        if changed and not final and (full_at < 0 or N[at.PAUSES]):
            full = enrolled[tested] - (left_out[tested] if N[at.REPLACES] else 0) >= need
            if need_control > 0:
                full = full and enrolled[control] - (left_out[control] if N[at.REPLACES] else 0) >= need_control
            if full and full_at < 0:
                full_at = randomised
            if N[at.PAUSES] and not closed:
                paused = full and randomised >= full_at + N[at.CAP]
        if not awaited and (changed or final):
            ripe = settled[tested] >= need if not final else closed and today >= last_randomised + N[at.FINAL_FOLLOW_UP]
            # While the same patient holds the cohort up there is nothing to count.
            ripe = ripe and (held_by < 0 or P[held_by, STATUS] != PENDING)
            n = x = control_n = control_x = 0
            if ripe:
                n, x, held_by = _cohort(N, P, order, tested, enrolled[tested], need)
                ripe = held_by < 0 and (n == need or final)
            if ripe and need_control > 0:
                control_n, control_x, held_by = _cohort(N, P, order, control, enrolled[control], need_control)
                ripe = held_by < 0 and (control_n == need_control or final)
            if ripe:
                awaited = True
                cutoff, readout, at_cutoff = today, today + N[at.READOUT_DELAY], randomised
                side = N[at.ACTION_SIDE]
                action = N[N[at.ACTION] + (stage * side + n) * side + x]
                whole[W_SUCCESSES], whole[W_EVALUABLE] = x, n
                whole[W_CONTROL_SUCCESSES], whole[W_CONTROL_EVALUABLE] = control_x, control_n
                whole[W_CAUTION] = N[N[at.CAUTION] + control_n * N[at.CAUTION_SIDE] + control_x]
                if action == at.REFUSED:
                    whole[W_STATUS] = 2
                    return last_chained
                if action != at.CONTINUE and control >= 0:
                    _compare(N, X, replicate, P, randomised, today, counts, scratch, whole, real)
        changed = False
        today += 1
        # On to the next day with something to do.
        stop = N[at.HORIZON]
        if awaited:
            stop = min(stop, readout)
        elif final and closed:
            stop = min(stop, max(last_randomised + N[at.FINAL_FOLLOW_UP], today))
        if not closed:
            stop = min(stop, int(queue[next_in, 0]) if next_in < waiting else int(queue_until))
        while today < stop and head[today] < 0:
            today += 1
    if today > N[at.HORIZON]:
        whole[W_STATUS] = 1
    whole[W_RANDOMISED], whole[W_TESTED], whole[W_DURATION] = randomised, enrolled[tested], today
    for i in range(randomised):
        if P[i, ARM] == tested:
            whole[W_EXPOSURE] += _on_study(P, i, today)
    return last_chained
