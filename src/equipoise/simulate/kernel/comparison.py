"""What a look reads from times, compiled: ``analyse.randomised`` and the controls' check of what is known on its day."""

from __future__ import annotations

from typing import Any

from equipoise.numerics.engine.compiled import REAL, REALS, WHETHER, WHOLE, WHOLES, jit
from equipoise.simulate.kernel import places as at
from equipoise.simulate.kernel.layout import (
    ARM,
    AT,
    COUNTS,
    HOT,
    MARKED,
    ROW_CONTROL_EVENTS,
    ROW_EVENTS,
)
from equipoise.simulate.kernel.patient import observed
from equipoise.simulate.kernel.two_groups import compare, count


@jit(REAL(WHOLES, WHOLES, REALS, WHOLES, REALS, WHOLES, WHOLE, WHOLE, WHOLE))
def compare_arms(
    N: Any, W: Any, V: Any, row: Any, real: Any, room: Any, replicate: int, randomised: int, today: int
) -> float:
    """Events of both arms into the row; log hazard ratio, its standard error and log-rank chi² into the real one; nothing where
    an arm has nobody yet. Returns the log-rank statistic, above 0 where the tested arm does better.

    The room's counts are left as they were: zeros.
    """
    longest = n1 = n0 = events = control_events = 0
    for p in range(randomised):
        arm = W[p * HOT + ARM]
        if arm != N[at.TESTED] and arm != N[at.CONTROL]:
            continue
        group = int(arm == N[at.TESTED])
        day, event = observed(N, W, replicate, p, today - W[p * HOT + AT])
        count(W, room[COUNTS], room[MARKED], day, group, int(event))
        longest = max(longest, day)
        events += int(event) & group
        control_events += int(event) & (1 - group)
        n1 += group
        n0 += 1 - group
    log_hr, se, chi2, z = compare(W, V, room[COUNTS], room[MARKED], longest, n1, n0, 0)
    if n0 > 0 and n1 > 0:
        row[ROW_EVENTS], row[ROW_CONTROL_EVENTS] = events, control_events
        real[0], real[1], real[2] = log_hr, se, chi2
    return z


@jit(WHETHER(WHOLES, WHOLES, WHOLE, WHOLE, WHOLE))
def times_contradict(N: Any, W: Any, replicate: int, randomised: int, today: int) -> bool:
    """Whether all controls' times are a caution: their days at risk against those within which so many events agree with
    history."""
    events = days = 0
    for p in range(randomised):
        if W[p * HOT + ARM] == N[at.CONTROL]:
            day, event = observed(N, W, replicate, p, today - W[p * HOT + AT])
            days += day
            events += int(event)
    short = days > 0 and days <= N[N[at.TOO_SHORT] + events]
    return short or days >= N[N[at.TOO_LONG] + events]
