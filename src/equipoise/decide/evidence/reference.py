"""One arm's times against a reference curve: the statistic is the design's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from equipoise.analyse.between_arms import arrays
from equipoise.decide.evidence.by_time import ByTime, a_time
from equipoise.decide.evidence.cohorts import Parts, no_cohort_of_controls, one_tested_arm
from equipoise.decide.evidence.earlier import taken_before
from equipoise.decide.ruling import Seen
from equipoise.trial.evidence import ReferenceStatistic
from equipoise.trial.problem import Problem
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class AgainstReference(ByTime):
    """The tested arm's times."""

    def seen(self) -> Seen:
        """z, positive where the tested arm does better than the reference."""
        m = self.trial.monitored
        time, event = arrays(self.times[m.tested.name])
        z = m.design.statistic_of(time / m.monitoring.days_per_unit, event) if len(time) else 0.0  # type: ignore[attr-defined]
        earlier = tuple(float(n) for (n,) in taken_before(self.snap, self.look))
        return Seen(ReferenceStatistic(self.look, z, float(len(time)), earlier))

    def attained(self) -> Sequence[float]:
        """Patients enrolled."""
        return (float(len(self.times[self.trial.monitored.tested.name])),)


class ReferenceMaker:
    """Makes ReferenceStatistic."""

    def gather(self, trial: Trial, snap: Snapshot, look: int) -> AgainstReference:
        """The tested arm's times, as known at the cut-off."""
        trial.monitored.look(look)
        return AgainstReference(trial, snap, look)

    def problems(self, parts: Parts) -> Iterator[Problem]:
        """What the trial must have: one tested arm, and a time to an event."""
        yield from one_tested_arm(parts)
        yield from no_cohort_of_controls(parts, "this design compares one arm's times with a reference curve")
        yield from a_time(parts)
