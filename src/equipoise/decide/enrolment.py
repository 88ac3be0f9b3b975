"""May patients be enrolled today? What the protocol says while a look's outcome is awaited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from equipoise.analyse.status import Status, counts
from equipoise.trial.endpoint import Policy
from equipoise.trial.trial import Trial


def stage_is_full(trial: Trial, stage: int, counting: Mapping[str, int]) -> bool:
    """True once enough patients that count have entered for the look that ends ``stage`` (from 1).

    ``counting``: by arm, patients who have entered less those already known not to be evaluable where their places are to be
    filled again (the policy 'replace').
    """
    return all(counting[arm] >= planned for arm, planned in trial.monitored.planned(stage).items())


def counting(order: Sequence[str], status: Mapping[str, Status | None], policy: Policy) -> Sequence[str]:
    """Patients of an arm, in the order in which they came, less those known not to count where their places are filled again."""
    if policy == "exclude":
        return order
    return [name for name in order if (s := status[name]) is None or counts(s, policy)]
