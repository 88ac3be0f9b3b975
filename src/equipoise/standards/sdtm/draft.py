"""Draft: an event to be, before it has a number in the log; and the days of a subject that bound partial dates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class Draft:
    """What happened to one subject, and the record that says so."""

    kind: str
    on: date
    data: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    why: str = ""
    site: str = ""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Days known of a subject in full; None where they are not."""

    first_dose: date | None = None
    randomised: date | None = None
    died: date | None = None
