"""From medians, rates and Kendall's tau to hazards: the illness–death model behind each arm.

Three hazards: progression, death before it, death after it (by time since progression). All first events of a day are
one draw, of which a share are deaths; a patient progressed on day j dies k ≥ 1 days later. Progression is *seen* at the
next scan, death when it happens. Everything is calibrated on these whole days, so that simulated medians and rates are
the ones asked for and not a half-day beside them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from equipoise.simulate.day_table import HORIZON, DayTable, days
from equipoise.simulate.disease import ArmCourse, Course, kendall_tau
from equipoise.simulate.scans import last_scan_probabilities
from equipoise.simulate.scenario import ArmTruth, Piece, RatioPiece, Scenario
from equipoise.simulate.toxicities import toxicity_shown
from equipoise.simulate.virtual_patient import toxic_death
from equipoise.trial.duration import DAYS_PER_MONTH
from equipoise.trial.endpoint import Binary, Landmark, Outcome, Response, TimeToEvent, Toxicity
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial

#: The cumulative hazard of a first event at days t, shape of t.
Cumulative = Callable[[NDArray[np.float64]], NDArray[np.float64]]


@dataclass(frozen=True)
class _Base:
    """What an arm is before strata: cumulative hazards, the share of deaths by day, the cured."""

    first: Cumulative
    death_share: NDArray[np.float64]
    after: Cumulative
    cured: float


def strata(trial: Trial, scenario: Scenario) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Each stratum's share of the patients and by what its hazards are multiplied; shapes (strata,).

    Strata run through the levels of the trial's factors in the file's order, the last factor fastest.
    """
    factors = trial.factors
    shares = [scenario.factors.get(f.name) or (1 / len(f.levels),) * len(f.levels) for f in factors]
    ratios = [scenario.prognosis.get(f.name) or (1.0,) * len(f.levels) for f in factors]
    weight = np.array([math.prod(c) for c in product(*shares)])
    return weight, np.array([math.prod(c) for c in product(*ratios)])


def calibrated(trial: Trial, scenario: Scenario) -> dict[str, ArmCourse]:
    """Each arm's course. Raises BadInput, with reasons and numbers, where no hazards give what is asked for."""
    bases: dict[str, _Base] = {}
    own = {n: t for n, t in scenario.arms.items() if t.like is None}
    problems = [
        Problem("like", f"arms.{n}.like", repr(t.like), f"an arm with a truth of its own: {', '.join(own) or 'none'}")
        for n, t in scenario.arms.items()
        if t.like is not None and t.like not in own
    ]
    if problems:
        raise BadInput(f"scenario {scenario.id}", problems)
    calibration = _Calibration(trial, scenario)
    for name, truth in sorted(scenario.arms.items(), key=lambda item: item[1].like is not None):
        if truth.like is not None and truth.like not in bases:
            continue  # what is wrong with that arm is said already
        try:
            bases[name] = calibration.base(truth, f"arms.{name}", bases)
        except BadInput as bad:
            problems.extend(bad.problems)
    if problems:
        raise BadInput(f"scenario {scenario.id}", problems)
    return {name: calibration.arm(bases[name]) for name in scenario.arms}


