"""The trials of ``two_arms.py`` in plain Python: the same random numbers, the library's estimators, one at a time.

It exists so that the kernel can be held against something that was written to be read.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from equipoise.numerics.random.streams import BLOCK, minus_log, uniforms
from equipoise.numerics.times.survival import cox, kaplan_meier, logrank
from equipoise.simulate.two_arms import PURPOSE, RESULT, TwoArms


def dataset(
    trial: TwoArms, seed: int | str, replicate: int
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Observed times (months), events (1, or 0 censored) and arms (1 tested) of one replicate at its cut-off, (n,)."""
    n = len(trial.arrivals)
    u = uniforms(seed, PURPOSE, replicate, -(-n // BLOCK), BLOCK).ravel()
    rows = []
    for i in np.flatnonzero(trial.arrivals < trial.cutoff):
        hazard = trial.hazard_tested if trial.arms[i] else trial.hazard_control
        total = hazard + trial.hazard_dropout
        share = hazard / total
        first_is_event = bool(u[i] < share)
        left = u[i] / share if first_is_event else (u[i] - share) / (1 - share)
        time = max(minus_log(min(max(float(left), 1e-16), 1 - 1e-16)), 0.0) / total
        limit = float(trial.cutoff - trial.arrivals[i])
        rows.append((min(time, limit), int(first_is_event and time <= limit), int(trial.arms[i])))
    times, events, arms = zip(*rows, strict=True) if rows else ((), (), ())
    return np.array(times, dtype=np.float64), np.array(events, dtype=np.int64), np.array(arms, dtype=np.int64)


def replicate_of(trial: TwoArms, seed: int | str, replicate: int) -> NDArray[Any]:
    """One row of ``RESULT``, shape (): what ``simulate`` gives for this replicate."""
    time, event, arm = dataset(trial, seed, replicate)
    # Ranks stand for times: only their order counts, and the library would take times 1e-8 apart for one.
    distinct, place = np.unique(time, return_inverse=True)
    landmark = float(np.searchsorted(distinct, trial.landmark, side="right"))
    rank = place + 1.0
    row = np.full((), np.nan, dtype=RESULT)
    row["events"] = event.sum()
    for name, value in (("tested", 1), ("control", 0)):
        at = kaplan_meier(rank[arm == value], event[arm == value]).at(landmark)
        row[f"survival_{name}"], row[f"variance_{name}"] = at.survival, at.std_err**2
    if 0 < arm.sum() < len(arm):
        test = logrank(rank, event, arm)
        row["z"] = math.copysign(math.sqrt(test.chi2), test.expected[1] - test.observed[1])
        fit = cox(rank, event, arm)
        row["log_hr"], row["se"] = fit.log_hr, fit.se
    return row
