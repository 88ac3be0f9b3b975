"""Dose levels of two drugs: a grid, written row by row, each level of the first drug with all of the second."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from equipoise.trial.phase1 import DoseLevel
from equipoise.trial.problem import Problem


def shape_of_levels(levels: Sequence[DoseLevel]) -> tuple[int, int]:
    """How many levels there are of the first and of the second drug; one of the first and all of them where they are no grid."""
    firsts = list(dict.fromkeys(x.dose for x in levels))
    each = len(levels) // max(len(firsts), 1)
    return (len(firsts), each) if len(firsts) * each == len(levels) else (1, len(levels))


def combined_problems(levels: Sequence[DoseLevel]) -> Iterator[Problem]:
    """What keeps levels of two drugs from being a grid: a level of one, other drugs or units, rows that are not alike, doses that do not rise."""
    alone = [i for i, x in enumerate(levels) if x.second is None]
    for i in alone:
        allowed = "a second drug: other levels have one, and all are of one grid"
        yield Problem("no-second", f"dose_levels[{i}].second", "nothing", allowed)
    if alone:
        return
    told = len(levels[0].doses)
    same = True
    for i, level in enumerate(levels):
        for place, (is_, was) in enumerate(zip(level.doses, levels[0].doses, strict=True)):
            where = f"dose_levels[{i}]" + (".second" if place else "")
            if is_.drug != was.drug:
                same = False
                yield Problem("several-drugs", f"{where}.drug", repr(is_.drug), f"{was.drug!r}, as in the first level")
            elif is_.unit != was.unit:
                same = False
                yield Problem("several-units", f"{where}.unit", repr(is_.unit), f"{was.unit!r}, as in the first level")
    if len({d.drug for d in levels[0].doses}) < told:
        same = False
        yield Problem("one-drug", "dose_levels[0].second.drug", repr(levels[0].drug), "another drug than the first")
    if not same:
        return
    rows: dict[float, list[int]] = {}
    for i, level in enumerate(levels):
        rows.setdefault(level.dose, []).append(i)
    grid = [i for row in rows.values() for i in row]
    doses = list(rows)
    if grid != sorted(grid) or doses != sorted(doses):
        given = ", ".join(f"{x.dose:g}" for x in levels)
        allowed = "doses of the first drug that rise, each with all levels of the second before the next begins"
        yield Problem("levels-out-of-order", "dose_levels", given, allowed)
        return
    first = [levels[i].doses[1].dose for i in rows[doses[0]]]
    for k, (a, b) in enumerate(pairwise(first), 1):
        if b <= a:
            yield Problem(
                "levels-out-of-order", f"dose_levels[{k}].second.dose", f"{b:g}", f"more than the level before, {a:g}"
            )
    for dose, places in rows.items():
        own = [levels[i].doses[1].dose for i in places]
        if own != first:
            given, allowed = (
                f"{', '.join(f'{x:g}' for x in own)} with {dose:g} of {levels[0].drug}",
                ", ".join(f"{x:g}" for x in first),
            )
            yield Problem("no-grid", f"dose_levels[{places[0]}]", given, f"{allowed}, as with {doses[0]:g}")
