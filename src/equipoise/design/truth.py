"""The truths under which a design's behaviour is asked for."""

from __future__ import annotations

from collections.abc import Mapping

from equipoise.trial.problem import BadInput, Problem


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
    if problems:
        raise BadInput("truth", problems)
    return [truth[name] for name in names]
