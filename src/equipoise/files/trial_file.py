"""Read a trial file: TOML to Trial, with every problem of the file reported at once."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from equipoise.design import shelf
from equipoise.design.one_rate.rate_design import RateDesign
from equipoise.trial.check import check_parts
from equipoise.trial.design import Design
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial
from equipoise.trial.validate import tuples, validate_parts


def read_trial(path: Path) -> Trial:
    """The trial defined in ``path``. Raises BadInput with all problems of the file."""
    return trial_from(read_toml(path, "a trial file in TOML"), str(path))


def _read_design(table: Mapping[str, Any]) -> tuple[Design[Any] | None, list[Problem]]:
    """The design of a trial file, or all that is wrong with its table."""
    design, problems = design_from(table)
    if design is not None and not isinstance(design, RateDesign):
        can = [k.name for k in shelf.described() if k.monitored]
        problems = [
            Problem(
                "not-monitored", "kind", repr(table["kind"]), f"a design that looks at one arm's rate, such as {', '.join(can)}",
                f"plan it with `equipoise design {table['kind']}`; conducting it from a trial file is not built",
            )
        ]  # fmt: skip
    return (None if problems else design), [_inside_design(p) for p in problems]


def design_from(table: Mapping[str, Any]) -> tuple[Design[Any] | None, list[Problem]]:
    """The design that a table with its ``kind`` states, or all that is wrong: each entry, and what holds between them."""
    try:
        return shelf.build(str(table.get("kind", "")), table), []
    except BadInput as bad:
        return None, list(bad.problems)


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
        raw: dict[str, Any] = tuples(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise BadInput(str(path), [Problem("not-toml", "file", str(error), "valid TOML")]) from None
    return raw


def trial_from(raw: Mapping[str, Any], source: str) -> Trial:
    """The trial in a parsed TOML table. ``source`` names it in messages."""
    raw = tuples(raw)
    parts, problems = validate_parts(Trial, raw)
    if isinstance(raw.get("design"), Mapping):
        parts.pop("design", None)
        design, found = _read_design(raw["design"])
        problems.extend(found)
        if design is not None:
            parts["design"] = design
            problems.extend(_cohort_problems(parts, len(design.looks)))
    problems.extend(check_parts(parts, raw))
    if problems:
        raise BadInput(source, problems)
    return Trial.model_validate(raw)


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
