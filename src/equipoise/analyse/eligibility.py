"""Eligibility by review after enrolment, over the status of any yes or no."""

from __future__ import annotations

from datetime import date, timedelta

from equipoise.analyse.status import Status
from equipoise.trial.eligibility_review import EligibilityReview
from equipoise.trial.patient import Patient


def found_ineligible(patient: Patient, review: EligibilityReview, cutoff: date) -> str:
    """Why the patient is not eligible by the review; '' for one who is, or who still awaits it."""
    if patient.reviewed is not None:
        if patient.reviewed.data["eligible"]:
            return ""
        failed = ", ".join(str(n) for n in patient.reviewed.data.get("failed", ()))
        reasons = [f"criterion {failed}" if failed else "", str(patient.reviewed.data.get("reason", ""))]
        return f"found ineligible by {review.by}: {'; '.join(r for r in reasons if r)}"
    last = _last(patient, review)
    return f"not confirmed by {review.by} by {last}" if last is not None and cutoff > last else ""


def awaits_review(patient: Patient, review: EligibilityReview, cutoff: date) -> bool:
    """True of one in the trial about whom a review is still awaited."""
    entered = patient.randomised is not None
    return entered and patient.reviewed is None and not found_ineligible(patient, review, cutoff)


def reviewed(status: Status | None, patient: Patient, review: EligibilityReview, cutoff: date) -> Status | None:
    """The status with the review over it: pending until it is recorded, and what the protocol says of the ineligible."""
    if status is None:
        return None
    because = found_ineligible(patient, review, cutoff)
    if because:
        event = patient.reviewed
        source, record = (event.number, event.source) if event is not None else (None, "")
        failed = review.ineligible == "failure"
        return status._replace(
            status="failure" if failed else "not evaluable", because=because, next_look=None, source=source,
            record=record, ineligible=not failed,
        )  # fmt: skip
    if not awaits_review(patient, review, cutoff):
        return status
    last = _last(patient, review)
    assert last is not None, "who awaits a review is in the trial"
    # Asked anew each day: a review may be recorded on any.
    return status._replace(
        status="pending", because=f"awaits {review.by}; so far: {status.because}", expected=max(status.expected, last),
        at_latest=max(status.at_latest, last) if status.at_latest is not None else None, next_look=cutoff + timedelta(days=1),
    )  # fmt: skip


def _last(patient: Patient, review: EligibilityReview) -> date | None:
    entry = patient.randomised
    return entry.happened + timedelta(days=review.within.days) if entry is not None else None
