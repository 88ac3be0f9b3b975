"""A design in numbers, as the kernel is told it: by its table of moves, or state by state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from equipoise.design.dose import interval_exact
from equipoise.design.dose.dose_design import DoseDesign, End
from equipoise.design.dose.exact import DoseTruth, results
from equipoise.design.dose.interval import IntervalDesign
from equipoise.design.dose.isotonic import estimate
from equipoise.design.dose.kernel import places as at
from equipoise.design.dose.rules import EnoughAtDose
from equipoise.numerics.random.streams import key_of

Whole = NDArray[np.int64]
Real = NDArray[np.float64]
#: How many cells of a table, and how many states, a trial is worth: to reckon so many takes as long as the trial without the kernel.
_CELLS, _STATES = 20, 0.5


@dataclass(frozen=True)
class Ended:
    """How a trial ends: the last state, why, and the dose named (0: none)."""

    state: Any
    why: str
    chosen: int


@dataclass(frozen=True)
class Image:
    """Whole and real numbers (see ``places``), doses, and the width of a row. ``ends``: of a design by states, how it ends in each; None
    where it goes on."""

    whole: Whole
    real: Real
    doses: int
    width: int
    ends: tuple[Ended | None, ...] = ()


def image_of(design: DoseDesign[Any], truth: DoseTruth, stream: tuple[int | str, str], trials: int) -> Image | None:
    """The image of a design, by its table if it has one, else by its states. None where so few trials are not worth making it."""
    key = key_of(*stream).view(np.int64).tolist()
    rates = [*truth.dlt, *(truth.response or (0.0,) * design.doses)]
    if interval_exact.served(design):
        assert isinstance(design, IntervalDesign)
        return _by_table(design, key, rates) if (design.most + 1) ** 2 <= _CELLS * trials else None
    frozen: Any = design
    graph = _graph(frozen, int(_STATES * trials))
    if graph is None:
        return None
    head = [at.BY_STATES, design.doses, *key, *graph.head]
    return Image(np.concatenate([np.array(head, np.int64), graph.whole]), np.array(rates), design.doses, 1, graph.ends)


def _by_table(design: IntervalDesign, key: list[int], rates: Sequence[float]) -> Image:
    side, tables = design.most + 1, interval_exact.tables(design)
    stops = [(r.n, int(r.only_if_staying)) for r in design.rules if isinstance(r, EnoughAtDose)]
    cells = tables.moves + 1 + at.OUT * tables.out + at.ENDS * tables.ends + at.NONE * tables.none
    stops_at = at.TABLE_AT + 1
    head = [at.BY_TABLE, design.doses, *key, design.cohort, design.most, design.start_dose, side, len(stops), stops_at]
    whole = [*head, stops_at + 2 * len(stops), *(x for s in stops for x in s)]
    estimates = np.zeros((2, side, side))
    for n in range(1, side):
        for y in range(n + 1):
            estimates[:, n, y] = estimate(n, y)
    most = np.inf if design.chosen_at_most is None else design.chosen_at_most
    return Image(
        np.concatenate([np.array(whole, np.int64), cells.astype(np.int64).ravel()]),
        np.concatenate([[*rates, design.target, most], estimates.ravel()]),
        design.doses,
        at.COUNTS + 2 * design.doses,
    )


@dataclass(frozen=True)
class _Graph:
    """States, ways, and the numbers of what a cohort may show, as ``places`` has them."""

    head: tuple[int, ...]
    whole: Whole
    ends: tuple[Ended | None, ...]


@lru_cache(maxsize=8)
def _graph(design: Any, most: int) -> _Graph | None:
    """Every state that may be met, numbered as they are first met; None for more than ``most``."""
    start = design.start()
    numbers, waiting, ends = {start: 0}, [start], list[Ended | None]()
    states, ways, sizes = list[tuple[int, int, int]](), list[int](), {0}
    for state in waiting:
        action = design.verdict(state).action
        if isinstance(action, End):
            ends.append(Ended(state, action.why, design.recommend(state) if action.declares else 0))
            states.append((0, 0, 0))
            continue
        ends.append(None)
        states.append((action.dose, action.size, len(ways)))
        sizes.add(action.size)
        for seen, _ in results(action.size, design.of_response):
            to = design.step(state, action.dose, seen)
            if to not in numbers:
                numbers[to] = len(waiting)
                waiting.append(to)
            ways.append(numbers[to])
        if len(waiting) > most:
            return None
    side = max(sizes) + 1
    shown = np.zeros((side,) * 4 if design.of_response else (0,), np.int64)
    if design.of_response:
        for size in sizes:
            for k, (seen, _) in enumerate(results(size, True)):
                shown[size, seen.toxic, seen.response, seen.both] = k
    states_at = at.OF_RESPONSE + 1
    ways_at = states_at + at.STATE * len(states)
    table = np.array(states, np.int64)
    table[:, 2] += ways_at
    whole = np.concatenate([table.ravel(), np.array(ways, np.int64), shown.ravel()])
    return _Graph((states_at, ways_at + len(ways), side, int(design.of_response)), whole, tuple(ends))
