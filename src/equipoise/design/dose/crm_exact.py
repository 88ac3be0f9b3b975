"""How the CRM decides of many states at once; what is remembered of each is whether nobody may escalate.

Posteriors are summed over a coarser grid of the parameter than ``crm_model``'s, all of a cohort in one product of matrices. Sums of equal
steps err by some exp(-2 (π σ/h)^2) for a posterior of standard deviation σ and steps of h, nothing from σ = 1.2 h on. Where that does not
hold, or two doses are as close to the target but for a hair, the design itself is asked: its decisions are what is meant.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from equipoise.design.dose.counts import Counts
from equipoise.design.dose.crm import Crm, ModelTooToxic, above_rate
from equipoise.design.dose.dose_design import Seen
from equipoise.design.dose.interval_exact import as_written
from equipoise.design.dose.layers import ENOUGH_AT_DOSE, ENOUGH_PATIENTS, TOO_TOXIC, Real, Rows, Whether, Whole
from equipoise.design.dose.rules import EnoughAtDose

#: So many posteriors at a time stay in the processor's cache.
_AT_ONCE = 512
#: Every so many points of the model's grid; and where these are too few: posteriors of the logistic model are narrower.
_EVERY = {"empiric": (10, 5), "logistic": (6, 3)}
#: A posterior narrower than so many steps is the design's to judge.
_NARROW = 1.2
#: Doses whose distances to the target differ by less are the design's to tell apart.
_HAIR = 1e-7


def served(design: Any) -> bool:
    """Whether this way of reckoning knows all of the design's rules."""
    if not isinstance(design, Crm) or not as_written(design, Crm) or design.method != "bayes":
        return False
    return all(
        isinstance(r, ModelTooToxic) or (isinstance(r, EnoughAtDose) and not r.only_if_staying) for r in design.rules
    )


