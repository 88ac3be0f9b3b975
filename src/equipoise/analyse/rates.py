"""Rates by arm, with exact intervals: landmark endpoints and response."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from equipoise.analyse.landmark import landmark_status
from equipoise.analyse.outcome_status import outcome_status
from equipoise.analyse.populations import members_by_arm
from equipoise.analyse.response import best_response
from equipoise.analyse.status import Status, counts
from equipoise.numerics.counts.proportions import clopper_pearson
from equipoise.trial.endpoint import Landmark, Outcome, Policy, Response
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial
from equipoise.trial.vocabularies.recist11 import NE


@dataclass(frozen=True)
class ArmRate:
    """Successes among those who count, with a Clopper–Pearson interval; ``left_out`` says who does not and why."""

    n: int
    successes: int
    rate: float
    ci: tuple[float, float]
    left_out: Mapping[str, int]
    by_category: Mapping[str, int]


@dataclass(frozen=True)
class RateResult:
    """A rate endpoint, analysed."""

    endpoint: str
    label: str
    kind: str
    policy: str
    arms: Mapping[str, ArmRate]
    method: str = "exact (Clopper–Pearson) interval, 95 %"


def rate(n: int, successes: int, left_out: Mapping[str, int], by_category: Mapping[str, int]) -> ArmRate:
    """A rate with its exact interval; NaN without patients."""
    if n == 0:
        nan = float("nan")
        return ArmRate(0, 0, nan, (nan, nan), left_out, by_category)
    interval = clopper_pearson(successes, n)
    return ArmRate(n, successes, successes / n, (interval.lower, interval.upper), left_out, by_category)


def analyse_landmark(trial: Trial, snap: Snapshot, endpoint: Landmark) -> RateResult:
    """The rate by arm among patients whose status is known, and who is left out."""
    arms = {}
    for arm, group in members_by_arm(trial, snap, endpoint.population).items():
        statuses = [s for p in group if (s := landmark_status(p, endpoint, trial, snap.cutoff)) is not None]
        arms[arm] = _of_statuses(statuses, endpoint.not_evaluable)
    return RateResult(endpoint.name, endpoint.label, endpoint.kind, f"not evaluable: {endpoint.not_evaluable}", arms)


def analyse_outcome(trial: Trial, snap: Snapshot, endpoint: Outcome) -> RateResult:
    """The rate of an outcome recorded by its own name, by arm; who is left out and why."""
    arms = {}
    for arm, group in members_by_arm(trial, snap, endpoint.population).items():
        statuses = [s for p in group if (s := outcome_status(p, endpoint, snap.cutoff)) is not None]
        arms[arm] = _of_statuses(statuses, endpoint.not_evaluable)
    return RateResult(endpoint.name, endpoint.label, endpoint.kind, f"not evaluable: {endpoint.not_evaluable}", arms)


def _of_statuses(statuses: Sequence[Status], policy: Policy) -> ArmRate:
    tally = Counter(s.status for s in statuses)
    counted = [s for s in statuses if s.status != "pending" and counts(s, policy)]
    left = {"pending": tally["pending"]}
    if policy != "failure":
        left["not evaluable"] = tally["not evaluable"]
    return rate(len(counted), tally["success"], left, dict(sorted(tally.items())))


def analyse_response(trial: Trial, snap: Snapshot, endpoint: Response) -> RateResult:
    """The response rate by arm; a patient without a readable assessment is a failure or left out, as stated."""
    arms = {}
    for arm, group in members_by_arm(trial, snap, endpoint.population).items():
        best = [best_response(p, endpoint, snap.cutoff) for p in group]
        tally = Counter(b.response for b in best)
        exclude = endpoint.not_evaluable == "exclude"
        left = {"not evaluable": tally[NE]} if exclude else {}
        n = len(best) - (tally[NE] if exclude else 0)
        arms[arm] = rate(n, sum(b.success for b in best), left, dict(sorted(tally.items())))
    confirmed = "confirmed" if endpoint.confirmed else "confirmation not required"
    return RateResult(
        endpoint.name,
        endpoint.label,
        endpoint.kind,
        f"{confirmed}; not evaluable: {endpoint.not_evaluable}",
        arms,
    )
