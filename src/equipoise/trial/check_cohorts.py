"""What must hold between the cohorts of a trial file, and between a cohort and the trial."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from equipoise.trial.arm import Arm
from equipoise.trial.check import near
from equipoise.trial.check_basket import check_stages
from equipoise.trial.cohort import TrialCohort
from equipoise.trial.problem import Problem
from equipoise.trial.protocol_parts import Factor, Randomisation

#: A cohort with its place in the file.
Placed = tuple[int, TrialCohort]


def check_cohorts(parts: Mapping[str, Any], cohorts: Sequence[Placed], *, all_read: bool) -> list[Problem]:
    """All problems between the cohorts that could be read. ``all_read``: these are all that the file has."""
    return [
        *_as_recorded(parts),
        *_markers(parts),
        *_levels(parts, cohorts),
        *_arms(parts, cohorts),
        *_members(cohorts),
        *_shares(cohorts),
        *(_numbers(parts, cohorts) if all_read else ()),
        *check_stages(parts, [(i, c) for i, c in cohorts if c.ruled]),
    ]


def _as_recorded(parts: Mapping[str, Any]) -> Iterator[Problem]:
    r: Randomisation | None = parts.get("randomisation")
    if r is not None and r.method == "as recorded":
        yield Problem(
            "cohorts-as-recorded", "cohorts", "with randomisation.method = 'as recorded'",
            "a trial that enrols: a table of patients names no cohort", "one trial file for each cohort's table",
        )  # fmt: skip


def _factors(parts: Mapping[str, Any]) -> dict[str, Factor]:
    r: Randomisation | None = parts.get("randomisation")
    markers: tuple[Factor, ...] = parts.get("markers") or ()
    return {f.name: f for f in (*(r.factors if r is not None else ()), *markers)}


def _markers(parts: Mapping[str, Any]) -> Iterator[Problem]:
    r: Randomisation | None = parts.get("randomisation")
    factors = [f.name for f in r.factors] if r is not None else []
    for i, marker in enumerate(parts.get("markers") or ()):
        if marker.name in factors:
            yield Problem(
                "duplicate-name", f"markers[{i}].name", repr(marker.name), "no name of a stratification factor"
            )


def _levels(parts: Mapping[str, Any], cohorts: Sequence[Placed]) -> Iterator[Problem]:
    known = _factors(parts)
    for i, c in cohorts:
        for key in ("of", "counts"):
            for name, level in getattr(c, key).items():
                where = f"cohorts[{i}].{key}.{name}"
                if name not in known:
                    allowed = (
                        f"a factor of the randomisation or one of [[markers]]: {', '.join(known) or 'none is defined'}"
                    )
                    yield Problem("unknown-factor", where, repr(name), allowed, near(name, list(known)))
                elif level not in known[name].levels:
                    levels = list(known[name].levels)
                    yield Problem(
                        "unknown-level", where, repr(level), f"one of {', '.join(levels)}", near(level, levels)
                    )
        for name in c.of.keys() & c.counts.keys():
            yield Problem(
                "level-twice",
                f"cohorts[{i}].counts.{name}",
                repr(c.counts[name]),
                "`of` has settled it for every member",
            )


def _arms(parts: Mapping[str, Any], cohorts: Sequence[Placed]) -> Iterator[Problem]:
    arms: tuple[Arm, ...] = parts.get("arms") or ()
    names = [a.name for a in arms]
    for i, c in cohorts:
        for arm in c.arms if arms else ():
            if arm not in names:
                yield Problem(
                    "unknown-arm", f"cohorts[{i}].arms", repr(arm), f"an arm of the trial: {', '.join(names)}", near(arm, names)
                )  # fmt: skip
        if len(set(c.arms)) < len(c.arms):
            yield Problem("duplicate-name", f"cohorts[{i}].arms", str(list(c.arms)), "each arm once")


def _members(cohorts: Sequence[Placed]) -> Iterator[Problem]:
    """One patient is in one cohort: all are named at enrolment, or the levels by which patients are members exclude each other."""
    by_level = [(i, c) for i, c in cohorts if c.of]
    if by_level and len(by_level) < len(cohorts):
        others = ", ".join(c.name for _, c in cohorts if not c.of)
        yield Problem("members-unsaid", "cohorts", f"no `of` in {others}", "`of` in each cohort, or in none")
        return
    for k, (i, c) in enumerate(by_level):
        for _, other in by_level[:k]:
            if not any(other.of.get(name, level) != level for name, level in c.of.items()):
                yield Problem(
                    "cohorts-overlap", f"cohorts[{i}].of", f"{dict(c.of)} beside {dict(other.of)} of {other.name}",
                    "levels that exclude each other: one patient is in one cohort",
                )  # fmt: skip


def _shares(cohorts: Sequence[Placed]) -> Iterator[Problem]:
    rated = [i for i, c in cohorts if c.rate is not None]
    both = [i for i, c in cohorts if c.rate is not None and c.share is not None]
    if both or (rated and len(rated) < len(cohorts)):
        where = f"cohorts[{(both or rated)[0]}].rate"
        yield Problem("share-or-rate", where, "`rate` here, not everywhere", "`rate` in every cohort, or `share`")


def _numbers(parts: Mapping[str, Any], cohorts: Sequence[Placed]) -> Iterator[Problem]:
    planned: int | None = parts.get("target_enrolment")
    total = sum(c.target_enrolment for _, c in cohorts)
    if planned is not None and total != planned:
        each = " + ".join(str(c.target_enrolment) for _, c in cohorts)
        yield Problem(
            "cohort-targets", "target_enrolment", str(planned), f"what the cohorts add up to: {each} = {total}"
        )
