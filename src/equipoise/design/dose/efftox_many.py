"""EffTox's posteriors after many histories at once: sums of products of moments.

A patient's likelihood is his part of the toxicity curve, times his part of the efficacy curve, times 1 ± t gT gE, with t = tanh(ψ/2) and g one less
the probability of what he had (see ``efftox_model``). Multiplied out over the patients that is a sum of terms, each a power of t, times powers of
every dose's πT and 1 - πT, times such of πE and 1 - πE. So each integral over six parameters is a finite sum of products of one over ψ, one over the
toxicity curve's two and one over the efficacy curve's three parameters; and histories share these, since they are numbered by whole exponents
alone. One lattice over each curve's prior serves them all. Of n patients there are up to 2ⁿ terms: for the first few cohorts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import product
from math import comb
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_expit, logit

from equipoise.numerics.lattice import before, box

if TYPE_CHECKING:
    from equipoise.design.dose.efftox_model import EfftoxModel, Normal

Real = NDArray[np.float64]
Whole = NDArray[np.int64]
#: A history: of each dose the patients with neither, a DLT alone, a response alone, and both.
History = tuple[tuple[int, int, int, int], ...]
#: The lattice's step in units of a logit and of the prior's standard deviation, and how many of these count.
_STEP, _OF_SD, _REACH = 0.5, 0.6, 5.2
#: Histories of more terms, and of more patients, are left to ``EfftoxModel.fit``; so many terms are held at once.
MOST_TERMS, MOST_PATIENTS = 5000, 15
_AT_ONCE = 400_000
_ROWS = 256


def terms(history: History) -> int:
    """How many terms a history has at most."""
    found = 1
    for cells in history:
        for k in cells:
            found *= k + 1
    return found


@cache
def _of_dose(cells: tuple[int, int, int, int]) -> tuple[Whole, Whole, Whole, Real]:
    """One dose's patients multiplied out: of each term its place among the moments of toxicity and of efficacy, its power of t, its factor.

    The place is a · (y + 1) + c: of those without the event ``a`` have the power of its rate raised, of the y who had it ``c`` that of its complement.
    """
    neither, dlt, response, both = cells
    found: dict[tuple[int, int, int], int] = {}
    for i, j, k, m in product(*(range(n + 1) for n in cells)):
        place = (i + k) * (dlt + both + 1) + j + m, (i + j) * (response + both + 1) + k + m, i + j + k + m
        factor = comb(neither, i) * comb(dlt, j) * comb(response, k) * comb(both, m) * (-1) ** (j + k)
        found[place] = found.get(place, 0) + factor
    places = np.array(list(found), np.int64)
    return places[:, 0], places[:, 1], places[:, 2], np.array(list(found.values()), float)


@dataclass(frozen=True, eq=False)
class Curve:
    """One curve's lattice: logits (a row a dose), and what is summed (a column each): the prior, it times each rate, it times each rate's being below a limit."""

    z: Real
    summed: Real

    @cached_property
    def _sides(self) -> tuple[Real, Real]:
        return log_expit(self.z), log_expit(-self.z)

    def moments(self, exponents: Whole) -> Real:
        """The sums for each row of exponents: of each dose's rate, then of its complement."""
        doses = len(self.z)
        had, not_had = self._sides
        parts, which = [], []
        for d in range(doses):
            pairs, at = np.unique(exponents[:, d] * 64 + exponents[:, doses + d], return_inverse=True)
            parts.append(np.exp(np.outer(pairs // 64, had[d]) + np.outer(pairs % 64, not_had[d])))
            which.append(at.ravel())
        found = np.empty((len(exponents), self.summed.shape[1]))
        for k in range(0, len(exponents), _ROWS):
            each = slice(k, k + _ROWS)
            likelihood = parts[0][which[0][each]]
            for part, at in zip(parts[1:], which[1:], strict=True):
                if len(part) > 1:
                    likelihood *= part[at[each]]
                elif part[0, 0] != 1 or part[0, -1] != 1:
                    likelihood *= part[0]
            found[each] = likelihood @ self.summed
        return found


def curve(priors: Sequence[Normal], coded: Real, limit: float) -> Curve:
    """The lattice of a curve of logit m + b1 x, or m + b1 x + b2 x². ``priors``: of m, b1 and b2."""
    most = max(float(np.abs(coded).max()), 1e-9)
    (m, sd_m), (b, sd_b) = priors[:2]
    steps = min(_STEP, _OF_SD * sd_m), min(_STEP / most, _OF_SD * sd_b)
    points = box((m, b), (_REACH * sd_m, _REACH * sd_b), steps)
    off = ((points[0] - m) / sd_m) ** 2 + ((points[1] - b) / sd_b) ** 2
    points, off = points[:, off <= _REACH**2], off[off <= _REACH**2]
    z, w = points[0] + np.outer(coded, points[1]), np.exp(-off / 2)
    if len(priors) > 2:
        # The curvature's prior is narrow: Gauss's rule, of more nodes the further it moves a logit.
        mean, sd = priors[2]
        nodes, weights = np.polynomial.hermite_e.hermegauss(2 + int(np.ceil(5 * sd * most * most)))
        z = (z[:, :, None] + np.multiply.outer(coded**2, mean + sd * nodes)[:, None, :]).reshape(len(coded), -1)
        w = np.outer(w, weights / weights.sum()).ravel()
    w = w / w.sum()
    moves = np.maximum(steps[0], steps[1] * np.abs(coded))[:, None]
    return Curve(z, np.vstack([w, w * expit(z), w * before(float(logit(limit)), z, moves)]).T)


@dataclass(frozen=True, eq=False)
class _Asked:
    """Where the moments of histories stand: of each history the place of its first, and each dose's stride; and all their exponents."""

    first: Whole
    stride: Whole
    exponents: Whole


def _asked(had: Whole, had_not: Whole) -> _Asked:
    """What is asked of one curve by histories (a row each) of so many at each dose who had it, and had it not."""
    doses = had.shape[1]
    keys, which = np.unique(np.hstack([had, had_not]), axis=0, return_inverse=True)
    first, strides, grids, count = [], [], list[Whole](), 0
    for key in keys:
        y, rest = key[:doses], key[doses:]
        sizes = (y + 1) * (rest + 1)
        stride = np.concatenate([np.cumprod(sizes[::-1])[-2::-1], [1]]).astype(np.int64)
        local = np.arange(int(sizes.prod()))
        place = local[:, None] // stride % sizes
        grids.append(np.hstack([y + place // (y + 1), rest + place % (y + 1)]))
        first.append(count)
        strides.append(stride)
        count += len(local)
    at = which.ravel()
    return _Asked(np.array(first)[at], np.array(strides)[at], np.vstack(grids))


@dataclass(frozen=True, eq=False)
class ManyFits:
    """Posteriors under a model: mean rates of both curves, P(DLT rate < ``phi_t``) and P(response rate > ``phi_e``)."""

    model: EfftoxModel
    phi_t: float
    phi_e: float

    @cached_property
    def _tox(self) -> Curve:
        return curve((self.model.mu_t, self.model.beta_t), self.model.coded, self.phi_t)

    @cached_property
    def _eff(self) -> Curve:
        m = self.model
        return curve((m.mu_e, m.beta_e1, m.beta_e2), m.coded, self.phi_e)

    @cached_property
    def _ties(self) -> Real:
        """The mean of each power of t."""
        nodes, weights = np.polynomial.hermite_e.hermegauss(80)
        t = np.tanh((self.model.psi[0] + self.model.psi[1] * nodes) / 2)
        found = np.array([weights @ t**k for k in range(MOST_PATIENTS + 1)]) / weights.sum()
        # Of a prior about nothing the odd ones are nothing, and not their rounding.
        return np.where(np.abs(found) < 1e-14, 0.0, found)

    def known(self, histories: Sequence[History]) -> Real:
        """Of each history (a row) and dose (the last axis): the mean response rate, the mean DLT rate, the chance that it works, and that it is safe."""
        cells = np.array(histories, np.int64)
        had_dlt, had_response, n = cells[:, :, 1] + cells[:, :, 3], cells[:, :, 2] + cells[:, :, 3], cells.sum(axis=2)
        tox, eff = _asked(had_dlt, n - had_dlt), _asked(had_response, n - had_response)
        of_tox, of_eff = _shared(self._tox, tox.exponents), _shared(self._eff, eff.exponents)
        sizes = np.array([terms(h) for h in histories])
        parts, start = list[Real](), 0
        ends = np.cumsum(sizes)
        while start < len(sizes):
            done = int(ends[start - 1]) if start else 0
            stop = max(int(np.searchsorted(ends, done + _AT_ONCE, side="right")), start + 1)
            parts.append(
                self._summed(cells[start:stop], _some(tox, start, stop), _some(eff, start, stop), of_tox, of_eff)
            )
            start = stop
        return np.concatenate(parts)

    def _summed(
        self, cells: Whole, tox: _Asked, eff: _Asked, of_tox: tuple[Real, Whole], of_eff: tuple[Real, Whole]
    ) -> Real:
        count, doses = cells.shape[:2]
        whose, t, e = np.arange(count), tox.first, eff.first
        power, factor = np.zeros(count, np.int64), np.ones(count)
        for d in range(doses):
            kinds, kind = np.unique(cells[:, d], axis=0, return_inverse=True)
            each = [_of_dose(tuple(k)) for k in kinds.tolist()]
            long = np.array([len(x[0]) for x in each])
            begins = np.concatenate([[0], np.cumsum(long)[:-1]])
            here = kind.ravel()[whose]
            times = long[here]
            again = np.repeat(np.arange(len(whose)), times)
            within = np.arange(len(again)) - np.repeat(np.cumsum(times) - times, times)
            place = begins[here][again] + within
            by_t, by_e, by_power, by_factor = (np.concatenate([x[i] for x in each])[place] for i in range(4))
            whose = whose[again]
            t, e = t[again] + by_t * tox.stride[whose, d], e[again] + by_e * eff.stride[whose, d]
            power, factor = power[again] + by_power, factor[again] * by_factor
        factor *= self._ties[power]
        kept = factor != 0
        whose, t, e, factor = whose[kept], t[kept], e[kept], factor[kept]
        begin = np.searchsorted(whose, np.arange(count))
        a, b = of_tox[0][of_tox[1][t]], of_eff[0][of_eff[1][e]]
        by_eff = np.add.reduceat((factor * a[:, 0])[:, None] * b, begin)
        by_tox = np.add.reduceat((factor * b[:, 0])[:, None] * a, begin)
        by_eff, by_tox = by_eff[:, 1:] / by_eff[:, :1], by_tox[:, 1:] / by_tox[:, :1]
        return np.stack([by_eff[:, :doses], by_tox[:, :doses], 1 - by_eff[:, doses:], by_tox[:, doses:]], axis=1)


def _some(asked: _Asked, start: int, stop: int) -> _Asked:
    return _Asked(asked.first[start:stop], asked.stride[start:stop], asked.exponents)


def _shared(of: Curve, exponents: Whole) -> tuple[Real, Whole]:
    """The moments of different exponents, and which are whose."""
    code = np.zeros(len(exponents), np.int64)
    for column in exponents.T:
        code = code * (2 * MOST_PATIENTS + 1) + column
    _, first, which = np.unique(code, return_index=True, return_inverse=True)
    return of.moments(exponents[first]), which.ravel()
