"""Phase I of a trial file: its levels held against each other and the regimens, and the dose-finding design built by its shelf."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from equipoise.design.dose import dose_shelf
from equipoise.design.dose.dose_design import DoseDesign, Give
from equipoise.trial.arm import Arm
from equipoise.trial.phase1 import DoseLevel, Phase1
from equipoise.trial.problem import BadInput, Problem, near

#: What [phase1] and [[dose_levels]] say of a design, so that its own table does not: the kinds' name for it, and where it stands.
_ELSEWHERE = {
    "doses": "dose_levels",
    "levels": "dose_levels",
    "target": "phase1.target",
    "cohort": "phase1.cohort",
    "start": "phase1.start",
}


def read_phase1(parts: Mapping[str, Any], raw: Mapping[str, Any]) -> tuple[Phase1 | None, list[Problem]]:
    """Phase I with its design, or all that is wrong with it and with the levels. What is wrong with an entry alone was told before."""
    problems: list[Problem] = []
    levels: tuple[DoseLevel, ...] = parts.get("dose_levels") or ()
    rising = list(_rising(levels))
    problems += rising
    told = {p.where for p in rising}
    problems += [p for p in _given(levels, parts.get("arms") or ()) if p.where not in told]
    if "phase1" not in raw:
        return None, problems
    stated = raw["phase1"]
    if not raw.get("dose_levels"):
        allowed = "[[dose_levels]], rising: the doses among which one is found"
        problems.append(Problem("no-levels", "dose_levels", "nothing", allowed))
    if isinstance(raw.get("cohorts"), tuple):
        allowed = "a trial without [[cohorts]]: a phase I in several cohorts is not built"
        problems.append(Problem("phase1-with-cohorts", "phase1", f"{len(raw['cohorts'])} cohorts", allowed))
    if not isinstance(stated, Mapping):
        return None, problems
    labels = [x.label for x in levels]
    start = stated.get("start")
    if isinstance(start, str) and labels and start not in labels:
        problems.append(
            Problem("start", "phase1.start", repr(start), f"a level: {', '.join(labels)}", near(start, labels))
        )
    table = stated.get("design")
    if not isinstance(table, Mapping):
        return None, problems  # told already: it is missing, or no table
    design, found = _design(table, stated, levels, raw.get("dose_levels"))
    problems += [p for p in found if not (p.where == "dose_levels" and rising)]
    read: Phase1 | None = parts.get("phase1")
    return (read.built(design) if read is not None and design is not None else None), problems


def findable() -> list[str]:
    """The kinds that a trial file may name: of one drug, and deciding from DLTs alone."""
    return [k.name for k in dose_shelf.described() if k.family not in ("efficacy and toxicity", "combinations")]


def _rising(levels: tuple[DoseLevel, ...]) -> Iterator[Problem]:
    """Levels of one drug in one unit, each above the one before."""
    for i, (before, level) in enumerate(pairwise(levels), 1):
        where = f"dose_levels[{i}]"
        if level.drug != before.drug:
            allowed = f"{before.drug!r}, as before: levels of several drugs are not built"
            yield Problem("several-drugs", f"{where}.drug", repr(level.drug), allowed)
        elif level.unit != before.unit:
            yield Problem("several-units", f"{where}.unit", repr(level.unit), f"{before.unit!r}, as before")
        elif level.dose <= before.dose:
            allowed = f"more than the level before, {before.label}, {before}"
            yield Problem("levels-out-of-order", f"{where}.dose", f"{level.dose:g}", allowed)


def _given(levels: tuple[DoseLevel, ...], arms: tuple[Arm, ...]) -> Iterator[Problem]:
    """A drug that no regimen has, or has in another unit: nothing says when it is due."""
    regimens = [t for arm in arms for t in arm.regimen]
    if not arms:
        return
    drugs = list(dict.fromkeys(t.drug for t in regimens))
    for i, level in enumerate(levels):
        found = [t for t in regimens if t.drug == level.drug]
        if not found:
            allowed = (
                f"a drug of [[arms.regimen]], which says when it is given: {', '.join(drugs) or 'none is defined'}"
            )
            yield Problem(
                "drug-not-in-arm", f"dose_levels[{i}].drug", repr(level.drug), allowed, near(level.drug, drugs)
            )
        elif all(t.unit != level.unit for t in found):
            allowed = (
                f"{found[0].unit!r}, as the regimen has it" if found[0].unit else "no level: the regimen has no dose"
            )
            yield Problem("unit", f"dose_levels[{i}].unit", repr(level.unit), allowed)


def _design(
    table: Mapping[str, Any], stated: Mapping[str, Any], levels: tuple[DoseLevel, ...], listed: Any
) -> tuple[DoseDesign[Any] | None, list[Problem]]:
    """The design, told its levels and what [phase1] says of it; or all that is wrong."""
    kind = str(table.get("kind", ""))
    kinds = findable()
    if kind not in kinds and dose_shelf.module_of(kind) is not None:
        allowed = f"a design of one drug that decides from DLTs alone: {', '.join(kinds)}"
        step = f"`equipoise design {kind}` plans it; conducting it from a trial file is not built"
        return None, [Problem("not-built", "phase1.design.kind", repr(kind), allowed, step)]
    if kind not in kinds:
        given = repr(kind) if kind else "nothing"
        allowed = f"a dose-finding design: {', '.join(kinds)}"
        return None, [
            Problem("unknown-design", "phase1.design.kind", given, allowed, near(kind, kinds) if kind else "")
        ]
    problems = [
        Problem("said-elsewhere", f"phase1.design.{name}", repr(table[name]), f"nothing: {where} says it")
        for name, where in _ELSEWHERE.items()
        if name in table
    ]
    fields = dose_shelf.spec_model(kind).model_fields
    full = {k: v for k, v in table.items() if k not in ("kind", *_ELSEWHERE)}
    count = len(levels) or (len(listed) if isinstance(listed, tuple) else 0) or 1
    if "doses" in fields and (fields["doses"].is_required() or "skeleton" not in table):
        full["doses"] = count
    if "levels" in fields:
        full["levels"] = tuple(x.dose for x in levels) or tuple(float(i + 1) for i in range(count))
    labels = [x.label for x in levels]
    if stated.get("start") in labels:
        full["start"] = labels.index(stated["start"]) + 1
    for name in ("target", "cohort"):
        if name in stated and name in fields:
            full[name] = stated[name]
    if "target" in stated and "target" not in fields:
        allowed = f"nothing: a design of kind {kind} has no target"
        problems.append(Problem("no-target", "phase1.target", str(stated["target"]), allowed, "leave it out"))
    try:
        design = dose_shelf.build(kind, full)
    except BadInput as bad:
        # What is wrong with an entry of [phase1] by itself was told where it was read.
        return None, [*problems, *(_inside(p) for p in bad.problems if not _told(p, stated))]
    problems += _fits(design, stated, count, "cohort" in fields)
    return (None if problems else design), problems


def _fits(design: DoseDesign[Any], stated: Mapping[str, Any], count: int, has_cohort: bool) -> Iterator[Problem]:
    """A design for another number of doses, or with other cohorts."""
    if design.doses != count:
        given = f"a design for {design.doses} doses"
        yield Problem("levels", "phase1.design", given, f"one for the {count} of [[dose_levels]]")
    first = design.verdict(design.start()).action
    cohort = stated.get("cohort")
    if not has_cohort and type(cohort) is int and isinstance(first, Give) and first.size != cohort:
        allowed = f"{first.size}, the first cohort of this design, or nothing"
        yield Problem("cohort", "phase1.cohort", str(cohort), allowed, "its size is said in [phase1.design]")


def _told(p: Problem, stated: Mapping[str, Any]) -> bool:
    return p.where in ("target", "cohort") and p.where in stated and p.code in ("out-of-range", "wrong-type")


def _inside(p: Problem) -> Problem:
    where = _ELSEWHERE.get(p.where, f"phase1.design.{p.where}")
    return Problem(p.code, where, p.given, p.allowed, p.next_step)
