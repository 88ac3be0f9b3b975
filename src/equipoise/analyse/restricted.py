"""Restricted mean survival by arm, and each tested arm's less the control arm's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from equipoise.analyse.between_arms import arrays, pairs
from equipoise.analyse.endpoints import Observed
from equipoise.numerics.times.restricted_mean import MeanDifference, mean_difference, restricted_mean
from equipoise.trial.endpoint import TimeToEvent
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class ArmMean:
    """Days free of the event in the first τ days, on average, with standard error and normal interval."""

    mean: float
    std_err: float
    ci: tuple[float, float]


@dataclass(frozen=True)
class RestrictedMeans:
    """``tau`` [days] is the smallest of the arms' largest times; arms without patients are left out. Differences are unstratified."""

    tau: int
    arms: Mapping[str, ArmMean]
    differences: Mapping[str, MeanDifference]
    method: str = (
        "area under Kaplan–Meier to τ, Greenwood's variance, normal interval 95 % and two-sided test; unstratified"
    )


def common_last(by_arm: Mapping[str, Sequence[Observed]]) -> int | None:
    """The smallest of the arms' largest times [days], of arms with patients; None while there are none."""
    return min((max(o.days for o in group) for group in by_arm.values() if group), default=None)


def analyse_restricted(
    trial: Trial, endpoint: TimeToEvent, by_arm: Mapping[str, Sequence[Observed]]
) -> RestrictedMeans | None:
    """Restricted means to the last day on which every arm was still watched; None where that is the first day, or nobody is in."""
    tau = common_last(by_arm)
    if not tau:
        return None
    found = {name: restricted_mean(*arrays(group), tau) for name, group in by_arm.items() if group}
    differences = {}
    for tested, control in pairs(trial, endpoint):
        if tested in found and control in found:
            differences[f"{tested} vs {control}"] = mean_difference(found[tested], found[control])
    return RestrictedMeans(
        tau, {name: ArmMean(m.mean, m.std_err, m.interval()) for name, m in found.items()}, differences
    )
