"""Event: one line of the trial's log, with two clocks, an author and a reason."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, TypeGuard

#: What the hash of the first event is chained to.
GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Event:
    """What happened, when; who recorded it, when and why.

    ``number`` counts from 1. ``happened`` is a day. ``recorded`` is a moment in UTC; what is known on a day is what
    was recorded by the end of that day, UTC. ``corrects`` names the event that this one replaces (same kind) or, for
    'voided', takes away.
    """

    number: int
    kind: str
    happened: date
    recorded: datetime
    by: str
    why: str = ""
    patient: str = ""
    site: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    corrects: int | None = None
    source: str = ""

    def content(self, previous: str) -> str:
        """The event as canonical JSON, chained to the hash of the one before."""
        return json.dumps(
            {
                "number": self.number,
                "kind": self.kind,
                "happened": self.happened.isoformat(),
                "recorded": self.recorded.astimezone(UTC).isoformat(timespec="microseconds"),
                "by": self.by,
                "why": self.why,
                "patient": self.patient,
                "site": self.site,
                "data": dict(self.data),
                "corrects": self.corrects,
                "source": self.source,
                "previous": previous,
            },
            sort_keys=True,
            separators=(",", ":"),
            ensure_ascii=False,
            allow_nan=False,
        )


def hash_of(content: str) -> str:
    """SHA-256 of an event's canonical JSON, hexadecimal."""
    return hashlib.sha256(content.encode()).hexdigest()


def is_hash(value: object) -> TypeGuard[str]:
    """True for 64 hexadecimal digits in lower case."""
    return isinstance(value, str) and len(value) == 64 and not set(value) - set("0123456789abcdef")
