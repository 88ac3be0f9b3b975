"""May patients be enrolled today? What the protocol says while a look's outcome is awaited."""

from __future__ import annotations

from collections.abc import Mapping

from equipoise.trial.trial import Trial


def stage_is_full(trial: Trial, stage: int, counting: Mapping[str, int]) -> bool:
    """True once enough patients that count have entered for the look that ends ``stage`` (from 1).

    ``counting``: by arm, patients who have entered less those already known not to be evaluable where their places are to be
    filled again (the policy 'replace').
    """
    return all(counting[arm] >= planned for arm, planned in trial.monitored.planned(stage).items())
