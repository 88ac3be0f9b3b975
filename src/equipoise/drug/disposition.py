"""Macro-constants of one to three compartments, and concentrations of any doses by superposition, exactly.

After a dose of 1 into the central compartment the concentration there is the sum of a_i exp(-l_i t) (Gibaldi & Perrier,
Pharmacokinetics, 1982). In amounts divided by the root of their volumes the rate matrix is symmetric, so one eigen-decomposition a
patient gives l_i and a_i = v_i² / V1, all positive, also where two compartments are alike.

Between two changes of the rate of infusion r each term goes from its s to s + (r a / l - s)(1 - exp(-l t)): one exponential for each
patient, time and term, however many doses came before. Units: mg, L, days, so that concentrations are mg/L = ug/mL.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

F = NDArray[np.float64]


@dataclass(frozen=True)
class Macro:
    """``rate`` l [1/day] and ``weight`` a [1/L], each of shape (patients, terms), the slowest term first."""

    rate: F
    weight: F

    def half_life(self) -> F:
        """Terminal half-life of each patient [days]."""
        found: F = np.log(2) / self.rate.min(axis=1)
        return found


def macro(cl: ArrayLike, volumes: ArrayLike, flows: ArrayLike = ()) -> Macro:
    """Macro-constants. ``cl`` (n,), ``volumes`` (compartments, n), ``flows`` (compartments - 1, n) between the first and each other."""
    v = np.asarray(volumes, float)
    k, n = v.shape
    q = np.asarray(flows, float).reshape(k - 1, n)
    s = np.zeros((n, k, k))
    s[:, 0, 0] = (np.asarray(cl, float) + q.sum(axis=0)) / v[0]
    for j in range(1, k):
        s[:, j, j] = q[j - 1] / v[j]
        s[:, 0, j] = s[:, j, 0] = -q[j - 1] / np.sqrt(v[0] * v[j])
    rate, vectors = np.linalg.eigh(s)
    return Macro(rate, vectors[:, 0, :] ** 2 / v[0][:, None])


@dataclass(frozen=True)
class Doses:
    """Infusions. ``start`` and ``length`` [days] of shape (doses,) or (patients, doses), ``amount`` [mg] likewise."""

    start: F
    amount: F
    length: F

    @classmethod
    def of(cls, start: ArrayLike, amount: ArrayLike, length: ArrayLike) -> Doses:
        """Doses from anything that broadcasts; lengths must be above 0."""
        s, a, d = (np.atleast_2d(np.asarray(x, float)) for x in (start, amount, length))
        width = max(s.shape[1], a.shape[1], d.shape[1])
        return cls(*(np.broadcast_to(x, (x.shape[0], width)) for x in (s, a, d)))

    def changes(self) -> tuple[F, F]:
        """When the rate changes and what it is from then on [mg/day]; shapes (p, 2 doses) and (p or patients, 2 doses)."""
        rows = max(self.start.shape[0], self.length.shape[0])
        start, length = (np.broadcast_to(x, (rows, self.start.shape[1])) for x in (self.start, self.length))
        at = np.concatenate([start, start + length], axis=1)
        step = np.concatenate([self.amount / length, -self.amount / length], axis=1)
        order = np.argsort(at, axis=1, kind="stable")
        many = max(rows, step.shape[0])
        step = np.take_along_axis(np.broadcast_to(step, (many, step.shape[1])), np.broadcast_to(order, (many, order.shape[1])), axis=1)  # fmt: skip
        rate = np.cumsum(step, axis=1)
        # what is left after the last infusion is rounding, and no infusion
        rate[np.abs(rate) < 1e-12 * np.abs(step).max(axis=1, keepdims=True)] = 0.0
        return np.take_along_axis(at, order, axis=1), rate


class Course:
    """The concentrations of patients under their doses: at any times, and their exact areas."""

    def __init__(self, constants: Macro, doses: Doses) -> None:
        self.constants = constants
        self.at, rate = doses.changes()
        n = max(constants.rate.shape[0], rate.shape[0])
        k = constants.rate.shape[1]
        self.rate = np.broadcast_to(rate, (n, rate.shape[1]))
        self._l = np.broadcast_to(constants.rate, (n, k))
        self._a = np.broadcast_to(constants.weight, (n, k))
        #: state of each term at each change, shape (terms, patients, changes)
        self._state = np.zeros((k, n, rate.shape[1]))
        for j in range(1, rate.shape[1]):
            gone = self.at[:, j] - self.at[:, j - 1]
            for i in range(k):
                s = self._state[i, :, j - 1]
                self._state[i, :, j] = s + (s - self._plateau(i)[:, j - 1]) * np.expm1(-self._l[:, i] * gone)

    def _plateau(self, i: int) -> F:
        found: F = self.rate * (self._a[:, i] / self._l[:, i])[:, None]
        return found

    def _terms(self, times: ArrayLike, term: int) -> F:
        """One term at the times, shape (patients, times)."""
        t = np.asarray(times, float)
        # before the first dose: no time has gone, and the state is 0
        if self.at.shape[0] == 1:
            k = np.maximum(np.searchsorted(self.at[0], t, side="right") - 1, 0)
            s, plateau = self._state[term][:, k], self._plateau(term)[:, k]
            grown = np.expm1(np.multiply.outer(-self._l[:, term], np.maximum(t - self.at[0][k], 0.0)))
        else:
            k = np.maximum(np.stack([np.searchsorted(row, t, side="right") - 1 for row in self.at]), 0)
            s, plateau = (np.take_along_axis(x, k, axis=1) for x in (self._state[term], self._plateau(term)))
            gone = np.maximum(t - np.take_along_axis(self.at, k, axis=1), 0.0)
            grown = np.expm1(-self._l[:, term][:, None] * gone)
        plateau -= s
        plateau *= grown
        found: F = s - plateau
        return found

    def concentration(self, times: ArrayLike) -> F:
        """Concentrations [ug/mL] at ``times`` [days], shape (patients, times); at a dose's own time those before it."""
        found = self._terms(times, 0)
        for i in range(1, self._l.shape[1]):
            found += self._terms(times, i)
        return found

    def given(self, times: ArrayLike) -> F:
        """Amount infused by ``times`` [mg], shape (patients, times)."""
        t = np.asarray(times, float)
        ends = np.concatenate([self.at[:, 1:], np.full((self.at.shape[0], 1), np.inf)], axis=1)
        lasted = np.clip(t[None, None, :] - self.at[:, :, None], 0.0, (ends - self.at)[:, :, None])
        found: F = np.einsum("nj,njt->nt", self.rate, np.broadcast_to(lasted, (*self.rate.shape, t.size)))
        return found

    def area(self, times: ArrayLike) -> F:
        """Area under the concentration from 0 to each of ``times`` [ug·day/mL], by what is still there: exact."""
        put = self.given(times)
        found = np.zeros_like(put)
        for i in range(self._l.shape[1]):
            found += (self._a[:, i][:, None] * put - self._terms(times, i)) / self._l[:, i][:, None]
        return found

    def area_for_ever(self) -> F:
        """Area from 0 to infinity [ug·day/mL]: what was given, divided by clearance."""
        put = self.given([float(self.at.max())])[:, 0]
        found: F = put * (self._a / self._l).sum(axis=1)
        return found
