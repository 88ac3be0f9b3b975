"""Events over total time at risk, of one arm or of two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from equipoise.decide.evidence.by_time import ByTime, a_time
from equipoise.decide.evidence.cohorts import Parts, a_control_arm, no_cohort_of_controls, one_tested_arm
from equipoise.decide.evidence.earlier import taken_before
from equipoise.decide.ruling import Seen
from equipoise.trial.evidence import ExposureEvidence, TwoArmExposureEvidence
from equipoise.trial.problem import Problem
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class Exposure(ByTime):
    """The tested arm's events and time at risk."""

    def seen(self) -> Seen:
        """Events over the total time, in the design's unit."""
        arm = self.trial.monitored.tested.name
        earlier = tuple(int(d) for (d,) in taken_before(self.snap, self.look))
        n = len(self.times[arm])
        return Seen(ExposureEvidence(self.look, n, self.events(arm), self.total(arm), earlier))

    def attained(self) -> Sequence[float]:
        """Events."""
        return (self.events(self.trial.monitored.tested.name),)


@dataclass(frozen=True)
class ExposureOfArms(ByTime):
    """Both arms' events and times at risk, each patient's to the power of the design's Weibull shape."""

    def seen(self) -> Seen:
        """Events over total times, in the design's unit."""
        shape = float(getattr(self.trial.monitored.design, "shape", 1.0))
        (tested, control), earlier = self.times, taken_before(self.snap, self.look)
        return Seen(
            TwoArmExposureEvidence(
                self.look, self.events(tested), self.total(tested, shape), self.events(control), self.total(control, shape),
                tuple(int(d) for (d,) in earlier),
            )
        )  # fmt: skip

    def attained(self) -> Sequence[float]:
        """Events of both arms."""
        return (sum(self.events(arm) for arm in self.times),)


class ExposureMaker:
    """Makes ExposureEvidence."""

    def gather(self, trial: Trial, snap: Snapshot, look: int) -> Exposure:
        """The tested arm's times, as known at the cut-off."""
        trial.monitored.look(look)
        return Exposure(trial, snap, look)

    def problems(self, parts: Parts) -> Iterator[Problem]:
        """What the trial must have: one tested arm, and a time to an event."""
        yield from one_tested_arm(parts)
        yield from no_cohort_of_controls(parts, "this design looks at one arm's times")
        yield from a_time(parts)


class ExposureOfArmsMaker:
    """Makes TwoArmExposureEvidence."""

    def gather(self, trial: Trial, snap: Snapshot, look: int) -> ExposureOfArms:
        """The arms' times, as known at the cut-off."""
        trial.monitored.look(look)
        return ExposureOfArms(trial, snap, look)

    def problems(self, parts: Parts) -> Iterator[Problem]:
        """What the trial must have: a tested and a control arm, and a time to an event."""
        yield from a_control_arm(parts)
        yield from no_cohort_of_controls(parts, "this design borrows from history by itself")
        yield from a_time(parts)
