"""Baseline: what is recorded of a patient at enrolment that no randomisation asks for: age, stage, earlier lines."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Literal, Self

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from equipoise.trial.part import MOST_NAME, Part
from equipoise.trial.problem import Problem

#: A recorded value: a level, or a number in the variable's unit.
Value = str | int | float


class Baseline(Part):
    """A variable of the baseline table. ``factor`` names a stratification factor or a marker whose level it is: nobody is asked twice."""

    name: str = Field(pattern=r"^[A-Za-z0-9_-]+$", max_length=MOST_NAME, description="Short name, as used in commands.")
    label: str = Field(default="", description="The name that a reader sees.")
    kind: Literal["category", "number"] = Field(description="'category': one of `levels`. 'number': in `unit`.")
    unit: str | None = Field(default=None, min_length=1, description="Unit of a number: 'years', 'U/l'.")
    levels: tuple[str, ...] = Field(default=(), description="The levels of a category, in the order of the table.")
    factor: str | None = Field(
        default=None, description="In place of `levels`: the factor of the randomisation, or the marker, that it is."
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        """A category has levels or a factor; a number has neither."""
        if self.kind == "number" and (self.levels or self.factor):
            raise ValueError("a 'number' has a `unit`, and neither `levels` nor a `factor`")
        if self.kind == "category" and bool(self.levels) == bool(self.factor):
            raise ValueError("a 'category' has `levels`, or a `factor` whose levels it has: one of the two")
        if self.kind == "category" and self.unit:
            raise ValueError("a 'category' has no `unit`")
        if len(set(self.levels)) < len(self.levels) or (self.levels and len(self.levels) < 2):
            raise ValueError("`levels`: two or more, each once")
        return self

    @model_serializer(mode="wrap")
    def _said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what is not said."""
        return {k: v for k, v in handler(self).items() if v}

    @property
    def title(self) -> str:
        """As a reader sees it, with its unit."""
        return f"{self.label or self.name}, {self.unit}" if self.unit else self.label or self.name

    @property
    def asked(self) -> bool:
        """True where it is recorded for itself."""
        return self.factor is None


def told(variables: tuple[Baseline, ...], given: Mapping[str, Value]) -> dict[str, Value]:
    """What is recorded of what was typed: numbers as numbers where they are. What is no number stays text, and is refused."""
    numbers = {b.name for b in variables if b.kind == "number"}
    return {name: _number(value) if name in numbers else value for name, value in given.items()}


def _number(value: Value) -> Value:
    if not isinstance(value, str):
        return value
    try:
        found = float(value)
    except ValueError:
        return value
    return int(found) if found.is_integer() and abs(found) < 1e15 else found


def baseline_problems(variables: tuple[Baseline, ...], given: Mapping[str, Any]) -> Iterator[Problem]:
    """What is recorded and not defined, no level, or no number. What is missing may come later."""
    asked = {b.name: b for b in variables if b.asked}
    for name, value in given.items():
        where, b = f"baseline {name}", asked.get(name)
        if b is None:
            known = ", ".join(asked)
            of = next((v.factor for v in variables if v.name == name), None)
            step = f"it is the factor {of}: --factor {of}=LEVEL" if of else ""
            yield Problem("unknown-baseline", where, repr(value), f"one of [[baseline]]: {known or 'the trial file has none'}", step)  # fmt: skip
        elif b.kind == "category" and value not in b.levels:
            yield Problem("unknown-level", where, repr(value), f"one of {', '.join(b.levels)}")
        elif b.kind == "number" and not _is_number(value):
            yield Problem("not-a-number", where, repr(value), f"a number{f' in {b.unit}' if b.unit else ''}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def definition_problems(variables: tuple[Baseline, ...], factors: Mapping[str, Any]) -> Iterator[Problem]:
    """A factor that there is not; a name that a factor has already."""
    for i, b in enumerate(variables):
        if b.factor is not None and b.factor not in factors:
            known = ", ".join(factors) or "none is defined"
            yield Problem("unknown-factor", f"baseline[{i}].factor", repr(b.factor), f"a factor of [randomisation] or of [[markers]]: {known}")  # fmt: skip
        if b.asked and b.name in factors:
            yield Problem("duplicate-name", f"baseline[{i}].name", repr(b.name), "no name of a factor or marker: give `factor` in place of `levels`")  # fmt: skip
