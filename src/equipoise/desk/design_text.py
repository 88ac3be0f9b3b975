"""Read a design's text: 'simon p0=0.44 p1=0.58 alpha=0.05 power=0.8'."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from typing import Any

from equipoise.design import shelf
from equipoise.design.spec import Entries
from equipoise.files.trial_file import design_from
from equipoise.trial.design import Design
from equipoise.trial.problem import BadInput, Problem


def read_design(text: str, hypotheses: Mapping[str, float]) -> tuple[Design[Any] | None, list[Problem]]:
    """A design from 'KIND name=value …'; names that its kind knows are filled in from the common hypotheses."""
    kind, table, problems = read_words(text, shelf.spec_model)
    if problems:
        return None, problems
    fields = shelf.spec_model(kind).model_fields
    known = {k: v for k, v in hypotheses.items() if k in fields}
    return design_from({"kind": kind, **known, **table})


def read_words(text: str, spec_model: Callable[[str], type[Entries]]) -> tuple[str, dict[str, Any], list[Problem]]:
    """The kind, its table as the text states it, and what is wrong with the text. ``spec_model``: what a kind may be told; it may refuse the kind."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        return "", {}, [Problem("unreadable", "--design", repr(text), f"'KIND name=value …': {error}")]
    if not words:
        return "", {}, [Problem("missing", "--design", repr(text), "'KIND name=value …'")]
    kind, table, problems = words[0], dict[str, Any](), list[Problem]()
    try:
        fields = spec_model(kind).model_fields
    except BadInput as bad:
        return kind, {}, list(bad.problems)
    for word in words[1:]:
        name, mark, value = word.partition("=")
        name = name.replace("-", "_")
        if not mark or name not in fields:
            allowed = f"name=value; names are {', '.join(f for f in fields if f != 'kind')}"
            problems.append(Problem("unknown-key", f"--design {kind}", word, allowed))
            continue
        table[name] = value_of(value)
    return kind, table, problems


def rate_design(text: str) -> Design[Any]:
    """A design that looks for a higher rate, from its text. Raises BadInput for any other."""
    design, problems = read_design(text, {})
    if problems or design is None:
        raise BadInput("--design", problems)
    kind = shelf.one(text.split()[0])
    if kind.family == "safety":
        given = Problem("not-a-rate-design", "--design", kind.name, "a design that looks for a higher rate")
        raise BadInput("--design", [given])
    return design


def value_of(text: str) -> Any:
    """A whole number, a number, numbers with commas, true or false, or a word."""
    if text in ("true", "false"):
        return text == "true"
    if "," in text:
        return tuple(value_of(part) for part in text.split(","))
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
