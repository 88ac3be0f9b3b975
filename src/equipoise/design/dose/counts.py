"""The state of a design that decides from numbers of DLTs alone: counts by dose, and what sticks."""

from __future__ import annotations

from dataclasses import dataclass

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
    n, dlt = _more(state.n, dose, seen.n), _more(state.dlt, dose, seen.dlt)
    # Written out: `replace` takes five times as long, and a design's exact behaviour takes many steps.
    return Counts(n, dlt, dose, state.out, state.cohorts + 1, state.stage)


def _more(counts: tuple[int, ...], dose: int, by: int) -> tuple[int, ...]:
    return (*counts[: dose - 1], counts[dose - 1] + by, *counts[dose:])


@dataclass(frozen=True, slots=True)
class FourCounts(Counts):
    """Counts with responses. ``both``: patients with both, by dose; zeros where a design does not ask who had both."""

    responses: tuple[int, ...] = ()
    both: tuple[int, ...] = ()


def nobody_of_four(doses: int) -> FourCounts:
    """Before the first patient."""
    none = (0,) * doses
    return FourCounts(none, none, 0, doses + 1, 0, "", none, none)


def treated_of_four(state: FourCounts, dose: int, seen: Seen, *, who_had_both: bool = True) -> FourCounts:
    """The counts after a cohort."""
    n, dlt = _more(state.n, dose, seen.n), _more(state.dlt, dose, seen.dlt)
    responses = _more(state.responses, dose, seen.responses)
    both = _more(state.both, dose, seen.both) if who_had_both else state.both
    return FourCounts(n, dlt, dose, state.out, state.cohorts + 1, state.stage, responses, both)