@dataclass(frozen=True)
class CrmArrays:
    """A CRM, as ``layers`` asks it."""

    design: Crm

    @property
    def cohort(self) -> int:
        """Patients of a cohort."""
        return self.design.cohort

    @property
    def most(self) -> int:
        """The largest number of patients."""
        return self.design.cohort * self.design.cohorts

    @property
    def mark(self) -> int:
        """Anybody may escalate."""
        return 0

    @property
    def largest_mark(self) -> int:
        """Nobody may."""
        return 1

    def remembered(self, dose: Whole, n: Whole, y: Whole, seen: Seen, mark: Whole) -> Whole:
        """Whether nobody may escalate from here."""
        return np.asarray(self.design.holds(seen, n, y) + 0 * n, np.int64)

    def decided(self, rows: Rows) -> tuple[Whole, Whole]:
        """By the model and the conventions; see ``Crm``."""
        end = np.zeros(len(rows.at), np.int64)
        if rows.at[0] == 0:
            return np.full(len(rows.at), self.design.start_dose), end
        closest, toxic = self._judged(rows.n, rows.y)
        at = rows.at
        doses = np.arange(1, self.design.doses + 1)
        most = {
            "last": at + 1 + self.design.skips,
            "ever": np.where(rows.n > 0, doses, 0).max(axis=1) + 1 + self.design.skips,
            "no": np.full(len(at), self.design.doses),
        }[self.design.no_skip]
        to = np.minimum(closest, most)
        if self.design.no_skip == "ever":
            to = np.maximum(to, np.where(rows.n > 0, doses, self.design.doses + 1).min(axis=1) - 1)
        to = np.where((to > at) & (rows.mark == 1), at, to)
        end[rows.n.sum(axis=1) >= self.most] = ENOUGH_PATIENTS
        for rule in self.design.rules:
            if isinstance(rule, EnoughAtDose):
                end[np.take_along_axis(rows.n, to[:, None] - 1, axis=1)[:, 0] >= rule.n] = ENOUGH_AT_DOSE
        end[toxic] = TOO_TOXIC
        return to, end

    def chosen(self, rows: Rows, to: Whole, end: Whole) -> Whole:
        """``recommend`` of each state."""
        doses = np.arange(1, self.design.doses + 1)
        given = np.where((rows.n > 0) & (doses <= to[:, None]), doses, 0).max(axis=1)
        return np.where(end == TOO_TOXIC, 0, to if self.design.recommends == "next" else given)

    # -- what the model says ----------------------------------------------------------------------------------------

    @cached_property
    def _grids(self) -> tuple[tuple[Real, Real, Real], ...]:
        theta, prior, logs = self.design.crm.grid
        every = _EVERY[self.design.crm.model]
        return tuple((theta[::k], prior[::k], np.ascontiguousarray(logs[:, ::k])) for k in every)

    def _judged(self, n: Whole, y: Whole) -> tuple[Whole, Whether]:
        """The dose whose rate is closest to the target, and whether every dose is too toxic. Rows that differ in neither are neighbours."""
        new = np.ones(len(n), bool)
        new[1:] = (n[1:] != n[:-1]).any(axis=1) | (y[1:] != y[:-1]).any(axis=1)
        each = np.cumsum(new) - 1
        n, y = n[new], y[new]
        closest, toxic = np.zeros(len(n), np.int64), np.zeros(len(n), bool)
        left = np.arange(len(n))
        for grid in self._grids:
            if not len(left):
                break
            parts = [self._modelled(grid, n[k], y[k]) for k in np.split(left, range(_AT_ONCE, len(left), _AT_ONCE))]
            closest[left], toxic[left], unsure = (np.concatenate(column) for column in zip(*parts, strict=True))
            left = left[unsure]
        for i in left.tolist():
            closest[i], toxic[i] = self._asked(tuple(n[i].tolist()), tuple(y[i].tolist()))
        return closest[each], toxic[each]

    def _modelled(self, grid: tuple[Real, Real, Real], n: Whole, y: Whole) -> tuple[Whole, Whether, Whether]:
        """The same of different numbers; and whether the grid is too coarse to tell."""
        theta, prior, logs = grid
        w = np.concatenate([y, n - y], axis=1).astype(float) @ logs
        w += prior
        w -= w.max(axis=1, keepdims=True)
        np.exp(w, out=w)
        mass, first, second, slope = (w @ np.column_stack([np.ones_like(theta), theta, theta**2, np.exp(theta)])).T
        mean = first / mass
        sd = np.sqrt(np.maximum(second / mass - mean**2, 0))
        if self.design.crm.prior == "exponential":
            mean = np.log(slope / mass)
        step = float(theta[1] - theta[0])
        closest, unsure = self._closest(mean)
        unsure |= sd < _NARROW * step
        toxic = np.zeros(len(n), bool)
        for rule in self.design.rules:
            if isinstance(rule, ModelTooToxic):
                p = w @ above_rate(rule.crm, theta, rule.rate) / mass
                toxic |= p > rule.certainty
                # A cell that the rate cuts counts by its part: that errs as a straight line does, by some (h/σ)²/32.
                unsure |= np.abs(p - rule.certainty) < 0.12 * (step / np.maximum(sd, 1e-9)) ** 2
        return closest, toxic, unsure

    def _closest(self, theta: Real) -> tuple[Whole, Whether]:
        """The dose whose rate at θ is closest to the target, the lower of two; and whether another is as close but for a hair."""
        off = np.abs(self.design.crm.rates_at(theta) - self.design.target)
        found = off.argmin(axis=0)
        if len(off) == 1:
            return found + 1, np.zeros(len(theta), bool)
        two = np.partition(off, 1, axis=0)
        return found + 1, two[1] - two[0] < _HAIR

    def _asked(self, n: tuple[int, ...], y: tuple[int, ...]) -> tuple[int, bool]:
        """The same by the design itself."""
        state = Counts(n, y, 1, self.design.doses + 1, 1)
        said = [r.asked(state, 1) for r in self.design.rules if isinstance(r, ModelTooToxic)]
        return self.design.closest(n, y), any(s is not None for s in said)
