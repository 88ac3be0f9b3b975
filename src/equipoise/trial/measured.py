"""Measured: what an assessment says beside lesions: M-protein, light chains, marrow. A criterion names what it needs and the units."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from equipoise.trial.problem import Problem, near


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing that is measured: a number from 0 to ``most`` in ``unit``, or one of ``words``."""

    name: str
    label: str
    unit: str = ""
    most: float = 0.0
    words: tuple[str, ...] = ()


def measurement_problems(said: Mapping[str, Any], measures: Sequence[Measure]) -> Iterator[Problem]:
    """All that is wrong with the ``measurements`` of an assessment, in its order."""
    known = {m.name: m for m in measures}
    for name, value in said.items():
        where = f"measurements.{name}"
        measure = known.get(name)
        if measure is None:
            allowed = f"one of {', '.join(known)}" if known else "none: the trial's criterion reads no measurements"
            yield Problem("unknown-measurement", where, repr(name), allowed, near(name, list(known)))
        elif measure.words:
            if value not in measure.words:
                step = near(value, list(measure.words)) if isinstance(value, str) else ""
                yield Problem("not-allowed", where, repr(value), f"one of {', '.join(measure.words)}", step)
        elif isinstance(value, bool) or not isinstance(value, (int, float)):
            yield Problem("wrong-type", where, repr(value), f"a number [{measure.unit}]")
        elif not 0 <= value <= measure.most:
            yield Problem("out-of-range", where, str(value), f"from 0 to {measure.most:,g} {measure.unit}")


def shown(said: Mapping[str, Any], measures: Sequence[Measure]) -> list[str]:
    """Measurements in words with their units, in the criterion's order."""
    return [f"{m.label}: {value_of(said[m.name], m)}" for m in measures if m.name in said]


def value_of(value: Any, measure: Measure) -> str:
    """'1.2 g/dL', 'negative'."""
    return str(value) if measure.words else f"{value:g} {measure.unit}"
