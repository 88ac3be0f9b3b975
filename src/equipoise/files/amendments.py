"""The amendments beside a trial file: amendments/1.toml, 2.toml …, each what changes in the definition before it, when and why."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import Field, model_validator

from equipoise.files.toml_file import read_toml
from equipoise.files.trial_file import trial_from
from equipoise.trial.amendment import Amendment
from equipoise.trial.arm import FROM_PHASE1
from equipoise.trial.check import near
from equipoise.trial.part import Part
from equipoise.trial.places import paths
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial
from equipoise.trial.validate import validate_parts


class Changed(Part):
    """One entry that is changed (`was`, `becomes`), stated anew (`becomes`), left out from now on (`was`), or one more of an array (`adds`)."""

    of: str = Field(
        min_length=1, description="The entry's path, as in [[assumptions]]: 'arms.IMGN901.regimen.IMGN901.dose'."
    )
    was: Any = Field(default=None, description="What it was, which is checked; left out where it was not stated.")
    becomes: Any = Field(default=None, description="What it becomes; left out where it is stated no more.")
    adds: Any = Field(default=None, description="In place of `was` and `becomes`: one more member of an array.")

    @model_validator(mode="after")
    def _one(self) -> Changed:
        if (self.adds is not None) == (self.was is not None or self.becomes is not None):
            raise ValueError(
                "give `adds`, or `was` and `becomes`: what was not stated has no `was`, what is stated no more no `becomes`"
            )
        return self


class AmendmentFile(Part):
    """An amendment: its day, why, what it changes and, where it takes effect by site, when each site is to approve it."""

    on: date = Field(description="Day of the amendment.")
    why: str = Field(min_length=1, description="Why the trial is amended.")
    changes: tuple[Changed, ...] = Field(min_length=1)
    approvals: Mapping[str, date] = Field(
        default_factory=dict, description="Planned day of each site's approval, where [amendments] per_site = true."
    )


def read_amendments(trial_file: Path) -> tuple[Amendment, ...]:
    """The amendments beside a trial file, in their order: each changes what the one before made. Raises BadInput with all problems."""
    files = [p for p in (trial_file.parent / "amendments").glob("*.toml") if p.stem.isdigit()]
    if trial_file.name != "trial.toml" or not files:
        return ()
    raw, made = read_toml(trial_file, "a trial file in TOML"), list[Amendment]()
    for path in sorted(files, key=lambda p: int(p.stem)):
        parts, problems = validate_parts(AmendmentFile, read_toml(path, "an amendment in TOML"))
        if not problems:
            raw, problems = _changed(raw, parts["changes"])
        if problems:
            raise BadInput(str(path), problems)
        trial = trial_from(raw, str(path))
        problems = list(_approval_problems(trial, parts["on"], parts.get("approvals", {})))
        if problems:
            raise BadInput(str(path), problems)
        made.append(Amendment(trial, parts["on"], parts["why"], parts.get("approvals", {})))
    return tuple(made)


def _changed(raw: Mapping[str, Any], changes: tuple[Changed, ...]) -> tuple[dict[str, Any], list[Problem]]:
    """The tables with the changes made in them, or what cannot be made."""
    changed, problems = _lists(deepcopy(dict(raw))), list[Problem]()
    for i, change in enumerate(changes):
        where, known = f"changes[{i}]", list(paths(changed))
        *above, last = re.findall(r"[^.\[\]]+|\[\d+\]", change.of)
        table: Any = changed
        for step in above:
            inner = _member(table, step)
            if inner is None and isinstance(table, dict) and change.was is None and change.adds is None:
                inner = table.setdefault(step, {})  # a table that was not stated, as [amendments]
            table = inner
        now = _member(table, last)
        if table is None or (now is None and (change.was is not None or change.adds is not None)):
            allowed = "the path of an entry of the definition before it"
            problems.append(Problem("unknown-path", f"{where}.of", repr(change.of), allowed, near(change.of, known)))
        elif change.adds is not None:
            if not isinstance(now, list):
                problems.append(
                    Problem("not-an-array", f"{where}.of", repr(change.of), "an array, which gets one more member")
                )
            else:
                now.append(_lists(change.adds))
        elif now != _lists(change.was) and not _left_to_phase1(changed, now, change.was):
            given = "not stated" if change.was is None else repr(change.was)
            problems.append(
                Problem("not-as-it-was", f"{where}.was", given, f"{now!r}, as the definition before it has it")
            )
        else:
            _put(table, last, _lists(change.becomes))
    return changed, problems


def _left_to_phase1(raw: Mapping[str, Any], now: Any, was: Any) -> bool:
    """True of a dose that is left to phase I, where ``was`` is what it declared or, before that, one that it may declare."""
    if now != FROM_PHASE1 or not isinstance(was, int | float):
        return False
    declared = (raw.get("phase1") or {}).get("declared")
    return any(x.get("dose") == was for x in raw.get("dose_levels") or () if declared in (None, x.get("label")))


def _member(table: Any, step: str) -> Any:
    """An entry of a table; of an array the member of that number, or that is called so."""
    if isinstance(table, dict):
        return table.get(step)
    if not isinstance(table, list):
        return None
    if step.startswith("["):
        i = int(step[1:-1])
        return table[i] if i < len(table) else None
    return next(
        (t for t in table if isinstance(t, dict) and step in (t.get("name"), t.get("drug"), str(t.get("number")))), None
    )


def _put(table: Any, step: str, value: Any) -> None:
    """Put an entry in the place of the one that stands there; None takes it out."""
    key: Any = step if isinstance(table, dict) else next(i for i, t in enumerate(table) if t is _member(table, step))
    if value is None:
        del table[key]
    else:
        table[key] = value


def _lists(value: Any) -> Any:
    """Arrays as lists, at any depth: they are changed."""
    if isinstance(value, Mapping):
        return {k: _lists(v) for k, v in value.items()}
    return [_lists(v) for v in value] if isinstance(value, list | tuple) else value


def _approval_problems(trial: Trial, on: date, approvals: Mapping[str, date]) -> Iterator[Problem]:
    if approvals and not (trial.amendments is not None and trial.amendments.per_site):
        yield Problem(
            "not-per-site", "approvals", f"{len(approvals)} sites", "nothing, without [amendments] per_site = true"
        )
    for site, day in approvals.items():
        if site not in trial.site_by_name:
            names = list(trial.site_by_name)
            yield Problem(
                "unknown-site", f"approvals.{site}", repr(site), "a site of the amended trial", near(site, names)
            )
        if day < on:
            yield Problem("before-amendment", f"approvals.{site}", str(day), f"not before the amendment, {on}")
