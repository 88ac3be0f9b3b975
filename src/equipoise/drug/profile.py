"""A drug's concentrations under a schedule: over time, and largest, trough and area by cycle; of one patient or of a population.

The largest concentration of a cycle is the largest at the end of an infusion or at one of the times; the trough is the concentration at the cycle's
end, before the next dose; the area of a cycle is exact. A dose is rounded to nothing: what the protocol says is given.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from equipoise.drug import chain as chains
from equipoise.drug.disposition import Course, Doses, macro
from equipoise.drug.patients import Patients
from equipoise.drug.schedule import Schedule
from equipoise.trial.part import MOST_TIMES
from equipoise.trial.problem import BadInput, Problem

F = NDArray[np.float64]
#: Of the curve: every hour, but no more points than a page can show or a machine hold.
_MOST_POINTS, _MOST_NUMBERS = 4_000, 20_000_000
#: Share of patients in the band.
BAND = 0.90


@dataclass(frozen=True)
class Profile:
    """``times`` [days]; ``concentrations`` [ug/mL] (patients, times); ``cmax``, ``trough``, ``area`` (patients, cycles); ``dose`` [mg] (patients,).

    ``chain`` holds the species of a drug that has a chain, at the same times.
    """

    patients: Patients
    schedule: Schedule
    cycles: int
    times: F
    concentrations: F
    cmax: F
    trough: F
    area: F
    dose: F
    chain: chains.ChainCourse | None = None

    @property
    def area_for_ever(self) -> F:
        """Area from the first dose to infinity of all cycles [ug·day/mL]."""
        total = self.dose * len(self.schedule.days) * self.cycles
        if self.chain is not None and self.patients.drug.chain is not None:
            return chains.area_for_ever(self.patients, self.patients.drug.chain, total)
        found: F = total / self.patients.parameters["CL"]
        return found


def grid(days: float) -> F:
    """Times from 0 to so many days, every hour or every few where there would be too many."""
    hours = round(days * 24)
    step = -(-hours // (_MOST_POINTS - 1))
    return np.arange(0, hours + 1, step) / 24.0


def doses(patients: Patients, schedule: Schedule) -> F:
    """Milligrams of one dose of each patient. Raises BadInput for what a dose needs and is not known."""
    return schedule.dose.milligrams(patients.covariates) * np.ones(patients.n)


def profile(patients: Patients, schedule: Schedule, cycles: int) -> Profile:
    """Concentrations and summaries of so many cycles. Raises BadInput for too many of anything."""
    if not 1 <= cycles <= MOST_TIMES:
        raise BadInput("cycles", [Problem("out-of-range", "--cycles", f"{cycles:,}", f"1 to {MOST_TIMES:,} cycles")])
    times, length = grid(cycles * schedule.every), patients.drug.infusion.hours / 24.0
    if patients.n * times.size > _MOST_NUMBERS:
        allowed = f"at most {_MOST_NUMBERS:,} concentrations: patients times hours"
        given = f"{patients.n * times.size:,} concentrations"
        raise BadInput("population", [Problem("too-large", "--population", given, allowed, "fewer patients or cycles")])
    amount, start = doses(patients, schedule), schedule.starts(cycles)
    ends = np.arange(1, cycles + 1) * float(schedule.every)
    peaks = start + length
    at = np.concatenate([peaks, ends])
    found = None
    if patients.drug.chain is None:
        course = Course(macro(*patients.disposition()), Doses.of(start, amount[:, None], length))
        values, special = course.concentration(times), course.concentration(at)
        area = course.area(ends)
    else:
        many = amount[:, None] * np.ones(start.size)
        found = chains.course(patients, patients.drug.chain, start, many, length, times)
        other = chains.course(patients, patients.drug.chain, start, many, length, at)
        values, special, area = found.conjugated, other.conjugated, other.area[:, peaks.size :]
    cycle_of = np.minimum((times / schedule.every).astype(int), cycles - 1)
    per = len(schedule.days)
    cmax = special[:, : peaks.size].reshape(patients.n, cycles, per).max(axis=2)
    for c in range(cycles):
        cmax[:, c] = np.maximum(cmax[:, c], values[:, cycle_of == c].max(axis=1, initial=0.0))
    each = np.diff(area, axis=1, prepend=0.0)
    return Profile(patients, schedule, cycles, times, values, cmax, special[:, peaks.size :], each, amount, found)


@dataclass(frozen=True)
class Band:
    """Median of patients and the band that holds 90 % of them."""

    median: F
    lower: F
    upper: F


def band(values: F) -> Band:
    """Median and band over patients, for each column."""
    low, middle, high = np.quantile(values, [(1 - BAND) / 2, 0.5, (1 + BAND) / 2], axis=0)
    return Band(middle, low, high)
