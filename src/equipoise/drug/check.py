"""What of a drug does not go together: units, names, correlations, sources. Every problem at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from equipoise.trial.drug import Drug, Sourced
from equipoise.trial.drug_units import UNITS, measures
from equipoise.trial.problem import Problem, near

_DEFINITE = -1e-9


def drug_problems(drug: Drug) -> list[Problem]:
    """All that is wrong between the entries of a drug."""
    return [*_names(drug), *_units(drug), *_effects(drug), *_correlations(drug), *_chain(drug), *_sources(drug)]


def raw_problems(raw: Mapping[str, Any]) -> list[Problem]:
    """Units of the parameters that can be read, where the whole can not be."""
    found = raw.get("parameters", ())
    if not isinstance(found, Sequence):
        return []
    return [
        p
        for i, one in enumerate(found)
        if isinstance(one, Mapping) and isinstance(one.get("name"), str) and isinstance(one.get("unit"), str)
        for p in _unit(i, one["name"], one["unit"])
    ]


def _twice(where: str, names: Sequence[str]) -> Iterator[Problem]:
    for i, name in enumerate(names):
        if name in names[:i]:
            yield Problem("twice", f"{where}[{i}]", repr(name), "each once")


def _names(drug: Drug) -> Iterator[Problem]:
    names, expected = [p.name for p in drug.parameters], drug.expected()
    yield from _twice("parameters", names)
    yield from _twice("covariates", [c.name for c in drug.covariates])
    for i, name in enumerate(names):
        if name not in expected:
            allowed = f"{drug.compartments} compartments have {', '.join(expected)}"
            yield Problem("unknown-parameter", f"parameters[{i}].name", repr(name), allowed, near(name, expected))
    for name in expected:
        if name not in names:
            yield Problem("missing", "parameters", f"no {name}", f"required: {', '.join(expected)}")


def _unit(i: int, name: str, unit: str) -> Iterator[Problem]:
    kind = measures(name)
    if unit not in UNITS[kind]:
        allowed = f"{name} is a {kind}: {', '.join(UNITS[kind])}"
        yield Problem("unit", f"parameters[{i}].unit", repr(unit), allowed, near(unit, list(UNITS[kind])))


def _units(drug: Drug) -> Iterator[Problem]:
    for i, p in enumerate(drug.parameters):
        yield from _unit(i, p.name, p.unit)
        if p.cv and p.sd_log:
            yield Problem("twice", f"parameters[{i}]", "both cv and sd_log", "one of them: they say the same")
        if p.range is not None and not p.range[0] <= p.value <= p.range[1]:
            given = f"{p.value:g} outside {p.range[0]:g} to {p.range[1]:g}"
            yield Problem("range", f"parameters[{i}].range", given, "a range that holds the value")


def _effects(drug: Drug) -> Iterator[Problem]:
    names, known = [p.name for p in drug.parameters], [c.name for c in drug.covariates]
    for i, e in enumerate(drug.effects):
        if e.parameter not in names:
            yield Problem(
                "unknown-parameter", f"effects[{i}].parameter", repr(e.parameter), ", ".join(names), near(e.parameter, names)
            )  # fmt: skip
        if e.covariate not in known:
            allowed = f"one of [[covariates]]: {', '.join(known) or 'none is stated'}"
            yield Problem(
                "unknown-covariate", f"effects[{i}].covariate", repr(e.covariate), allowed, near(e.covariate, known)
            )
        elif e.form == "power" and drug.references()[e.covariate] <= 0:
            yield Problem(
                "reference", f"effects[{i}].form", "a power of x / 0", "a reference above 0, or 'exponential'"
            )


def correlation_matrix(drug: Drug, names: Sequence[str]) -> NDArray[np.float64]:
    """Correlations of the parameters' logarithms, shape (names, names)."""
    found = np.eye(len(names))
    for c in drug.correlations:
        i, j = (names.index(n) for n in c.between)
        found[i, j] = found[j, i] = c.value
    return found


def _correlations(drug: Drug) -> Iterator[Problem]:
    names = [p.name for p in drug.parameters]
    sound, seen = True, set[frozenset[str]]()
    for i, c in enumerate(drug.correlations):
        where, pair = f"correlations[{i}]", frozenset(c.between)
        unknown = [n for n in c.between if n not in names]
        if unknown or len(pair) < 2 or pair in seen or not -1 <= c.value <= 1:
            sound = False
        for n in unknown:
            yield Problem("unknown-parameter", f"{where}.between", repr(n), ", ".join(names), near(n, names))
        if len(pair) < 2:
            yield Problem("correlation", f"{where}.between", f"{c.between[0]} with itself", "two parameters")
        if pair in seen:
            yield Problem("twice", f"{where}.between", " and ".join(c.between), "each pair once")
        if not -1 <= c.value <= 1:
            yield Problem("correlation", f"{where}.value", f"{c.value:g}", "a correlation from -1 to 1")
        for n in c.between:
            if n in names and drug.of(n).spread() == 0:
                yield Problem(
                    "correlation", f"{where}.between", f"{n}, which has no spread", f"a cv or sd_log of {n} above 0"
                )
        seen.add(pair)
    if sound and drug.correlations and not list(_twice("", names)):
        least = float(np.linalg.eigvalsh(correlation_matrix(drug, names))[0])
        if least < _DEFINITE:
            yield Problem(
                "correlation", "correlations", f"together no correlation matrix: least eigenvalue {least:.3g}",
                "a matrix without negative eigenvalues", "no three quantities can be correlated so; look at the largest",
            )  # fmt: skip


def _chain(drug: Drug) -> Iterator[Problem]:
    if drug.chain is None:
        return
    for i, share in enumerate(drug.chain.batch):
        if share < 0:
            yield Problem("share", f"chain.batch[{i}]", f"{share:g}", "a share of 0 or more")
    if sum(drug.chain.batch[1:]) <= 0:
        yield Problem("share", "chain.batch", "no conjugated antibody", "a share above 0 of some ratio from 1 on")
    p = drug.chain.payload
    if p is not None and bool(p.metabolite) != (p.metabolite_elimination > 0):
        yield Problem("missing", "chain.payload", "half a metabolite", "both metabolite and metabolite_elimination")


def _sources(drug: Drug) -> Iterator[Problem]:
    parts: list[tuple[str, Sourced]] = [("infusion", drug.infusion)]
    for where in ("parameters", "covariates", "effects", "correlations"):
        parts += [(f"{where}[{i}]", one) for i, one in enumerate(getattr(drug, where))]
    if drug.chain is not None:
        parts.append(("chain", drug.chain))
        if drug.chain.payload is not None:
            parts.append(("chain.payload", drug.chain.payload))
    for where, one in parts:
        if bool(one.source) == bool(one.assumed):
            given = "both a source and 'assumed'" if one.source else "neither a source nor 'assumed'"
            yield Problem("source", where, given, "who says so: either source = '…' or assumed = '…'")
