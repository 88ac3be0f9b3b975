"""What the report of dose finding is made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from equipoise.analyse.dose_limiting import DltStatus
from equipoise.design.dose.dose_design import DoseDesign
from equipoise.design.dose.history import Answer
from equipoise.dossier.escalation.revisited import Revisited
from equipoise.trial.dose_outcomes import Treated
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class Escalation:
    """Where dose finding stands, and how it came there. ``patients`` are in the order of assignment; ``past``: each assignment, judged again.

    ``members``: of each cohort the places of its patients, from 0. ``said``: what comes next, and the dose if it ended now, in a line each.
    """

    trial: Trial
    snap: Snapshot
    patients: Sequence[DltStatus]
    cohorts: Sequence[Treated]
    members: Sequence[tuple[int, ...]]
    next: Answer
    past: Sequence[Revisited]
    said: tuple[str, str]

    @property
    def design(self) -> DoseDesign[Any]:
        """The design that finds the dose."""
        assert self.trial.phase1 is not None, "made of a trial with phase I"
        found: DoseDesign[Any] = self.trial.phase1.finder
        return found

    @property
    def inner(self) -> DoseDesign[Any]:
        """The same without backfill and expansion."""
        design: Any = self.design
        while hasattr(design, "base"):
            design = design.base
        found: DoseDesign[Any] = design
        return found

    @property
    def window(self) -> int:
        """Days for which each is followed for DLTs."""
        assert self.trial.phase1 is not None, "made of a trial with phase I"
        return self.trial.phase1.window.days

    def label(self, dose: int) -> str:
        """A level's label by its number."""
        return self.trial.dose_levels[dose - 1].label

    def level_named(self, dose: int) -> str:
        """'DL2 (IMGN901 75 mg/m2)'."""
        level = self.trial.dose_levels[dose - 1]
        return f"{level.label} ({level.drug} {level})"


def only_finds_dose(trial: Trial) -> bool:
    """True of a trial that is phase I alone: no arm is compared with anything."""
    return trial.phase1 is not None and trial.design is None
