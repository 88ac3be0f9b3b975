"""How a design says from what it borrows and how: what is wrong with the terms, and the terms themselves. Shared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from equipoise.design import checks
from equipoise.numerics.borrowing.methods import METHODS, Borrowing
from equipoise.numerics.borrowing.spread_prior import SpreadPrior
from equipoise.trial.problem import Problem

TAUS = ("half-normal", "half-cauchy", "half-t", "uniform")


def problems(v: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with the method, the prior of the spread, the weight of the vague part and the power."""
    found = [*checks.probability("weight", v["weight"]), *checks.positive("tau_scale", v["tau_scale"])]
    if isinstance(v["a0"], bool) or v["a0"] != 1:
        found += checks.probability("a0", v["a0"])
    if v["method"] not in METHODS:
        found.append(Problem("not-a-choice", "method", repr(v["method"]), f"one of {', '.join(METHODS)}"))
    if v["tau"] not in TAUS:
        found.append(Problem("not-a-choice", "tau", repr(v["tau"]), "half-normal, half-cauchy, half-t or uniform"))
    return found


def borrowing_of(v: Mapping[str, Any]) -> Borrowing:
    """The way of borrowing that checked terms state."""
    return Borrowing(v["method"], SpreadPrior(v["tau"], float(v["tau_scale"])), float(v["weight"]), float(v["a0"]))


def lists_problems(v: Mapping[str, Any], least: Mapping[str, float]) -> list[Problem]:
    """What is wrong with lists of numbers, one for each historical arm: each a number above 0, all of one length.

    ``least``: the smallest number allowed by name of the list; the first is the one that the others are held against.
    """
    found, lengths = [], {}
    for name, low in least.items():
        values = v.get(name)
        if not isinstance(values, tuple | list) or not values:
            found.append(Problem("not-a-list", name, str(values), "a number for each historical arm"))
            continue
        lengths[name] = len(values)
        bad = [
            x for x in values if isinstance(x, bool) or not isinstance(x, int | float) or not low <= x < float("inf")
        ]
        allowed = "numbers above 0" if low < 1 else f"numbers, {low:g} or more"
        if bad or (low == 0 and 0 in values):
            found.append(Problem("out-of-range", name, ", ".join(map(str, bad or [0])), allowed))
    if len(set(lengths.values())) > 1:
        first, *others = lengths.items()
        found += [
            Problem("arms", name, f"{n} arms", f"as many as in {first[0]}, {first[1]}")
            for name, n in others
            if n != first[1]
        ]
    return found
