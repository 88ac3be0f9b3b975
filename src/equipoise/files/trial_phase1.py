"""Phase I of a trial file: its levels held against each other and the regimens, and the dose-finding design built by its shelf."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import Any

from pydantic import ValidationError

from equipoise.decide.dose_finding import standing
from equipoise.design.dose import dose_shelf
from equipoise.design.dose.conducting import Conducted
from equipoise.design.dose.dose_design import DoseDesign, Give
from equipoise.files.trial_combination import combined_problems, shape_of_levels
from equipoise.trial.arm import FROM_PHASE1, Arm
from equipoise.trial.endpoint import Endpoint, Outcome, Response
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


#: Kinds that begin at no level of the file's choosing, and why.
NO_START = {
    "dose-comparison": "doses are given by lot, from the first patient on",
    "boin-combination": "it starts with the lowest level of both drugs",
}


def read_phase1(parts: Mapping[str, Any], raw: Mapping[str, Any]) -> tuple[Phase1 | None, list[Problem]]:
    """Phase I with its design, or all that is wrong with it and with the levels. What is wrong with an entry alone was told before."""
    problems: list[Problem] = []
    levels: tuple[DoseLevel, ...] = parts.get("dose_levels") or ()
    rising = list(_rising(levels) if levels else _rising_of_sound(raw.get("dose_levels")))
    problems += rising
    told = {p.where for p in rising}
    problems += [p for p in _given(levels, parts.get("arms") or ()) if p.where not in told]
    problems += _handed_over(levels, parts, raw)
    if "phase1" not in raw:
        return None, problems
    stated = raw["phase1"]
    if not raw.get("dose_levels"):
        allowed = "[[dose_levels]], rising: the doses among which one is found"
        problems.append(Problem("no-levels", "dose_levels", "nothing", allowed))
    if isinstance(raw.get("cohorts"), tuple) and parts.get("phase") != "I/II":
        allowed = "a trial without [[cohorts]]: a phase I in several cohorts is not built"
        problems.append(Problem("phase1-with-cohorts", "phase1", f"{len(raw['cohorts'])} cohorts", allowed))
    if not isinstance(stated, Mapping):
        return None, problems
    labels = [x.label for x in levels] or _labels(raw.get("dose_levels"))
    for name in ("start", "declared"):
        said = stated.get(name)
        if isinstance(said, str) and labels and said not in labels:
            problems.append(
                Problem(name, f"phase1.{name}", repr(said), f"a level: {', '.join(labels)}", near(said, labels))
            )
    table = stated.get("design")
    if not isinstance(table, Mapping):
        return None, problems  # told already: it is missing, or no table
    design, found = _design(table, stated, levels, raw.get("dose_levels"))
    problems += [p for p in found if not (p.where == "dose_levels" and rising)]
    problems += _responses(design, stated.get("response"), parts.get("endpoints") or ())
    read: Phase1 | None = parts.get("phase1")
    made = read.built(design, Conducted(design), standing) if read is not None and design is not None else None
    return made, problems


def _responses(design: DoseDesign[Any] | None, named: Any, endpoints: tuple[Endpoint, ...]) -> Iterator[Problem]:
    """A design that asks for responses has an endpoint of them, and no other has."""
    if design is None:
        return
    may = [e.name for e in endpoints if isinstance(e, Outcome | Response)]
    allowed = (
        f"an endpoint of kind 'outcome' or 'response'{': ' if may else ''}{', '.join(may)}, whose success is a response"
    )
    if design.of_response and named is None:
        yield Problem("no-response", "phase1.response", "nothing", allowed)
    elif design.of_response and isinstance(named, str) and named not in may:
        yield Problem("response", "phase1.response", repr(named), allowed, near(named, may))
    elif not design.of_response and named is not None:
        yield Problem("response", "phase1.response", repr(named), "nothing: this design decides from DLTs alone")


def findable() -> list[str]:
    """The kinds that a trial file may name."""
    return dose_shelf.kinds()


def _rising(levels: tuple[DoseLevel, ...]) -> Iterator[Problem]:
    """Levels of one drug in one unit, each above the one before; of two drugs, all levels of the second with each of the first."""
    if any(x.second is not None for x in levels):
        yield from combined_problems(levels)
        return
    for i, (before, level) in enumerate(pairwise(levels), 1):
        where = f"dose_levels[{i}]"
        if level.drug != before.drug:
            allowed = f"{before.drug!r}, as before; a level of two drugs has a `second`"
            yield Problem("several-drugs", f"{where}.drug", repr(level.drug), allowed)
        elif level.unit != before.unit:
            yield Problem("several-units", f"{where}.unit", repr(level.unit), f"{before.unit!r}, as before")
        elif level.dose <= before.dose:
            allowed = f"more than the level before, {before.label}, {before}"
            yield Problem("levels-out-of-order", f"{where}.dose", f"{level.dose:g}", allowed)


def _rising_of_sound(listed: Any) -> Iterator[Problem]:
    """The same where a level is wrong by itself: of neighbours of one drug that both are sound."""
    read: list[DoseLevel | None] = []
    for entry in listed if isinstance(listed, tuple) else ():
        try:
            read.append(DoseLevel.model_validate(entry))
        except ValidationError:
            read.append(None)
    for i, (before, level) in enumerate(pairwise(read), 1):
        if before is not None and level is not None and before.second is None and level.second is None:
            for p in _rising((before, level)):
                yield replace(p, where=p.where.replace("dose_levels[1]", f"dose_levels[{i}]"))


def _labels(listed: Any) -> list[str]:
    """The labels that levels state, though one of them is wrong in something else."""
    entries = [x for x in listed if isinstance(x, Mapping)] if isinstance(listed, tuple) else []
    return [x["label"] for x in entries if isinstance(x.get("label"), str)]


def _given(levels: tuple[DoseLevel, ...], arms: tuple[Arm, ...]) -> Iterator[Problem]:
    """A drug that no regimen has, or has in another unit: nothing says when it is due."""
    regimens = [t for arm in arms for t in arm.regimen]
    if not arms:
        return
    drugs = list(dict.fromkeys(t.drug for t in regimens))
    for where, told in [
        (f"dose_levels[{i}]" + ".second" * k, d) for i, x in enumerate(levels) for k, d in enumerate(x.doses)
    ]:
        found = [t for t in regimens if t.drug == told.drug]
        if not found:
            allowed = (
                f"a drug of [[arms.regimen]], which says when it is given: {', '.join(drugs) or 'none is defined'}"
            )
            yield Problem("drug-not-in-arm", f"{where}.drug", repr(told.drug), allowed, near(told.drug, drugs))
        elif all(t.unit != told.unit for t in found):
            allowed = (
                f"{found[0].unit!r}, as the regimen has it" if found[0].unit else "no level: the regimen has no dose"
            )
            yield Problem("unit", f"{where}.unit", repr(told.unit), allowed)


def _handed_over(levels: tuple[DoseLevel, ...], parts: Mapping[str, Any], raw: Mapping[str, Any]) -> Iterator[Problem]:
    """A dose that is left to phase I where there is none, or in another unit; and what [phase1] says of a hand-over that there is not."""
    arms: tuple[Arm, ...] = parts.get("arms") or ()
    waiting = [(i, k, t) for i, a in enumerate(arms) for k, t in enumerate(a.regimen) if t.from_phase1]
    doses = [d for x in levels for d in x.doses]
    units, drugs = {d.unit for d in doses}, {d.drug for d in doses}  # of a level's own drug ``_given`` tells
    for i, k, t in waiting:
        where = f"arms[{i}].regimen[{k}]"
        if "phase1" not in raw:
            allowed = f"{FROM_PHASE1!r} with [phase1] and [[dose_levels]], by which it is found; or the dose"
            yield Problem("no-phase1", f"{where}.dose", repr(FROM_PHASE1), allowed)
        elif (
            units
            and t.unit not in units
            and (t.drug not in drugs or any(w.drug == t.drug and w.unit in units for *_, w in waiting))
        ):
            allowed = f"{levels[0].unit!r}, as the levels have it"
            yield Problem("unit", f"{where}.unit", repr(t.unit), allowed)
    names = {a.name for a in arms}
    for i, x in enumerate(levels if parts.get("phase") == "I/II" else ()):
        if x.label in names:
            allowed = "no name of an arm: in datasets both are groups of the one trial"
            yield Problem("duplicate-name", f"dose_levels[{i}].label", repr(x.label), allowed)
    stated = raw.get("phase1")
    if waiting and "phase1" in raw and parts.get("phase") not in (None, "I/II"):
        allowed = f"'I/II': a dose {FROM_PHASE1} is part 1's, and part 2 is given it"
        yield Problem("no-parts", "phase", repr(parts["phase"]), allowed)
    if not isinstance(stated, Mapping):
        return
    for name in ("declared", "counts_for_phase2"):
        # An amendment may state the dose itself; what phase I declared stays what it was.
        if stated.get(name) and parts.get("phase") not in (None, "I/II"):
            allowed = "nothing: a trial with phase = 'I/II' hands a dose over"
            yield Problem("no-parts", f"phase1.{name}", repr(stated[name]), allowed)
    if stated.get("counts_for_phase2") is True and "randomisation" in raw:
        allowed = "false: who was assigned to a dose level was not randomised, and is compared with nobody who was"
        yield Problem("not-randomised", "phase1.counts_for_phase2", "true, with [randomisation]", allowed)
    opens, start = stated.get("opens"), parts.get("start")
    if type(opens) is date and start is not None and opens > start:
        allowed = f"a day not after `start`, {start}, which is then phase II's"
        yield Problem("dates-out-of-order", "phase1.opens", str(opens), allowed)


def _design(
    table: Mapping[str, Any], stated: Mapping[str, Any], levels: tuple[DoseLevel, ...], listed: Any
) -> tuple[DoseDesign[Any] | None, list[Problem]]:
    """The design, told its levels and what [phase1] says of it; or all that is wrong."""
    kind = str(table.get("kind", ""))
    if dose_shelf.module_of(kind) is None:
        kinds = findable()
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
    combines, two = "first" in fields and "second" in fields, any(x.second is not None for x in levels)
    if levels and combines != two:
        allowed = (
            "levels with a `second` drug each" if combines else f"levels of one drug for the kind {kind}: no `second`"
        )
        problems.append(
            Problem(
                "one-drug" if combines else "two-drugs",
                "dose_levels",
                "levels of one drug" if combines else "a `second`",
                allowed,
            )
        )
        return None, problems
    problems += [
        Problem("said-elsewhere", f"phase1.design.{name}", repr(table[name]), "nothing: dose_levels says it")
        for name in ("first", "second")
        if combines and name in table
    ]
    full = {k: v for k, v in table.items() if k not in ("kind", *_ELSEWHERE)}
    count = len(levels) or (len(listed) if isinstance(listed, tuple) else 0) or 1
    if "doses" in fields and (fields["doses"].is_required() or "skeleton" not in table):
        full["doses"] = count
    if combines:
        full = {**full, **dict(zip(("first", "second"), shape_of_levels(levels), strict=True))}
    if "levels" in fields:
        full["levels"] = tuple(x.dose for x in levels) or tuple(float(i + 1) for i in range(count))
    labels = [x.label for x in levels]
    if "start" in fields and stated.get("start") in labels:
        full["start"] = labels.index(stated["start"]) + 1
    elif "start" in stated and kind in NO_START:
        problems.append(
            Problem("start", "phase1.start", repr(stated["start"]), f"nothing: {NO_START[kind]}", "leave it out")
        )
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
    if cohort is not None and getattr(design, "at_random", False):
        yield Problem(
            "cohort", "phase1.cohort", str(cohort), "nothing: patients are randomised one by one", "leave it out"
        )
    elif not has_cohort and type(cohort) is int and cohort > 0 and isinstance(first, Give) and first.size != cohort:
        allowed = f"{first.size}, the first cohort of this design, or nothing"
        yield Problem("cohort", "phase1.cohort", str(cohort), allowed, "its size is said in [phase1.design]")


def _told(p: Problem, stated: Mapping[str, Any]) -> bool:
    return p.where in ("target", "cohort") and p.where in stated and p.code in ("out-of-range", "wrong-type")


def _inside(p: Problem) -> Problem:
    where = _ELSEWHERE.get(p.where, f"phase1.design.{p.where}")
    return Problem(p.code, where, p.given, p.allowed, p.next_step)
