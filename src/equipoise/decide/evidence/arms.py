"""Several arms: successes in each tested arm, on the same number of patients."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from equipoise.decide.evidence.cohorts import (
    Cohorts,
    Parts,
    a_yes_or_no,
    cohorts_of,
    no_cohort_of_controls,
    no_toxicity,
)
from equipoise.decide.ruling import Seen
from equipoise.trial.evidence import ArmsEvidence
from equipoise.trial.problem import Problem
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class Arms(Cohorts):
    """The look's cohort of each tested arm."""

    def seen(self) -> Seen:
        """Successes of each arm, and of how many."""
        found = {name: c.successes for name, c in self.cohorts.items()}
        return Seen(ArmsEvidence(self.look, found, {name: len(c.members) for name, c in self.cohorts.items()}))

    def attained(self) -> Sequence[float]:
        """Patients of each arm."""
        return [len(c.members) for c in self.cohorts.values()]


class ArmsMaker:
    """Makes ArmsEvidence."""

    def gather(self, trial: Trial, snap: Snapshot, look: int) -> Arms:
        """The look's cohorts, as known at the cut-off."""
        return Arms(trial, snap, look, cohorts_of(trial, snap, trial.monitored.planned(look)))

    def problems(self, parts: Parts) -> Iterator[Problem]:
        """What the trial must have: as many tested arms as the design chooses among, of one share, and a yes or a no of each patient."""
        yield from no_cohort_of_controls(parts, "this design chooses among tested arms")
        yield from no_toxicity(parts)
        yield from a_yes_or_no(parts)
        tested = [a for a in parts.get("arms") or () if a.tested]
        design = parts.get("design")
        if not tested or design is None:
            return
        if len(tested) != design.arms:
            yield Problem(
                "arms", "arms", f"{len(tested)} arms with tested = true", f"the {design.arms} arms of the design (design.arms)"
            )  # fmt: skip
        if len({a.share for a in tested}) > 1:
            yield Problem(
                "allocation", "arms.share", ", ".join(f"{a.name} {a.share}" for a in tested),
                "the same share for each tested arm: the design has as many patients in each",
            )  # fmt: skip
