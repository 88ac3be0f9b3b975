"""Whose patients stand in a column of a table: those of an arm, or everybody's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from equipoise.trial.patient import Patient
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class Group:
    """Patients who are on an arm, with the arm's label; or all of them, pooled. ``drugs``: the arm has a regimen."""

    label: str
    patients: Sequence[Patient]
    drugs: bool = True

    @property
    def n(self) -> int:
        """How many."""
        return len(self.patients)

    @property
    def head(self) -> str:
        """The heading of its column."""
        return f"{self.label} (n = {self.n})"


def by_arm(trial: Trial, snap: Snapshot) -> list[Group]:
    """A group an arm, in the order of the trial file."""
    return [Group(a.label, snap.on_arm(a.name), bool(a.regimen)) for a in trial.arms]


def pooled(trial: Trial, snap: Snapshot) -> list[Group]:
    """Everybody who is on an arm, whatever it is."""
    return [Group("All patients", snap.randomised, any(a.regimen for a in trial.arms))]


def treated(groups: Sequence[Group]) -> list[Group]:
    """Of each group those with at least one dose; in an arm without drugs everybody."""
    return [Group(g.label, [p for p in g.patients if p.doses or not g.drugs], g.drugs) for g in groups]
