"""The tables that dose-finding designs are held against: tests/fixtures/phase1, whose README says who made each."""

from __future__ import annotations

import csv
from pathlib import Path

from helpers import FIXTURES


def rows(name: str) -> list[dict[str, str]]:
    path: Path = FIXTURES / "phase1" / f"{name}.csv"
    return list(csv.DictReader(line for line in path.read_text().splitlines() if not line.startswith("#")))


def whole(text: str) -> int | None:
    """A number of DLTs; NA and -1: never."""
    return None if text in ("NA", "-1") else int(text)


def reals(text: str) -> tuple[float, ...]:
    return tuple(map(float, text.split()))


def wholes(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split()))
