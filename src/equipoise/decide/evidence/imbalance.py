"""Toxicities of two arms: how many of those who had one are in the tested arm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from equipoise.analyse.randomised import randomised_comparison
from equipoise.analyse.standing import has_event, standing
from equipoise.analyse.status import Status
from equipoise.decide.ripeness import ArmStanding
from equipoise.decide.ruling import Seen
from equipoise.numerics.counts.proportions import clopper_pearson
from equipoise.trial.evidence import TwoArmEvidence
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class Imbalance:
    """All who are on an arm, and those of them with the event so far."""

    trial: Trial
    snap: Snapshot
    look: int

    @cached_property
    def counts(self) -> Mapping[str, tuple[int, int]]:
        """By arm: patients, and those with the event."""
        m, found = self.trial.monitored, {}
        for arm in m.counted_arms:
            patients = self.snap.on_arm(arm.name)
            said = [standing(p, m, self.trial, self.snap.cutoff) for p in patients]
            found[arm.name] = (len(patients), sum(has_event(s, m) for s in said))
        return found

    @property
    def arms(self) -> Mapping[str, ArmStanding]:
        """How each arm stands for the look."""
        return {arm: ArmStanding(0, 0, n, 0, x) for arm, (n, x) in self.counts.items()}

    @property
    def waiting(self) -> Sequence[Status]:
        """Nobody in particular."""
        return ()

    def seen(self) -> Seen:
        """Counts of both arms."""
        (n, x), (m, y) = self.counts.values()
        return Seen(TwoArmEvidence(self.look, n, x, m, y))

    def attained(self) -> Sequence[float]:
        """Patients of the tested arm and controls."""
        return [n for n, _ in self.counts.values()]

    def numbers(self) -> Mapping[str, Mapping[str, Any]]:
        """The arms in numbers."""
        planned, found = self.trial.monitored.look(self.look).n, {}
        for arm, (n, x) in self.counts.items():
            ci = clopper_pearson(x, n) if n else None
            found[arm] = {
                "planned_events": planned, "n": n, "events": x, "rate": x / n if n else None,
                "rate_ci": [ci.lower, ci.upper] if ci is not None else None,
            }  # fmt: skip
        return found

    def beside(self) -> Mapping[str, Mapping[str, Any] | None]:
        """The randomised comparison."""
        return {
            "randomised comparison": randomised_comparison(self.trial, self.snap, {}),
            "control arm against history": None,
        }

    def cautions(self) -> Sequence[str]:
        """What must be said of the counts."""
        return ()
