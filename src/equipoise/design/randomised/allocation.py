"""Allocation of a randomised trial as it is written in a protocol: '2:1' is two tested to one control."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from equipoise.trial.problem import Problem


def parse(text: Any) -> tuple[int, int] | None:
    """(tested, control) in lowest terms; None if it cannot be read."""
    parts = str(text).split(":")
    if len(parts) != 2 or not all(p.strip().isdigit() and int(p) > 0 for p in parts):
        return None
    a, b = (int(p) for p in parts)
    return a // math.gcd(a, b), b // math.gcd(a, b)


def problems(text: Any) -> Iterator[Problem]:
    """What is wrong with a written allocation."""
    if parse(text) is None:
        yield Problem("allocation", "allocation", repr(text), "tested:control in whole numbers, such as '2:1'")
