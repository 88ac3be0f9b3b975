"""What the control arm's check can see, and what the whole procedure does when history has drifted.

Counts are enumerated exactly: all patients planned are evaluated. The log-rank check is simulated from named streams, with
its Monte-Carlo error. A drift of d means that the controls' true rate lies d above history's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from equipoise.decide.ruling import CONTINUE, DECLARE, Outcomes
from equipoise.decide.trial_rule import cautions, rule_of
from equipoise.history.control_check import numbers_by_count
from equipoise.numerics.counts import consistency
from equipoise.numerics.counts.binomial import pmf
from equipoise.numerics.random.streams import uniforms
from equipoise.trial.design import Quantity
from equipoise.trial.exhibits import Curve, LineFigure, Mark
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.protocol_parts import ControlCheck
from equipoise.trial.trial import Trial

Array = NDArray[np.float64]


@dataclass(frozen=True)
class CheckPower:
    """What one check sees with ``n`` controls: P(caution) at each drift, and the least drift seen with 80 %; None: never."""

    method: str
    n: int
    rate: float
    drift: Sequence[float]
    seen: Sequence[Quantity]
    false_alarm: Quantity
    least_down: float | None
    least_up: float | None


def check_power(check: ControlCheck, rate: float, n: int, drift: Sequence[float]) -> CheckPower:
    """Exact, for the checks of a count."""
    p = numbers_by_count(check, rate, n)
    seen = [Quantity(consistency.power(p, check.alpha, min(max(rate + d, 0.0), 1.0))) for d in drift]
    alarm = Quantity(consistency.power(p, check.alpha, rate))
    down, up = (consistency.least_drift(p, check.alpha, rate, 0.8, sign) for sign in (-1, 1))
    return CheckPower(check.method, n, rate, drift, seen, alarm, down, up)


def logrank_power(
    alpha: float,
    median: float,
    landmark: float,
    n: int,
    drift: Sequence[float],
    *,
    entry: float,
    replicates: int,
    seed: int,
) -> CheckPower:
    """Simulated, for the one-sample log-rank test: exponential times whose rate at the ``landmark`` has drifted by d from that of a
    curve with this ``median``; follow-up from the landmark on, up to ``entry`` longer (evenly). All times in one unit [months].
    """
    hazard = math.log(2) / median
    rate = math.exp(-hazard * landmark)
    u = uniforms(seed, "control check", 0, replicates, 2 * n)
    unit, follow = -np.log(u[:, :n]), landmark + entry * u[:, n:]

    def seen(d: float) -> Quantity:
        true = -math.log(min(max(rate + d, 1e-9), 1 - 1e-9)) / landmark
        time = np.minimum(unit / true, follow)
        observed, expected = (unit / true <= follow).sum(axis=1), hazard * time.sum(axis=1)
        share = float((np.abs(observed - expected) / np.sqrt(expected) > _quantile(alpha)).mean())
        return Quantity(share, math.sqrt(share * (1 - share) / replicates))

    def least(sign: int) -> float | None:
        room = (1 - rate if sign > 0 else rate) - 0.005
        found = [d for d in np.arange(0.005, room, 0.005) if seen(sign * d).value >= 0.8]
        return float(found[0]) if found else None

    inside = [d for d in drift if 0 < rate + d < 1]
    return CheckPower("one-sample log-rank", n, rate, inside, [seen(d) for d in inside], seen(0.0), least(-1), least(1))


def _quantile(alpha: float) -> float:
    from scipy.special import ndtri

    return float(-ndtri(alpha / 2))


def in_words(found: CheckPower) -> str:
    """'With 20 controls, history must be wrong by 28 points …': ``rate`` is the curve's own for the log-rank test."""
    sides = [
        f"{100 * d:.1f} points too {word}" if d is not None else f"any amount too {word} is never seen so often"
        for d, word in ((found.least_down, "high"), (found.least_up, "low"))
    ]
    return (
        f"With {found.n} controls ({found.method}), history's {found.rate:.0%} must be {sides[0]} or {sides[1]} before the check sees it "
        f"with 80 % probability; it cries wolf with {found.false_alarm.value:.1%}."
    )


