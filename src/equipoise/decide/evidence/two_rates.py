"""Two rates: successes of the tested and of the control arm, on as many patients of each as the design says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from equipoise.decide.evidence.cohorts import (
    Cohorts,
    Parts,
    a_control_arm,
    a_yes_or_no,
    cohorts_of,
    no_cohort_of_controls,
    no_toxicity,
)
from equipoise.decide.evidence.earlier import taken_before
from equipoise.decide.evidence.imbalance import Imbalance
from equipoise.decide.evidence.log_rank import allocated_as_designed
from equipoise.decide.ruling import Seen
from equipoise.trial.evidence import TwoArmEvidence
from equipoise.trial.problem import Problem
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class TwoRates(Cohorts):
    """The look's cohorts of both arms."""

    def _sizes(self) -> tuple[int, int, int, int]:
        m = self.trial.monitored
        assert m.control is not None, "the doorway asks for one"
        tested, control = self.cohorts[m.tested.name], self.cohorts[m.control.name]
        return len(tested.members), tested.successes, len(control.members), control.successes

    def seen(self) -> Seen:
        """Counts of both arms."""
        earlier = tuple((int(n), int(m)) for n, m in taken_before(self.snap, self.look))
        return Seen(TwoArmEvidence(self.look, *self._sizes(), earlier))

    def attained(self) -> Sequence[float]:
        """Patients of the tested arm, and controls."""
        n, _, m, _ = self._sizes()
        return (n, m)


class TwoRatesMaker:
    """Makes TwoArmEvidence of two cohorts."""

    def gather(self, trial: Trial, snap: Snapshot, look: int) -> TwoRates | Imbalance:
        """The look's cohorts, as known at the cut-off; for a design that looks at so many events, all who are on an arm."""
        if not trial.monitored.by_cohort:
            trial.monitored.look(look)
            return Imbalance(trial, snap, look)
        return TwoRates(trial, snap, look, cohorts_of(trial, snap, trial.monitored.planned(look)))

    def problems(self, parts: Parts) -> Iterator[Problem]:
        """What the trial must have: a tested and a control arm, and a yes or a no of each patient."""
        yield from a_control_arm(parts)
        yield from no_cohort_of_controls(parts, "the design itself says how many controls go with a look")
        yield from no_toxicity(parts)
        yield from a_yes_or_no(parts)
        yield from allocated_as_designed(parts)
