"""The cohorts of a look: the first so many patients of each arm that count. What the makers of counts share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from equipoise.analyse.cohort import Cohort, cohort
from equipoise.analyse.randomised import randomised_comparison
from equipoise.analyse.standing import standing
from equipoise.analyse.status import Status
from equipoise.decide.ripeness import ArmStanding
from equipoise.decide.ruling import Seen
from equipoise.numerics.counts.proportions import clopper_pearson
from equipoise.trial.endpoint import Binary, Endpoint, Landmark, Response, TimeToEvent
from equipoise.trial.population import ITT
from equipoise.trial.problem import Problem
from equipoise.trial.protocol_parts import Assessments, Monitoring
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial

Parts = Mapping[str, Any]


@dataclass(frozen=True)
class Cohorts(ABC):
    """The cohorts of a look, as known at the cut-off: those of the tested arm first."""

    trial: Trial
    snap: Snapshot
    look: int
    cohorts: Mapping[str, Cohort]

    @property
    def arms(self) -> Mapping[str, ArmStanding]:
        """How each arm stands for the look."""
        return {n: ArmStanding(c.planned, c.filled, len(c.members), len(c.pending)) for n, c in self.cohorts.items()}

    @property
    def waiting(self) -> Sequence[Status]:
        """Members whose status is not yet known."""
        return [m for c in self.cohorts.values() for m in c.pending]

    @abstractmethod
    def seen(self) -> Seen:
        """The evidence, for the ruling."""

    @abstractmethod
    def attained(self) -> Sequence[float]:
        """On how many patients the look is taken, where later boundaries ask for it."""

    def numbers(self) -> Mapping[str, Mapping[str, Any]]:
        """The cohort of each arm in numbers."""
        return {name: numbers_of(c, len(self.snap.on_arm(name))) for name, c in self.cohorts.items()}

    def beside(self) -> Mapping[str, Mapping[str, Any] | None]:
        """The randomised comparison."""
        return {
            "randomised comparison": randomised_comparison(self.trial, self.snap, self.cohorts),
            "control arm against history": None,
        }

    def cautions(self) -> Sequence[str]:
        """Who could not be evaluated."""
        return [
            f"Arm {name}: {len(c.passed_over)} of the first {len(c.members) + len(c.passed_over)} patients could not be "
            f"evaluated and {'is' if len(c.passed_over) == 1 else 'are'} not counted."
            for name, c in self.cohorts.items()
            if c.passed_over
        ]


def cohorts_of(trial: Trial, snap: Snapshot, planned: Mapping[str, int]) -> dict[str, Cohort]:
    """The first so many patients of each arm, by what the trial's design looks at."""
    m = trial.monitored
    stands = partial(standing, m=m, trial=trial, cutoff=snap.cutoff)
    return {arm: cohort(snap.on_arm(arm), stands, m.policy, n) for arm, n in planned.items()}


def numbers_of(c: Cohort, entered: int) -> dict[str, Any]:
    """A cohort in numbers; ``entered``: patients on the arm."""
    ci = clopper_pearson(c.successes, len(c.members)) if c.members else None
    failures = sum(m.status == "failure" for m in c.members)
    return {
        "planned": c.planned,
        "n": len(c.members),
        "successes": c.successes,
        "failures": failures,
        "not_evaluable_counted_as_failure": len(c.members) - c.successes - failures,
        "not_evaluable_replaced": len(c.passed_over),
        "rate": c.successes / len(c.members) if c.members else None,
        "rate_ci": [ci.lower, ci.upper] if ci is not None else None,
        "not_in_the_cohort": entered - len(c.members) - len(c.passed_over),
    }


# -- what a trial file must have ---------------------------------------------------------------------------------


def one_tested_arm(parts: Parts) -> Iterator[Problem]:
    """A design that looks at one tested arm has no other."""
    tested = [a for a in parts.get("arms") or () if a.tested]
    if len(tested) > 1:
        yield Problem("two-tested-arms", "arms", f"{len(tested)} tested arms", "this design looks at one tested arm")


def a_control_arm(parts: Parts) -> Iterator[Problem]:
    """A design that compares two arms has one of each."""
    yield from one_tested_arm(parts)
    arms = parts.get("arms") or ()
    controls = [a for a in arms if not a.tested]
    if arms and len(controls) != 1:
        yield Problem(
            "no-control-arm" if not controls else "two-control-arms", "arms", f"{len(controls)} arms with tested = false",
            "one: this design compares the tested arm with a control arm",
        )  # fmt: skip


