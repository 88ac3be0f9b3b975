"""From medians and rates to hazards: the illness–death model behind an arm.

Three constant hazards a day: progression, death before progression, death after it. With total hazard of a first
event ``h = progression + death_before`` and ``v = death_after``, overall survival is

    S(t) = exp(-h t) + progression · (exp(-v t) - exp(-h t)) / (h - v)

(integrate over the day of progression). Progression is *seen* at the next planned scan, death when it happens.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.optimize import brentq

from equipoise.simulate.scenario import ArmTruth
from equipoise.trial.endpoint import Landmark
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class Hazards:
    """Constant hazards [per day] of progression, of death before it and of death after it."""

    progression: float
    death_before: float
    death_after: float

    @property
    def first_event(self) -> float:
        """Hazard of progression or death, whichever comes first [per day]."""
        return self.progression + self.death_before

    def alive(self, days: float) -> float:
        """Probability of being alive at ``days``."""
        return math.exp(-self.first_event * days) + self._progressed_and_alive(days)

    def observed_success(self, landmark: float, last_scan: float) -> float:
        """Probability that a fully followed patient counts as event-free at ``landmark`` [days].

        ``last_scan`` is the day of the last planned scan on or before the landmark: who progresses after it is seen to
        have progressed only after the landmark, and counts as a success if alive on the landmark day.
        """
        return math.exp(-self.first_event * last_scan) * self.alive(landmark - last_scan)

    def _progressed_and_alive(self, days: float) -> float:
        h, v = self.first_event, self.death_after
        if abs(h - v) < 1e-12:
            return self.progression * days * math.exp(-h * days)
        return self.progression * (math.exp(-v * days) - math.exp(-h * days)) / (h - v)


def hazards(truth: ArmTruth, trial: Trial, where: str) -> Hazards:
    """The hazards that give this truth. Raises BadInput where none do, as for a median PFS above the median OS."""
    if truth.median_pfs is not None:
        return _with_first_event(math.log(2) / truth.median_pfs.exact_days, truth, where)
    assert truth.observed_rate is not None
    landmark, last_scan = landmark_and_last_scan(trial)
    target = truth.observed_rate
    assert trial.monitoring is not None
    monitored = trial.time_to_event(trial.landmark(trial.monitoring.endpoint).of)
    if set(monitored.events) != {"progression", "death"}:
        raise BadInput(
            where,
            [
                Problem(
                    "observed-rate", f"{where}.observed_rate", f"a rate of {monitored.name}",
                    "an observed rate is of progression or death", "give median_pfs",
                )
            ],
        )  # fmt: skip

    def excess(log_h: float) -> float:
        return _with_first_event(math.exp(log_h), truth, where).observed_success(landmark, last_scan) - target

    # The first event cannot be rarer than deaths are: the least hazard is the one of the median survival.
    least = math.log(math.log(2) / truth.median_os.exact_days) + 1e-4
    if excess(least) < 0:
        raise BadInput(
            where,
            [
                Problem(
                    "impossible-truth", f"{where}.observed_rate", f"{target}", f"at most {target + excess(least):.3f} with a median survival of {truth.median_os}",
                    "raise median_os or lower observed_rate",
                )
            ],
        )  # fmt: skip
    return _with_first_event(math.exp(brentq(excess, least, math.log(1.0), xtol=1e-13)), truth, where)


def rate_at_landmark(h: Hazards, trial: Trial) -> float | None:
    """Rate of the monitored endpoint that these hazards make the protocol's scans show, with nobody lost.

    For survival it is that of being alive. For progression without death it depends on who dies first, has no such
    closed form here, and is None.
    """
    assert trial.monitoring is not None
    events = set(trial.time_to_event(trial.landmark(trial.monitoring.endpoint).of).events)
    landmark, last_scan = landmark_and_last_scan(trial)
    if events == {"death"}:
        return h.alive(landmark)
    return h.observed_success(landmark, last_scan) if events == {"progression", "death"} else None


def landmark_and_last_scan(trial: Trial) -> tuple[int, int]:
    """The monitored landmark and the last planned scan on or before it [days]."""
    assert trial.monitoring is not None
    assert trial.assessments is not None
    endpoint: Landmark = trial.landmark(trial.monitoring.endpoint)
    day, first, every = endpoint.landmark.days, trial.assessments.first.days, trial.assessments.every.days
    return day, 0 if day < first else first + (day - first) // every * every


def _with_first_event(h: float, truth: ArmTruth, where: str) -> Hazards:
    progression, before = h * (1 - truth.death_first), h * truth.death_first
    median = truth.median_os.exact_days

    def excess(log_v: float) -> float:
        return Hazards(progression, before, math.exp(log_v)).alive(median) - 0.5

    low, high = math.log(1e-9), math.log(1e4)
    if excess(low) < 0 or excess(high) > 0:
        given = truth.median_pfs or f"rate {truth.observed_rate}"
        raise BadInput(
            where,
            [
                Problem(
                    "impossible-truth", where, f"PFS {given}, death first {truth.death_first}, OS {truth.median_os}",
                    "a median survival that these first events allow: above the median PFS, below what deaths without progression leave",
                )
            ],
        )  # fmt: skip
    return Hazards(progression, before, math.exp(brentq(excess, low, high, xtol=1e-13)))
