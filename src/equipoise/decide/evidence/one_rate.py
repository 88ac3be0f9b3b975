"""One rate of the tested arm: a landmark, a response, or an outcome recorded by its own name; beside it the control cohort's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from equipoise.decide.evidence.cohorts import (
    Cohorts,
    Parts,
    a_yes_or_no,
    cohorts_of,
    no_toxicity,
    one_tested_arm,
)
from equipoise.decide.ruling import Seen
from equipoise.history.control_check import checked, control_times
from equipoise.trial.evidence import Evidence
from equipoise.trial.problem import Problem
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class OneRate(Cohorts):
    """The look's cohorts, and how many the look before was on."""

    earlier_n: int
    #: successes of the look before as known now, where the design or the policy for places left empty asks for them
    earlier_successes: int | None = None

    @cached_property
    def _control(self) -> tuple[int, int] | None:
        arm = self.trial.monitored.control
        found = self.cohorts.get(arm.name) if arm is not None else None
        return (found.successes, len(found.members)) if found is not None and found.members else None

    def seen(self) -> Seen:
        """Counts of the tested arm, and of the controls with their times where the check reads them."""
        m = self.trial.monitored
        tested = self.cohorts[m.tested.name]
        evidence = m.design.takes(
            self.look, m.tested.name, len(tested.members), tested.successes, self.earlier_n, self.earlier_successes
        )
        return Seen(evidence, self._control, self._times)

    @cached_property
    def _times(self) -> Any:
        return control_times(self.trial, self.snap) if self._control is not None else None

    def attained(self) -> Sequence[float]:
        """Nothing that is kept: later looks count this one's patients again, as they are known then."""
        return ()

    def beside(self) -> Mapping[str, Mapping[str, Any] | None]:
        """The randomised comparison, and the control arm's check."""
        check = checked(self.trial, *self._control, self._times) if self._control is not None else None
        return {**super().beside(), "control arm against history": check.numbers if check is not None else None}


class OneRateMaker:
    """Makes Evidence: successes among the first so many patients of the tested arm that count; or patients with a toxicity."""

    def gather(self, trial: Trial, snap: Snapshot, look: int) -> OneRate:
        """The look's cohorts, as known at the cut-off."""
        m = trial.monitored
        planned, arm = m.planned(look), m.tested.name
        earlier_n, earlier_successes = (m.look(look - 1).n if look > 1 else 0), None
        if look > 1 and (m.design_looks_back or m.policy == "exclude"):
            before = cohorts_of(trial, snap, {arm: earlier_n})[arm]
            earlier_n, earlier_successes = len(before.members), before.successes
            planned[arm] = m.enrols(look, Evidence(look - 1, arm, earlier_n, earlier_successes))
        return OneRate(trial, snap, look, cohorts_of(trial, snap, planned), earlier_n, earlier_successes)

    def problems(self, parts: Parts) -> Iterator[Problem]:
        """What the trial must have: a yes or a no of each patient, in good time, and one tested arm."""
        yield from one_tested_arm(parts)
        yield from no_toxicity(parts)
        yield from a_yes_or_no(parts)
