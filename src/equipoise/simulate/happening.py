"""What will happen to a virtual patient, and when it comes to be recorded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Happening(NamedTuple):
    """Something that will happen ``day`` days after randomisation and be recorded ``recorded`` days after it."""

    day: int
    recorded: int
    kind: str
    data: Mapping[str, Any]
