"""An amendment that is planned: the definition that it brings, and when it takes effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class Amendment:
    """What an amendment makes of the trial, on which day and why; ``approvals``: the planned day of each site's approval."""

    trial: Trial
    on: date
    why: str
    approvals: Mapping[str, date]
