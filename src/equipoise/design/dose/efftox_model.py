"""EffTox's model: a DLT and a response by two logistic curves of the logarithm of the dose, associated within a patient.

With x = ln(dose) less its mean over the doses:

    logit πT = μT + βT x      logit πE = μE + βE1 x + βE2 x²
    P(response a, DLT b) = πE^a (1 - πE)^(1-a) πT^b (1 - πT)^(1-b) + (-1)^(a+b) πE (1 - πE) πT (1 - πT) (e^ψ - 1)/(e^ψ + 1)

and six independent normal priors. Thall & Cook 2004, doi:10.1111/j.0006-341X.2004.00218.x. Nothing is sampled. Each patient's likelihood is his part
of the toxicity curve, times his part of the efficacy curve, times 1 + (-1)^(a+b) tanh(ψ/2) gE gT, with g one less the probability of what he
had. So a lattice of the two toxicity parameters and one of the three efficacy parameters, each following its own posterior at ψ = 0, are tied by
a matrix that is smooth and near to 1, of which few rows and columns need be reckoned; ψ is integrated by Gauss's rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_expit, logit

from equipoise.numerics.lattice import DROPPED, along, before, box, cross, gauss

Real = NDArray[np.float64]
#: A normal prior: mean and standard deviation.
Normal = tuple[float, float]
#: Standard deviations of a prior that count, and the step of the first lattice, in units of a logit.
_REACH, _COARSE = 6.0, 0.8
#: Nodes of tanh(ψ/2) at most: of 30 patients so many leave an error below 1e-6.
_MOST_TIES = 6


@dataclass(frozen=True)
class Fitted:
    """What is known of each dose: the mean response and DLT rates, and the probabilities that they are good enough."""

    response: tuple[float, ...]
    dlt: tuple[float, ...]
    works: tuple[float, ...]
    safe: tuple[float, ...]


#: A curve's priors, the forms that make its logits (a row a dose), a lattice over the whole prior, and that lattice's steps.
_Curve = tuple[tuple[Normal, ...], Real, Real, list[float]]


@dataclass(frozen=True, eq=False)
class _Lattice:
    """Points that follow one curve's posterior at ψ = 0: logits (a row a dose), weights adding up to 1, and the most by which a step moves each."""

    z: Real
    w: Real
    step: Real

    @cached_property
    def sides(self) -> tuple[Real, Real]:
        """The probabilities of having it not, and of having it."""
        p = expit(self.z)
        return 1 - p, p

    def rates(self, weights: Real) -> tuple[float, ...]:
        """Mean rates of each dose."""
        return tuple((self.sides[1] @ weights).tolist())

    @cached_property
    def _known(self) -> dict[float, Real]:
        return {}

    def below(self, rate: float, weights: Real) -> Real:
        """P(rate of each dose < ``rate``)."""
        if rate not in self._known:
            self._known[rate] = before(float(logit(rate)), self.z, self.step)
        found: Real = self._known[rate] @ weights
        return found


#: So many lattices are kept: other cohorts have the same numbers with a DLT, or with a response.
_KEPT = 400


