"""A table held against the type that reads it: every problem at once, in this house's words.

Each entry is read on its own, so that a bad one hides no problem of another.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from pydantic import ValidationError, create_model

from equipoise.trial.check import near
from equipoise.trial.part import Part
from equipoise.trial.problem import Problem
from equipoise.trial.wording import SMALLEST, allowed


def tuples(value: Any) -> Any:
    """Arrays as tuples: what is frozen is read strictly, so that "39" is never taken for 39."""
    if isinstance(value, Mapping):
        return {k: tuples(v) for k, v in value.items()}
    return tuple(tuples(v) for v in value) if isinstance(value, list | tuple) else value


def validate_parts(model: type[Part], raw: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """The entries of a table that are sound, as ``model`` reads them, and what is wrong with the others."""
    try:  # as a rule nothing is wrong, and the table is read at once
        whole = model.model_validate(raw)
        return {k: getattr(whole, k) for k in model.model_fields if k in raw}, []
    except ValidationError:
        parts: dict[str, Any] = {}
    known = list(model.model_fields)
    problems = [
        Problem("unknown-key", str(key), "a key that is not known", "remove it", near(str(key), known))
        for key in raw
        if key not in model.model_fields
    ]
    for key, field in model.model_fields.items():
        if key not in raw:
            if field.is_required():
                what = f"required: {field.description}" if field.description else "required"
                smallest = f"for instance {SMALLEST[key]}" if key in SMALLEST and model.__name__ == "Trial" else ""
                problems.append(Problem("missing", key, "nothing", what, smallest))
            continue
        try:
            parts[key] = getattr(_alone(model, key).model_validate({key: raw[key]}), key)
        except ValidationError as error:
            problems.extend(_problem(model, key, e, raw[key]) for e in _told_once(error.errors()))
    return parts, problems


@cache
def _alone(model: type[Part], key: str) -> type[Part]:
    """A type of one entry, read as ``model`` reads it: as strictly, and without NaN or infinity."""
    field = model.model_fields[key]
    one: type[Part] = create_model(model.__name__, __base__=Part, **{key: (field.annotation, field)})  # type: ignore[call-overload]
    return one


def _told_once(errors: Sequence[Any]) -> list[Any]:
    """Without "too short" of a list that is so only because its members were refused, which is told already."""
    places = [e["loc"] for e in errors]
    return [
        e
        for e in errors
        if e["type"] != "too_short" or not any(p != e["loc"] and p[: len(e["loc"])] == e["loc"] for p in places)
    ]


def as_written(value: Any) -> str:
    """A value of the file as the file writes it: a table in braces, an array in brackets. A bare value as it is told everywhere."""
    return _toml(value) if isinstance(value, Mapping | tuple | list) else repr(value)


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{k} = {_toml(v)}" for k, v in value.items()) + " }" if value else "{}"
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _problem(model: type[Part], key: str, error: Any, raw: Any) -> Problem:
    """A pydantic error in this house's words: where · what was given · what is allowed."""
    where, siblings, tagged = key, raw, False
    for step in error["loc"][1:]:
        if isinstance(step, int):
            where += f"[{step}]"
            siblings = siblings[step] if isinstance(siblings, tuple) and step < len(siblings) else None
            tagged = False
        elif not tagged and isinstance(siblings, Mapping) and siblings.get("kind") == step:
            tagged = True  # the discriminator of an endpoint's kind is not a level of the file
        else:
            where += f".{step}"
            if error["type"] not in ("missing", "extra_forbidden") and isinstance(siblings, Mapping):
                siblings = siblings.get(step)
    context = error.get("ctx", {})
    given = as_written(error["input"])
    given = given if len(given) <= 60 else given[:57] + "…"
    match error["type"]:
        case "missing":
            return Problem("missing", where, "nothing", _what(model, error["loc"]))
        case "extra_forbidden":
            last = str(error["loc"][-1])
            return Problem("unknown-key", where, "a key that is not known", "remove it", near(last, _inner_keys(model)))
        case "greater_than":
            return Problem("out-of-range", where, given, f"must exceed {context['gt']}")
        case "greater_than_equal":
            return Problem("out-of-range", where, given, f"must be at least {context['ge']}")
        case "less_than":
            return Problem("out-of-range", where, given, f"must be below {context['lt']}")
        case "less_than_equal":
            return Problem("out-of-range", where, given, f"must be at most {context['le']}")
        case "finite_number":
            return Problem("out-of-range", where, given, "a finite number")
        case "literal_error":
            word = str(error["input"])
            choices = [w.strip().strip("'") for w in context["expected"].replace(" or ", ", ").split(",")]
            return Problem("not-a-choice", where, given, f"one of {context['expected']}", near(word, choices))
        case "retired":
            return Problem("retired", where, given, f"one of {context['choices']}", context["instead"])
        case "union_tag_invalid":
            choices = [w.strip().strip("'") for w in context["expected_tags"].split(",")]
            return Problem(
                "not-a-choice",
                f"{where}.kind",
                repr(context["tag"]),
                f"one of {context['expected_tags']}",
                near(context["tag"], choices),
            )
        case "union_tag_not_found":
            return Problem(
                "missing",
                f"{where}.kind",
                "nothing",
                "required: 'time to event', 'landmark', 'response', 'outcome' or 'toxicity'",
            )
        case "value_error":
            return Problem("not-allowed", where, given, str(context["error"]))
        case "string_pattern_mismatch":
            return Problem("not-allowed", where, given, f"must match {context['pattern']}")
        case _:
            return Problem("wrong-type", where, given, allowed(error))


def _what(model: type[Part], place: Sequence[Any]) -> str:
    """'required', and what the schema says that it is."""
    tables = model.model_json_schema().get("$defs", {}).values()
    said = {
        str(t["properties"][place[-1]].get("description", "")) for t in tables if place[-1] in t.get("properties", {})
    } - {""}
    # Of an entry that two tables describe otherwise nobody can say here which is meant.
    return f"required: {said.pop()}" if len(said) == 1 else "required"


@cache
def _inner_keys(model: type[Part]) -> list[str]:
    """The keys that any table inside ``model`` knows: good enough for a suggestion."""
    tables = model.model_json_schema().get("$defs", {}).values()
    return sorted({key for table in tables for key in table.get("properties", {})})
