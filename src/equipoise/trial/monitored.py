"""What a trial is monitored by: the design, the endpoints that it looks at, and the arms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from equipoise.trial.arm import Arm
from equipoise.trial.design import Design, Look
from equipoise.trial.endpoint import Binary, Endpoint, Landmark, Policy, TimeToEvent
from equipoise.trial.evidence import ArmsEvidence, ExposureEvidence, ReferenceStatistic
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.protocol_parts import Monitoring
from equipoise.trial.when import Evaluable, LaterOf, OnDay, When


@dataclass(frozen=True)
class Monitored:
    """A design with what it looks at. ``control``: the arm whose patients go with each look; None without one.

    ``toxicity``: the endpoint whose successes are toxicities, for a design on two outcomes of the same patients.
    """

    design: Design[Any]
    monitoring: Monitoring
    endpoint: Endpoint
    tested_arms: tuple[Arm, ...]
    control: Arm | None
    #: The time to an event that the endpoint is, or is read from if it is a landmark.
    times: TimeToEvent | None
    toxicity: Binary | None = None

    @property
    def tested(self) -> Arm:
        """The arm on trial; the first of several."""
        return self.tested_arms[0]

    @property
    def binary(self) -> Binary:
        """The endpoint of a design that looks at a yes or a no of each patient."""
        assert not isinstance(self.endpoint, TimeToEvent), "who makes the evidence of times asks for none"
        return self.endpoint

    @cached_property
    def looks(self) -> tuple[Look, ...]:
        """The design's looks."""
        return tuple(self.design.looks)

    @cached_property
    def by_cohort(self) -> bool:
        """True if looks are on so many patients whose outcome is known; False if on events, or on patients enrolled."""
        return all(isinstance(look.when(), Evaluable) for look in self.looks)

    @cached_property
    def policy(self) -> Policy:
        """What becomes of patients who cannot be evaluated: by the endpoint or, where it counts them as failures, by the toxicity's."""
        if isinstance(self.endpoint, TimeToEvent):
            return "failure"
        if self.endpoint.not_evaluable == "failure" and self.toxicity is not None:
            return self.toxicity.not_evaluable
        return self.endpoint.not_evaluable

    def look(self, number: int) -> Look:
        """Look ``number`` (from 1). Raises BadInput for one that there is not."""
        if not 1 <= number <= len(self.looks):
            raise BadInput("look", [Problem("no-such-look", "look", str(number), f"1 to {len(self.looks)}")])
        return self.looks[number - 1]

    def when(self, number: int, start: date) -> When:
        """When look ``number`` is taken: as the design says and, where the protocol names one, not before a day."""
        least = self.monitoring.not_before
        said = self.look(number).when(self.monitoring.days_per_unit)
        if number > len(least):
            return said
        return LaterOf((said, OnDay(start + timedelta(days=least[number - 1].days))))

    def is_final(self, number: int) -> bool:
        """True for the last look."""
        return number == len(self.looks)

    def planned(self, number: int) -> dict[str, int]:
        """Patients of each arm that look ``number`` is planned on; empty for a look on events or on patients enrolled."""
        look = self.look(number)
        if not self.by_cohort:
            return {}
        if self.design.takes is ArmsEvidence:
            return {arm.name: look.n for arm in self.tested_arms}
        found = {self.tested.name: look.n}
        beside = self.monitoring.control_cohort[number - 1] if self.monitoring.control_cohort else look.control_n
        if self.control is not None and beside:
            found[self.control.name] = beside
        return found

    @cached_property
    def counted_arms(self) -> tuple[Arm, ...]:
        """The arms whose patients and events a look by time counts: the tested one of a design on one arm, else both."""
        one = issubclass(self.design.takes, (ReferenceStatistic, ExposureEvidence))
        return (self.tested,) if one or self.control is None else (self.tested, self.control)

    @property
    def design_looks_back(self) -> bool:
        """True of a design whose later looks depend on the successes of an earlier one."""
        return bool(getattr(self.design, "looks_back", False))

    @property
    def sized(self) -> bool:
        """True of a design that says after a look how many patients the next is on."""
        return hasattr(self.design, "enrols")

    def enrols(self, number: int, earlier: Any) -> int:
        """Patients of the tested arm that look ``number`` is on after the ``earlier`` look's evidence: as planned, unless the
        design says so. As planned too where it would have no stage after that evidence, as it is known now: there was one.
        """
        said = int(self.design.enrols(earlier)) if self.sized else 0  # type: ignore[attr-defined]
        return said if said > self.look(earlier.look).n else self.look(number).n

    @property
    def alpha(self) -> float | None:
        """The design's own type I error (one-sided); None for a design that tests nothing."""
        return getattr(self.design, "alpha", None)


def monitored(
    trial: str, design: Design[Any] | None, monitoring: Monitoring | None, endpoints: Sequence[Endpoint], arms: Sequence[Arm]
) -> Monitored:  # fmt: skip
    """The parts of a trial put together. Raises BadInput for those that are not there, all at once."""
    problems = [
        Problem(f"no-{name}", name, "nothing", f"a [{name}] in the trial file")
        for name, part in (("design", design), ("monitoring", monitoring))
        if part is None
    ]
    if design is None or monitoring is None:
        raise BadInput(trial, problems)
    by_name = {e.name: e for e in endpoints}
    endpoint = by_name[monitoring.endpoint]
    of = by_name[endpoint.of] if isinstance(endpoint, Landmark) else endpoint
    toxicity = by_name[monitoring.toxicity] if monitoring.toxicity is not None else None
    assert not isinstance(toxicity, TimeToEvent), "the doorway refuses it"
    return Monitored(
        design, monitoring, endpoint, tuple(a for a in arms if a.tested), next((a for a in arms if not a.tested), None),
        of if isinstance(of, TimeToEvent) else None, toxicity,
    )  # fmt: skip