def power_figure(powers: Sequence[CheckPower], rate: float) -> LineFigure:
    """P(caution) against the controls' true rate: a colour a method, dashed for the first number of controls."""
    methods = list(dict.fromkeys(p.method for p in powers))
    several = len(methods) > 1
    curves = [
        Curve(
            f"{p.n} controls, {p.method}",
            [p.rate + d for d in p.drift],
            [q.value for q in p.seen],
            dashed=p.n == powers[0].n,
            hue=methods.index(p.method) if several else None,
        )
        for p in powers
    ]
    return LineFigure(
        "What the control arm's check can see", "True rate of the controls", "Probability of a caution", curves,
        [Mark(f"history {rate:.2f}", x=rate), Mark("80 %", y=0.8)],
        caption="Exact for counts; the log-rank test simulated. At history's own rate the curve is the false alarm.", y_range=(0.0, 1.0),
    )  # fmt: skip


@dataclass(frozen=True)
class Procedure:
    """The design, its check and what a caution changes, at one truth: probabilities over all planned looks.

    ``errors``: Monte-Carlo standard errors of ``declare``, ``stop_early`` and ``caution``; None: exact.
    """

    tested: float
    control: float
    declare: float
    stop_early: float
    caution: float
    errors: tuple[float, float, float] | None = None


def procedure(trial: Trial, tested: float, control: float) -> Procedure:
    """Enumerate both arms' cohorts through all looks. Raises BadInput without control cohorts, or for a check of times.

    ``caution``: P(a caution at the look at which the trial ends). For a check of times: ``drift_of_times``.
    """
    _needs(trial)
    declare = early = caution = 0.0
    state, at = np.ones((1, 1)), (0, 0)
    for number, n, m in planned_looks(trial):
        state = spread(n - at[0], tested, at[0]).T @ state @ spread(m - at[1], control, at[1])
        action = table_of(trial, number, n, at[0], m)
        warned = np.broadcast_to(cautions(trial, m), action.shape)
        at = n, m
        declare += float(state[action == DECLARE].sum())
        if not trial.monitored.is_final(number):
            early += float(state[action != CONTINUE].sum())
        caution += float(state[(action != CONTINUE) & warned].sum())
        state = np.where(action == CONTINUE, state, 0.0)
    return Procedure(tested, control, declare, early, caution)


def planned_looks(trial: Trial) -> list[tuple[int, int, int]]:
    """Each look with the patients of the tested arm and of the controls that it is planned on."""
    m = trial.monitored
    return [
        (look.number, look.n, controls)
        for look, controls in zip(m.design.looks, m.monitoring.control_cohort, strict=True)
    ]


def table_of(trial: Trial, look: int, n: int, earlier: int, m: int, warned: bool | None = None) -> NDArray[np.int8]:
    """The trial's ruling on all outcomes of a look, shape (n + 1, m + 1)."""
    arm = trial.monitored.tested.name
    return rule_of(trial, look).table(Outcomes(look, arm, n, earlier, m, warned))


def _needs(trial: Trial) -> None:
    problems = []
    if trial.control_check is None or trial.history is None:
        problems.append(
            Problem("no-check", "control_check", "nothing", "[control_check] and [history] in the trial file")
        )
    elif trial.control_check.method == "one-sample log-rank":
        problems.append(
            Problem(
                "not-enumerated",
                "control_check.method",
                "'one-sample log-rank'",
                "a check of a count",
                "times are simulated: drift_of_times",
            )
        )
    if trial.monitoring is None or not trial.monitoring.control_cohort:
        problems.append(
            Problem("no-controls", "monitoring.control_cohort", "nothing", "control patients for each look")
        )
    if problems:
        raise BadInput(trial.id, problems)


def spread(more: int, rate: float, had: int) -> Array:
    """P(j successes in all | i before) for ``more`` patients after ``had``, shape (had + 1, had + more + 1)."""
    chances = pmf(more, rate)
    found = np.zeros((had + 1, had + more + 1))
    for i in range(had + 1):
        found[i, i : i + more + 1] = chances
    return found
