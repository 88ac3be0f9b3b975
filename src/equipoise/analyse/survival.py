"""A time-to-event endpoint by arm: Kaplan–Meier, medians, landmarks, and each tested arm against the control arm."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from equipoise.analyse.between_arms import Comparison, Strata, arrays, compare, pairs, said_of
from equipoise.analyse.endpoints import Observed, observe
from equipoise.analyse.incidence import Incidence, analyse_incidence, overstated
from equipoise.analyse.populations import members_by_arm
from equipoise.analyse.restricted import RestrictedMeans, analyse_restricted, common_last
from equipoise.analyse.strata import coded, strata_of
from equipoise.analyse.subgroups import Subgroups, analyse_subgroups
from equipoise.numerics.times import survival as km
from equipoise.trial.duration import DAYS_PER_MONTH
from equipoise.trial.endpoint import TimeToEvent
from equipoise.trial.exhibits import Mark, SurvivalArm, SurvivalFigure
from equipoise.trial.patient import Patient
from equipoise.trial.said_numbers import interval, number, p_value
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class AtLandmark:
    """The Kaplan–Meier estimate at a landmark, with its log-log interval.

    ``beyond``: nobody was followed that long, and the last value, which is not 0, is carried forward.
    """

    day: int
    survival: float
    ci: tuple[float, float]
    at_risk: int
    beyond: bool


@dataclass(frozen=True)
class ArmSurvival:
    """One arm. Times in days; NaN where a median or a limit is not reached."""

    n: int
    events: int
    median: float
    median_ci: tuple[float, float]
    median_months: float
    median_ci_months: tuple[float, float]
    follow_up_median: float
    landmark: AtLandmark | None


@dataclass(frozen=True)
class AllArms:
    """All arms at once, where there are more than two."""

    logrank_chi2: float
    df: int
    p: float
    strata: str = "unstratified"


@dataclass(frozen=True)
class SurvivalResult:
    """A time-to-event endpoint, analysed."""

    endpoint: str
    label: str
    kind: str
    unit: str
    arms: Mapping[str, ArmSurvival]
    comparisons: Mapping[str, Comparison]
    all_arms: AllArms | None
    #: What ``in_full`` adds; None where it was not asked for, or there is none.
    restricted_mean: RestrictedMeans | None = None
    incidence: Incidence | None = None
    subgroups: Mapping[str, Subgroups] | None = None


def observations(trial: Trial, snap: Snapshot, endpoint: TimeToEvent) -> dict[str, list[Observed]]:
    """The endpoint's population by arm with their times, in the order of randomisation."""
    return {
        arm: observed(trial, snap, endpoint, group)
        for arm, group in members_by_arm(trial, snap, endpoint.population).items()
    }


def observed(trial: Trial, snap: Snapshot, endpoint: TimeToEvent, group: Iterable[Patient]) -> list[Observed]:
    """The times of a group, of those who have an origin."""
    return [o for p in group if (o := observe(p, endpoint, snap.cutoff, trial.assessments)) is not None]


def at_landmark(group: Sequence[Observed], day: int) -> AtLandmark | None:
    """The Kaplan–Meier estimate of a group on ``day``; None for nobody."""
    return _at(km.kaplan_meier(*arrays(group)), day) if group else None


def _at(curve: km.KaplanMeier, day: int) -> AtLandmark:
    at = curve.at(day)
    beyond = at.beyond and at.survival > 0  # once everybody had the event it stays at 0
    return AtLandmark(day, at.survival, (at.lower, at.upper), at.n_risk, beyond)


def analyse_survival(trial: Trial, snap: Snapshot, endpoint: TimeToEvent) -> SurvivalResult:
    """Estimates by arm, each tested arm against the first control arm (see ``pairs``), and all arms at once if there are several; responders are not compared."""
    by_arm = observations(trial, snap, endpoint)
    arms = {name: _arm(group, endpoint) for name, group in by_arm.items()}
    comparisons = {}
    strata = strata_of(snap, endpoint)
    for tested, control in pairs(trial, endpoint):
        found = compare(by_arm[tested], by_arm[control], tested, control, strata, endpoint.stratified_by)
        if found is not None:
            comparisons[f"{tested} vs {control}"] = found
    together = _all_arms(by_arm, strata, endpoint) if endpoint.origin != "first response" else None
    return SurvivalResult(endpoint.name, endpoint.label, endpoint.kind, "days", arms, comparisons, together)


def in_full(trial: Trial, snap: Snapshot, endpoint: TimeToEvent) -> SurvivalResult:
    """``analyse_survival`` with restricted means, cumulative incidence where an event competes, and subgroups.

    The incidence is given at ``report_at``; without one at the smallest of the arms' largest times.
    """
    by_arm = observations(trial, snap, endpoint)
    day = endpoint.report_at.days if endpoint.report_at is not None else common_last(by_arm) or 0
    return replace(
        analyse_survival(trial, snap, endpoint),
        restricted_mean=analyse_restricted(trial, endpoint, by_arm),
        incidence=analyse_incidence(trial, snap, endpoint, by_arm, strata_of(snap, endpoint), day),
        subgroups=analyse_subgroups(trial, snap, endpoint, by_arm),
    )