@dataclass(frozen=True)
class EfftoxModel:
    """Doses in the drug's unit, and the priors."""

    levels: tuple[float, ...]
    mu_t: Normal
    beta_t: Normal
    mu_e: Normal
    beta_e1: Normal
    beta_e2: Normal
    psi: Normal = (0.0, 1.0)

    @cached_property
    def coded(self) -> Real:
        """x of each dose."""
        logs = np.log(self.levels)
        return np.asarray(logs - logs.mean())

    def fit(
        self,
        neither: Sequence[int],
        dlt: Sequence[int],
        response: Sequence[int],
        both: Sequence[int],
        phi_t: float,
        phi_e: float,
    ) -> Fitted:
        """What is known after so many patients at each dose with neither, a DLT alone, a response alone, and both.

        ``phi_t``, ``phi_e``: a dose is safe if its DLT rate is below the one, and works if its response rate is above the other.
        """
        groups = [
            (d, b, a, k)
            for b, a, counts in ((0, 0, neither), (1, 0, dlt), (0, 1, response), (1, 1, both))
            for d, k in enumerate(counts)
            if k
        ]
        with_dlt, with_response = np.add(dlt, both), np.add(response, both)
        n = np.add(np.add(neither, dlt), np.add(response, both))
        tox = self._kept("_tox", with_dlt, n - with_dlt)
        eff = self._kept("_eff", with_response, n - with_response)
        of_tox, of_eff = self._tied(groups, tox, eff)
        works, safe = 1 - eff.below(phi_e, of_eff), tox.below(phi_t, of_tox)
        return Fitted(eff.rates(of_eff), tox.rates(of_tox), tuple(works.tolist()), tuple(safe.tolist()))

    @cached_property
    def _lattices(self) -> dict[Any, _Lattice]:
        return {}

    def _kept(self, curve: Literal["_tox", "_eff"], had: Real, had_not: Real) -> _Lattice:
        """``_lattice``, remembered."""
        key = curve, tuple(had.tolist()), tuple(had_not.tolist())
        if key not in self._lattices:
            if len(self._lattices) >= _KEPT:
                self._lattices.clear()
            self._lattices[key] = self._lattice(getattr(self, curve), had, had_not)
        return self._lattices[key]

    @cached_property
    def _tox(self) -> _Curve:
        return self._coarse((self.mu_t, self.beta_t), np.stack([np.ones_like(self.coded), self.coded], axis=1))

    @cached_property
    def _eff(self) -> _Curve:
        x = self.coded
        return self._coarse((self.mu_e, self.beta_e1, self.beta_e2), np.stack([np.ones_like(x), x, x * x], axis=1))

    @property
    def size(self) -> float:
        """Points of the larger of the two coarse lattices: what an answer costs."""
        most = float(np.abs(self.coded).max())
        counts = [
            2 * _REACH * sd / min(_COARSE / m, 0.9 * sd) + 1
            for m, (_, sd) in zip((1.0, most, most * most), (self.mu_e, self.beta_e1, self.beta_e2), strict=True)
        ]
        return max(
            float(np.prod(counts)),
            (2 * _REACH * self.mu_t[1] / _COARSE + 1) * (2 * _REACH * self.beta_t[1] * most / _COARSE + 1),
        )

    def _coarse(self, priors: tuple[Normal, ...], forms: Real) -> _Curve:
        """A curve's priors, the forms that make its logits (a row a dose), and a lattice over the whole prior."""
        most = np.maximum(np.abs(forms).max(axis=0), 1e-12)
        steps = [min(_COARSE / m, 0.9 * sd) for m, (_, sd) in zip(most, priors, strict=True)]
        return priors, forms, box([m for m, _ in priors], [_REACH * sd for _, sd in priors], steps), steps

    def _lattice(self, curve: _Curve, had: Real, had_not: Real) -> _Lattice:
        """The lattice that follows a curve's posterior, of so many at each dose who had it and who had not."""
        priors, forms, coarse, steps = curve

        given = (had + had_not) > 0

        def log_density(points: Real) -> Real:
            z = forms[given] @ points
            found = (had + had_not)[given] @ log_expit(z) - had_not[given] @ z
            return np.asarray(
                found - sum((p - m) ** 2 / (2 * sd * sd) for p, (m, sd) in zip(points, priors, strict=True))
            )

        points, axes = along(coarse, log_density(coarse), steps, forms)
        found = log_density(points)
        w = np.exp(found - found.max())
        kept = w > DROPPED
        return _Lattice(forms @ points[:, kept], w[kept] / w[kept].sum(), np.abs(forms @ axes).max(axis=1)[:, None])

    @cached_property
    def _all_ties(self) -> dict[int, tuple[Real, Real]]:
        return {}

    def _ties(self, count: int) -> tuple[Real, Real]:
        """Gauss's nodes and weights of tanh(ψ/2), ψ having its prior: exact for polynomials of degree 2 ``count`` - 1."""
        if count not in self._all_ties:
            nodes, weights = np.polynomial.hermite_e.hermegauss(60)
            self._all_ties[count] = gauss(np.tanh((self.psi[0] + self.psi[1] * nodes) / 2), weights, count)
        return self._all_ties[count]

    def _tied(self, groups: Sequence[tuple[int, int, int, int]], tox: _Lattice, eff: _Lattice) -> tuple[Real, Real]:
        """The weights of both lattices when patients' two outcomes are associated, ψ integrated out."""
        if not groups:
            return tox.w, eff.w
        # The likelihood is a polynomial in tanh(ψ/2), of a degree as there are patients.
        ties, weights = self._ties(min(sum(k for *_, k in groups) // 2 + 1, _MOST_TIES))
        of_tox = [tox.sides[1 - b][d] for d, b, _, _ in groups]
        of_eff = [eff.sides[1 - a][d] for d, _, a, _ in groups]

        def line(fixed: list[Real], k: int, along: list[Real]) -> Real:
            """Of all of a group the likelihood is a power: products are a tenth of the work of logarithms."""
            found = np.ones((len(ties), along[0].shape[0]))
            for (_, b, a, times), one, others in zip(groups, fixed, along, strict=True):
                each = np.multiply.outer((ties if a == b else -ties) * one[k], others)
                each += 1
                found *= each if times == 1 else each**times
            tied: Real = weights @ found
            return tied

        def row(i: int) -> Real:
            return line(of_tox, i, of_eff)

        def column(j: int) -> Real:
            return line(of_eff, j, of_tox)

        by_tox, by_eff = cross(row, column, tox.w, eff.w)
        t, e = tox.w * by_tox, eff.w * by_eff
        return t / t.sum(), e / e.sum()
