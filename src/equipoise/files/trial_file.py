"""Read a trial file: TOML to Trial, with every problem of the file reported at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from equipoise.decide.evidence import MAKERS
from equipoise.design import shelf
from equipoise.files.mended import read_through
from equipoise.files.toml_file import read_toml
from equipoise.files.trial_cohorts import read_cohorts
from equipoise.files.trial_drugs import drugs_problems
from equipoise.files.trial_phase1 import read_phase1
from equipoise.files.trial_safety import read_safety
from equipoise.trial.check import check_parts
from equipoise.trial.design import Design
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial
from equipoise.trial.validate import tuples, validate_parts


def read_trial(path: Path) -> Trial:
    """The trial defined in ``path``. Raises BadInput with all problems of the file, of every layer."""
    trial, problems = read_mended(path)
    if problems or trial is None:
        raise BadInput(str(path), problems)
    return trial


def read_mended(path: Path) -> tuple[Trial | None, list[Problem]]:
    """All problems of the file, and the trial: where there are any, one mended so that what lies beside the file can be held against it."""
    raw = read_toml(path, "a trial file in TOML")
    return read_through(raw, lambda table: trial_from(table, str(path)))


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
    try:
        return shelf.build(str(table.get("kind", "")), table), []
    except BadInput as bad:
        return None, list(bad.problems)


def _inside_design(p: Problem) -> Problem:
    return Problem(p.code, f"design.{p.where}", p.given, p.allowed, p.next_step)


def trial_from(raw: Mapping[str, Any], source: str) -> Trial:
    """The trial in a parsed TOML table. ``source`` names it in messages."""
    raw = tuples(raw)
    # [design] states a table; what is made of it, and the table itself, are entries of the trial and not of the file.
    stated = {k: v for k, v in raw.items() if k not in ("design", "design_table")}
    parts, problems = validate_parts(Trial, stated)
    if "design_table" in raw:
        problems.append(
            Problem("unknown-key", "design_table", "a key that is not known", "remove it", "did you mean 'design'?")
        )
    if "design" in raw and not isinstance(raw["design"], Mapping):
        problems.append(Problem("wrong-type", "design", repr(raw["design"]), "a table with the `kind` of design"))
    if "cohorts" in raw:
        cohorts, found = read_cohorts(parts, raw, _put_design)
        problems.extend(p for p in found if p not in problems)
    elif isinstance(raw.get("design"), Mapping):
        problems.extend(_put_design(parts, raw["design"]))
    safety, found = read_safety(parts, raw)
    problems.extend(found)
    phase1, found = read_phase1(parts, raw)
    problems.extend(found)
    problems.extend(drugs_problems(parts, raw))
    problems.extend(check_parts(parts, raw))
    if problems:
        raise BadInput(source, problems)
    trial = Trial.model_validate({**raw, "design": parts.get("design"), "design_table": raw.get("design")})
    trial = trial.model_copy(update={"safety": safety}) if safety else trial
    trial = trial.model_copy(update={"phase1": phase1}) if phase1 is not None else trial
    if phase1 is not None and phase1.declared is not None:
        trial = trial.handed_over(phase1.declared, from_first=False)
    return trial.model_copy(update={"cohorts": cohorts}) if "cohorts" in raw else trial


def _put_design(parts: dict[str, Any], table: Mapping[str, Any]) -> list[Problem]:
    """Put the design that a table states among the parts; all that is wrong with it, and with the parts for it."""
    parts["design"], problems = _read_design(table)
    if parts["design"] is not None:
        problems.extend(_cohort_problems(parts, len(parts["design"].looks)))
        problems.extend(MAKERS[parts["design"].takes].problems(parts))
    return problems


def _cohort_problems(parts: Mapping[str, Any], looks: int) -> list[Problem]:
    monitoring = parts.get("monitoring")
    if monitoring is None:
        return []
    each = {"control_cohort": list(monitoring.control_cohort), "not_before": [str(d) for d in monitoring.not_before]}
    return [
        Problem(
            name.replace("_", "-"), f"monitoring.{name}", str(given), f"one for each of the design's {looks} looks, or none"
        )
        for name, given in each.items()
        if given and len(given) != looks
    ]  # fmt: skip
