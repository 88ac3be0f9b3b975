"""The randomised comparison that stands beside a look's decision and never enters it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from equipoise.analyse.between_arms import compare
from equipoise.analyse.cohort import Cohort
from equipoise.analyse.strata import strata_of
from equipoise.analyse.survival import AtLandmark, at_landmark, observations
from equipoise.numerics.counts.proportions import risk_difference
from equipoise.trial.endpoint import Landmark, TimeToEvent
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


def randomised_comparison(trial: Trial, snap: Snapshot, cohorts: Mapping[str, Cohort]) -> dict[str, Any] | None:
    """All randomised patients compared on the monitored time-to-event endpoint, and the look's cohorts on their rates.

    A hazard ratio below 1 and a difference above 0 favour the tested arm. ``at_landmark``: the Kaplan–Meier estimates of all randomised
    at the landmark. Where the endpoint is no landmark there are rates only. None without a control arm, or without anything to compare.
    """
    m = trial.monitored
    if m.control is None:
        return None
    tested, control = m.tested.name, m.control.name
    numbers: dict[str, Any] | None = {"endpoint": m.endpoint.name}
    if m.times is not None:
        numbers = _times(trial, snap, m.times, tested, control)
    if numbers is None:
        return None
    a, b = cohorts.get(tested), cohorts.get(control)
    if a is not None and b is not None and a.members and b.members:
        difference = risk_difference(a.successes, len(a.members), b.successes, len(b.members))
        numbers["rate_difference"] = difference.estimate
        numbers["rate_difference_ci"] = [difference.lower, difference.upper]
        numbers["rate_difference_method"] = "Miettinen–Nurminen interval, 95 %"
    return numbers if len(numbers) > 1 else None


def _times(trial: Trial, snap: Snapshot, endpoint: TimeToEvent, tested: str, control: str) -> dict[str, Any] | None:
    by_arm = observations(trial, snap, endpoint)
    found = compare(by_arm[tested], by_arm[control], tested, control, strata_of(snap, endpoint), endpoint.stratified_by)
    if found is None:
        return None
    numbers: dict[str, Any] = {
        "endpoint": endpoint.name,
        "n": {tested: len(by_arm[tested]), control: len(by_arm[control])},
        "events": {tested: sum(o.event for o in by_arm[tested]), control: sum(o.event for o in by_arm[control])},
        "logrank_chi2": found.logrank_chi2,
        "logrank_p": found.p,
        "hr": found.hr,
        "log_hr_se": found.log_hr_se,
        "hr_ci": list(found.hr_ci),
        "hr_estimable": found.estimable,
        "hr_not_estimable_because": found.not_estimable_because,
        "method": found.method,
        "strata": found.strata,
    }
    monitored = trial.monitored.endpoint
    if isinstance(monitored, Landmark):
        numbers["at_landmark"] = {
            arm: _plain(at) for arm in (tested, control) if (at := at_landmark(by_arm[arm], monitored.landmark.days))
        }
    return numbers


def _plain(at: AtLandmark) -> dict[str, Any]:
    return {"day": at.day, "survival": at.survival, "ci": list(at.ci), "at_risk": at.at_risk, "beyond": at.beyond}
