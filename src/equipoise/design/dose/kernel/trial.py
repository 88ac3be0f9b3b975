"""Trials of dose finding, compiled. Patient i of trial r is row i of the stream that ``simulated`` names, whatever design treats him.

By table: the design's moves, eliminations and stops at each number of patients and DLTs, as ``IntervalDesign.verdict`` asks them, and the
dose chosen as ``isotonic.closest`` does, in the same sums and quotients in the same order. By states: from state to state as the design
steps, until one in which it ends.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from equipoise.design.dose.kernel import places as at
from equipoise.numerics.engine.compiled import NONE, REALS, WHOLE, WHOLES, jit, moved
from equipoise.numerics.random.philox import block, uniform


@jit(NONE(WHOLES, REALS, WHOLE, WHOLE))
def _draw(N: Any, V: Any, trial: int, first: int) -> None:
    """The numbers of patients ``first``, ``first`` + 1 … of a trial, AT_ONCE of them: drawn together they do not wait for one another."""
    k0, k1 = np.uint64(N[at.KEY]), np.uint64(N[at.KEY + 1])
    for i in range(at.AT_ONCE):
        a, _, _, _ = block(k0, k1, first + i, trial)
        V[i] = uniform(a)


@jit(WHOLE(WHOLES, REALS, REALS, WHOLE, WHOLE, WHOLE, WHOLE))
def _dlts(N: Any, X: Any, V: Any, trial: int, first: int, size: int, dose: int) -> int:
    """How many of ``size`` patients, from patient ``first`` on, have a DLT at ``dose``. V has the numbers of AT_ONCE of them."""
    rate, found = X[at.RATES + dose - 1], 0
    for i in range(first, first + size):
        place = i % at.AT_ONCE
        if place == 0:
            _draw(N, V, trial, i)
        found += int(V[place] < rate)
    return found


@jit(WHOLE(WHOLES, REALS, WHOLE, WHOLE, WHOLE, WHOLE))
def _shown(N: Any, X: Any, trial: int, first: int, size: int, dose: int) -> int:
    """What a cohort shows, as a number: of those with a DLT alone, a response alone, and both."""
    k0, k1 = np.uint64(N[at.KEY]), np.uint64(N[at.KEY + 1])
    rate, responds = X[at.RATES + dose - 1], X[at.RATES + N[at.DOSES] + dose - 1]
    toxic, alone, both = 0, 0, 0
    side: int = N[at.SHOWN_SIDE]
    for i in range(first, first + size):
        a, b, _, _ = block(k0, k1, i, trial)
        t, e = int(uniform(a) < rate), int(uniform(b) < responds)
        toxic += t * (1 - e)
        alone += (1 - t) * e
        both += t * e
    return (toxic * side + alone) * side + both


@jit(WHOLE(WHOLES, REALS, REALS, WHOLES))
def _chosen(N: Any, X: Any, V: Any, row: Any) -> int:
    """The dose given and not eliminated whose isotonic rate is closest to the target; 0 for none."""
    doses, side, table = N[at.DOSES], N[at.SIDE], N[at.TABLE_AT]
    cells = at.RATES + 2 * doses + 2
    weights = cells + side * side
    if row[at.COUNTS] > 0 and N[table + row[at.COUNTS] * side + row[at.COUNTS + doses]] & at.NONE:
        return 0
    # Blocks of pooled doses: estimate, weight, how many, in V.
    blocks, tried, pool = 0, 0, at.AT_ONCE
    for d in range(doses):
        n = row[at.COUNTS + d]
        if n == 0:
            continue
        cell = n * side + row[at.COUNTS + doses + d]
        if N[table + cell] & at.OUT:
            break
        v, w, count = X[cells + cell], X[weights + cell], 1
        while blocks > 0 and V[pool + 3 * blocks - 3] > v:
            v0, w0 = V[pool + 3 * blocks - 3], V[pool + 3 * blocks - 2]
            v, w, count = (v0 * w0 + v * w) / (w0 + w), w0 + w, count + int(V[pool + 3 * blocks - 1])
            blocks -= 1
        V[pool + 3 * blocks], V[pool + 3 * blocks + 1], V[pool + 3 * blocks + 2] = v, w, float(count)
        blocks += 1
        tried += 1
    target, most = X[at.RATES + 2 * doses], X[at.RATES + 2 * doses + 1]
    found, best, place, here, left = 0, np.inf, 0, 0, 0
    for d in range(doses):
        if place == tried:
            break
        if row[at.COUNTS + d] == 0:
            continue
        if left == 0:
            left = int(V[pool + 3 * here + 2])
            here += 1
        left -= 1
        place += 1
        p = V[pool + 3 * here - 3] + place * 1e-10
        off = abs(p - target)
        if p <= most and off < best:
            found, best = d + 1, off
    return found


@jit(NONE(WHOLES, REALS, REALS, WHOLES, WHOLE))
def _by_table(N: Any, X: Any, V: Any, row: Any, trial: int) -> None:
    """A trial of a design by a table of moves."""
    doses, side, table, most, cohort = N[at.DOSES], N[at.SIDE], N[at.TABLE_AT], N[at.MOST], N[at.COHORT]
    dlts = at.COUNTS + doses
    dose, to, out, treated, cohorts = 0, N[at.START], doses + 1, 0, 0
    while True:
        end = at.ENOUGH_PATIENTS if treated >= most else 0
        for k in range(N[at.STOPS]):
            enough, staying = N[N[at.STOPS_AT] + 2 * k], N[N[at.STOPS_AT] + 2 * k + 1]
            if row[at.COUNTS + to - 1] >= enough and (to == dose or not staying):
                end = at.ENOUGH_AT_DOSE
        lowest = N[table + row[at.COUNTS] * side + row[dlts]]
        if out == 1 or lowest & at.ENDS:
            end = at.TOO_TOXIC
        if end:
            break
        dose = to
        size = min(cohort, max(most - treated, 1))
        row[at.COUNTS + dose - 1] += size
        row[dlts + dose - 1] += _dlts(N, X, V, trial, treated, size, dose)
        treated += size
        cohorts += 1
        cell = N[table + row[at.COUNTS + dose - 1] * side + row[dlts + dose - 1]]
        if cell & at.OUT and dose < out:
            out = dose
        move = (cell & at.MOVE) - 1
        if dose >= out:
            to = out - 1
        elif (move == 1 and (dose == doses or dose + 1 >= out)) or (move == -1 and dose == 1):
            to = dose
        else:
            to = dose + move
        # Where the lowest is out nothing is to come, and nothing is looked up of it.
        to = max(to, 1)
    row[at.WHY], row[at.COHORTS] = end, cohorts
    row[at.CHOSEN] = 0 if end == at.TOO_TOXIC else _chosen(N, X, V, row)


@jit(WHOLE(WHOLES, REALS, REALS, WHOLE))
def _by_states(N: Any, X: Any, V: Any, trial: int) -> int:
    """A trial from state to state: the state in which it ends."""
    state, treated = 0, 0
    while True:
        place = N[at.STATES_AT] + state * at.STATE
        dose, size = N[place], N[place + 1]
        if dose == 0:
            return state
        shown = (
            _shown(N, X, trial, treated, size, dose)
            if N[at.OF_RESPONSE]
            else _dlts(N, X, V, trial, treated, size, dose)
        )
        treated += size
        if N[at.OF_RESPONSE]:
            side = N[at.SHOWN_SIDE]
            shown = N[N[at.SHOWN_AT] + size * side * side * side + shown]
        state = N[N[place + 2] + shown]


@jit(NONE(WHOLES, REALS, REALS, WHOLES, WHOLE, WHOLE, WHOLE))
def trials(N: Any, X: Any, V: Any, rows: Any, first: int, replicates: int, width: int) -> None:
    """Trials ``first``, ``first`` + 1 … N, X: the image. V: room to work in (see ``places``). A row for each trial, of zeros before."""
    for r in range(replicates):
        if N[at.FORM] == at.BY_TABLE:
            _by_table(N, X, V, moved(rows, r * width), first + r)
        else:
            rows[r * width] = _by_states(N, X, V, first + r)
