"""[protocol], [[visits]] and [[activities]] in a file of their own, `protocol.toml` beside the trial file.

They say nothing by which a trial is run: beside the file they change no fingerprint, and a log that is open goes on with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from equipoise.files.toml_file import read_toml
from equipoise.trial.check_document import check_document
from equipoise.trial.part import MOST_VISITS, Part
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.protocol import Activity, Protocol, Visit
from equipoise.trial.trial import Trial
from equipoise.trial.validate import validate_parts

NAME = "protocol.toml"
KEYS = ("protocol", "visits", "activities")


class ProtocolFile(Part):
    """The tables of `protocol.toml`, as they stand in a trial file."""

    protocol: Protocol | None = None
    visits: tuple[Visit, ...] = Field(default=(), max_length=MOST_VISITS)
    activities: tuple[Activity, ...] = Field(default=(), max_length=MOST_VISITS)


@dataclass(frozen=True)
class Documented:
    """A trial with what its documents say beside: ``trial`` as its file has it, ``shown`` with both. ``beside``: tables of protocol.toml."""

    trial: Trial
    shown: Trial
    beside: Mapping[str, Any]


def documented(trial: Trial, trial_file: Path) -> Documented:
    """The trial with protocol.toml, where one is beside its file. Raises BadInput with all problems of it."""
    path = trial_file.parent / NAME
    return (
        of_tables(trial, read_toml(path, "a protocol in TOML"), str(path))
        if path.is_file()
        else Documented(trial, trial, {})
    )


def of_tables(trial: Trial, raw: Mapping[str, Any], source: str) -> Documented:
    """The trial with these tables. What the trial file states as well would be said twice, and is a problem."""
    parts, problems = validate_parts(ProtocolFile, raw)
    problems += [
        Problem("said-twice", key, "a table here and in the trial file", "one of them", f"take it out of {NAME}")
        for key in KEYS
        if key in raw and getattr(trial, key)
    ]
    whole = {**{k: getattr(trial, k) for k in ("arms", "endpoints", *KEYS)}, **parts}
    problems.extend(check_document(whole, raw))
    problems.extend(_twice(parts))
    if problems:
        raise BadInput(source, problems)
    made = ProtocolFile.model_validate(raw)
    said = {k: getattr(made, k) for k in KEYS if k in raw}
    plain = {k: v for k, v in made.model_dump(mode="json").items() if v}
    return Documented(trial, trial.model_copy(update=said), plain)


def _twice(parts: Mapping[str, Any]) -> list[Problem]:
    found = []
    for key in ("visits", "activities"):
        names = [x.name for x in parts.get(key) or ()]
        found += [
            Problem("duplicate-name", f"{key}[{i}].name", repr(n), "each must be given once")
            for i, n in enumerate(names)
            if n in names[:i]
        ]
    return found
