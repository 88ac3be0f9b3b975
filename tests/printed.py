"""Rows of the published tables in tests/published; what each was read from stands at the top of its file."""

from __future__ import annotations

import csv

from helpers import ROOT


def rows(name: str, **only: str) -> list[dict[str, str]]:
    """The rows of ``name``.csv; ``only``: those with these values."""
    lines = (ROOT / "tests" / "published" / f"{name}.csv").read_text(encoding="utf-8").splitlines()
    table = csv.DictReader(line for line in lines if not line.startswith("#"))
    return [row for row in table if all(row[k] == v for k, v in only.items())]


def named(row: dict[str, str]) -> str:
    """A test's name: the first six entries of the row."""
    return "-".join(list(row.values())[:6])
