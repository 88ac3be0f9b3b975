"""Deaths of two arms and the hazard ratio between them: what a rule that watches overall survival for harm takes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from equipoise.analyse.between_arms import arrays
from equipoise.analyse.endpoints import Observed
from equipoise.analyse.strata import coded, strata_of
from equipoise.decide.evidence.by_time import ByTime, a_time
from equipoise.decide.evidence.cohorts import Parts, a_control_arm, no_cohort_of_controls
from equipoise.decide.evidence.earlier import taken_before
from equipoise.decide.evidence.log_rank import allocated_as_designed
from equipoise.decide.ruling import Seen
from equipoise.numerics.times.survival import cox
from equipoise.trial.endpoint import Endpoint, TimeToEvent
from equipoise.trial.evidence import HazardRatioEvidence
from equipoise.trial.problem import Problem
from equipoise.trial.protocol_parts import Monitoring
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


def log_hazard_ratio(
    snap: Snapshot, times: TimeToEvent, tested: Sequence[Observed], control: Sequence[Observed]
) -> float:
    """Of the Cox model, tested over control, in strata where the endpoint states them.

    Infinite where deaths came in one arm only; so too where nothing can be compared, for then no harm is ruled out.
    """
    both = [*tested, *control]
    if not any(o.event for o in both):
        return math.inf
    strata = coded([o.patient for o in both], strata_of(snap, times))
    found = cox(*arrays(both), [1] * len(tested) + [0] * len(control), strata).log_hr
    return math.inf if math.isnan(found) else found


@dataclass(frozen=True)
class HazardRatioOfArms(ByTime):
    """Both arms' times to death."""

    def seen(self) -> Seen:
        """The log hazard ratio of the Cox model, tested over control, in strata where the endpoint states them."""
        earlier = tuple(int(d) for (d,) in taken_before(self.snap, self.look))
        return Seen(HazardRatioEvidence(self.look, self._log_hr(), int(self.attained()[0]), earlier))

    def _log_hr(self) -> float:
        times = self.trial.monitored.times
        assert times is not None, "the doorway asks for one"
        return log_hazard_ratio(self.snap, times, *self.times.values())

    def attained(self) -> Sequence[float]:
        """Deaths of both arms."""
        return (float(sum(self.events(arm) for arm in self.times)),)


class HazardRatioMaker:
    """Makes HazardRatioEvidence."""

    def gather(self, trial: Trial, snap: Snapshot, look: int) -> HazardRatioOfArms:
        """The arms' times, as known at the cut-off."""
        trial.monitored.look(look)
        return HazardRatioOfArms(trial, snap, look)

    def problems(self, parts: Parts) -> Iterator[Problem]:
        """What the trial must have: a tested and a control arm, allocated as the design says, and the time to death."""
        yield from a_control_arm(parts)
        yield from no_cohort_of_controls(parts, "this design compares all who are randomised")
        yield from a_time(parts)
        yield from allocated_as_designed(parts)
        monitoring: Monitoring | None = parts.get("monitoring")
        endpoints: tuple[Endpoint, ...] = parts.get("endpoints") or ()
        for e in endpoints:
            if monitoring is None or e.name != monitoring.endpoint or not isinstance(e, TimeToEvent):
                continue
            if set(e.events) != {"death"}:
                yield Problem(
                    "monitored-endpoint", "monitoring.endpoint", f"{e.name!r}, a time to {' or '.join(e.events)}",
                    "overall survival: a time to event whose only event is death",
                )  # fmt: skip
