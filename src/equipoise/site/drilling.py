"""A drill: a back-up restored into a temporary place and held against what is known outside it."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from equipoise.desk import opening
from equipoise.files.log_address import address_of
from equipoise.site import operation


@dataclass(frozen=True)
class Drill:
    """``same_head``: the back-up ends where the running log does, and lacks no witnessed head. ``missing``: what it lacks, each in words."""

    same_head: bool
    events: int
    head: str
    missing: Sequence[str]


def drill(folder: Path, source: Path) -> Drill:
    """Restore, verify, compare. Raises BadInput for a back-up that is none, or is damaged."""
    own = operation.installation_of(folder)
    held = own.witness if own.witness.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="equipoise-drill-") as place:
        made = operation.restore(source, Path(place) / "restored", held)
    trial = opening.load_trial(own.trial)
    log = opening.log_of(trial, address_of(own.log)).read().log
    missing = list(made.missing)
    if log.head != made.head:
        later = [e for e in log if e.number > made.events]
        known = made.events <= len(log) and log.hash_at(made.events) == made.head
        missing += [
            f"event {e.number}, receipt {log.hash_at(e.number)[:12]}, recorded {e.recorded:%Y-%m-%d %H:%M} UTC"
            for e in later[:50]
        ]
        if not known:
            missing.append("the back-up is none of this log's beginnings")
    return Drill(not missing and log.head == made.head, made.events, made.head, missing)
