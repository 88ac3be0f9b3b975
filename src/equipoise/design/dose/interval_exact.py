"""How designs by a table of moves decide of many states at once; what is remembered of each is the lowest dose that is out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from equipoise.design.dose.counts import Counts
from equipoise.design.dose.dose_design import Seen
from equipoise.design.dose.interval import IntervalDesign
from equipoise.design.dose.layers import ENOUGH_AT_DOSE, ENOUGH_PATIENTS, TOO_TOXIC, Rows, Whether, Whole
from equipoise.design.dose.rules import EnoughAtDose, EnoughPatients, TooToxic


def as_written(design: Any, kind: type) -> bool:
    """Whether a design starts, steps, decides and recommends as this kind of designs does, in nothing otherwise."""
    return all(getattr(type(design), name) is getattr(kind, name) for name in ("start", "step", "verdict", "recommend"))


def served(design: Any) -> bool:
    """Whether this way of reckoning knows all of the design's rules: it decides as ``IntervalDesign`` does, and says only its table."""
    if not isinstance(design, IntervalDesign) or not as_written(design, IntervalDesign):
        return False
    known = all(
        isinstance(r, EnoughPatients | EnoughAtDose) or (isinstance(r, TooToxic) and r.dose == 1) for r in design.rules
    )
    return known and not any(isinstance(r, EnoughPatients) and r.n != design.most for r in design.rules)


@dataclass(frozen=True)
class Tables:
    """Of n patients and y DLTs at a dose, at [n, y]: the move, whether the dose is out, whether a rule on the lowest dose ends the trial, and
    whether no dose is chosen because of the lowest one's numbers."""

    moves: Whole
    out: Whether
    ends: Whether
    none: Whether


def tables(design: IntervalDesign) -> Tables:
    """The design's answers for all numbers that may come."""
    side = design.most + 1
    found = Tables(np.zeros((side, side), np.int64), *(np.zeros((side, side), bool) for _ in range(3)))
    rules = [r for r in design.rules if isinstance(r, TooToxic)]
    for n in range(1, side):
        for y in range(n + 1):
            found.moves[n, y], found.out[n, y] = design.move(n, y), design.eliminates(n, y)
            found.none[n, y] = design.chooses_none(n, y)
            if rules:
                state = Counts((n,), (y,), 1, 2)
                found.ends[n, y] = any(r.asked(state, 1) is not None for r in rules)
    return found


@dataclass(frozen=True)
class IntervalArrays:
    """A table of moves, as ``layers`` asks it."""

    design: IntervalDesign

    @property
    def cohort(self) -> int:
        """Patients of a cohort."""
        return self.design.cohort

    @property
    def most(self) -> int:
        """The largest number of patients."""
        return self.design.most

    @property
    def mark(self) -> int:
        """No dose is out."""
        return self.design.doses + 1

    @property
    def largest_mark(self) -> int:
        """The same."""
        return self.mark

    @cached_property
    def tables(self) -> Tables:
        """Its answers."""
        return tables(self.design)

    @cached_property
    def _stops(self) -> list[EnoughAtDose]:
        return [r for r in self.design.rules if isinstance(r, EnoughAtDose)]

    def decided(self, rows: Rows) -> tuple[Whole, Whole]:
        """By the table; see ``IntervalDesign``."""
        n, y, at, out = rows.n, rows.y, rows.at, rows.mark
        each, last = np.arange(len(at)), np.maximum(at, 1) - 1
        move = self.tables.moves[n[each, last], y[each, last]]
        to = np.where(
            move > 0,
            np.where((at == self.design.doses) | (at + 1 >= out), at, at + 1),
            np.where(move < 0, np.maximum(at - 1, 1), at),
        )
        to = np.where(at >= out, out - 1, to)
        to = np.where(at == 0, self.design.start_dose, to)
        end = np.zeros(len(at), np.int64)
        end[n.sum(axis=1) >= self.most] = ENOUGH_PATIENTS
        for rule in self._stops:
            here = n[each, np.maximum(at if rule.only_if_staying else to, 1) - 1] >= rule.n
            end[here & (at > 0) & ((to == at) | (not rule.only_if_staying))] = ENOUGH_AT_DOSE
        end[self.tables.ends[n[:, 0], y[:, 0]] | (out == 1)] = TOO_TOXIC
        return to, end

    def remembered(self, dose: Whole, n: Whole, y: Whole, seen: Seen, mark: Whole) -> Whole:
        """The lowest dose that is out."""
        return np.where(self.tables.out[n, y], np.minimum(mark, dose), mark)

    def chosen(self, rows: Rows, to: Whole, end: Whole) -> Whole:
        """``recommend`` of each state: the isotonic rates as the largest of the smallest averages (max-min), over the doses that may be chosen."""
        n, y, doses = rows.n, rows.y, self.design.doses
        gone = np.logical_or.accumulate(self.tables.out[n, y], axis=1)
        may = (n > 0) & ~gone
        w = np.where(may, (n + 0.1) ** 2 * (n + 1.1) / ((y + 0.05) * (n - y + 0.05)), 0.0)
        wp = np.cumsum(w * (y + 0.05) / (n + 0.1), axis=1)
        w = np.cumsum(w, axis=1)
        rate = np.full(n.shape, -np.inf)
        for a in range(doses):
            before_w, before = (w[:, a - 1], wp[:, a - 1]) if a else (0.0, 0.0)
            smallest = np.full(len(n), np.inf)
            for b in range(doses - 1, a - 1, -1):
                with np.errstate(invalid="ignore"):
                    average = (wp[:, b] - before) / (w[:, b] - before_w)
                smallest = np.where(may[:, b], np.minimum(smallest, average), smallest)
                here = may[:, a] & may[:, b]
                rate[here, b] = np.maximum(rate[here, b], smallest[here])
        rate += np.cumsum(may, axis=1) * 1e-10
        off = np.where(may, np.abs(rate - self.design.target), np.inf)
        if self.design.chosen_at_most is not None:
            off = np.where(rate <= self.design.chosen_at_most, off, np.inf)
        chosen = np.where(np.isfinite(off).any(axis=1), off.argmin(axis=1) + 1, 0)
        return np.where((n[:, 0] > 0) & self.tables.none[n[:, 0], y[:, 0]], 0, chosen)
