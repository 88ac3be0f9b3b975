"""[[drugs]] of a trial file: each held against itself, and against what the arms give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from equipoise.drug.check import drug_problems, raw_problems
from equipoise.trial.drug import Drug
from equipoise.trial.problem import Problem, near


def drugs_problems(parts: Mapping[str, Any], raw: Mapping[str, Any]) -> list[Problem]:
    """All that is wrong with the drugs, each at its place in the trial file."""
    stated = raw.get("drugs", ())
    if "drugs" not in parts:  # some could not be read, which is told; the units of those that can be named all the same
        given = stated if isinstance(stated, Sequence) and not isinstance(stated, str) else ()
        return [_inside(i, p) for i, one in enumerate(given) if isinstance(one, Mapping) for p in raw_problems(one)]
    drugs: Sequence[Drug] = parts["drugs"]
    found = [_inside(i, p) for i, drug in enumerate(drugs) for p in drug_problems(drug)]
    names = [d.id for d in drugs]
    given_drugs = list(dict.fromkeys(t.drug for arm in parts.get("arms", ()) for t in arm.regimen))
    for i, name in enumerate(names):
        where = f"drugs[{i}].id"
        if name in names[:i]:
            found.append(Problem("twice", where, repr(name), "each drug once"))
        if "arms" in parts and name not in given_drugs:
            allowed = f"a drug of an arm's regimen: {', '.join(given_drugs) or 'none is stated'}"
            found.append(Problem("drug-not-in-arm", where, repr(name), allowed, near(name, given_drugs)))
    return found


def _inside(i: int, p: Problem) -> Problem:
    return replace(p, where=f"drugs[{i}].{p.where}")
