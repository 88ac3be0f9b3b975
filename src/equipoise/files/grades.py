"""How each method is validated: the grades, kept in one file and held to the tests that earn them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from equipoise.trial.exhibits import Table


@dataclass(frozen=True)
class Grade:
    """One method: its grade (published > independent > property > snapshot > unvalidated), oracle, and test."""

    method: str
    where: str
    grade: str
    oracle: str
    test: str


@cache
def grades() -> tuple[Grade, ...]:
    """All methods with their grades."""
    table = tomllib.loads(files("equipoise").joinpath("grades.toml").read_text(encoding="utf-8"))
    return tuple(Grade(**entry) for entry in table["methods"])


def grades_table() -> Table:
    """The grades for a report's last page."""
    rows = [[g.method, g.grade if g.grade != "unvalidated" else "UNVALIDATED", g.oracle] for g in grades()]
    return Table(
        "Validation of the methods used",
        ["Method", "Grade", "Held against"],
        rows,
        notes=(
            "published: a table in a paper. independent: another implementation. property: general laws on generated input. "
            "unvalidated: nothing outside this software.",
        ),
    )
