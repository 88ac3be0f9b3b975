"""Read a trial file: TOML to Trial, with every problem of the file reported at once."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError

from equipoise.decide.evidence import MAKERS
from equipoise.design import shelf
from equipoise.trial.check import check_parts, near
from equipoise.trial.design import Design
from equipoise.trial.part import Part
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial


def read_trial(path: Path) -> Trial:
    """The trial defined in ``path``. Raises BadInput with all problems of the file."""
    return trial_from(read_toml(path, "a trial file in TOML"), str(path))


def _read_design(table: Mapping[str, Any]) -> tuple[Design[Any] | None, list[Problem]]:
    """The design of a trial file, or all that is wrong with its table."""
    design, problems = design_from(table)
    if design is not None and design.takes not in MAKERS:
        can = [k.name for k in shelf.described() if on_the_road(k)]
        problems = [
            Problem(
                "not-monitored", "kind", repr(table["kind"]), f"a design whose evidence can be made from a trial's data: {', '.join(can)}",
                f"plan it with `equipoise design {table['kind']}`; conducting it from a trial file is not built",
            )
        ]  # fmt: skip
    return (None if problems else design), [_inside_design(p) for p in problems]


def on_the_road(kind: shelf.Kind) -> bool:
    """True if a trial file may name this kind: somebody makes the evidence that its designs take."""
    return any(takes in MAKERS for takes in kind.takes)


def design_from(table: Mapping[str, Any]) -> tuple[Design[Any] | None, list[Problem]]:
    """The design that a table with its ``kind`` states, or all that is wrong: each entry, and what holds between them."""
    kind = str(table.get("kind", ""))
    try:
        _, problems = validate_parts(shelf.spec_model(kind), table)
    except BadInput as bad:
        return None, list(bad.problems)
    said = {p.where for p in problems}
    try:
        design = shelf.build(kind, table)
    except BadInput as bad:
        design = None
        problems += [p for p in bad.problems if p.where not in said]
    return (None if problems else design), problems


def _inside_design(p: Problem) -> Problem:
    return Problem(p.code, f"design.{p.where}", p.given, p.allowed, p.next_step)


def read_toml(path: Path, what: str) -> dict[str, Any]:
    """A TOML file as plain values, arrays as tuples. ``what`` says what it should have been."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BadInput(str(path), [Problem("no-file", "file", "nothing there", what)]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(str(path), [Problem("unreadable", "file", str(error), "a readable UTF-8 file")]) from None
    try:
        raw: dict[str, Any] = _tuples(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise BadInput(str(path), [Problem("not-toml", "file", str(error), "valid TOML")]) from None
    return raw


def trial_from(raw: Mapping[str, Any], source: str) -> Trial:
    """The trial in a parsed TOML table. ``source`` names it in messages."""
    raw = _tuples(raw)
    # [design] states a table; what is made of it, and the table itself, are entries of the trial and not of the file.
    stated = {k: v for k, v in raw.items() if k not in ("design", "design_table")}
    parts, problems = validate_parts(Trial, stated)
    if "design_table" in raw:
        problems.append(
            Problem("unknown-key", "design_table", "a key that is not known", "remove it", "did you mean 'design'?")
        )
    if "design" in raw and not isinstance(raw["design"], Mapping):
        problems.append(Problem("wrong-type", "design", repr(raw["design"]), "a table with the `kind` of design"))
    if isinstance(raw.get("design"), Mapping):
        parts["design"], found = _read_design(raw["design"])
        problems.extend(found)
        if parts["design"] is not None:
            problems.extend(_cohort_problems(parts, len(parts["design"].looks)))
            problems.extend(MAKERS[parts["design"].takes].problems(parts))
    problems.extend(check_parts(parts, raw))
    if problems:
        raise BadInput(source, problems)
    return Trial.model_validate({**raw, "design": parts.get("design"), "design_table": raw.get("design")})


def _tuples(value: Any) -> Any:
    """TOML's arrays as tuples: what is frozen is read strictly, so that "39" is never taken for 39."""
    if isinstance(value, Mapping):
        return {k: _tuples(v) for k, v in value.items()}
    return tuple(_tuples(v) for v in value) if isinstance(value, list) else value


def _cohort_problems(parts: Mapping[str, Any], looks: int) -> list[Problem]:
    monitoring = parts.get("monitoring")
    if monitoring is not None and monitoring.control_cohort and len(monitoring.control_cohort) != looks:
        return [
            Problem(
                "control-cohort",
                "monitoring.control_cohort",
                str(list(monitoring.control_cohort)),
                f"one number for each of the design's {looks} looks, or none",
            )
        ]
    return []


def validate_parts(model: type[Part], raw: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """Validate each entry of a file on its own, so that a bad one hides no problem of another."""
    parts: dict[str, Any] = {}
    problems: list[Problem] = []
    for key in raw:
        if key not in model.model_fields:
            problems.append(
                Problem(
                    "unknown-key",
                    key,
                    "a key that is not known",
                    "remove it",
                    near(key, list(model.model_fields)),
                )
            )
    for key, field in model.model_fields.items():
        if key not in raw:
            if field.is_required():
                problems.append(Problem("missing", key, "nothing", f"required{_says(field.description)}"))
            continue
        try:
            parts[key] = _adapter(model, key).validate_python(raw[key], strict=True)
        except ValidationError as error:
            problems.extend(_problem(key, e, raw[key]) for e in _told_once(error.errors()))
    return parts, problems


def _told_once(errors: Sequence[Any]) -> list[Any]:
    """Without "too short" of a list that is so only because its members were refused, which is told already."""
    places = [e["loc"] for e in errors]
    return [
        e
        for e in errors
        if e["type"] != "too_short" or not any(p != e["loc"] and p[: len(e["loc"])] == e["loc"] for p in places)
    ]


@cache
def _adapter(model: type[Part], key: str) -> TypeAdapter[Any]:
    field = model.model_fields[key]
    return TypeAdapter(Annotated[field.annotation, field])  # type: ignore[arg-type]  # an annotation built here


def _says(description: str | None) -> str:
    return f": {description}" if description else ""


def _problem(key: str, error: Any, raw: Any) -> Problem:
    """A pydantic error in this house's words: where · what was given · what is allowed."""
    where, siblings, tagged = key, raw, False
    for step in error["loc"]:
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
    given = repr(error["input"])
    given = given if len(given) <= 60 else given[:57] + "…"
    match error["type"]:
        case "missing":
            return Problem("missing", where, "nothing", "required")
        case "extra_forbidden":
            return Problem("unknown-key", where, "a key that is not known", "remove it", _near_key(key, error["loc"]))
        case "greater_than":
            return Problem("out-of-range", where, given, f"must exceed {context['gt']}")
        case "greater_than_equal":
            return Problem("out-of-range", where, given, f"must be at least {context['ge']}")
        case "less_than":
            return Problem("out-of-range", where, given, f"must be below {context['lt']}")
        case "literal_error":
            word = str(error["input"])
            allowed = [w.strip().strip("'") for w in context["expected"].replace(" or ", ", ").split(",")]
            return Problem("not-a-choice", where, given, f"one of {context['expected']}", near(word, allowed))
        case "union_tag_invalid":
            allowed = [w.strip().strip("'") for w in context["expected_tags"].split(",")]
            return Problem(
                "not-a-choice",
                f"{where}.kind",
                repr(context["tag"]),
                f"one of {context['expected_tags']}",
                near(context["tag"], allowed),
            )
        case "union_tag_not_found":
            return Problem("missing", f"{where}.kind", "nothing", "required: 'time to event', 'landmark' or 'response'")
        case "value_error":
            return Problem("not-allowed", where, given, str(context["error"]))
        case "string_pattern_mismatch":
            return Problem("not-allowed", where, given, f"must match {context['pattern']}")
        case _:
            message = str(error["msg"])
            return Problem("wrong-type", where, given, message[0].lower() + message[1:])


def _near_key(key: str, loc: tuple[int | str, ...]) -> str:
    """The nearest key that the schema knows in any table: good enough for a suggestion."""
    from equipoise.files.schema import trial_schema

    schema = trial_schema()
    known: set[str] = set()
    for definition in schema["$defs"].values():
        known.update(definition.get("properties", {}))
    return near(str(loc[-1]), sorted(known))
