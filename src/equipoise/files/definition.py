"""Read a trial back from its definition: the canonical JSON whose SHA-256 is its fingerprint, as the log carries it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from equipoise.files.trial_file import trial_from
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial, fingerprint_of

#: Entries that are days, which JSON has as texts: in the trial itself, in [[sites]], in [table], in [phase1], in [protocol].
DAYS = frozenset({"start", "activation", "randomised_on", "opens", "version_date", "approved"})


@lru_cache(maxsize=16)
def trial_of(definition: str) -> Trial:
    """The trial that this text defines. Raises BadInput for a text that is none, or that is another when written again.

    What the file did not say stands in the text by its default, or as null; TOML has no null, so that it is left out.
    """
    source = f"definition {fingerprint_of(definition)[:12]}"
    allowed = "the canonical JSON of a trial's definition"
    try:
        raw = json.loads(definition)
        found = trial_from(as_a_file_says(raw), source)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise BadInput(source, [Problem("no-definition", "definition", str(error)[:120], allowed)]) from None
    if found.definition != definition:
        step = "read the log with the version of Equipoise that wrote it"
        raise BadInput(
            source, [Problem("no-definition", "definition", "another text when written again", allowed, step)]
        )
    return found


def as_a_file_says(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The tables as they are read from TOML."""
    stated = {k: _table(v) for k, v in raw.items() if v is not None}
    for table in (stated, *stated.get("sites", ()), stated.get("table") or {}, stated.get("protocol") or {}):
        table.update({k: date.fromisoformat(v) for k, v in table.items() if k in DAYS})
    if "opens" in (stated.get("phase1") or {}):  # its `start` is a level
        stated["phase1"]["opens"] = date.fromisoformat(stated["phase1"]["opens"])
    if "library" in stated.get("history", {}):
        stated["history"]["from"] = stated["history"].pop("library")
    return stated


def _table(value: Any) -> Any:
    """Tables without what is null, at any depth."""
    if isinstance(value, dict):
        return {k: _table(v) for k, v in value.items() if v is not None}
    return [_table(v) for v in value] if isinstance(value, list) else value
