"""Restricted mean survival by arm up to the time to which all arms were followed, and the tested arms' gain over the control."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from equipoise.analyse.comparing import arrays, pairs
from equipoise.analyse.shown import against, p_value, with_limits
from equipoise.analyse.survival import observations
from equipoise.numerics.times.restricted_mean import mean_difference, restricted_mean
from equipoise.trial.duration import DAYS_PER_MONTH
from equipoise.trial.endpoint import TimeToEvent
from equipoise.trial.exhibits import Cell, Table
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class ArmMean:
    """One arm's mean time without the event up to tau, in days."""

    n: int
    mean: float
    se: float
    ci: tuple[float, float]


@dataclass(frozen=True)
class Gain:
    """The tested arm's mean less the control arm's, in days: above 0 favours the tested arm."""

    tested: str
    control: str
    difference: float
    se: float
    ci: tuple[float, float]
    p: float


@dataclass(frozen=True)
class RestrictedMeans:
    """An endpoint's restricted means. ``tau`` [days]: the smallest of the arms' largest follow-up times."""

    endpoint: str
    label: str
    tau: int
    arms: Mapping[str, ArmMean]
    differences: Mapping[str, Gain]
    method: str = "area under the Kaplan–Meier curve, Greenwood's standard error; normal interval 95 % and test, two-sided, unstratified"


def analyse_means(trial: Trial, snap: Snapshot, endpoint: TimeToEvent) -> RestrictedMeans | None:
    """The restricted means of the arms that have patients; None before any follow-up, and where a competing event is censored
    (the area under a curve that takes the dead for censored is no mean time of anything).
    """
    by_arm = {name: group for name, group in observations(trial, snap, endpoint).items() if group}
    tau = min((max(o.days for o in group) for group in by_arm.values()), default=0)
    if tau == 0 or endpoint.competing:
        return None
    found = {name: restricted_mean(*arrays(group), tau) for name, group in by_arm.items()}
    arms = {name: ArmMean(len(by_arm[name]), m.mean, m.se, (m.lower, m.upper)) for name, m in found.items()}
    differences = {}
    for tested, control in pairs(trial, endpoint):
        if tested in found and control in found:
            gap = mean_difference(found[tested], found[control])
            differences[f"{tested} vs {control}"] = Gain(
                tested, control, gap.difference, gap.se, (gap.lower, gap.upper), gap.p
            )
    return RestrictedMeans(endpoint.name, endpoint.label, tau, arms, differences)


def means_table(trial: Trial, means: Sequence[RestrictedMeans]) -> Table:
    """In months: arms, then differences."""
    rows: list[list[Cell]] = []
    for m in means:
        rows.append([f"{m.label}, up to {m.tau / DAYS_PER_MONTH:.1f} months (day {m.tau})"])
        rows += [[trial.arm_by_name[name].label, a.n, *_months(a.mean, a.se, a.ci), ""] for name, a in m.arms.items()]
        rows += [
            [against(trial, d.tested, d.control), "", *_months(d.difference, d.se, d.ci), p_value(d.p)]
            for d in m.differences.values()
        ]
    left = [e.label for e in trial.endpoints if isinstance(e, TimeToEvent) and e.competing]
    notes = [
        "Mean time without the event up to that day, the smallest of the arms' largest follow-up times: the area under the "
        "Kaplan–Meier curve. A difference above 0 favours the first arm. Greenwood's standard error; normal interval and test, "
        "two-sided, unstratified.",
        *([f"Not given, as a competing event is censored: {', '.join(left)}."] if left else []),
    ]
    return Table(
        "Restricted mean survival", ["", "Patients", "Months (95 % CI)", "Standard error", "p"], rows, notes=notes
    )


def _months(days: float, se: float, ci: tuple[float, float]) -> tuple[str, str]:
    low, high = ci
    shown = with_limits(days / DAYS_PER_MONTH, (low / DAYS_PER_MONTH, high / DAYS_PER_MONTH), 2)
    return shown, "–" if math.isnan(se) else f"{se / DAYS_PER_MONTH:.2f}"
