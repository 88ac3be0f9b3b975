"""Checks of what designs are given, shared: every problem as where · what was given · what is allowed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from equipoise.trial.part import Part
from equipoise.trial.problem import BadInput, Problem


def probability(name: str, value: Any) -> Iterator[Problem]:
    """``value`` must be a probability strictly between 0 and 1."""
    if not _number(value) or not 0 < value < 1:
        yield Problem("out-of-range", name, str(value), "a probability between 0 and 1")


def positive(name: str, value: Any, what: str = "a number above 0") -> Iterator[Problem]:
    """``value`` must be a finite number above 0."""
    if not _number(value) or not value > 0:
        yield Problem("out-of-range", name, str(value), what)


def not_negative(name: str, value: Any, what: str = "a number, 0 or more") -> Iterator[Problem]:
    """``value`` must be a finite number, 0 or more."""
    if not _number(value) or value < 0:
        yield Problem("out-of-range", name, str(value), what)


def hazard_ratio(name: str, value: Any) -> Iterator[Problem]:
    """``value`` must be a hazard ratio that favours the tested arm: above 0 and below 1."""
    if not _number(value) or not 0 < value < 1:
        yield Problem(
            "out-of-range", name, str(value), "a hazard ratio above 0 and below 1: below 1 favours the tested arm"
        )


def count(name: str, value: Any, least: int, most: int | None = None) -> Iterator[Problem]:
    """``value`` must be a whole number from ``least`` (to ``most``)."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least or (most is not None and value > most):
        allowed = f"a whole number, {least} or more" if most is None else f"a whole number from {least} to {most}"
        yield Problem("not-a-count", name, str(value), allowed)


def above(lower: str, low: Any, upper: str, high: Any, what: str) -> Iterator[Problem]:
    """``high`` must exceed ``low``; silent unless both are numbers (that is another problem)."""
    if _number(low) and _number(high) and not high > low:
        yield Problem(f"{upper}-not-above-{lower}", upper, f"{high:g}", f"{what} must exceed {lower} = {low:g}")


def rates(p0: Any, p1: Any) -> Iterator[Problem]:
    """A rate of no interest and one worth finding: both probabilities, the second above the first."""
    found = [*probability("p0", p0), *probability("p1", p1)]
    yield from found
    if not found and p1 <= p0:
        yield Problem(
            "p1-not-above-p0", "p1", f"{p1:g}", f"the rate worth finding must exceed p0 = {p0:g} and stay below 1"
        )


def hypotheses(p0: Any, p1: Any, alpha: Any, power: Any) -> Iterator[Problem]:
    """Two rates and the errors allowed with them."""
    yield from rates(p0, p1)
    yield from probability("alpha", alpha)
    yield from probability("power", power)
    if not [*probability("alpha", alpha), *probability("power", power)] and power <= alpha:
        yield Problem("power-not-above-alpha", "power", f"{power:g}", f"must exceed alpha = {alpha:g}")


def stated(spec: type[Part], table: Mapping[str, Any]) -> dict[str, Any]:
    """What a [design] table states, and the spec's own default for what it does not. None states nothing."""
    defaults = {k: f.default for k, f in spec.model_fields.items() if not f.is_required() and f.default is not None}
    return defaults | {k: v for k, v in table.items() if v is not None}


def raise_if(problems: Sequence[Problem], where: str = "design") -> None:
    """Raise BadInput with all the problems, if there are any."""
    if problems:
        raise BadInput(where, problems)


def truth_of(truth: Mapping[str, float], **names: tuple[float, float]) -> list[float]:
    """The values of a truth in the order of ``names``, each with the range it may lie in. Raises BadInput otherwise."""
    problems = [
        Problem("unknown-truth", name, f"{value:g}", f"this design's truth is stated by {', '.join(names)}")
        for name, value in truth.items()
        if name not in names
    ]
    for name, (low, high) in names.items():
        if name not in truth:
            problems.append(Problem("missing", name, "nothing", f"a number from {low:g} to {high:g}"))
        elif not low <= truth[name] <= high:
            problems.append(Problem("out-of-range", name, f"{truth[name]:g}", f"a number from {low:g} to {high:g}"))
    raise_if(problems, "truth")
    return [truth[name] for name in names]


def _number(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, int | float) and math.isfinite(value)
