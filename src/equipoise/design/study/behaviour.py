"""How a design behaves, as tables: its own numbers, and what it does under each truth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from equipoise.trial.design import Characteristics, Design, Truth
from equipoise.trial.exhibits import Table

#: A truth by its name, and what the design does under it.
Behaviour = Sequence[tuple[str, Truth, Characteristics]]


def behaviour_of(design: Design[Any], truths: Sequence[tuple[str, Truth]]) -> Behaviour:
    """What the design does under each truth."""
    return [(name, truth, design.characteristics(truth)) for name, truth in truths]


def truth_name(truth: Truth) -> str:
    """'rate 0.5' or 'tested 0.58, control 0.44'."""
    return ", ".join(f"{k.replace('_', ' ')} {v:g}" for k, v in truth.items())


def numbers_table(title: str, design: Design[Any]) -> Table:
    """The design's own numbers."""
    rows = [[k.replace("_", " "), show(v)] for k, v in design.numbers().items()]
    return Table(title, ["Quantity", "Value"], rows)


def behaviour_table(behaviour: Behaviour) -> Table:
    """How the design behaves under each truth, with its Monte-Carlo error where it is simulated."""
    more = list(dict.fromkeys(k for _, _, c in behaviour for k in c.more))
    rows = []
    for name, truth, c in behaviour:
        label = name if name == truth_name(truth) else f"{name}: {truth_name(truth)}"
        values = [c.declare, c.stop_early, c.expected_n, *(c.more.get(k) for k in more)]
        rows.append([label, *("" if v is None else show(v.value, v.mc_error) for v in values)])
    methods = list(dict.fromkeys(c.method for _, _, c in behaviour))
    columns = ["Truth", "P(declare)", "P(stop early)", "Expected n", *more]
    return Table("Behaviour", columns, rows, notes=[f"Method: {'; '.join(methods)}."])


def show(value: float | int | str, mc_error: float | None = None) -> str:
    """A number as it is printed: whole numbers as such, others to four decimals (two above 10)."""
    if not isinstance(value, float):
        return str(value)
    if not math.isfinite(value):
        return "never" if value > 0 else "–"
    places = 2 if abs(value) >= 10 else 4
    return f"{value:.{places}f}" + ("" if mc_error is None else f" ± {mc_error:.{places}f}")
