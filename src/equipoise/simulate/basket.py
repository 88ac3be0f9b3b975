"""A basket in a simulation: what its cohorts declare together, replicate by replicate, beside what is known exactly."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from equipoise.decide.ruling import CODES
from equipoise.design.basket.behaviour import Basket, Together, together_at
from equipoise.design.basket.cohorts import End
from equipoise.design.basket.stated import said_of
from equipoise.simulate.lines import UNRULED_LOOK, Lines
from equipoise.simulate.summary import Summary, shown
from equipoise.trial.design import Quantity
from equipoise.trial.exhibits import Cell, Table

#: What of each replicate is asked: how the cohort ended.
COLUMNS = ("looks", "action", "status", "successes", "evaluable")


@dataclass(frozen=True)
class BasketSummary:
    """What a basket declared in the replicates of one scenario and one way of waiting. ``any_null``: of the cohorts whose rate is p0 or
    less, any; ``exact``: the same where every cohort's rate is known, by the model's own enumeration."""

    model: str
    scenario: str
    label: str
    waiting: str
    replicates: int
    declared: Mapping[str, Quantity]
    any_declared: Quantity
    all_declared: Quantity
    any_null: Quantity | None
    exact: Together | None


def basket_summary(
    basket: Basket, first: Summary, lines: Sequence[Sequence[Lines]], rates: Sequence[float | None]
) -> BasketSummary:
    """``first``: the summary of any cohort; ``lines``: of each cohort its replicates in order; ``rates``: what its scans show, where known."""
    columns = [[np.concatenate([c[name] for c in chunks]) for name in COLUMNS] for chunks in lines]
    n = min(len(of[0]) for of in columns)
    ended = np.stack([_ends(*[c[:n] for c in of]) for of in columns], axis=1)
    once, back = np.unique(ended.reshape(n, -1), axis=0, return_inverse=True)
    said = _declared(basket, once.reshape(len(once), len(columns), 3))[back.ravel()]
    known = [r for r in rates if r is not None]
    exact, null = None, None
    if len(known) == len(rates):
        exact = together_at(basket, known)
        nulls = exact.nulls
        null = _share(np.asarray(said[:, list(nulls)].any(axis=1))) if nulls else None
    names = [c.name for c in basket.cohorts]
    return BasketSummary(
        basket.name, first.scenario, first.label, first.waiting, n,
        {name: _share(np.asarray(said[:, i])) for i, name in enumerate(names)},
        _share(np.asarray(said.any(axis=1))), _share(np.asarray(said.all(axis=1))), null, exact,
    )  # fmt: skip


def _ends(
    looks: NDArray[np.int64], action: NDArray[np.int64], status: NDArray[np.int64], x: NDArray[np.int64], n: NDArray[np.int64]
) -> NDArray[np.int64]:  # fmt: skip
    """By replicate: patients, responses, and whether the cohort's own first stage let it go on. A look that was refused shows nothing."""
    gone = (looks == 0) | ((looks == 1) & (action == CODES["stop"])) | (status == UNRULED_LOOK)
    return np.stack([n, x, (~gone).astype(np.int64)], axis=1)


def _declared(basket: Basket, ends: NDArray[np.int64]) -> NDArray[np.bool_]:
    """What is declared, by combination (its cohorts' patients, responses and whether they went on) and cohort.

    Ends as planned stand in the basket's own table, place x of a cohort's axis; others are asked for one by one.
    """
    n, x, alive = (ends[:, :, k] for k in range(3))
    planned = np.ones(len(ends), dtype=bool)
    for i, c in enumerate(basket.cohorts):
        as_planned = np.where(
            alive[:, i] > 0, (n[:, i] == c.n) & (x[:, i] > c.r1), (n[:, i] == c.n1) & (x[:, i] <= c.r1)
        )
        planned &= as_planned
    found = np.zeros(x.shape, dtype=bool)
    found[planned] = basket.declared[tuple(x[planned].T)]
    for k in np.flatnonzero(~planned):
        found[k] = said_of(basket, [End(int(a), int(b), bool(c)) for a, b, c in ends[k]]).declared
    return found


def _share(yes: NDArray[np.bool_]) -> Quantity:
    p = float(yes.mean())
    return Quantity(p, math.sqrt(p * (1 - p) / len(yes)))


def basket_table(found: Sequence[BasketSummary]) -> Table:
    """What is declared together, simulated beside exact."""
    names = list(found[0].declared)
    rows: list[list[Cell]] = []
    for f in found:
        e = f.exact
        row: list[Cell] = [f.scenario, f.waiting, str(f.replicates)]
        for i, name in enumerate(names):
            row += [shown(f.declared[name], 3), "–" if e is None else f"{e.declared[i]:.4f}"]
        row += [shown(f.any_declared, 3), "–" if e is None else f"{e.any:.4f}"]
        row += [shown(f.all_declared, 3), "–" if e is None else f"{e.all:.4f}"]
        rows.append(row)
    heads = [
        h
        for name in (*(f"P({n} declared)" for n in names), "P(any declared)", "P(all declared)")
        for h in (name, "exact")
    ]
    notes = [
        f"{f.scenario}, {f.waiting}: any cohort at its null is declared in {shown(f.any_null, 3)} of trials"
        + ("." if f.exact is None else f", exactly {f.exact.any_null:.4f}.")
        for f in found
        if f.any_null is not None
    ]
    return Table(
        f"The cohorts decided together ({found[0].model}), simulated beside exact",
        ["Scenario", "Waiting", "Trials", *heads],
        rows,
        notes=(*notes, "A trial is one replicate of each cohort. ± is the Monte-Carlo standard error. Exact: every combination of ends is weighed."),
    )  # fmt: skip
