"""An arm against historical controls: exact binomial test of the rate, one-sample log-rank test of the times."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from equipoise.analyse.analysis import curve_at
from equipoise.analyse.between_arms import arrays
from equipoise.analyse.rates import analyse_rate
from equipoise.analyse.survival import AtLandmark, observations
from equipoise.numerics.counts.proportions import exact_binomial
from equipoise.numerics.times.one_sample import one_sample_logrank
from equipoise.trial.exhibits import Cell, Table
from equipoise.trial.said_numbers import p_value
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class RateAgainstHistory:
    """All patients of an arm who came early enough (``analyse.rates``) against the historical rate. ``p`` is one-sided for 'better'.

    ``too_recent`` did not; ``kaplan_meier`` is of all patients, and no part of the test.
    """

    n: int
    successes: int
    rate: float
    reference: float
    p: float
    p_two_sided: float
    too_recent: int
    kaplan_meier: AtLandmark | None
    method: str = "exact binomial test; p one-sided (better than history)"


@dataclass(frozen=True)
class TimesAgainstHistory:
    """Observed events against those expected under the historical curve: z < 0 means fewer than expected."""

    endpoint: str
    observed: int
    expected: float
    ratio: float
    z: float
    p: float
    reference_median_months: float
    method: str = "one-sample log-rank test against an exponential curve; p one-sided (fewer events than history)"


@dataclass(frozen=True)
class AgainstHistory:
    """One arm against history."""

    rate: RateAgainstHistory | None
    times: Mapping[str, TimesAgainstHistory]


def against_history(trial: Trial, snap: Snapshot) -> dict[str, AgainstHistory]:
    """Every arm against [history] of the trial file; empty where there is none.

    These tests take no account of interim looks: they stand beside the design's decision and do not replace it.
    """
    if trial.history is None:
        return {}
    rates = analyse_rate(trial, snap, trial.looked_at).arms if trial.looked_at is not None else {}
    found: dict[str, AgainstHistory] = {}
    for arm in trial.arms:
        by_rate = None
        r = rates.get(arm.name)
        if r is not None and r.n:
            better = exact_binomial(r.successes, r.n, trial.history.rate, "greater").p
            both = exact_binomial(r.successes, r.n, trial.history.rate, "two-sided").p
            by_rate = RateAgainstHistory(
                r.n, r.successes, r.rate, trial.history.rate, better, both, r.too_recent, r.kaplan_meier
            )
        times = {}
        for curve in trial.history.curves:
            group = observations(trial, snap, trial.time_to_event(curve.endpoint))[arm.name]
            if not group:
                continue
            time, event = arrays(group)
            test = one_sample_logrank(time, event, time * (math.log(2) / curve.median.exact_days))
            times[curve.endpoint] = TimesAgainstHistory(
                curve.endpoint,
                test.observed,
                test.expected,
                test.smr,
                test.z,
                test.p_one_sided,
                curve.median.months,
            )
        found[arm.name] = AgainstHistory(by_rate, times)
    return found


def against_table(trial: Trial, found: Mapping[str, AgainstHistory]) -> Table:
    """Each arm against historical controls."""
    rows: list[list[Cell]] = []
    for name, h in found.items():
        rows.append([trial.arm_by_name[name].label])
        if h.rate is not None:
            r = h.rate
            rows.append(
                [
                    f"Rate against {r.reference:.0%}",
                    f"{r.successes}/{r.n} = {r.rate:.1%}"
                    + (f"; {r.too_recent} too recent; Kaplan–Meier {curve_at(r.kaplan_meier)}" if r.too_recent else ""),
                    f"{r.reference:.0%}",
                    "",
                    p_value(r.p),
                ]
            )
        for t in h.times.values():
            rows.append(
                [
                    f"{t.endpoint} against a median of {t.reference_median_months:.1f} months",
                    f"{t.observed} events", f"{t.expected:.1f} expected", f"{t.ratio:.2f}", p_value(t.p),
                ]
            )  # fmt: skip
    return Table(
        "Each arm against history",
        ["", "Observed", "History", "Observed / expected", "p, one-sided"],
        rows,
        notes=(
            "Rate: exact binomial, of those who came early enough (see the rates by arm). Times: one-sample log-rank against an exponential curve. p is one-sided, small if better "
            "than history. No account is taken of interim looks: the decision is the design's.",
        ),
    )
