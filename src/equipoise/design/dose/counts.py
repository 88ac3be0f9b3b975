"""The state of a design that decides from numbers of DLTs alone: counts by dose, and what sticks."""

from __future__ import annotations

from dataclasses import dataclass, replace

from equipoise.design.dose.dose_design import Seen


@dataclass(frozen=True, slots=True)
class Counts:
    """Evaluable patients and DLTs of each dose; the dose given last (0 before the first).

    ``out``: the lowest dose that is eliminated, with all above it (doses + 1: none is). ``cohorts``: how many were treated.
    ``stage``: what else a design remembers, by a word of its own.
    """

    n: tuple[int, ...]
    dlt: tuple[int, ...]
    at: int
    out: int
    cohorts: int = 0
    stage: str = ""

    def of(self, dose: int) -> tuple[int, int]:
        """Patients and DLTs at a dose, from 1."""
        return self.n[dose - 1], self.dlt[dose - 1]

    @property
    def patients(self) -> int:
        """Evaluable patients in all."""
        return sum(self.n)


def nobody(doses: int, stage: str = "") -> Counts:
    """Before the first patient."""
    return Counts((0,) * doses, (0,) * doses, 0, doses + 1, 0, stage)


def treated(state: Counts, dose: int, seen: Seen) -> Counts:
    """The counts after a cohort."""
    i = dose - 1
    n = (*state.n[:i], state.n[i] + seen.n, *state.n[i + 1 :])
    dlt = (*state.dlt[:i], state.dlt[i] + seen.dlt, *state.dlt[i + 1 :])
    return replace(state, n=n, dlt=dlt, at=dose, cohorts=state.cohorts + 1)
