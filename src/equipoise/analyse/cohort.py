"""The cohort of a look: who makes it up, in the order in which they came."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from equipoise.analyse.status import Status, counts
from equipoise.trial.endpoint import Policy
from equipoise.trial.patient import Patient


@dataclass(frozen=True)
class Cohort:
    """The patients on whom a look is taken, in the order in which they came onto the arm.

    ``passed_over`` were not evaluable: under 'replace' they gave their place to the next, under 'exclude' they left it empty.
    """

    planned: int
    members: Sequence[Status]
    passed_over: Sequence[Status]
    refilled: bool = True

    @property
    def pending(self) -> list[Status]:
        """Members whose status is not yet known."""
        return [m for m in self.members if m.status == "pending"]

    @property
    def successes(self) -> int:
        """Members known to be successes."""
        return sum(m.status == "success" for m in self.members)

    @property
    def filled(self) -> int:
        """Places that are taken: members and, where a place is not filled again, those who left one empty."""
        return len(self.members) + (0 if self.refilled else len(self.passed_over))

    @property
    def complete(self) -> bool:
        """True when as many places as planned are taken."""
        return self.filled == self.planned


def cohort(
    patients: Sequence[Patient], standing: Callable[[Patient], Status | None], policy: Policy, planned: int
) -> Cohort:
    """The first ``planned`` places, of ``patients`` in the order in which they came.

    ``standing`` says where each stands, ``policy`` what becomes of those who cannot be evaluated.
    """
    members: list[Status] = []
    passed: list[Status] = []
    refilled = policy != "exclude"
    for patient in patients:
        if len(members) + (0 if refilled else len(passed)) == planned:
            break
        status = standing(patient)
        if status is None:
            continue
        (members if counts(status, policy) else passed).append(status)
    return Cohort(planned, members, passed, refilled)
