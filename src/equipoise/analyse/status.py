"""Where a patient stands: success, failure, still pending, or not evaluable, whatever the endpoint is a yes or no of."""

from __future__ import annotations

from datetime import date
from typing import Literal, NamedTuple

from equipoise.trial.endpoint import Policy

Standing = Literal["success", "failure", "pending", "not evaluable"]


class Status(NamedTuple):
    """Where one patient stands, and why.

    For a pending patient ``expected`` is the day on which the next thing that can settle it is planned, ``at_latest`` the day
    after which the patient is no longer waited for (None: there is no such day), and ``next_look`` the day on which time alone
    may change it. ``source`` is the number of the log's event that decided, where one did, and ``record`` where that
    event came from.
    """

    patient: str
    arm: str
    status: Standing
    because: str
    expected: date
    at_latest: date | None
    next_look: date | None = None
    source: int | None = None
    record: str = ""
    #: Found ineligible after entry, where the protocol then counts the patient for nothing.
    ineligible: bool = False


def counts(status: Status, policy: Policy) -> bool:
    """True for a patient who stands in the denominator: every eligible one under 'failure', else all but the not evaluable."""
    if status.ineligible:
        return False
    return policy == "failure" or status.status != "not evaluable"
