"""Eligibility confirmed after enrolment: by whom, by when, and what becomes of who is found ineligible."""

from __future__ import annotations

from pydantic import Field

from equipoise.trial.duration import Lasting
from equipoise.trial.endpoint import Policy
from equipoise.trial.part import Part


class EligibilityReview(Part):
    """A patient awaits the review from entry on, and is pending for every rate until it is recorded.

    One about whom no review is recorded ``within`` that time is not confirmed, and counts as ineligible until it is.
    """

    by: str = Field(min_length=1, description="Who reviews: 'central pathology'.")
    within: Lasting = Field(description="How long after entry the review may take.")
    ineligible: Policy = Field(
        description="'replace': gives up the place in a look's cohort to the next patient. 'exclude': leaves it empty. "
        "'failure': counts as a failure."
    )
