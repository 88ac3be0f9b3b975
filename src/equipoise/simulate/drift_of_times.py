"""What the whole procedure does under drift when the check reads times: the one-sample log-rank test of the controls.

The controls are simulated from a named stream; over the tested arm, whose counts are independent of them, each simulated
control arm is summed exactly. So the Monte-Carlo error is that of the check alone, and of a caution that changes nothing there is none.

The controls' times are exponential (or Weibull) and seen on their day, nobody is lost, and they enter evenly by chance. An interim look is
taken when the last of its controls reaches the landmark, the last one after the follow-up that the trial file asks for. As
in ``decide``, the test takes all controls randomised by then, not the look's cohort only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from equipoise.decide.ruling import CONTINUE, DECLARE
from equipoise.numerics.random.streams import uniforms
from equipoise.simulate.drift import Array, Procedure, planned_looks, spread, table_of
from equipoise.trial.endpoint import Landmark
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class Entry:
    """How the controls come and how often that is simulated: ``months`` from the first to the last, Weibull ``shape`` of times."""

    months: float = 10.0
    shape: float = 1.0
    replicates: int = 20000
    seed: int = 2012


@dataclass(frozen=True)
class _Controls:
    """What matters of the trial for its controls' times; all in months."""

    cohorts: tuple[int, ...]
    landmark: float
    hazard: float
    alpha: float
    goes_on: int
    delay: float
    follow_up: float


def times_procedure(trial: Trial, tested: float, control: float, entry: Entry | None = None) -> Procedure:
    """The design, the log-rank check and what a caution changes, where the rates at the landmark are ``tested`` and ``control``.

    Raises BadInput without control cohorts, without history's curve, or where the check is of a count.
    """
    entry = entry or Entry()
    seen, counts = _paths(_controls(trial), control, entry)
    declare, early, caution = (np.zeros(len(seen)) for _ in range(3))
    # one row of the tested arm's distribution for each history of the controls: (successes, caution) at each look
    state, of, had = np.ones((1, 1)), np.zeros(len(seen), dtype=int), 0
    for k, (number, n, m) in enumerate(planned_looks(trial)):
        _, first, inverse = np.unique(seen[:, : 2 * (k + 1)], axis=0, return_index=True, return_inverse=True)
        inverse = inverse.ravel()
        state = state[of[first]] @ spread(n - had, tested, had)
        y, warned = seen[first, 2 * k], seen[first, 2 * k + 1] == 1
        calm, alarmed = (table_of(trial, number, n, had, m, w).T for w in (False, True))
        had = n
        action = np.where(warned[:, None], alarmed[y], calm[y])
        ends = np.where(action != CONTINUE, state, 0.0).sum(axis=1)
        declare += np.where(action == DECLARE, state, 0.0).sum(axis=1)[inverse]
        caution += (ends * warned)[inverse]
        if not trial.monitored.is_final(number):
            early += ends[inverse]
        state, of = np.where(action == CONTINUE, state, 0.0), inverse
    share = counts / counts.sum()

    def mean(v: Array) -> tuple[float, float]:
        m = float(share @ v)
        spread_of = float(share @ (v - m) ** 2)
        # what is the same in all replicates has no error but rounding
        return m, math.sqrt(spread_of / entry.replicates) if spread_of > 1e-20 else 0.0

    (d, de), (e, ee), (c, ce) = mean(declare), mean(early), mean(caution)
    return Procedure(tested, control, d, e, c, (de, ee, ce))


def curve_rate(trial: Trial) -> float:
    """The rate at the monitored landmark of history's curve: what the log-rank check takes as no drift."""
    c = _controls(trial)
    return math.exp(-c.hazard * c.landmark)


def _controls(trial: Trial) -> _Controls:
    monitoring, check, history = trial.monitoring, trial.control_check, trial.history
    problems = []
    if check is None or check.method != "one-sample log-rank":
        given = "nothing" if check is None else repr(check.method)
        problems.append(Problem("not-of-times", "control_check.method", given, "'one-sample log-rank'"))
    if monitoring is None or not monitoring.control_cohort:
        problems.append(
            Problem("no-controls", "monitoring.control_cohort", "nothing", "control patients for each look")
        )
    endpoint = trial.endpoint_by_name[monitoring.endpoint] if monitoring is not None else None
    endpoint = endpoint if isinstance(endpoint, Landmark) else None
    curves = history.curves if history is not None else ()
    curve = next((c for c in curves if endpoint is not None and c.endpoint == endpoint.of), None)
    if curve is None:
        problems.append(
            Problem("check-without-curve", "history.curves", "nothing", "a curve of the monitored endpoint")
        )
    if problems:
        raise BadInput(trial.id, problems)
    assert check is not None
    assert monitoring is not None
    assert endpoint is not None
    assert curve is not None
    share = sum(a.share for a in trial.control_arms) / sum(a.share for a in trial.arms)
    most = monitoring.control_cohort[-1]
    goes_on = {"continue": most, "pause": 0, "cap": round(share * (monitoring.cap or 0))}[monitoring.while_waiting]
    return _Controls(
        monitoring.control_cohort, endpoint.landmark.months, math.log(2) / curve.median.months, check.alpha, goes_on,
        monitoring.readout_delay.months, monitoring.final_follow_up.months,
    )  # fmt: skip


@lru_cache(maxsize=16)
def _paths(c: _Controls, rate: float, entry: Entry) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """What the control arm showed: distinct rows (successes, 1 for a caution) for each look in turn, and how often each came."""
    n = c.cohorts[-1]
    u = uniforms(entry.seed, "control check, procedure", 0, entry.replicates, 2 * n)
    scale = c.landmark / (-math.log(min(max(rate, 1e-9), 1 - 1e-9))) ** (1 / entry.shape)
    times = scale * (-np.log(u[:, :n])) ** (1 / entry.shape)
    enters = np.sort(entry.months * u[:, n : 2 * n], axis=1)
    shown: list[NDArray[np.int64]] = []
    for k, m in enumerate(c.cohorts):
        last = k == len(c.cohorts) - 1
        day = enters[:, m - 1] + (max(c.landmark, c.follow_up) if last else c.landmark)
        stays = min(m + c.goes_on, n)
        if stays < n:
            # enrolment waits for the look: whoever comes later comes later by so much
            enters[:, stays:] += np.maximum(day + c.delay - enters[:, stays - 1], 0.0)[:, None]
        follow = np.maximum(day[:, None] - enters, 0.0)
        observed = (times <= follow).sum(axis=1)
        expected = c.hazard * np.minimum(times, follow).sum(axis=1)
        p = 2 * ndtr(-np.abs(observed - expected) / np.sqrt(expected))
        shown += [(times[:, :m] > c.landmark).sum(axis=1), (p < c.alpha).astype(np.int64)]
    seen, counts = np.unique(np.stack(shown, axis=1), axis=0, return_counts=True)
    return seen, counts
