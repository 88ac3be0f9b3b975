"""Exact behaviour of designs by a table of moves, all states of a cohort at once; the same numbers as ``exact``, which is the reference.

A state is a row: patients and DLTs of each dose, the dose given last, the lowest that is out. Rows that meet are summed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from equipoise.design.dose.counts import Counts
from equipoise.design.dose.exact import DoseCharacteristics, DoseTruth, check_truth, results, too_many_states
from equipoise.design.dose.exact import characteristics as one_by_one
from equipoise.design.dose.interval import IntervalDesign
from equipoise.design.dose.rules import EnoughAtDose, EnoughPatients, TooToxic

Whole = NDArray[np.int64]
Real = NDArray[np.float64]
#: Rows of so many states at most are held at once.
MOST_ROWS = 20_000_000


def served(design: Any) -> bool:
    """Whether this way of reckoning knows all of the design's rules."""
    if not isinstance(design, IntervalDesign) or type(design).verdict is not IntervalDesign.verdict:
        return False
    known = all(
        isinstance(r, EnoughPatients | EnoughAtDose) or (isinstance(r, TooToxic) and r.dose == 1) for r in design.rules
    )
    return known and not any(isinstance(r, EnoughPatients) and r.n != design.most for r in design.rules)


def characteristics(design: Any, truth: DoseTruth, most_states: int = 2_000_000) -> DoseCharacteristics:
    """Exact behaviour of any design: by arrays where its table and rules allow it, else state by state. Raises BadInput for a truth that does
    not fit, and for more than ``most_states`` states at once where they are taken one by one."""
    if not served(design):
        return one_by_one(design, truth, most_states)
    check_truth(design, truth)
    doses, most = design.doses, design.most
    moves, out_at, too_toxic = _tables(design)
    stops = [r for r in design.rules if isinstance(r, EnoughAtDose)]
    n, y = np.zeros((1, doses), np.int64), np.zeros((1, doses), np.int64)
    at, out, p = np.zeros(1, np.int64), np.full(1, doses + 1), np.ones(1)
    select, patients, dlts = np.zeros(doses + 1), np.zeros(doses), np.zeros(doses)
    why: dict[str, float] = {}
    count, layer, cohorts = 0, 0, 0.0
    while len(p):
        to, end = _next(design, n, y, at, out, moves, too_toxic, stops)
        for reason in np.unique(end[end > 0]):
            here = end == reason
            why[_WHY[reason]] = why.get(_WHY[reason], 0.0) + float(p[here].sum())
        ended = end > 0
        if ended.any():
            count += int(ended.sum())
            cohorts += layer * float(p[ended].sum())
            chosen = _choose(design, n[ended], y[ended], out_at)
            select += np.bincount(chosen, p[ended], doses + 1)
            patients += p[ended] @ n[ended]
            dlts += p[ended] @ y[ended]
        n, y, to, out, p = n[~ended], y[~ended], to[~ended], out[~ended], p[~ended]
        if not len(p):
            break
        layer += 1
        size = min(design.cohort, most - int(n[0].sum()))
        pieces = []
        for seen, orders in results(size, False):
            dlt = np.asarray(truth.dlt)[to - 1]
            q = p * orders * (1 - dlt) ** seen.none * dlt**seen.toxic
            there = q > 0
            rows = np.arange(int(there.sum()))
            n2, y2, d = n[there].copy(), y[there].copy(), to[there]
            n2[rows, d - 1] += seen.n
            y2[rows, d - 1] += seen.dlt
            gone = out_at[n2[rows, d - 1], y2[rows, d - 1]]
            pieces.append((n2, y2, d, np.where(gone, np.minimum(out[there], d), out[there]), q[there]))
        n, y, at, out, p = _merged(most, *(np.concatenate(part) for part in zip(*pieces, strict=True)))
    return DoseCharacteristics(
        "exact", truth, tuple(map(float, select[1:])), float(select[0]), tuple(map(float, patients)), tuple(map(float, dlts)), cohorts,
        why, count,
    )  # fmt: skip


_WHY = {1: "enough patients", 2: "too toxic", 3: "enough at the dose"}


def _tables(design: IntervalDesign) -> tuple[Whole, NDArray[np.bool_], NDArray[np.bool_]]:
    """Of n patients and y DLTs: the move, whether the dose is out, and whether a rule on the lowest dose ends the trial."""
    side = design.most + 1
    moves, out = np.zeros((side, side), np.int64), np.zeros((side, side), bool)
    toxic = np.zeros((side, side), bool)
    rules = [r for r in design.rules if isinstance(r, TooToxic)]
    for n in range(1, side):
        for y in range(n + 1):
            moves[n, y], out[n, y] = design.move(n, y), design.eliminates(n, y)
            state = Counts((n,), (y,), 1, 2)
            toxic[n, y] = any(r.asked(state, 1) is not None for r in rules)
    return moves, out, toxic


