"""Exact behaviour, all states of a cohort at once: a state is a row, and rows that meet are summed.

What a kind of design adds is how it decides (``InArrays``): for intervals in ``interval_exact``, for the CRM in ``crm_exact``. The reference is
``exact``, which takes the states one by one and asks the design's own verdict.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from equipoise.design.dose.dose_design import Seen
from equipoise.design.dose.exact import DoseCharacteristics, DoseTruth, results, too_many_states

Whole = NDArray[np.int64]
#: Patients at a dose: two bytes each, since there may be millions of states.
Count = np.int16
Real = NDArray[np.float64]
Whether = NDArray[np.bool_]
#: Rows of so many states at most are held at once.
MOST_ROWS = 20_000_000
GOES_ON, ENOUGH_PATIENTS, TOO_TOXIC, ENOUGH_AT_DOSE = range(4)
WHY = {ENOUGH_PATIENTS: "enough patients", TOO_TOXIC: "too toxic", ENOUGH_AT_DOSE: "enough at the dose"}


@dataclass(frozen=True)
class Rows:
    """States, a row each: patients and DLTs of each dose, the dose given last, what else is remembered, and the probability.

    Rows are sorted by patients and DLTs, so that those that differ only in the rest are neighbours.
    """

    n: Whole
    y: Whole
    at: Whole
    mark: Whole
    p: Real

    def some(self, which: Whether) -> Rows:
        """Those of them."""
        return Rows(self.n[which], self.y[which], self.at[which], self.mark[which], self.p[which])


class InArrays(Protocol):
    """How a design decides of many states at once."""

    @property
    def cohort(self) -> int:
        """Patients of a cohort."""
        ...

    @property
    def most(self) -> int:
        """The largest number of patients."""
        ...

    @property
    def mark(self) -> int:
        """What is remembered before the first patient."""
        ...

    @property
    def largest_mark(self) -> int:
        """The largest number that may be remembered."""
        ...

    def decided(self, rows: Rows) -> tuple[Whole, Whole]:
        """The next dose of each state, and why it ends, ``GOES_ON`` where it does not."""
        ...

    def remembered(self, dose: Whole, n: Whole, y: Whole, seen: Seen, mark: Whole) -> Whole:
        """The mark after a cohort at ``dose``, which now has ``y`` DLTs of ``n``."""
        ...

    def chosen(self, rows: Rows, to: Whole, end: Whole) -> Whole:
        """The dose named at the end; 0: none."""
        ...


def behaviour_of(rule: InArrays, truth: DoseTruth, most_rows: int = MOST_ROWS) -> DoseCharacteristics:
    """Exact behaviour. Raises BadInput for more than ``most_rows`` states at once."""
    doses, most, rate = len(truth.dlt), rule.most, np.asarray(truth.dlt)
    nobody: Any = np.zeros((1, doses), Count)
    rows = Rows(nobody, nobody, np.zeros(1, np.int64), np.full(1, rule.mark), np.ones(1))
    select, patients, dlts = np.zeros(doses + 1), np.zeros(doses), np.zeros(doses)
    why: dict[str, float] = {}
    count, layer, cohorts = 0, 0, 0.0
    while len(rows.p):
        to, end = rule.decided(rows)
        for reason in np.unique(end[end > GOES_ON]).tolist():
            why[WHY[reason]] = why.get(WHY[reason], 0.0) + float(rows.p[end == reason].sum())
        ended = end > GOES_ON
        if ended.any():
            last = rows.some(ended)
            count += len(last.p)
            cohorts += layer * float(last.p.sum())
            select += np.bincount(rule.chosen(last, to[ended], end[ended]), last.p, doses + 1)
            patients += last.p @ last.n
            dlts += last.p @ last.y
        rows, to = rows.some(~ended), to[~ended]
        if not len(rows.p):
            break
        layer += 1
        size = min(rule.cohort, most - int(rows.n[0].sum()))
        rows = _merged(
            most,
            rule.largest_mark,
            most_rows,
            [_after(rule, rows, to, s, k, rate[to - 1]) for s, k in results(size, False)],
        )
    return DoseCharacteristics(
        "exact", truth, tuple(map(float, select[1:])), float(select[0]), tuple(map(float, patients)), tuple(map(float, dlts)), cohorts,
        why, count,
    )  # fmt: skip


def _after(rule: InArrays, rows: Rows, to: Whole, seen: Seen, orders: int, rate: Real) -> Rows:
    """The states after a cohort that showed this, where it may."""
    p = rows.p * orders * (1 - rate) ** seen.none * rate**seen.toxic
    there = p > 0
    before, dose = rows.some(there), to[there]
    each = np.arange(len(dose))
    n, y = before.n.copy(), before.y.copy()
    n[each, dose - 1] += seen.n
    y[each, dose - 1] += seen.dlt
    mark = rule.remembered(dose, n[each, dose - 1], y[each, dose - 1], seen, before.mark)
    return Rows(n, y, dose, mark, p[there])


def _merged(most: int, largest_mark: int, most_rows: int, parts: list[Rows]) -> Rows:
    """Equal rows as one, with the sum of their probabilities."""
    n, y = (np.concatenate([getattr(r, name) for r in parts]) for name in ("n", "y"))
    at, mark, p = (np.concatenate([getattr(r, name) for r in parts]) for name in ("at", "mark", "p"))
    doses = n.shape[1]
    largest = [most + 1] * (2 * doses) + [doses + 2, largest_mark + 1]
    if np.log2(np.array(largest, float)).sum() < 62:
        key = np.zeros(len(p), np.int64)
        for k, column in enumerate([*n.T, *y.T, at, mark]):
            key = key * largest[k] + column
        _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    else:
        # Bytes of the high end first, so that they sort as the numbers do.
        packed = np.ascontiguousarray(np.column_stack((n, y, at, mark)).astype(np.uint8 if most < 256 else ">u2"))
        as_bytes = packed.view(np.dtype((np.void, packed.dtype.itemsize * packed.shape[1]))).ravel()
        _, first, inverse = np.unique(as_bytes, return_index=True, return_inverse=True)
    if len(first) > most_rows:
        raise too_many_states(most_rows)
    together = np.bincount(inverse, p, len(first)).astype(np.float64)
    return Rows(n[first], y[first], at[first], mark[first], together)