class _Calibration:
    def __init__(self, trial: Trial, scenario: Scenario) -> None:
        self.trial, self.scenario = trial, scenario
        self.weight, self.ratio = strata(trial, scenario)

    def arm(self, base: _Base) -> ArmCourse:
        found: dict[float, Course] = {}
        for m in self.ratio.tolist():
            if m not in found:
                first = base.cured + (1 - base.cured) * np.exp(-m * base.first(days()))
                after = np.exp(-m * base.after(days()))
                found[m] = Course(_table(first), base.death_share, _table(after))
        return ArmCourse(tuple(found[m] for m in self.ratio.tolist()), self.weight)

    def base(self, truth: ArmTruth, where: str, others: Mapping[str, _Base]) -> _Base:
        if truth.hazards is not None:
            h = truth.hazards
            progression, before = _pieces(h.progression), _pieces(h.death_before)
            steps = np.diff(progression(days()), prepend=0.0), np.diff(before(days()), prepend=0.0)
            total = steps[0] + steps[1]
            share = np.divide(steps[1], total, out=np.zeros_like(total), where=total > 0)
            return _Base(lambda t: progression(t) + before(t), share, _pieces(h.death_after), 0.0)
        if truth.like is not None:
            like = others[truth.like]
            assert truth.hazard_ratio is not None
            first = _ratio(like.first, truth.hazard_ratio)
            base = _Base(first, like.death_share, like.after, like.cured)
            return base if truth.median_os is None else self._with_survival(base, truth, truth.shape_after, where)
        if truth.tau is None:
            assert truth.death_first is not None
            return self._at_share(truth, truth.death_first, truth.shape_after, where)
        return self._with_tau(truth, where)

    def _with_tau(self, truth: ArmTruth, where: str) -> _Base:
        """Kendall's tau by the share of deaths among first events or, that given, by the shape of death after them."""
        given = truth.death_first
        steps = (
            (0.0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
            if given is None
            else (0.3, 0.4, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0, 5.0)
        )

        def at(x: float) -> _Base:
            return self._at_share(truth, *((x, truth.shape_after) if given is None else (given, x)), where)

        found: list[tuple[float, float]] = []
        refused: BadInput | None = None
        for x in steps:
            try:
                found.append((x, kendall_tau(self.arm(at(x)))))
            except BadInput as bad:
                refused = bad
        if refused is not None and not found:
            raise refused
        assert truth.tau is not None
        target = truth.tau
        for (x, low), (y, high) in pairwise(found):
            if (low - target) * (high - target) <= 0:
                return at(brentq(lambda v: kendall_tau(self.arm(at(v))) - target, x, y, xtol=1e-6))
        taus = [tau for _, tau in found]
        problem = Problem(
            "impossible-tau", f"{where}.tau", f"{target:g}",
            f"{min(taus):.3f} to {max(taus):.3f} with these medians and shapes",
            "change tau or a median, or give death_first too: then the shape of death after progression is found",
        )  # fmt: skip
        raise BadInput(where, [problem])

    def _at_share(self, truth: ArmTruth, share: float, shape_after: float, where: str) -> _Base:
        division = np.full(HORIZON + 1, share)

        def with_scale(log_scale: float) -> _Base:
            first = _weibull(math.exp(log_scale), truth.shape)
            base = _Base(first, division, first, truth.cured)
            return self._with_survival(base, truth, shape_after, where)

        if truth.median_pfs is not None:
            median = truth.median_pfs.exact_days
            if truth.cured >= 0.5:
                raise _impossible(where, "cured", f"{truth.cured:g}", "below 0.5 where there is a median", truth)
            assert truth.median_os is not None
            if median >= truth.median_os.exact_days:
                raise _impossible(
                    where, "median_pfs", f"{truth.median_pfs}", f"below median_os, {truth.median_os}", truth
                )

            def halved(log_scale: float) -> float:
                gone = np.exp(-self.ratio * math.exp(log_scale) * median**truth.shape)
                return float(self.weight @ (truth.cured + (1 - truth.cured) * gone)) - 0.5

            centre = -truth.shape * math.log(median)
            return with_scale(brentq(halved, centre - 12, centre + 12, xtol=1e-14))
        return self._at_rate(truth, with_scale, where)

    def _at_rate(self, truth: ArmTruth, with_scale: Callable[[float], _Base], where: str) -> _Base:
        target = truth.observed_rate
        assert target is not None
        endpoint, times = self.trial.monitored.endpoint, self.trial.monitored.times
        if times is None or not times.progression_or_death or not isinstance(endpoint, Landmark):
            problem = Problem(
                "observed-rate", f"{where}.observed_rate", f"a rate of {(times or endpoint).name}",
                "an observed rate is of progression or death", "give median_pfs",
            )  # fmt: skip
            raise BadInput(where, [problem])
        landmark = endpoint.landmark.days
        last = last_scan_probabilities(self.trial, self.scenario, landmark)

        def excess(log_scale: float) -> float:
            return self.arm(with_scale(log_scale)).observed_success(landmark, last) - target

        # From a median first event of 2 days up to where the median survival allows no later one.
        low, high = math.log(math.log(2)) - truth.shape * np.log(np.array([HORIZON, 2.0]))
        while high - low > 1e-6:
            middle = (low + high) / 2
            try:
                excess(middle)
                high = middle
            except BadInput:
                low = middle
        fastest = math.log(math.log(2)) - truth.shape * math.log(2.0)
        if excess(high) < 0:
            most = target + excess(high)
            raise _impossible(
                where, "observed_rate", f"{target:g}",
                f"at most {most:.3f} with a median survival of {truth.median_os}", truth,
            )  # fmt: skip
        if excess(fastest) > 0:
            least = target + excess(fastest)
            raise _impossible(
                where, "observed_rate", f"{target:g}",
                f"at least {least:.3f}: whoever progresses after the last scan before the landmark is seen too late", truth,
            )  # fmt: skip
        return with_scale(brentq(excess, high, fastest, xtol=1e-13))

    def _with_survival(self, base: _Base, truth: ArmTruth, shape: float, where: str) -> _Base:
        """The hazard after progression that gives the median overall survival."""
        assert truth.median_os is not None
        median = truth.median_os.exact_days
        first = [
            base.cured + (1 - base.cured) * np.exp(-m * base.first(np.arange(math.ceil(median) + 1.0)))
            for m in self.ratio.tolist()
        ]
        # A median may lie beyond the days for which patients are followed: what was last is taken to go on.
        share = np.pad(base.death_share, (0, max(len(first[0]) - len(base.death_share), 0)), mode="edge")
        progressed = [-np.diff(s, prepend=1.0) * (1 - share[: len(s)]) for s in first]

        def alive(day: int, scale: float) -> float:
            back = (np.arange(day, -1, -1.0)) ** shape
            return sum(
                float(w * (s[day] + p[: day + 1] @ np.exp(-m * scale * back)))
                for w, m, s, p in zip(self.weight, self.ratio, first, progressed, strict=True)
            )

        def excess(log_scale: float) -> float:
            low, part = math.floor(median), median - math.floor(median)
            at = [alive(d, math.exp(log_scale)) for d in (low, math.ceil(median))]
            return float(at[0] ** (1 - part) * at[1] ** part - 0.5)

        centre = -shape * math.log(median)
        low, high = centre - 14, centre + 14
        if excess(low) < 0 or excess(high) > 0:
            bounds = f"{0.5 + excess(high):.3f} to {0.5 + excess(low):.3f} alive at {truth.median_os}"
            raise _impossible(where, "median_os", f"{truth.median_os}", f"these first events leave {bounds}", truth)
        found = brentq(excess, low, high, xtol=1e-13)
        return _Base(base.first, base.death_share, _weibull(math.exp(found), shape), base.cured)


def rate_shown(arm: str, course: ArmCourse, trial: Trial, scenario: Scenario) -> float | None:
    """Rate of the monitored endpoint that this truth makes the protocol's scans show in an arm, with nobody lost.

    For survival it is that of being alive. For progression without death it depends on who dies first, has no such
    closed form here, and is None; so is a response where scans are missed or come early and late.
    """
    m, truth = trial.monitored, scenario.arms[arm]
    return (
        None if isinstance(m.endpoint, TimeToEvent) else shown_of(m.endpoint, m.times, truth, course, trial, scenario)
    )


def shown_of(
    endpoint: Binary, of: TimeToEvent | None, truth: ArmTruth, course: ArmCourse, trial: Trial, scenario: Scenario
) -> float | None:
    """Rate of a yes or no that this truth makes the protocol's scans show; None where it has no closed form here."""
    review = trial.eligibility_review
    found = _shown_of_the_eligible(endpoint, of, truth, course, trial, scenario)
    failing = scenario.ineligible if review is not None and review.ineligible == "failure" else 0.0
    return None if found is None else found * (1 - failing)


def _shown_of_the_eligible(
    endpoint: Binary, of: TimeToEvent | None, truth: ArmTruth, course: ArmCourse, trial: Trial, scenario: Scenario
) -> float | None:
    # Whom an adverse event kills is not event-free either, whatever the disease would have done; when that hides a response is not
    # worked out.
    toxic = toxic_death(truth).survival
    if isinstance(endpoint, Outcome):
        # Who dies before it is due has none.
        alive = course.alive[endpoint.due.days - 1] * toxic[endpoint.due.days - 1] if endpoint.due.days > 0 else 1.0
        return float(truth.outcomes[endpoint.name] * alive)
    if isinstance(endpoint, Response):
        if toxic[-1] < 1:
            return None
        share = response_shown(course, trial, scenario, truth)
        return None if share is None else true_response(truth, share) * share
    if isinstance(endpoint, Toxicity):
        return toxicity_shown(endpoint, truth, course, trial, next(n for n, t in scenario.arms.items() if t is truth))
    assert of is not None
    day = endpoint.landmark.days
    if set(of.events) == {"death"}:
        return float(course.alive[day] * toxic[day])
    if of.progression_or_death:
        return course.observed_success(day, last_scan_probabilities(trial, scenario, day)) * float(toxic[day])
    return None


def true_response(truth: ArmTruth, shown: float | None) -> float:
    """The probability of a response, seen or not, of which a share ``shown`` is seen."""
    if truth.response is not None:
        return truth.response
    assert truth.observed_response is not None
    return truth.observed_response / (shown or 1.0)


def response_shown(course: ArmCourse, trial: Trial, scenario: Scenario, truth: ArmTruth) -> float | None:
    """The share of responders whose response the protocol's scans show in time (and confirm, if the endpoint asks for it).

    A response that begins at a scan is seen there unless progression or death has come before, and confirmed at the first scan
    late enough unless it has come before that. None without such an endpoint, and where scans are missed or not on their day.
    """
    endpoint = trial.monitored.endpoint
    if not isinstance(endpoint, Response) or trial.assessments is None:
        return None
    if scenario.visits.missed > 0 or scenario.visits.jitter.days > 0:
        return None
    plan, total = trial.assessments, 0.0
    last = HORIZON if endpoint.seen_by is None else endpoint.seen_by
    for visit, share in ((1, truth.first_scan_response), (2, 1 - truth.first_scan_response)):
        day = plan.day_of(visit)
        if day > last:
            continue
        if endpoint.confirmed:
            day = plan.day_of(plan.visit_from(day + max(endpoint.confirmation_after.days, 1)))
        total += share * float(course.event_free[min(day, HORIZON)])
    return total


def _table(survival: NDArray[np.float64]) -> DayTable:
    return DayTable(np.minimum.accumulate(np.clip(survival, 0.0, 1.0)))


def _weibull(scale: float, shape: float) -> Cumulative:
    return lambda t: scale * t**shape


def _pieces(pieces: Sequence[Piece]) -> Cumulative:
    ends = np.array([0.0, *(p.until.exact_days for p in pieces if p.until is not None)])
    rates = np.array([p.per_month for p in pieces]) / DAYS_PER_MONTH
    sums = np.concatenate([[0.0], np.cumsum(np.diff(ends) * rates[:-1])])

    def cumulative(t: NDArray[np.float64]) -> NDArray[np.float64]:
        i = np.searchsorted(ends, t, side="right") - 1
        found: NDArray[np.float64] = sums[i] + rates[i] * (t - ends[i])
        return found

    return cumulative


def _ratio(first: Cumulative, ratio: float | tuple[RatioPiece, ...]) -> Cumulative:
    pieces = ratio if isinstance(ratio, tuple) else (RatioPiece(ratio=ratio),)
    ends = [0.0, *(p.until.exact_days for p in pieces if p.until is not None), math.inf]

    def cumulative(t: NDArray[np.float64]) -> NDArray[np.float64]:
        total = np.zeros_like(t)
        for p, a, b in zip(pieces, ends[:-1], ends[1:], strict=True):
            total += p.ratio * (first(np.clip(t, a, b)) - first(np.full_like(t, a)))
        return total

    return cumulative


def _impossible(where: str, field: str, got: str, allowed: str, truth: ArmTruth) -> BadInput:
    first = (
        f"first events like {truth.like}'s" if truth.like else f"median PFS {truth.median_pfs}" if truth.median_pfs
        else f"rate {truth.observed_rate:g}"
    )  # fmt: skip
    given = f"{got} ({first}, median OS {truth.median_os})"
    return BadInput(where, [Problem("impossible-truth", f"{where}.{field}", given, allowed)])
