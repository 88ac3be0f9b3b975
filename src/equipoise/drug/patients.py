"""Virtual patients of a drug: covariates, then their own parameters, log-normal and correlated, from named random streams."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from equipoise.drug.check import correlation_matrix
from equipoise.numerics.random.streams import uniforms
from equipoise.trial.drug import DISPOSITION, Drug
from equipoise.trial.drug_units import in_ours
from equipoise.trial.problem import BadInput, Problem, near

F = NDArray[np.float64]
#: Patients of a population at once.
MOST_IN_POPULATION = 100_000
#: What a dose may ask for though a drug's parameters do not; and what nobody has less or more of.
FOR_A_DOSE = ("weight", "bsa", "gfr")


@dataclass(frozen=True)
class Patients:
    """Patients with their covariates and parameters [L/day, L, 1/day], each of shape (patients,)."""

    drug: Drug
    covariates: Mapping[str, F]
    parameters: Mapping[str, F]

    @property
    def n(self) -> int:
        """How many."""
        return next(iter(self.parameters.values())).size

    def disposition(self) -> tuple[F, F, F]:
        """Clearance (n,), volumes (compartments, n) and flows (compartments - 1, n)."""
        names = DISPOSITION[self.drug.compartments]
        volumes = np.stack([self.parameters[n] for n in names if n.startswith("V")])
        flows = [self.parameters[n] for n in names if n.startswith("Q")]
        return self.parameters["CL"], volumes, np.stack(flows) if flows else np.zeros((0, self.n))


def typical(drug: Drug, given: Mapping[str, float] | None = None) -> Patients:
    """The patient at the reference of every covariate but those ``given``, without any spread. Raises BadInput."""
    known = _known(drug, given or {})
    covariates = {k: np.array([v]) for k, v in known.items()}
    return Patients(drug, covariates, _parameters(drug, covariates, {}))


def population(
    drug: Drug, n: int, seed: int, given: Mapping[str, float] | None = None, replicate: int = 0, first: int = 0
) -> Patients:
    """Virtual patients; a covariate that is ``given`` is the same for all. More patients change none of the first ones.

    ``replicate``: of a simulation, each with its own. ``first``: the first ``n`` after so many.
    """
    if not 1 <= n <= MOST_IN_POPULATION:
        allowed = f"1 to {MOST_IN_POPULATION:,} patients"
        raise BadInput("population", [Problem("out-of-range", "--population", f"{n:,}", allowed)])
    known = _known(drug, given or {})
    normal = ndtri(uniforms(seed, "drug covariates", replicate, first + n, max(len(drug.covariates), 1))[first:])
    spread = {c.name: c.sd_log for c in drug.covariates if c.name not in (given or {})}
    order = [c.name for c in drug.covariates]
    covariates = {
        k: v * np.exp(spread[k] * normal[:, order.index(k)]) if spread.get(k) else np.full(n, v)
        for k, v in known.items()
    }
    names = [p.name for p in drug.parameters]
    drawn = (
        ndtri(uniforms(seed, "drug parameters", replicate, first + n, len(names))[first:])
        @ _root(correlation_matrix(drug, names)).T
    )
    factors = {p.name: np.exp(p.spread() * drawn[:, i]) for i, p in enumerate(drug.parameters) if p.spread()}
    return Patients(drug, covariates, _parameters(drug, covariates, factors))


def _root(matrix: F) -> F:
    """A root of a correlation matrix that may be singular, lower triangular where it is not: the same on every machine."""
    try:
        return np.asarray(np.linalg.cholesky(matrix), np.float64)
    except np.linalg.LinAlgError:
        n = matrix.shape[0]
        found = np.zeros((n, n))
        for j in range(n):
            left = matrix[j, j] - found[j, :j] @ found[j, :j]
            if left > 1e-12:  # else what is left is rounding: it follows from those before
                found[j, j] = np.sqrt(left)
                found[j + 1 :, j] = (matrix[j + 1 :, j] - found[j + 1 :, :j] @ found[j, :j]) / found[j, j]
        return found


def _known(drug: Drug, given: Mapping[str, float]) -> dict[str, float]:
    """Covariates of the drug and what a dose may ask for. Raises BadInput with all that cannot be."""
    problems = [*_wrong(drug, given)]
    if problems:
        raise BadInput(drug.id, problems)
    return {**drug.references(), **given}


def _wrong(drug: Drug, given: Mapping[str, float]) -> Iterator[Problem]:
    allowed = [*drug.references(), *(n for n in FOR_A_DOSE if n not in drug.references())]
    for name, value in given.items():
        if name not in allowed:
            yield Problem("unknown-covariate", name, f"{value:g}", f"one of {', '.join(allowed)}", near(name, allowed))
        elif not np.isfinite(value) or value < 0 or (value == 0 and drug.references().get(name, 1.0) > 0):
            yield Problem("out-of-range", name, f"{value:g}", "a number above 0")


def _parameters(drug: Drug, covariates: Mapping[str, F], factors: Mapping[str, F]) -> dict[str, F]:
    n = next(iter(covariates.values())).size if covariates else next((f.size for f in factors.values()), 1)
    found = {p.name: in_ours(p.value, p.unit, p.name) * factors.get(p.name, 1.0) * np.ones(n) for p in drug.parameters}
    reference = drug.references()
    for e in drug.effects:
        x, x0 = covariates[e.covariate], reference[e.covariate]
        change = (x / x0) ** e.coefficient if e.form == "power" else np.exp(e.coefficient * (x - x0))
        found[e.parameter] = found[e.parameter] * change
    return found