def no_cohort_of_controls(parts: Parts, because: str) -> Iterator[Problem]:
    """``control_cohort`` and the control check go with a design that looks at one rate."""
    monitoring: Monitoring | None = parts.get("monitoring")
    if monitoring is not None and monitoring.control_cohort:
        yield Problem(
            "control-cohort", "monitoring.control_cohort", str(list(monitoring.control_cohort)), f"nothing: {because}"
        )
    if parts.get("control_check") is not None:
        yield Problem(
            "check-beside-control", "control_check", "a check of the control arm", f"nothing: {because}",
            "the check is for a design that compares one arm's rate with history",
        )  # fmt: skip


def no_toxicity(parts: Parts) -> Iterator[Problem]:
    """``toxicity`` goes with a design on two outcomes."""
    monitoring: Monitoring | None = parts.get("monitoring")
    if monitoring is not None and monitoring.toxicity is not None:
        yield Problem(
            "monitored-toxicity", "monitoring.toxicity", repr(monitoring.toxicity),
            "nothing: this design looks at one outcome", "bryant-day and bop2 with toxicity look at two",
        )  # fmt: skip


def a_yes_or_no(parts: Parts, entry: str = "endpoint") -> Iterator[Problem]:
    """The endpoint named by ``monitoring.ENTRY`` is a yes or a no of each patient, in good time."""
    monitoring: Monitoring | None = parts.get("monitoring")
    if monitoring is None or "endpoints" not in parts:
        return
    endpoints: tuple[Endpoint, ...] = parts["endpoints"]
    rates: dict[str, Binary] = {e.name: e for e in endpoints if not isinstance(e, TimeToEvent)}
    name = getattr(monitoring, entry)
    endpoint = rates.get(name)
    if endpoint is None:
        # A name that the file does not know is told by the file's own check.
        if any(e.name == name for e in endpoints):
            yield Problem(
                "monitored-endpoint", f"monitoring.{entry}", f"{name!r}, a time to an event",
                "a yes or a no of each patient (a landmark, a response or a recorded outcome): "
                + (", ".join(rates) or "none is defined"),
                "read it at a landmark",
            )  # fmt: skip
        return
    if endpoint.population != ITT:
        yield Problem(
            "monitored-population", f"endpoints.{endpoint.name}.population", repr(endpoint.population),
            f"{ITT!r} for the endpoint that the design looks at: a look's cohort is of all who entered, and its "
            "not_evaluable says who gives up a place",
        )  # fmt: skip
    if isinstance(endpoint, Response):
        yield from _in_time(endpoint, parts.get("assessments"))
    if isinstance(endpoint, Landmark):
        yield from known_origin(endpoint, endpoints)


def known_origin(endpoint: Landmark, endpoints: Sequence[Endpoint]) -> Iterator[Problem]:
    """A look's cohort is of all who entered: the landmark counts from entry."""
    of = next((e for e in endpoints if e.name == endpoint.of), None)
    if isinstance(of, TimeToEvent) and of.origin == "first response":
        yield Problem(
            "monitored-origin", f"endpoints.{of.name}.origin", repr(of.origin),
            "'randomisation' or 'first dose' for the endpoint that the design looks at",
        )  # fmt: skip


def _in_time(endpoint: Response, schedule: Assessments | None) -> Iterator[Problem]:
    """A response that a look waits for has a last day, and an assessment before it."""
    where = f"endpoints.{endpoint.name}.within"
    if schedule is None:
        yield Problem(
            "no-assessments", "assessments", "nothing", "a response is read at assessments: when they are made"
        )
    elif endpoint.within is None:
        shown = schedule.first.days + schedule.every.days
        yield Problem(
            "no-last-day", where, "nothing",
            "by when a response must be seen: a look cannot wait for ever for patients who have none",
            f"for the first two assessments: within = \"{shown} days\"",
        )  # fmt: skip
    elif schedule.visit_by(endpoint.within.days) == 0:
        yield Problem(
            "before-first-assessment", where, str(endpoint.within), f"the first assessment, {schedule.first}, or later"
        )  # fmt: skip
