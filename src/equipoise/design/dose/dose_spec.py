"""What a dose-finding design may be told; see ``design/spec.py`` for how entries and the rules between them are read."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Literal

from pydantic import Field

from equipoise.design.spec import Entries, Probability, between
from equipoise.trial.problem import Problem


class LevelSpec(Entries):
    """Doses, and where to start."""

    doses: int = Field(ge=1, le=30, description="How many doses there are.")
    start: int = Field(default=1, ge=1, description="The dose that is given first, from 1.")

    @between("doses", "start")
    def _a_level(self) -> Iterator[Problem]:
        """The trial starts at a dose."""
        if self.start > self.doses:
            yield Problem("start", "start", str(self.start), f"a dose, 1 to {self.doses}")


class CohortSpec(Entries):
    """Cohorts."""

    cohort: int = Field(default=3, ge=1, le=20, description="Patients of a cohort.")
    cohorts: int = Field(default=10, ge=1, le=100, description="Largest number of cohorts.")


class UnitSpec(CohortSpec):
    """Doses in the drug's unit, and where to start."""

    levels: tuple[float, ...] = Field(min_length=1, max_length=30, description="The doses in the drug's unit, rising.")
    start: int = Field(default=1, ge=1, description="The dose of the first cohort, from 1.")

    @between("levels")
    def _rise(self) -> Iterator[Problem]:
        """0 < d1 < d2 < …"""
        if self.levels[0] <= 0:
            yield Problem("levels", "levels, 1", str(self.levels[0]), "a dose above 0")
        for i, (a, b) in enumerate(pairwise(self.levels), 2):
            if not a < b:
                yield Problem("levels", f"levels, {i}", f"{a:g} then {b:g}", "doses that rise")

    @between("levels", "start")
    def _a_level(self) -> Iterator[Problem]:
        """The trial starts at a dose."""
        if self.start > len(self.levels):
            yield Problem("start", "start", str(self.start), f"a dose, 1 to {len(self.levels)}")


class DoseSpec(LevelSpec, CohortSpec):
    """Doses and cohorts."""


class IntervalSpec(DoseSpec):
    """A target rate, elimination and when enough patients were at a dose."""

    target: Probability = Field(description="Target probability of a DLT.")
    certainty: float = Field(
        default=0.95, ge=0.5, lt=1, description="A dose is eliminated if P(rate > target) exceeds this."
    )
    n_stop: int = Field(
        default=0, ge=0, le=1000, description="Patients at a dose after which the trial ends; 0: never."
    )
    n_stop_reading: Literal["would stay", "reached"] = Field(
        default="would stay",
        description="It ends where the design would stay at that dose (the package), or as soon as they are reached (the paper).",
    )


def interval_entries(spec: IntervalSpec) -> dict[str, Any]:
    """The shared entries as an ``IntervalDesign`` takes them."""
    return {
        "target": spec.target,
        "doses": spec.doses,
        "cohort": spec.cohort,
        "cohorts": spec.cohorts,
        "start_dose": spec.start,
        "certainty": spec.certainty,
        "n_stop": spec.n_stop,
        "n_stop_reading": spec.n_stop_reading,
    }
