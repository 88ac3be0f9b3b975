"""Events of two arms and their log-rank statistic, with what each earlier look really attained."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from equipoise.analyse.between_arms import logrank_between
from equipoise.analyse.strata import strata_of
from equipoise.decide.evidence.by_time import ByTime, a_time
from equipoise.decide.evidence.cohorts import Parts, a_control_arm, no_cohort_of_controls
from equipoise.decide.evidence.earlier import taken_before
from equipoise.decide.ruling import Seen
from equipoise.trial.evidence import StatisticEvidence
from equipoise.trial.problem import Problem
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class LogRankOfArms(ByTime):
    """Both arms' times."""

    def seen(self) -> Seen:
        """z of the log-rank test, positive where the tested arm has fewer events than expected."""
        earlier = tuple(float(d) for (d,) in taken_before(self.snap, self.look))
        return Seen(StatisticEvidence(self.look, self._z(), self.attained()[0], earlier))

    def _z(self) -> float:
        """In strata where the endpoint states them; 0 where nothing can be tested."""
        m = self.trial.monitored
        assert m.times is not None, "the doorway asks for one"
        assert m.control is not None, "and for a control arm"
        strata = strata_of(self.snap, m.times)
        found = logrank_between(self.trial, m.times, self.times, strata, m.tested.name, m.control.name)
        return found.z if found is not None and found.df and math.isfinite(found.z) else 0.0

    def attained(self) -> Sequence[float]:
        """Events of both arms."""
        return (float(sum(self.events(arm) for arm in self.times)),)


class LogRankMaker:
    """Makes StatisticEvidence."""

    def gather(self, trial: Trial, snap: Snapshot, look: int) -> LogRankOfArms:
        """The arms' times, as known at the cut-off."""
        trial.monitored.look(look)
        return LogRankOfArms(trial, snap, look)

    def problems(self, parts: Parts) -> Iterator[Problem]:
        """What the trial must have: a tested and a control arm, allocated as the design says, and a time to an event."""
        yield from a_control_arm(parts)
        yield from no_cohort_of_controls(parts, "this design compares all who are randomised")
        yield from a_time(parts)
        yield from allocated_as_designed(parts)


def allocated_as_designed(parts: Parts) -> Iterator[Problem]:
    """The arms' shares are the allocation that the design was made for."""
    design, arms = parts.get("design"), parts.get("arms") or ()
    ratio = [getattr(design, name, None) for name in ("tested", "control")]
    shares = [sum(a.share for a in arms if a.tested is tested) for tested in (True, False)]
    if not all(isinstance(r, int) for r in ratio) or 0 in shares:
        return
    if ratio[0] * shares[1] != ratio[1] * shares[0]:
        yield Problem(
            "allocation", "design.allocation", f"{ratio[0]}:{ratio[1]}", f"the arms' shares, {shares[0]}:{shares[1]}",
            f'say allocation = "{shares[0]}:{shares[1]}" in [design], or other shares in [[arms]]',
        )  # fmt: skip
