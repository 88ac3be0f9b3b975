"""What a maker of evidence answers: what it needs of a trial file, and what a look has so far."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from equipoise.analyse.status import Status
from equipoise.decide.ripeness import ArmStanding
from equipoise.decide.ruling import Seen
from equipoise.trial.problem import Problem
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


class Gathered(Protocol):
    """What a look has of its evidence so far."""

    @property
    def arms(self) -> Mapping[str, ArmStanding]:
        """How each arm stands for the look."""
        ...

    @property
    def waiting(self) -> Sequence[Status]:
        """Who is still waited for."""
        ...

    def seen(self) -> Seen:
        """The evidence, for the ruling. Ask once the look is ripe."""
        ...

    def attained(self) -> Sequence[float]:
        """On how much the look is taken, as later boundaries ask for it: kept in the log with its decision."""
        ...

    def numbers(self) -> Mapping[str, Mapping[str, Any]]:
        """The cohort of each arm in numbers."""
        ...

    def beside(self) -> Mapping[str, Mapping[str, Any] | None]:
        """What stands beside the decision and is no part of it."""
        ...

    def cautions(self) -> Sequence[str]:
        """What must be said of the cohorts."""
        ...


class Maker(Protocol):
    """Makes one type of evidence."""

    def problems(self, parts: Mapping[str, Any]) -> Iterator[Problem]:
        """Why a trial made of these parts (those that could be read) cannot bring the evidence, in words."""
        ...

    def gather(self, trial: Trial, snap: Snapshot, look: int) -> Gathered:
        """What look ``look`` (from 1) has at the snapshot's cut-off. Raises BadInput for a look that there is not."""
        ...
