"""Doses by their numbers and by the levels that a history writes: one number, or of a combination one for each drug."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from equipoise.design.dose.dose_design import DoseDesign


def shape_of(design: DoseDesign[Any]) -> tuple[int, ...]:
    """Levels of each drug."""
    return tuple(getattr(design, "shape", (design.doses,)))


def dose_of(design: DoseDesign[Any], level: Sequence[int]) -> int | None:
    """The number of a level, counted row by row; None if the design has no such."""
    shape = shape_of(design)
    if len(level) != len(shape) or not all(1 <= k <= most for k, most in zip(level, shape, strict=True)):
        return None
    number = 0
    for k, most in zip(level, shape, strict=True):
        number = number * most + k - 1
    return number + 1


def named(design: DoseDesign[Any], dose: int) -> int | str:
    """A dose as it is written: its number, or a combination's levels such as '2.3'."""
    shape = shape_of(design)
    return dose if len(shape) == 1 else ".".join(map(str, level_of(design, dose)))


def level_of(design: DoseDesign[Any], dose: int) -> tuple[int, ...]:
    """The level of each drug at a dose: ``dose_of`` the other way."""
    levels, rest = list[int](), dose - 1
    for most in reversed(shape_of(design)):
        levels.append(rest % most + 1)
        rest //= most
    return tuple(reversed(levels))


def not_above(design: DoseDesign[Any], dose: int, other: int) -> bool:
    """Whether a dose is another or lower than it: of a combination, with no drug higher."""
    return all(k <= most for k, most in zip(level_of(design, dose), level_of(design, other), strict=True))


def gone(design: DoseDesign[Any], state: Any) -> tuple[int, ...]:
    """The doses that are eliminated."""
    if hasattr(design, "gone"):
        return tuple(design.gone(state))
    return tuple(range(getattr(state, "out", design.doses + 1), design.doses + 1))