def _next(
    design: IntervalDesign, n: Whole, y: Whole, at: Whole, out: Whole, moves: Whole, toxic: NDArray[np.bool_], stops: list[EnoughAtDose]
) -> tuple[Whole, Whole]:  # fmt: skip
    """The next dose of each state, and why it ends: a key of _WHY, 0 where it goes on."""
    rows, last = np.arange(len(at)), np.maximum(at, 1) - 1
    move = moves[n[rows, last], y[rows, last]]
    to = np.where(
        move > 0,
        np.where((at == design.doses) | (at + 1 >= out), at, at + 1),
        np.where(move < 0, np.maximum(at - 1, 1), at),
    )
    to = np.where(at >= out, out - 1, to)
    to = np.where(at == 0, design.start_dose, to)
    end = np.zeros(len(at), np.int64)
    end[n.sum(axis=1) >= design.most] = 1
    for rule in stops:
        here = n[rows, np.maximum(at if rule.only_if_staying else to, 1) - 1] >= rule.n
        end[here & (at > 0) & ((to == at) | (not rule.only_if_staying))] = 3
    end[toxic[n[:, 0], y[:, 0]] | (out == 1)] = 2
    return to, end


def _merged(most: int, n: Whole, y: Whole, at: Whole, out: Whole, p: Real) -> tuple[Whole, Whole, Whole, Whole, Real]:
    """Equal rows as one, with the sum of their probabilities."""
    rows = np.column_stack((n, y, at, out))
    largest = [most + 1] * (2 * n.shape[1]) + [n.shape[1] + 2] * 2
    if np.log2(np.array(largest, float)).sum() < 62:
        key = np.zeros(len(rows), np.int64)
        for column, base in enumerate(largest):
            key = key * base + rows[:, column]
        _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    else:
        packed = np.ascontiguousarray(rows.astype(np.uint8 if most < 256 else np.uint16))
        rows_as_bytes = packed.view(np.dtype((np.void, packed.dtype.itemsize * packed.shape[1]))).ravel()
        _, first, inverse = np.unique(rows_as_bytes, return_index=True, return_inverse=True)
    if len(first) > MOST_ROWS:
        raise too_many_states(MOST_ROWS)
    return n[first], y[first], at[first], out[first], np.bincount(inverse, p, len(first)).astype(np.float64)


def _choose(design: IntervalDesign, n: Whole, y: Whole, out_at: NDArray[np.bool_]) -> Whole:
    """``recommend`` of each state: the isotonic rates as the largest of the smallest averages (max-min), over the doses that may be chosen."""
    doses = n.shape[1]
    gone = np.logical_or.accumulate(out_at[n, y], axis=1)
    may = (n > 0) & ~gone
    w = np.where(may, (n + 0.1) ** 2 * (n + 1.1) / ((y + 0.05) * (n - y + 0.05)), 0.0)
    wp = np.cumsum(w * (y + 0.05) / (n + 0.1), axis=1)
    w = np.cumsum(w, axis=1)
    rate = np.full(n.shape, -np.inf)
    for a in range(doses):
        before_w, before = (w[:, a - 1], wp[:, a - 1]) if a else (0.0, 0.0)
        smallest = np.full(len(n), np.inf)
        for b in range(doses - 1, a - 1, -1):
            with np.errstate(invalid="ignore"):
                average = (wp[:, b] - before) / (w[:, b] - before_w)
            smallest = np.where(may[:, b], np.minimum(smallest, average), smallest)
            here = may[:, a] & may[:, b]
            rate[here, b] = np.maximum(rate[here, b], smallest[here])
    rate += np.cumsum(may, axis=1) * 1e-10
    off = np.where(may, np.abs(rate - design.target), np.inf)
    if design.chosen_at_most is not None:
        off = np.where(rate <= design.chosen_at_most, off, np.inf)
    chosen = np.where(np.isfinite(off).any(axis=1), off.argmin(axis=1) + 1, 0)
    none = {
        (a, b): design.chooses_none(a, b) for a, b in set(zip(n[:, 0].tolist(), y[:, 0].tolist(), strict=True)) if a > 0
    }
    refused = np.array([none.get(k, False) for k in zip(n[:, 0].tolist(), y[:, 0].tolist(), strict=True)], bool)
    return np.where(refused, 0, chosen)
