"""Status at a landmark of all patients at once. The rules, and why, are in ``analyse/landmark.py``."""

from __future__ import annotations

from typing import get_args

import numpy as np

from equipoise.analyse.columns.codes import Codes
from equipoise.analyse.columns.times import Times
from equipoise.analyse.status import Standing
from equipoise.trial.endpoint import Landmark

#: '' for a patient without an origin.
STATUSES: tuple[str, ...] = ("", *get_args(Standing))


def landmark_status(times: Times, endpoint: Landmark, cutoff: int) -> Codes:
    """By patient a place in ``STATUSES``: from the times to the endpoint that is read at the landmark."""
    day, days = endpoint.landmark.days, times.days
    latest = times.origin + day + endpoint.window.days
    code = {status: np.int8(i) for i, status in enumerate(STATUSES)}
    return np.select(
        [~times.has_origin, times.event & (days <= day), days >= day, times.known | (cutoff > latest)],
        [code[""], code["failure"], code["success"], code["not evaluable"]],
        code["pending"],
    ).astype(np.int8)