def _arm(group: Sequence[Observed], endpoint: TimeToEvent) -> ArmSurvival:
    nan = (float("nan"), float("nan"))
    if not group:
        return ArmSurvival(0, 0, nan[0], nan, nan[0], nan, nan[0], None)
    time, event = arrays(group)
    curve = km.kaplan_meier(time, event)
    median = curve.median()
    landmark = _at(curve, endpoint.report_at.days) if endpoint.report_at is not None else None
    return ArmSurvival(
        n=len(group),
        events=int(event.sum()),
        median=median.estimate,
        median_ci=(median.lower, median.upper),
        median_months=median.estimate / DAYS_PER_MONTH,
        median_ci_months=(median.lower / DAYS_PER_MONTH, median.upper / DAYS_PER_MONTH),
        follow_up_median=km.kaplan_meier(time, ~event).median().estimate,
        landmark=landmark,
    )


def _all_arms(by_arm: Mapping[str, Sequence[Observed]], strata: Strata, endpoint: TimeToEvent) -> AllArms | None:
    filled = [g for g in by_arm.values() if g]
    if len(filled) < 3:
        return None
    everybody = [o for g in filled for o in g]
    time, event = arrays(everybody)
    group = np.repeat(np.arange(len(filled)), [len(g) for g in filled])
    test = km.logrank(time, event, group, coded([o.patient for o in everybody], strata))
    return AllArms(test.chi2, test.df, test.p, said_of(everybody, strata, endpoint.stratified_by))


def ticks_to(longest: int) -> list[float]:
    """Round months from 0 to past the longest time [days], about ten of them."""
    months = longest / DAYS_PER_MONTH
    step = next((s for s in (1, 2, 3, 6, 12, 24) if months / s <= 10), 36)
    return [float(t) for t in range(0, int(months) + step, step)]


def curve_of(label: str, group: Sequence[Observed], ticks: Sequence[float]) -> SurvivalArm:
    """One Kaplan–Meier curve in months with its band, its numbers at risk, events and censored, and its median; flat for nobody."""
    if not group:
        none = [0] * len(ticks)
        return SurvivalArm(label, [0.0], [1.0], [1.0], [1.0], [], none, none, none)
    time, event = arrays(group)
    curve = km.kaplan_meier(time, event)
    days = [t * DAYS_PER_MONTH for t in ticks]
    median = curve.median()
    low, high = median.lower / DAYS_PER_MONTH, median.upper / DAYS_PER_MONTH
    return SurvivalArm(
        label,
        [0.0, *(curve.time / DAYS_PER_MONTH).tolist()],
        [1.0, *curve.survival.tolist()],
        [1.0, *np.nan_to_num(curve.lower, nan=0.0).tolist()],
        [1.0, *np.nan_to_num(curve.upper, nan=1.0).tolist()],
        sorted((time[~event] / DAYS_PER_MONTH).tolist()),
        [int((time >= d).sum()) for d in days],
        # Who leaves on the day of a tick is still at risk there: with those before, the three add up to all.
        [int((event & (time < d)).sum()) for d in days],
        [int((~event & (time < d)).sum()) for d in days],
        f"median {number(median.estimate / DAYS_PER_MONTH)} {interval(low, high)}",
    )


def survival_figure(
    trial: Trial, snap: Snapshot, endpoint: TimeToEvent, result: SurvivalResult | None = None
) -> SurvivalFigure:
    """Kaplan–Meier curves by arm in months, with 95 % log-log bands, numbers at risk, events, censored and medians.

    With the endpoint's ``result`` its comparisons stand on the figure.
    """
    by_arm = observations(trial, snap, endpoint)
    everybody = [o.days for g in by_arm.values() for o in g]
    ticks = ticks_to(max(everybody, default=0))
    arms = [curve_of(trial.arm_by_name[name].label, group, ticks) for name, group in by_arm.items()]
    marks = [Mark(f"{endpoint.report_at}", x=endpoint.report_at.months)] if endpoint.report_at else []
    beyond = sum(d > ticks[-1] * DAYS_PER_MONTH for d in everybody)
    said = [_said(trial, c, len(result.comparisons) > 1) for c in result.comparisons.values()] if result else []
    return SurvivalFigure(
        endpoint.label,
        "Months since " + endpoint.origin,
        endpoint.label,
        arms,
        ticks,
        marks,
        caption=" ".join(
            filter(
                None,
                (
                    "Kaplan–Meier by arm with 95 % log-log bands; ticks are censored patients. Median in months with 95 % interval.",
                    "Events and censored: before each time." if arms else "",
                    f"{beyond} of {len(everybody)} patients are followed beyond the axis." if beyond else "",
                    overstated(endpoint),
                ),
            )
        ),
        inset=said,
    )


def _said(trial: Trial, c: Comparison, several: bool) -> str:
    """'Hazard ratio 0.51 (0.34 to 0.76), p 0.0008'; which arm, where there are several."""
    if not c.estimable:
        return ""
    whose = f"{trial.arm_by_name[c.tested].label}: hazard" if several else "Hazard"
    p = p_value(c.p)
    return f"{whose} ratio {c.hr:.2f} {interval(*c.hr_ci, 2)}, log-rank p {p if p.startswith('<') else f'= {p}'}"
