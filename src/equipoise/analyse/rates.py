"""Rates by arm, with exact intervals: landmark endpoints and response."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from equipoise.analyse.landmark import counts, landmark_status
from equipoise.analyse.populations import members_by_arm
from equipoise.analyse.response import best_response
from equipoise.numerics.counts.proportions import clopper_pearson
from equipoise.trial.endpoint import Landmark, Response
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
        tally = Counter(s.status for s in statuses)
        counted = [s for s in statuses if s.status != "pending" and counts(s, endpoint.not_evaluable)]
        left = {"pending": tally["pending"]}
        if endpoint.not_evaluable != "failure":
            left["not evaluable"] = tally["not evaluable"]
        arms[arm] = rate(len(counted), tally["success"], left, dict(sorted(tally.items())))
    return RateResult(endpoint.name, endpoint.label, endpoint.kind, f"not evaluable: {endpoint.not_evaluable}", arms)


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
