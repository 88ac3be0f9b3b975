"""Rates by arm, with exact intervals: landmarks, responses, and outcomes recorded by their own name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from equipoise.analyse.binary import status_of
from equipoise.analyse.early_enough import awaited_in_words, days_awaited, early_enough, enrolment_over
from equipoise.analyse.eligibility import awaits_review
from equipoise.analyse.populations import members_by_arm
from equipoise.analyse.response import best_response
from equipoise.analyse.status import Standing, Status
from equipoise.analyse.survival import AtLandmark, at_landmark, observed
from equipoise.numerics.counts.proportions import clopper_pearson
from equipoise.trial.endpoint import Binary, Landmark, Response
from equipoise.trial.patient import Patient
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial
from equipoise.trial.vocabularies.recist11 import NE


@dataclass(frozen=True)
class ArmRate:
    """Successes among those who count, with a Clopper–Pearson interval (``ci``).

    Of the ``of`` patients of the endpoint's population ``too_recent`` came too late to count (see ``early_enough``), also those
    whose status is known already; the rest came early enough, and of them ``not_evaluable`` are, who are in ``n`` where they are
    failures. ``pending_due``: whose status is not known though the day planned for what would settle it is on or before the
    cut-off; they are neither successes nor failures. ``left_out`` splits those who are not in ``n``: 'pending' and 'known early'
    are the too recent. ``by_category`` counts the standings of all (best responses, for a response), ``counted_by_category``
    those of the early enough. ``kaplan_meier``: the estimate at a landmark from all patients.
    """

    n: int
    successes: int
    rate: float
    ci: tuple[float, float]
    left_out: Mapping[str, int]
    by_category: Mapping[str, int]
    of: int
    too_recent: int
    pending_due: int
    not_evaluable: int
    counted_by_category: Mapping[str, int]
    kaplan_meier: AtLandmark | None


@dataclass(frozen=True)
class RateResult:
    """A rate endpoint, analysed.

    Who counts: origin + ``counted_after_days`` < cut-off; or everybody, where ``complete``: enrolment is over and nobody is pending.
    ``counted`` says it in words.
    """

    endpoint: str
    label: str
    kind: str
    policy: str
    arms: Mapping[str, ArmRate]
    counted_after_days: int
    complete: bool
    counted: str
    method: str = "exact (Clopper–Pearson) interval, 95 %"


@dataclass(frozen=True, slots=True)
class _One:
    """A patient with where he stands, whether he came early enough, and what a table calls it."""

    status: Status
    standing: Standing
    counts: bool
    category: str


def analyse_rate(trial: Trial, snap: Snapshot, endpoint: Binary) -> RateResult:
    """The rate by arm among those who came early enough, and who is left out.

    Where enrolment is over and nobody in the trial is pending, there is nobody to wait for, and all count. (This looks at
    outcomes, but shifts a rate p by less than (1 - p) / n: see docs/endpoints.md.)
    """
    statuses = {p.name: status_of(p, endpoint, trial, snap.cutoff) for p in snap.randomised}
    pending = any(s is not None and s.status == "pending" for s in statuses.values())
    complete = enrolment_over(trial, snap) and not pending
    arms = {}
    for arm, group in members_by_arm(trial, snap, endpoint.population).items():
        ones = [_one(trial, snap, endpoint, p, s, complete) for p in group if (s := statuses[p.name]) is not None]
        arms[arm] = _rate(trial, snap, endpoint, group, ones)
    days = days_awaited(endpoint, trial)
    return RateResult(
        endpoint.name, endpoint.label, endpoint.kind, _policy(endpoint), arms, days, complete,
        _counted(endpoint, trial, days, complete),
    )  # fmt: skip


def _one(trial: Trial, snap: Snapshot, endpoint: Binary, patient: Patient, status: Status, complete: bool) -> _One:
    counts = complete or early_enough(patient, endpoint, trial, snap.cutoff)
    if not isinstance(endpoint, Response):
        return _One(status, status.status, counts, status.status)
    best, standing = best_response(patient, endpoint, snap.cutoff), status.status
    review = trial.eligibility_review
    if review is not None and awaits_review(patient, review, snap.cutoff):
        return _One(status, standing, counts, best.response)
    if counts and standing == "pending":
        # Only without `within`: a response may always come, and until it has there is none.
        standing = "not evaluable" if best.response == NE else "failure"
    return _One(status, standing, counts, best.response)


def _rate(trial: Trial, snap: Snapshot, endpoint: Binary, group: Sequence[Patient], ones: Sequence[_One]) -> ArmRate:
    counted, recent = [o for o in ones if o.counts], [o for o in ones if not o.counts]
    tally = Counter(o.standing for o in counted)
    n, successes, unknown = len(counted), tally["success"], tally["not evaluable"]
    waiting = sum(o.standing == "pending" for o in recent)
    left = {"pending": waiting, "known early": len(recent) - waiting}
    if endpoint.not_evaluable != "failure":
        left["not evaluable"] = unknown
        n -= unknown
    elif any(o.status.ineligible for o in counted):
        left["ineligible"] = sum(o.status.ineligible for o in counted)
        n -= left["ineligible"]
    nan = float("nan")
    rate, ci = nan, (nan, nan)
    if n:
        interval = clopper_pearson(successes, n)
        rate, ci = successes / n, (interval.lower, interval.upper)
    curve = None
    if isinstance(endpoint, Landmark):
        times = observed(trial, snap, trial.time_to_event(endpoint.of), group)
        curve = at_landmark(times, endpoint.landmark.days)
    return ArmRate(
        n, successes, rate, ci, left, _sorted(o.category for o in ones), len(ones), len(recent),
        sum(o.status.status == "pending" and o.status.expected <= snap.cutoff for o in ones),
        unknown, _sorted(o.category for o in counted), curve,
    )  # fmt: skip


def _sorted(categories: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(categories).items()))


def _policy(endpoint: Binary) -> str:
    policy = f"not evaluable: {endpoint.not_evaluable}"
    if isinstance(endpoint, Response):
        return f"{'confirmed' if endpoint.confirmed else 'confirmation not required'}; {policy}"
    return policy


def _counted(endpoint: Binary, trial: Trial, days: int, complete: bool) -> str:
    if complete:
        return "everybody: enrolment is over and nobody is pending"
    if days < 0:
        return "everybody, as they stand: no assessments are planned"
    origin: str = "enrolment" if trial.randomisation is None else "randomisation"
    if isinstance(endpoint, Landmark) and trial.time_to_event(endpoint.of).origin != "randomisation":
        origin = trial.time_to_event(endpoint.of).origin
    return (
        f"those whose {origin} is more than {days} days before the cut-off ({awaited_in_words(endpoint, trial)}), "
        "whatever became of them"
    )
