"""Cohorts of a trial file: each one's own tables put together with the trial's, and all that is wrong with either."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from equipoise.trial.check import check_cohort
from equipoise.trial.check_cohorts import Placed, check_cohorts
from equipoise.trial.cohort import OWN_TABLES, CohortRules, TrialCohort
from equipoise.trial.part import Part
from equipoise.trial.problem import Problem
from equipoise.trial.protocol_parts import Assessments, Monitoring
from equipoise.trial.validate import validate_parts

#: Puts the design that [design] states into the parts; what is wrong with it, and with the parts for it.
ReadDesign = Callable[[dict[str, Any], Mapping[str, Any]], list[Problem]]


class _Tables(Part):
    """A cohort's tables, as they are read."""

    monitoring: Monitoring | None = None
    assessments: Assessments | None = None


def read_cohorts(
    parts: Mapping[str, Any], raw: Mapping[str, Any], read_design: ReadDesign
) -> tuple[tuple[TrialCohort, ...], list[Problem]]:
    """The cohorts with what holds in each, and all problems: a table that several share is told of once, and where it stands."""
    problems: list[Problem] = []
    cohorts = [(i, c) for i, c in _readable(raw.get("cohorts")) if isinstance(c, TrialCohort)]
    for i, c in cohorts:
        made, found = _rules(i, c, parts, raw, read_design)
        problems.extend(p for p in found if p not in problems)
        if made is not None:
            cohorts[[k for k, _ in cohorts].index(i)] = (i, c.with_rules(made))
    stated = raw.get("cohorts")
    all_read = isinstance(stated, tuple) and len(stated) == len(cohorts)
    problems.extend(check_cohorts(parts, cohorts, all_read=all_read))
    if stated == ():
        problems.append(Problem("no-cohorts", "cohorts", "none", "at least one, or no `cohorts`"))
    return tuple(c for _, c in cohorts), problems


def _readable(stated: Any) -> Iterator[Placed]:
    """The cohorts that are sound on their own; what is wrong with the others is told by who reads the file's entries."""
    for i, table in enumerate(stated if isinstance(stated, tuple) else ()):
        if isinstance(table, Mapping) and not validate_parts(TrialCohort, table)[1]:
            yield i, TrialCohort.model_validate(table)


def joined(shared: Any, own: Mapping[str, Any] | None, *, of_a_kind: bool = False) -> Any:
    """A table with the entries of a cohort's own in the place of the trial's; its own alone where the kind is another."""
    if own is None or not isinstance(shared, Mapping):
        return shared if own is None else own
    other = of_a_kind and own.get("kind", shared.get("kind")) != shared.get("kind")
    return own if other else {**shared, **own}


def _rules(
    i: int, c: TrialCohort, parts: Mapping[str, Any], raw: Mapping[str, Any], read_design: ReadDesign
) -> tuple[CohortRules | None, list[Problem]]:
    """What holds in cohort number ``i``, and the problems of it."""
    here = f"cohorts[{i}]"
    own = {k for k in OWN_TABLES if getattr(c, k) is not None}
    tables = {k: joined(raw.get(k), getattr(c, k), of_a_kind=k == "design") for k in OWN_TABLES}
    there = {k: v for k, v in tables.items() if v is not None}
    mine = {k: v for k, v in parts.items() if k not in (*OWN_TABLES, "cohorts")}
    problems: list[Problem] = []
    read, found = validate_parts(_Tables, {k: v for k, v in there.items() if k != "design"})
    problems.extend(found)
    mine |= {"target_enrolment": c.target_enrolment, **read}
    if "arms" in mine and c.arms:
        mine["arms"] = tuple(a for a in mine["arms"] if a.name in c.arms)
    if isinstance(tables["design"], Mapping):
        problems.extend(read_design(mine, tables["design"]))
    elif tables["design"] is None:
        allowed = "a design of its own, or [design] that all cohorts share"
        problems.append(Problem("no-design", f"{here}.design", "nothing", allowed))
    if tables["monitoring"] is None and tables["design"] is None:
        problems.append(
            Problem("no-monitoring", f"{here}.monitoring", "nothing", "[monitoring] of its own, or the trial's")
        )
    problems.extend(check_cohort(mine, {**raw, **there}))
    told = {*own, "target_enrolment", *(("arms", "randomisation") if c.arms else ())}
    problems = [_placed(p, here, told) for p in problems]
    if problems or mine.get("design") is None or mine.get("monitoring") is None:
        return None, problems
    return CohortRules(mine["design"], tables["design"], mine["monitoring"], mine.get("assessments")), problems


def _placed(p: Problem, here: str, own: set[str]) -> Problem:
    """A problem where it stands: in the cohort for what is its own, else in the trial's table."""
    table = p.where.split(".")[0].split("[")[0]
    return Problem(p.code, f"{here}.{p.where}", p.given, p.allowed, p.next_step) if table in own else p
