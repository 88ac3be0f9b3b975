"""One rate of the tested arm: a landmark, a response, or an outcome recorded by its own name; beside it the control cohort's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from equipoise.analyse.cohort import Cohort, cohort
from equipoise.analyse.randomised import randomised_comparison
from equipoise.analyse.status import Status
from equipoise.decide.ripeness import ArmStanding
from equipoise.decide.ruling import Seen
from equipoise.history.control_check import checked, control_times
from equipoise.numerics.counts.proportions import clopper_pearson
from equipoise.trial.arm import Arm
from equipoise.trial.endpoint import Endpoint, Response, TimeToEvent
from equipoise.trial.evidence import Evidence
from equipoise.trial.population import ITT
from equipoise.trial.problem import Problem
from equipoise.trial.protocol_parts import Assessments, Monitoring
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class OneRate:
    """The cohorts of a look, and of the look before: those of the tested arm first."""

    trial: Trial
    snap: Snapshot
    look: int
    cohorts: Mapping[str, Cohort]
    earlier_n: int
    #: successes of the look before as known now, where the design or the policy for places left empty asks for them
    earlier_successes: int | None = None

    @property
    def arms(self) -> Mapping[str, ArmStanding]:
        """How each arm stands for the look."""
        return {n: ArmStanding(c.planned, c.filled, len(c.members), len(c.pending)) for n, c in self.cohorts.items()}

    @property
    def waiting(self) -> Sequence[Status]:
        """Members whose status is not yet known."""
        return [m for c in self.cohorts.values() for m in c.pending]

    @cached_property
    def _control(self) -> tuple[int, int] | None:
        arm = self.trial.monitored.control
        found = self.cohorts.get(arm.name) if arm is not None else None
        return (found.successes, len(found.members)) if found is not None and found.members else None

    def seen(self) -> Seen:
        """Counts of the tested arm, and of the controls with their times where the check reads them."""
        arm = self.trial.monitored.tested.name
        tested = self.cohorts[arm]
        evidence = Evidence(
            self.look, arm, len(tested.members), tested.successes, self.earlier_n, self.earlier_successes
        )
        return Seen(evidence, self._control, self._times)

    @cached_property
    def _times(self) -> Any:
        return control_times(self.trial, self.snap) if self._control is not None else None

    def numbers(self) -> Mapping[str, Mapping[str, Any]]:
        """The cohort of each arm in numbers."""
        return {name: _numbers(c, len(self.snap.on_arm(name))) for name, c in self.cohorts.items()}

    def beside(self) -> Mapping[str, Mapping[str, Any] | None]:
        """The randomised comparison, and the control arm's check."""
        check = checked(self.trial, *self._control, self._times) if self._control is not None else None
        return {
            "randomised comparison": randomised_comparison(self.trial, self.snap, self.cohorts),
            "control arm against history": check.numbers if check is not None else None,
        }

    def cautions(self) -> Sequence[str]:
        """Who could not be evaluated."""
        return [
            f"Arm {name}: {len(c.passed_over)} of the first {len(c.members) + len(c.passed_over)} patients could not be "
            f"evaluated and {'is' if len(c.passed_over) == 1 else 'are'} not counted."
            for name, c in self.cohorts.items()
            if c.passed_over
        ]


class OneRateMaker:
    """Makes Evidence: successes among the first so many patients of the tested arm that count."""

    def gather(self, trial: Trial, snap: Snapshot, look: int) -> OneRate:
        """The look's cohorts, as known at the cut-off."""
        m = trial.monitored
        planned, arm = m.planned(look), m.tested.name
        earlier_n, earlier_successes = (m.look(look - 1).n if look > 1 else 0), None
        if look > 1 and (m.design_looks_back or m.endpoint.not_evaluable == "exclude"):
            before = cohort(snap.on_arm(arm), m.endpoint, trial, snap.cutoff, earlier_n)
            earlier_n, earlier_successes = len(before.members), before.successes
            planned[arm] = m.enrols(look, Evidence(look - 1, arm, earlier_n, earlier_successes))
        of = {a: cohort(snap.on_arm(a), m.endpoint, trial, snap.cutoff, n) for a, n in planned.items()}
        return OneRate(trial, snap, look, of, earlier_n, earlier_successes)

    def problems(self, parts: Mapping[str, Any]) -> Iterator[Problem]:
        """What the trial must have: a yes or a no of each patient, in good time, and one tested arm."""
        arms: tuple[Arm, ...] = parts.get("arms") or ()
        tested = [a for a in arms if a.tested]
        if len(tested) > 1:
            yield Problem(
                "two-tested-arms", "arms", f"{len(tested)} tested arms", "this design looks at one tested arm"
            )
        monitoring: Monitoring | None = parts.get("monitoring")
        if monitoring is None or "endpoints" not in parts:
            return
        endpoints: tuple[Endpoint, ...] = parts["endpoints"]
        rates = {e.name: e for e in endpoints if not isinstance(e, TimeToEvent)}
        endpoint = rates.get(monitoring.endpoint)
        if endpoint is None:
            # A name that the file does not know is told by the file's own check.
            if any(e.name == monitoring.endpoint for e in endpoints):
                yield Problem(
                    "monitored-endpoint", "monitoring.endpoint", f"{monitoring.endpoint!r}, a time to an event",
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


def _numbers(c: Cohort, entered: int) -> dict[str, Any]:
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
