"""What a look on events, or on patients enrolled, has: the times of each arm. What the makers of times share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from equipoise.analyse.endpoints import Observed
from equipoise.analyse.randomised import randomised_comparison
from equipoise.analyse.status import Status
from equipoise.analyse.survival import at_landmark, observations
from equipoise.decide.evidence.cohorts import Parts, no_toxicity
from equipoise.decide.ripeness import ArmStanding
from equipoise.decide.ruling import Seen
from equipoise.trial.endpoint import Endpoint, TimeToEvent
from equipoise.trial.population import ITT
from equipoise.trial.problem import Problem
from equipoise.trial.protocol_parts import Monitoring
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class ByTime(ABC):
    """The times of the arms that a look counts, as known at the cut-off: those of the tested arm first."""

    trial: Trial
    snap: Snapshot
    look: int

    @cached_property
    def times(self) -> Mapping[str, Sequence[Observed]]:
        """By arm, of all who are on it and have an origin."""
        m = self.trial.monitored
        assert m.times is not None, "the doorway asks for one"
        found = observations(self.trial, self.snap, m.times)
        return {arm.name: found[arm.name] for arm in m.counted_arms}

    def events(self, arm: str) -> int:
        """Events in an arm."""
        return sum(o.event for o in self.times[arm])

    def total(self, arm: str, power: float = 1.0) -> float:
        """Time at risk in an arm, each patient's to a power, in the design's unit of time."""
        unit = self.trial.monitored.monitoring.days_per_unit
        return float(sum((o.days / unit) ** power for o in self.times[arm]))

    @property
    def arms(self) -> Mapping[str, ArmStanding]:
        """How each arm stands for the look."""
        return {arm: ArmStanding(0, 0, len(found), 0, self.events(arm)) for arm, found in self.times.items()}

    @property
    def waiting(self) -> Sequence[Status]:
        """Nobody in particular."""
        return ()

    @abstractmethod
    def seen(self) -> Seen:
        """The evidence, for the ruling."""

    @abstractmethod
    def attained(self) -> Sequence[float]:
        """On how much the look is taken."""

    def numbers(self) -> Mapping[str, Mapping[str, Any]]:
        """The arms in numbers."""
        m = self.trial.monitored
        by_events = m.look(self.look).unit == "events"
        return {
            arm: {
                "planned_events" if by_events else "planned": m.look(self.look).n,
                "n": len(found),
                "events": self.events(arm),
                "censored": len(found) - self.events(arm),
                "days_at_risk": sum(o.days for o in found),
                **self._reported(found),
            }
            for arm, found in self.times.items()
        }

    def _reported(self, found: Sequence[Observed]) -> dict[str, Any]:
        """The Kaplan–Meier estimate where the endpoint says to report it."""
        of = self.trial.monitored.times
        at = at_landmark(found, of.report_at.days) if of is not None and of.report_at is not None else None
        return {} if at is None or at.beyond else {"day": at.day, "survival": at.survival, "survival_ci": list(at.ci)}

    def beside(self) -> Mapping[str, Mapping[str, Any] | None]:
        """The randomised comparison."""
        return {
            "randomised comparison": randomised_comparison(self.trial, self.snap, {}),
            "control arm against history": None,
        }

    def cautions(self) -> Sequence[str]:
        """What must be said of the times."""
        return ()


def a_time(parts: Parts) -> Iterator[Problem]:
    """The monitored endpoint is a time to an event of all who entered; enrolment goes on while a look is awaited."""
    yield from no_toxicity(parts)
    monitoring: Monitoring | None = parts.get("monitoring")
    if monitoring is None:
        return
    if monitoring.while_waiting != "continue":
        yield Problem(
            "waiting", "monitoring.while_waiting", repr(monitoring.while_waiting),
            "'continue': a look on events or on patients enrolled is taken while enrolment goes on",
        )  # fmt: skip
    endpoints: tuple[Endpoint, ...] = parts.get("endpoints") or ()
    times = {e.name: e for e in endpoints if isinstance(e, TimeToEvent)}
    endpoint = times.get(monitoring.endpoint)
    if endpoint is None:
        if any(e.name == monitoring.endpoint for e in endpoints):
            yield Problem(
                "monitored-endpoint", "monitoring.endpoint", f"{monitoring.endpoint!r}, a yes or a no",
                f"a time to an event: {', '.join(times) or 'none is defined'}",
            )  # fmt: skip
        return
    if endpoint.origin == "first response":
        yield Problem(
            "monitored-origin", f"endpoints.{endpoint.name}.origin", repr(endpoint.origin),
            "'randomisation' or 'first dose' for the endpoint that the design looks at",
        )  # fmt: skip
    if endpoint.population != ITT:
        yield Problem(
            "monitored-population", f"endpoints.{endpoint.name}.population", repr(endpoint.population),
            f"{ITT!r} for the endpoint that the design looks at",
        )  # fmt: skip
