"""A one-arm statistic of times in whole days, compiled: ``numerics.times.by_day``, with the answers of the design's own."""

from __future__ import annotations

import math
from typing import Any

from equipoise.numerics.engine.compiled import REAL, REALS, WHOLE, WHOLES, jit
from equipoise.simulate.kernel import places as at
from equipoise.simulate.kernel.layout import ARM, AT, COUNTS, HOT
from equipoise.simulate.kernel.patient import observed


@jit(REAL(WHOLES, REALS, WHOLES, WHOLES, WHOLE, WHOLE, WHOLE))
def statistic_of(N: Any, X: Any, W: Any, room: Any, replicate: int, randomised: int, today: int) -> float:
    """The statistic of the tested arm's times as known on a day; 0 without patients. The room's counts are left as they were: zeros."""
    counts, last, reference = room[COUNTS], N[at.COUNTED_TO], N[at.REFERENCE]
    n = observed_events = longest = 0
    expected = 0.0
    for p in range(randomised):
        if W[p * HOT + ARM] != N[at.TESTED]:
            continue
        day, event = observed(N, W, replicate, p, today - W[p * HOT + AT])
        n += 1
        if N[at.STATISTIC] == at.EXPECTED:
            expected += X[reference + day]
            observed_events += int(event and day <= last)
        else:
            # Of a day how many times end on it, and of these the events.
            W[counts + day] += (1 << 16) + int(event)
            longest = max(longest, day)
    if n == 0:
        return 0.0
    if N[at.STATISTIC] == at.EXPECTED:
        return (expected - observed_events) / math.sqrt(expected) if expected > 0 else 0.0
    at_risk, hazard, variance, survival, greenwood, some = float(n), 0.0, 0.0, 1.0, 0.0, False
    for day in range(longest + 1):
        here = W[counts + day]
        W[counts + day] = 0
        d = float(here & 0xFFFF)
        if d > 0 and day <= last:
            some = True
            hazard += d / at_risk
            variance += d / (at_risk * at_risk)
            if d == at_risk:
                d -= 0.5
            survival *= 1.0 - d / at_risk
            greenwood += d / (at_risk * (at_risk - d))
        at_risk -= here >> 16
    if not some:
        # Without an event half an event is taken, where all are at risk.
        hazard, variance = 0.5 / n, 0.5 / (float(n) * n)
        survival, greenwood = 1.0 - 0.5 / n, 0.5 / (n * (n - 0.5))
    if N[at.STATISTIC] == at.HAZARD:
        return (X[reference] - hazard) / math.sqrt(variance)
    error = survival * math.sqrt(greenwood)
    if N[at.STATISTIC] == at.SURVIVAL:
        return (survival - X[reference]) / error
    log_s = -math.log(survival)
    return (math.log(-math.log(X[reference])) - math.log(log_s)) * log_s * survival / error
