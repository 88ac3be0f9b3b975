"""Deviations from the protocol, by arm. ICH E3 10.2."""

from __future__ import annotations

from collections.abc import Sequence

from equipoise.analyse.groups import Group
from equipoise.trial.exhibits import Cell, Table
from equipoise.trial.said_numbers import share

#: So many different deviations are named; all are counted.
_NAMED = 12


def deviations_table(groups: Sequence[Group]) -> Table | None:
    """Patients with any, with a major one, and with each that was named; None where none is recorded."""
    said = [{p.name: {str(e.data["what"]) for e in p.deviations} for p in g.patients if p.deviations} for g in groups]
    if not any(said):
        return None
    major = [sum(any(e.data["major"] for e in p.deviations) for p in g.patients) for g in groups]
    rows: list[list[Cell]] = [
        ["Any deviation", *(share(len(s), g.n) for s, g in zip(said, groups, strict=True))],
        ["A major deviation", *(share(m, g.n) for m, g in zip(major, groups, strict=True))],
    ]
    counts = {w: sum(w in what for s in said for what in s.values()) for s in said for what in s.values() for w in what}
    named = sorted(counts, key=lambda w: (-counts[w], w))
    for words in named[:_NAMED]:
        with_it = [sum(words in what for what in s.values()) for s in said]
        rows.append([words, *(share(k, g.n) for k, g in zip(with_it, groups, strict=True))])
    more = (f"{len(named) - _NAMED} more kinds of deviation are in the listing.",) if len(named) > _NAMED else ()
    heads = ["Patients with", *(g.head for g in groups)]
    return Table("Deviations from the protocol", heads, rows, notes=("Of all patients allocated.", *more))
