"""The safety rules of a trial file: each built by the shelf as [design] is, and held against the trial."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from equipoise.decide.watch import WATCHES, watch_of
from equipoise.design import shelf
from equipoise.trial.check import near
from equipoise.trial.design import Design
from equipoise.trial.evidence import HazardRatioEvidence
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.safety import SafetyRule


def watchable(kind: shelf.Kind) -> bool:
    """True if a trial file may have this kind beside its design: a safety rule whose evidence somebody makes."""
    return kind.family == "safety" and any(takes in WATCHES for takes in kind.takes)


def _watches(kind: str) -> bool:
    """As ``watchable``, of a name that may be none. The others of the shelf are not read for it."""
    try:
        return watchable(shelf.one(kind))
    except BadInput:
        return False


def read_safety(parts: Mapping[str, Any], raw: Mapping[str, Any]) -> tuple[tuple[SafetyRule, ...], list[Problem]]:
    """The rules of [[safety]], each with its design, or all that is wrong with them. What is wrong with an entry alone was told before."""
    stated, problems = raw.get("safety"), list[Problem]()
    read: tuple[SafetyRule, ...] = parts.get("safety") or ()
    designs: list[Design[Any] | None] = []
    if stated and "cohorts" in raw:
        allowed = "a trial without [[cohorts]]: a rule over patients of several cohorts, or of one, is not built"
        problems.append(Problem("safety-with-cohorts", "safety", f"{len(stated)} rules", allowed))
    for i, table in enumerate(stated if isinstance(stated, tuple) else ()):
        design, found = _design(table, f"safety[{i}].rule")
        problems.extend(found)
        designs.append(design)
    built = [r.built(d) for r, d in zip(read, designs, strict=False) if d is not None]
    for i, (rule, design) in enumerate(zip(read, designs, strict=False)):
        problems.extend(_arms(rule, parts, f"safety[{i}]"))
        problems.extend(_counts_or_endpoint(rule, f"safety[{i}]"))
        if design is not None:
            problems.extend(watch_of(rule.built(design)).problems(rule.built(design), parts, f"safety[{i}]"))
    return tuple(built), problems


def _design(table: Any, where: str) -> tuple[Design[Any] | None, list[Problem]]:
    stated = table.get("rule") if isinstance(table, Mapping) else None
    if not isinstance(stated, Mapping):
        return None, []  # told already: it is missing, or no table
    kind = str(stated.get("kind", ""))
    if not _watches(kind):
        can = [k.name for k in shelf.described() if watchable(k)]
        known = kind in shelf.kinds()
        given = f"{kind!r}, a design that is no safety rule" if known else repr(kind) if kind else "nothing"
        problem = Problem("no-safety-rule", f"{where}.kind", given, f"one of {', '.join(can)}", near(kind, can))
        return None, [problem]
    try:
        return shelf.build(kind, stated), []
    except BadInput as bad:
        return None, [Problem(p.code, f"{where}.{p.where}", p.given, p.allowed, p.next_step) for p in bad.problems]


def _counts_or_endpoint(rule: SafetyRule, where: str) -> Iterator[Problem]:
    """A rule that watches events says which; only one on overall survival names an endpoint, and says itself what is wrong with `counts`."""
    kind = str(rule.rule.get("kind", ""))
    if not _watches(kind) or HazardRatioEvidence in shelf.one(kind).takes:
        return
    if rule.counts is None:
        yield Problem("missing", f"{where}.counts", "nothing", "required")
    if rule.endpoint is not None:
        allowed = f"nothing: {rule.rule.get('kind')} watches events, which `counts` says"
        yield Problem("safety-endpoint", f"{where}.endpoint", repr(rule.endpoint), allowed)


def _arms(rule: SafetyRule, parts: Mapping[str, Any], where: str) -> Iterator[Problem]:
    names = [a.name for a in parts.get("arms") or ()]
    for key, arm in (("arm", rule.arm),) if rule.between is None else tuple(("between", a) for a in rule.between):
        if names and arm not in names:
            yield Problem(
                "unknown-arm", f"{where}.{key}", repr(arm), f"an arm: {', '.join(names)}", near(str(arm), names)
            )
