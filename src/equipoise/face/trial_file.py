"""A trial by its file: `eq.trial("north")`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike, fspath
from typing import Any

from equipoise.desk import check, opening
from equipoise.face.known import Log, log
from equipoise.face.result import Result
from equipoise.face.simulated import CohortSimulations, Simulations, simulate
from equipoise.trial.exhibits import Table
from equipoise.trial.trial import Trial


@dataclass(frozen=True, repr=False)
class TrialFile(Result):
    """A trial that was read. ``definition``: all that the file says. ``name``: where it was found."""

    name: str
    definition: Trial

    @property
    def title(self) -> str:
        """The trial's title."""
        return self.definition.title

    def check(self) -> check.Checked:
        """What the file defines, with what a reader should be careful about."""
        return check.check(self.name)

    def simulate(self, scenario: str | Sequence[str] = (), **how: Any) -> Simulations | CohortSimulations:
        """Many trials with virtual patients: see ``equipoise.simulate``."""
        return simulate(self, scenario, **how)

    def log(self, path: str | PathLike[str]) -> Log:
        """A log of this trial."""
        return log(path, self)

    def tables(self) -> Sequence[Table]:
        """Its arms, endpoints and looks."""
        t = self.definition
        arms = Table(
            "Arms",
            ["Arm", "Label", "Share", "Tested"],
            [[a.name, a.label, a.share, "yes" if a.tested else "no"] for a in t.arms],
        )
        ends = Table("Endpoints", ["Endpoint", "Label", "Role"], [[e.name, e.label, e.role] for e in t.endpoints])
        looks = [[k.number, k.n, k.unit] for k in t.design.looks] if t.design is not None else []
        return [arms, ends, *([Table("Looks", ["Look", "On", "Of"], looks)] if looks else [])]

    def rows(self) -> list[dict[str, Any]]:
        """A record an endpoint."""
        return [{"name": e.name, "label": e.label, "role": e.role, "kind": e.kind} for e in self.definition.endpoints]


def trial(path: str | PathLike[str]) -> TrialFile:
    """The trial in a file or its folder, or a bundled one by its name. Raises BadInput with all problems of its file.

    >>> import equipoise as eq
    >>> eq.trial("north").definition.target_enrolment
    120
    """
    name = fspath(path)
    return TrialFile(name, opening.load_trial(name))
